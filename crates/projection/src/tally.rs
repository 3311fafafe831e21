use std::{
    borrow::Cow,
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
    cited::{Cited, is_whole},
    exchange::View,
    figure::{Figure, Figures},
    intern::Id,
};

/// The figures of all exchanges, to be summed over one scope after another.
pub(crate) struct Tally<'a> {
    book: Known<'a>,
    policy: Policy,
    exchanges: Vec<View<'a>>,
    /// The exchanges with a figure of a row, all or what follows an agreement, those that begin last first; made when they're asked for.
    rows: RefCell<BTreeMap<Of, Rc<[Counted]>>>,
}

/// All exchanges with a figure of a row, or what follows an agreement.
type Of = (Row, Option<Id<str>>);

/// An exchange with a figure of a row.
#[derive(Clone, Copy)]
struct Counted {
    /// Which of the tally's.
    at: usize,
    days: Span,
    /// Whether it has stages or is one.
    is_related: bool,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
    /// The claims that it was made from; of more than [`MAX_CITED`](crate::MAX_CITED) the first.
    pub claims: Vec<Position>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_whole")]
    pub more_claims: usize,
}

/// The sums of the exchanges that lie in a scope, and of those that may.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) certain: Sum,
    pub(crate) possible: Sum,
}

#[derive(Clone, Copy, PartialEq, Eq)]
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
        let added = self.of(figures)?;
        making.take(Summand::from(&added));
        making.claims.extend(added.claims().iter().copied());
        Some(making.done())
    }

    /// What an exchange adds to it; nothing where nobody spoke of it. Where only one direction is spoken of, the sum of the two has no upper bound.
    pub(crate) fn of(self, figures: &Figures) -> Option<Added<'_>> {
        if let Self::Way(direction, category) = self {
            return figures.get(&(direction, category)).map(Added::one);
        }
        let found: Vec<(Direction, &Figure)> = figures.iter().filter(|((way, of), _)| self.has(*way, *of)).map(|((way, _), figure)| (*way, figure)).collect();
        let one_way = found.iter().any(|(way, _)| !found.iter().any(|(other, _)| *other == way.reversed()));
        let mut found = found.into_iter().map(|(_, figure)| figure);
        Some(Added { first: found.next()?, others: found.collect(), one_way })
    }
}

impl Direction {
    pub(crate) const fn reversed(self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

/// The figures of an exchange that a row is made from.
pub(crate) struct Added<'a> {
    first: &'a Figure,
    others: Vec<&'a Figure>,
    one_way: bool,
}

impl<'a> Added<'a> {
    pub(crate) const fn one(figure: &'a Figure) -> Self {
        Self { first: figure, others: Vec::new(), one_way: false }
    }

    fn figures(&self) -> impl Iterator<Item = &'a Figure> + Clone {
        [self.first].into_iter().chain(self.others.iter().copied())
    }

    /// The claims that they were made from, each once.
    pub(crate) fn claims(&self) -> Cow<'a, [Position]> {
        if self.others.is_empty() {
            return Cow::Borrowed(&self.first.claims);
        }
        let mut claims: Vec<Position> = self.figures().flat_map(|figure| &figure.claims).copied().collect();
        claims.sort_unstable();
        claims.dedup();
        Cow::Owned(claims)
    }

    /// What enters the sum; no upper bound where something of it doesn't.
    fn bounds(&self) -> Option<Bounds> {
        let in_sum = self.figures().filter(|figure| figure.counts).filter_map(|figure| figure.bounds);
        let sum = in_sum.reduce(|one, other| one + other)?;
        let is_whole = !self.one_way && self.figures().all(|figure| figure.counts && figure.bounds.is_some());
        Some(if is_whole { sum } else { Bounds { high: None, ..sum } })
    }
}

impl From<&Figure> for Summand {
    fn from(figure: &Figure) -> Self {
        let bounds = figure.bounds.filter(|_| figure.counts);
        Self { bounds, unknown: figure.is_unknown(), disputed: figure.disputed, one_sided: figure.one_sided }
    }
}

