use announcement::{Announcer, Bounds, Category, Date, ExchangeKey, Kind, Party, Position, Span};
use jiff::civil;
use serde::Serialize;

use crate::{
    AsOf, Days, Direction, Gap, Known, Policy, SaidAt, Status, Valid,
    claim::Claim,
    exchange::{FigureAnswer, View},
    figure::Figures,
    intern::Id,
    tally::{Row, Sum},
};

/// Which plans are asked for.
#[derive(Clone, Debug)]
pub struct PlansQuery {
    /// How the figures of what took place are made.
    pub policy: Policy,
    /// Only those whose exchange stands there.
    pub outcome: Option<Status>,
    /// When the exchange took place, or is to.
    pub valid: Valid,
    /// The last plan of the page before.
    pub after: Option<Position>,
    /// How many plans at most.
    pub limit: usize,
}

/// Were the promises kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Plans {
    /// Up to which record.
    pub as_of: AsOf,
    /// How the figures of what took place are made.
    pub policy: Policy,
    /// The plans, the latest record first; of several statements each is one.
    pub plans: Vec<Plan>,
    /// Where the next page begins.
    pub next: Option<Position>,
}

/// What somebody said would take place, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Plan {
    /// Its place in the ledger.
    pub position: Position,
    /// When it was said.
    pub announced: Date,
    /// Who said it.
    pub announcer: Option<Announcer>,
    /// The exchange; `null` where nobody says which.
    pub exchange: Option<ExchangeKey>,
    /// When it's to take place, as it says.
    pub due: Option<Date>,
    /// Where the exchange stands, as far as the records say. A plan that nobody said anything of since stays `planned`: whether its day has passed is the reader's sum.
    pub outcome: Status,
    /// The statements that it was put off or called off, by position.
    pub put_off: Vec<PutOff>,
    /// When the exchange took place.
    pub took_place: Option<Days>,
    /// Days from the day that was due to the day on which it took place; negative where it was earlier.
    pub lag_days: Option<Gap>,
    /// What was planned beside what took place.
    pub counts: Vec<PlannedCount>,
    /// The claims that it took place.
    pub claims: Vec<Position>,
    /// The records that contest the plan.
    pub contested_by: Vec<Position>,
}

/// A statement that an exchange was put off or called off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PutOff {
    /// The statement.
    #[serde(flatten)]
    pub said: SaidAt,
    /// `postponed` or `cancelled`.
    pub kind: Kind,
    /// Who said it.
    pub announcer: Option<Announcer>,
}

/// What was planned beside what took place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PlannedCount {
    /// Who hands over; `null` for a number of both directions.
    pub from: Option<Party>,
    /// Who receives; `null` for a number of both directions.
    pub to: Option<Party>,
    /// What.
    pub category: Category,
    /// How many were planned.
    pub planned: Bounds,
    /// How many were handed over; `null` where nobody says.
    pub handed_over: Option<HandedOver>,
    /// What was handed over less what was planned.
    pub difference: Option<Gap>,
}

/// What was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct HandedOver {
    /// At least; `null` where there is no number.
    pub low: Option<u64>,
    /// At most; `null` where there is no bound or no number.
    pub high: Option<u64>,
    /// The claims that it was made from.
    pub claims: Vec<Position>,
}

/// The plans. Repeats of recorded ones are left out.
#[must_use]
pub fn plans(book: Known<'_>, query: &PlansQuery) -> Plans {
    let is_asked = |outcome: Status| query.outcome.is_none_or(|asked| asked == outcome);
    let mut planned: Vec<(Position, Option<Id<ExchangeKey>>)> = Vec::new();
    for id in book.exchanges() {
        let line = book.line(id);
        if !line.sheet.plans.is_empty() && is_asked(line.status) && query.valid.takes(line.days) {
            planned.extend(line.sheet.plans.iter().map(|&position| (position, Some(id))));
        }
    }
    if is_asked(Status::Planned) && query.valid == Valid::default() {
        let lineage = book.lineage(&[]);
        let unplaced = book.unplaced(&[Kind::Planned]).filter(|claim| book.is_live(claim) && lineage.origin(claim).is_none());
        planned.extend(unplaced.map(|claim| (claim.position, None)));
    }
    planned.retain(|&(position, _)| query.after.is_none_or(|after| position < after));
    planned.sort_unstable_by_key(|&(position, _)| std::cmp::Reverse(position));
    let limit = query.limit.max(1);
    let next = (planned.len() > limit).then(|| planned[limit - 1].0);
    let plans = planned.into_iter().take(limit).filter_map(|(position, exchange)| {
        let view = exchange.map(|id| View::new(book, id));
        Some(plan(book, view.as_ref(), book.claim(position)?, query.policy))
    });
    Plans { as_of: AsOf::of(book), policy: query.policy, plans: plans.collect(), next }
}

