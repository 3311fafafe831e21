use std::collections::BTreeMap;

use announcement::{Bounds, Category, ExchangeKey, Position};

use crate::{
    Direction, Known, Policy,
    agreed::agreed_figures,
    intern::Id,
    mention::{LIVING, Mention, Said, Voice, mentions},
    office::latest_of_each_office,
    settle::{Settled, settle},
};

/// What the claims of one exchange come to, for one direction and category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    /// `None` where the parties contradict each other under [`Policy::Both`].
    pub(crate) bounds: Option<Bounds>,
    pub(crate) disputed: bool,
    /// Only one party spoke, under [`Policy::Both`].
    pub(crate) one_sided: bool,
    /// It enters a sum.
    pub(crate) counts: bool,
    /// The claims that it was made from, by position.
    pub(crate) claims: Vec<Position>,
}

impl Figure {
    /// The exchange took place, and no number was given.
    pub(crate) fn is_unknown(&self) -> bool {
        self.bounds == Some(Bounds::UNKNOWN)
    }
}

pub(crate) type Figures = BTreeMap<(Direction, Category), Figure>;

/// The figures of an exchange with stages: their sum is one more claim about the whole.
pub(crate) fn figures_of(book: Known<'_>, exchange: Id<ExchangeKey>, stages: &[Id<ExchangeKey>], policy: Policy) -> Figures {
    if policy == Policy::Both {
        return agreed_figures(book, exchange, stages);
    }
    let mut stands = Stands::clone(book.sheet(exchange).stands(book, exchange, policy));
    for (place, sum) in sums(book, stages, policy) {
        stands.entry(place).or_default().push(sum);
    }
    own_figures(&stands)
}

/// What stands come to.
pub(crate) fn own_figures(stands: &Stands) -> Figures {
    let figure =
        |stand: Stand| Figure { bounds: Some(stand.settled.bounds), disputed: stand.settled.disputed, one_sided: false, counts: true, claims: stand.claims };
    stands.iter().filter_map(|(&place, stands)| Some((place, figure(settled(stands.clone())?)))).collect()
}

/// How much a claim weighs under a policy; a higher rank silences the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Unnamed,
    Other,
    /// The party that the policy asks only where the other is silent.
    Second,
    First,
}

/// A claim about one thing, or what several come to.
#[derive(Clone, Debug)]
pub(crate) struct Stand {
    pub(crate) rank: Rank,
    pub(crate) settled: Settled,
    pub(crate) claims: Vec<Position>,
}

/// What a statement says of one thing.
#[derive(Clone, Copy)]
pub(crate) struct Saying<'a> {
    pub(crate) mention: &'a Mention<'a>,
    pub(crate) rank: Rank,
    pub(crate) settled: Settled,
}

pub(crate) type Stands = BTreeMap<(Direction, Category), Vec<Stand>>;

fn sums(book: Known<'_>, stages: &[Id<ExchangeKey>], policy: Policy) -> BTreeMap<(Direction, Category), Stand> {
    let mut sums = BTreeMap::new();
    for &stage in stages {
        let sheet = book.sheet(stage);
        let stands = sheet.stands(book, stage, policy);
        for (place, stand) in stands.iter().filter_map(|(&place, stands)| Some((place, settled(stands.clone())?))) {
            let sum = match sums.remove(&place) {
                None => stand,
                Some(sum) => add(sum, stand),
            };
            sums.insert(place, sum);
        }
    }
    sums
}

/// What stands about one exchange by itself.
pub(crate) fn own_stands(book: Known<'_>, exchange: Id<ExchangeKey>, policy: Policy) -> Stands {
    let mut stands = Stands::new();
    for (direction, mentions) in mentions(book, exchange) {
        let way = OneWay { mentions: mentions.iter().map(|mention| (rank(mention, direction, policy), mention)).collect(), policy };
        for category in Category::ALL {
            let found = if category == Category::People { way.living() } else { way.heard(|said| said.of_category(category)) };
            if !found.is_empty() {
                stands.insert((direction, category), found);
            }
        }
    }
    stands
}

