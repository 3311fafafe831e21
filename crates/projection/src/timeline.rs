use announcement::{Category, ExchangeKey, Party, Role, Span, What};
use jiff::civil;
use serde::Serialize;

use crate::{
    AsOf, Book, Days, Policy,
    exchange::{FigureAnswer, Status, View},
};

/// What of the timeline is asked for.
#[derive(Clone, Debug, Default)]
pub struct TimelineQuery {
    /// Exchanges whose days end on this day or later.
    pub from: Option<civil::Date>,
    /// Exchanges whose days begin on this day or earlier.
    pub to: Option<civil::Date>,
    /// What they are mainly about.
    pub what: Option<What>,
    /// Exchanges with a figure of this category.
    pub category: Option<Category>,
    /// Where they stand.
    pub status: Option<Status>,
    /// The agreement that they follow.
    pub framework: Option<String>,
    /// How figures are made.
    pub policy: Policy,
    /// The last exchange of the page before.
    pub after: Option<ExchangeKey>,
    /// How many exchanges at most.
    pub limit: usize,
}

/// What happened, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Up to which record.
    pub as_of: AsOf,
    /// How figures are made.
    pub policy: Policy,
    /// The exchanges.
    pub exchanges: Vec<Exchange>,
    /// Where the next page begins.
    pub next: Option<ExchangeKey>,
}

/// An exchange in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// Its key.
    pub key: ExchangeKey,
    /// What it's mainly about.
    pub what: What,
    /// When it took place.
    pub date: Option<Days>,
    /// Where it stands.
    pub status: Status,
    /// The figures.
    pub figures: Vec<FigureAnswer>,
    /// Whether figures contradict each other, or somebody contests a claim.
    pub disputed: bool,
    /// The agreements that it's said to follow.
    pub frameworks: Vec<String>,
    /// Who is said to have helped.
    pub third_parties: Vec<Helper>,
    /// How many statements there are about it; repeats not counted.
    pub statements: usize,
    /// How many reports there are about it; every record is one.
    pub reports: usize,
    /// The exchange that it's a stage of.
    pub part_of: Option<ExchangeKey>,
    /// Its stages.
    pub stages: Vec<ExchangeKey>,
}

/// Who helped, as it was said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Helper {
    /// What it's called.
    pub name: String,
    /// Its code.
    pub party: Option<Party>,
    /// What it did.
    pub role: &'static str,
}

/// The timeline.
#[must_use]
pub fn timeline(book: &Book, query: &TimelineQuery) -> Timeline {
    let mut found: Vec<(Option<Span>, &ExchangeKey)> = book
        .exchanges()
        .filter(|(root, _)| query.what.is_none_or(|what| root.what() == what))
        .map(|(root, _)| (View { book, root }.days(), root))
        .filter(|(days, _)| within(*days, query.from, query.to))
        .collect();
    found.sort_by_key(|&(days, root)| {
        let days = days.map(|days| (days.latest.unwrap_or(civil::Date::MAX), days.earliest));
        std::cmp::Reverse((days, root))
    });
    let begin = query.after.as_ref().map_or(0, |after| found.iter().position(|(_, root)| *root == after).map_or(found.len(), |at| at + 1));
    let mut exchanges = Vec::new();
    let mut next = None;
    for (days, root) in found.into_iter().skip(begin) {
        let exchange = line(book, root, days, query.policy);
        let asked = query.status.is_none_or(|status| exchange.status == status)
            && query.framework.as_ref().is_none_or(|framework| exchange.frameworks.contains(framework))
            && query.category.is_none_or(|category| exchange.figures.iter().any(|figure| figure.category == category));
        if !asked {
            continue;
        }
        if exchanges.len() == query.limit {
            next = exchanges.last().map(|last: &Exchange| last.key.clone());
            break;
        }
        exchanges.push(exchange);
    }
    Timeline { as_of: AsOf::of(book), policy: query.policy, exchanges, next }
}

fn within(days: Option<Span>, from: Option<civil::Date>, to: Option<civil::Date>) -> bool {
    if from.is_none() && to.is_none() {
        return true;
    }
    days.is_some_and(|days| days.overlaps(Span { earliest: from, latest: to }))
}

pub(crate) fn line(book: &Book, root: &ExchangeKey, days: Option<Span>, policy: Policy) -> Exchange {
    let view = View { book, root };
    let figures = view.figures(policy);
    let mut third_parties: Vec<Helper> = view
        .live()
        .flat_map(|claim| &claim.third_parties)
        .map(|helper| Helper { name: helper.name.clone(), party: helper.party, role: role(helper.role) })
        .collect();
    third_parties.sort();
    third_parties.dedup();
    Exchange {
        key: root.clone(),
        what: root.what(),
        date: days.map(Days::from),
        status: view.status(),
        disputed: view.is_disputed(&figures),
        figures: FigureAnswer::all(&figures),
        frameworks: view.frameworks(),
        third_parties,
        statements: view.live().filter(|claim| book.origin(claim).is_none()).count(),
        reports: book.members(root).count(),
        part_of: book.whole(root),
        stages: book.stages(root).into_iter().collect(),
    }
}

pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Mediator => "mediator",
        Role::Intermediary => "intermediary",
        Role::Facilitator => "facilitator",
        Role::Observer => "observer",
        Role::Host => "host",
        Role::Participant => "participant",
    }
}
