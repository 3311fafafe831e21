use std::collections::{BTreeMap, BTreeSet};

use announcement::{Announcer, Bounds, Category, ExchangeKey, Kind, Party, Position, Publisher};
use serde::Serialize;

use crate::{AsOf, Direction, Known, SaidAt, Why, claim::Claim, exchange::View, lineage::one_a_statement};

/// The lineage of the statements about one exchange: which are independent, and which are copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Lineages {
    /// Up to which record.
    pub as_of: AsOf,
    /// The exchange.
    pub exchange: ExchangeKey,
    /// The statements, each with its reports, by their first record.
    pub statements: Vec<Told>,
    /// Always `null`: all statements are on one page.
    pub next: Option<String>,
}

/// One statement, however often it was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Told {
    /// What kind it is.
    pub kind: Kind,
    /// The recorded statement that the reports repeat; `null` where nobody recorded it.
    pub origin: Option<Position>,
    /// Why the origin is in no figure; its reports aren't either.
    pub origin_out: Option<Why>,
    /// The first record of it.
    pub first: SaidAt,
    /// The records of it, the origin among them, by position.
    pub reports: Vec<Telling>,
    /// Where the records give different counts: each of them.
    pub variants: Vec<Variant>,
}

/// A record of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Telling {
    /// The record.
    #[serde(flatten)]
    pub said: SaidAt,
    /// Who published it.
    pub publisher: Publisher,
    /// Who is said to have made the statement.
    pub announcer: Option<Announcer>,
}

/// A count that some records of a statement give, and others don't.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Variant {
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
    /// What.
    pub category: Category,
    /// How many; `null` where the records say nothing of it.
    pub count: Option<Bounds>,
    /// The records.
    pub claims: Vec<Position>,
}

/// The lineage of the live statements about an exchange, by any of its keys; `None` where no claim is about it.
#[must_use]
pub fn lineage(book: Known<'_>, key: &ExchangeKey) -> Option<Lineages> {
    let id = book.exchange(key).filter(|&id| book.has_members(id))?;
    let view = View::new(book, id);
    let mut told: BTreeMap<Position, Vec<&Claim>> = BTreeMap::new();
    let mut own: Vec<&Claim> = Vec::new();
    for claim in view.members().filter(|claim| book.is_live(claim)) {
        match view.origin(claim) {
            Some(origin) => told.entry(book.standing(origin)).or_default().push(claim),
            None => own.push(claim),
        }
    }
    let mut statements: Vec<Told> = Vec::new();
    for claims in one_a_statement(own, |claim| book.origins_of(claim)) {
        // What others repeat is their origin; else a statement that names an origin is a report of one that nobody recorded.
        let origin = claims.iter().map(|claim| claim.position).find(|position| told.contains_key(position));
        let copies = claims.iter().filter_map(|claim| told.remove(&claim.position)).flatten().collect::<Vec<_>>();
        let is_recorded = claims.iter().any(|claim| book.origins_of(claim).is_empty());
        let origin = origin.or_else(|| claims.first().map(|claim| claim.position).filter(|_| is_recorded));
        statements.extend(Told::of(book, origin, [claims, copies].concat()));
    }
    // Their origin is about another exchange, or in no figure any more.
    for (origin, claims) in told {
        statements.extend(Told::of(book, Some(origin), claims));
    }
    statements.sort_by_key(|told| told.first.position);
    Some(Lineages { as_of: AsOf::of(book), exchange: view.key().clone(), statements, next: None })
}

impl Told {
    fn of(book: Known<'_>, origin: Option<Position>, mut claims: Vec<&Claim>) -> Option<Self> {
        claims.sort_by_key(|claim| claim.position);
        let first = *claims.first()?;
        let telling = |claim: &&Claim| Telling {
            said: SaidAt::of(claim),
            publisher: book.pools().publishers.get(claim.publisher).clone(),
            announcer: claim.announcer.map(|announcer| book.pools().announcers.get(announcer).clone()),
        };
        Some(Self {
            kind: first.kind,
            origin,
            origin_out: origin.and_then(|origin| book.out(book.claim(origin)?)).map(|out| out.why),
            first: SaidAt::of(first),
            reports: claims.iter().map(telling).collect(),
            variants: variants(book, &claims),
        })
    }
}

/// What one record says.
type Counts = BTreeMap<(Direction, Category), Bounds>;

fn variants(book: Known<'_>, claims: &[&Claim]) -> Vec<Variant> {
    let counts: Vec<(Position, Counts)> = claims
        .iter()
        .map(|claim| (claim.position, book.counts(claim).into_iter().map(|(direction, category, bounds)| ((direction, category), bounds)).collect()))
        .collect();
    let places: BTreeSet<(Direction, Category)> = counts.iter().flat_map(|(_, counts)| counts.keys().copied()).collect();
    let of_place = |place: (Direction, Category)| {
        let mut values: Vec<Variant> = Vec::new();
        for (position, counts) in &counts {
            let count = counts.get(&place).copied();
            match values.iter_mut().find(|variant| variant.count == count) {
                Some(variant) => variant.claims.push(*position),
                None => values.push(Variant { from: place.0.from, to: place.0.to, category: place.1, count, claims: vec![*position] }),
            }
        }
        if values.len() > 1 { values } else { Vec::new() }
    };
    places.into_iter().flat_map(of_place).collect()
}
