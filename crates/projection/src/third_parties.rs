use std::collections::{BTreeMap, BTreeSet};

use announcement::{ExchangeKey, Kind, Party, Position};
use serde::Serialize;

use crate::{
    AsOf, Helper, Known, Valid,
    cited::{Cited, is_whole},
    exchange::View,
    intern::Id,
    sheet::{Crediting, credits},
};

/// Which third parties are asked for.
#[derive(Clone, Debug, Default)]
pub struct ThirdPartiesQuery {
    /// Only this one.
    pub party: Option<Party>,
    /// When the exchanges took place.
    pub valid: Valid,
}

/// What is credited to third parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ThirdParties {
    /// Up to which record.
    pub as_of: AsOf,
    /// The third parties: those with a code by code, then the others by name.
    pub third_parties: Vec<Credited>,
    /// Always `null`: all third parties are on one page.
    pub next: Option<String>,
}

/// A third party, and who says that it helped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Credited {
    /// Its code. Those without one are told apart by name.
    pub party: Option<Party>,
    /// What it's called, in any of the statements.
    pub names: BTreeSet<String>,
    /// What each voice credits it with, in alphabetical order, unnamed sources last.
    pub credits: Vec<Credit>,
}

/// What one voice credits a third party with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Credit {
    /// Whose voice; `null` is an outlet's own or an unnamed source.
    pub by: Option<Party>,
    /// As what.
    pub role: &'static str,
    /// In which exchanges; of more than [`MAX_CITED`](crate::MAX_CITED) the first by key.
    pub exchanges: Vec<ExchangeKey>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_whole")]
    pub more_exchanges: usize,
    /// Those of the statements that name no exchange; of very many the first.
    pub without_exchange: Vec<Position>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_whole")]
    pub more_without_exchange: usize,
    /// The statements; of very many the first.
    pub claims: Vec<Position>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_whole")]
    pub more_claims: usize,
}

/// Who says it (unnamed sources last), and as what it helped.
type By = (bool, Option<Party>, &'static str);

/// What is said of one third party.
#[derive(Default)]
struct Said<'a> {
    names: BTreeSet<&'a str>,
    credits: BTreeMap<By, Credits<'a>>,
}

/// What one voice credits it with as one thing.
#[derive(Default)]
struct Credits<'a> {
    exchanges: Cited<&'a ExchangeKey>,
    without_exchange: Cited,
    claims: Cited,
}

/// What is credited to third parties. Repeats of recorded statements are left out.
#[must_use]
pub fn third_parties(book: Known<'_>, query: &ThirdPartiesQuery) -> ThirdParties {
    let mut found = Found { book, query, said: BTreeMap::new() };
    for view in book.exchanges().map(|id| View::new(book, id)).filter(|view| !view.sheet().credits.is_empty() && query.valid.takes(view.days())) {
        found.take(Some(view.key()), view.sheet().credits.iter().copied());
    }
    let lineage = book.lineage(&[]);
    let kinds: &[Kind] = if query.valid == Valid::default() { &CREDITING } else { &[] };
    let unplaced = book.unplaced(kinds).filter(|claim| !claim.helpers.is_empty());
    for claim in unplaced.filter(|claim| book.is_live(claim) && lineage.origin(claim).is_none()) {
        found.take(None, credits(book, claim));
    }
    let third_parties = found.said.into_iter().map(|((_, party), said)| said.credited(party)).collect();
    ThirdParties { as_of: AsOf::of(book), third_parties, next: None }
}

/// The kinds of statements that may credit third parties with help.
const CREDITING: [Kind; 5] = [Kind::Planned, Kind::Completed, Kind::Confirmed, Kind::Agreement, Kind::Mediation];

struct Found<'a, 'q> {
    book: Known<'a>,
    query: &'q ThirdPartiesQuery,
    /// Those with a code come first; the others are told apart by name.
    said: BTreeMap<(Option<&'a str>, Option<Party>), Said<'a>>,
}

impl<'a> Found<'a, '_> {
    /// What is said of one exchange, or by a statement that names none.
    fn take(&mut self, exchange: Option<&'a ExchangeKey>, credits: impl Iterator<Item = Crediting>) {
        // Of each helper, voice and role an exchange is listed once, and so is a statement.
        let mut of_exchange: BTreeMap<(Id<Helper>, Option<Party>), BTreeSet<Position>> = BTreeMap::new();
        for (position, by, helper) in credits {
            of_exchange.entry((helper, by)).or_default().insert(position);
        }
        let mut listed = BTreeSet::new();
        for ((helper, by), mut claims) in of_exchange {
            let Helper { name, party, role } = self.book.pools().helpers.get(helper);
            if self.query.party.is_some() && *party != self.query.party {
                continue;
            }
            let who = (Some(name.as_str()).filter(|_| party.is_none()), *party);
            let said = self.said.entry(who).or_default();
            said.names.insert(name);
            let credits = said.credits.entry((by.is_none(), by, role)).or_default();
            // One statement may credit a third party twice, by two names.
            claims.retain(|&claim| listed.insert((who, by, *role, Some(claim))));
            credits.claims.extend(claims.iter().copied());
            match exchange {
                Some(exchange) => credits.exchanges.extend(listed.insert((who, by, *role, None)).then_some(exchange)),
                None => credits.without_exchange.extend(claims),
            }
        }
    }
}

impl Said<'_> {
    fn credited(self, party: Option<Party>) -> Credited {
        let credit = |((_, by, role), said): (By, Credits<'_>)| {
            let (exchanges, more_exchanges) = said.exchanges.done();
            let (without_exchange, more_without_exchange) = said.without_exchange.done();
            let (claims, more_claims) = said.claims.done();
            let exchanges = exchanges.into_iter().cloned().collect();
            Credit { by, role, exchanges, more_exchanges, without_exchange, more_without_exchange, claims, more_claims }
        };
        Credited { party, names: self.names.into_iter().map(str::to_owned).collect(), credits: self.credits.into_iter().map(credit).collect() }
    }
}
