use std::{collections::BTreeMap, fmt::Display, path::Path, sync::Arc};

use announcement::Digest;
use durable::{Folder, Frame, FrameHead, Journal, JournalReader, Volume, WriteError};
use serde::{Deserialize, Serialize};

use crate::{
    Frontier, OpenError, ReadError,
    block::BLOCK,
    closed::Closed,
    follower::{Follower, Marker},
    layout::{self, Geometry},
    payload::{Part, Payload, parts},
    recent::Kept,
    shelf::{OpenShelf, SealedShelf, Shelf},
    state::State,
    store::Store,
    summary::{Summary, entries_of},
};

/// A store that was opened: what its threads begin with.
pub(crate) struct Opened {
    pub(crate) store: Arc<Store>,
    pub(crate) state: State,
    pub(crate) journal: Journal,
    pub(crate) follower: Follower,
    /// The volume that's written, and how many frames its journal has.
    pub(crate) place: Place,
    /// The number of the last commit.
    pub(crate) commit: u64,
}

/// Where the next frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) volume: u64,
    pub(crate) frames: u64,
}

/// Why the threads that write have ended.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    reason: String,
    pub(crate) remedy: &'static str,
}

const SEE_TO_THE_DISK: &str = "see to the disk and start anew; what was receipted is in the journal";
const UNREADABLE: &str = "start anew: a volume that's written is made again from its journal; where this stays it's a sealed one: restore the folder from a backup (handover restore)";
const SEALED_DAMAGED: &str = "no journal has what a sealed volume held: restore the folder from a backup (handover restore) or a copy of another node's, and start anew; what came \
                              after the backup comes from the stream again";

impl Fault {
    pub(crate) fn new(reason: impl Display) -> Self {
        Self { reason: reason.to_string(), remedy: SEE_TO_THE_DISK }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        let remedy = match error {
            ReadError::Index { .. } | ReadError::Sealed { .. } => SEALED_DAMAGED,
            ReadError::Unreadable { .. } => UNREADABLE,
            _ => SEE_TO_THE_DISK,
        };
        Self { remedy, ..Self::new(error) }
    }
}

impl From<WriteError> for Fault {
    fn from(error: WriteError) -> Self {
        Self::new(error)
    }
}

impl From<durable::OpenError> for Fault {
    fn from(error: durable::OpenError) -> Self {
        Self::new(error)
    }
}

/// Opens a folder, or makes it: the sealed volumes as they are, the others brought up to their journals or rebuilt from them.
///
/// After anything but a close in good order every record of a volume that's written is held against its journal, and the journal against its tree.
pub(crate) fn open(dir: &Path, geometry: Geometry) -> Result<Opened, OpenError> {
    let folder = Arc::new(Folder::take(dir)?);
    check_geometry(&folder, geometry)?;
    let closed = Closed::found(&folder)?;
    let store = Arc::new(Store::new(Arc::clone(&folder), geometry));
    let sealed = folder.sealed()?;
    for (expected, &number) in (0..).zip(&sealed) {
        if number != expected {
            return Err(OpenError::VolumeMissing { volume: expected, first: geometry.first_of(expected), last: geometry.first_of(expected + 1) - 1 });
        }
        place_sealed(&store, number)?;
        folder.remove_unsealed(number)?;
    }
    let mut journals = folder.journals()?;
    let first = sealed.len() as u64;
    if journals.is_empty() && first == 0 && closed.is_none() && folder.active()?.is_empty() {
        create_first(&folder, geometry)?;
        journals.push(0);
    }
    let mut opening = Opening { store, closed, state: State::default(), commit: 0, follower: None, full: Vec::new(), ended: None };
    for (expected, &number) in (first..).zip(&journals) {
        if number != expected {
            return Err(folder.journal_missing(expected, geometry.first_of(expected)).into());
        }
        opening.volume(number)?;
    }
    opening.finish(first)
}

