use announcement::{Announcer, Category, Date, ExchangeKey, Kind, Party, Position, Publisher, Transfer};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    AsOf, Book, Direction, Out, Policy,
    claim::{Claim, Why},
    exchange::{FigureAnswer, View},
    figure::figures,
    timeline::{Exchange, line},
};

/// Who said what about one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dossier {
    /// Up to which record.
    pub as_of: AsOf,
    /// How figures are made.
    pub policy: Policy,
    /// The exchange.
    #[serde(flatten)]
    pub exchange: Exchange,
    /// Keys that were merged into it, and its own.
    pub also: Vec<ExchangeKey>,
    /// Every statement about it, by position.
    pub claims: Vec<Statement>,
    /// Where the claims differ.
    pub differences: Vec<Difference>,
}

/// A statement about an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Its place in the ledger.
    pub position: Position,
    /// When it was taken in.
    pub recorded: Timestamp,
    /// Who published it.
    pub publisher: Publisher,
    /// What kind it is.
    pub kind: Kind,
    /// When it was said.
    pub announced: Date,
    /// Who said it; `null` is an outlet's own voice or an unnamed source.
    pub announcer: Option<Announcer>,
    /// When the exchange took place, as it says.
    pub date: Option<Date>,
    /// The agreement that it names.
    pub framework: Option<String>,
    /// What it says was handed over.
    pub transfers: Vec<Transfer>,
    /// Whether it may enter a figure.
    pub live: bool,
    /// Why it's in no figure.
    pub out: Option<Out>,
    /// The recorded statement that it repeats.
    pub repeats: Option<Position>,
    /// The claim in whose place it stands.
    pub replaces: Option<Position>,
    /// The records that contest it.
    pub contested_by: Vec<Position>,
    /// The curation that says it's about this exchange.
    pub linked_by: Option<Position>,
}

/// Where claims differ: one direction and category, or the date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What differs: `count`, or `date`.
    pub field: &'static str,
    /// Who handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Party>,
    /// Who received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Party>,
    /// What.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// What the receiving side's claims come to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver: Option<FigureAnswer>,
    /// What the sending side's claims come to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<FigureAnswer>,
    /// The claims concerned.
    pub claims: Vec<Position>,
}

/// The dossier of an exchange, by any of its keys; `None` where no claim is about it.
#[must_use]
pub fn dossier(book: &Book, key: &ExchangeKey, policy: Policy) -> Option<Dossier> {
    let root = book.root(key);
    let view = View { book, root: &root };
    let is_whole = !book.stages(&root).is_empty();
    if book.members(&root).next().is_none() && !is_whole {
        return None;
    }
    let mut also: Vec<ExchangeKey> = book.members(&root).filter_map(|claim| claim.key.clone()).filter(|named| *named != root).collect();
    also.sort();
    also.dedup();
    Some(Dossier {
        as_of: AsOf::of(book),
        policy,
        exchange: line(book, &root, view.days(), policy),
        also,
        claims: book.members(&root).map(|claim| statement(book, claim)).collect(),
        differences: differences(&view),
    })
}

fn statement(book: &Book, claim: &Claim) -> Statement {
    let origin = book.origin(claim);
    let out = book.out(claim).or_else(|| origin.filter(|_| claim.is_of_completion()).map(|by| Out { why: Why::Relay, by }));
    Statement {
        position: claim.position,
        recorded: claim.recorded,
        publisher: claim.publisher.clone(),
        kind: claim.kind,
        announced: claim.announced,
        announcer: claim.announcer.clone(),
        date: claim.date,
        framework: claim.framework.clone(),
        transfers: claim.transfers.clone(),
        live: out.is_none(),
        out,
        repeats: origin,
        replaces: claim.replaces,
        contested_by: book.disputes(claim).map(|dispute| dispute.position).collect(),
        linked_by: claim.effects.pin.as_ref().map(|pin| pin.at),
    }
}

fn differences(view: &View<'_>) -> Vec<Difference> {
    let [range, receiver, sender] = [Policy::Range, Policy::Receiver, Policy::Sender].map(|policy| figures(view.book, view.root, policy));
    let mut differences = Vec::new();
    for (&(direction, category), figure) in range.iter().filter(|(_, figure)| figure.disputed) {
        let Direction { from, to } = direction;
        let side = |figures: &crate::Figures| figures.get(&(direction, category)).map(|figure| FigureAnswer::new(direction, category, figure));
        differences.push(Difference {
            field: "count",
            from: Some(from),
            to: Some(to),
            category: Some(category),
            receiver: side(&receiver),
            sender: side(&sender),
            claims: figure.claims.iter().copied().collect(),
        });
    }
    let outside = view.dates(Claim::is_of_completion).map(|(_, outside)| outside).unwrap_or_default();
    if !outside.is_empty() {
        differences.push(Difference { field: "date", from: None, to: None, category: None, receiver: None, sender: None, claims: outside });
    }
    differences
}
