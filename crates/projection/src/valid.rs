use announcement::Span;
use jiff::civil;

/// On which days an exchange took place, or was or is to take place, that is asked for; without a day any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Valid {
    /// Exchanges whose days end on this day or later.
    pub from: Option<civil::Date>,
    /// Exchanges whose days begin on this day or earlier.
    pub to: Option<civil::Date>,
}

impl Valid {
    /// Whether it may have taken place on one of them. What has no day is asked for only where no day is.
    pub(crate) fn takes(self, days: Option<Span>) -> bool {
        self == Self::default() || days.is_some_and(|days| days.overlaps(Span { earliest: self.from, latest: self.to }))
    }
}
