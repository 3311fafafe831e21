use std::{collections::HashSet, path::Path, sync::Arc};

use announcement::{Data, Digest, Kind, Position};
use durable::{Folder, Volume};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Frontier, OpenError,
    block::{BLOCK, Decoder},
    entry::Entry,
    follower::Marker,
    layout::{self, Geometry, TILE},
    payload::{Part, parts},
    shelf::blocks,
    state::State,
    summary::{Summary, entries_of},
};

/// What was found in one volume of a ledger's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeReport {
    /// Its number.
    pub volume: u64,
    /// Whether it's sealed.
    pub sealed: bool,
    /// The position of its first record, and the one after its last.
    pub positions: [u64; 2],
    /// When its first and its last record were taken in.
    pub recorded: Option<[Timestamp; 2]>,
    /// How many entries its index has.
    pub entries: u64,
    /// The roots of its complete tiles of 256 records.
    pub tiles: Vec<Digest>,
    /// The leaf hashes after them.
    pub leaves: Vec<Digest>,
    /// What the volume's own words say of the tree after its last record: size and root; a sealed one says it by its tiles.
    pub says: Option<(u64, Digest)>,
    /// Its records whose payload was removed.
    pub removed: Vec<Redacts>,
    /// Its records that redact another.
    pub redacts: Vec<Redacts>,
    /// What isn't as it was recorded.
    pub damage: Vec<Damage>,
}

/// One record that redacts another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Redacts {
    /// Its position.
    pub by: Position,
    /// The other's, where that one says by which it's redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// A hash of the other's source and id.
    pub event: u64,
}

/// Something that isn't as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// What it is.
    pub what: String,
    /// The first and the last position that it concerns, where it concerns records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positions: Option<[u64; 2]>,
    /// What to do.
    pub remedy: String,
}

const RESTORE: &str = "restore the folder from a backup: handover restore";
const REBUILT: &str = "nothing is lost: it's rebuilt from the journal at the next start";

/// The numbers of a folder's volumes, and how many records each has.
///
/// # Errors
/// See [`OpenError`]: a volume is missing, the folder is in use or can't be read.
pub fn volumes(dir: &Path) -> Result<(Vec<u64>, u64), OpenError> {
    let folder = Folder::take(dir)?;
    let (sealed, journals) = (folder.sealed()?, folder.journals()?);
    let last = journals.last().or(sealed.last()).copied().unwrap_or(0);
    for number in 0..=last {
        if !sealed.contains(&number) && !journals.contains(&number) {
            return Err(OpenError::VolumeGone { volume: number });
        }
    }
    if journals.last() != Some(&last) {
        return Err(OpenError::VolumeGone { volume: last + 1 });
    }
    Ok(((0..=last).collect(), volume_records(&folder, last)?))
}

/// What the first frame of the last journal says.
fn volume_records(folder: &Folder, last: u64) -> Result<u64, OpenError> {
    let frame = folder.first_frame(last)?;
    let payload = frame.map(|frame| frame.payload).unwrap_or_default();
    let state = parts(&payload).flatten().find_map(|part| if let Part::State(state) = part { Some(state) } else { None });
    Ok(State::read(state.ok_or(OpenError::VolumeGone { volume: last })?)?.volume_records)
}

/// Reads everything of one volume, in a folder that nobody else uses: it's meant for a copy, since opening sled writes, and may panic.
///
/// # Errors
/// See [`OpenError`]: what can't even be looked at.
pub fn verify_volume(dir: &Path, number: u64, volume_records: u64) -> Result<VolumeReport, OpenError> {
    let folder = Arc::new(Folder::take(dir)?);
    let geometry = Geometry::new(volume_records);
    let first = geometry.first_of(number);
    let sealed = folder.sealed()?.contains(&number);
    let report = VolumeReport {
        volume: number,
        sealed,
        positions: [first, first],
        recorded: None,
        entries: 0,
        tiles: Vec::new(),
        leaves: Vec::new(),
        says: None,
        removed: Vec::new(),
        redacts: Vec::new(),
        damage: Vec::new(),
    };
    let mut verifying = Verifying { folder, geometry, report, expected: HashSet::new(), decided: 0 };
    if sealed {
        verifying.sealed()?;
    } else {
        verifying.written()?;
    }
    Ok(verifying.report)
}

struct Verifying {
    folder: Arc<Folder>,
    geometry: Geometry,
    report: VolumeReport,
    /// The entries that the records themselves call for.
    expected: HashSet<Entry>,
    /// How many corrections and retractions there are, whose entries their targets call for.
    decided: u64,
}

impl Verifying {
    fn damaged(&mut self, what: impl std::fmt::Display, positions: Option<[u64; 2]>, remedy: &str) {
        self.report.damage.push(Damage { what: what.to_string(), positions, remedy: remedy.to_owned() });
    }

