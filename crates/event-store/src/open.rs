use std::{fmt::Display, path::Path, sync::Arc};

use announcement::Digest;
use durable::{Folder, Frame, FrameHead, Journal, JournalReader, Volume, WriteError};
use serde::{Deserialize, Serialize};

use crate::{
    Frontier, OpenError, ReadError,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// Opens a folder, or makes it: the sealed volumes as they are, and the last one with its sled, if the ledger was closed in good order.
///
/// Every other volume that isn't sealed is made again from its journal, which is held against its tree: a sled that a power cut tore may have each key
/// and not find it from another, or have lost what no look at it misses.
pub(crate) fn open(dir: &Path, geometry: Geometry) -> Result<Opened, OpenError> {
    let folder = Arc::new(Folder::take(dir)?);
    check_geometry(&folder, geometry)?;
    let store = Arc::new(Store::new(Arc::clone(&folder), geometry));
    let sealed = folder.sealed()?;
    for (expected, &number) in (0..).zip(&sealed) {
        if number != expected {
            return Err(OpenError::VolumeMissing { volume: expected, first: geometry.first_of(expected), last: geometry.first_of(expected + 1) - 1 });
        }
        place_sealed(&store, number)?;
        folder.remove_unsealed(number)?;
    }
    let closed = Closed::found(&folder)?;
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

/// What was asked for, or the reason why a sled can't be gone on with.
type Attempt<T> = Result<T, String>;

impl Opening {
    fn volume(&mut self, number: u64) -> Result<(), OpenError> {
        let mut reader = self.store.folder.open_journal(number, self.store.geometry.first_of(number))?;
        // Before a sled follows it: none ever has what its journal hasn't got on disk.
        reader.sync()?;
        let closed = self.closed.filter(|closed| closed.place.volume == number);
        let whole = match closed.filter(|closed| closed.sound) {
            Some(closed) => self.go_on(closed.place, &mut reader)?,
            None => None,
        };
        let follower = match whole {
            Some(follower) => follower,
            None => self.make_again(number, &mut reader)?,
        };
        let place = Place { volume: number, frames: reader.frames() };
        if place.frames == 0 {
            // A journal has its name only once it has its first frame.
            return Err(reader.damaged().into());
        }
        if let Some(Closed { place: closed, .. }) = closed.filter(|closed| closed.place > place) {
            return Err(reader.short(closed.frames).into());
        }
        if self.store.geometry.volume_of(self.state.tree.size()) > number {
            self.full.push(number);
        }
        self.ended = Some((reader.finish()?, place));
        self.follower = Some(follower);
        Ok(())
    }

    /// Goes on with a sled that was closed in good order at a place. One that isn't as it was then is set aside.
    fn go_on(&mut self, closed: Place, reader: &mut JournalReader) -> Result<Option<Follower>, OpenError> {
        let (number, folder) = (closed.volume, Arc::clone(&self.store.folder));
        let (nodes, state, commit) = (self.store.node_count(), self.state.clone(), self.commit);
        let attempt = match folder.open_active(number) {
            Ok(Some(volume)) => match Marker::read(&volume) {
                Ok(Some(marker)) if marker.frames == closed.frames => self.replay(number, volume, Some(marker), reader)?,
                Ok(_) => Err("it has lost what it was closed with".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            Ok(None) => return Ok(None),
            Err(reason) => Err(reason),
        };
        let reason = match attempt {
            Ok(follower) if reader.frames() <= closed.frames => return Ok(Some(follower)),
            Ok(_) => "its journal went on without it".to_owned(),
            Err(reason) => reason,
        };
        self.store.unplace(number, nodes);
        (self.state, self.commit) = (state, commit);
        folder.set_aside_active(number)?;
        reader.rewind(self.store.geometry.first_of(number))?;
        tracing::warn!(volume = number, reason, "sled was set aside and is made again from the journal");
        Ok(None)
    }

    /// Makes a volume's sled of its journal alone.
    fn make_again(&mut self, number: u64, reader: &mut JournalReader) -> Result<Follower, OpenError> {
        let folder = Arc::clone(&self.store.folder);
        if folder.active()?.contains(&number) {
            tracing::info!(volume = number, "a volume whose sled wasn't closed in good order is made again from its journal");
        }
        let volume = folder.create_active(number)?;
        self.replay(number, volume, None, reader)?.map_err(|reason| OpenError::Rebuild { volume: number, reason })
    }

    /// Reads a journal whole. The volume has followed as far as its marker says; what comes after, the follower takes. Where nothing vouches for the
    /// volume, nothing does for the journal, which is held against its tree.
    fn replay(&mut self, number: u64, volume: Volume, marker: Option<Marker>, reader: &mut JournalReader) -> Result<Attempt<Follower>, OpenError> {
        let shelf = match OpenShelf::new(number, volume) {
            Ok(shelf) => shelf,
            Err(error) => return Ok(Err(error.to_string())),
        };
        self.store.place(Shelf::Open(shelf));
        let shelf = self.store.newest().expect("it was placed just now");
        let mut follower = Follower::new(Arc::clone(&self.store), shelf, marker);
        let mut waiting = Vec::new();
        while let Some(frame) = reader.next_frame()? {
            let kept = self.take(number, &frame, marker.is_none()).map_err(|wrong| wrong.into_error(reader))?;
            let kept = Arc::new(Kept { frames: frame.number + 1, ..kept });
            self.store.push(Arc::clone(&kept));
            self.store.made_durable(kept.commit);
            waiting.push(kept);
            if waiting.len() == FOLLOWED_TOGETHER
                && let Err(fault) = follower.take(waiting.drain(..))
            {
                return Ok(Err(fault.to_string()));
            }
        }
        Ok(follower.take(waiting.into_iter()).map(|()| follower).map_err(|fault| fault.to_string()))
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
        if self.closed.is_some_and(|closed| closed.place.volume > place.volume) {
            let next = place.volume + 1;
            return Err(self.store.folder.journal_missing(next, self.store.geometry.first_of(next)).into());
        }
        Closed::forget(&self.store.folder)?;
        for &number in self.full.iter().filter(|&&number| number != place.volume) {
            follower.add_full(number);
        }
        Ok(Opened { store: self.store, state: self.state, journal, follower, place, commit: self.commit })
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
