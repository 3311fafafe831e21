use announcement::{Announcement, ExchangeKey, Position, Publisher, Record};
use uuid::Uuid;

use crate::{
    ReadError,
    entry::Entry,
    layout,
    payload::Payload,
    recent::Kept,
    stage::Stage,
    state::State,
    store::{Store, Who},
};

/// What the ledger holds, with what the commit in the making adds to it.
pub(crate) struct Index<'a> {
    store: &'a Store,
    payload: Payload,
    kept: Kept,
}

/// A record with what its event says.
pub(crate) struct Found {
    pub(crate) position: Position,
    pub(crate) record: Record,
    pub(crate) announcement: Announcement,
}

impl<'a> Index<'a> {
    pub(crate) fn new(store: &'a Store, first: u64) -> Self {
        Self { store, payload: Payload::default(), kept: Kept { first, ..Kept::default() } }
    }

    /// What goes to the journal, and what is kept for readers.
    pub(crate) fn finish(mut self, state: &State) -> (Payload, Kept) {
        for (key, value) in &self.kept.keys {
            match value {
                Some(value) => self.payload.put(key, value),
                None => self.payload.remove(key),
            }
        }
        self.payload.state(state);
        (self.payload, self.kept)
    }

    /// Adds the next record.
    pub(crate) fn add(&mut self, record: Vec<u8>) {
        self.payload.record(&record);
        self.kept.records.push(record);
    }

    pub(crate) fn add_entry(&mut self, hash: u64, position: Position) {
        let entry = Entry { hash, position: position.get() };
        self.payload.entry(entry);
        self.store.add_entry(entry);
    }

    pub(crate) fn add_node(&mut self, node: announcement::Digest) {
        self.payload.node(node);
        self.store.add_node(node);
    }

    pub(crate) fn put(&mut self, key: Vec<u8>, value: &[u8]) {
        self.kept.keys.insert(key, Some(value.to_vec()));
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.kept.keys.insert(key, None);
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        match self.kept.keys.get(key) {
            Some(written) => Ok(written.clone()),
            None => self.store.key(key, Who::Writer),
        }
    }

    pub(crate) fn record(&self, position: Position) -> Result<Record, ReadError> {
        let unreadable = || ReadError::Unreadable { position };
        let bytes = match position.get().checked_sub(self.kept.first) {
            Some(number) => usize::try_from(number).ok().and_then(|number| self.kept.records.get(number)).cloned(),
            None => self.store.record(position.get())?,
        };
        bytes.and_then(|bytes| layout::decode(position, &bytes)).ok_or_else(unreadable)
    }

    pub(crate) fn read(&self, position: Position) -> Result<Found, ReadError> {
        let record = self.record(position)?;
        let announcement = record.announcement().map_err(|_| ReadError::Unreadable { position })?;
        Ok(Found { position, record, announcement })
    }

    /// The event with this identity.
    pub(crate) fn identity(&self, publisher: &Publisher, source: &str, id: Uuid) -> Result<Option<Found>, ReadError> {
        for position in self.store.positions(layout::event(source, id))? {
            let found = self.read(Position::new(position))?;
            if found.record.publisher == *publisher && is(&found, source, id) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The events of a source and id, whoever published them.
    pub(crate) fn events(&self, source: &str, id: Uuid) -> Result<Vec<Found>, ReadError> {
        let mut events = Vec::new();
        for position in self.store.positions(layout::event(source, id))?.into_iter().take(MAX_NAMESAKES) {
            let found = self.read(Position::new(position))?;
            if is(&found, source, id) {
                events.push(found);
            }
        }
        Ok(events)
    }

    pub(crate) fn knows(&self, hash: u64) -> Result<bool, ReadError> {
        Ok(!self.store.positions(hash)?.is_empty())
    }

    /// Whether one of a hash's entries is of this position.
    pub(crate) fn has_entry(&self, hash: u64, position: Position) -> Result<bool, ReadError> {
        Ok(self.store.positions(hash)?.contains(&position.get()))
    }

    pub(crate) fn is_retracted(&self, claim: Position) -> Result<bool, ReadError> {
        self.knows(layout::retracted(claim))
    }

    /// The position of a claim's latest correction.
    pub(crate) fn correction(&self, claim: Position) -> Result<Option<Position>, ReadError> {
        Ok(self.store.positions(layout::corrected(claim))?.first().copied().map(Position::new))
    }

    /// How many claims call this exchange a stage of another.
    pub(crate) fn stages_named(&self, key: &ExchangeKey) -> Result<u64, ReadError> {
        self.count(&layout::stage(key))
    }

    /// How many claims call other exchanges stages of this one.
    pub(crate) fn wholes_named(&self, key: &ExchangeKey) -> Result<u64, ReadError> {
        self.count(&layout::whole(key))
    }

    pub(crate) fn add_stage(&mut self, Stage { stage, whole }: &Stage) -> Result<(), ReadError> {
        for key in [layout::stage(stage), layout::whole(whole)] {
            let count = self.count(&key)? + 1;
            self.put(key, &count.to_be_bytes());
        }
        Ok(())
    }

    pub(crate) fn end_stage(&mut self, Stage { stage, whole }: &Stage) -> Result<(), ReadError> {
        for key in [layout::stage(stage), layout::whole(whole)] {
            let count = self.count(&key)?.saturating_sub(1);
            self.put(key, &count.to_be_bytes());
        }
        Ok(())
    }

    fn count(&self, key: &[u8]) -> Result<u64, ReadError> {
        Ok(self.get(key)?.as_deref().and_then(layout::number).unwrap_or(0))
    }
}

fn is(found: &Found, source: &str, id: Uuid) -> bool {
    found.announcement.envelope.source == source && found.announcement.envelope.id == id
}

/// More than one match is ambiguous already; the bound keeps a look-up short.
const MAX_NAMESAKES: usize = 16;
