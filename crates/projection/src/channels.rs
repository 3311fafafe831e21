use std::{cmp::Reverse, collections::BTreeMap};

use announcement::{Announcer, Category, ChannelOf, ChannelStatus, Date, ExchangeKey, Party, Position, What};
use jiff::civil;
use serde::Serialize;

use crate::{
    AsOf, Days, Known,
    book::ChannelView,
    cited::is_whole,
    claim::Claim,
    exchange::{View, last_day},
    intern::Id,
};

/// How many statements of one office about one channel are listed at most.
pub const MAX_STATEMENTS: usize = 100;

/// Which channels are asked for.
#[derive(Clone, Debug, Default)]
pub struct ChannelsQuery {
    /// Only these.
    pub channel: Option<ChannelOf>,
}

/// Is it blocked, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Channels {
    /// Up to which record.
    pub as_of: AsOf,
    /// The channels.
    pub channels: Vec<Channel>,
    /// Always `null`: all channels are on one page.
    pub next: Option<String>,
}

/// A channel of exchange between two parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AnnouncerView {
    /// Who said the latest; `null` stands for all outlets' own voices and unnamed sources.
    pub announcer: Option<Announcer>,
    /// What it said, the latest first; of more than [`MAX_STATEMENTS`] the latest.
    pub statements: Vec<ChannelStatement>,
    /// How many older ones there are than are listed.
    #[serde(skip_serializing_if = "is_whole")]
    pub older: usize,
}

/// One statement about a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
    let channels = said(book, query.channel).into_iter().map(|((channel, parties), said)| {
        let completed = Completed::of(book, channel, parties);
        Channel { channel, parties, views: views(book, said, &completed), last_completed: completed.last() }
    });
    Channels { as_of: AsOf::of(book), channels: channels.collect(), next: None }
}

/// A statement and what it says of a channel.
type Stated<'a> = (&'a Claim, &'a ChannelView);

/// The live statements about channels; repeats of recorded ones are left out.
fn said(book: Known<'_>, only: Option<ChannelOf>) -> BTreeMap<(ChannelOf, [Party; 2]), Vec<Stated<'_>>> {
    let lineage = book.lineage(&[]);
    let mut said: BTreeMap<_, Vec<Stated<'_>>> = BTreeMap::new();
    for (claim, view) in book.channels().filter(|(_, view)| only.is_none_or(|only| only == view.channel)) {
        if book.is_live(claim) && lineage.origin(claim).is_none() {
            said.entry((view.channel, view.parties)).or_default().push((claim, view));
        }
    }
    said
}

/// The statements that a channel pauses or is blocked after which an exchange took place, with the claims that it did.
pub(crate) fn broken(book: Known<'_>) -> Vec<(Position, Id<ExchangeKey>)> {
    let broken = said(book, None).into_iter().flat_map(|((channel, parties), said)| {
        let completed = Completed::of(book, channel, parties);
        said.into_iter().filter_map(|(claim, view)| Some((claim.position, completed.since(claim, view)?))).collect::<Vec<_>>()
    });
    broken.collect()
}

/// The exchanges of a channel that took place. A whole counts by its stages.
struct Completed<'a> {
    book: Known<'a>,
    /// By first day and key; those without a first day aren't among them.
    by_first: Vec<(civil::Date, &'a ExchangeKey, Id<ExchangeKey>)>,
    last: Option<Id<ExchangeKey>>,
}

impl<'a> Completed<'a> {
    fn of(book: Known<'a>, channel: ChannelOf, [one, other]: [Party; 2]) -> Self {
        let mut by_first = Vec::new();
        let mut last = None;
        for view in book.exchanges().map(|id| View::new(book, id)) {
            let of_channel = || view.key().what() == what(channel) || view.sheet().categories.contains(&category(channel));
            let Some(days) = view.days().filter(|_| !view.sheet().completions.is_empty() && view.key().is_between(one, other) && of_channel()) else {
                continue;
            };
            by_first.extend(days.earliest.map(|first| (first, view.key(), view.id)));
            last = last.max(Some((last_day(days), days.earliest, view.key(), view.id)));
        }
        by_first.sort_unstable();
        Self { book, by_first, last: last.map(|(.., id)| id) }
    }

    fn last(&self) -> Option<CompletedExchange> {
        self.exchange(self.last?)
    }

    fn exchange(&self, id: Id<ExchangeKey>) -> Option<CompletedExchange> {
        let view = View::new(self.book, id);
        Some(CompletedExchange { key: view.key().clone(), date: view.days()?.into(), claims: view.sheet().completions.to_vec() })
    }

    /// Where a statement says that the channel pauses or is blocked: the first that began since then.
    fn since(&self, claim: &Claim, view: &ChannelView) -> Option<Id<ExchangeKey>> {
        let stopped = matches!(view.status, ChannelStatus::Paused | ChannelStatus::Blocked);
        let begin = view.since.into_iter().chain([claim.announced]).filter_map(|date| date.span().latest).min().filter(|_| stopped)?;
        let later = self.by_first.partition_point(|&(first, ..)| first <= begin);
        self.by_first.get(later).map(|&(.., id)| id)
    }
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

fn views(book: Known<'_>, said: Vec<Stated<'_>>, completed: &Completed<'_>) -> Vec<AnnouncerView> {
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
        let older = said.len().saturating_sub(MAX_STATEMENTS);
        said.truncate(MAX_STATEMENTS);
        let statement = |(claim, view): Stated<'_>| ChannelStatement {
            position: claim.position,
            announced: claim.announced,
            status: view.status,
            since: view.since,
            blames: view.blames,
            completed_since: completed.since(claim, view).and_then(|exchange| completed.exchange(exchange)),
        };
        AnnouncerView { announcer: latest, statements: said.into_iter().map(statement).collect(), older }
    };
    offices.into_values().map(view).collect()
}
