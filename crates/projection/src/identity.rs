use std::collections::BTreeMap;

use announcement::{Bounds, Category, Date, ExchangeKey, Finding, Kind, Party, Position};
use serde::Serialize;

use crate::{
    AsOf, Direction, Known, Policy, Valid,
    claim::{Claim, Way},
    exchange::{FigureAnswer, View, by_key},
    settle::{Settled, settle},
};

/// Whose bodies are asked for.
#[derive(Clone, Debug, Default)]
pub struct IdentityQuery {
    /// How the figures of what was handed over are made.
    pub policy: Policy,
    /// Only those of this exchange.
    pub exchange: Option<ExchangeKey>,
    /// When the exchanges took place.
    pub valid: Valid,
    /// The last exchange of the page before.
    pub after: Option<ExchangeKey>,
    /// Of how many exchanges at most; all without one.
    pub limit: Option<usize>,
}

/// What became of the bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Identity {
    /// Up to which record.
    pub as_of: AsOf,
    /// How the figures of what was handed over are made.
    pub policy: Policy,
    /// The bodies of each exchange and direction.
    pub bodies: Vec<Bodies>,
    /// Findings that no exchange is known of; on the first page of all.
    pub unassigned: Vec<UnassignedFinding>,
    /// The exchange that the next page comes after.
    pub next: Option<ExchangeKey>,
}

/// The bodies that were handed over in one direction of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Bodies {
    /// The exchange.
    pub exchange: ExchangeKey,
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
    /// How many were handed over; findings never change it. `null` where nobody says.
    pub handed_over: Option<FigureAnswer>,
    /// What each voice says of them, in alphabetical order, unnamed sources last.
    pub findings: Vec<Found>,
}

/// What one voice says of so many bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Found {
    /// Whose voice; `null` is an outlet's own or an unnamed source.
    pub by: Option<Party>,
    /// What it says.
    pub finding: Finding,
    /// Of how many; its statements settled.
    #[serde(flatten)]
    pub count: Settled,
    /// Its statements.
    pub claims: Vec<Position>,
}

/// A finding that no exchange is known of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct UnassignedFinding {
    /// Its place in the ledger.
    pub position: Position,
    /// The time in which the bodies came, as it says.
    pub period: Option<Date>,
    /// The exchanges in which they came, as it says.
    pub scope_exchanges: Vec<ExchangeKey>,
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
    /// Whose voice.
    pub by: Option<Party>,
    /// What it says.
    pub finding: Finding,
    /// Of how many.
    pub count: Bounds,
}

/// Who says it (unnamed sources last), and what.
type By = (bool, Option<Party>, usize);

type Counts = Vec<(Bounds, Position)>;

/// What became of the bodies. Repeats of recorded statements are left out.
#[must_use]
pub fn identity(book: Known<'_>, query: &IdentityQuery) -> Identity {
    let (bodies, next) = by_key(book, query.exchange.as_ref(), query.after.as_ref(), query.limit, |view| {
        if query.valid.takes(view.days()) { of_exchange(view, query.policy) } else { Vec::new() }
    });
    let is_first = query.exchange.is_none() && query.after.is_none() && query.valid == Valid::default();
    let lineage = book.lineage(&[]);
    let unplaced = book.unplaced(if is_first { &[Kind::Identity] } else { &[] });
    let live = unplaced.filter(|claim| book.is_live(claim) && lineage.origin(claim).is_none());
    Identity { as_of: AsOf::of(book), policy: query.policy, bodies, unassigned: live.flat_map(|claim| unassigned(book, claim)).collect(), next }
}

fn of_exchange(view: &View<'_>, policy: Policy) -> Vec<Bodies> {
    let mut directions: BTreeMap<Direction, (Option<FigureAnswer>, BTreeMap<By, Counts>)> = BTreeMap::new();
    for (&(direction, category), figure) in view.figures(policy).iter() {
        if category == Category::Bodies {
            directions.entry(direction).or_default().0 = Some(FigureAnswer::new(direction, category, figure));
        }
    }
    let finding = view.sheet().has_findings.then(|| view.statements().filter(|claim| claim.is_of_completion() || claim.kind == Kind::Identity));
    for claim in finding.into_iter().flatten() {
        let by = by(view.book, claim);
        for (direction, finding, bounds) in findings(view.book, claim) {
            let said = directions.entry(direction).or_default();
            said.1.entry((by.is_none(), by, finding)).or_default().push((bounds, claim.position));
        }
    }
    let found = |((_, by, finding), said): (By, Counts)| {
        let count = settle(&said.iter().map(|(bounds, _)| *bounds).collect::<Vec<_>>())?;
        Some(Found { by, finding: FINDINGS[finding], count, claims: said.into_iter().map(|(_, position)| position).collect() })
    };
    let bodies = directions.into_iter().map(|(direction, (handed_over, said))| Bodies {
        exchange: view.key().clone(),
        from: direction.from,
        to: direction.to,
        handed_over,
        findings: said.into_iter().filter_map(found).collect(),
    });
    bodies.collect()
}

/// In the order in which they're answered.
const FINDINGS: [Finding; 6] =
    [Finding::ClaimedBySender, Finding::MayBelong, Finding::ToBeVerified, Finding::Confirmed, Finding::FoundOtherSide, Finding::Returned];

/// The sums of what a statement finds, by direction and finding (its place in [`FINDINGS`]).
fn findings(book: Known<'_>, claim: &Claim) -> Vec<(Direction, usize, Bounds)> {
    let of_way = |&way: &Way| {
        let mut sums: BTreeMap<usize, Bounds> = BTreeMap::new();
        for item in claim.handed.items(way) {
            if let Some(finding) = item.identity.and_then(|identity| FINDINGS.iter().position(|known| *known == identity)) {
                let bounds = item.count.bounds();
                sums.entry(finding).and_modify(|sum| *sum = *sum + bounds).or_insert(bounds);
            }
        }
        sums.into_iter().map(move |(finding, bounds)| (way.direction(book.pools()), finding, bounds))
    };
    claim.handed.ways.iter().flat_map(of_way).collect()
}

fn by(book: Known<'_>, claim: &Claim) -> Option<Party> {
    claim.announcer.map(|announcer| book.pools().announcers.get(announcer).voice())
}

fn unassigned(book: Known<'_>, claim: &Claim) -> Vec<UnassignedFinding> {
    let extent = book.extent(claim.position);
    let keys = || extent.iter().flat_map(|extent| extent.names.iter()).map(|&key| book.pools().keys.get(key).clone()).collect();
    let finding = |(direction, finding, count): (Direction, usize, Bounds)| UnassignedFinding {
        position: claim.position,
        period: extent.and_then(|extent| extent.period).or(claim.date),
        scope_exchanges: keys(),
        from: direction.from,
        to: direction.to,
        by: by(book, claim),
        finding: FINDINGS[finding],
        count,
    };
    findings(book, claim).into_iter().map(finding).collect()
}
