//! The plain way to keep records in sled, which `handover bench` holds the ledger against: each record is an insertion in each of three trees. Nothing else uses it.

use std::{fs::File, path::Path};

use crate::WriteError;

/// Records by position, positions by identity, positions by key.
#[derive(Debug)]
pub struct PlainTrees {
    db: sled::Db,
    records: sled::Tree,
    identities: sled::Tree,
    keys: sled::Tree,
    data: File,
}

impl PlainTrees {
    /// Makes one in an empty folder, as sled is set by itself.
    ///
    /// # Errors
    /// [`WriteError::Sled`].
    pub fn create(dir: &Path) -> Result<Self, WriteError> {
        let db = sled::Config::new().path(dir).flush_every_ms(None).open().map_err(failed)?;
        let tree = |name: &str| db.open_tree(name).map_err(failed);
        let (records, identities, keys) = (tree("records")?, tree("identities")?, tree("keys")?);
        let data = File::open(dir.join("db")).map_err(failed)?;
        Ok(Self { db, records, identities, keys, data })
    }

    /// Inserts one record.
    ///
    /// # Errors
    /// [`WriteError::Sled`].
    pub fn insert(&self, position: u64, record: &[u8], identity: &[u8], key: &[u8]) -> Result<(), WriteError> {
        let position = position.to_be_bytes();
        self.records.insert(position, record).map_err(failed)?;
        self.identities.insert(identity, &position).map_err(failed)?;
        self.keys.insert([key, &position].concat(), &position).map_err(failed)?;
        Ok(())
    }

    /// Brings what was inserted to disk.
    ///
    /// # Errors
    /// [`WriteError::Sled`].
    pub fn sync(&self) -> Result<(), WriteError> {
        self.db.flush().map_err(failed)?;
        self.data.sync_data().map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> WriteError {
    WriteError::Sled(error.to_string())
}
