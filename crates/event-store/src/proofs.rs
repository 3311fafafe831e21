use announcement::{Digest, Position};
use transparency::{Bundle, ProofFile, ProofFileError, Tile, TreeError, encode_bundle};

use crate::{ReadError, Reader, layout, store::Going};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The ledger has fewer records.
    #[error("the ledger has {size} records, and {asked} were asked about")]
    Beyond {
        /// How many it has.
        size: u64,
        /// How many were asked about.
        asked: u64,
    },
    /// The position isn't among the records asked about, or the sizes are the wrong way round.
    #[error("{0}")]
    Order(String),
    /// The record's payload was removed: without it nobody can compute its leaf.
    #[error("the record at position {position} was redacted by the one at position {by}")]
    Redacted {
        /// Its position.
        position: Position,
        /// The record that redacts it.
        by: Position,
    },
    /// The ledger can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What stands where a bundle of entries was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entries {
    /// The bundle.
    Bundle(Vec<u8>),
    /// An entry of it is gone: the payload of the first such record was removed.
    Gone {
        /// Its position.
        position: Position,
    },
    /// The tree doesn't reach so far.
    Beyond,
}

impl Reader {
    /// The hashes of a tile; `None` where the tree doesn't reach so far.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn tile(&self, tile: Tile) -> Result<Option<Vec<Digest>>, ReadError> {
        if !tile.is_in(self.head().size) {
            return Ok(None);
        }
        let from = tile.index() * transparency::TILE_WIDTH;
        let to = from + u64::from(tile.width());
        if tile.level() > 0 {
            return Ok(self.store().hashes(tile.level(), from, to));
        }
        let mut hashes = Vec::with_capacity(usize::from(tile.width()));
        self.store().scan(from, to, |position, record| {
            hashes.push(layout::leaf(position, record));
            Going::On
        })?;
        Ok(Some(hashes))
    }

    /// The entries of a bundle, as C2SP tlog-tiles serves them. Each hashes to its leaf, so there is none without all its records' payloads.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn bundle(&self, bundle: Bundle) -> Result<Entries, ReadError> {
        let tile = bundle.hashes();
        if !tile.is_in(self.head().size) {
            return Ok(Entries::Beyond);
        }
        let from = tile.index() * transparency::TILE_WIDTH;
        let mut entries = Vec::with_capacity(usize::from(tile.width()));
        let mut gone = None;
        self.store().scan(from, from + u64::from(tile.width()), |position, record| {
            if layout::is_removed(record) {
                gone = Some(Position::new(position));
                return Going::Enough;
            }
            entries.push([&position.to_be_bytes()[..], record].concat());
            Going::On
        })?;
        if let Some(position) = gone {
            return Ok(Entries::Gone { position });
        }
        let unreadable = ReadError::Unreadable { position: Position::new(from) };
        encode_bundle(entries.iter().map(Vec::as_slice)).map(Entries::Bundle).map_err(|_| unreadable)
    }

    /// The proof that the record at a position is in the tree of `size` records, from the leaf up.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub fn inclusion(&self, position: Position, size: u64) -> Result<Vec<Digest>, ProofError> {
        self.reaches(size)?;
        transparency::inclusion(position.get(), size, |tile| self.hashes_of(tile)).map_err(wrong)
    }

    /// The proof that the tree of `to` records goes on from that of `from`.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub fn consistency(&self, from: u64, to: u64) -> Result<Vec<Digest>, ProofError> {
        self.reaches(to)?;
        transparency::consistency(from, to, |tile| self.hashes_of(tile)).map_err(wrong)
    }

    /// The root of the tree when it had this many records.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub fn root_of(&self, size: u64) -> Result<Digest, ProofError> {
        self.root_at(size)?.ok_or_else(|| ProofError::Beyond { size: self.head().size, asked: size })
    }

    /// Everything that shows offline that a record is in the ledger of a checkpoint.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub fn proof_file(&self, position: Position, checkpoint: &transparency::Note, size: u64) -> Result<ProofFile, ProofError> {
        let inclusion = self.inclusion(position, size)?;
        let record = self.record(position)?.ok_or_else(|| ProofError::Beyond { size: self.head().size, asked: position.get() + 1 })?;
        if let Some(removed) = &record.removed {
            return Err(ProofError::Redacted { position, by: removed.by });
        }
        ProofFile::new(record, inclusion, checkpoint).map_err(|error: ProofFileError| ProofError::Order(error.to_string()))
    }

    fn reaches(&self, size: u64) -> Result<(), ProofError> {
        let found = self.head().size;
        if size > found { Err(ProofError::Beyond { size: found, asked: size }) } else { Ok(()) }
    }

    fn hashes_of(&self, tile: Tile) -> Result<Vec<Digest>, ReadError> {
        self.tile(tile)?.ok_or(ReadError::Unreadable { position: Position::new(tile.index()) })
    }
}

fn wrong(error: TreeError<ReadError>) -> ProofError {
    match error {
        TreeError::Read(error) => ProofError::Read(error),
        other => ProofError::Order(other.to_string()),
    }
}
