use std::collections::{BTreeMap, BTreeSet};

use announcement::{Bounds, Category, Kind, Party, Position};
use serde::Serialize;

use crate::{
    AsOf, Direction, Gap, Known, Policy, SaidAt,
    settle::{Settled, settle},
    tally::{Sum, Tally},
};

/// Which agreements are asked for.
#[derive(Clone, Debug, Default)]
pub struct FrameworksQuery {
    /// How the figures of what was delivered are made.
    pub policy: Policy,
    /// Only this one.
    pub framework: Option<String>,
}

/// How much of what was agreed is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Frameworks {
    /// Up to which record.
    pub as_of: AsOf,
    /// How the figures of what was delivered are made.
    pub policy: Policy,
    /// The agreements, by name.
    pub frameworks: Vec<Framework>,
    /// Always `null`: all agreements are on one page.
    pub next: Option<String>,
}

/// An agreement, and the exchanges that are said to follow it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Framework {
    /// What it's called. Names that differ in a letter are two agreements.
    pub framework: String,
    /// The statements of what was agreed.
    pub agreed_by: Vec<SaidAt>,
    /// What was agreed, and what is delivered, by direction and category.
    pub terms: Vec<Term>,
}

/// One direction and category of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Term {
    /// Who hands over.
    pub from: Party,
    /// Who receives.
    pub to: Party,
    /// What.
    pub category: Category,
    /// What was agreed, the statements of it settled; `null` where none gives a number for this.
    pub agreed: Option<Settled>,
    /// The sum of the exchanges that somebody says follow it.
    pub delivered: Sum,
    /// What was agreed less what is delivered: below 0 where it's more than was agreed.
    pub remaining: Option<Gap>,
    /// The statements of what was agreed of this.
    pub claims: Vec<Position>,
}

type Place = (Direction, Category);

/// The agreements. Repeats of recorded statements are left out.
#[must_use]
pub fn frameworks(book: Known<'_>, query: &FrameworksQuery) -> Frameworks {
    let tally = Tally::new(book, query.policy);
    let lineage = book.lineage(&[]);
    let live = book.claims().filter(|claim| claim.kind == Kind::Agreement && book.is_live(claim) && lineage.origin(claim).is_none());
    let (named, mut delivered) = (tally.frameworks(), tally.delivered());
    let mut agreed: BTreeMap<&str, Agreed> = named.keys().map(|&name| (name, Agreed::default())).collect();
    for claim in live {
        let Some(name) = claim.framework.map(|framework| book.pools().texts.get(framework)) else { continue };
        let of = agreed.entry(name).or_default();
        of.by.push(SaidAt::of(claim));
        for (direction, category, bounds) in book.counts(claim) {
            of.terms.entry((direction, category)).or_default().push((bounds, claim.position));
        }
    }
    agreed.retain(|name, _| query.framework.as_ref().is_none_or(|asked| asked == name));
    let frameworks = agreed.into_iter().map(|(name, agreed)| {
        let delivered = named.get(name).and_then(|framework| delivered.remove(framework)).unwrap_or_default();
        agreed.framework(name, delivered)
    });
    let frameworks = frameworks.collect();
    Frameworks { as_of: AsOf::of(book), policy: query.policy, frameworks, next: None }
}

/// What statements say was agreed.
#[derive(Default)]
struct Agreed {
    by: Vec<SaidAt>,
    terms: BTreeMap<Place, Vec<(Bounds, Position)>>,
}

impl Agreed {
    fn framework(self, name: &str, mut delivered: BTreeMap<Place, Sum>) -> Framework {
        let places: BTreeSet<Place> = self.terms.keys().chain(delivered.keys()).copied().collect();
        let term = |place: Place| {
            let (direction, category) = place;
            let said = self.terms.get(&place).map_or(&[][..], |said| said);
            let agreed = settle(&said.iter().map(|(bounds, _)| *bounds).collect::<Vec<_>>());
            let delivered = delivered.remove(&place).unwrap_or_default();
            let done = delivered.low.map(|low| Bounds { low, high: delivered.high });
            Term {
                from: direction.from,
                to: direction.to,
                category,
                remaining: agreed.zip(done).map(|(agreed, done)| Gap::between(agreed.bounds, done)),
                agreed,
                delivered,
                claims: said.iter().map(|(_, position)| *position).collect(),
            }
        };
        Framework { framework: name.to_owned(), terms: places.into_iter().map(term).collect(), agreed_by: self.by }
    }
}