/// Opens the volumes that are written once more, out of their journals alone, after the last commit of a store that nobody writes to any more; it goes on with them.
/// Readers of the store notice nothing.
pub(crate) fn open_again(store: &Arc<Store>, commit: u64) -> Result<Opened, OpenError> {
    let fresh = Arc::new(store.sealed_part());
    let first = fresh.shelves().len() as u64;
    let journals = store.folder.journals()?;
    for &number in &journals {
        store.folder.put_away_active(number)?;
    }
    let mut opening = Opening { store: Arc::clone(&fresh), closed: None, state: State::default(), commit, follower: None, full: Vec::new(), ended: None };
    for &number in &journals {
        opening.volume(number)?;
    }
    let opened = opening.finish(first)?;
    store.take_over(&fresh);
    for &number in &journals {
        store.folder.remove_away(number)?;
    }
    Ok(Opened { store: Arc::clone(store), follower: opened.follower.in_store(Arc::clone(store)), ..opened })
}

/// That the volumes have the size that was asked for.
fn check_geometry(folder: &Folder, geometry: Geometry) -> Result<(), OpenError> {
    let frame = folder.journals()?.last().map(|&number| folder.first_frame(number)).transpose()?.flatten();
    let payload = frame.map(|frame| frame.payload).unwrap_or_default();
    let Some(state) = parts(&payload).flatten().find_map(|part| if let Part::State(state) = part { Some(state) } else { None }) else { return Ok(()) };
    let (found, expected) = (State::read(state)?.volume_records, geometry.records());
    if found == expected { Ok(()) } else { Err(OpenError::Volumes { found, expected }) }
}

fn place_sealed(store: &Arc<Store>, number: u64) -> Result<(), OpenError> {
    let found = store.folder.summary(number)?.and_then(|bytes| Summary::from_bytes(number, &bytes));
    let summary = match found {
        Some(summary) => summary,
        None => {
            tracing::warn!(volume = number, "the summary of a sealed volume is damaged; it's made anew from the volume");
            let volume = store.folder.open_sealed(number).map_err(|reason| ReadError::Sealed { volume: number, reason })?;
            let summary = summarize(&volume, number).map_err(|error| error.in_sealed(number))?;
            store.folder.put_summary(number, &summary.to_bytes(number))?;
            summary
        }
    };
    summary.nodes.iter().for_each(|&node| store.add_node(node));
    store.place(Shelf::Sealed(SealedShelf::new(number, summary, Arc::clone(&store.folder))));
    Ok(())
}

fn summarize(volume: &Volume, number: u64) -> Result<Summary, ReadError> {
    let damaged = || ReadError::Index { volume: number };
    let nodes = volume.get(layout::NODES)?.ok_or_else(damaged)?;
    let mut entries = Vec::new();
    for (number, (key, page)) in (0..).zip(volume.range(&layout::page(0), &layout::page(u64::MAX), usize::MAX)?) {
        entries.extend(entries_of(number, &page).filter(|_| layout::number(&key) == Some(number)).ok_or_else(damaged)?);
    }
    let mut nodes: Vec<Digest> = nodes.as_chunks::<32>().0.iter().map(|node| Digest::from_bytes(*node)).collect();
    let digest = nodes.pop();
    let summary = Summary::new(nodes, &entries).0;
    if digest == Some(summary.entries) { Ok(summary) } else { Err(damaged()) }
}

fn create_first(folder: &Folder, geometry: Geometry) -> Result<(), OpenError> {
    let state = State { volume_records: geometry.records(), ..State::default() };
    let mut payload = Payload::default();
    payload.state(&state);
    let head = FrameHead { first_position: 0, size: 0, root: *state.tree.root().as_bytes(), stream_sequence: 0 };
    folder.create_journal(0, &[(head, payload.bytes)]).map(drop).map_err(OpenError::Create)
}

struct Opening {
    store: Arc<Store>,
    closed: Option<Closed>,
    state: State,
    commit: u64,
    follower: Option<Follower>,
    full: Vec<u64>,
    ended: Option<(Journal, Place)>,
}

/// How many commits are brought into a volume together.
const FOLLOWED_TOGETHER: usize = 64;

