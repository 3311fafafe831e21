use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use durable::{Batch, Volume, WriteError};
use serde::{Deserialize, Serialize};

use crate::{
    block::{BLOCK, Encoder},
    layout,
    open::Fault,
    recent::Kept,
    sealing,
    shelf::{OpenShelf, Shelf},
    store::Store,
};

/// How long a volume's sled may lag behind the disk. The journal holds what it would lose.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// How many blocks of catching up are written together.
const MAX_BATCH: usize = 256;
/// How long a commit waits for others to be written with it: what was committed is read from memory until then.
const GATHERING: Duration = Duration::from_millis(5);
/// How many commits the volumes may lag behind the journal: as many as small ones come while sled syncs.
pub(crate) const MAX_FOLLOWED: usize = 4_096;
/// How many bytes of records they may lag behind.
const MAX_LAG: usize = 32 << 20;
/// Between two looks at whether they lag less.
const LAG_STEP: Duration = Duration::from_millis(1);
/// How many full volumes may wait to be sealed; then commits wait for the one that's being sealed.
const MAX_FULL: usize = 2;

/// Up to where a volume's sled has followed its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Marker {
    /// How many frames' mutable keys it has.
    pub(crate) frames: u64,
    /// The position after its last block.
    pub(crate) blocks_end: u64,
}

impl Marker {
    fn to_bytes(self) -> Vec<u8> {
        serde_json::to_vec(&self).expect("a marker is plain data")
    }

    /// `None` where the volume has followed nothing yet.
    pub(crate) fn read(volume: &Volume) -> Result<Option<Self>, durable::ReadError> {
        let bytes = volume.get(layout::MARKER)?;
        let damaged = |_| durable::ReadError::Damaged("the marker isn't of its form".to_owned());
        bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(damaged)).transpose()
    }
}

/// How many bytes of records the volumes lag behind the journal. The follower has it, and the one who hands commits over to it.
#[derive(Debug, Default)]
pub(crate) struct Lag(AtomicUsize);

impl Lag {
    /// Adds a commit, once the volumes lag less than they may or nobody follows any more.
    pub(crate) fn add(self: &Arc<Self>, kept: &Kept) {
        while self.0.load(Ordering::Acquire) > MAX_LAG && Arc::strong_count(self) > 1 {
            thread::sleep(LAG_STEP);
        }
        self.0.fetch_add(kept.bytes(), Ordering::AcqRel);
    }
}

/// Brings what was committed into the volumes, and seals the ones that are full.
pub(crate) struct Follower {
    store: Arc<Store>,
    shelf: Arc<Shelf>,
    encoder: Encoder,
    marker: Marker,
    /// What the volume has of it: that frames without a block or a key were followed is written when it's synced.
    written: Option<Marker>,
    /// There is something in the batch.
    changed: bool,
    /// The records after the last block.
    tail: Vec<(Arc<Kept>, usize)>,
    applied: Vec<Arc<Kept>>,
    unsynced_since: Option<Instant>,
    full: VecDeque<u64>,
    sealing: Option<JoinHandle<Result<(), Fault>>>,
}

impl Follower {
    /// Begins with a volume that's written and has followed up to its marker.
    pub(crate) fn new(store: Arc<Store>, shelf: Arc<Shelf>, marker: Option<Marker>) -> Self {
        let written = marker;
        let marker = marker.unwrap_or(Marker { frames: 0, blocks_end: store.geometry.first_of(shelf.number()) });
        let encoder = Encoder::new(open(&shelf).decoder.dictionary());
        Self {
            store,
            shelf,
            encoder,
            marker,
            written,
            changed: false,
            tail: Vec::new(),
            applied: Vec::new(),
            unsynced_since: None,
            full: VecDeque::new(),
            sealing: None,
        }
    }

    /// Goes on in another store of the same volumes.
    pub(crate) fn in_store(self, store: Arc<Store>) -> Self {
        Self { store, ..self }
    }

    /// Follows until nothing comes any more, then brings everything to disk.
    pub(crate) fn run(mut self, commits: &mpsc::Receiver<Arc<Kept>>, lag: &Arc<Lag>) -> Result<(), Fault> {
        loop {
            self.seal_next()?;
            let came = match self.unsynced_since {
                Some(since) => commits.recv_timeout((since + SYNC_EVERY).saturating_duration_since(Instant::now())),
                None if self.sealing.is_some() => commits.recv_timeout(SYNC_EVERY),
                None => commits.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            };
            match came {
                Ok(kept) => {
                    thread::sleep(GATHERING);
                    let waiting: Vec<_> = std::iter::once(kept).chain(commits.try_iter().take(MAX_FOLLOWED)).collect();
                    let bytes = waiting.iter().map(|kept| kept.bytes()).sum();
                    self.take(waiting.into_iter())?;
                    lag.0.fetch_sub(bytes, Ordering::AcqRel);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.finish(),
            }
            if self.unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_EVERY) {
                self.sync()?;
            }
        }
    }

