use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use announcement::{Bounds, Category, ExchangeKey, Position, Span};
use jiff::civil;
use serde::Serialize;

use crate::{
    Direction, Known, Policy,
    exchange::View,
    figure::{Figure, Figures},
    intern::Id,
};

/// The figures of all exchanges, to be summed over one scope after another.
pub(crate) struct Tally<'a> {
    book: Known<'a>,
    policy: Policy,
    exchanges: Vec<View<'a>>,
    /// The exchanges with a figure of a row, those that begin last first; made for the rows that are asked for.
    rows: RefCell<BTreeMap<Row, Rc<[Counted]>>>,
}

/// An exchange with a figure of a row.
struct Counted {
    /// Which of the tally's.
    at: usize,
    days: Span,
    adds: Summand,
}

/// What an exchange adds to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summand {
    /// `None` where it isn't in the sum.
    pub(crate) bounds: Option<Bounds>,
    pub(crate) unknown: bool,
    pub(crate) disputed: bool,
    pub(crate) one_sided: bool,
}

/// Which exchanges are summed up.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) days: Span,
    /// Only these, or their stages.
    pub(crate) keys: Option<BTreeSet<Id<ExchangeKey>>>,
    /// Only those that somebody says follow it.
    pub(crate) framework: Option<Id<str>>,
}

/// Which figures are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    /// Of one direction.
    Way(Direction, Category),
    /// Of both directions, where the two parties are named, else of all.
    Both(Option<Direction>, Category),
}

/// The sum of the exchanges of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// At least; `null` where no exchange is in the sum.
    pub low: Option<u64>,
    /// At most; `null` where there is no bound, or no exchange is in the sum. There is none where an exchange took place and isn't in the sum.
    pub high: Option<u64>,
    /// How many exchanges are in the sum.
    pub exchanges: usize,
    /// How many took place without a number.
    pub unknown: usize,
    /// How many the claims contradict each other about.
    pub disputed: usize,
    /// How many only one party spoke of, under the policy `both`: not in the sum.
    pub one_sided: usize,
    /// The claims that it was made from.
    pub claims: Vec<Position>,
}

/// The sums of the exchanges that lie in a scope, and of those that may.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) certain: Sum,
    pub(crate) possible: Sum,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Inside,
    Possibly,
    Outside,
}

impl Row {
    pub(crate) const fn category(self) -> Category {
        match self {
            Self::Way(_, category) | Self::Both(_, category) => category,
        }
    }

    fn has(self, direction: Direction, category: Category) -> bool {
        self.category() == category
            && match self {
                Self::Way(wanted, _) => wanted == direction,
                Self::Both(pair, _) => pair.is_none_or(|pair| pair == direction || pair == direction.reversed()),
            }
    }

    /// What one exchange's figures come to.
    pub(crate) fn sum(self, figures: &Figures) -> Option<Sum> {
        let mut making = Making::default();
        making.take(Summand::from(&self.of(figures)?));
        making.cite(self, figures);
        Some(making.done())
    }

    /// What an exchange adds to it; nothing where nobody spoke of it. Where only one direction is spoken of, the sum of the two has no upper bound.
    pub(crate) fn of(self, figures: &Figures) -> Option<Added<'_>> {
        let found: Vec<(Direction, &Figure)> = figures.iter().filter(|((way, of), _)| self.has(*way, *of)).map(|((way, _), figure)| (*way, figure)).collect();
        let one_way = matches!(self, Self::Both(..)) && found.iter().any(|(way, _)| !found.iter().any(|(other, _)| *other == way.reversed()));
        (!found.is_empty()).then(|| Added { figures: found.into_iter().map(|(_, figure)| figure).collect(), one_way })
    }
}

impl Direction {
    pub(crate) const fn reversed(self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

/// The figures of an exchange that a row is made from.
pub(crate) struct Added<'a> {
    pub(crate) figures: Vec<&'a Figure>,
    one_way: bool,
}

impl Added<'_> {
    /// What enters the sum; no upper bound where something of it doesn't.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        let in_sum = self.figures.iter().filter(|figure| figure.counts).filter_map(|figure| figure.bounds);
        let sum = in_sum.reduce(|one, other| one + other)?;
        let is_whole = !self.one_way && self.figures.iter().all(|figure| figure.counts && figure.bounds.is_some());
        Some(if is_whole { sum } else { Bounds { high: None, ..sum } })
    }
}

impl From<&Added<'_>> for Summand {
    fn from(added: &Added<'_>) -> Self {
        let any = |of: fn(&Figure) -> bool| added.figures.iter().any(|figure| of(figure));
        let (unknown, disputed, one_sided) = (any(Figure::is_unknown), any(|figure| figure.disputed), any(|figure| figure.one_sided));
        Self { bounds: added.bounds(), unknown, disputed, one_sided }
    }
}

/// A sum while it is made.
#[derive(Default)]
struct Making {
    sum: Sum,
    left_out: bool,
}

