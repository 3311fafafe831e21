use std::sync::Arc;

use announcement::{Category, Date, ExchangeKey, Party, Role, Span, ThirdParty, What};
use serde::Serialize;

use crate::{
    AsOf, Days, Known, Policy, Valid,
    exchange::{FigureAnswer, Status, View, last_day},
    listed::Place,
};

/// What of the timeline is asked for.
#[derive(Clone, Debug, Default)]
pub struct TimelineQuery {
    /// When they took place.
    pub valid: Valid,
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
    let framework = query.framework.as_ref().map(|framework| book.pools().texts.find(framework.as_str()));
    let asked = |view: &View<'_>| {
        query.what.is_none_or(|what| view.key().what() == what)
            && query.valid.takes(view.days())
            && query.status.is_none_or(|status| view.status() == status)
            && framework.is_none_or(|framework| framework.is_some_and(|framework| view.sheet().frameworks.contains(&framework)))
            && query.category.is_none_or(|category| view.figures(query.policy).keys().any(|&(_, of)| of == category))
    };
    // Whatever comes after one that ended before the first day ended before it too.
    let is_late_enough = |view: &View<'_>| query.valid.from.is_none_or(|from| view.days().is_some_and(|days| last_day(days) >= from));
    let mut views = book.by_day(query.after.as_ref().map(|after| place_of(book, after))).take_while(is_late_enough).filter(asked);
    let exchanges: Vec<Exchange> = views.by_ref().take(query.limit.max(1)).map(|view| line(&view, query.policy)).collect();
    let next = exchanges.last().filter(|_| views.next().is_some()).map(|last| last.key.clone());
    Timeline { as_of: AsOf::of(book), policy: query.policy, exchanges, next }
}

/// Where the page before ended. An exchange that has since been merged or left by its claims had its place by the date in its key.
fn place_of(book: Known<'_>, after: &ExchangeKey) -> Place {
    let listed = book.exchange(after).filter(|&id| book.pools().keys.get(id) == after);
    listed.and_then(|id| book.place_in_time(id)).unwrap_or_else(|| Place::new(named_days(after), Arc::new(after.clone())))
}

fn named_days(key: &ExchangeKey) -> Option<Span> {
    let (_, date) = key.as_str().rsplit_once('/')?;
    let date = date.split_once('.').map_or(date, |(date, _)| date).replace('_', "/");
    Some(date.parse::<Date>().ok()?.span())
}

pub(crate) fn line(view: &View<'_>, policy: Policy) -> Exchange {
    let book = view.book;
    let figures = view.figures(policy);
    let mut third_parties: Vec<Helper> = view.sheet().helpers.iter().map(|&helper| book.pools().helpers.get(helper).clone()).collect();
    third_parties.sort();
    let key = |id| book.pools().keys.get(id).clone();
    let mut stages: Vec<ExchangeKey> = view.line.stages.iter().map(|&stage| key(stage)).collect();
    stages.sort();
    Exchange {
        key: view.key().clone(),
        what: view.key().what(),
        date: view.days().map(Days::from),
        status: view.status(),
        disputed: view.is_disputed(&figures),
        figures: FigureAnswer::all(&figures),
        frameworks: view.frameworks(),
        third_parties,
        statements: view.sheet().statements,
        reports: view.sheet().reports,
        part_of: view.line.whole.map(key),
        stages,
    }
}
