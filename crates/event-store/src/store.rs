use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use announcement::{Digest, Position};
use durable::{Entry as KeyAndValue, Folder};

use crate::{
    Frontier, ReadError,
    block::{BLOCK, Records},
    entry::Entry,
    layout::{self, Geometry, TILE},
    metrics::Metrics,
    recent::{Kept, Recent},
    shelf::{OpenShelf, SealedShelf, Shelf},
    traces::Traces,
    tree::Tiles,
};

/// How many sealed volumes are open at a time: each takes some twenty megabytes, whatever its cache.
const MAX_OPENED: usize = 12;
/// How many blocks are kept unpacked: some three megabytes of records of 700 bytes.
const CACHED_BLOCKS: u64 = 256;
/// How many blocks one look into a volume brings.
const STEP: usize = 16;

/// Everything that the ledger holds, to be read by many while one writes: commits that no volume has yet, and volumes.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) geometry: Geometry,
    /// Guards the list of volumes, which changes when one begins or is sealed.
    shelves: RwLock<Vec<Arc<Shelf>>>,
    /// Guards what no volume has yet; held for the time of a look-up.
    recent: RwLock<Recent>,
    /// Guards the roots of all complete tiles.
    nodes: RwLock<Tiles>,
    /// The last commit that's on disk. What a later one wrote isn't seen by readers.
    durable: AtomicU64,
    /// The volume that has the mutable keys.
    following: AtomicU64,
    /// Guards the numbers of the sealed volumes that are open, the one asked for last at the end.
    opened: Mutex<VecDeque<u64>>,
    /// Each guards the block that was unpacked last of those that share its place.
    unpacked: Vec<Mutex<Option<(u64, Records)>>>,
    /// How many backups are being made: what would take another's place waits for them.
    backups: AtomicUsize,
    /// How often all unpacked blocks were forgotten: one that was read before isn't kept afterwards.
    forgotten: AtomicU64,
    /// A volume that's written was found damaged.
    damaged: AtomicBool,
    /// What happened since the start.
    pub(crate) metrics: Metrics,
    /// In which traces the latest records were published.
    pub(crate) traces: Traces,
    /// The last to go: it lets nobody else in until the volumes are closed.
    pub(crate) folder: Arc<Folder>,
}

/// Who looks: a reader sees what is on disk, the writer also what it's about to commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    Reader,
    Writer,
}

impl Store {
    pub(crate) fn new(folder: Arc<Folder>, geometry: Geometry) -> Self {
        Self {
            folder,
            geometry,
            shelves: RwLock::default(),
            recent: RwLock::default(),
            nodes: RwLock::default(),
            durable: AtomicU64::new(0),
            following: AtomicU64::new(0),
            opened: Mutex::default(),
            unpacked: (0..CACHED_BLOCKS).map(|_| Mutex::new(None)).collect(),
            backups: AtomicUsize::new(0),
            forgotten: AtomicU64::new(0),
            damaged: AtomicBool::new(false),
            metrics: Metrics::default(),
            traces: Traces::default(),
        }
    }

    /// All volumes, ascending.
    pub(crate) fn shelves(&self) -> Vec<Arc<Shelf>> {
        locked(&self.shelves).clone()
    }

    /// The root of the tree of this many records, which must be there.
    pub(crate) fn root_at(&self, size: u64) -> Result<Digest, ReadError> {
        Ok(self.tree_at(size)?.root())
    }

    /// The tree of this many records, which must be there.
    pub(crate) fn tree_at(&self, size: u64) -> Result<Frontier, ReadError> {
        let mut tree = Frontier::of_tiles(self.nodes(0, usize::try_from(size / TILE).unwrap_or(usize::MAX)));
        self.scan(tree.size(), size, |position, record| {
            tree.append(layout::leaf(position, record));
            Going::On
        })?;
        Ok(tree)
    }

