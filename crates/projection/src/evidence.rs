use std::collections::BTreeSet;

use announcement::{Announcer, ExchangeKey, Kind, Party, Position};

use crate::{
    Against, Compared, For, Known,
    claim::Claim,
    exchange::View,
    intern::Id,
    mention::Voice,
    near::{Near, Of},
};

/// What is known of a pair that may be one exchange, beside its days and counts.
pub(crate) struct Evidence<'a> {
    near: &'a Near<'a>,
    frameworks: Vec<String>,
    named: Vec<Position>,
    /// The parties that have claims of their own about both.
    speak_of_both: Vec<Party>,
}

impl<'a> Evidence<'a> {
    /// `None` where the two were kept apart on purpose.
    pub(crate) fn new(book: Known<'_>, near: &'a Near<'a>) -> Option<Self> {
        let named = match near.with {
            Of::Exchange(other) if are_apart(book, near.exchange, other) => return None,
            Of::Exchange(other) => [naming(book, near.exchange, other), naming(book, other, near.exchange)].concat(),
            Of::Claim(claim) if claim.part_of.is_some_and(|whole| book.root(whole) == near.exchange) => return None,
            Of::Claim(_) => Vec::new(),
        };
        let view = View::new(book, near.exchange);
        let one = Told::of_exchange(&view);
        let other = match near.with {
            Of::Exchange(id) => Told::of_exchange(&View::new(book, id)),
            Of::Claim(claim) => Told::of_claim(book, claim, view.key()),
        };
        Some(Self {
            near,
            frameworks: one.frameworks.intersection(&other.frameworks).cloned().collect(),
            named,
            speak_of_both: one.parties.intersection(&other.parties).copied().collect(),
        })
    }

    pub(crate) fn speaks_for(&self) -> Vec<For> {
        let is_same = |count: &&Compared| count.exchange == count.with && count.exchange.high == Some(count.exchange.low);
        let ways: BTreeSet<(Party, Party)> = self.near.counts.iter().filter(is_same).map(|count| (count.from, count.to)).collect();
        let overlap = self.near.overlap().map(|days| For::DatesOverlap { days: days.into() });
        let counts = (!ways.is_empty() && !self.near.has_other_counts()).then_some(For::SameCounts { directions: ways.len() });
        let framework = (!self.frameworks.is_empty()).then(|| For::SameFramework { frameworks: self.frameworks.clone() });
        let named = (!self.named.is_empty()).then(|| For::Named { claims: self.named.clone() });
        overlap.into_iter().chain(counts).chain(framework).chain(named).collect()
    }

    pub(crate) fn speaks_against(&self) -> Vec<Against> {
        let apart = self.near.overlap().is_none().then_some(Against::DatesApart);
        let counts = self.near.has_other_counts().then_some(Against::OtherCounts);
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
struct Told {
    frameworks: BTreeSet<String>,
    /// The parties to it that speak of it themselves.
    parties: BTreeSet<Party>,
}

impl Told {
    fn of_exchange(view: &View<'_>) -> Self {
        let own = view.completions().filter_map(|claim| own_voice(view.book, claim, view.key()));
        Self { frameworks: view.frameworks().into_iter().collect(), parties: own.collect() }
    }

    fn of_claim(book: Known<'_>, claim: &Claim, exchange: &ExchangeKey) -> Self {
        let named = claim.framework.map(|framework| book.pools().texts.get(framework).to_owned());
        Self { frameworks: named.into_iter().collect(), parties: own_voice(book, claim, exchange).into_iter().collect() }
    }
}

/// The party to an exchange that speaks itself.
fn own_voice(book: Known<'_>, claim: &Claim, exchange: &ExchangeKey) -> Option<Party> {
    let announcer = claim.announcer.map(|announcer| book.pools().announcers.get(announcer)).map(Announcer::voice);
    announcer.filter(|_| book.voice_between(claim, exchange.parties()) == Voice::Party)
}
