use std::collections::{BTreeMap, BTreeSet};

use announcement::{Category, Date, ExchangeKey, Kind, Party, Position};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    AsKnown, AsOf, Known, OldAndNew, Policy, Total, TotalsQuery,
    grouping::Heading,
    step::Step,
    totals::{List, Share, rows},
};

/// Which difference is asked for.
#[derive(Clone, Debug)]
pub struct KnowledgeQuery {
    /// The total.
    pub totals: TotalsQuery,
    /// What is known now is compared with what was known then. Then is never later than now: of two positions the earlier is taken.
    pub then: AsKnown,
    /// The first record that is looked at for what moved the total.
    pub from: Position,
    /// How many of the records that were known at only one of the two moments are looked at, at most.
    pub limit: usize,
}

/// Why a total moved between two moments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Knowledge {
    /// Up to which record is known now.
    pub as_of: AsOf,
    /// Up to which record was known then.
    pub then_as_of: AsOf,
    /// How figures are made.
    pub policy: Policy,
    /// Of the exchanges that lie inside the days asked for.
    pub figures: Vec<Moved>,
    /// Of those that may lie inside.
    pub possibly: Vec<Moved>,
    /// The first record of the next page of moves; `null` where these are all.
    pub next: Option<Position>,
}

/// A total then and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Moved {
    /// Who handed over; `null` in a total of both directions.
    pub from: Option<Party>,
    /// Who received; `null` in a total of both directions.
    pub to: Option<Party>,
    /// The two parties, in alphabetical order, of a total of both directions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between: Option<[Party; 2]>,
    /// What.
    pub category: Category,
    /// The agreements, where totals are grouped by them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frameworks: Option<Vec<String>>,
    /// The day, month or year, where totals are grouped by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The total then; `null` where there was none, which isn't 0.
    pub then: Option<Total>,
    /// The total now; `null` where there is none.
    pub now: Option<Total>,
    /// What the sum of now has that the sum of then had not.
    pub difference: Gain,
    /// What moved it, in the order of the records.
    pub moves: Vec<Move>,
}

/// How much greater one sum is than another; below 0 where it's smaller. Where there is no total nothing is summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Gain {
    /// Of the lower bounds.
    pub low: i64,
    /// Of the upper bounds; `null` where one of the two sums has none.
    pub high: Option<i64>,
    /// Of the number of exchanges in the sum.
    pub exchanges: i64,
}

/// A record that moved a total, by one exchange. One record may move it by several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Move {
    /// The record.
    pub position: Position,
    /// When it was taken in.
    #[schemars(with = "announcement::Instant")]
    pub recorded: Timestamp,
    /// When it was said.
    pub announced: Date,
    /// Its kind.
    pub kind: Kind,
    /// The exchange.
    pub exchange: ExchangeKey,
    /// What it added to the total without the record, and adds with it; `null` where it isn't among the exchanges of the total.
    #[serde(flatten)]
    pub part: OldAndNew<Part>,
}

/// What an exchange adds to a total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Part {
    /// At least; `null` where it isn't in the sum.
    pub low: Option<u64>,
    /// At most; `null` where there is no bound, or it isn't in the sum.
    pub high: Option<u64>,
    /// Whether it took place and no number was given.
    pub unknown: bool,
    /// Whether claims contradict each other.
    pub disputed: bool,
    /// Whether only one party spoke, under the policy `both`.
    pub one_sided: bool,
    /// The claims that it was made from.
    pub claims: Vec<Position>,
}

type Row = (List, Heading);

