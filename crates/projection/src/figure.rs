use std::collections::{BTreeMap, BTreeSet};

use announcement::{Announcer, Bounds, Category, ExchangeKey, Party, Position};

use crate::{
    Book, Direction, Policy, Settled,
    claim::Voice,
    mention::{Mention, mentions},
    settle,
};

/// What the claims of one exchange come to, for one direction and category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The bounds; `None` where the parties contradict each other under [`Policy::Both`].
    pub bounds: Option<Bounds>,
    /// Whether claims contradict each other.
    pub disputed: bool,
    /// Whether only one party spoke, under [`Policy::Both`].
    pub one_sided: bool,
    /// Whether it enters a sum.
    pub counts: bool,
    /// The claims that it was made from.
    pub claims: BTreeSet<Position>,
}

impl Figure {
    /// Whether the exchange took place and no number was given.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.bounds == Some(Bounds::UNKNOWN)
    }

    fn of(settled: Settled, claims: BTreeSet<Position>) -> Self {
        Self { bounds: Some(settled.bounds), disputed: settled.disputed, one_sided: false, counts: true, claims }
    }
}

/// The figures of an exchange, by direction and category.
pub type Figures = BTreeMap<(Direction, Category), Figure>;

/// The figures of an exchange. Where it has stages, their sum is settled with the claims about the whole.
#[must_use]
pub fn figures(book: &Book, root: &ExchangeKey, policy: Policy) -> Figures {
    let mut figures = own_figures(book, root, policy);
    let mut sums: Figures = BTreeMap::new();
    for stage in book.stages(root) {
        for (place, figure) in own_figures(book, &stage, policy) {
            match sums.remove(&place) {
                None => sums.insert(place, figure),
                Some(sum) => sums.insert(place, add(sum, figure)),
            };
        }
    }
    for (place, sum) in sums {
        let figure = match figures.remove(&place) {
            None => sum,
            Some(whole) => meet(whole, sum),
        };
        figures.insert(place, figure);
    }
    figures
}

fn own_figures(book: &Book, root: &ExchangeKey, policy: Policy) -> Figures {
    let mut figures = BTreeMap::new();
    for (direction, mentions) in mentions(book, root) {
        let view = View { mentions: &mentions, direction, policy };
        for category in Category::ALL {
            let figure = if category == Category::People { view.living() } else { view.category(category) };
            if let Some(figure) = figure {
                figures.insert((direction, category), figure);
            }
        }
    }
    figures
}

/// Two stages of one exchange.
fn add(one: Figure, other: Figure) -> Figure {
    Figure {
        bounds: one.bounds.zip(other.bounds).map(|(one, other)| one + other),
        disputed: one.disputed || other.disputed,
        one_sided: one.one_sided || other.one_sided,
        counts: one.counts && other.counts,
        claims: &one.claims | &other.claims,
    }
}

/// The claims about the whole and the sum of its stages.
fn meet(whole: Figure, stages: Figure) -> Figure {
    let claims = &whole.claims | &stages.claims;
    let (Some(one), Some(other)) = (whole.bounds, stages.bounds) else {
        return Figure { disputed: true, bounds: None, one_sided: false, counts: false, claims };
    };
    let settled = settle(&[one, other]).expect("two claims");
    Figure {
        bounds: Some(settled.bounds),
        disputed: settled.disputed || whole.disputed || stages.disputed,
        one_sided: whole.one_sided || stages.one_sided,
        counts: whole.counts && stages.counts,
        claims,
    }
}

/// One direction of an exchange under one policy.
struct View<'a> {
    mentions: &'a [Mention<'a>],
    direction: Direction,
    policy: Policy,
}

/// What a statement says of one thing.
type Saying<'a> = (&'a Mention<'a>, Bounds);

/// A settled number with the claims behind it.
type Sum = (Settled, BTreeSet<Position>);

impl<'a> View<'a> {
    /// Bodies, or a breakdown of the living: items without `of`, and parts of `people`.
    fn category(&self, category: Category) -> Option<Figure> {
        let sayings = self.mentions.iter().filter_map(|mention| Some((mention, *mention.mains.get(&category).or_else(|| mention.parts.get(&category))?)));
        let sayings = best_voices(sayings.collect());
        match self.policy {
            Policy::Range => settled(&sayings).map(|(settled, claims)| Figure::of(settled, claims)),
            Policy::Receiver | Policy::Sender => self.preferred(|party| self.stand(&sayings, party)),
            Policy::Both => self.agreed(|party| self.stand(&sayings, Some(party))),
        }
    }

    /// The total of the living.
    fn living(&self) -> Option<Figure> {
        match self.policy {
            Policy::Range => {
                let of = |category: Category| best_voices(self.mains(category, None));
                total_of_living(&of).map(|(settled, claims)| Figure::of(settled, claims))
            }
            Policy::Receiver | Policy::Sender => self.preferred(|party| self.living_of(party)),
            Policy::Both => self.agreed(|party| self.living_of(Some(party))),
        }
    }

    /// The total of the living as one party puts it; as anybody of the best voice does, where none is named.
    fn living_of(&self, party: Option<Party>) -> Option<Sum> {
        let of = |category: Category| latest_of_each_office(&best_voices(self.mains(category, party)));
        total_of_living(&of)
    }