    /// Whether the records of a tile give its root; nothing where it isn't complete.
    pub(crate) fn tile_holds(&self, tile: u64) -> Result<Option<bool>, ReadError> {
        let number = usize::try_from(tile).unwrap_or(usize::MAX);
        let Some(kept) = self.nodes(number, number + 1).pop() else { return Ok(None) };
        let mut tree = Frontier::default();
        self.scan(tile * TILE, (tile + 1) * TILE, |position, record| {
            tree.append(layout::leaf(position, record));
            Going::On
        })?;
        Ok(Some(tree.root() == kept))
    }

    /// The volume with a number.
    pub(crate) fn shelf(&self, number: u64) -> Option<Arc<Shelf>> {
        let shelf = locked(&self.shelves).get(usize::try_from(number).ok()?).cloned()?;
        if let Shelf::Sealed(sealed) = &*shelf {
            self.asked_for(sealed);
        }
        Some(shelf)
    }

    /// Puts a volume in its place: a new one at the end, or a sealed one instead of the one that was written.
    pub(crate) fn place(&self, shelf: Shelf) {
        let mut shelves = written(&self.shelves);
        let number = usize::try_from(shelf.number()).expect("fewer volumes than memory has bytes");
        if number == shelves.len() {
            shelves.push(Arc::new(shelf));
            return;
        }
        let before = std::mem::replace(&mut shelves[number], Arc::new(shelf));
        if let Shelf::Open(open) = &*before {
            open.volume.remove_when_closed();
        }
    }

    /// The last volume, whose index the writer adds to.
    pub(crate) fn newest(&self) -> Option<Arc<Shelf>> {
        locked(&self.shelves).last().cloned()
    }

    pub(crate) fn add_entry(&self, entry: Entry) {
        match self.newest().as_deref() {
            Some(Shelf::Open(OpenShelf { index, .. })) => written(index).insert(entry),
            _ => unreachable!("the last volume is never sealed"),
        }
    }

    pub(crate) fn add_node(&self, node: Digest) {
        written(&self.nodes).push(node);
    }

    /// Hashes of a level of the tree's tiles, from 1 on.
    pub(crate) fn hashes(&self, level: u8, from: u64, to: u64) -> Option<Vec<Digest>> {
        let nodes = locked(&self.nodes);
        nodes.hashes(level, usize::try_from(from).ok()?, usize::try_from(to).ok()?).map(<[Digest]>::to_vec)
    }

    pub(crate) fn nodes_from(&self, from: usize) -> Vec<Digest> {
        self.nodes(from, self.node_count())
    }

    pub(crate) fn nodes(&self, from: usize, to: usize) -> Vec<Digest> {
        locked(&self.nodes).hashes(1, from, to).map(<[Digest]>::to_vec).unwrap_or_default()
    }

    pub(crate) fn node_count(&self) -> usize {
        locked(&self.nodes).len()
    }

    /// A store of the same sealed volumes and nothing after them.
    pub(crate) fn sealed_part(&self) -> Self {
        let part = Self::new(Arc::clone(&self.folder), self.geometry);
        let sealed: Vec<_> = self.shelves().into_iter().take_while(|shelf| matches!(**shelf, Shelf::Sealed(_))).collect();
        let tiles = sealed.len() as u64 * (self.geometry.records() / TILE);
        self.nodes(0, usize::try_from(tiles).expect("few")).into_iter().for_each(|node| part.add_node(node));
        *written(&part.shelves) = sealed;
        part
    }

    /// Goes on with the volumes that are written, and what none of them has yet, as another store of the same records has them.
    pub(crate) fn take_over(&self, other: &Self) {
        for shelf in other.shelves() {
            let number = usize::try_from(shelf.number()).expect("few volumes");
            written(&self.shelves)[number] = shelf;
        }
        self.made_durable(other.durable.load(Ordering::Acquire));
        self.follow_in(other.following.load(Ordering::Acquire));
        *written(&self.recent) = std::mem::take(&mut *written(&other.recent));
        self.forget_unpacked();
    }

