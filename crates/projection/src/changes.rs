use std::{collections::BTreeSet, sync::Arc};

use announcement::{Category, Date, ExchangeKey, Kind, Party, Position};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    AsOf, Days, Direction, FigureAnswer, Known, Policy, Status,
    exchange::View,
    figure::{Figure, Figures},
    intern::Id,
    step::Step,
};

/// Which changes are asked for.
#[derive(Clone, Debug)]
pub struct ChangesQuery {
    /// How figures are made.
    pub policy: Policy,
    /// The first record that is looked at.
    pub from: Position,
    /// How many records are looked at, at most.
    pub limit: usize,
}

/// What records changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Changes {
    /// Up to which record.
    pub as_of: AsOf,
    /// How figures are made.
    pub policy: Policy,
    /// Of the records that were looked at, those that changed an exchange or acted on a claim, by position. There may be none.
    pub changes: Vec<Change>,
    /// The first record of the next page; `null` where all that is known was looked at, and the feed goes on after `as_of`.
    pub next: Option<Position>,
}

/// What a record changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Change {
    /// The record.
    pub position: Position,
    /// When it was taken in.
    #[schemars(with = "announcement::Instant")]
    pub recorded: Timestamp,
    /// When it was said.
    pub announced: Date,
    /// Its kind.
    pub kind: Kind,
    /// The records that it corrects, retracts, revises, contests, links, takes out or in, or removes.
    pub acts_on: Vec<Position>,
    /// The exchanges that differ with it, by key. None where it changed only words.
    pub exchanges: Vec<ExchangeChange>,
}

/// An exchange without a record and with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ExchangeChange {
    /// Its key.
    pub exchange: ExchangeKey,
    /// The exchange that it's a stage of, with the record: what is handed over in a stage is handed over in the whole.
    pub part_of: Option<ExchangeKey>,
    /// Where it stands; `null` where nothing is said of it.
    pub status: OldAndNew<Status>,
    /// When it took place; `null` where no date is known.
    pub date: OldAndNew<Days>,
    /// The figures that differ, by direction and category.
    pub figures: Vec<FigureChange>,
}

/// What was without a record, and what is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct OldAndNew<T> {
    /// Without it.
    pub old: Option<T>,
    /// With it.
    pub new: Option<T>,
}

/// A figure without a record and with it. Two that differ only in the claims that they were made from are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FigureChange {
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
    /// What.
    pub category: Category,
    /// `null` where nothing was claimed of it, which isn't 0.
    #[serde(flatten)]
    pub figure: OldAndNew<FigureAnswer>,
}

/// What records changed, in their order.
#[must_use]
pub fn changes(book: Known<'_>, query: &ChangesQuery) -> Changes {
    let end = query.from.get().saturating_add(query.limit.max(1) as u64).min(book.next().get());
    let looked_at = (query.from.get()..end).map(Position::new);
    Changes {
        as_of: AsOf::of(book),
        policy: query.policy,
        changes: looked_at.filter_map(|at| change(book, at, query.policy)).collect(),
        next: (end < book.next().get()).then(|| Position::new(end)),
    }
}

/// What a record changed; `None` where it changed no exchange and acted on no claim.
pub(crate) fn change(book: Known<'_>, at: Position, policy: Policy) -> Option<Change> {
    let claim = book.claim(at)?;
    let step = Step { old: book.before(at), new: book.before(at.successor()), at };
    let mut exchanges: Vec<ExchangeChange> = step.exchanges().into_iter().filter_map(|id| exchange_change(step, id, policy)).collect();
    exchanges.sort_by(|one, other| one.exchange.cmp(&other.exchange));
    let acts_on: Vec<Position> = book.book().acted_on(at).filter(|&target| book.sees(target)).collect();
    (!exchanges.is_empty() || !acts_on.is_empty()).then(|| Change {
        position: at,
        recorded: claim.recorded(),
        announced: book.announced(claim),
        kind: claim.kind_of_record(),
        acts_on,
        exchanges,
    })
}

/// What is answered of an exchange that records change.
#[derive(Default)]
struct State {
    status: Option<Status>,
    date: Option<Days>,
    figures: Arc<Figures>,
}

impl State {
    fn of(book: Known<'_>, id: Id<ExchangeKey>, policy: Policy) -> Self {
        let view = View::new(book, id);
        if !view.line.is_known() {
            return Self::default();
        }
        Self { status: Some(view.status()), date: view.days().map(Days::from), figures: view.figures(policy) }
    }
}

fn exchange_change(step: Step<'_>, id: Id<ExchangeKey>, policy: Policy) -> Option<ExchangeChange> {
    let [old, new] = [step.old, step.new].map(|known| State::of(known, id, policy));
    let figures = figure_changes(&old.figures, &new.figures);
    let is_changed = !figures.is_empty() || (old.status, old.date) != (new.status, new.date);
    let key = |id| step.new.pools().keys.get(id).clone();
    is_changed.then(|| ExchangeChange {
        exchange: key(id),
        part_of: step.new.whole(id).map(key),
        status: OldAndNew { old: old.status, new: new.status },
        date: OldAndNew { old: old.date, new: new.date },
        figures,
    })
}

fn figure_changes(old: &Figures, new: &Figures) -> Vec<FigureChange> {
    let places: BTreeSet<(Direction, Category)> = old.keys().chain(new.keys()).copied().collect();
    let differing = places.into_iter().filter(|place| old.get(place).map(value) != new.get(place).map(value));
    let change = |(direction, category): (Direction, Category)| {
        let answer = |figures: &Figures| figures.get(&(direction, category)).map(|figure| FigureAnswer::new(direction, category, figure));
        FigureChange { from: direction.from, to: direction.to, category, figure: OldAndNew { old: answer(old), new: answer(new) } }
    };
    differing.map(change).collect()
}

const fn value(figure: &Figure) -> (Option<announcement::Bounds>, bool, bool) {
    (figure.bounds, figure.disputed, figure.one_sided)
}