/// The reason why a volume has to be rebuilt, or what was asked for.
type Attempt<T> = Result<T, String>;

impl Opening {
    fn volume(&mut self, number: u64) -> Result<(), OpenError> {
        let folder = Arc::clone(&self.store.folder);
        let (volume, mut rebuilt) = folder.open_active(number)?;
        let first = self.store.geometry.first_of(number);
        let mut reader = folder.open_journal(number, first)?;
        let (nodes, state, commit) = (self.store.node_count(), self.state.clone(), self.commit);
        let replayed = match self.replay(number, volume, &mut reader)? {
            Ok(replayed) => replayed,
            Err(reason) => {
                self.store.unplace(number, nodes);
                (self.state, self.commit) = (state, commit);
                folder.set_aside_active(number)?;
                rebuilt = Some(reason);
                reader.rewind(first)?;
                let (volume, _) = folder.open_active(number)?;
                self.replay(number, volume, &mut reader)?.map_err(|reason| OpenError::Rebuild { volume: number, reason })?
            }
        };
        if let Some(reason) = rebuilt {
            tracing::warn!(volume = number, reason, "sled was set aside and is rebuilt from the journal");
        }
        let place = Place { volume: number, frames: reader.frames() };
        let size = self.state.tree.size();
        if place.frames == 0 {
            // A journal has its name only once it has its first frame.
            return Err(reader.damaged().into());
        }
        if let Some(Closed { place: closed, .. }) = self.closed.filter(|closed| closed.place.volume == number && closed.place.frames > place.frames) {
            return Err(reader.short(closed.frames).into());
        }
        if self.store.geometry.volume_of(size) > number {
            self.full.push(number);
        }
        self.ended = Some((reader.finish()?, place));
        self.follower = Some(replayed);
        Ok(())
    }

