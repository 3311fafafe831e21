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
    /// The ledger can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
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

    /// The entries of a bundle, as C2SP tlog-tiles serves them; `None` where the tree doesn't reach so far.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn bundle(&self, bundle: Bundle) -> Result<Option<Vec<u8>>, ReadError> {
        let tile = bundle.hashes();
        if !tile.is_in(self.head().size) {
            return Ok(None);
        }
        let from = tile.index() * transparency::TILE_WIDTH;
        let mut entries = Vec::with_capacity(usize::from(tile.width()));
        self.store().scan(from, from + u64::from(tile.width()), |position, record| {
            entries.push([&position.to_be_bytes()[..], record].concat());
            Going::On
        })?;
        let unreadable = ReadError::Unreadable { position: Position::new(from) };
        encode_bundle(entries.iter().map(Vec::as_slice)).map(Some).map_err(|_| unreadable)
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
