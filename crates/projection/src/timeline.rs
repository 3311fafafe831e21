use std::cmp::Reverse;

use announcement::{Category, Date, ExchangeKey, Party, Role, Span, ThirdParty, What};
use jiff::civil;
use serde::Serialize;

use crate::{
    AsOf, Days, Known, Policy,
    exchange::{FigureAnswer, Status, View, last_day},
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
    /// How many live statements there are about it; repeats not counted.
    pub statements: usize,
    /// How many reports there are about it; every record is one.
    pub reports: usize,
    /// The exchange that it's a stage of.
    pub part_of: Option<ExchangeKey>,
    /// Its stages.
    pub stages: Vec<ExchangeKey>,
}

/// Who helped, as it was said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
pub struct Helper {
    /// What it's called.
    pub name: String,
    /// Its code.
    pub party: Option<Party>,
    /// What it did.
    pub role: &'static str,
}

impl Helper {
    /// The names of what helpers did.
    pub(crate) const ROLES: [&str; 6] = ["mediator", "intermediary", "facilitator", "observer", "host", "participant"];
}

impl From<&ThirdParty> for Helper {
    fn from(helper: &ThirdParty) -> Self {
        let [mediator, intermediary, facilitator, observer, host, participant] = Self::ROLES;
        let role = match helper.role {
            Role::Mediator => mediator,
            Role::Intermediary => intermediary,
            Role::Facilitator => facilitator,
            Role::Observer => observer,
            Role::Host => host,
            Role::Participant => participant,
        };
        Self { name: helper.name.clone(), party: helper.party, role }
    }
}

/// The timeline.
#[must_use]
pub fn timeline(book: Known<'_>, query: &TimelineQuery) -> Timeline {
    let views = book.exchanges().map(|id| View::new(book, id)).filter(|view| query.what.is_none_or(|what| view.key().what() == what));
    let dated = views.map(|view| (view.days(), view)).filter(|(days, _)| within(*days, query.from, query.to));
    let mut found: Vec<_> = dated.map(|(days, view)| (Place::new(days, view.key()), view, days)).collect();
    found.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    if let Some(after) = &query.after {
        let place = Place::of(book, after);
        found.retain(|(found, ..)| *found > place);
    }
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut next = None;
    for (_, view, days) in found {
        let exchange = line(&view, days, query.policy);
        let asked = query.status.is_none_or(|status| exchange.status == status)
            && query.framework.as_ref().is_none_or(|framework| exchange.frameworks.contains(framework))
            && query.category.is_none_or(|category| exchange.figures.iter().any(|figure| figure.category == category));
        if !asked {
            continue;
        }
        if exchanges.len() >= query.limit.max(1) {
            next = exchanges.last().map(|last| last.key.clone());
            break;
        }
        exchanges.push(exchange);
    }
    Timeline { as_of: AsOf::of(book), policy: query.policy, exchanges, next }
}

/// Where an exchange stands in the timeline: the latest first, those without a day last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a>(Reverse<(Option<LastAndFirst>, &'a ExchangeKey)>);

type LastAndFirst = (civil::Date, Option<civil::Date>);

impl<'a> Place<'a> {
    fn new(days: Option<Span>, key: &'a ExchangeKey) -> Self {
        Self(Reverse((days.map(|days| (last_day(days), days.earliest)), key)))
    }

    /// Where the page before ended. An exchange that has since been merged or left by its claims had its place by the date in its key.
    fn of(book: Known<'_>, after: &'a ExchangeKey) -> Self {
        let is_listed = |id| book.pools().keys.get(id) == after && book.exchanges().any(|known| known == id);
        let days = match book.exchange(after).filter(|&id| is_listed(id)) {
            Some(id) => View::new(book, id).days(),
            None => named_days(after),
        };
        Self::new(days, after)
    }
}

fn named_days(key: &ExchangeKey) -> Option<Span> {
    let (_, date) = key.as_str().rsplit_once('/')?;
    let date = date.split_once('.').map_or(date, |(date, _)| date).replace('_', "/");
    Some(date.parse::<Date>().ok()?.span())
}

fn within(days: Option<Span>, from: Option<civil::Date>, to: Option<civil::Date>) -> bool {
    if from.is_none() && to.is_none() {
        return true;
    }
    days.is_some_and(|days| days.overlaps(Span { earliest: from, latest: to }))
}

pub(crate) fn line(view: &View<'_>, days: Option<Span>, policy: Policy) -> Exchange {
    let book = view.book;
    let figures = view.figures(policy);
    let mut third_parties: Vec<Helper> = view.sheet.helpers.iter().map(|&helper| book.pools().helpers.get(helper).clone()).collect();
    third_parties.sort();
    let key = |id| book.pools().keys.get(id).clone();
    let mut stages: Vec<ExchangeKey> = book.stages(view.id).into_iter().map(key).collect();
    stages.sort();
    Exchange {
        key: view.key().clone(),
        what: view.key().what(),
        date: days.map(Days::from),
        status: view.status(),
        disputed: view.is_disputed(&figures),
        figures: FigureAnswer::all(&figures),
        frameworks: view.frameworks(),
        third_parties,
        statements: view.sheet.statements,
        reports: view.sheet.reports,
        part_of: book.whole(view.id).map(key),
        stages,
    }
}
