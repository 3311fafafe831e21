use std::collections::{BTreeMap, BTreeSet};

use announcement::{Announcer, ExchangeKey, Party, Position};
use serde::Serialize;

use crate::{
    AsOf, Between, ChannelsQuery, DiscrepanciesQuery, Field, Known, Standing, Why, channels::channels, claim::Claim, discrepancies::discrepancies,
    exchange::View,
};

/// Which offices are asked for.
#[derive(Clone, Debug, Default)]
pub struct OfficesQuery {
    /// Only those of this party.
    pub party: Option<Party>,
}

/// What offices have said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Offices {
    /// Up to which record.
    pub as_of: AsOf,
    /// The offices, by party and name.
    pub offices: Vec<Office>,
    /// Always `null`: all offices are on one page.
    pub next: Option<String>,
}

/// What one office has said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Office {
    /// Its party.
    pub party: Party,
    /// What it's called; `null` where only the party is named.
    pub office: Option<String>,
    /// Who spoke in it.
    pub names: BTreeSet<String>,
    /// Its live statements by kind; repeats of recorded ones are left out.
    pub statements: BTreeMap<&'static str, Vec<Position>>,
    /// Its statements that are in no figure any more, why, and the record that made it so.
    pub replaced: Vec<Replaced>,
    /// Its live statements that somebody contests, and the records that do.
    pub contested: Vec<Contested>,
    /// Its live statements that later ones contradict: others', or its own.
    pub contradicted: Vec<Contradicted>,
}

/// A statement that is in no figure any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Replaced {
    /// The statement.
    pub position: Position,
    /// Why.
    pub why: Why,
    /// The record that made it so.
    pub by: Position,
}

/// A statement that somebody contests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Contested {
    /// The statement.
    pub position: Position,
    /// The records that contest it.
    pub by: Vec<Position>,
}

/// A statement that later ones contradict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Contradicted {
    /// The statement.
    pub position: Position,
    /// The first that contradicts it; of a channel said to pause or to be blocked, the claims that an exchange took place since.
    pub by: Vec<Position>,
    /// The exchange.
    pub exchange: ExchangeKey,
    /// What differs; `null` for a channel.
    pub field: Option<Field>,
}

type Named<'a> = (Party, Option<&'a str>);

/// What each office has said, and what became of it.
#[must_use]
pub fn offices(book: Known<'_>, query: &OfficesQuery) -> Offices {
    let mut found: BTreeMap<Named<'_>, Office> = BTreeMap::new();
    let repeats = repeats(book);
    for claim in book.claims() {
        let Some(announcer) = announcer(book, claim).filter(|announcer| query.party.is_none_or(|party| party == announcer.party)) else { continue };
        if repeats.contains(&claim.position) {
            continue;
        }
        let office = found.entry(named(announcer)).or_insert_with(|| Office::new(announcer));
        office.names.extend(announcer.name.clone());
        office.take(book, claim);
    }
    for contradicted in contradictions(book) {
        let by = book.claim(contradicted.position).and_then(|claim| announcer(book, claim));
        if let Some(office) = by.and_then(|announcer| found.get_mut(&named(announcer))) {
            office.contradicted.push(contradicted);
        }
    }
    Offices { as_of: AsOf::of(book), offices: found.into_values().collect(), next: None }
}

fn announcer<'a>(book: Known<'a>, claim: &Claim) -> Option<&'a Announcer> {
    claim.announcer.map(|announcer| book.pools().announcers.get(announcer))
}

fn named(announcer: &Announcer) -> Named<'_> {
    (announcer.party, announcer.office.as_deref())
}

/// The reports that repeat recorded statements.
fn repeats(book: Known<'_>) -> BTreeSet<Position> {
    let views = book.exchanges().map(|id| View::new(book, id));
    let placed = views.flat_map(|view| view.members().filter(|claim| view.origin(claim).is_some()).map(|claim| claim.position).collect::<Vec<_>>());
    let lineage = book.lineage(&[]);
    let unplaced = book.unplaced().filter(|claim| lineage.origin(claim).is_some());
    placed.chain(unplaced.map(|claim| claim.position)).collect()
}

impl Office {
    fn new(announcer: &Announcer) -> Self {
        Self {
            party: announcer.party,
            office: announcer.office.clone(),
            names: BTreeSet::new(),
            statements: BTreeMap::new(),
            replaced: Vec::new(),
            contested: Vec::new(),
            contradicted: Vec::new(),
        }
    }

    fn take(&mut self, book: Known<'_>, claim: &Claim) {
        let position = claim.position;
        if let Some(out) = book.out(claim) {
            self.replaced.push(Replaced { position, why: out.why, by: out.by });
            return;
        }
        self.statements.entry(claim.kind.as_str()).or_default().push(position);
        let by: Vec<Position> = book.disputes(claim).map(|dispute| dispute.position).collect();
        if !by.is_empty() {
            self.contested.push(Contested { position, by });
        }
    }
}

/// What later statements contradict, by position. What was resolved, and what only reports of one statement make of it, is none.
fn contradictions(book: Known<'_>) -> BTreeSet<Contradicted> {
    let found = discrepancies(book, &DiscrepanciesQuery::default()).discrepancies;
    let standing = found.into_iter().filter(|found| found.state != Standing::Resolved && found.between != Between::Reports);
    let differing = standing.flat_map(|found| {
        let later = found.values.iter().find(|value| value.claims.contains(&found.since.position)).cloned();
        let earlier = found.values.into_iter().filter(move |value| later.as_ref().is_some_and(|later| later.differs(value)));
        let positions = earlier.flat_map(|value| value.claims).filter(move |&position| position < found.since.position);
        let (exchange, field, by) = (found.exchange, Some(found.field), vec![found.since.position]);
        positions.map(move |position| Contradicted { position, by: by.clone(), exchange: exchange.clone(), field }).collect::<Vec<_>>()
    });
    let statements = channels(book, &ChannelsQuery::default()).channels.into_iter().flat_map(|channel| channel.views).flat_map(|view| view.statements);
    let broken = statements.filter_map(|said| {
        let since = said.completed_since?;
        Some(Contradicted { position: said.position, by: since.claims, exchange: since.key, field: None })
    });
    differing.chain(broken).collect()
}