    fn mains(&self, category: Category, party: Option<Party>) -> Vec<Saying<'a>> {
        let mentions = self.mentions.iter().filter(|mention| party.is_none() || mention.party() == party);
        mentions.filter_map(|mention| Some((mention, *mention.mains.get(&category)?))).collect()
    }

    /// What one party's claims come to; what everybody's do, where none is named.
    fn stand(&self, sayings: &[Saying<'a>], party: Option<Party>) -> Option<Sum> {
        let own: Vec<Saying<'a>> = sayings.iter().copied().filter(|(mention, _)| party.is_none() || mention.party() == party).collect();
        settled(&latest_of_each_office(&own))
    }

    /// The preferred party's number, else the other's, else whatever the best voices say. Without a number a party is silent.
    fn preferred(&self, stand: impl Fn(Option<Party>) -> Option<Sum>) -> Option<Figure> {
        let Direction { from, to } = self.direction;
        let order = if self.policy == Policy::Receiver { [to, from] } else { [from, to] };
        let stands = order.map(|party| stand(Some(party)));
        let numbered = stands.iter().flatten().find(|(settled, _)| !settled.is_unknown());
        let chosen = numbered.or_else(|| stands.iter().flatten().next()).cloned().or_else(|| stand(None));
        chosen.map(|(settled, claims)| Figure::of(settled, claims))
    }

    /// What both parties' claims have in common.
    fn agreed(&self, stand: impl Fn(Party) -> Option<Sum>) -> Option<Figure> {
        let Direction { from, to } = self.direction;
        let (sender, receiver) = (stand(from), stand(to));
        let claims = sender.iter().chain(&receiver).flat_map(|(_, claims)| claims.iter().copied()).collect();
        let number = |sum: &Option<Sum>| sum.as_ref().map(|(settled, _)| *settled).filter(|settled| !settled.is_unknown());
        match (number(&sender), number(&receiver)) {
            (Some(one), Some(other)) => {
                let bounds = one.bounds.intersection(other.bounds);
                let disputed = bounds.is_none() || one.disputed || other.disputed;
                Some(Figure { bounds, disputed, one_sided: false, counts: bounds.is_some(), claims })
            }
            (Some(only), None) | (None, Some(only)) => Some(Figure { bounds: Some(only.bounds), disputed: false, one_sided: true, counts: false, claims }),
            (None, None) if sender.is_none() && receiver.is_none() => None,
            (None, None) => {
                let one_sided = sender.is_none() || receiver.is_none();
                Some(Figure { bounds: Some(Bounds::UNKNOWN), disputed: false, one_sided, counts: false, claims })
            }
        }
    }
}

/// S, the sum of the settled categories, and P, the settled claims of `people`: one of them where only one exists or one's voice outranks the other's, else both settled.
fn total_of_living<'a>(sayings_of: &dyn Fn(Category) -> Vec<Saying<'a>>) -> Option<Sum> {
    let categories = [Category::Prisoners, Category::Civilians, Category::Children].map(sayings_of);
    let people = sayings_of(Category::People);
    let best = |sayings: &[Saying<'_>]| sayings.iter().map(|(mention, _)| mention.voice).max();
    let (best_of_sum, best_of_people) = (categories.iter().filter_map(|sayings| best(sayings)).max(), best(&people));
    let sum = categories.iter().filter_map(|sayings| settled(sayings)).reduce(|(one, claims), (other, more)| {
        let disputed = one.disputed || other.disputed;
        (Settled { bounds: one.bounds + other.bounds, disputed }, &claims | &more)
    });
    let people = settled(&people);
    match (sum, people) {
        (Some(sum), Some(people)) => match best_of_sum.cmp(&best_of_people) {
            std::cmp::Ordering::Greater => Some(sum),
            std::cmp::Ordering::Less => Some(people),
            std::cmp::Ordering::Equal => {
                let met = settle(&[sum.0.bounds, people.0.bounds])?;
                let disputed = met.disputed || sum.0.disputed || people.0.disputed;
                Some((Settled { disputed, ..met }, &sum.1 | &people.1))
            }
        },
        (sum, people) => sum.or(people),
    }
}

/// A lower voice is heard only where every higher one is silent.
fn best_voices(sayings: Vec<Saying<'_>>) -> Vec<Saying<'_>> {
    let best: Option<Voice> = sayings.iter().map(|(mention, _)| mention.voice).max();
    sayings.into_iter().filter(|(mention, _)| Some(mention.voice) == best).collect()
}

fn settled(sayings: &[Saying<'_>]) -> Option<Sum> {
    let bounds: Vec<Bounds> = sayings.iter().map(|&(_, bounds)| bounds).collect();
    let claims = sayings.iter().flat_map(|(mention, _)| mention.positions.iter().copied()).collect();
    settle(&bounds).map(|settled| (settled, claims))
}

/// The latest claims of each announcer (party and office) stand. Claims of one day stand together; a later claim whose bounds contain the earlier one's doesn't replace it.
fn latest_of_each_office<'a>(sayings: &[Saying<'a>]) -> Vec<Saying<'a>> {
    let mut offices: Vec<(&Announcer, Vec<Saying<'a>>)> = Vec::new();
    let mut standing = Vec::new();
    for &(mention, bounds) in sayings {
        let Some(announcer) = mention.announcer else {
            standing.push((mention, bounds));
            continue;
        };
        match offices.iter_mut().find(|(known, _)| known.same_office(announcer)) {
            Some((_, claims)) => claims.push((mention, bounds)),
            None => offices.push((announcer, vec![(mention, bounds)])),
        }
    }
    for (_, mut claims) in offices {
        claims.sort_by_key(|(mention, _)| mention.announced.span().latest);
        let mut latest: Vec<Saying<'a>> = Vec::new();
        for day in claims.chunk_by(|(one, _), (other, _)| one.announced.span().latest == other.announced.span().latest) {
            let wider = || settled(day).zip(settled(&latest)).is_some_and(|((later, _), (earlier, _))| later.bounds.contains(earlier.bounds));
            if latest.is_empty() || !wider() {
                latest = day.to_vec();
            }
        }
        standing.extend(latest);
    }
    standing
}
