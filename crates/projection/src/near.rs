use std::collections::BTreeSet;

use announcement::{Category, ExchangeKey, Span, What};
use jiff::civil;

use crate::{Known, claim::Claim, exchange::View, intern::Id};

/// With how many of those that begin before its end or a day after it an exchange is compared: more would take a reader's time without end.
const MAX_COMPARED: usize = 1_024;

/// An exchange, and what took place at about the same time between the same parties and is of the same kind.
pub(crate) struct Near<'a> {
    pub(crate) exchange: Id<ExchangeKey>,
    pub(crate) days: Span,
    pub(crate) with: Of<'a>,
    pub(crate) with_days: Span,
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
}

/// The pairs of which one begins no later than a day after the other's end.
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
        let pair = |exchange, one: &Dated<'a>, other: &Dated<'a>| Self { exchange, days: one.days(), with: other.of, with_days: other.days() };
        match (one.of, other.of) {
            (Of::Exchange(first), Of::Exchange(second)) if key(second) < key(first) => Some(pair(second, other, one)),
            (Of::Exchange(first), _) => Some(pair(first, one, other)),
            (_, Of::Exchange(second)) => Some(pair(second, other, one)),
            _ => None,
        }
    }
}

impl Dated<'_> {
    const fn days(&self) -> Span {
        Span { earliest: Some(self.first), latest: Some(self.last) }
    }
}

/// What has a first and a last day, by group and first day. What has an open end would be near everything.
fn dated(book: Known<'_>) -> Vec<Dated<'_>> {
    let dated = |group: Group, of, days: Option<Span>| {
        let days = days?;
        Some(Dated { group, of, first: days.earliest?, last: days.latest? })
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
