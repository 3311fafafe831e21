use std::{cmp::Reverse, collections::BTreeMap};

use announcement::{Announcer, Category, ChannelOf, ChannelStatus, Date, ExchangeKey, Party, Position, Span, What};
use jiff::civil;
use serde::Serialize;

use crate::{
    AsOf, Days, Known,
    book::ChannelView,
    claim::Claim,
    exchange::{View, last_day},
};

/// Which channels are asked for.
#[derive(Clone, Debug, Default)]
pub struct ChannelsQuery {
    /// Only these.
    pub channel: Option<ChannelOf>,
}

/// Is it blocked, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Channels {
    /// Up to which record.
    pub as_of: AsOf,
    /// The channels.
    pub channels: Vec<Channel>,
    /// Always `null`: all channels are on one page.
    pub next: Option<String>,
}

/// A channel of exchange between two parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// What it's for.
    pub channel: ChannelOf,
    /// Between whom, in alphabetical order.
    pub parties: [Party; 2],
    /// Each announcer's statements.
    pub views: Vec<AnnouncerView>,
    /// The last exchange of this kind, or in which such were handed over, that somebody claims took place.
    pub last_completed: Option<CompletedExchange>,
}

/// One office's view of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnnouncerView {
    /// Who said the latest; `null` stands for all outlets' own voices and unnamed sources.
    pub announcer: Option<Announcer>,
    /// What it said, the latest first.
    pub statements: Vec<ChannelStatement>,
}

/// One statement about a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelStatement {
    /// Its place in the ledger.
    pub position: Position,
    /// When it was said.
    pub announced: Date,
    /// The state of the channel, as it says.
    pub status: ChannelStatus,
    /// Since when, as it says.
    pub since: Option<Date>,
    /// Whom it blames.
    pub blames: Option<Party>,
    /// Where it says that the channel pauses or is blocked: the first exchange since then that somebody claims took place. Since then is from the day that it names, or on
    /// which it was said, on.
    pub completed_since: Option<CompletedExchange>,
}

/// An exchange that somebody claims took place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CompletedExchange {
    /// Its key.
    pub key: ExchangeKey,
    /// When.
    pub date: Days,
    /// The claims that it took place.
    pub claims: Vec<Position>,
}

/// The channels.
#[must_use]
pub fn channels(book: Known<'_>, query: &ChannelsQuery) -> Channels {
    let lineage = book.lineage(&[]);
    let live = book.channels().filter(|(claim, _)| book.is_live(claim) && lineage.origin(claim).is_none());
    let mut said: BTreeMap<(ChannelOf, [Party; 2]), Vec<Stated<'_>>> = BTreeMap::new();
    for (claim, view) in live.filter(|(_, view)| query.channel.is_none_or(|wanted| wanted == view.channel)) {
        said.entry((view.channel, view.parties)).or_default().push((claim, view));
    }
    let channels = said.into_iter().map(|((channel, parties), said)| {
        let completed = completed(book, channel, parties);
        Channel { channel, parties, views: views(book, said, &completed), last_completed: completed.into_iter().next_back().map(|(_, exchange)| exchange) }
    });
    Channels { as_of: AsOf::of(book), channels: channels.collect(), next: None }
}

/// A statement and what it says of a channel.
type Stated<'a> = (&'a Claim, &'a ChannelView);

/// The exchanges of a channel that took place, by date. A whole counts by its stages.
fn completed(book: Known<'_>, channel: ChannelOf, [one, other]: [Party; 2]) -> Vec<(Span, CompletedExchange)> {
    let mut completed: Vec<(Span, CompletedExchange)> = Vec::new();
    for view in book.exchanges().map(|id| View::new(book, id)).filter(|view| view.key().is_between(one, other)) {
        let claims = &view.sheet().completions;
        let of_channel = view.key().what() == what(channel) || view.sheet().categories.contains(&category(channel));
        if of_channel
            && !claims.is_empty()
            && let Some(days) = view.days()
        {
            completed.push((days, CompletedExchange { key: view.key().clone(), date: days.into(), claims: claims.to_vec() }));
        }
    }
    completed.sort_by(|(one, first), (other, second)| (last_day(*one), one.earliest, &first.key).cmp(&(last_day(*other), other.earliest, &second.key)));
    completed
}

const fn what(channel: ChannelOf) -> What {
    match channel {
        ChannelOf::Bodies => What::Bodies,
        ChannelOf::Prisoners => What::Prisoners,
        ChannelOf::Civilians => What::Civilians,
    }
}

const fn category(channel: ChannelOf) -> Category {
    match channel {
        ChannelOf::Bodies => Category::Bodies,
        ChannelOf::Prisoners => Category::Prisoners,
        ChannelOf::Civilians => Category::Civilians,
    }
}

fn views(book: Known<'_>, said: Vec<Stated<'_>>, completed: &[(Span, CompletedExchange)]) -> Vec<AnnouncerView> {
    let announcer = |claim: &Claim| claim.announcer.map(|announcer| book.pools().announcers.get(announcer));
    let office = |claim: &Claim| announcer(claim).map(|announcer| (announcer.party, announcer.office.as_deref()));
    let mut offices: BTreeMap<_, Vec<Stated<'_>>> = BTreeMap::new();
    for (claim, view) in said {
        // Named offices come first.
        offices.entry((office(claim).is_none(), office(claim))).or_default().push((claim, view));
    }
    let view = |mut said: Vec<Stated<'_>>| {
        said.sort_by_key(|(claim, _)| Reverse((last_day(claim.announced.span()), claim.position)));
        let latest = said.first().and_then(|(claim, _)| announcer(claim)).cloned();
        AnnouncerView { announcer: latest, statements: said.into_iter().map(|(claim, view)| statement(claim, view, completed)).collect() }
    };
    offices.into_values().map(view).collect()
}

fn statement(claim: &Claim, view: &ChannelView, completed: &[(Span, CompletedExchange)]) -> ChannelStatement {
    let stopped = matches!(view.status, ChannelStatus::Paused | ChannelStatus::Blocked);
    let begin: Option<civil::Date> = view.since.into_iter().chain([claim.announced]).filter_map(|date| date.span().latest).min();
    let later = |days: &Span| begin.is_some_and(|begin| days.earliest.is_some_and(|earliest| earliest > begin));
    let first = completed.iter().filter(|(days, _)| stopped && later(days)).min_by_key(|(days, exchange)| (days.earliest, &exchange.key));
    ChannelStatement {
        position: claim.position,
        announced: claim.announced,
        status: view.status,
        since: view.since,
        blames: view.blames,
        completed_since: first.map(|(_, exchange)| exchange.clone()),
    }
}
