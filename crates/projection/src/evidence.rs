use std::collections::{BTreeMap, BTreeSet};

use announcement::{Announcer, Bounds, Category, ExchangeKey, Kind, Party, Position, Span};

use crate::{
    Against, Compared, Direction, For, Known, Policy,
    claim::Claim,
    exchange::View,
    intern::Id,
    mention::{LIVING, Voice},
    near::{Near, Of},
};

/// What is known of a pair that may be one exchange.
pub(crate) struct Evidence {
    pub(crate) counts: Vec<Compared>,
    overlap: Option<Span>,
    frameworks: Vec<String>,
    named: Vec<Position>,
    /// The parties that have claims of their own about both.
    speak_of_both: Vec<Party>,
}

impl Evidence {
    /// `None` where the two were kept apart on purpose, or their counts or their days leave nothing that speaks for one.
    pub(crate) fn new(book: Known<'_>, near: &Near<'_>) -> Option<Self> {
        let named = match near.with {
            Of::Exchange(other) if are_apart(book, near.exchange, other) => return None,
            Of::Exchange(other) => [naming(book, near.exchange, other), naming(book, other, near.exchange)].concat(),
            Of::Claim(claim) if claim.part_of.is_some_and(|whole| book.root(whole) == near.exchange) => return None,
            Of::Claim(_) => Vec::new(),
        };
        let view = View::new(book, near.exchange);
        let (one, other) = (Told::of_exchange(&view), Told::of(book, near.with, view.key()));
        let evidence = Self {
            counts: one.compared(&other),
            overlap: near.days.intersection(near.with_days),
            frameworks: one.frameworks.intersection(&other.frameworks).cloned().collect(),
            named,
            speak_of_both: one.parties.intersection(&other.parties).copied().collect(),
        };
        evidence.may_be_one().then_some(evidence)
    }

    /// Days that only follow each other need a number that both may mean; days that overlap need only that not every count is another.
    fn may_be_one(&self) -> bool {
        let is_number = |bounds: Bounds| bounds != Bounds::UNKNOWN;
        let fits = |count: &Compared| count.exchange.overlaps(count.with);
        match self.overlap {
            Some(_) => self.counts.is_empty() || self.counts.iter().any(fits),
            None => self.counts.iter().any(|count| fits(count) && is_number(count.exchange) && is_number(count.with)),
        }
    }

    fn are_others(&self) -> bool {
        self.counts.iter().any(|count| !count.exchange.overlaps(count.with))
    }

    pub(crate) fn speaks_for(&self) -> Vec<For> {
        let is_same = |count: &&Compared| count.exchange == count.with && count.exchange.high == Some(count.exchange.low);
        let ways: BTreeSet<(Party, Party)> = self.counts.iter().filter(is_same).map(|count| (count.from, count.to)).collect();
        let overlap = self.overlap.map(|days| For::DatesOverlap { days: days.into() });
        let counts = (!ways.is_empty() && !self.are_others()).then_some(For::SameCounts { directions: ways.len() });
        let framework = (!self.frameworks.is_empty()).then(|| For::SameFramework { frameworks: self.frameworks.clone() });
        let named = (!self.named.is_empty()).then(|| For::Named { claims: self.named.clone() });
        overlap.into_iter().chain(counts).chain(framework).chain(named).collect()
    }

    pub(crate) fn speaks_against(&self) -> Vec<Against> {
        let apart = self.overlap.is_none().then_some(Against::DatesApart);
        let counts = self.are_others().then_some(Against::OtherCounts);
        let own = self.speak_of_both.iter().map(|&party| Against::OwnClaims { party });
        apart.into_iter().chain(counts).chain(own).collect()
    }
}