fn rank(mention: &Mention<'_>, direction: Direction, policy: Policy) -> Rank {
    let second = match policy {
        Policy::Receiver => Some(direction.from),
        Policy::Sender => Some(direction.to),
        Policy::Range | Policy::Both => None,
    };
    match mention.voice {
        Voice::Unnamed => Rank::Unnamed,
        Voice::Other => Rank::Other,
        Voice::Party if second.is_some() && mention.party() == second => Rank::Second,
        Voice::Party => Rank::First,
    }
}

/// The statements about one direction of an exchange.
pub(crate) struct OneWay<'a> {
    pub(crate) mentions: Vec<(Rank, &'a Mention<'a>)>,
    pub(crate) policy: Policy,
}

impl OneWay<'_> {
    /// The claims of one thing that are heard.
    pub(crate) fn heard(&self, of: impl Fn(&Said) -> Option<Settled>) -> Vec<Stand> {
        let sayings = self.mentions.iter().filter_map(|&(rank, mention)| Some(Saying { mention, rank, settled: of(&mention.said)? }));
        let heard = best(sayings.collect(), |saying| (saying.rank, saying.settled.bounds));
        let standing = if self.policy == Policy::Range { heard } else { latest_of_each_office(heard) };
        standing.into_iter().map(|saying| Stand { rank: saying.rank, settled: saying.settled, claims: saying.mention.claims.clone() }).collect()
    }

    /// S, the sum of the settled categories, and P, the settled claims of `people`: two claims of the total of the living.
    ///
    /// A statement of `people` isn't silent about any category: where it has a number, a lower rank's items aren't added.
    pub(crate) fn living(&self) -> Vec<Stand> {
        let people = settled(self.heard(Said::people));
        let floor = people.as_ref().filter(|people| people.settled.bounds != Bounds::UNKNOWN).map(|people| people.rank);
        let categories = LIVING.into_iter().filter_map(|category| settled(self.heard(|said| said.summand(category))));
        let sum = categories.filter(|stand| floor.is_none_or(|floor| stand.rank >= floor)).reduce(add);
        sum.into_iter().chain(people).collect()
    }
}

/// Those of the highest rank. Where the first party gives no number and the second does, the first one's "unknown" is silence.
fn best<T>(mut all: Vec<T>, of: impl Fn(&T) -> (Rank, Bounds)) -> Vec<T> {
    let is_number = |one: &T| of(one).1 != Bounds::UNKNOWN;
    let has_number = |rank: Rank| all.iter().any(|one| of(one).0 == rank && is_number(one));
    let Some(mut highest) = all.iter().map(|one| of(one).0).max() else { return all };
    if highest == Rank::First && !has_number(Rank::First) && has_number(Rank::Second) {
        highest = Rank::Second;
    }
    all.retain(|one| of(one).0 == highest);
    all
}

/// Settles claims of one thing. Where they overlap it's disputed only if each of them was by itself.
pub(crate) fn settled(stands: Vec<Stand>) -> Option<Stand> {
    let stands = best(stands, |stand| (stand.rank, stand.settled.bounds));
    let bounds: Vec<Bounds> = stands.iter().map(|stand| stand.settled.bounds).collect();
    let settled = settle(&bounds)?;
    let all_disputed =
        stands.iter().all(|stand| stand.settled.disputed || stand.settled.bounds == Bounds::UNKNOWN) && stands.iter().any(|stand| stand.settled.disputed);
    let rank = stands.iter().map(|stand| stand.rank).max()?;
    let claims = stands.into_iter().map(|stand| stand.claims).reduce(union)?;
    Some(Stand { rank, settled: Settled { disputed: settled.disputed || all_disputed, ..settled }, claims })
}

/// Two summands of one total.
fn add(one: Stand, other: Stand) -> Stand {
    let disputed = one.settled.disputed || other.settled.disputed;
    let settled = Settled { bounds: one.settled.bounds + other.settled.bounds, disputed };
    Stand { rank: one.rank.max(other.rank), settled, claims: union(one.claims, other.claims) }
}

pub(crate) fn union(mut one: Vec<Position>, other: Vec<Position>) -> Vec<Position> {
    one.extend(other);
    one.sort();
    one.dedup();
    one
}