    /// Takes back the volume that was placed last, and what it brought.
    pub(crate) fn unplace(&self, number: u64, nodes: usize) {
        written(&self.shelves).truncate(usize::try_from(number).expect("few volumes"));
        written(&self.nodes).truncate(nodes);
        *written(&self.recent) = Recent::default();
        self.forget_unpacked();
    }

    /// What was unpacked may be otherwise in its volume by now.
    pub(crate) fn forget_unpacked(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        for place in &self.unpacked {
            place.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    pub(crate) fn push(&self, kept: Arc<Kept>) {
        written(&self.recent).push(kept);
    }

    pub(crate) fn forget(&self, applied: &[Arc<Kept>], commit: u64, end: u64) {
        written(&self.recent).forget(applied, commit, end);
    }

    pub(crate) fn made_durable(&self, commit: u64) {
        self.durable.store(commit, Ordering::Release);
    }

    /// While this is held a backup is being made.
    pub(crate) fn backing_up(&self) -> BackingUp<'_> {
        self.backups.fetch_add(1, Ordering::AcqRel);
        BackingUp(&self.backups)
    }

    pub(crate) fn is_backed_up(&self) -> bool {
        self.backups.load(Ordering::Acquire) > 0
    }

    /// Whether nothing was found damaged.
    pub(crate) fn is_sound(&self) -> bool {
        !self.damaged.load(Ordering::Acquire)
    }

    /// The positions with a hash in all volumes, newest first.
    pub(crate) fn positions(&self, hash: u64) -> Result<Vec<u64>, ReadError> {
        let shelves = locked(&self.shelves).clone();
        let mut found = Vec::new();
        for shelf in shelves.iter().rev() {
            if let Shelf::Sealed(sealed) = &**shelf
                && !sealed.summary.pages(hash).is_empty()
            {
                self.asked_for(sealed);
            }
            found.extend(shelf.positions(hash).inspect_err(|_| self.note_damage(shelf))?);
        }
        Ok(found)
    }

    /// A record as it's kept.
    pub(crate) fn record(&self, position: u64) -> Result<Option<Vec<u8>>, ReadError> {
        if let Some(record) = locked(&self.recent).record(position) {
            return Ok(Some(record.to_vec()));
        }
        let first = position - position % BLOCK;
        let number = usize::try_from(position - first).expect("less than a block");
        let place = &self.unpacked[usize::try_from(first / BLOCK % CACHED_BLOCKS).expect("few")];
        if let Some((at, records)) = &*place.lock().unwrap_or_else(PoisonError::into_inner)
            && *at == first
        {
            return Ok(records.get(number).map(<[u8]>::to_vec));
        }
        let forgotten = self.forgotten.load(Ordering::Acquire);
        let Some(shelf) = self.shelf(self.geometry.volume_of(position)) else { return Ok(None) };
        let records = shelf.block(first).inspect_err(|_| self.note_damage(&shelf))?;
        let record = records.get(number).map(<[u8]>::to_vec);
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        if forgotten == self.forgotten.load(Ordering::Acquire) {
            *place = Some((first, records));
        }
        Ok(record)
    }

    /// Gives the records from a position on to `each`, in their order, up to and without `end`, until it says that it's enough.
    pub(crate) fn scan(&self, from: u64, end: u64, mut each: impl FnMut(u64, &[u8]) -> Going) -> Result<(), ReadError> {
        let mut next = from;
        while next < end {
            let kept = locked(&self.recent).commit_of(next).cloned();
            if let Some(kept) = kept {
                let skipped = usize::try_from(next - kept.first).expect("within a commit");
                for record in kept.records.iter().skip(skipped).take(usize::try_from(end - next).unwrap_or(usize::MAX)) {
                    if each(next, record) == Going::Enough {
                        return Ok(());
                    }
                    next += 1;
                }
                continue;
            }
            let unreadable = ReadError::Unreadable { position: Position::new(next) };
            let shelf = self.shelf(self.geometry.volume_of(next)).ok_or(unreadable.clone())?;
            let first = next - next % BLOCK;
            let count = usize::try_from((end - first).div_ceil(BLOCK)).unwrap_or(usize::MAX).min(STEP);
            let blocks = shelf.blocks(first, count).inspect_err(|_| self.note_damage(&shelf))?;
            if blocks.is_empty() {
                self.note_damage(&shelf);
                return Err(unreadable);
            }
            let records = blocks.iter().flat_map(Records::iter).skip(usize::try_from(next - first).expect("less than a block"));
            for record in records.take(usize::try_from(end - next).unwrap_or(usize::MAX)) {
                if each(next, record) == Going::Enough {
                    return Ok(());
                }
                next += 1;
            }
        }
        Ok(())
    }

    /// The value of a mutable key.
    pub(crate) fn key(&self, key: &[u8], who: Who) -> Result<Option<Vec<u8>>, ReadError> {
        if let Some(value) = locked(&self.recent).key(key, self.up_to(who)) {
            return Ok(value.map(<[u8]>::to_vec));
        }
        let Some(shelf) = self.following() else { return Ok(None) };
        let Shelf::Open(open) = &*shelf else { return Ok(None) };
        Ok(open.volume.get(key).inspect_err(|_| self.note_damage(&shelf))?)
    }

    /// Up to `limit` mutable keys with their values, ascending, from `from` up to and without `to`.
    pub(crate) fn keys(&self, from: &[u8], to: &[u8], limit: usize, who: Who) -> Result<Vec<KeyAndValue>, ReadError> {
        let mut found = locked(&self.recent).keys(from, to, self.up_to(who));
        if let Some(shelf) = self.following()
            && let Shelf::Open(open) = &*shelf
        {
            let removed = found.values().filter(|value| value.is_none()).count();
            let stored = open.volume.range(from, to, limit.saturating_add(removed)).inspect_err(|_| self.note_damage(&shelf))?;
            for (key, value) in stored {
                found.entry(key).or_insert(Some(value));
            }
        }
        Ok(found.into_iter().filter_map(|(key, value)| Some((key, value?))).take(limit).collect())
    }

    /// From now on this volume has the mutable keys, those of the ones before it included.
    pub(crate) fn follow_in(&self, volume: u64) {
        self.following.store(volume, Ordering::Release);
    }

    /// One that was sealed between two looks has handed them on.
    fn following(&self) -> Option<Arc<Shelf>> {
        loop {
            let number = self.following.load(Ordering::Acquire);
            let shelf = locked(&self.shelves).get(usize::try_from(number).ok()?).cloned()?;
            if matches!(*shelf, Shelf::Open(_)) || number == self.following.load(Ordering::Acquire) {
                return Some(shelf);
            }
        }
    }

    fn up_to(&self, who: Who) -> u64 {
        match who {
            Who::Reader => self.durable.load(Ordering::Acquire),
            Who::Writer => u64::MAX,
        }
    }

    fn note_damage(&self, shelf: &Shelf) {
        if matches!(shelf, Shelf::Open(_)) {
            self.damaged.store(true, Ordering::Release);
        }
    }

    /// Closes the sealed volume that wasn't asked for the longest, where too many are open.
    fn asked_for(&self, sealed: &SealedShelf) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.back() == Some(&sealed.number) {
            return;
        }
        opened.retain(|&number| number != sealed.number);
        opened.push_back(sealed.number);
        let oldest = if opened.len() > MAX_OPENED { opened.pop_front() } else { None };
        drop(opened);
        if let Some(oldest) = oldest.and_then(|number| locked(&self.shelves).get(usize::try_from(number).ok()?).cloned())
            && let Shelf::Sealed(oldest) = &*oldest
        {
            oldest.close();
        }
    }
}

/// One backup that's being made.
pub(crate) struct BackingUp<'a>(&'a AtomicUsize);

impl Drop for BackingUp<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whether whoever is given records wants more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Going {
    On,
    Enough,
}

/// A lock whose holder panicked guards plain data all the same.
pub(crate) fn locked<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn written<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
