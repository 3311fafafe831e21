use announcement::{Date, ExchangeKey, Kind, Position};
use jiff::{Timestamp, civil};

use crate::{
    Book,
    book::{ChannelView, Merged},
    claim::{Claim, Pools},
    effects::Effects,
    extent::Extent,
    intern::Id,
};

/// Two cut-offs of what is known, alone or together; without them everything that is recorded is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsKnown {
    /// Only the records up to here.
    pub at: Option<Moment>,
    /// Only what was announced by the end of this day. Curation isn't limited by it: a link that is made today holds for every past.
    pub announced_until: Option<civil::Date>,
}

/// A moment in the ledger's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Once the record at this position was taken in.
    Position(Position),
    /// What had been taken in by then.
    Instant(Timestamp),
}

impl std::str::FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let position = || text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())).map(|position| Self::Position(Position::new(position)));
        let instant = || text.parse().ok().map(Self::Instant);
        let end_of_day = || {
            let day: civil::Date = text.parse().ok()?;
            format!("{day}T23:59:59.999999Z").parse().ok().map(Self::Instant)
        };
        position()
            .or_else(instant)
            .or_else(end_of_day)
            .ok_or("expected a position, an instant such as 2026-01-29T10:00:00Z, or a day, which stands for its end in UTC")
    }
}

/// The book as it was known: what every read model is made from.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    book: &'a Book,
    before: Position,
    announced_until: Option<civil::Date>,
    /// From this record on another day holds: half-way from one cut-off to another.
    onward: Option<(Position, Option<civil::Date>)>,
}

impl Book {
    /// With everything that was applied.
    #[must_use]
    pub fn now(&self) -> Known<'_> {
        Known { book: self, before: self.next(), announced_until: None, onward: None }
    }

    /// As it was known: what a fold of the records up to there gives. What was redacted since is gone from the past too.
    #[must_use]
    pub fn as_known(&self, as_known: AsKnown) -> Known<'_> {
        let before = match as_known.at {
            None => self.next(),
            Some(Moment::Position(position)) => Position::new(position.get().saturating_add(1)).min(self.next()),
            Some(Moment::Instant(instant)) => self.recorded_until(instant),
        };
        Known { book: self, before, announced_until: as_known.announced_until, onward: None }
    }
}