    /// The next record: its leaf, its time, and the entries that it calls for.
    fn record(&mut self, bytes: &[u8]) {
        let position = self.report.positions[1];
        self.report.positions[1] += 1;
        self.report.leaves.push(layout::leaf(position, bytes));
        if self.report.leaves.len() as u64 == TILE {
            let mut tile = Frontier::default();
            for leaf in self.report.leaves.drain(..) {
                self.report.tiles.extend(tile.append(leaf));
            }
        }
        let unreadable = |verifying: &mut Self| verifying.damaged("a record isn't an event", Some([position, position]), RESTORE);
        let Some(record) = layout::decode(Position::new(position), bytes) else { return unreadable(self) };
        match &mut self.report.recorded {
            Some([_, last]) if *last > record.recorded => self.damaged("it was recorded before the one that precedes it", Some([position, position]), RESTORE),
            Some([_, last]) => *last = record.recorded,
            None => self.report.recorded = Some([record.recorded; 2]),
        }
        let Ok(announcement) = record.announcement() else { return unreadable(self) };
        let envelope = &announcement.envelope;
        let event = layout::event(&envelope.source, envelope.id);
        self.expected.insert(Entry { hash: event, position });
        if let Some(removed) = &record.removed {
            self.report.removed.push(Redacts { by: removed.by, position: Some(record.position), event });
        }
        if let Data::Redacted(data) = &announcement.data {
            self.report.redacts.push(Redacts { by: record.position, position: None, event: layout::event(&data.target.source, data.target.id) });
        }
        self.expected.extend(announcement.key().map(|key| Entry { hash: layout::exchange(&key), position }));
        self.decided += u64::from(matches!(announcement.kind(), Kind::Corrected | Kind::Retracted));
    }

    /// The entries that the records call for are there, and as many changes as there are records that make one.
    fn entries(&mut self, found: &[Entry], remedy: &str) {
        self.report.entries = found.len() as u64;
        let mut missing = std::mem::take(&mut self.expected);
        let mut changes = 0;
        for entry in found {
            missing.remove(entry);
            changes += u64::from(layout::is_change(entry.hash));
            if entry.position >= self.report.positions[1] {
                self.damaged(format_args!("the index names position {}, which doesn't exist", entry.position), None, remedy);
            }
        }
        if let Some(lowest) = missing.iter().map(|entry| entry.position).min() {
            let highest = missing.iter().map(|entry| entry.position).max().unwrap_or(lowest);
            self.damaged(format_args!("the index lacks {} entries", missing.len()), Some([lowest, highest]), remedy);
        }
        let decided = self.decided;
        if changes != decided {
            self.damaged(format_args!("the index has {changes} corrections and retractions, and there are {decided}"), None, remedy);
        }
    }

    fn sealed(&mut self) -> Result<(), OpenError> {
        let number = self.report.volume;
        let volume = match self.folder.open_sealed(number) {
            Ok(volume) => volume,
            Err(reason) => {
                let positions = self.whole();
                self.damaged(format_args!("sealed volume {number} can't be opened: {reason}"), positions, RESTORE);
                return Ok(());
            }
        };
        let summary = self.folder.summary(number)?.and_then(|bytes| Summary::from_bytes(number, &bytes));
        if summary.is_none() {
            self.damaged(format_args!("the summary of sealed volume {number}"), None, "nothing is lost: it's made anew at the next start");
        }
        let decoder = match volume.get(layout::DICTIONARY) {
            Ok(dictionary) => Decoder::new(dictionary),
            Err(error) => {
                let positions = self.whole();
                self.damaged(format_args!("the dictionary of sealed volume {number}: {error}"), positions, RESTORE);
                return Ok(());
            }
        };
        self.blocks(&volume, &decoder);
        let stored = volume.get(layout::NODES).ok().flatten().unwrap_or_default();
        let mut stored: Vec<Digest> = stored.as_chunks::<32>().0.iter().map(|node| Digest::from_bytes(*node)).collect();
        let digest = stored.pop();
        self.tiles(&stored);
        let found = self.pages(&volume);
        let again = Summary::new(stored.clone(), &found).0;
        if digest != Some(again.entries) {
            self.damaged(format_args!("the entries of sealed volume {number} aren't the ones that were written"), None, RESTORE);
        }
        if summary.is_some_and(|summary| summary.to_bytes(number) != again.to_bytes(number)) {
            self.damaged(format_args!("the summary of sealed volume {number} says something else than the volume"), None, RESTORE);
        }
        self.entries(&found, RESTORE);
        Ok(())
    }

    fn whole(&self) -> Option<[u64; 2]> {
        let first = self.report.positions[0];
        Some([first, first + self.geometry.records() - 1])
    }

    fn blocks(&mut self, volume: &Volume, decoder: &Decoder) {
        let end = self.report.positions[0] + self.geometry.records();
        for first in (self.report.positions[0]..end).step_by(BLOCK as usize) {
            match blocks(volume, decoder, first, 1).map(|mut blocks| blocks.pop()) {
                Ok(Some(records)) => records.iter().for_each(|record| self.record(record)),
                Ok(None) => self.lost(first, "it isn't there"),
                Err(error) => self.lost(first, error),
            }
        }
    }

