use std::{cmp::Reverse, collections::BTreeMap};

use announcement::{Announcer, Bounds, Category, ExchangeKey, Party, Position, Relation, Span};

use crate::{
    Known,
    claim::{Claim, Counted, Handed, Pools, Way},
    intern::Id,
    lineage::{Origin, one_a_statement},
    settle::{Settled, settle},
};

/// From whom to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Direction {
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
}

/// Whose voice it is; a higher one silences the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Voice {
    Unnamed,
    Other,
    Party,
}

/// What one statement says of one direction of an exchange.
#[derive(Clone, Debug)]
pub(crate) struct Mention<'a> {
    pub(crate) claims: Vec<Position>,
    pub(crate) voice: Voice,
    pub(crate) announcer: Option<&'a Announcer>,
    pub(crate) announced: Span,
    pub(crate) said: Said,
    origins: &'a [Origin],
}

/// The sums of a direction's items, by category.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Said {
    /// Of items without `of`.
    mains: Sums,
    /// Of parts of `people`, by the category that they break down to.
    parts: Sums,
}

type Sums = [Option<Settled>; Category::ALL.len()];

impl Way {
    pub(crate) fn direction(self, pools: &Pools) -> Direction {
        Direction { from: *pools.parties.get(self.from), to: *pools.parties.get(self.to) }
    }
}

impl Mention<'_> {
    /// The party whose own claim it is.
    pub(crate) fn party(&self) -> Option<Party> {
        self.announcer.filter(|_| self.voice == Voice::Party).map(Announcer::voice)
    }
}

impl Said {
    pub(crate) fn of(pools: &Pools, handed: &Handed, way: Way) -> Self {
        Self { mains: mains(handed, way), parts: parts(pools, handed.items(way)) }
    }

    /// What it says of a category: items without `of`, and parts of `people`.
    pub(crate) fn of_category(&self, category: Category) -> Option<Settled> {
        add(self.mains[category as usize], self.parts[category as usize])
    }

    /// Its total of the living, where it gives one number for several categories together. Items without `of` are added up.
    pub(crate) fn people(&self) -> Option<Settled> {
        let people = self.mains[Category::People as usize]?;
        LIVING.into_iter().map(|category| self.mains[category as usize]).fold(Some(people), add)
    }

    /// What it says of a category as one of several that make up the living. A statement that gives `people` makes its total itself.
    pub(crate) fn summand(&self, category: Category) -> Option<Settled> {
        self.mains[category as usize].filter(|_| self.mains[Category::People as usize].is_none())
    }

    /// What it says of each category. A number of prisoners says nothing of all the living.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Category, Bounds)> {
        let of = |category| if category == Category::People { self.people() } else { self.of_category(category) };
        Category::ALL.into_iter().filter_map(move |category| Some((category, of(category)?.bounds)))
    }

    /// Whether it enters a figure of this category.
    pub(crate) fn says(&self, category: Category) -> bool {
        let living = || LIVING.into_iter().any(|category| self.mains[category as usize].is_some());
        self.of_category(category).is_some() || category == Category::People && living()
    }
}

/// The categories that make up the living.
pub(crate) const LIVING: [Category; 3] = [Category::Prisoners, Category::Civilians, Category::Children];

fn add(one: Option<Settled>, other: Option<Settled>) -> Option<Settled> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Settled { bounds: one.bounds + other.bounds, disputed: one.disputed || other.disputed }),
        (one, other) => one.or(other),
    }
}

fn sum<'a>(items: impl Iterator<Item = (Category, &'a Counted)>) -> Sums {
    let mut sums = Sums::default();
    for (category, item) in items {
        let sum = &mut sums[category as usize];
        *sum = add(*sum, Some(Settled { bounds: item.count.bounds(), disputed: false }));
    }
    sums
}

/// The items without `of`. "The same number of theirs": what has no number of its own takes the other direction's.
fn mains(handed: &Handed, way: Way) -> Sums {
    let of = |way: Way| sum(handed.items(way).iter().filter_map(|item| Some((item.main?, item))));
    let mut own = of(way);
    let Some((relation, other)) = way.relation.zip(handed.opposite(way)) else { return own };
    let names_none = own.iter().all(Option::is_none);
    for (own, other) in own.iter_mut().zip(of(other)) {
        let is_open = own.map_or(names_none, |own| own.bounds == Bounds::UNKNOWN);
        if let Some(other) = other.filter(|_| is_open) {
            let bounds = if relation == Relation::AboutEqual { other.bounds.a_tenth_wider() } else { other.bounds };
            *own = Some(Settled { bounds, disputed: false });
        }
    }
    own
}

