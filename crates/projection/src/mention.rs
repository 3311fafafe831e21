use std::collections::{BTreeMap, BTreeSet};

use announcement::{Announcer, Bounds, Category, Date, ExchangeKey, Item, Origin, Party, Position, Relation, Transfer};

use crate::{
    Book,
    claim::{Claim, Voice},
};

/// From whom to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Direction {
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
}

/// What one statement says of one direction of an exchange.
#[derive(Clone, Debug)]
pub(crate) struct Mention<'a> {
    pub(crate) positions: BTreeSet<Position>,
    pub(crate) voice: Voice,
    pub(crate) announcer: Option<&'a Announcer>,
    pub(crate) announced: Date,
    /// The sums of its items without `of`.
    pub(crate) mains: BTreeMap<Category, Bounds>,
    /// Its parts of `people`, by the category that they break down to.
    pub(crate) parts: BTreeMap<Category, Bounds>,
    origins: &'a [Origin],
}

impl Mention<'_> {
    /// The party whose claim it is, where it's a party's.
    pub(crate) fn party(&self) -> Option<Party> {
        self.announcer.filter(|_| self.voice == Voice::Party).map(Announcer::voice)
    }
}

/// What the live statements of an exchange say, by direction. Relays of recorded statements are left out; reports of one unrecorded statement are one.
pub(crate) fn mentions<'a>(book: &'a Book, key: &ExchangeKey) -> BTreeMap<Direction, Vec<Mention<'a>>> {
    let mut by_direction: BTreeMap<Direction, Vec<Mention<'a>>> = BTreeMap::new();
    let heard = |claim: &&Claim| claim.is_of_completion() && book.out(claim).is_none() && book.origin(claim).is_none();
    for claim in book.members(key).filter(heard) {
        for transfer in &claim.transfers {
            let direction = Direction { from: transfer.from, to: transfer.to };
            let (mains, parts) = (mains(transfer, &claim.transfers), parts(transfer));
            let mention = Mention {
                positions: BTreeSet::from([claim.position]),
                voice: claim.voice(key),
                announcer: claim.announcer.as_ref(),
                announced: claim.announced,
                mains,
                parts,
                origins: &claim.origins,
            };
            by_direction.entry(direction).or_default().push(mention);
        }
    }
    by_direction.into_iter().map(|(direction, mentions)| (direction, one_a_statement(mentions))).collect()
}

/// Whether a claim says anything of a category in a direction.
pub(crate) fn says(claim: &Claim, direction: Direction, category: Category) -> bool {
    let transfers = claim.transfers.iter().filter(|transfer| transfer.from == direction.from && transfer.to == direction.to);
    transfers.into_iter().any(|transfer| {
        let (mains, parts) = (mains(transfer, &claim.transfers), parts(transfer));
        let living = |category: &Category| *category != Category::Bodies;
        mains.contains_key(&category) || parts.contains_key(&category) || category == Category::People && mains.keys().any(living)
    })
}

/// The sums of a transfer's items without `of`. "The same number of theirs": where it has no count of its own it takes the other direction's.
fn mains(transfer: &Transfer, all: &[Transfer]) -> BTreeMap<Category, Bounds> {
    let mut mains = sums(transfer);
    let Some(relation) = transfer.relation else { return mains };
    let other = all.iter().find(|other| other.from == transfer.to && other.to == transfer.from);
    for (category, bounds) in other.map(sums).unwrap_or_default() {
        let bounds = if relation == Relation::AboutEqual { bounds.a_tenth_wider() } else { bounds };
        let own = mains.entry(category).or_insert(bounds);
        if *own == Bounds::UNKNOWN {
            *own = bounds;
        }
    }
    mains
}

fn sums(transfer: &Transfer) -> BTreeMap<Category, Bounds> {
    let mut sums: BTreeMap<Category, Bounds> = BTreeMap::new();
    for (category, item) in transfer.counts.iter().filter_map(|item| Some((item.main()?, item))) {
        let sum = sums.entry(category).or_insert(Bounds::exact(0));
        *sum = *sum + item.count.bounds();
    }
    sums
}

fn parts(transfer: &Transfer) -> BTreeMap<Category, Bounds> {
    let mut parts: BTreeMap<Category, Bounds> = BTreeMap::new();
    let of_people = transfer.counts.iter().filter(|item| item.of == Some(Category::People));
    for (category, item) in of_people.filter_map(|item| Some((breakdown(item)?, item))) {
        let sum = parts.entry(category).or_insert(Bounds::exact(0));
        *sum = *sum + item.count.bounds();
    }
    parts
}

fn breakdown(part: &Item) -> Option<Category> {
    match part.category.as_str() {
        "service-members" | "prisoners" => Some(Category::Prisoners),
        "civilians" => Some(Category::Civilians),
        "children" => Some(Category::Children),
        _ => None,
    }
}

/// Reports that name one origin are settled as one claim.
fn one_a_statement(mentions: Vec<Mention<'_>>) -> Vec<Mention<'_>> {
    let mut statements: Vec<Vec<Mention<'_>>> = Vec::new();
    for mention in mentions {
        let shares = |statement: &Vec<Mention<'_>>| statement.iter().any(|other| other.origins.iter().any(|origin| mention.origins.contains(origin)));
        let (sharing, rest): (Vec<_>, Vec<_>) = statements.into_iter().partition(shares);
        statements = rest;
        let mut statement: Vec<_> = sharing.into_iter().flatten().collect();
        statement.push(mention);
        statements.push(statement);
    }
    let mut merged: Vec<_> = statements.into_iter().filter_map(merge).collect();
    merged.sort_by(|one, other| one.positions.cmp(&other.positions));
    merged
}

fn merge(reports: Vec<Mention<'_>>) -> Option<Mention<'_>> {
    let settled = |select: for<'m> fn(&'m Mention<'_>) -> &'m BTreeMap<Category, Bounds>| {
        let mut all: BTreeMap<Category, Vec<Bounds>> = BTreeMap::new();
        for (&category, &bounds) in reports.iter().flat_map(select) {
            all.entry(category).or_default().push(bounds);
        }
        all.into_iter().filter_map(|(category, bounds)| Some((category, crate::settle(&bounds)?.bounds))).collect::<BTreeMap<_, _>>()
    };
    let (mains, parts) = (settled(|report| &report.mains), settled(|report| &report.parts));
    let positions = reports.iter().flat_map(|report| report.positions.iter().copied()).collect();
    let best = reports.into_iter().min_by_key(|report| (std::cmp::Reverse(report.voice), report.positions.first().copied()))?;
    Some(Mention { positions, mains, parts, ..best })
}