impl<'a> Known<'a> {
    pub(crate) const fn pools(self) -> &'a Pools {
        &self.book.pools
    }

    /// How many records are known.
    pub(crate) const fn next(self) -> Position {
        self.before
    }

    /// When the last of them was taken in.
    pub(crate) fn recorded(self) -> Option<Timestamp> {
        self.book.claim(Position::new(self.before.get().checked_sub(1)?)).map(Claim::recorded)
    }

    /// Whether a record is known.
    pub(crate) fn sees(self, at: Position) -> bool {
        at < self.before && self.until(at).is_none_or(|until| self.book.was_announced_by(at, until) == Some(true))
    }

    /// The day by the end of which a record must have been announced.
    fn until(self, at: Position) -> Option<civil::Date> {
        match self.onward {
            Some((from, until)) if at >= from => until,
            _ => self.announced_until,
        }
    }

    /// What is known half-way from this to what is known later: the records before `turn` as then, the others as now.
    pub(crate) fn halfway(self, later: Self, turn: Position) -> Self {
        let before = self.before.max(turn.min(later.before));
        let onward = (self.announced_until != later.announced_until).then_some((turn, self.announced_until));
        Self { before, onward, ..later }
    }

    /// The records from a position on that are known here and not later, or the other way round.
    pub(crate) fn switched(self, later: Self, from: Position) -> impl Iterator<Item = Position> {
        let first = if self.announced_until == later.announced_until { from.max(self.before) } else { from };
        (first.get()..later.before.get()).map(Position::new).filter(move |&at| self.sees(at) != later.sees(at))
    }

    /// The claims about an exchange of which it's open whether they were announced by the day that is asked for.
    pub(crate) fn maybe_later(self, exchange: Id<ExchangeKey>) -> Vec<&'a Claim> {
        if self.is_prefix() {
            return Vec::new();
        }
        let mut claims = Self { announced_until: None, onward: None, ..self }.members(exchange);
        claims.retain(|claim| self.until(claim.position).is_some_and(|until| self.book.was_announced_by(claim.position, until).is_none()));
        claims
    }

    /// Whether what a curator or an operator recorded is known.
    pub(crate) fn sees_curation(self, at: Position) -> bool {
        at < self.before
    }

    /// As it was known before a record.
    pub(crate) fn before(self, position: Position) -> Self {
        Self { before: position.min(self.before), ..self }
    }

    /// When a record was announced; of a correction, itself and not what it puts in the claim's place.
    pub(crate) fn announced(self, claim: &Claim) -> Date {
        self.book.corrected_on.get(&claim.position).copied().unwrap_or(claim.announced)
    }

    /// Every record.
    pub(crate) fn claims(self) -> impl Iterator<Item = &'a Claim> {
        self.book.claims().take(usize::try_from(self.before.get()).unwrap_or(usize::MAX)).filter(move |claim| self.sees(claim.position))
    }

    /// The record at a position.
    pub(crate) fn claim(self, position: Position) -> Option<&'a Claim> {
        self.book.claim(position).filter(|_| self.sees(position))
    }

    /// What was ever done to a record, also what isn't known.
    pub(crate) fn effects(self, position: Position) -> Option<&'a Effects> {
        self.book.effects.get(&position).map(Box::as_ref)
    }

    /// The merges of keys.
    pub(crate) fn merges(self) -> impl Iterator<Item = &'a Merged> {
        self.book.merges.iter().filter(move |merge| self.sees_curation(merge.at))
    }

    /// The merge that a record made, where it had an effect and is known.
    pub(crate) fn merge_at(self, at: Position) -> Option<&'a Merged> {
        let merges = &self.book.merges;
        let found = merges.binary_search_by_key(&at, |merge| merge.at).ok().map(|place| &merges[place]);
        found.filter(|merge| merge.has_effect && self.sees_curation(at))
    }

    /// What a statement says beside its transfers.
    pub(crate) fn extent(self, position: Position) -> Option<&'a Extent> {
        self.book.extents.get(&position).filter(|_| self.sees(position))
    }

    /// The claims that say something beside their transfers, newest first.
    pub(crate) fn extents(self) -> impl Iterator<Item = (&'a Claim, &'a Extent)> {
        self.book.extents.iter().rev().filter_map(move |(&position, extent)| Some((self.claim(position)?, extent)))
    }

    /// The statements about channels.
    pub(crate) fn channels(self) -> impl Iterator<Item = (&'a Claim, &'a ChannelView)> {
        self.book.channels.iter().filter_map(move |(&position, view)| Some((self.claim(position)?, view)))
    }

    /// The statements of some kinds that are about no exchange that is known.
    pub(crate) fn unplaced(self, kinds: &[Kind]) -> impl Iterator<Item = &'a Claim> {
        let unnamed = kinds.iter().filter_map(|kind| self.book.unnamed.get(kind)).flatten();
        unnamed.filter_map(move |&position| self.claim(position)).filter(move |claim| self.place(claim).is_none())
    }

    /// The records that are about no exchange that is known.
    pub(crate) fn without_exchange(self) -> impl Iterator<Item = &'a Claim> {
        let unnamed = self.book.unnamed.values().flatten().chain(&self.book.acting);
        unnamed.filter_map(move |&position| self.claim(position)).filter(move |claim| self.place(claim).is_none())
    }

    /// Those that say that one took place.
    pub(crate) fn unassigned(self) -> impl Iterator<Item = &'a Claim> {
        self.unplaced(&[Kind::Completed, Kind::Confirmed])
    }

    pub(crate) const fn announced_until(self) -> Option<civil::Date> {
        self.announced_until
    }

    /// Whether it's all that was applied.
    pub(crate) fn is_now(self) -> bool {
        self.is_prefix() && self.before == self.book.next()
    }

    /// Whether every record up to a position is known.
    pub(crate) const fn is_prefix(self) -> bool {
        self.announced_until.is_none() && self.onward.is_none()
    }

    pub(crate) const fn book(self) -> &'a Book {
        self.book
    }
}

impl Book {
    /// How many records were taken in by an instant.
    fn recorded_until(&self, instant: Timestamp) -> Position {
        let (mut low, mut high) = (0, self.next().get());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.claim(Position::new(middle)).is_some_and(|claim| claim.recorded() <= instant) { low = middle + 1 } else { high = middle }
        }
        Position::new(low)
    }

    /// Whether a record was announced by the end of a day; `None` where its date leaves that open.
    fn was_announced_by(&self, at: Position, day: civil::Date) -> Option<bool> {
        let Some(claim) = self.claim(at) else { return Some(false) };
        if matches!(claim.kind, Kind::Linked | Kind::Merged | Kind::Split | Kind::Quarantined | Kind::Released | Kind::Redacted) {
            return Some(true);
        }
        let announced = self.corrected_on.get(&at).unwrap_or(&claim.announced).span();
        if announced.latest.is_some_and(|latest| latest <= day) {
            Some(true)
        } else {
            announced.earliest.is_some_and(|earliest| earliest > day).then_some(false)
        }
    }
}
