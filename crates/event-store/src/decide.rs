use announcement::{
    Announcement, Announcer, Data, Digest, ExchangeKey, Fault, Kind, Position, Problem, Publisher, Route, Subject, Target, check_announced, from_binary,
    is_binary, same_content,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Message, ReadError, index::Index};

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    /// It's recorded.
    Record(Box<Accepted>),
    /// Its content was recorded before.
    Duplicate { position: Position, announcement: Box<Announcement> },
    /// It's refused.
    Refuse(Problem),
    /// From the next message on these rules hold.
    Rules(u32),
    /// The ledger goes on with this stream, if it's the same ledger.
    Epoch(Epoch),
}

/// An event that's recorded, and what later decisions need to know of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) publisher: Publisher,
    pub(crate) announcement: Announcement,
    pub(crate) event: Vec<u8>,
    /// The claim that it retracts.
    pub(crate) retracts: Option<Position>,
    /// A stage and the exchange that it's a stage of.
    pub(crate) stage: Option<(ExchangeKey, ExchangeKey)>,
}

/// The message on `handover.operate.epoch`: a ledger moves to another stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// The epoch that begins.
    pub epoch: u64,
    /// How many records the ledger has that moves.
    pub size: u64,
    /// Their root.
    pub root: Digest,
    /// Where reading the stream begins.
    pub from_sequence: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesChange {
    rules: u32,
}

/// The versions of the rules that this program knows.
pub(crate) const fn knows(rules: u32) -> bool {
    rules == 1
}

/// Decides by Rules(1): a pure function of the message, its time and what was recorded before.
pub(crate) fn decide(message: &Message, recorded: Timestamp, index: &Index<'_>) -> Result<Decision, ReadError> {
    match judge(message, recorded, index) {
        Ok(decision) => Ok(decision),
        Err(Stop::Refuse(problem)) => Ok(Decision::Refuse(*problem)),
        Err(Stop::Read(error)) => Err(error),
    }
}

