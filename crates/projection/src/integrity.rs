use announcement::Position;

use crate::{AsOf, Known};

/// What the fold says of a ledger's integrity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// Up to which record.
    pub as_of: AsOf,
    /// The merges that changed nothing: the two were one already.
    pub merges_without_effect: Vec<Position>,
}

/// What was folded, and which of it had no effect.
#[must_use]
pub fn folded(book: Known<'_>) -> Folded {
    let merges = book.merges().filter(|merge| !merge.has_effect);
    Folded { as_of: AsOf::of(book), merges_without_effect: merges.map(|merge| merge.at).collect() }
}