    /// A block that can't be read: its records' places stay, with leaves that no record has.
    fn lost(&mut self, first: u64, why: impl std::fmt::Display) {
        self.damaged(format_args!("a block can't be read: {why}"), Some([first, first + BLOCK - 1]), RESTORE);
        for _ in 0..BLOCK {
            self.report.leaves.push(Digest::of(&[]));
            self.report.positions[1] += 1;
        }
        if self.report.leaves.len() as u64 == TILE {
            self.report.leaves.clear();
            self.report.tiles.push(Digest::of(&[]));
        }
    }

    /// The tiles' roots that were stored are those of the records.
    fn tiles(&mut self, stored: &[Digest]) {
        let first = self.report.positions[0];
        let wrong: Vec<u64> = (0..)
            .zip(&self.report.tiles)
            .filter(|&(number, root)| stored.get(usize::try_from(number).unwrap_or(usize::MAX)) != Some(root))
            .map(|(number, _)| number)
            .collect();
        for number in wrong {
            let from = first + number * TILE;
            self.damaged("the records of a tile and its root don't agree", Some([from, from + TILE - 1]), RESTORE);
        }
    }

    fn pages(&mut self, volume: &Volume) -> Vec<Entry> {
        let mut found = Vec::new();
        for number in 0.. {
            match volume.get(&layout::page(number)) {
                Ok(Some(page)) => match entries_of(number, &page) {
                    Some(entries) => found.extend(entries),
                    None => self.damaged(format_args!("page {number} of the index"), None, RESTORE),
                },
                Ok(None) => break,
                Err(error) => self.damaged(format_args!("page {number} of the index: {error}"), None, RESTORE),
            }
        }
        found
    }

    fn written(&mut self) -> Result<(), OpenError> {
        let (number, first) = (self.report.volume, self.report.positions[0]);
        let mut reader = self.folder.open_journal(number, first)?;
        let (mut frames, mut found, mut nodes, mut kept) = (0, Vec::new(), Vec::new(), Vec::new());
        loop {
            let frame = match reader.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => {
                    let from = self.report.positions[1];
                    self.damaged(error, Some([from, from]), RESTORE);
                    break;
                }
            };
            frames += 1;
            for part in parts(&frame.payload) {
                match part {
                    Some(Part::Record(record)) => {
                        self.record(record);
                        kept.push(record.to_vec());
                    }
                    Some(Part::Entry(entry)) => found.push(entry),
                    Some(Part::Node(node)) => nodes.push(node),
                    Some(Part::State(state)) => self.state(state, frame.head.size, &Digest::from_bytes(frame.head.root)),
                    Some(Part::Put(..) | Part::Remove(_)) => {}
                    None => self.damaged(format_args!("frame {} of the journal isn't of its form", frame.number), None, RESTORE),
                }
            }
            self.report.says = Some((frame.head.size, Digest::from_bytes(frame.head.root)));
        }
        self.tiles(&nodes);
        self.entries(&found, RESTORE);
        if reader.torn() > 0 {
            tracing::debug!(bytes = reader.torn(), "the journal ends in a write that was never acknowledged");
        }
        self.follows(number, frames, &kept);
        Ok(())
    }

    fn state(&mut self, state: &[u8], size: u64, root: &Digest) {
        let agrees = State::read(state).is_ok_and(|state| state.tree.size() == size && state.tree.root() == *root);
        if !agrees || size != self.report.positions[1] {
            let at = self.report.positions[1];
            self.damaged("a frame's state, its head and its records don't agree", Some([at.saturating_sub(1), at]), RESTORE);
        }
    }

    /// What the sled of a volume that's written has followed is what its journal says.
    fn follows(&mut self, number: u64, frames: u64, kept: &[Vec<u8>]) {
        let volume = match self.folder.open_active(number) {
            Ok(Some(volume)) => volume,
            Ok(None) => return,
            Err(reason) => return self.damaged(format_args!("the sled of volume {number} can't be opened: {reason}"), None, REBUILT),
        };
        let first = self.report.positions[0];
        let marker = match Marker::read(&volume) {
            Ok(marker) => marker.unwrap_or(Marker { frames: 0, blocks_end: first }),
            Err(error) => return self.damaged(format_args!("the sled of volume {number}: {error}"), None, REBUILT),
        };
        if marker.frames > frames {
            self.damaged(format_args!("the journal of volume {number} ends after {frames} frames, and {} were written", marker.frames), None, RESTORE);
        }
        let decoder = Decoder::new(volume.get(layout::DICTIONARY).ok().flatten());
        let end = marker.blocks_end.min(first + kept.len() as u64 / BLOCK * BLOCK);
        for from in (first..end).step_by(BLOCK as usize) {
            let at = usize::try_from(from - first).unwrap_or(usize::MAX);
            let same = blocks(&volume, &decoder, from, 1).is_ok_and(|blocks| {
                blocks.first().is_some_and(|records| kept.get(at..).is_some_and(|kept| records.iter().eq(kept.iter().take(BLOCK as usize).map(Vec::as_slice))))
            });
            if !same {
                self.damaged("a block differs from the journal", Some([from, from + BLOCK - 1]), REBUILT);
            }
        }
    }
}
