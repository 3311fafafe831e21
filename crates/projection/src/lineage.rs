use std::{
    collections::{BTreeSet, HashMap},
    hash::BuildHasher,
};

use announcement::{Position, Publisher, Target};
use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};
use uuid::Uuid;

use crate::{
    Book, Known, Why,
    claim::{Address, Claim, Pools, address},
    intern::Id,
};

/// How many statements are looked at to see whether reports name each other in a circle.
const MAX_WALK: usize = 64;

/// An event's source and id.
pub(crate) type Event = (Id<str>, Uuid);

/// Which records have which source and id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    /// By position.
    names: Vec<Event>,
    /// Where each name stands among them first. The table holds four bytes a record and no name a second time.
    first: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Further publishers' events of the same source and id.
    others: HashMap<Event, Vec<Position>>,
    /// The reports that name an event, recorded or not, by position.
    reports: HashMap<Event, Vec<Position>>,
}

/// What a report repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    Event { source: Id<str>, id: Uuid, publisher: Option<Id<Publisher>> },
    Address(Address),
}

impl Origin {
    pub(crate) fn new(pools: &mut Pools, origin: &announcement::Origin) -> Self {
        match origin {
            announcement::Origin::Event(target) => Self::Event {
                source: pools.texts.intern(&target.source),
                id: target.id,
                publisher: target.publisher.as_ref().map(|publisher| pools.publishers.intern(publisher)),
            },
            announcement::Origin::Address(text) => Self::Address(address(text)),
        }
    }

    /// Whoever is said to have published it.
    pub(crate) const fn of_any_publisher(self) -> Self {
        match self {
            Self::Event { source, id, .. } => Self::Event { source, id, publisher: None },
            Self::Address(_) => self,
        }
    }
}

/// Where names stand follows from the names.
impl PartialEq for Events {
    fn eq(&self, other: &Self) -> bool {
        (&self.names, &self.others, &self.reports) == (&other.names, &other.others, &other.reports)
    }
}

impl Events {
    /// Adds the next record's.
    pub(crate) fn insert(&mut self, event: Event, position: Position) {
        self.names.push(event);
        self.index(event, position);
    }

    /// The same of one that was read, which is found only after [`index_all`](Self::index_all).
    pub(crate) fn push(&mut self, event: Event) {
        self.names.push(event);
    }

    pub(crate) fn index_all(&mut self) {
        let (names, hasher) = (&self.names, &self.hasher);
        self.first.reserve(names.len(), |&at| hasher.hash_one(names[at as usize]));
        for index in 0..self.names.len() {
            self.index(self.names[index], Position::new(index as u64));
        }
    }

    fn index(&mut self, event: Event, position: Position) {
        let (names, hasher) = (&self.names, &self.hasher);
        let at = u32::try_from(position.get()).expect("fewer than 2^32 records fit into memory");
        match self.first.entry(hasher.hash_one(event), |&at| names[at as usize] == event, |&at| hasher.hash_one(names[at as usize])) {
            Entry::Vacant(place) => drop(place.insert(at)),
            Entry::Occupied(first) if *first.get() == at => {}
            Entry::Occupied(_) => self.others.entry(event).or_default().push(position),
        }
    }

    /// A report names its origins.
    pub(crate) fn insert_report(&mut self, position: Position, origins: &[Origin]) {
        for origin in origins {
            if let &Origin::Event { source, id, .. } = origin {
                self.reports.entry((source, id)).or_default().push(position);
            }
        }
    }

    /// A report says no more what it repeats.
    pub(crate) fn forget_report(&mut self, position: Position, origins: &[Origin]) {
        for origin in origins {
            if let &Origin::Event { source, id, .. } = origin
                && let Some(reports) = self.reports.get_mut(&(source, id))
            {
                reports.retain(|&report| report != position);
                if reports.is_empty() {
                    self.reports.remove(&(source, id));
                }
            }
        }
    }

    /// The reports that name a record, or another publisher's of the same source and id.
    pub(crate) fn reports(&self, record: Position) -> impl Iterator<Item = Position> {
        let event = usize::try_from(record.get()).ok().and_then(|index| self.names.get(index));
        event.and_then(|event| self.reports.get(event)).into_iter().flatten().copied()
    }

    /// The source and id of each record.
    pub(crate) fn names(&self) -> &[Event] {
        &self.names
    }

    /// Makes room for so many.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.names.reserve(count);
    }

    fn find(&self, source: Id<str>, id: Uuid) -> impl Iterator<Item = Position> {
        let first = self.first.find(self.hasher.hash_one((source, id)), |&at| self.names[at as usize] == (source, id));
        first.map(|&at| Position::new(u64::from(at))).into_iter().chain(self.others.get(&(source, id)).into_iter().flatten().copied())
    }
}

impl Book {
    /// The record that a target names: the named publisher's, else the sender's own, else the only one.
    pub(crate) fn resolve(&self, target: &Target, sender: Id<Publisher>) -> Option<Position> {
        let source = self.pools.texts.find(target.source.as_str())?;
        let mut found = self.events.find(source, target.id);
        match &target.publisher {
            Some(publisher) => {
                let publisher = self.pools.publishers.find(publisher)?;
                found.find(|&position| self.is_by(position, publisher))
            }
            None => {
                let found: Vec<Position> = found.collect();
                let own = found.iter().copied().find(|&position| self.is_by(position, sender));
                own.or_else(|| found.first().copied().filter(|_| found.len() == 1))
            }
        }
    }