impl Making {
    fn take(&mut self, adds: Summand) {
        let sum = &mut self.sum;
        sum.unknown += usize::from(adds.unknown);
        sum.disputed += usize::from(adds.disputed);
        sum.one_sided += usize::from(adds.one_sided);
        match adds.bounds {
            None => self.left_out = true,
            Some(bounds) => {
                let is_first = sum.exchanges == 0;
                sum.high = if is_first { bounds.high } else { sum.high.zip(bounds.high).map(|(one, other)| one + other) };
                sum.low = Some(sum.low.unwrap_or(0) + bounds.low);
                sum.exchanges += 1;
            }
        }
    }

    fn cite(&mut self, row: Row, figures: &Figures) {
        let figures = figures.iter().filter(|((way, of), _)| row.has(*way, *of));
        self.sum.claims.extend(figures.flat_map(|(_, figure)| figure.claims.iter().copied()));
    }

    fn done(mut self) -> Sum {
        self.sum.claims.sort_unstable();
        self.sum.claims.dedup();
        let high = self.sum.high.filter(|_| !self.left_out);
        Sum { high, ..self.sum }
    }
}

impl Sums {
    /// What the ledger says of the scope; `None` where it has no figure. What only may lie inside adds nothing to the lower bound.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        if self.certain.claims.is_empty() && self.possible.claims.is_empty() {
            return None;
        }
        let high = |sum: &Sum| if sum.claims.is_empty() { Some(0) } else { sum.high };
        let high = high(&self.certain).zip(high(&self.possible)).map(|(one, other)| one + other);
        Some(Bounds { low: self.certain.low.unwrap_or(0), high })
    }
}

/// The days from which on the sum of the exchanges fits: from the first to the last of some that follow each other.
pub(crate) struct Since {
    pub(crate) first: (civil::Date, Id<ExchangeKey>),
    pub(crate) last: (civil::Date, Id<ExchangeKey>),
}

impl<'a> Tally<'a> {
    pub(crate) fn new(book: Known<'a>, policy: Policy) -> Self {
        Self { book, policy, exchanges: book.exchanges().map(|id| View::new(book, id)).collect(), rows: RefCell::default() }
    }

