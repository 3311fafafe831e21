use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use announcement::{Announcer, Bounds, Category, Date, ExchangeKey, Kind, Party, Position, Span};
use jiff::civil;
use serde::Serialize;

use crate::{
    AsOf, Known, Policy, Sum,
    claim::Claim,
    exchange::last_day,
    extent::Extent,
    intern::Id,
    tally::{Row, Scope, Tally},
};

/// How many hypotheses a line has at most: the widest.
const MAX_HYPOTHESES: usize = 8;

/// Which official totals are asked for.
#[derive(Clone, Debug)]
pub struct ReconciliationQuery {
    /// How the ledger's figures are made.
    pub policy: Policy,
    /// Only those of this party.
    pub party: Option<Party>,
    /// The last aggregate of the page before.
    pub after: Option<Position>,
    /// How many aggregates at most.
    pub limit: usize,
}

/// Do the official totals fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Reconciliation {
    /// Up to which record.
    pub as_of: AsOf,
    /// How the ledger's figures are made.
    pub policy: Policy,
    /// The official totals, the latest record first.
    pub aggregates: Vec<Reconciled>,
    /// Where the next page begins.
    pub next: Option<Position>,
}

/// An official total beside the exchanges that it covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Reconciled {
    /// Its place in the ledger.
    pub position: Position,
    /// When it was said.
    pub announced: Date,
    /// Who said it.
    pub announcer: Option<Announcer>,
    /// The time that it covers.
    pub period: Option<Date>,
    /// The words that limit it; they aren't understood, only shown.
    pub scope: Option<String>,
    /// The exchanges that it says it covers; empty where it names none.
    pub scope_exchanges: Vec<ExchangeKey>,
    /// Its figures.
    pub lines: Vec<Line>,
    /// How many exchanges it says it covers.
    pub exchanges: Option<ExchangesLine>,
}

/// One figure of an official total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Line {
    /// Who handed over; `null` for a total of both directions.
    pub from: Option<Party>,
    /// Who received; `null` for a total of both directions.
    pub to: Option<Party>,
    /// What.
    pub category: Category,
    /// What it says.
    pub claimed: Bounds,
    /// The sum of the exchanges that lie in its period and scope.
    pub ledger: Sum,
    /// The sum of those that may.
    pub possibly: Sum,
    /// Whether it fits.
    pub verdict: Verdict,
    /// What it says less what the ledger has.
    pub difference: Option<Gap>,
    /// Other scopes in which it would fit. They are found by search: the claim doesn't say so.
    pub hypotheses: Vec<Hypothesis>,
}

/// How many exchanges an official total says it covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ExchangesLine {
    /// What it says.
    pub claimed: Bounds,
    /// How many the ledger has in its period and scope, a whole once.
    pub ledger: usize,
    /// How many may lie there.
    pub possibly: usize,
    /// Whether it fits.
    pub verdict: Verdict,
}

/// Whether an official total fits the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The two have numbers in common.
    Fits,
    /// It is above: something isn't in the ledger.
    Exceeds,
    /// It is below: its scope is narrower than its words.
    FallsShort,
    /// The ledger has no figure.
    Unknown,
}

/// A difference of two counts, with its sign; `null` where there is no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Gap {
    /// At least.
    pub low: Option<i64>,
    /// At most.
    pub high: Option<i64>,
}

/// A scope in which an official total would fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Hypothesis {
    /// The scope.
    #[serde(flatten)]
    pub scope: OtherScope,
    /// The sum of the exchanges that lie in it.
    pub ledger: Sum,
}

/// A scope that was searched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(tag = "scope", rename_all = "kebab-case")]
pub enum OtherScope {
    /// From an exchange on, until the period ends.
    Since {
        /// The first day.
        #[schemars(with = "announcement::Day")]
        day: civil::Date,
        /// The exchange that begins on it.
        exchange: ExchangeKey,
        /// It would fit from here on too, and from each exchange between: the last of them.
        or_since: Option<ExchangeKey>,
    },
    /// What is said to follow one agreement, until the period ends.
    Framework {
        /// The agreement.
        framework: String,
    },
    /// One year only.
    Year {
        /// Which.
        year: i16,
    },
}

impl Verdict {
    pub(crate) fn of(claimed: Bounds, ledger: Option<Bounds>) -> Self {
        match ledger {
            None => Self::Unknown,
            Some(ledger) if claimed.overlaps(ledger) => Self::Fits,
            Some(ledger) if ledger.high.is_some_and(|high| claimed.low > high) => Self::Exceeds,
            Some(_) => Self::FallsShort,
        }
    }
}

impl Gap {
    /// One less the other.
    pub(crate) fn between(one: Bounds, other: Bounds) -> Self {
        let less = |one: u64, other: u64| i64::try_from(one).unwrap_or(i64::MAX).saturating_sub_unsigned(other);
        Self { low: other.high.map(|high| less(one.low, high)), high: one.high.map(|high| less(high, other.low)) }
    }
}

/// The official totals beside the sums of the exchanges that they cover. Repeats of recorded ones are left out.
#[must_use]
pub fn reconciliation(book: Known<'_>, query: &ReconciliationQuery) -> Reconciliation {
    let lineage = book.lineage(&[]);
    let extents = book.extents();
    let live = extents.filter(|(claim, _)| claim.kind == Kind::Aggregate && book.is_live(claim) && lineage.origin(claim).is_none());
    let by = |claim: &Claim| claim.announcer.map(|announcer| book.pools().announcers.get(announcer).voice());
    let asked = live.filter(|(claim, _)| query.after.is_none_or(|after| claim.position < after) && (query.party.is_none() || by(claim) == query.party));
    let mut asked = asked.peekable();
    let page: Vec<_> = asked.by_ref().take(query.limit.max(1)).collect();
    let next = asked.peek().and(page.last()).map(|(claim, _)| claim.position);
    let tally = Tally::new(book, query.policy);
    let search = Search { book, frameworks: tally.frameworks(), tally };
    let aggregates = page.into_iter().map(|(claim, extent)| search.reconciled(claim, extent)).collect();
    Reconciliation { as_of: AsOf::of(book), policy: query.policy, aggregates, next }
}

