use std::collections::{BTreeMap, BTreeSet};

use announcement::{Announcer, ExchangeKey, Kind, Party, Position};
use serde::Serialize;

use crate::{AsOf, Between, Field, Known, Out, Standing, Why, channels::broken, cited::Cited, claim::Claim, exchange::View, intern::Id};

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
    /// Its live statements by kind; repeats of recorded ones are left out. Of each of these lists, where it's longer than [`MAX_CITED`](crate::MAX_CITED), the first.
    pub statements: BTreeMap<&'static str, Vec<Position>>,
    /// Its statements that are in no figure any more, why, and the record that made it so.
    pub replaced: Vec<Replaced>,
    /// Its live statements that somebody contests, and the records that do.
    pub contested: Vec<Contested>,
    /// Its live statements that later ones contradict: others', or its own.
    pub contradicted: Vec<Contradicted>,
    /// How many more there are than are listed, by the list's name or the statements' kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub more: BTreeMap<&'static str, usize>,
}

/// A statement that is in no figure any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
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

/// A statement of an office, and what became of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    announcer: Id<Announcer>,
    position: Position,
    became: Became,
}

#[derive(Clone, Copy, Debug)]
enum Became {
    Live { kind: Kind, is_contested: bool },
    Out(Out),
}

/// A statement, the first that contradicts it, and in which field they differ.
pub(crate) type Against = (Position, Position, Field);

/// What each office has said, and what became of it.
#[must_use]
pub fn offices(book: Known<'_>, query: &OfficesQuery) -> Offices {
    let mut found = Found { book, query, offices: BTreeMap::new(), of: Vec::new() };
    for view in book.exchanges().map(|id| View::new(book, id)) {
        let (heard, contradicted) = of_exchange(&view);
        found.hear(heard);
        for &(position, by, field) in contradicted {
            found.contradict(position, Contradiction { position, by: Some(by), exchange: view.id, field: Some(field) });
        }
    }
    let lineage = book.lineage(&[]);
    for claim in book.without_exchange().filter(|claim| lineage.origin(claim).is_none()) {
        found.hear(Heard::of(book, claim).as_slice());
    }
    for (position, exchange) in broken(book) {
        found.contradict(position, Contradiction { position, by: None, exchange, field: None });
    }
    let offices = found.offices.into_iter().map(|((party, office), said)| said.office(book, party, office.map(str::to_owned)));
    Offices { as_of: AsOf::of(book), offices: offices.collect(), next: None }
}

/// What offices say of an exchange, and what later statements contradict.
pub(crate) fn of_exchange<'v>(view: &'v View<'_>) -> (&'v [Heard], &'v [Against]) {
    (view.sheet().heard(|| heard(view)), view.sheet().contradicted(|| contradicted(view)))
}

/// What offices say of one exchange; repeats of recorded statements are left out.
fn heard(view: &View<'_>) -> Vec<Heard> {
    view.members().filter(|claim| view.origin(claim).is_none()).filter_map(|claim| Heard::of(view.book, claim)).collect()
}

/// What later statements contradict, each once. What was resolved, and what only reports of one statement make of it, is none.
fn contradicted(view: &View<'_>) -> Vec<Against> {
    let standing = view.discrepancies().iter().filter(|found| found.state != Standing::Resolved && found.between != Between::Reports);
    let mut contradicted: Vec<Against> = Vec::new();
    for found in standing {
        let by = found.since.position;
        let Some(later) = found.values.iter().find(|value| value.claims.contains(&by)) else { continue };
        let earlier = found.values.iter().filter(|value| later.differs(value)).flat_map(|value| &value.claims);
        contradicted.extend(earlier.filter(|&&position| position < by).map(|&position| (position, by, found.field)));
    }
    contradicted.sort_unstable();
    contradicted.dedup();
    contradicted
}

