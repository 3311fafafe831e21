use announcement::{Announcer, ChannelOf, ChannelStatus, Date, ExchangeKey, Party, Position, Span, What};
use serde::Serialize;

use crate::{
    AsOf, Book, Days,
    claim::{ChannelView, Claim},
    exchange::{Status, View},
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
    /// The last exchange of this kind that somebody claims took place.
    pub last_completed: Option<CompletedExchange>,
}

/// One announcer's view of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnnouncerView {
    /// Who says it; `null` is an outlet's own voice or an unnamed source.
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
    /// Where it says that the channel pauses or is blocked: the first exchange since then that somebody claims took place.
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
pub fn channels(book: &Book, query: &ChannelsQuery) -> Channels {
    let mut found: Vec<(ChannelOf, [Party; 2])> = Vec::new();
    let live = || book.claims().filter(|claim| book.out(claim).is_none());
    let place = |view: &ChannelView| {
        let mut parties = view.parties;
        parties.sort();
        (view.channel, parties)
    };
    found.extend(live().filter_map(|claim| claim.channel.as_ref()).map(place));
    found.sort();
    found.dedup();
    let wanted = found.into_iter().filter(|(channel, _)| query.channel.is_none_or(|wanted| wanted == *channel));
    let channels = wanted.map(|(channel, parties)| {
        let completed = completed(book, channel, parties);
        let said: Vec<&Claim> = live().filter(|claim| claim.channel.as_ref().is_some_and(|view| place(view) == (channel, parties))).collect();
        Channel { channel, parties, views: views(&said, &completed), last_completed: completed.into_iter().next_back().map(|(_, exchange)| exchange) }
    });
    Channels { as_of: AsOf::of(book), channels: channels.collect(), next: None }
}

/// The exchanges of a channel that took place, by date.
fn completed(book: &Book, channel: ChannelOf, parties: [Party; 2]) -> Vec<(Span, CompletedExchange)> {
    let what = match channel {
        ChannelOf::Bodies => What::Bodies,
        ChannelOf::Prisoners => What::Prisoners,
        ChannelOf::Civilians => What::Civilians,
    };
    let of_channel = book.exchanges().filter(|(root, _)| root.what() == what && root.is_between(parties[0], parties[1]));
    let mut completed: Vec<(Span, CompletedExchange)> = of_channel
        .filter_map(|(root, _)| {
            let view = View { book, root };
            let days = view.days().filter(|_| view.status() == Status::Completed)?;
            let claims = view.live().filter(|claim| claim.is_of_completion()).map(|claim| claim.position).collect();
            Some((days, CompletedExchange { key: root.clone(), date: days.into(), claims }))
        })
        .collect();
    completed.sort_by(|(one, first), (other, second)| (one.latest, one.earliest, &first.key).cmp(&(other.latest, other.earliest, &second.key)));
    completed
}

fn views(said: &[&Claim], completed: &[(Span, CompletedExchange)]) -> Vec<AnnouncerView> {
    let mut views: Vec<AnnouncerView> = Vec::new();
    for claim in said {
        let Some(view) = &claim.channel else { continue };
        let statement = statement(claim, view, completed);
        match views.iter_mut().find(|known| known.announcer == claim.announcer) {
            Some(known) => known.statements.push(statement),
            None => views.push(AnnouncerView { announcer: claim.announcer.clone(), statements: vec![statement] }),
        }
    }
    for view in &mut views {
        view.statements.sort_by_key(|statement| std::cmp::Reverse((statement.announced.span().latest, statement.position)));
    }
    views.sort_by(|one, other| {
        let party = |view: &AnnouncerView| view.announcer.as_ref().map(|announcer| (announcer.party, announcer.office.clone(), announcer.name.clone()));
        (party(one).is_none(), party(one)).cmp(&(party(other).is_none(), party(other)))
    });
    views
}

fn statement(claim: &Claim, view: &ChannelView, completed: &[(Span, CompletedExchange)]) -> ChannelStatement {
    let stopped = matches!(view.status, ChannelStatus::Paused | ChannelStatus::Blocked);
    let said = claim.announced.span().latest;
    let since = completed.iter().find(|(days, _)| stopped && said.is_some() && days.earliest > said);
    ChannelStatement {
        position: claim.position,
        announced: claim.announced,
        status: view.status,
        since: view.since,
        blames: view.blames,
        completed_since: since.map(|(_, exchange)| exchange.clone()),
    }
}
