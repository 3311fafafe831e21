use std::collections::{BTreeMap, BTreeSet};

use announcement::{ExchangeKey, Party, Position};
use serde::Serialize;

use crate::{AsOf, Helper, Known, claim::Claim, exchange::View, intern::Id};

/// Which third parties are asked for.
#[derive(Clone, Debug, Default)]
pub struct ThirdPartiesQuery {
    /// Only this one.
    pub party: Option<Party>,
}

/// What is credited to third parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThirdParties {
    /// Up to which record.
    pub as_of: AsOf,
    /// The third parties: those with a code by code, then the others by name.
    pub third_parties: Vec<Credited>,
    /// Always `null`: all third parties are on one page.
    pub next: Option<String>,
}

/// A third party, and who says that it helped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Credited {
    /// Its code. Those without one are told apart by name.
    pub party: Option<Party>,
    /// What it's called, in any of the statements.
    pub names: BTreeSet<String>,
    /// What each voice credits it with, in alphabetical order, unnamed sources last.
    pub credits: Vec<Credit>,
}

/// What one voice credits a third party with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Credit {
    /// Whose voice; `null` is an outlet's own or an unnamed source.
    pub by: Option<Party>,
    /// As what.
    pub role: &'static str,
    /// In which exchanges.
    pub exchanges: BTreeSet<ExchangeKey>,
    /// The statements that name no exchange.
    pub without_exchange: Vec<Position>,
    /// The statements.
    pub claims: Vec<Position>,
}

/// Who says it (unnamed sources last), and as what it helped.
type By = (bool, Option<Party>, &'static str);

/// The exchange that a statement is about, and the statement.
type Of = (Option<Id<ExchangeKey>>, Position);

#[derive(Default)]
struct Said<'a> {
    names: BTreeSet<&'a str>,
    credits: BTreeMap<By, Vec<Of>>,
}

/// What is credited to third parties. Repeats of recorded statements are left out.
#[must_use]
pub fn third_parties(book: Known<'_>, query: &ThirdPartiesQuery) -> ThirdParties {
    let mut found: BTreeMap<(Option<&str>, Option<Party>), Said<'_>> = BTreeMap::new();
    let mut take = |claim: &'_ Claim| {
        let by = claim.announcer.map(|announcer| book.pools().announcers.get(announcer).voice());
        for helper in claim.helpers.iter().map(|&helper| book.pools().helpers.get(helper)) {
            let Helper { name, party, role } = helper;
            // Those with a code come first.
            let said = found.entry((Some(name.as_str()).filter(|_| party.is_none()), *party)).or_default();
            said.names.insert(name);
            said.credits.entry((by.is_none(), by, role)).or_default().push((book.place(claim), claim.position));
        }
    };
    for view in book.exchanges().map(|id| View::new(book, id)).filter(|view| !view.sheet().helpers.is_empty()) {
        view.statements().filter(|claim| !claim.helpers.is_empty()).for_each(&mut take);
    }
    let lineage = book.lineage(&[]);
    let unplaced = book.unplaced().filter(|claim| !claim.helpers.is_empty());
    unplaced.filter(|claim| book.is_live(claim) && lineage.origin(claim).is_none()).for_each(&mut take);
    let asked = found.into_iter().filter(|((_, party), _)| query.party.is_none() || *party == query.party);
    ThirdParties { as_of: AsOf::of(book), third_parties: asked.map(|((_, party), said)| said.credited(book, party)).collect(), next: None }
}

impl Said<'_> {
    fn credited(self, book: Known<'_>, party: Option<Party>) -> Credited {
        let credit = |((_, by, role), mut said): (By, Vec<Of>)| {
            said.sort_by_key(|(_, position)| *position);
            said.dedup_by_key(|(_, position)| *position);
            Credit {
                by,
                role,
                exchanges: said.iter().filter_map(|(exchange, _)| *exchange).map(|exchange| book.pools().keys.get(exchange).clone()).collect(),
                without_exchange: said.iter().filter(|(exchange, _)| exchange.is_none()).map(|(_, position)| *position).collect(),
                claims: said.iter().map(|(_, position)| *position).collect(),
            }
        };
        Credited { party, names: self.names.into_iter().map(str::to_owned).collect(), credits: self.credits.into_iter().map(credit).collect() }
    }
}