impl Heard {
    fn of(book: Known<'_>, claim: &Claim) -> Option<Self> {
        let live = || Became::Live { kind: claim.kind, is_contested: book.disputes(claim).next().is_some() };
        Some(Self { announcer: claim.announcer?, position: claim.position, became: book.out(claim).map_or_else(live, Became::Out) })
    }
}

/// A contradiction; of a channel it's the claims that an exchange took place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Contradiction {
    position: Position,
    by: Option<Position>,
    exchange: Id<ExchangeKey>,
    field: Option<Field>,
}

struct Found<'a, 'q> {
    book: Known<'a>,
    query: &'q OfficesQuery,
    offices: BTreeMap<(Party, Option<&'a str>), Said>,
    /// By announcer: whether its party is asked for, found out once.
    of: Vec<Option<bool>>,
}

#[derive(Default)]
struct Said {
    names: BTreeSet<String>,
    statements: BTreeMap<Kind, Cited>,
    replaced: Cited<Replaced>,
    contested: Cited,
    contradicted: Cited<Contradiction>,
}

impl<'a> Found<'a, '_> {
    fn office(&mut self, announcer: Id<Announcer>) -> Option<&mut Said> {
        let index = announcer.index();
        if self.of.len() <= index {
            self.of.resize(index + 1, None);
        }
        let by = self.book.pools().announcers.get(announcer);
        let is_new = self.of[index].is_none();
        let is_asked = *self.of[index].get_or_insert_with(|| self.query.party.is_none_or(|party| party == by.party));
        let said = is_asked.then(|| self.offices.entry((by.party, by.office.as_deref())).or_default())?;
        if is_new {
            said.names.extend(by.name.clone());
        }
        Some(said)
    }

    fn hear(&mut self, heard: &[Heard]) {
        for &Heard { announcer, position, became } in heard {
            let Some(said) = self.office(announcer) else { continue };
            match became {
                Became::Out(Out { why, by }) => said.replaced.extend([Replaced { position, why, by }]),
                Became::Live { kind, is_contested } => {
                    said.statements.entry(kind).or_default().extend([position]);
                    said.contested.extend(is_contested.then_some(position));
                }
            }
        }
    }

    fn contradict(&mut self, position: Position, contradiction: Contradiction) {
        let by = self.book.claim(position).and_then(|claim| claim.announcer);
        if let Some(said) = by.and_then(|announcer| self.office(announcer)) {
            said.contradicted.extend([contradiction]);
        }
    }
}

impl Said {
    fn office(self, book: Known<'_>, party: Party, office: Option<String>) -> Office {
        let mut more = BTreeMap::new();
        let mut note = |list: &'static str, left_out: usize| {
            if left_out > 0 {
                more.insert(list, left_out);
            }
        };
        let mut statements = BTreeMap::new();
        for (kind, said) in self.statements {
            let (said, left_out) = said.done();
            statements.insert(kind.as_str(), said);
            note(kind.as_str(), left_out);
        }
        let (replaced, left_out) = self.replaced.done();
        note("replaced", left_out);
        let (contested, left_out) = self.contested.done();
        note("contested", left_out);
        let (contradicted, left_out) = self.contradicted.done();
        note("contradicted", left_out);
        let disputes = |claim: &Claim| book.disputes(claim).map(|dispute| dispute.position).collect();
        let contested = contested.into_iter().filter_map(|position| Some(Contested { position, by: disputes(book.claim(position)?) }));
        let contested = contested.collect();
        let contradicted = contradicted.into_iter().map(|found| found.answer(book)).collect();
        Office { party, office, names: self.names, statements, replaced, contested, contradicted, more }
    }
}

impl Contradiction {
    fn answer(self, book: Known<'_>) -> Contradicted {
        let by = self.by.map_or_else(|| book.sheet(self.exchange).completions.to_vec(), |by| vec![by]);
        Contradicted { position: self.position, by, exchange: book.pools().keys.get(self.exchange).clone(), field: self.field }
    }
}