    /// Takes commits, in their order.
    pub(crate) fn take(&mut self, commits: impl Iterator<Item = Arc<Kept>>) -> Result<(), Fault> {
        let mut batch = Batch::new();
        let mut blocks = 0;
        for kept in commits {
            if kept.volume != self.shelf.number() {
                self.apply(std::mem::take(&mut batch))?;
                blocks = 0;
                self.begin(kept.volume);
            }
            let has = usize::try_from(self.marker.blocks_end.saturating_sub(kept.first)).unwrap_or(usize::MAX);
            for number in has.min(kept.records.len())..kept.records.len() {
                self.tail.push((Arc::clone(&kept), number));
                if self.tail.len() as u64 == BLOCK {
                    let block = self.encoder.encode(self.marker.blocks_end, self.tail.iter().map(|(kept, number)| kept.records[*number].as_slice()));
                    batch.put(&layout::block(self.marker.blocks_end), &block);
                    self.marker.blocks_end += BLOCK;
                    self.tail.clear();
                    self.changed = true;
                    blocks += 1;
                }
            }
            if kept.frames > self.marker.frames {
                self.changed |= !kept.keys.is_empty();
                for (key, value) in &kept.keys {
                    match value {
                        _ if layout::may_be_large(key) => batch.replace(key, value.as_deref()),
                        Some(value) => batch.put(key, value),
                        None => batch.remove(key),
                    }
                }
                self.marker.frames = kept.frames;
            }
            self.applied.push(kept);
            if blocks >= MAX_BATCH {
                self.apply(std::mem::take(&mut batch))?;
                blocks = 0;
            }
        }
        self.apply(batch)
    }

    fn apply(&mut self, mut batch: Batch) -> Result<(), Fault> {
        let Some(last) = self.applied.last() else { return Ok(()) };
        if self.changed || self.written.is_none() {
            batch.put(layout::MARKER, &self.marker.to_bytes());
            open(&self.shelf).volume.apply(batch)?;
            self.written = Some(self.marker);
            self.changed = false;
        }
        self.unsynced_since.get_or_insert_with(Instant::now);
        self.store.follow_in(self.shelf.number());
        self.store.forget(&self.applied, last.commit, self.marker.blocks_end);
        self.applied.clear();
        Ok(())
    }

    /// Goes on in the next volume.
    fn begin(&mut self, number: u64) {
        self.full.push_back(self.shelf.number());
        self.shelf = self.store.shelf(number).expect("a volume is placed before its first commit");
        self.encoder = Encoder::new(open(&self.shelf).decoder.dictionary());
        (self.marker, self.written) = (Marker { frames: 0, blocks_end: self.store.geometry.first_of(number) }, None);
        debug_assert!(self.tail.is_empty(), "a volume is a whole number of blocks");
    }

    fn sync(&mut self) -> Result<(), WriteError> {
        if self.written != Some(self.marker) {
            let mut batch = Batch::new();
            batch.put(layout::MARKER, &self.marker.to_bytes());
            open(&self.shelf).volume.apply(batch)?;
            self.written = Some(self.marker);
        }
        open(&self.shelf).volume.sync()?;
        self.unsynced_since = None;
        Ok(())
    }

    /// Seals one full volume at a time, on a thread of its own. Waits for the one before where several are full.
    fn seal_next(&mut self) -> Result<(), Fault> {
        loop {
            let waits = self.full.len() > MAX_FULL;
            if let Some(sealing) = self.sealing.take_if(|sealing| waits || sealing.is_finished()) {
                joined(sealing)?;
            }
            if self.sealing.is_some() {
                return Ok(());
            }
            let Some(number) = self.full.pop_front() else { return Ok(()) };
            let store = Arc::clone(&self.store);
            let spawned = thread::Builder::new().name(format!("seal {number}")).spawn(move || sealing::seal(&store, number));
            self.sealing = Some(spawned.map_err(|error| Fault::new(format_args!("the thread that seals a volume can't be started: {error}")))?);
        }
    }

    /// What is full and isn't being sealed is sealed after the next opening.
    fn finish(mut self) -> Result<(), Fault> {
        self.sealing.take().map_or(Ok(()), joined)?;
        Ok(self.sync()?)
    }

    /// A volume that was full when the ledger was opened.
    pub(crate) fn add_full(&mut self, number: u64) {
        self.full.push_back(number);
    }
}

fn joined(sealing: JoinHandle<Result<(), Fault>>) -> Result<(), Fault> {
    sealing.join().unwrap_or_else(|_| Err(Fault::new("sealing a volume panicked")))
}

fn open(shelf: &Shelf) -> &OpenShelf {
    match shelf {
        Shelf::Open(open) => open,
        Shelf::Sealed(_) => unreachable!("a volume is sealed after it was followed"),
    }
}