enum Stop {
    Refuse(Box<Problem>),
    Read(ReadError),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Refuse(Box::new(problem))
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

fn judge(message: &Message, recorded: Timestamp, index: &Index<'_>) -> Result<Decision, Stop> {
    let operator = |error: serde_json::Error| Problem::at(Fault::Malformed, "", error);
    let route = match message.subject.parse::<Subject>()? {
        Subject::Rules => {
            let change: RulesChange = serde_json::from_slice(&message.body).map_err(operator)?;
            return Ok(Decision::Rules(change.rules));
        }
        Subject::Epoch => return Ok(Decision::Epoch(serde_json::from_slice(&message.body).map_err(operator)?)),
        Subject::Event(route) => route,
    };
    let headers = || message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let event = if is_binary(headers()) { from_binary(headers(), &message.body)? } else { message.body.to_vec() };
    let announcement = announcement::parse(&event)?;
    check_announced(&announcement, recorded)?;
    route.admits(announcement.kind())?;
    let Route { publisher, .. } = route;
    let envelope = &announcement.envelope;
    if let Some(position) = index.identity(&publisher, &envelope.source, envelope.id)? {
        let first = index.record(position)?;
        if same_content(&first.event, &event) {
            return Ok(Decision::Duplicate { position, announcement: Box::new(announcement) });
        }
        let detail = format_args!("this source and id were recorded at position {position} with other content");
        return Err(Problem::at(Fault::Conflict, "/id", detail).into());
    }
    let retracts = check_targets(&announcement, &publisher, index)?;
    let stage = check_stage(&announcement, index)?;
    Ok(Decision::Record(Box::new(Accepted { publisher, announcement, event, retracts, stage })))
}

/// Gives the claim that's retracted, if one is.
fn check_targets(announcement: &Announcement, sender: &Publisher, index: &Index<'_>) -> Result<Option<Position>, Stop> {
    let data = &announcement.data;
    let mut retracts = None;
    if let Some(revised) = data.revises() {
        let pointer = "/data/revises";
        let revised = find(revised, pointer, sender, index)?;
        if !revised.announcement.kind().is_claim() {
            return Err(Problem::at(Fault::TargetState, pointer, "only a claim can be revised").into());
        }
        let (ours, theirs) = (data.announcer(), revised.announcement.data.announcer());
        if !ours.zip(theirs).is_some_and(|(ours, theirs): (&Announcer, &Announcer)| ours.same_office(theirs)) {
            return Err(Problem::at(Fault::Authority, pointer, "the earlier statement is by another party or office").into());
        }
    }
    for (number, target) in data.targets().iter().enumerate() {
        let pointer = if matches!(data, Data::Split(_)) { format!("/data/targets/{number}") } else { "/data/target".to_owned() };
        let found = find(target, &pointer, sender, index)?;
        let kind = found.announcement.kind();
        let withdrawable = kind == Kind::Disputed && matches!(data, Data::Retracted(_));
        if !(kind.is_claim() || withdrawable || matches!(data, Data::Redacted(_))) {
            let detail = format_args!("{} at position {} is no claim", kind.as_str(), found.position);
            return Err(Problem::at(Fault::TargetState, pointer, detail).into());
        }
        if matches!(data, Data::Corrected(_) | Data::Retracted(_)) {
            if found.publisher != *sender {
                return Err(Problem::at(Fault::Authority, pointer, format_args!("it was published by {}", found.publisher)).into());
            }
            if index.is_retracted(found.position)? {
                return Err(Problem::at(Fault::TargetState, pointer, "it was retracted").into());
            }
        }
        if matches!(data, Data::Retracted(_)) {
            retracts = Some(found.position);
        }
    }
    Ok(retracts)
}

struct Found {
    position: Position,
    publisher: Publisher,
    announcement: Announcement,
}

fn find(target: &Target, pointer: &str, sender: &Publisher, index: &Index<'_>) -> Result<Found, Stop> {
    let position = match &target.publisher {
        Some(publisher) => index.identity(publisher, &target.source, target.id)?,
        None => match index.identity(sender, &target.source, target.id)? {
            Some(own) => Some(own),
            None => match *index.events(&target.source, target.id)? {
                [] => None,
                [only] => Some(only),
                _ => return Err(Problem::at(Fault::Target, pointer, "several publishers have an event of this source and id; name the publisher").into()),
            },
        },
    };
    let position = position.ok_or_else(|| Problem::at(Fault::Target, pointer, "the ledger holds no such event"))?;
    let record = index.record(position)?;
    let event = std::str::from_utf8(&record.event).ok();
    let announcement = event.and_then(|event| announcement::decode(event).ok()).ok_or(ReadError::Unreadable { position })?;
    Ok(Found { position, publisher: record.publisher, announcement })
}

fn check_stage(announcement: &Announcement, index: &Index<'_>) -> Result<Option<(ExchangeKey, ExchangeKey)>, Stop> {
    let (data, key, pointer) = match &announcement.data {
        Data::Corrected(corrected) => {
            let replacement = &corrected.replacement;
            let derived = || ExchangeKey::derive(replacement.data.exchange_date()?, replacement.data.transfers());
            (&*replacement.data, replacement.subject.clone().or_else(derived), "/data/replacement/data/exchange/part_of")
        }
        data => (data, announcement.key(), "/data/exchange/part_of"),
    };
    let Some(whole) = data.part_of() else {
        return Ok(None);
    };
    if index.is_stage(whole)? {
        return Err(Problem::at(Fault::Stage, pointer, format_args!("{whole} is a stage itself")).into());
    }
    let Some(key) = key else {
        return Ok(None);
    };
    if index.is_whole(&key)? {
        return Err(Problem::at(Fault::Stage, pointer, format_args!("{key} has stages of its own")).into());
    }
    Ok(Some((key, whole.clone())))
}