    /// Reads a journal whole. The volume has followed as far as its marker says; what comes after, the follower takes.
    fn replay(&mut self, number: u64, volume: Volume, reader: &mut JournalReader) -> Result<Attempt<Follower>, OpenError> {
        let checked = !self.closed.is_some_and(|closed| closed.sound);
        let marker = match Marker::read(&volume) {
            // It's written with the first of what follows.
            Ok(None) if checked && !volume.range(b"", LAST, 1).is_ok_and(|found| found.is_empty()) => return Ok(Err("its marker is missing".to_owned())),
            Ok(marker) => marker,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let shelf = match OpenShelf::new(number, volume) {
            Ok(shelf) => shelf,
            Err(error) => return Ok(Err(error.to_string())),
        };
        self.store.place(Shelf::Open(shelf));
        let shelf = self.store.newest().expect("it was placed just now");
        let frames = marker.map_or(0, |marker| marker.frames);
        let mut follower = Follower::new(Arc::clone(&self.store), Arc::clone(&shelf), marker);
        let (mut had, mut waiting) = (BTreeMap::new(), Vec::new());
        while let Some(frame) = reader.next_frame()? {
            let kept = self.take(number, &frame, checked).map_err(|wrong| wrong.into_error(reader))?;
            let kept = Arc::new(Kept { frames: frame.number + 1, ..kept });
            if checked && let Some(marker) = marker.filter(|marker| kept.frames <= marker.frames) {
                had.extend(kept.keys.clone());
                let same = same_records(&self.store, &kept, marker).and_then(|()| match &*shelf {
                    Shelf::Open(open) if kept.frames == frames => {
                        same_keys(&open.volume, &had)?;
                        same_blocks(&open.volume, self.store.geometry.first_of(number), marker.blocks_end)
                    }
                    _ => Ok(()),
                });
                if let Err(reason) = same {
                    return Ok(Err(reason));
                }
            }
            self.store.push(Arc::clone(&kept));
            self.store.made_durable(kept.commit);
            waiting.push(kept);
            if waiting.len() == FOLLOWED_TOGETHER
                && let Err(fault) = follower.take(waiting.drain(..))
            {
                return Ok(Err(fault.to_string()));
            }
        }
        if let Err(fault) = follower.take(waiting.into_iter()) {
            return Ok(Err(fault.to_string()));
        }
        if frames > reader.frames() {
            return Err(reader.short(frames).into());
        }
        Ok(Ok(follower))
    }

    /// What a frame did to the ledger. The first one of a volume stands on the roots of all tiles before it.
    fn take(&mut self, volume: u64, frame: &Frame, checked: bool) -> Result<Kept, Wrong> {
        let first = frame.head.first_position;
        self.commit += 1;
        let mut kept = Kept { commit: self.commit, volume, first, ..Kept::default() };
        let mut tree = if self.state.tree.size() == first { self.state.tree.clone() } else { Frontier::of_tiles(self.store.nodes_from(0)) };
        let mut state = None;
        for part in parts(&frame.payload) {
            match part.ok_or(Wrong::Payload)? {
                Part::Record(record) => {
                    if checked {
                        tree.append(layout::leaf(kept.end(), record));
                    }
                    kept.records.push(record.to_vec());
                }
                Part::Entry(entry) => self.store.add_entry(entry),
                Part::Node(node) => self.store.add_node(node),
                Part::Put(key, value) => drop(kept.keys.insert(key.to_vec(), Some(value.to_vec()))),
                Part::Remove(key) => drop(kept.keys.insert(key.to_vec(), None)),
                Part::State(bytes) => state = Some(State::read(bytes).map_err(Wrong::State)?),
            }
        }
        if let Some(state) = state {
            if state.volume_records != self.store.geometry.records() {
                return Err(Wrong::State(OpenError::Volumes { found: state.volume_records, expected: self.store.geometry.records() }));
            }
            agree(&kept, frame, &state.tree)?;
            self.state = state;
        }
        if checked || kept.records.is_empty() {
            agree(&kept, frame, &tree)?;
        }
        Ok(kept)
    }

    fn finish(mut self, first: u64) -> Result<Opened, OpenError> {
        let Some(((journal, place), mut follower)) = self.ended.take().zip(self.follower.take()) else {
            return Err(self.store.folder.journal_missing(first, self.store.geometry.first_of(first)).into());
        };
        self.check_last(place.volume)?;
        Closed::forget(&self.store.folder)?;
        for &number in self.full.iter().filter(|&&number| number != place.volume) {
            follower.add_full(number);
        }
        Ok(Opened { store: self.store, state: self.state, journal, follower, place, commit: self.commit })
    }
}

impl Opening {
    /// That no later volume was ever written: each commit is in its journal before its sled has it.
    fn check_last(&self, last: u64) -> Result<(), OpenError> {
        let (folder, next) = (&self.store.folder, last + 1);
        let written = || -> Result<bool, OpenError> {
            if !folder.active()?.contains(&next) {
                return Ok(false);
            }
            let (volume, _) = folder.open_active(next)?;
            Ok(matches!(Marker::read(&volume), Ok(Some(_))))
        };
        if self.closed.is_some_and(|closed| closed.place.volume > last) || written()? {
            return Err(folder.journal_missing(next, self.store.geometry.first_of(next)).into());
        }
        Ok(())
    }
}

fn agree(kept: &Kept, frame: &Frame, tree: &Frontier) -> Result<(), Wrong> {
    let (size, root) = (tree.size(), tree.root());
    let (journal_size, journal_root) = (frame.head.size, Digest::from_bytes(frame.head.root));
    if (size, root) == (journal_size, journal_root) && kept.end() == size {
        return Ok(());
    }
    Err(Wrong::State(OpenError::Altered { size: kept.end(), root, journal_size, journal_root }))
}

/// What is wrong with a frame.
enum Wrong {
    Payload,
    State(OpenError),
}

impl Wrong {
    fn into_error(self, reader: &JournalReader) -> OpenError {
        match self {
            Self::Payload => reader.damaged().into(),
            Self::State(error) => error,
        }
    }
}

/// Whether the volume has the records of a commit, as far as it has followed.
fn same_records(store: &Store, kept: &Kept, marker: Marker) -> Attempt<()> {
    for (position, expected) in (kept.first..marker.blocks_end).zip(&kept.records) {
        let found = store.record(position).map_err(|error| error.to_string())?;
        if found.as_ref() != Some(expected) {
            return Err(format!("position {position} differs from the journal"));
        }
    }
    Ok(())
}

/// Whether the volume has these keys, each by itself and one after the other: sled may have lost how its pages follow one another, and nothing of
/// what they hold.
fn same_keys(volume: &Volume, expected: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Attempt<()> {
    let differs = || "a key that is written again differs from the journal".to_owned();
    for (key, value) in expected {
        if volume.get(key).map_err(|error| error.to_string())? != *value {
            return Err(differs());
        }
    }
    for letter in layout::MUTABLE {
        let (from, to) = (vec![letter], vec![letter + 1]);
        let found = volume.range(&from, &to, usize::MAX).map_err(|error| error.to_string())?;
        let expected = expected.range(from..to).filter_map(|(key, value)| Some((key, value.as_ref()?)));
        if !found.iter().map(|(key, value)| (key, value)).eq(expected) {
            return Err(differs());
        }
    }
    Ok(())
}

/// Whether the volume's blocks are found one after the other, in looks that overlap: one that ends too early by one path of sled's doesn't by the other.
fn same_blocks(volume: &Volume, first: u64, end: u64) -> Attempt<()> {
    for start in (first..end).step_by(LOOK / 2) {
        let to = end.min(start + LOOK as u64);
        let found = volume.range(&layout::block(start), &layout::block(to), usize::MAX).map_err(|error| error.to_string())?;
        if !found.iter().map(|(key, _)| layout::number(key)).eq((start..to).step_by(BLOCK as usize).map(Some)) {
            return Err(format!("the blocks from position {start} on aren't found one after the other"));
        }
    }
    Ok(())
}

/// How many records one look at their blocks reaches over.
const LOOK: usize = 1_024;

/// No key begins with this.
const LAST: &[u8] = b"\xff";

#[cfg(test)]
mod tests {
    use durable::Batch;

    use super::*;

    /// The sled was written and synced bit by bit; then one page of it was filled with zeros.
    #[test]
    fn a_torn_sled_that_has_each_key_and_does_not_find_them_one_after_the_other_is_not_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let sled = dir.path().join("active-00000000");
        std::fs::create_dir(&sled).unwrap();
        let db = zstd::decode_all(&include_bytes!("../tests/fixtures/torn-sled/db.zst")[..]).unwrap();
        std::fs::write(sled.join("db"), db).unwrap();
        let (volume, set_aside) = Folder::take(dir.path()).unwrap().open_active(0).unwrap();
        assert_eq!(set_aside, None);
        let mut keys: BTreeMap<_, _> = (0..4_800).map(layout::refusal).map(|key| (key.clone(), volume.get(&key).unwrap())).collect();
        assert!(keys.values().all(Option::is_some));
        assert!(same_keys(&volume, &keys).is_err());

        let found = volume.range(&layout::refusal(0), &layout::refusal(4_800), usize::MAX).unwrap();
        keys.retain(|key, _| found.iter().any(|(other, _)| other == key));
        assert_eq!(same_keys(&volume, &keys), Ok(()));
    }

    #[test]
    fn each_block_is_found_from_the_ones_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let (volume, _) = Folder::take(dir.path()).unwrap().open_active(0).unwrap();
        let (first, end) = (4_096, 4_096 + 3 * LOOK as u64);
        let mut batch = Batch::new();
        (first..end).step_by(BLOCK as usize).for_each(|block| batch.put(&layout::block(block), b"a"));
        volume.apply(batch).unwrap();
        assert_eq!(same_blocks(&volume, first, end), Ok(()));
        for missing in [first, first + LOOK as u64, end - BLOCK] {
            let mut batch = Batch::new();
            batch.remove(&layout::block(missing));
            volume.apply(batch).unwrap();
            assert!(same_blocks(&volume, first, end).is_err());
            let mut batch = Batch::new();
            batch.put(&layout::block(missing), b"a");
            volume.apply(batch).unwrap();
        }
    }
}