    /// The agreements that exchanges are said to follow, by name.
    pub(crate) fn frameworks(&self) -> BTreeMap<&'a str, Id<str>> {
        let named: BTreeSet<Id<str>> = self.exchanges.iter().flat_map(|exchange| exchange.sheet().frameworks.iter().copied()).collect();
        named.into_iter().map(|framework| (self.book.pools().texts.get(framework), framework)).collect()
    }

    /// The years in which exchanges began, until a day.
    pub(crate) fn years(&self, last: civil::Date) -> BTreeSet<i16> {
        self.exchanges.iter().filter_map(|exchange| exchange.days()?.earliest).filter(|&first| first <= last).map(civil::Date::year).collect()
    }

    /// The directions and categories of which the exchanges that follow each agreement have figures.
    pub(crate) fn places(&self) -> BTreeMap<Id<str>, BTreeSet<(Direction, Category)>> {
        let mut places: BTreeMap<Id<str>, BTreeSet<(Direction, Category)>> = BTreeMap::new();
        for exchange in self.exchanges.iter().filter(|exchange| !exchange.sheet().frameworks.is_empty() && exchange.days().is_some()) {
            let figures = exchange.line.figures(self.book, exchange.id, self.policy);
            for &framework in &exchange.sheet().frameworks {
                places.entry(framework).or_default().extend(figures.keys());
            }
        }
        places
    }

    /// The sum, and the claims that it was made from.
    pub(crate) fn sum(&self, scope: &Scope, row: Row) -> Sums {
        let (mut certain, mut possible) = (Making::default(), Making::default());
        let counted = self.row(row);
        for (counted, place) in self.in_scope(scope, &counted) {
            let making = if place == Place::Inside { &mut certain } else { &mut possible };
            making.take(counted.adds);
            let exchange = &self.exchanges[counted.at];
            making.cite(row, exchange.line.figures(self.book, exchange.id, self.policy));
        }
        Sums { certain: certain.done(), possible: possible.done() }
    }

    /// What those that certainly lie in a scope come to, where that has both bounds; and how many they are.
    pub(crate) fn bounds(&self, scope: &Scope, row: Row) -> Option<(Bounds, usize)> {
        let mut making = Making::default();
        let counted = self.row(row);
        self.in_scope(scope, &counted).filter(|&(_, place)| place == Place::Inside).for_each(|(counted, _)| making.take(counted.adds));
        let sum = making.done();
        Some((Bounds::between(sum.low?, sum.high?), sum.exchanges))
    }

    /// How many exchanges with a figure of one of these rows lie in a scope, and how many may.
    pub(crate) fn exchanges(&self, scope: &Scope, rows: &[Row]) -> (usize, usize) {
        let [mut certain, mut possible] = [BTreeSet::new(), BTreeSet::new()];
        for &row in rows {
            for (counted, place) in self.in_scope(scope, &self.row(row)) {
                if place == Place::Inside {
                    certain.insert(counted.at)
                } else {
                    possible.insert(counted.at)
                };
            }
        }
        (certain.len(), possible.len())
    }

    fn row(&self, row: Row) -> Rc<[Counted]> {
        let make = || {
            let counted = self.exchanges.iter().enumerate().filter_map(|(at, exchange)| {
                let figures = exchange.line.figures(self.book, exchange.id, self.policy);
                Some(Counted { at, days: exchange.days()?, adds: Summand::from(&row.of(figures)?) })
            });
            let mut counted: Vec<Counted> = counted.collect();
            // Of one day a whole after its stages, whose place it takes.
            counted.sort_by_cached_key(|counted| {
                let exchange = &self.exchanges[counted.at];
                (Reverse(counted.days.earliest), !exchange.line.stages.is_empty(), exchange.key())
            });
            counted.into()
        };
        Rc::clone(self.rows.borrow_mut().entry(row).or_insert_with(make))
    }

    /// As totals count: a whole once where it lies inside, else its stages.
    fn in_scope<'c>(&self, scope: &Scope, counted: &'c [Counted]) -> impl Iterator<Item = (&'c Counted, Place)> {
        let inside = |id: Id<ExchangeKey>| scope.place(&View::new(self.book, id)) == Place::Inside;
        counted.iter().filter_map(move |counted| {
            let exchange = &self.exchanges[counted.at];
            let place = if scope.days.overlaps(counted.days) { scope.place(exchange) } else { Place::Outside };
            let elsewhere = || exchange.line.whole.is_some_and(inside) || place != Place::Inside && !exchange.line.stages.is_empty();
            (place != Place::Outside && !elsewhere()).then_some((counted, place))
        })
    }

    /// Since which day the exchanges up to `last` come to what is claimed. Only those that certainly lie inside are counted, and only sums with an upper bound.
    pub(crate) fn since(&self, last: civil::Date, row: Row, claimed: Bounds) -> Vec<Since> {
        let counted = self.row(row);
        let is_inside = |days: Span| days.earliest.is_some() && days.latest.is_some_and(|latest| latest <= last);
        let mut running = Running::default();
        let mut found: Vec<Since> = Vec::new();
        let mut fitted = false;
        for of_day in counted.chunk_by(|one, other| one.days.earliest == other.days.earliest) {
            let mut latest = None;
            for counted in of_day.iter().filter(|counted| is_inside(counted.days)) {
                let exchange = &self.exchanges[counted.at];
                // A whole takes the place of its stages, which all begin on its first day or later.
                for stage in exchange.stages().filter(|stage| stage.days().is_some_and(is_inside)) {
                    row.of(&stage.figures(self.policy)).iter().for_each(|added| running.change(added.bounds(), false));
                }
                running.change(counted.adds.bounds, true);
                latest = Some(exchange.id);
            }
            let Some((day, exchange)) = of_day.first().and_then(|counted| counted.days.earliest).zip(latest) else { continue };
            let fits = running.bounds().is_some_and(|bounds| bounds.high.is_some() && bounds.overlaps(claimed));
            if fits {
                let place = (day, exchange);
                match found.last_mut().filter(|_| fitted) {
                    Some(since) => since.first = place,
                    None => found.push(Since { first: place, last: place }),
                }
            }
            fitted = fits;
        }
        found.reverse();
        found
    }
}

impl Scope {
    fn place(&self, exchange: &View<'_>) -> Place {
        let named = |keys: &BTreeSet<Id<ExchangeKey>>| keys.contains(&exchange.id) || exchange.line.whole.is_some_and(|whole| keys.contains(&whole));
        let follows = |framework: Id<str>| exchange.sheet().frameworks.contains(&framework);
        let Some(days) = exchange.days().filter(|_| self.keys.as_ref().is_none_or(named) && self.framework.is_none_or(follows)) else {
            return Place::Outside;
        };
        match (self.days.contains(days), self.days.overlaps(days)) {
            (true, _) => Place::Inside,
            (_, true) => Place::Possibly,
            _ => Place::Outside,
        }
    }
}

/// A sum that exchanges enter and leave.
#[derive(Default)]
struct Running {
    low: u64,
    high: u64,
    exchanges: usize,
    without_bound: usize,
}

impl Running {
    fn change(&mut self, bounds: Option<Bounds>, enters: bool) {
        let step = |total: u64, by: u64| if enters { total + by } else { total.saturating_sub(by) };
        let count = |total: usize| if enters { total + 1 } else { total.saturating_sub(1) };
        let Bounds { low, high } = bounds.unwrap_or(Bounds::UNKNOWN);
        self.low = step(self.low, low);
        self.exchanges = count(self.exchanges);
        match high {
            Some(high) => self.high = step(self.high, high),
            None => self.without_bound = count(self.without_bound),
        }
    }

    fn bounds(&self) -> Option<Bounds> {
        (self.exchanges > 0).then_some(Bounds { low: self.low, high: (self.without_bound == 0).then_some(self.high) })
    }
}