/// The difference of a total between two moments, and the records that moved it.
#[must_use]
pub fn knowledge(now: Known<'_>, query: &KnowledgeQuery) -> Knowledge {
    let then = now.book().as_known(query.then).before(now.next());
    let mut switched = then.switched(now, query.from);
    let looked_at: Vec<Position> = switched.by_ref().take(query.limit.max(1)).collect();
    let next = switched.next();
    let mut moves: BTreeMap<Row, Vec<Move>> = BTreeMap::new();
    for at in looked_at {
        let step = Step { old: then.halfway(now, at), new: then.halfway(now, at.successor()), at };
        for (row, moved) in moves_of(step, &query.totals) {
            moves.entry(row).or_default().push(moved);
        }
    }
    let (mut before, mut after) = (rows(then, &query.totals), rows(now, &query.totals));
    let all: BTreeSet<Row> = before.keys().chain(after.keys()).chain(moves.keys()).cloned().collect();
    let (mut figures, mut possibly) = (Vec::new(), Vec::new());
    for row in all {
        let list = if row.0 == List::Certain { &mut figures } else { &mut possibly };
        let (then, now, moves) = (before.remove(&row), after.remove(&row), moves.remove(&row).unwrap_or_default());
        list.push(Moved::new(row.1, then, now, moves));
    }
    Knowledge { as_of: AsOf::of(now), then_as_of: AsOf::of(then), policy: query.totals.policy, figures, possibly, next }
}

/// What a record moves in each row.
fn moves_of(step: Step<'_>, query: &TotalsQuery) -> Vec<(Row, Move)> {
    let mut moved = Vec::new();
    let Some(claim) = step.new.book().claim(step.at) else { return moved };
    let key = |id| step.new.pools().keys.get(id);
    let mut exchanges: Vec<_> = step.counted_exchanges().into_iter().collect();
    exchanges.sort_by_key(|&id| key(id));
    for id in exchanges {
        let [mut old, mut new] = [step.old, step.new].map(|known| query.shares_of(known, id));
        let rows: BTreeSet<Row> = old.keys().chain(new.keys()).cloned().collect();
        for row in rows {
            let (old, new) = (old.remove(&row), new.remove(&row));
            if old.as_ref().map(|share| share.adds) != new.as_ref().map(|share| share.adds) {
                let part = OldAndNew { old: old.map(Part::from), new: new.map(Part::from) };
                let (recorded, announced, kind) = (claim.recorded(), step.new.announced(claim), claim.kind_of_record());
                moved.push((row, Move { position: step.at, recorded, announced, kind, exchange: key(id).clone(), part }));
            }
        }
    }
    moved
}

impl Moved {
    fn new(heading: Heading, then: Option<Total>, now: Option<Total>, moves: Vec<Move>) -> Self {
        let way = heading.way();
        Self {
            from: way.map(|way| way.from),
            to: way.map(|way| way.to),
            between: heading.between(),
            category: heading.row.category(),
            difference: Gain::between(then.as_ref(), now.as_ref()),
            frameworks: heading.frameworks,
            period: heading.period,
            then,
            now,
            moves,
        }
    }
}

impl Gain {
    fn between(then: Option<&Total>, now: Option<&Total>) -> Self {
        // In a sum of no exchanges nothing is summed up; in one without a bound anything may be.
        let low = |total: Option<&Total>| total.and_then(|total| total.low).unwrap_or(0).cast_signed();
        let high = |total: Option<&Total>| match total.filter(|total| total.exchanges > 0) {
            None => Some(0),
            Some(total) => total.high.map(u64::cast_signed),
        };
        let exchanges = |total: Option<&Total>| total.map_or(0, |total| total.exchanges).cast_signed() as i64;
        Self { low: low(now) - low(then), high: high(now).zip(high(then)).map(|(now, then)| now - then), exchanges: exchanges(now) - exchanges(then) }
    }
}

impl From<Share> for Part {
    fn from(share: Share) -> Self {
        Self {
            low: share.adds.bounds.map(|bounds| bounds.low),
            high: share.adds.bounds.and_then(|bounds| bounds.high),
            unknown: share.adds.unknown,
            disputed: share.adds.disputed,
            one_sided: share.adds.one_sided,
            claims: share.claims.into_iter().collect(),
        }
    }
}
