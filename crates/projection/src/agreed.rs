use std::collections::BTreeMap;

use announcement::{Bounds, Category, ExchangeKey, Party};

use crate::{
    Direction, Known, Policy,
    figure::{Figure, Figures, OneWay, Rank, Stand, settled, union},
    intern::Id,
    mention::{Mention, mentions},
};

/// The figures of an exchange under [`Policy::Both`]: what both parties' claims have in common.
pub(crate) fn agreed_figures(book: Known<'_>, exchange: Id<ExchangeKey>, stages: &[Id<ExchangeKey>]) -> Figures {
    let own = |exchange: Id<ExchangeKey>| Figures::clone(book.sheet(exchange).figures(book, exchange, Policy::Both));
    let mut figures = own(exchange);
    let mut sums: BTreeMap<(Direction, Category), Sum> = BTreeMap::new();
    for &stage in stages {
        for (place, figure) in own(stage) {
            let sum = match sums.remove(&place) {
                None => Sum { is_complete: figure.counts, figure },
                Some(sum) => sum.add(figure),
            };
            sums.insert(place, sum);
        }
    }
    for (place, sum) in sums {
        let figure = match figures.remove(&place) {
            None => sum.figure,
            Some(whole) => meet(whole, sum),
        };
        figures.insert(place, figure);
    }
    figures
}

/// The same of its own claims.
pub(crate) fn own_agreed(book: Known<'_>, exchange: Id<ExchangeKey>) -> Figures {
    let mut figures = Figures::new();
    for (direction, mentions) in mentions(book, exchange) {
        let [sender, receiver] = [direction.from, direction.to].map(|party| one_party(&mentions, party));
        for category in Category::ALL {
            let of = |way: &OneWay<'_>| settled(if category == Category::People { way.living() } else { way.heard(|said| said.of_category(category)) });
            if let Some(figure) = agree(of(&sender), of(&receiver)) {
                figures.insert((direction, category), figure);
            }
        }
    }
    figures
}

fn one_party<'a>(mentions: &'a [Mention<'a>], party: Party) -> OneWay<'a> {
    let own = mentions.iter().filter(|mention| mention.party() == Some(party));
    OneWay { mentions: own.map(|mention| (Rank::First, mention)).collect(), policy: Policy::Both }
}

/// `"unknown"` is silence where the other has a number; two of them are no agreement.
fn agree(sender: Option<Stand>, receiver: Option<Stand>) -> Option<Figure> {
    let has_number = |stand: &Option<Stand>| stand.as_ref().is_some_and(|stand| stand.settled.bounds != Bounds::UNKNOWN);
    let numbers = [has_number(&sender), has_number(&receiver)];
    let spoke = [sender.is_some(), receiver.is_some()];
    let bounds = |stand: &Option<Stand>| stand.as_ref().map(|stand| stand.settled.bounds);
    let (one, other) = (bounds(&sender), bounds(&receiver));
    let claims = sender.into_iter().chain(receiver).map(|stand| stand.claims).reduce(union)?;
    let figure = |bounds: Option<Bounds>| Figure { bounds, disputed: false, one_sided: false, counts: false, claims };
    Some(match numbers {
        [true, true] => {
            let met = one?.intersection(other?);
            Figure { disputed: met.is_none(), counts: met.is_some(), ..figure(met) }
        }
        [true, false] => Figure { one_sided: true, ..figure(one) },
        [false, true] => Figure { one_sided: true, ..figure(other) },
        [false, false] => Figure { one_sided: spoke != [true, true], ..figure(Some(Bounds::UNKNOWN)) },
    })
}

/// The sum of stages. What isn't agreed isn't in it, as in a total.
struct Sum {
    figure: Figure,
    /// Every stage that was spoken of is in it.
    is_complete: bool,
}

impl Sum {
    fn add(self, stage: Figure) -> Self {
        let is_complete = self.is_complete && stage.counts;
        let bounds = match (self.figure.counts, stage.counts) {
            (true, false) => self.figure.bounds,
            (false, true) => stage.bounds,
            _ => self.figure.bounds.zip(stage.bounds).map(|(one, other)| one + other),
        };
        let figure = Figure {
            bounds,
            disputed: self.figure.disputed || stage.disputed,
            one_sided: self.figure.one_sided || stage.one_sided,
            counts: self.figure.counts || stage.counts,
            claims: union(self.figure.claims, stage.claims),
        };
        Self { figure, is_complete }
    }
}

/// The claims about the whole and the sum of its stages. A sum that isn't complete is a lower bound.
fn meet(whole: Figure, sum: Sum) -> Figure {
    let Sum { figure: stages, is_complete } = sum;
    let claims = union(whole.claims.clone(), stages.claims.clone());
    match (whole.counts, stages.counts) {
        (true, true) => {
            let at_least = |bounds: Bounds| if is_complete { bounds } else { Bounds { high: None, ..bounds } };
            let bounds = whole.bounds.zip(stages.bounds).and_then(|(one, other)| one.intersection(at_least(other)));
            Figure { bounds, disputed: bounds.is_none(), counts: bounds.is_some(), one_sided: false, claims }
        }
        (true, false) => Figure { claims, ..whole },
        (false, true) => Figure { disputed: whole.disputed || stages.disputed, one_sided: whole.one_sided || stages.one_sided, claims, ..stages },
        (false, false) => Figure { disputed: whole.disputed || stages.disputed, one_sided: whole.one_sided || stages.one_sided, claims, ..whole },
    }
}