struct Search<'a> {
    book: Known<'a>,
    tally: Tally<'a>,
    frameworks: BTreeMap<&'a str, Id<str>>,
}

impl Search<'_> {
    fn reconciled(&self, claim: &Claim, extent: &Extent) -> Reconciled {
        let pools = self.book.pools();
        let scope = self.scope(claim, extent);
        let claimed = self.claimed(claim, extent);
        let rows: Vec<Row> = claimed.iter().map(|&(row, _)| row).collect();
        let exchanges = extent.exchanges.map(|count| {
            let (ledger, possibly) = self.tally.exchanges(&scope, &rows);
            let known = (ledger + possibly > 0).then(|| Bounds::between(ledger as u64, (ledger + possibly) as u64));
            ExchangesLine { claimed: count.bounds(), ledger, possibly, verdict: Verdict::of(count.bounds(), known) }
        });
        Reconciled {
            position: claim.position,
            announced: claim.announced,
            announcer: claim.announcer.map(|announcer| pools.announcers.get(announcer).clone()),
            period: extent.period,
            scope: extent.scope.map(|scope| pools.texts.get(scope).to_owned()),
            scope_exchanges: extent.names.iter().map(|&key| pools.keys.get(key).clone()).collect(),
            lines: claimed.into_iter().map(|(row, claimed)| self.line(&scope, row, claimed)).collect(),
            exchanges,
        }
    }

    /// Its period, up to the day on which it was said; of the exchanges that it names, or the one that it's about.
    fn scope(&self, claim: &Claim, extent: &Extent) -> Scope {
        let said = claim.announced.span().latest;
        let days = extent.period.map_or(Span { earliest: None, latest: said }, |period| period.span());
        let days = Span { latest: days.latest.into_iter().chain(said).min(), ..days };
        let named = extent.names.iter().filter_map(|&key| self.book.exchange(self.book.pools().keys.get(key)));
        let place = self.book.place(claim);
        let keys: BTreeSet<_> = named.chain(place.filter(|_| extent.names.is_empty())).collect();
        let is_limited = !extent.names.is_empty() || place.is_some();
        Scope { days, keys: is_limited.then_some(keys), framework: None }
    }

    fn claimed(&self, claim: &Claim, extent: &Extent) -> Vec<(Row, Bounds)> {
        let ways = self.book.counts(claim).into_iter().map(|(direction, category, bounds)| (Row::Way(direction, category), bounds));
        let pair = claim.handed.ways.first().map(|way| way.direction(self.book.pools()));
        ways.chain(extent.both_ways.map(|both| (Row::Both(pair, both.category), both.count.bounds()))).collect()
    }

    fn line(&self, scope: &Scope, row: Row, claimed: Bounds) -> Line {
        let sums = self.tally.sum(scope, row);
        let ledger = sums.bounds();
        let verdict = Verdict::of(claimed, ledger);
        let (way, category) = match row {
            Row::Way(way, category) => (Some(way), category),
            Row::Both(_, category) => (None, category),
        };
        let is_open = matches!(verdict, Verdict::Exceeds | Verdict::FallsShort) && scope.keys.is_none();
        Line {
            from: way.map(|way| way.from),
            to: way.map(|way| way.to),
            category,
            claimed,
            verdict,
            difference: ledger.map(|ledger| Gap::between(claimed, ledger)),
            hypotheses: if is_open { self.hypotheses(scope, row, claimed) } else { Vec::new() },
            ledger: sums.certain,
            possibly: sums.possible,
        }
    }

    /// A sum without an upper bound would fit anything that is large enough: it's no hypothesis.
    fn hypotheses(&self, scope: &Scope, row: Row, claimed: Bounds) -> Vec<Hypothesis> {
        let last = last_day(scope.days);
        let key = |id| self.book.pools().keys.get(id).clone();
        let until_the_end = |earliest| Scope { days: Span { earliest, ..scope.days }, ..scope.clone() };
        let since = self.tally.since(last, row, claimed).into_iter().map(|since| {
            let or_since = (since.first != since.last).then(|| key(since.last.1));
            (OtherScope::Since { day: since.first.0, exchange: key(since.first.1), or_since }, until_the_end(Some(since.first.0)))
        });
        let of_one = self.frameworks.iter().map(|(&name, &framework)| {
            let scope = Scope { framework: Some(framework), ..until_the_end(None) };
            (OtherScope::Framework { framework: name.to_owned() }, scope)
        });
        let years = self.tally.years(last).into_iter().filter_map(|year| {
            let days = Span { earliest: civil::Date::new(year, 1, 1).ok(), latest: civil::Date::new(year, 12, 31).ok().map(|end| end.min(last)) };
            (days != scope.days).then(|| (OtherScope::Year { year }, Scope { days, ..scope.clone() }))
        });
        let tried = since.chain(of_one).chain(years).filter_map(|(other, scope)| {
            let (bounds, exchanges) = self.tally.bounds(&scope, row)?;
            bounds.overlaps(claimed).then_some((exchanges, other, scope))
        });
        let mut found: Vec<_> = tried.collect();
        found.sort_by_key(|&(exchanges, ..)| Reverse(exchanges));
        found.truncate(MAX_HYPOTHESES);
        found.into_iter().map(|(_, other, scope)| Hypothesis { ledger: self.tally.sum(&scope, row).certain, scope: other }).collect()
    }
}
