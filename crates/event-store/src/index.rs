use std::collections::BTreeMap;

use announcement::{ExchangeKey, Position, Publisher, Record};
use durable::{Batch, StoreReader};
use uuid::Uuid;

use crate::{ReadError, layout, stage::Stage};

/// What the ledger holds, with what the commit in the making adds to it.
pub(crate) struct Index<'a> {
    store: &'a StoreReader,
    /// What the commit writes, so that a message sees the ones before it in the same commit.
    written: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    batch: Batch,
}

impl<'a> Index<'a> {
    pub(crate) fn new(store: &'a StoreReader) -> Self {
        Self { store, written: BTreeMap::new(), batch: Batch::new() }
    }

    pub(crate) fn into_batch(self) -> Batch {
        self.batch
    }

    /// Writes a key for ever. It has the record's position in it, so it's written once.
    pub(crate) fn insert(&mut self, key: Vec<u8>, value: &[u8]) {
        self.batch.insert(&key, value);
        self.written.insert(key, Some(value.to_vec()));
    }

    /// Writes a key for ever; what is there already stays.
    pub(crate) fn insert_once(&mut self, key: Vec<u8>, value: &[u8]) -> Result<(), ReadError> {
        if self.get(&key)?.is_none() {
            self.insert(key, value);
        }
        Ok(())
    }

    pub(crate) fn put(&mut self, key: Vec<u8>, value: &[u8]) {
        self.batch.put(&key, value);
        self.written.insert(key, Some(value.to_vec()));
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.batch.remove(&key);
        self.written.insert(key, None);
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        match self.written.get(key) {
            Some(written) => Ok(written.clone()),
            None => Ok(self.store.get(key)?),
        }
    }

    pub(crate) fn record(&self, position: Position) -> Result<Record, ReadError> {
        let bytes = self.get(&layout::record(position))?;
        bytes.and_then(|bytes| layout::decode(position, &bytes)).ok_or(ReadError::Unreadable { position })
    }

    pub(crate) fn identity(&self, publisher: &Publisher, source: &str, id: Uuid) -> Result<Option<Position>, ReadError> {
        Ok(self.get(&layout::identity(publisher, source, id))?.as_deref().and_then(layout::number).map(Position::new))
    }

    /// The positions of a source and id, whoever published them.
    pub(crate) fn events(&self, source: &str, id: Uuid) -> Result<Vec<Position>, ReadError> {
        let prefix = layout::event(source, id);
        let end = layout::at(&prefix, Position::new(u64::MAX));
        let stored = self.store.range(&prefix, &end, MAX_NAMESAKES)?.into_iter().map(|(key, _)| key);
        let written = self.written.range(prefix.clone()..end).map(|(key, _)| key.clone());
        Ok(stored.chain(written).filter_map(|key| layout::number(&key)).map(Position::new).collect())
    }

    pub(crate) fn is_retracted(&self, claim: Position) -> Result<bool, ReadError> {
        Ok(self.get(&layout::retracted(claim))?.is_some())
    }

    /// The position of a claim's latest correction.
    pub(crate) fn correction(&self, claim: Position) -> Result<Option<Position>, ReadError> {
        Ok(self.get(&layout::correction(claim))?.as_deref().and_then(layout::number).map(Position::new))
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

/// More than one match is ambiguous already; the bound keeps a look-up short.
const MAX_NAMESAKES: usize = 16;
