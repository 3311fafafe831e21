use std::collections::BTreeMap;

use announcement::{Digest, ExchangeKey, Position, Publisher, Record};
use durable::{Batch, StoreReader};
use uuid::Uuid;

use crate::{ReadError, layout};

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

    /// Writes a key for ever; what is there already stays.
    pub(crate) fn insert(&mut self, key: Vec<u8>, value: &[u8]) -> Result<(), ReadError> {
        if self.get(&key)?.is_none() {
            self.batch.insert(&key, value);
            self.written.insert(key, Some(value.to_vec()));
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

    pub(crate) fn is_retracted(&self, position: Position) -> Result<bool, ReadError> {
        Ok(self.get(&layout::retracted(position))?.is_some())
    }

    pub(crate) fn is_stage(&self, key: &ExchangeKey) -> Result<bool, ReadError> {
        Ok(self.get(&layout::stage(key))?.is_some())
    }

    pub(crate) fn is_whole(&self, key: &ExchangeKey) -> Result<bool, ReadError> {
        Ok(self.get(&layout::whole(key))?.is_some())
    }

    pub(crate) fn refusal_of(&self, subject: &str, digest: Digest) -> Result<Option<u64>, ReadError> {
        Ok(self.get(&layout::refusal_of(subject, digest))?.as_deref().and_then(layout::number))
    }
}

/// More than one match is ambiguous already; the bound keeps a look-up short.
const MAX_NAMESAKES: usize = 16;