/// Whether two exchanges are one already, belong to one whole, or were told apart by a curator.
fn are_apart(book: Known<'_>, one: Id<ExchangeKey>, other: Id<ExchangeKey>) -> bool {
    let (whole_of_one, whole_of_other) = (book.whole(one), book.whole(other));
    let is_split = |from: Id<ExchangeKey>, of: Id<ExchangeKey>| {
        let mut members = book.members(of).into_iter();
        members.any(|claim| was_split_off(book, claim) && claim.key.map(|key| book.root(key)) == Some(from))
    };
    book.root(one) == book.root(other)
        || whole_of_one == Some(other)
        || whole_of_other == Some(one)
        || whole_of_one.is_some() && whole_of_one == whole_of_other
        || is_split(one, other)
        || is_split(other, one)
}

fn was_split_off(book: Known<'_>, claim: &Claim) -> bool {
    let pin = book.pin(claim.statement).and_then(|pin| book.claim(pin.at));
    pin.is_some_and(|curation| curation.kind == Kind::Split)
}

/// The live claims about one exchange that name another, or repeat a statement about it.
fn naming(book: Known<'_>, one: Id<ExchangeKey>, other: Id<ExchangeKey>) -> Vec<Position> {
    let view = View::new(book, one);
    let names = |claim: &&Claim| claim.key.map(|key| book.root(key)) == Some(other);
    let repeats = |claim: &&Claim| view.origin(claim).and_then(|origin| book.place(book.claim(origin)?)) == Some(other);
    view.members().filter(|claim| book.is_live(claim) && (names(claim) || repeats(claim))).map(|claim| claim.position).collect()
}

/// What is said of one of the two.
#[derive(Default)]
struct Told {
    counts: BTreeMap<(Direction, Category), Bounds>,
    frameworks: BTreeSet<String>,
    /// The parties to it that speak of it themselves.
    parties: BTreeSet<Party>,
}

impl Told {
    fn of(book: Known<'_>, of: Of<'_>, exchange: &ExchangeKey) -> Self {
        match of {
            Of::Exchange(id) => Self::of_exchange(&View::new(book, id)),
            Of::Claim(claim) => Self::of_claim(book, claim, exchange),
        }
    }

    fn of_exchange(view: &View<'_>) -> Self {
        let figures = view.figures(Policy::Range);
        let own = view.completions().filter_map(|claim| own_voice(view.book, claim, view.key()));
        Self {
            counts: figures.iter().filter_map(|(&place, figure)| Some((place, figure.bounds?))).collect(),
            frameworks: view.frameworks().into_iter().collect(),
            parties: own.collect(),
        }
    }

    fn of_claim(book: Known<'_>, claim: &Claim, exchange: &ExchangeKey) -> Self {
        let mut counts: BTreeMap<_, _> = book.counts(claim).into_iter().map(|(direction, category, bounds)| ((direction, category), bounds)).collect();
        for direction in claim.handed.ways.iter().map(|way| way.direction(book.pools())) {
            // A statement that gives no total of the living makes it by its items.
            let living = LIVING.into_iter().filter_map(|category| counts.get(&(direction, category)).copied()).reduce(|one, other| one + other);
            if let Some(living) = living {
                counts.entry((direction, Category::People)).or_insert(living);
            }
        }
        Self {
            counts,
            frameworks: claim.framework.map(|framework| book.pools().texts.get(framework).to_owned()).into_iter().collect(),
            parties: own_voice(book, claim, exchange).into_iter().collect(),
        }
    }

    fn compared(&self, other: &Self) -> Vec<Compared> {
        let compared = |(place, &exchange): (&(Direction, Category), &Bounds)| {
            let &(Direction { from, to }, category) = place;
            Some(Compared { from, to, category, exchange, with: *other.counts.get(place)? })
        };
        self.counts.iter().filter_map(compared).collect()
    }
}

/// The party to an exchange that speaks itself.
fn own_voice(book: Known<'_>, claim: &Claim, exchange: &ExchangeKey) -> Option<Party> {
    let announcer = claim.announcer.map(|announcer| book.pools().announcers.get(announcer)).map(Announcer::voice);
    announcer.filter(|_| book.voice_between(claim, exchange.parties()) == Voice::Party)
}