    fn is_by(&self, position: Position, publisher: Id<Publisher>) -> bool {
        self.claim(position).is_some_and(|claim| claim.publisher == publisher)
    }
}

impl<'a> Known<'a> {
    /// What claims on one exchange repeat.
    pub(crate) fn lineage(self, members: &[&Claim]) -> Lineage<'a> {
        let mut first_at = HashMap::new();
        if members.iter().any(|claim| self.origins_of(claim).iter().any(|origin| matches!(origin, Origin::Address(_)))) {
            for claim in members.iter().filter(|claim| claim.is_of_completion() && claim.statement == claim.position) {
                let taken_out = self.out(claim).is_some_and(|out| matches!(out.why, Why::Quarantined | Why::Redacted));
                if let Some(address) = claim.address.filter(|_| !taken_out) {
                    first_at.entry(address).or_insert(claim.position);
                }
            }
        }
        Lineage { book: self, first_at }
    }

    /// What a claim names as its origins.
    pub(crate) fn origins_of(self, claim: &Claim) -> &'a [Origin] {
        if claim.is_report { self.book().origins.get(&claim.position).map_or(&[], |origins| origins) } else { &[] }
    }
}

/// What the claims of one exchange repeat: recorded statements, or ones that nobody recorded.
pub(crate) struct Lineage<'a> {
    book: Known<'a>,
    /// The exchange's first claim that was read at an address. An address says nothing about claims on other exchanges.
    first_at: HashMap<Address, Position>,
}

impl<'a> Lineage<'a> {
    /// The recorded statement that a claim repeats, whose counts stand in its place.
    ///
    /// Where statements name each other in a circle, the earliest of them is nobody's repetition.
    pub(crate) fn origin(&self, claim: &Claim) -> Option<Position> {
        self.recorded(claim).into_iter().find(|&origin| !self.leads_back(origin, claim))
    }

    /// What a claim names as its origins.
    pub(crate) fn origins(&self, claim: &Claim) -> &'a [Origin] {
        self.book.origins_of(claim)
    }

    fn recorded(&self, claim: &Claim) -> Vec<Position> {
        let event = |&origin: &Origin| match origin {
            Origin::Event { source, id, publisher } => {
                let found = || self.book.book().events.find(source, id).filter(|&position| self.book.sees(position));
                let by = |wanted: Id<Publisher>| found().find(|&position| self.book.book().is_by(position, wanted));
                publisher.map_or_else(|| by(claim.publisher).or_else(|| found().next()), by)
            }
            Origin::Address(address) => self.first_at.get(&address).copied(),
        };
        let found = self.book.origins_of(claim).iter().filter_map(event).filter_map(|position| self.book.claim(position));
        let same_kind = |origin: &&Claim| origin.kind == claim.kind || origin.is_of_completion() && claim.is_of_completion();
        found.filter(same_kind).map(|origin| origin.statement).filter(|&origin| origin != claim.statement).collect()
    }

    /// Whether an origin that was recorded later repeats the claim in its turn, through statements that are all later than the claim.
    fn leads_back(&self, origin: Position, claim: &Claim) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![origin];
        while let Some(position) = waiting.pop() {
            if position == claim.statement {
                return true;
            }
            if position > claim.statement && seen.len() < MAX_WALK && seen.insert(position) {
                waiting.extend(self.book.claim(position).map(|statement| self.recorded(statement)).unwrap_or_default());
            }
        }
        false
    }
}

/// Puts together what names one origin, also through a third that names both.
pub(crate) fn one_a_statement<'a, T>(all: Vec<T>, origins: impl Fn(&T) -> &'a [Origin]) -> Vec<Vec<T>> {
    let mut statements: Vec<Vec<T>> = Vec::with_capacity(all.len());
    // Where a statement turned out to be the same as an earlier one, this points at it.
    let mut same_as: Vec<usize> = Vec::with_capacity(all.len());
    let mut naming: HashMap<Origin, usize> = HashMap::new();
    for one in all {
        let mut statement = statements.len();
        statements.push(Vec::new());
        same_as.push(statement);
        for origin in origins(&one) {
            let known = earliest(&mut same_as, *naming.entry(origin.of_any_publisher()).or_insert(statement));
            let (first, second) = (known.min(statement), known.max(statement));
            let reports = if first == second { Vec::new() } else { std::mem::take(&mut statements[second]) };
            statements[first].extend(reports);
            same_as[second] = first;
            statement = first;
        }
        statements[statement].push(one);
    }
    statements.retain(|reports| !reports.is_empty());
    statements
}

/// Follows to the statement that stands for this one, and shortens the way for the next.
fn earliest(same_as: &mut [usize], mut statement: usize) -> usize {
    while same_as[statement] != statement {
        same_as[statement] = same_as[same_as[statement]];
        statement = same_as[statement];
    }
    statement
}
