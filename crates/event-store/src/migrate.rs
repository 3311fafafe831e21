use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use announcement::{Data, Digest, Position, Publisher, Target};
use durable::{FirstFormat, FirstWrite, Folder, FrameHead};
use serde_json::Value;
use transparency::Frontier;
use uuid::Uuid;

use crate::{
    OpenError, ReadError,
    entry::Entry,
    layout,
    payload::Payload,
    removal::Redaction,
    state::{FORMAT, State, VOLUME_RECORDS},
};

/// Brings a ledger of the first format to this one, record by record and byte by byte; what was there is put aside, and where it is is given.
///
/// Receipts of messages that came in binary mode, or a second time in other bytes, can no longer be asked for by their digest alone.
///
/// # Errors
/// See [`OpenError`]; the folder is as it was.
pub fn migrate(dir: &Path) -> Result<PathBuf, OpenError> {
    let mut old = FirstFormat::open(dir)?;
    let unfinished = dir.with_extension("migrating");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(|source| durable::OpenError::Io { path: unfinished.clone(), source })?;
    }
    let folder = Folder::take(&unfinished)?;
    let mut migrating = Migrating { tree: Frontier::default(), frames: Vec::new(), events: HashMap::new() };
    while let Some((head, batch)) = old.next_frame()? {
        migrating.frame(head, &batch)?;
    }
    folder.create_journal(0, &migrating.frames).map_err(OpenError::Create)?;
    drop(folder);
    Ok(old.replace_with(&unfinished)?)
}

struct Migrating {
    tree: Frontier,
    frames: Vec<(FrameHead, Vec<u8>)>,
    /// Whose event of a source and id is where: what a redaction may name.
    events: HashMap<(String, Uuid), Vec<(Publisher, u64)>>,
}

impl Migrating {
    fn frame(&mut self, head: FrameHead, batch: &[u8]) -> Result<(), OpenError> {
        if head.size >= VOLUME_RECORDS {
            return Err(OpenError::TooManyToMigrate { most: VOLUME_RECORDS });
        }
        let mut payload = Payload::default();
        let mut state = None;
        for write in FirstFormat::writes(batch) {
            match write {
                FirstWrite::Put([b'r', place @ ..], record) => self.record(place, record, &mut payload)?,
                FirstWrite::Put([b'x', claim @ ..], place) => change(layout::retracted, claim, place, &mut payload)?,
                FirstWrite::Put([b'c', claim @ ..], place) => change(layout::corrected, claim, place, &mut payload)?,
                // Identities and digests follow from the records.
                FirstWrite::Put([b'i' | b'e' | b'd', ..], _) => {}
                FirstWrite::Put([b'F', rest @ ..], value) => payload.put(&[b"d", rest].concat(), value),
                FirstWrite::Remove([b'F', rest @ ..]) => payload.remove(&[b"d", rest].concat()),
                FirstWrite::Put([b's'], value) => state = Some(value),
                FirstWrite::Put(key, value) => payload.put(key, value),
                FirstWrite::Remove(key) => payload.remove(key),
            }
        }
        let state = of_this_format(state.ok_or(ReadError::State)?)?;
        let (root, journal_root) = (self.tree.root(), Digest::from_bytes(head.root));
        if (self.tree.size(), root) != (head.size, journal_root) || state.tree != self.tree {
            return Err(OpenError::Altered { size: self.tree.size(), root, journal_size: head.size, journal_root });
        }
        payload.state(&state);
        self.frames.push((head, payload.bytes));
        Ok(())
    }

    fn record(&mut self, place: &[u8], bytes: &[u8], payload: &mut Payload) -> Result<(), OpenError> {
        let position = Position::new(self.tree.size());
        let unreadable = || ReadError::Unreadable { position };
        let record = layout::decode(position, bytes).filter(|_| layout::number(place) == Some(position.get())).ok_or_else(unreadable)?;
        let event = record.announcement().map_err(|_| unreadable())?;
        let position = position.get();
        payload.record(bytes);
        payload.entry(Entry { hash: layout::event(&event.envelope.source, event.envelope.id), position });
        payload.entry(Entry { hash: layout::digest(&record.publisher, Digest::of(&record.event)), position });
        event.key().iter().for_each(|key| payload.entry(Entry { hash: layout::exchange(key), position }));
        if let Data::Redacted(data) = &event.data
            && let Some(target) = self.named_by(&data.target, &record.publisher)
        {
            // The first format left the payload where it was.
            let redaction = Redaction { by: Position::new(position), refusals: Vec::new() };
            payload.put(&layout::redaction(target), &serde_json::to_vec(&redaction).expect("a redaction is plain data"));
        }
        self.events.entry((event.envelope.source, event.envelope.id)).or_default().push((record.publisher, position));
        self.tree.append(layout::leaf(position, bytes)).into_iter().for_each(|node| payload.node(node));
        Ok(())
    }
}

impl Migrating {
    fn named_by(&self, target: &Target, sender: &Publisher) -> Option<u64> {
        let found = self.events.get(&(target.source.clone(), target.id))?;
        let by = |wanted: &Publisher| found.iter().find(|(publisher, _)| publisher == wanted);
        let found = target.publisher.as_ref().map_or_else(|| by(sender).or_else(|| found.first().filter(|_| found.len() == 1)), by);
        found.map(|(_, position)| *position)
    }
}

fn change(hash: impl Fn(Position) -> u64, claim: &[u8], place: &[u8], payload: &mut Payload) -> Result<(), ReadError> {
    let (claim, position) = layout::number(claim).zip(layout::number(place)).ok_or(ReadError::State)?;
    payload.entry(Entry { hash: hash(Position::new(claim)), position });
    Ok(())
}

fn of_this_format(state: &[u8]) -> Result<State, OpenError> {
    let mut state: Value = serde_json::from_slice(state).map_err(|_| ReadError::State)?;
    if state["format"] != 1 {
        return Err(OpenError::Format { found: u32::try_from(state["format"].as_u64().unwrap_or(0)).unwrap_or(u32::MAX), expected: 1 });
    }
    state["format"] = FORMAT.into();
    state["volume_records"] = VOLUME_RECORDS.into();
    State::read(state.to_string().as_bytes())
}
