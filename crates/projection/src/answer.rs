use announcement::{Position, Span};
use jiff::{Timestamp, civil};
use serde::Serialize;

use crate::Known;

/// Up to which record an answer holds; both `null` where nothing is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AsOf {
    /// The last record's position.
    pub position: Option<Position>,
    /// When it was taken in.
    #[schemars(with = "Option<announcement::Instant>")]
    pub recorded: Option<Timestamp>,
    /// The day by the end of which it had been announced, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<announcement::Day>")]
    pub announced_until: Option<civil::Date>,
}

impl AsOf {
    pub(crate) fn of(book: Known<'_>) -> Self {
        let last = book.next().get().checked_sub(1).map(Position::new);
        Self { position: last, recorded: book.recorded(), announced_until: book.announced_until() }
    }
}

/// The days that a date can mean; `null` is an open end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Days {
    /// The first.
    #[schemars(with = "Option<announcement::Day>")]
    pub earliest: Option<civil::Date>,
    /// The last.
    #[schemars(with = "Option<announcement::Day>")]
    pub latest: Option<civil::Date>,
}

impl From<Span> for Days {
    fn from(span: Span) -> Self {
        Self { earliest: span.earliest, latest: span.latest }
    }
}

impl Days {
    pub(crate) const fn span(self) -> Span {
        Span { earliest: self.earliest, latest: self.latest }
    }
}
