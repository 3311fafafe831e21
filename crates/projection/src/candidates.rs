use std::{fmt, str::FromStr};

use announcement::{Bounds, Category, ExchangeKey, Party, Position};
use serde::{Serialize, Serializer};

use crate::{
    AsOf, Days, Known, Valid,
    evidence::Evidence,
    near::{Near, Of, near},
};

/// Which candidates are asked for.
#[derive(Clone, Debug, Default)]
pub struct CandidatesQuery {
    /// When one of the two took place.
    pub valid: Valid,
    /// The last pair of the page before.
    pub after: Option<Pair>,
    /// How many pairs at most.
    pub limit: usize,
}

/// What may be one exchange and is kept as two. Nothing is linked by this: that's a curator's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Candidates {
    /// Up to which record.
    pub as_of: AsOf,
    /// The pairs, by key.
    pub candidates: Vec<Candidate>,
    /// Where the next page begins.
    pub next: Option<Pair>,
}

/// Two exchanges, or an exchange and a claim about none that is known, between the same parties and of the same kind.
///
/// Their days overlap or follow each other, and no count that both give shows them to be two. Equal counts alone bring no two together: they recur.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Candidate {
    /// The exchange; of two, the one whose key comes first.
    pub exchange: ExchangeKey,
    /// What may be the same.
    pub with: With,
    /// When the exchange took place.
    pub date: Days,
    /// When the other did.
    pub with_date: Days,
    /// What both give a count of, by direction and category.
    pub counts: Vec<Compared>,
    /// What speaks for it that they are one.
    #[serde(rename = "for")]
    pub evidence_for: Vec<For>,
    /// What speaks against it.
    pub against: Vec<Against>,
}

/// What may be the same as an exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum With {
    /// Another exchange.
    Exchange(ExchangeKey),
    /// A claim about no exchange that is known.
    Claim(Position),
}

/// Names a pair, as a page's end: the exchange's key, `~`, and the other's key or the claim's position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The exchange.
    pub exchange: ExchangeKey,
    /// What may be the same.
    pub with: With,
}

/// One count as each of the two gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Compared {
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
    /// What.
    pub category: Category,
    /// How many, as the exchange has it.
    pub exchange: Bounds,
    /// How many, as the other has it.
    pub with: Bounds,
}

/// What speaks for two being one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(tag = "evidence", rename_all = "kebab-case")]
pub enum For {
    /// Both may have taken place on these days.
    DatesOverlap {
        /// The days.
        days: Days,
    },
    /// Both give the same number, and no other.
    SameCounts {
        /// In how many directions, one or two.
        directions: usize,
    },
    /// Both are said to follow these agreements.
    SameFramework {
        /// The agreements.
        frameworks: Vec<String>,
    },
    /// Claims about one of them name the other, or repeat a statement about it.
    Named {
        /// The claims.
        claims: Vec<Position>,
    },
}

/// What speaks against two being one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(tag = "evidence", rename_all = "kebab-case")]
pub enum Against {
    /// One ended on the day before the other began.
    DatesApart,
    /// Some count of one can't be the other's.
    OtherCounts,
    /// A party has claims of its own about both: it may hold them for two.
    OwnClaims {
        /// The party.
        party: Party,
    },
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.with {
            With::Exchange(key) => write!(f, "{}~{key}", self.exchange),
            With::Claim(position) => write!(f, "{}~{position}", self.exchange),
        }
    }
}

impl FromStr for Pair {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pair = || {
            let (exchange, with) = text.split_once('~')?;
            let claim = || with.parse().ok().map(|position| With::Claim(Position::new(position)));
            let with = with.parse().ok().map(With::Exchange).or_else(claim)?;
            Some(Self { exchange: exchange.parse().ok()?, with })
        };
        pair().ok_or("expected an exchange key, ~, and another or a position")
    }
}

impl schemars::JsonSchema for Pair {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pair".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[^~]+~[^~]+$", "description": "A pair: the exchange's key, ~, and the other's key or the claim's position."})
    }
}

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The pairs that may be one exchange.
#[must_use]
pub fn candidates(book: Known<'_>, query: &CandidatesQuery) -> Candidates {
    let mut pairs: Vec<(Pair, Near<'_>)> = near(book).into_iter().map(|near| (Pair::of(book, &near), near)).collect();
    pairs.retain(|(_, near)| query.valid.takes(Some(near.days)) || query.valid.takes(Some(near.with_days)));
    pairs.retain(|(pair, _)| query.after.as_ref().is_none_or(|after| pair > after));
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut found = pairs.into_iter().filter_map(|(pair, near)| Candidate::of(book, pair, &near));
    let candidates: Vec<Candidate> = found.by_ref().take(query.limit.max(1)).collect();
    let last = candidates.last().filter(|_| found.next().is_some());
    let next = last.map(|last| Pair { exchange: last.exchange.clone(), with: last.with.clone() });
    Candidates { as_of: AsOf::of(book), candidates, next }
}

impl Pair {
    fn of(book: Known<'_>, near: &Near<'_>) -> Self {
        let key = |id| book.pools().keys.get(id).clone();
        let with = match near.with {
            Of::Exchange(id) => With::Exchange(key(id)),
            Of::Claim(claim) => With::Claim(claim.position),
        };
        Self { exchange: key(near.exchange), with }
    }
}

impl Candidate {
    fn of(book: Known<'_>, pair: Pair, near: &Near<'_>) -> Option<Self> {
        let evidence = Evidence::new(book, near)?;
        Some(Self {
            exchange: pair.exchange,
            with: pair.with,
            date: near.days.into(),
            with_date: near.with_days.into(),
            evidence_for: evidence.speaks_for(),
            against: evidence.speaks_against(),
            counts: near.counts.clone(),
        })
    }
}