impl From<&Added<'_>> for Summand {
    fn from(added: &Added<'_>) -> Self {
        let any = |of: fn(&Figure) -> bool| added.figures().any(of);
        let (unknown, disputed, one_sided) = (any(Figure::is_unknown), any(|figure| figure.disputed), any(|figure| figure.one_sided));
        Self { bounds: added.bounds(), unknown, disputed, one_sided }
    }
}

/// A sum while it is made.
#[derive(Default)]
struct Making {
    sum: Sum,
    left_out: bool,
    claims: Cited,
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

    fn done(self) -> Sum {
        let high = self.sum.high.filter(|_| !self.left_out);
        let (claims, more_claims) = self.claims.done();
        Sum { high, claims, more_claims, ..self.sum }
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

    /// What the exchanges that follow each agreement come to, by direction and category. A stage counts in its whole where that follows it too.
    pub(crate) fn delivered(&self) -> BTreeMap<Id<str>, BTreeMap<(Direction, Category), Sum>> {
        let mut making: BTreeMap<Id<str>, BTreeMap<(Direction, Category), Making>> = BTreeMap::new();
        let follows = |exchange: &View<'_>, framework| exchange.days().is_some() && exchange.sheet().frameworks.contains(&framework);
        for exchange in &self.exchanges {
            let whole = exchange.line.whole.map(|whole| View::new(self.book, whole));
            let counts = |framework: Id<str>| follows(exchange, framework) && !whole.as_ref().is_some_and(|whole| follows(whole, framework));
            for framework in exchange.sheet().frameworks.iter().copied().filter(|&framework| counts(framework)) {
                let sums = making.entry(framework).or_default();
                for (&(direction, category), figure) in exchange.line.figures(self.book, exchange.id, self.policy).iter() {
                    let making = sums.entry((direction, category)).or_default();
                    making.take(Summand::from(figure));
                    making.claims.extend(figure.claims.iter().copied());
                }
            }
        }
        making.into_iter().map(|(framework, sums)| (framework, sums.into_iter().map(|(place, making)| (place, making.done())).collect())).collect()
    }

    /// The sum, and the claims that it was made from.
    pub(crate) fn sum(&self, scope: &Scope, row: Row) -> Sums {
        let (mut certain, mut possible) = (Making::default(), Making::default());
        let counted = self.row(row, scope.framework);
        for (counted, place) in self.in_scope(scope, &counted) {
            let making = if place == Place::Inside { &mut certain } else { &mut possible };
            making.take(counted.adds);
            let exchange = &self.exchanges[counted.at];
            row.of(exchange.line.figures(self.book, exchange.id, self.policy)).iter().for_each(|added| making.claims.extend(added.claims().iter().copied()));
        }
        Sums { certain: certain.done(), possible: possible.done() }
    }

    /// What those that certainly lie in a scope come to, where that has both bounds; and how many they are.
    pub(crate) fn bounds(&self, scope: &Scope, row: Row) -> Option<(Bounds, usize)> {
        let mut making = Making::default();
        let counted = self.row(row, scope.framework);
        self.in_scope(scope, &counted).filter(|&(_, place)| place == Place::Inside).for_each(|(counted, _)| making.take(counted.adds));
        let sum = making.done();
        Some((Bounds::between(sum.low?, sum.high?), sum.exchanges))
    }

    /// How many exchanges with a figure of one of these rows lie in a scope, and how many may.
    pub(crate) fn exchanges(&self, scope: &Scope, rows: &[Row]) -> (usize, usize) {
        let [mut certain, mut possible] = [BTreeSet::new(), BTreeSet::new()];
        for &row in rows {
            for (counted, place) in self.in_scope(scope, &self.row(row, scope.framework)) {
                if place == Place::Inside {
                    certain.insert(counted.at)
                } else {
                    possible.insert(counted.at)
                };
            }
        }
        (certain.len(), possible.len())
    }

    fn row(&self, row: Row, framework: Option<Id<str>>) -> Rc<[Counted]> {
        if let Some(made) = self.rows.borrow().get(&(row, framework)) {
            return Rc::clone(made);
        }
        let made: Rc<[Counted]> = match framework {
            None => self.all_of(row).into(),
            Some(framework) => {
                self.row(row, None).iter().filter(|counted| self.exchanges[counted.at].sheet().frameworks.contains(&framework)).copied().collect()
            }
        };
        self.rows.borrow_mut().insert((row, framework), Rc::clone(&made));
        made
    }

    fn all_of(&self, row: Row) -> Vec<Counted> {
        let counted = self.exchanges.iter().enumerate().filter_map(|(at, exchange)| {
            let adds = Summand::from(&row.of(exchange.line.figures(self.book, exchange.id, self.policy))?);
            let is_related = exchange.line.whole.is_some() || !exchange.line.stages.is_empty();
            Some(Counted { at, days: exchange.days()?, is_related, adds })
        });
        let mut counted: Vec<Counted> = counted.collect();
        // Of one day a whole after its stages, whose place it takes.
        counted.sort_by_cached_key(|counted| {
            let exchange = &self.exchanges[counted.at];
            (Reverse(counted.days.earliest), !exchange.line.stages.is_empty(), exchange.key())
        });
        counted
    }

    /// As totals count: a whole once where it lies inside, else its stages.
    fn in_scope<'c>(&self, scope: &Scope, counted: &'c [Counted]) -> impl Iterator<Item = (&'c Counted, Place)> {
        let inside = |id: Id<ExchangeKey>| scope.place(&View::new(self.book, id)) == Place::Inside;
        counted.iter().filter_map(move |counted| {
            let place = scope.place_of(counted.days, || &self.exchanges[counted.at]);
            let elsewhere = || {
                let exchange = &self.exchanges[counted.at];
                exchange.line.whole.is_some_and(inside) || place != Place::Inside && !exchange.line.stages.is_empty()
            };
            (place != Place::Outside && !(counted.is_related && elsewhere())).then_some((counted, place))
        })
    }

