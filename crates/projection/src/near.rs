use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use announcement::{Bounds, Category, ExchangeKey, Span, What};
use jiff::civil;

use crate::{Compared, Direction, Known, Policy, claim::Claim, exchange::View, intern::Id, mention::LIVING};

/// With how many of those that begin before its end or a day after it an exchange is compared: more would take a reader's time without end.
const MAX_COMPARED: usize = 1_024;

/// An exchange, and what took place at about the same time between the same parties, is of the same kind, and by its counts may be the same.
pub(crate) struct Near<'a> {
    pub(crate) exchange: Id<ExchangeKey>,
    pub(crate) days: Span,
    pub(crate) with: Of<'a>,
    pub(crate) with_days: Span,
    pub(crate) counts: Vec<Compared>,
}

/// What may be the same as an exchange.
#[derive(Clone, Copy)]
pub(crate) enum Of<'a> {
    Exchange(Id<ExchangeKey>),
    /// About no exchange that is known.
    Claim(&'a Claim),
}

/// Between whom, as a key writes them, and what.
type Group = (String, String, What);

struct Dated<'a> {
    group: Group,
    first: civil::Date,
    last: civil::Date,
    of: Of<'a>,
    /// Made for what is near something else only.
    counts: OnceCell<Counts>,
}

type Counts = BTreeMap<(Direction, Category), Bounds>;

/// The pairs of which one begins no later than a day after the other's end, and whose counts leave it open whether they are one.
pub(crate) fn near(book: Known<'_>) -> Vec<Near<'_>> {
    let dated = dated(book);
    let mut pairs = Vec::new();
    for (place, one) in dated.iter().enumerate() {
        let day_after = one.last.tomorrow().unwrap_or(one.last);
        let following = dated[place + 1..].iter().take_while(|other| other.group == one.group && other.first <= day_after);
        pairs.extend(following.take(MAX_COMPARED).filter_map(|other| Near::new(book, one, other)));
    }
    pairs
}

impl<'a> Near<'a> {
    /// Of two exchanges the one whose key comes first is the exchange; two claims are no pair.
    fn new(book: Known<'a>, one: &Dated<'a>, other: &Dated<'a>) -> Option<Self> {
        let key = |id| book.pools().keys.get(id);
        let pair = |exchange, one: &Dated<'a>, other: &Dated<'a>| {
            let counts = compared(one.counts(book), other.counts(book));
            Self { exchange, days: one.days(), with: other.of, with_days: other.days(), counts }
        };
        let near = match (one.of, other.of) {
            (Of::Exchange(first), Of::Exchange(second)) if key(second) < key(first) => pair(second, other, one),
            (Of::Exchange(first), _) => pair(first, one, other),
            (_, Of::Exchange(second)) => pair(second, other, one),
            _ => return None,
        };
        near.may_be_one().then_some(near)
    }

    /// Days that only follow each other need a number that both may mean; days that overlap need only that not every count is another.
    fn may_be_one(&self) -> bool {
        let is_number = |bounds: Bounds| bounds != Bounds::UNKNOWN;
        let fits = |count: &Compared| count.exchange.overlaps(count.with);
        match self.overlap() {
            Some(_) => self.counts.is_empty() || self.counts.iter().any(fits),
            None => self.counts.iter().any(|count| fits(count) && is_number(count.exchange) && is_number(count.with)),
        }
    }

    /// The days on which both may have taken place.
    pub(crate) fn overlap(&self) -> Option<Span> {
        self.days.intersection(self.with_days)
    }

    /// Whether some count of one can't be the other's.
    pub(crate) fn has_other_counts(&self) -> bool {
        self.counts.iter().any(|count| !count.exchange.overlaps(count.with))
    }
}

fn compared(one: &Counts, other: &Counts) -> Vec<Compared> {
    let compared = |(place, &exchange): (&(Direction, Category), &Bounds)| {
        let &(Direction { from, to }, category) = place;
        Some(Compared { from, to, category, exchange, with: *other.get(place)? })
    };
    one.iter().filter_map(compared).collect()
}

impl Dated<'_> {
    fn counts(&self, book: Known<'_>) -> &Counts {
        self.counts.get_or_init(|| match self.of {
            Of::Exchange(id) => View::new(book, id).figures(Policy::Range).iter().filter_map(|(&place, figure)| Some((place, figure.bounds?))).collect(),
            Of::Claim(claim) => counts_of(book, claim),
        })
    }

    const fn days(&self) -> Span {
        Span { earliest: Some(self.first), latest: Some(self.last) }
    }
}

/// What has a first and a last day, by group and first day. What has an open end would be near everything.
fn dated(book: Known<'_>) -> Vec<Dated<'_>> {
    let dated = |group: Group, of, days: Option<Span>| {
        let days = days?;
        Some(Dated { group, of, first: days.earliest?, last: days.latest?, counts: OnceCell::new() })
    };
    let exchanges = book.exchanges().filter_map(|id| {
        let view = View::new(book, id);
        let (one, other) = view.key().parties();
        dated((one.to_owned(), other.to_owned(), view.key().what()), Of::Exchange(id), view.days())
    });
    let lineage = book.lineage(&[]);
    let unassigned = book.unassigned().filter(|claim| book.is_live(claim) && lineage.origin(claim).is_none());
    let claims = unassigned.filter_map(|claim| dated(group(book, claim)?, Of::Claim(claim), claim.date.map(|date| date.span())));
    let mut all: Vec<Dated<'_>> = exchanges.chain(claims).collect();
    all.sort_by(|one, other| (&one.group, one.first).cmp(&(&other.group, other.first)));
    all
}

/// A statement that gives no total of the living makes it by its items.
fn counts_of(book: Known<'_>, claim: &Claim) -> Counts {
    let mut counts: Counts = book.counts(claim).into_iter().map(|(direction, category, bounds)| ((direction, category), bounds)).collect();
    for direction in claim.handed.ways.iter().map(|way| way.direction(book.pools())) {
        let living = LIVING.into_iter().filter_map(|category| counts.get(&(direction, category)).copied()).reduce(|one, other| one + other);
        if let Some(living) = living {
            counts.entry((direction, Category::People)).or_insert(living);
        }
    }
    counts
}

/// Between whom a claim is and what it's about, as a key would say it.
fn group(book: Known<'_>, claim: &Claim) -> Option<Group> {
    let way = claim.handed.ways.first()?.direction(book.pools());
    let (one, other) = (way.from.key_part(), way.to.key_part());
    let items = claim.handed.ways.iter().flat_map(|&way| claim.handed.items(way));
    let mains: BTreeSet<Category> = items.filter_map(|item| item.main).collect();
    let what = [
        (Category::Prisoners, What::Prisoners),
        (Category::People, What::Prisoners),
        (Category::Civilians, What::Civilians),
        (Category::Children, What::Children),
        (Category::Bodies, What::Bodies),
    ];
    let (_, what) = what.into_iter().find(|(category, _)| mains.contains(category))?;
    Some(if one < other { (one, other, what) } else { (other, one, what) })
}
