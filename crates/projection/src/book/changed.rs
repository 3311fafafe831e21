use std::collections::BTreeSet;

use announcement::Position;

/// How many records a snapshot writes together.
pub(crate) const CHUNK: u64 = 256;

/// What a snapshot doesn't hold yet. It's no part of what a book says: all are equal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed {
    /// The chunks with a record that came or changed.
    pub(crate) chunks: BTreeSet<u64>,
    /// Whether something was taken away that must not stay on disk.
    pub(crate) redacted: bool,
    /// The chunk that was marked last: most records come into the same one.
    last: Option<u64>,
}

impl Changed {
    pub(crate) fn mark(&mut self, position: Position) {
        let chunk = position.get() / CHUNK;
        if self.last != Some(chunk) {
            self.chunks.insert(chunk);
            self.last = Some(chunk);
        }
    }
}

impl PartialEq for Changed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