    /// Since which day the exchanges up to `last` come to what is claimed. Only those that certainly lie inside are counted, and only sums with an upper bound.
    pub(crate) fn since(&self, last: civil::Date, row: Row, claimed: Bounds) -> Vec<Since> {
        let counted = self.row(row, None);
        let is_inside = |days: Span| days.earliest.is_some() && days.latest.is_some_and(|latest| latest <= last);
        let mut running = Running::default();
        let mut found: Vec<Since> = Vec::new();
        let mut fitted = false;
        for of_day in counted.chunk_by(|one, other| one.days.earliest == other.days.earliest) {
            let mut latest = None;
            for counted in of_day.iter().filter(|counted| is_inside(counted.days)) {
                // A whole takes the place of its stages, which all begin on its first day or later.
                let stages = counted.is_related.then(|| self.exchanges[counted.at].stages()).into_iter().flatten();
                for stage in stages.filter(|stage| stage.days().is_some_and(is_inside)) {
                    row.of(&stage.figures(self.policy)).iter().for_each(|added| running.change(added.bounds(), false));
                }
                running.change(counted.adds.bounds, true);
                latest = Some(self.exchanges[counted.at].id);
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
        exchange.days().map_or(Place::Outside, |days| self.place_of(days, || exchange))
    }

    /// The same of an exchange that took place on these days.
    fn place_of<'v, 'a: 'v>(&self, days: Span, exchange: impl Fn() -> &'v View<'a>) -> Place {
        let named = |keys: &BTreeSet<Id<ExchangeKey>>| keys.contains(&exchange().id) || exchange().line.whole.is_some_and(|whole| keys.contains(&whole));
        let follows = |framework: Id<str>| exchange().sheet().frameworks.contains(&framework);
        if !self.days.overlaps(days) || !self.keys.as_ref().is_none_or(named) || !self.framework.is_none_or(follows) {
            Place::Outside
        } else if self.days.contains(days) {
            Place::Inside
        } else {
            Place::Possibly
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
