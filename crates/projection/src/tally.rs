use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
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
    exchanges: Vec<Counted<'a>>,
    at: HashMap<Id<ExchangeKey>, usize>,
}

struct Counted<'a> {
    id: Id<ExchangeKey>,
    days: Option<Span>,
    whole: Option<Id<ExchangeKey>>,
    has_stages: bool,
    frameworks: Vec<&'a str>,
    figures: Arc<Figures>,
}

/// Which exchanges are summed up.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) days: Span,
    /// Only these, or their stages.
    pub(crate) keys: Option<BTreeSet<Id<ExchangeKey>>>,
    /// Only those that somebody says follow it.
    pub(crate) framework: Option<String>,
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
        making.take(&self.of(figures)?);
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

/// What an exchange adds to a row.
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

/// A sum while it is made.
#[derive(Default)]
struct Making {
    sum: Sum,
    left_out: bool,
    claims: BTreeSet<Position>,
}

impl Making {
    fn take(&mut self, added: &Added<'_>) {
        let any = |of: fn(&Figure) -> bool| usize::from(added.figures.iter().any(|figure| of(figure)));
        let sum = &mut self.sum;
        sum.unknown += any(Figure::is_unknown);
        sum.disputed += any(|figure| figure.disputed);
        sum.one_sided += any(|figure| figure.one_sided);
        match added.bounds() {
            None => self.left_out = true,
            Some(bounds) => {
                let is_first = sum.exchanges == 0;
                sum.high = if is_first { bounds.high } else { sum.high.zip(bounds.high).map(|(one, other)| one + other) };
                sum.low = Some(sum.low.unwrap_or(0) + bounds.low);
                sum.exchanges += 1;
            }
        }
        self.claims.extend(added.figures.iter().flat_map(|figure| &figure.claims));
    }

    fn done(self) -> Sum {
        let high = self.sum.high.filter(|_| !self.left_out);
        Sum { high, claims: self.claims.into_iter().collect(), ..self.sum }
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
        let counted = |id| {
            let view = View::new(book, id);
            let (days, figures, frameworks) =
                (view.days(), view.figures(policy), view.sheet.frameworks.iter().map(|&framework| book.pools().texts.get(framework)).collect());
            Counted { id, days, whole: book.whole(id), has_stages: !book.stages(id).is_empty(), frameworks, figures }
        };
        let exchanges: Vec<Counted<'a>> = book.exchanges().map(counted).collect();
        let at = exchanges.iter().enumerate().map(|(place, exchange)| (exchange.id, place)).collect();
        Self { book, exchanges, at }
    }

    /// The agreements that exchanges are said to follow.
    pub(crate) fn frameworks(&self) -> BTreeSet<&str> {
        self.exchanges.iter().flat_map(|exchange| exchange.frameworks.iter().copied()).collect()
    }

    /// The years in which exchanges began, until a day.
    pub(crate) fn years(&self, last: civil::Date) -> BTreeSet<i16> {
        self.exchanges.iter().filter_map(|exchange| exchange.days?.earliest).filter(|&first| first <= last).map(civil::Date::year).collect()
    }

    /// The directions and categories of which the exchanges of a scope have figures.
    pub(crate) fn places(&self, scope: &Scope) -> BTreeSet<(Direction, Category)> {
        self.in_scope(scope).flat_map(|(exchange, _)| exchange.figures.keys().copied()).collect()
    }

    pub(crate) fn sum(&self, scope: &Scope, row: Row) -> Sums {
        let (mut certain, mut possible) = (Making::default(), Making::default());
        for (exchange, place) in self.in_scope(scope) {
            if let Some(added) = row.of(&exchange.figures) {
                let making = if place == Place::Inside { &mut certain } else { &mut possible };
                making.take(&added);
            }
        }
        Sums { certain: certain.done(), possible: possible.done() }
    }

    /// How many exchanges with a figure of one of these rows lie in a scope, and how many may.
    pub(crate) fn exchanges(&self, scope: &Scope, rows: &[Row]) -> (usize, usize) {
        let of_row = |exchange: &Counted<'_>| rows.iter().any(|row| row.of(&exchange.figures).is_some());
        self.in_scope(scope).filter(|(exchange, _)| of_row(exchange)).fold((0, 0), |(certain, possible), (_, place)| match place {
            Place::Inside => (certain + 1, possible),
            _ => (certain, possible + 1),
        })
    }

    /// As totals count: a whole once where it lies inside, else its stages.
    fn in_scope(&self, scope: &Scope) -> impl Iterator<Item = (&Counted<'a>, Place)> {
        let inside = |id: Id<ExchangeKey>| self.at.get(&id).is_some_and(|&at| scope.place(&self.exchanges[at]) == Place::Inside);
        self.exchanges.iter().filter_map(move |exchange| {
            let place = scope.place(exchange);
            let elsewhere = exchange.whole.is_some_and(inside) || place != Place::Inside && exchange.has_stages;
            (place != Place::Outside && !elsewhere).then_some((exchange, place))
        })
    }

    /// Since which day the exchanges up to `last` come to what is claimed. Only those that certainly lie inside are counted, and only sums with an upper bound.
    pub(crate) fn since(&self, last: civil::Date, row: Row, claimed: Bounds) -> Vec<Since> {
        let mut by_day: BTreeMap<civil::Date, Vec<&Counted<'_>>> = BTreeMap::new();
        let inside = |exchange: &Counted<'_>| Some((exchange.days?.earliest?, exchange.days?.latest.filter(|&latest| latest <= last)?));
        for exchange in &self.exchanges {
            if let Some((first, _)) = inside(exchange).filter(|_| row.of(&exchange.figures).is_some()) {
                by_day.entry(first).or_default().push(exchange);
            }
        }
        let mut running = Running::default();
        let mut found: Vec<Since> = Vec::new();
        let mut fitted = false;
        for (day, mut exchanges) in by_day.into_iter().rev() {
            // A whole takes the place of its stages, which all begin on its first day or later.
            exchanges.sort_by_key(|exchange| (exchange.has_stages, self.book.pools().keys.get(exchange.id)));
            for exchange in &exchanges {
                let stages = if exchange.has_stages { self.book.stages(exchange.id) } else { BTreeSet::new() };
                let counted = stages.iter().filter_map(|stage| self.exchanges.get(*self.at.get(stage)?)).filter(|stage| inside(stage).is_some());
                counted.filter_map(|stage| row.of(&stage.figures)).for_each(|added| running.change(&added, false));
                row.of(&exchange.figures).iter().for_each(|added| running.change(added, true));
            }
            let fits = running.bounds().is_some_and(|bounds| bounds.high.is_some() && bounds.overlaps(claimed));
            if let Some(exchange) = exchanges.last().filter(|_| fits) {
                let place = (day, exchange.id);
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
    fn place(&self, exchange: &Counted<'_>) -> Place {
        let named = |keys: &BTreeSet<Id<ExchangeKey>>| keys.contains(&exchange.id) || exchange.whole.is_some_and(|whole| keys.contains(&whole));
        let follows = |framework: &String| exchange.frameworks.contains(&framework.as_str());
        let Some(days) = exchange.days.filter(|_| self.keys.as_ref().is_none_or(named) && self.framework.as_ref().is_none_or(follows)) else {
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
    fn change(&mut self, added: &Added<'_>, enters: bool) {
        let step = |total: u64, by: u64| if enters { total + by } else { total.saturating_sub(by) };
        let count = |total: usize| if enters { total + 1 } else { total.saturating_sub(1) };
        let Bounds { low, high } = added.bounds().unwrap_or(Bounds::UNKNOWN);
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