fn plan(book: Known<'_>, view: Option<&View<'_>>, claim: &Claim, policy: Policy) -> Plan {
    let announcer = |claim: &Claim| claim.announcer.map(|announcer| book.pools().announcers.get(announcer).clone());
    let outcome = view.map_or(Status::Planned, View::status);
    let took_place = view.filter(|_| outcome == Status::Completed).and_then(View::days);
    let figures = view.map(|view| view.figures(policy)).unwrap_or_default();
    let off = view.into_iter().flat_map(View::statements).filter(|claim| matches!(claim.kind, Kind::Postponed | Kind::Cancelled));
    let put_off = off.map(|claim| PutOff { said: SaidAt::of(claim), kind: claim.kind, announcer: announcer(claim) });
    let of_stages = view.into_iter().flat_map(View::stages).flat_map(|stage| stage.completions().map(|claim| claim.position).collect::<Vec<_>>());
    let mut claims: Vec<Position> = view.into_iter().flat_map(View::completions).map(|claim| claim.position).chain(of_stages).collect();
    claims.sort();
    Plan {
        position: claim.position,
        announced: claim.announced,
        announcer: announcer(claim),
        exchange: view.map(|view| view.key().clone()),
        due: claim.date,
        outcome,
        put_off: put_off.collect(),
        took_place: took_place.map(Days::from),
        lag_days: took_place.zip(claim.date).map(|(took_place, due)| lag(took_place, due.span())),
        counts: counts(book, claim, &figures),
        claims,
        contested_by: book.disputes(claim).map(|dispute| dispute.position).collect(),
    }
}

/// Days between two dates.
fn lag(took_place: Span, due: Span) -> Gap {
    let days = |from: Option<civil::Date>, to: Option<civil::Date>| from.zip(to).map(|(from, to)| (to.duration_since(from).as_hours()) / 24);
    Gap { low: days(due.latest, took_place.earliest), high: days(due.earliest, took_place.latest) }
}

fn counts(book: Known<'_>, claim: &Claim, figures: &Figures) -> Vec<PlannedCount> {
    let of_way = |(direction, category, planned): (Direction, Category, Bounds)| {
        let figure = figures.get(&(direction, category)).map(|figure| FigureAnswer::new(direction, category, figure));
        let handed_over = figure.map(|figure| HandedOver { low: figure.low, high: figure.high, claims: figure.claims });
        PlannedCount::new(Some(direction), category, planned, handed_over)
    };
    let both = book.extent(claim.position).and_then(|extent| extent.both_ways).map(|both| {
        let pair = claim.handed.ways.first().map(|way| way.direction(book.pools()));
        let sum = Row::Both(pair, both.category).sum(figures).map(|Sum { low, high, claims, .. }| HandedOver { low, high, claims });
        PlannedCount::new(None, both.category, both.count.bounds(), sum)
    });
    book.counts(claim).into_iter().map(of_way).chain(both).collect()
}

impl PlannedCount {
    fn new(way: Option<Direction>, category: Category, planned: Bounds, handed_over: Option<HandedOver>) -> Self {
        let done = handed_over.as_ref().and_then(|done| Some(Bounds { low: done.low?, high: done.high }));
        let difference = done.map(|done| Gap::between(done, planned));
        Self { from: way.map(|way| way.from), to: way.map(|way| way.to), category, planned, handed_over, difference }
    }
}
