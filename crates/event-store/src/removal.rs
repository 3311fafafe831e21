use std::collections::BTreeMap;

use announcement::Position;
use durable::{Frame, JournalReader};
use serde::{Deserialize, Serialize};

use crate::{
    ReadError, layout,
    open::Fault,
    payload::{Part, Payload, parts},
    recent::Kept,
    sealing,
    shelf::{SealedShelf, Shelf},
    store::{Store, Who},
};

/// A recorded redaction whose target still has its payload, or may have it: the value of its key, which is written with it and goes once nothing of the payload is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redaction {
    /// The record that redacts.
    pub(crate) by: Position,
    /// The numbers of the refusals that were dropped with it.
    pub(crate) refusals: Vec<u64>,
}

/// By the position of the record that's redacted.
pub(crate) type Pending = BTreeMap<u64, Redaction>;

/// A redaction that was recorded, while its target's payload isn't removed everywhere yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRedaction {
    /// The record that's redacted.
    pub position: Position,
    /// The record that redacts it.
    pub by: Position,
}

pub(crate) fn pending(store: &Store, who: Who) -> Result<Pending, ReadError> {
    let keys = store.keys(&layout::redaction(0), &layout::redaction(u64::MAX), usize::MAX, who)?;
    keys.iter().map(|(key, value)| layout::number(key).zip(serde_json::from_slice(value).ok()).ok_or(ReadError::State)).collect()
}

/// Whether a commit redacts something.
pub(crate) fn is_asked_for(kept: &Kept) -> bool {
    kept.keys.iter().next_back().is_some_and(|(key, value)| key.starts_with(b"x") && value.is_some())
}

/// Takes the payloads out of the sealed volumes, one after the other, while they are read. A volume that can't be read or written keeps its own, which stay pending.
pub(crate) fn from_sealed(store: &Store, pending: &Pending) {
    for shelf in store.shelves() {
        let Shelf::Sealed(sealed) = &*shelf else { continue };
        let first = store.geometry.first_of(sealed.number);
        let mut targets: Pending = pending.range(first..first + store.geometry.records()).map(|(&position, redaction)| (position, redaction.clone())).collect();
        targets.retain(|&position, _| !is_done(store, position));
        if targets.is_empty() {
            continue;
        }
        if let Err(fault) = from_one(store, sealed, &targets) {
            tracing::error!(volume = sealed.number, reason = %fault, "the payload of redacted records can't be removed from a sealed volume");
        }
    }
}

fn from_one(store: &Store, sealed: &SealedShelf, targets: &Pending) -> Result<(), Fault> {
    let mut removed = store.folder.removed(sealed.number)?.unwrap_or_default();
    removed.extend(targets.keys().flat_map(|position| format!("{position}\n").into_bytes()));
    sealing::write_next(store, sealed, &removed, |position, record| without_payload(targets, position, record))?;
    // A backup copies this volume file by file.
    let keeping = store.folder.keep();
    let replaced = sealed.replace(|| store.folder.take_next(sealed.number));
    drop(keeping);
    store.forget_unpacked();
    replaced.ok_or_else(|| Fault::new(format_args!("sealed volume {} is being read", sealed.number)))??;
    tracing::info!(volume = sealed.number, records = targets.len(), "the payload of redacted records was removed from a sealed volume");
    Ok(())
}

/// A record as it's kept from now on.
fn without_payload(targets: &Pending, position: u64, record: &[u8]) -> Result<Vec<u8>, Fault> {
    let Some(redaction) = targets.get(&position) else { return Ok(record.to_vec()) };
    let place = Position::new(position);
    let whole = layout::decode(place, record).ok_or_else(|| Fault::new(ReadError::Unreadable { position: place }))?;
    let left = whole.redact(redaction.by).map_err(|_| Fault::new(ReadError::Unreadable { position: place }))?;
    Ok(layout::encode(&left))
}

/// Takes the payloads out of the journals of the volumes that are written. Where one was in them the volume has no sled from then on: it's made of the journal once more. Nobody
/// writes meanwhile.
pub(crate) fn from_journals(store: &Store, pending: &Pending) -> Result<(), Fault> {
    let going = Going { targets: pending, refusals: refusals(store, pending)? };
    for number in store.folder.journals()? {
        let first = store.geometry.first_of(number);
        if !going.is_in(store.folder.open_journal(number, first)?)? {
            continue;
        }
        // In this order: a sled that holds more than its journal is never left under its name.
        store.folder.put_away_active(number)?;
        // A backup copies the journal.
        let _keeping = store.folder.keep();
        store.folder.rewrite_journal(number, first, |frame| going.without(frame))?;
        tracing::info!(volume = number, "the payload of redacted records was removed from a journal");
    }
    Ok(())
}

/// What is to go from journals.
struct Going<'a> {
    targets: &'a Pending,
    /// The keys of the refusals that were dropped, with what stands there now.
    refusals: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

fn refusals(store: &Store, pending: &Pending) -> Result<BTreeMap<Vec<u8>, Option<Vec<u8>>>, Fault> {
    let mut refusals = BTreeMap::new();
    for number in pending.values().flat_map(|redaction| &redaction.refusals) {
        for key in [layout::refusal(*number), layout::refused_bytes(*number)] {
            let now = store.key(&key, Who::Writer).map_err(Fault::new)?;
            refusals.insert(key, now);
        }
    }
    Ok(refusals)
}

impl Going<'_> {
    fn is_in(&self, mut journal: JournalReader) -> Result<bool, Fault> {
        while let Some(frame) = journal.next_frame()? {
            if self.is_in_frame(&frame) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_in_frame(&self, frame: &Frame) -> bool {
        let mut positions = frame.head.first_position..;
        parts(&frame.payload).flatten().any(|part| match part {
            Part::Record(record) => positions.next().is_some_and(|position| self.targets.contains_key(&position)) && !layout::is_removed(record),
            Part::Put(key, value) => self.refusals.get(key).is_some_and(|now| now.as_deref() != Some(value)),
            _ => false,
        })
    }

    /// The payload of a frame without it; `None` where the frame's own isn't of its form.
    fn without(&self, frame: &Frame) -> Option<Vec<u8>> {
        if !self.is_in_frame(frame) {
            return Some(frame.payload.clone());
        }
        let mut positions = frame.head.first_position..;
        let mut payload = Payload::default();
        for part in parts(&frame.payload) {
            match part? {
                Part::Record(record) => payload.record(&without_payload(self.targets, positions.next()?, record).ok()?),
                Part::Put(key, value) => match self.refusals.get(key) {
                    Some(Some(now)) => payload.put(key, now),
                    Some(None) => payload.remove(key),
                    None => payload.put(key, value),
                },
                part => payload.part(part),
            }
        }
        Some(payload.bytes)
    }
}

/// The targets that have no payload any more.
pub(crate) fn done(store: &Store, pending: &Pending) -> Vec<u64> {
    pending.keys().copied().filter(|&position| is_done(store, position)).collect()
}

fn is_done(store: &Store, position: u64) -> bool {
    matches!(store.record(position), Ok(Some(record)) if layout::is_removed(&record))
}
