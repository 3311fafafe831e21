use announcement::{Announcer, Category, Date, ExchangeKey, Kind, Party, Position, Publisher, Transfer};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    Act, AsOf, Direction, Exchange, Helper, Known, Out, Policy, Why,
    claim::Claim,
    exchange::{FigureAnswer, View},
    figure::Figures,
    timeline::line,
};

/// Who said what about one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Dossier {
    /// Up to which record.
    pub as_of: AsOf,
    /// How figures are made.
    pub policy: Policy,
    /// The exchange.
    #[serde(flatten)]
    pub exchange: Exchange,
    /// Other keys by which its claims name it.
    pub also: Vec<ExchangeKey>,
    /// The merges of keys that concern it.
    pub merges: Vec<Merging>,
    /// Every statement about it, and what contests one, by position.
    pub claims: Vec<Statement>,
    /// Aggregates and findings that name it in their scope.
    pub mentioned_by: Vec<Position>,
    /// Where the claims differ.
    pub differences: Vec<Difference>,
}

/// A curator said that two keys are one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Merging {
    /// The record that says so.
    pub position: Position,
    /// This key's claims
    pub from: ExchangeKey,
    /// are about this exchange.
    pub into: ExchangeKey,
    /// It has none where the two were one already: a circle is never closed.
    pub effect: bool,
}

/// A statement about an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Statement {
    /// Its place in the ledger.
    pub position: Position,
    /// When it was taken in.
    #[schemars(with = "announcement::Instant")]
    pub recorded: Timestamp,
    /// Who published it.
    pub publisher: Publisher,
    /// What kind it is; of a correction, the kind of what it puts in the claim's place.
    pub kind: Kind,
    /// When it was said.
    pub announced: Date,
    /// Who said it; `null` is an outlet's own voice or an unnamed source.
    pub announcer: Option<Announcer>,
    /// The exchange that it names, or that its date and transfers give.
    pub names: Option<ExchangeKey>,
    /// When the exchange took place, as it says.
    pub date: Option<Date>,
    /// The agreement that it names.
    pub framework: Option<String>,
    /// The exchange that it calls this one a stage of.
    pub part_of: Option<ExchangeKey>,
    /// What it says was handed over, as announced.
    pub transfers: Vec<Transfer>,
    /// Whom it credits with help.
    pub third_parties: Vec<Helper>,
    /// Whether it may enter a figure.
    pub live: bool,
    /// Why it's in no figure.
    pub out: Option<Out>,
    /// The recorded statement that it repeats.
    pub repeats: Option<Position>,
    /// The claim in whose place it stands.
    pub replaces: Option<Position>,
    /// The claim that it contests.
    pub contests: Option<Position>,
    /// The records that contest it.
    pub contested_by: Vec<Position>,
    /// The curation that says it's about this exchange.
    pub linked_by: Option<Position>,
    /// What later records did to it, in their order.
    pub acts: Vec<Act>,
}

/// Where claims differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Difference {
    /// What differs: `count`, `composition` (of a total of the living that itself isn't disputed) or `date`.
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
pub fn dossier(book: Known<'_>, key: &ExchangeKey, policy: Policy) -> Option<Dossier> {
    let id = book.exchange(key)?;
    let view = View::new(book, id);
    if !view.line.is_known() {
        return None;
    }
    let mut also: Vec<ExchangeKey> =
        view.members().filter_map(|claim| claim.key).filter(|&named| named != id).map(|named| book.pools().keys.get(named).clone()).collect();
    also.sort();
    also.dedup();
    let root = book.root(id);
    let merges = book.merges().filter(|merge| book.root(merge.from) == root || book.root(merge.into) == root);
    Some(Dossier {
        as_of: AsOf::of(book),
        policy,
        exchange: line(&view, policy),
        also,
        merges: merges.map(|merge| merging(book, merge)).collect(),
        claims: statements(&view),
        mentioned_by: book.mentions_of(id),
        differences: differences(&view),
    })
}

fn merging(book: Known<'_>, merge: &crate::book::Merged) -> Merging {
    let key = |id| book.pools().keys.get(id).clone();
    Merging { position: merge.at, from: key(merge.from), into: key(merge.into), effect: merge.has_effect }
}

fn statements(view: &View<'_>) -> Vec<Statement> {
    let book = view.book;
    let mut statements: Vec<Statement> = view.members().map(|claim| statement(view, claim)).collect();
    for claim in view.members() {
        statements.extend(book.contests(claim.position).map(|dispute| Statement { contests: Some(claim.position), ..statement(view, dispute) }));
    }
    // A dispute that names the exchange as its subject is there twice; the one that says what it contests stays.
    statements.sort_by_key(|statement| (statement.position, statement.contests.is_none()));
    statements.dedup_by_key(|statement| statement.position);
    statements
}

fn statement(view: &View<'_>, claim: &Claim) -> Statement {
    let book = view.book;
    let pools = book.pools();
    let origin = view.origin(claim);
    let relay = || origin.filter(|_| claim.is_of_completion()).map(|by| Out { why: Why::Relay, by });
    let out = book.out(claim).or_else(relay);
    Statement {
        position: claim.position,
        recorded: claim.recorded(),
        publisher: pools.publishers.get(claim.publisher).clone(),
        kind: claim.kind,
        announced: claim.announced,
        announcer: claim.announcer.map(|announcer| pools.announcers.get(announcer).clone()),
        names: claim.key.map(|key| pools.keys.get(key).clone()),
        date: claim.date,
        framework: claim.framework.map(|framework| pools.texts.get(framework).to_owned()),
        part_of: claim.part_of.map(|whole| pools.keys.get(whole).clone()),
        transfers: claim.handed.transfers(pools),
        third_parties: claim.helpers.iter().map(|&helper| pools.helpers.get(helper).clone()).collect(),
        live: out.is_none(),
        out,
        repeats: origin,
        replaces: Some(claim.statement).filter(|&statement| statement != claim.position),
        contests: None,
        contested_by: book.disputes(claim).map(|dispute| dispute.position).collect(),
        linked_by: book.pin(claim.statement).map(|pin| pin.at),
        acts: book.acts(claim.position),
    }
}

fn differences(view: &View<'_>) -> Vec<Difference> {
    let [range, receiver, sender] = [Policy::Range, Policy::Receiver, Policy::Sender].map(|policy| view.figures(policy));
    let mut differences = Vec::new();
    for (&(direction, category), figure) in range.iter().filter(|(_, figure)| figure.disputed) {
        let Direction { from, to } = direction;
        let side = |figures: &Figures| figures.get(&(direction, category)).map(|figure| FigureAnswer::new(direction, category, figure));
        let of_the_living = !matches!(category, Category::Bodies | Category::People);
        let total_disputed = range.get(&(direction, Category::People)).is_some_and(|figure| figure.disputed);
        differences.push(Difference {
            field: if of_the_living && !total_disputed { "composition" } else { "count" },
            from: Some(from),
            to: Some(to),
            category: Some(category),
            receiver: side(&receiver),
            sender: side(&sender),
            claims: figure.claims.clone(),
        });
    }
    let outside = view.outside();
    if !outside.is_empty() {
        differences.push(Difference { field: "date", from: None, to: None, category: None, receiver: None, sender: None, claims: outside });
    }
    differences
}
