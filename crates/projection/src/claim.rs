use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
};

use announcement::{
    Announcement, Announcer, ChannelOf, ChannelStatus, Data, Date, ExchangeKey, Kind, Origin, Party, Position, Publisher, Record, ThirdParty, Transfer,
};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// A statement as the folds keep it: who said it, when, and its numbers. Its texts stay in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Its place in the ledger.
    pub position: Position,
    /// When it was taken in.
    pub recorded: Timestamp,
    /// Who published it.
    pub publisher: Publisher,
    /// The kind of what it says; of a correction, the kind of the replacement.
    pub kind: Kind,
    /// When it was said.
    pub announced: Date,
    /// Who said it.
    pub announcer: Option<Announcer>,
    /// The exchange that it names, by subject or derived.
    pub key: Option<ExchangeKey>,
    /// When the exchange took place, or is planned.
    pub date: Option<Date>,
    /// The agreement that it follows.
    pub framework: Option<String>,
    /// The exchange that it's a stage of.
    pub part_of: Option<ExchangeKey>,
    /// What was handed over.
    pub transfers: Vec<Transfer>,
    /// Who helped.
    pub third_parties: Vec<ThirdParty>,
    /// What it says of a channel.
    pub channel: Option<ChannelView>,
    /// The statements that it repeats.
    pub origins: Vec<Origin>,
    /// The claim in whose place it stands, where it's a correction.
    pub replaces: Option<Position>,
    pub(crate) effects: Effects,
}

/// What a statement says of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelView {
    pub(crate) channel: ChannelOf,
    pub(crate) parties: [Party; 2],
    pub(crate) status: ChannelStatus,
    pub(crate) since: Option<Date>,
    pub(crate) blames: Option<Party>,
}

/// What later records did to a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    pub(crate) retracted: Option<Position>,
    pub(crate) corrections: Vec<Position>,
    pub(crate) revisions: Vec<Position>,
    pub(crate) quarantined: Option<Position>,
    pub(crate) redacted: Option<Position>,
    pub(crate) disputes: Vec<Position>,
    pub(crate) pin: Option<Pin>,
}

/// A curator said which exchange a claim is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) key: ExchangeKey,
    pub(crate) at: Position,
}

/// Why a claim is in no figure, and the record that made it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Out {
    /// Why.
    pub why: Why,
    /// The record that made it so.
    pub by: Position,
}

/// Why a claim is in no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Its publisher withdrew it.
    Retracted,
    /// Its publisher replaced it.
    Corrected,
    /// Its announcer replaced it.
    Revised,
    /// A curator took it out.
    Quarantined,
    /// An operator removed it.
    Redacted,
    /// It repeats a statement that is recorded.
    Relay,
    /// A voice that outranks it was heard.
    Outranked,
}

impl Claim {
    pub(crate) fn new(record: &Record, announcement: Announcement) -> Self {
        let key = announcement.key();
        Self::of(record, &announcement.data, key, None)
    }

    /// What a correction puts in a claim's place.
    pub(crate) fn replacement(record: &Record, data: &Data, subject: Option<ExchangeKey>, replaces: Position) -> Self {
        let key = subject.or_else(|| ExchangeKey::derive(data.exchange_date()?, data.transfers()));
        Self::of(record, data, key, Some(replaces))
    }

    fn of(record: &Record, data: &Data, key: Option<ExchangeKey>, replaces: Option<Position>) -> Self {
        let channel = match data {
            Data::Channel(data) => {
                Some(ChannelView { channel: data.channel, parties: data.parties, status: data.status, since: data.since, blames: data.blames })
            }
            _ => None,
        };
        Self {
            position: record.position,
            recorded: record.recorded,
            publisher: record.publisher.clone(),
            kind: data.kind(),
            announced: *data.announced(),
            announcer: data.announcer().cloned(),
            key,
            date: data.exchange_date().copied(),
            framework: data.framework().map(str::to_owned),
            part_of: data.part_of().cloned(),
            transfers: data.transfers().to_vec(),
            third_parties: data.third_parties().to_vec(),
            channel,
            origins: data.report().and_then(|report| report.relays.clone()).unwrap_or_default(),
            replaces,
            effects: Effects::default(),
        }
    }

    /// Whether it claims that an exchange took place.
    #[must_use]
    pub fn is_of_completion(&self) -> bool {
        matches!(self.kind, Kind::Completed | Kind::Confirmed)
    }

    /// How much its voice weighs in an exchange: a party's or a body's that stands for one, then any other announcer's, then an outlet's own.
    pub(crate) fn voice(&self, key: &ExchangeKey) -> Voice {
        let Some(announcer) = &self.announcer else { return Voice::Unnamed };
        let (one, other) = key.parties();
        let party = announcer.voice().key_part();
        if party == one || party == other { Voice::Party } else { Voice::Other }
    }
}

/// Whose voice it is; a higher one silences the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Voice {
    Unnamed,
    Other,
    Party,
}

/// An event by source and id, or an address, in eight bytes: enough to find what a report repeats.
pub(crate) fn fingerprint(source: &str, id: Option<Uuid>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (source, id).hash(&mut hasher);
    hasher.finish()
}