fn parts(pools: &Pools, items: &[Counted]) -> Sums {
    let of_people = items.iter().filter(|item| item.of == Some(Category::People));
    let breakdown = |item: &Counted| match pools.texts.get(item.name) {
        "service-members" | "prisoners" => Some(Category::Prisoners),
        "civilians" => Some(Category::Civilians),
        "children" => Some(Category::Children),
        _ => None,
    };
    sum(of_people.filter_map(|item| Some((breakdown(item)?, item))))
}

/// What the live statements of an exchange say, by direction. Relays of recorded statements are left out; reports of one unrecorded statement are one.
pub(crate) fn mentions(book: Known<'_>, exchange: Id<ExchangeKey>) -> BTreeMap<Direction, Vec<Mention<'_>>> {
    let mut by_direction: BTreeMap<Direction, Vec<Mention<'_>>> = BTreeMap::new();
    let members = book.members(exchange);
    let lineage = book.lineage(&members);
    let heard = |claim: &&Claim| claim.is_of_completion() && book.is_live(claim) && lineage.origin(claim).is_none();
    for claim in members.iter().copied().filter(heard) {
        let announcer = claim.announcer.map(|announcer| book.pools().announcers.get(announcer));
        for &way in &claim.handed.ways {
            let direction = way.direction(book.pools());
            let mention = Mention {
                claims: vec![claim.position],
                voice: voice(announcer, |party| party == direction.from || party == direction.to),
                announcer,
                announced: claim.announced.span(),
                said: Said::of(book.pools(), &claim.handed, way),
                origins: lineage.origins(claim),
            };
            by_direction.entry(direction).or_default().push(mention);
        }
    }
    by_direction.into_iter().map(|(direction, mentions)| (direction, settled_reports(mentions))).collect()
}

impl Known<'_> {
    /// What a statement says was, or is to be, handed over, each direction and category by itself.
    pub(crate) fn counts(self, claim: &Claim) -> Vec<(Direction, Category, Bounds)> {
        let of_way = |&way: &Way| {
            let said = Said::of(self.pools(), &claim.handed, way);
            said.counts().map(|(category, bounds)| (way.direction(self.pools()), category, bounds)).collect::<Vec<_>>()
        };
        claim.handed.ways.iter().flat_map(of_way).collect()
    }
}

fn voice(announcer: Option<&Announcer>, takes_part: impl Fn(Party) -> bool) -> Voice {
    match announcer {
        None => Voice::Unnamed,
        Some(announcer) if takes_part(announcer.voice()) => Voice::Party,
        Some(_) => Voice::Other,
    }
}

impl Known<'_> {
    /// How much a claim weighs between two parties, as an exchange key writes them.
    pub(crate) fn voice_between(self, claim: &Claim, (one, other): (&str, &str)) -> Voice {
        let announcer = claim.announcer.map(|announcer| self.pools().announcers.get(announcer));
        voice(announcer, |party| {
            let part = party.key_part();
            part == one || part == other
        })
    }
}

/// Reports that name one origin are settled as one claim.
fn settled_reports(mentions: Vec<Mention<'_>>) -> Vec<Mention<'_>> {
    let mut merged: Vec<_> = one_a_statement(mentions, |mention| mention.origins).into_iter().filter_map(merge).collect();
    merged.sort_by(|one, other| one.claims.cmp(&other.claims));
    merged
}

fn merge(mut reports: Vec<Mention<'_>>) -> Option<Mention<'_>> {
    if reports.len() < 2 {
        return reports.pop();
    }
    let settled = |select: fn(&Said) -> &Sums| {
        let mut sums = Sums::default();
        for (category, sum) in sums.iter_mut().enumerate() {
            let bounds: Vec<Bounds> = reports.iter().filter_map(|report| select(&report.said)[category]).map(|said| said.bounds).collect();
            *sum = settle(&bounds);
        }
        sums
    };
    let said = Said { mains: settled(|said| &said.mains), parts: settled(|said| &said.parts) };
    let mut claims: Vec<Position> = reports.iter().flat_map(|report| report.claims.iter().copied()).collect();
    claims.sort();
    let best = reports.into_iter().min_by_key(|report| (Reverse(report.voice), report.claims.first().copied()))?;
    Some(Mention { claims, said, ..best })
}
