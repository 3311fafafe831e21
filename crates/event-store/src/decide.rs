use announcement::{Announcement, Data, Digest, Fault, Position, Problem, Publisher, Record, Route, Subject, check_announced, from_binary, is_binary};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Message, ReadError, index::Index, rules::Rules, stage, stage::Stage, target};

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    /// It's recorded.
    Record(Box<Accepted>),
    /// Its content was recorded before.
    Duplicate { first: Box<Record>, announcement: Box<Announcement> },
    /// It's refused. That doesn't occupy its identity.
    Refuse(Problem),
    /// From the next message on this version of the rules holds.
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
    pub(crate) change: Option<Change>,
    /// What it says of stages.
    pub(crate) stage: Option<Stage>,
}

/// What an event does to a claim of its publisher, or an operator's to any record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) claim: Position,
    pub(crate) how: How,
    /// What the claim said of stages until now.
    pub(crate) ended: Option<Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Corrected,
    Retracted,
    Redacted,
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

/// Why there's no record to be made: a refusal, or the ledger can't be read.
pub(crate) enum Stop {
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

/// Decides on a message: a pure function of it, of the instant at which it's recorded, of the rules and of what was recorded before.
pub(crate) fn decide(message: &Message, recorded: Timestamp, rules: Rules, index: &Index<'_>) -> Result<Decision, ReadError> {
    let decided = match rules {
        Rules::One => rules_1(message, recorded, index),
    };
    match decided {
        Err(Stop::Refuse(problem)) => Ok(Decision::Refuse(*problem)),
        Err(Stop::Read(error)) => Err(error),
        Ok(decision) => Ok(decision),
    }
}

/// What the headers of the stream of records begin with.
const OWN_HEADERS: &str = "handover-";
/// What a server adds to a message that it gives out of a stream, as the answer to a question.
const GIVEN_OUT: [&str; 4] = ["nats-stream", "nats-subject", "nats-sequence", "nats-time-stamp"];

fn rules_1(message: &Message, recorded: Timestamp, index: &Index<'_>) -> Result<Decision, Stop> {
    check_headers(message)?;
    match message.subject.parse::<Subject>()? {
        Subject::Event(route) => event(message, recorded, route, index),
        Subject::Rules | Subject::Epoch if message.sequence.is_none() => {
            Err(Problem::at(Fault::WrongSubject, "", "rules and epochs begin at a message of the stream, and this ledger follows none").into())
        }
        Subject::Rules => Ok(Decision::Rules(operator::<RulesChange>(&message.body)?.rules)),
        Subject::Epoch => Ok(Decision::Epoch(operator(&message.body)?)),
    }
}

/// Whoever may read a stream can have the server deliver its messages to any subject, whatever that user may publish: what was recorded would be announced by another.
fn check_headers(message: &Message) -> Result<(), Problem> {
    let own = |name: &str| name.get(..OWN_HEADERS.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(OWN_HEADERS));
    let given_out = |name: &str| GIVEN_OUT.iter().any(|header| name.eq_ignore_ascii_case(header));
    match message.headers.iter().find(|(name, _)| own(name) || given_out(name)) {
        Some((name, _)) => Err(Problem::at(Fault::Copied, "", format_args!("the header {} isn't a publisher's", name.escape_debug()))),
        None => Ok(()),
    }
}

fn operator<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::at(Fault::Malformed, "", error))
}

fn event(message: &Message, recorded: Timestamp, route: Route, index: &Index<'_>) -> Result<Decision, Stop> {
    let headers = || message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let event = if is_binary(headers()) { from_binary(headers(), &message.body)? } else { message.body.to_vec() };
    let announcement = announcement::parse(&event)?;
    check_dates(&announcement, recorded)?;
    route.admits(announcement.kind())?;
    let Route { publisher, .. } = route;
    let envelope = &announcement.envelope;
    if let Some(first) = index.identity(&publisher, &envelope.source, envelope.id)? {
        let position = first.position;
        if first.record.same_content(&event) {
            return Ok(Decision::Duplicate { first: Box::new(first.record), announcement: Box::new(announcement) });
        }
        let detail = format_args!("this source and id were recorded at position {position} with other content");
        return Err(Problem::at(Fault::Conflict, "/id", detail).into());
    }
    let targeted = target::check(&announcement, &publisher, index)?;
    let change = targeted.as_ref().map(|targeted| targeted.change(index)).transpose()?;
    let ended = change.as_ref().and_then(|change| change.ended.as_ref());
    let original = targeted.as_ref().map(|targeted| &targeted.found.announcement);
    let stage = stage::check(&announcement, original, ended, index)?;
    Ok(Decision::Record(Box::new(Accepted { publisher, announcement, event, change, stage })))
}

/// What the record of an event whose payload was removed does, which was decided on before: the change, and what it says of stages.
pub(crate) fn removed(announcement: &Announcement, publisher: &Publisher, index: &Index<'_>) -> Result<(Option<Change>, Option<Stage>), Stop> {
    let targeted = target::of_removed(announcement, publisher, index)?;
    let change = targeted.as_ref().map(|targeted| targeted.change(index)).transpose()?;
    let stage = stage::named_by(announcement, targeted.as_ref().map(|targeted| &targeted.found.announcement));
    Ok((change, stage))
}

/// A replacement is validated like an event, its `announced` too.
fn check_dates(announcement: &Announcement, recorded: Timestamp) -> Result<(), Problem> {
    check_announced(announcement, recorded)?;
    let Data::Corrected(corrected) = &announcement.data else { return Ok(()) };
    let replacement = Announcement { envelope: announcement.envelope.clone(), data: (*corrected.replacement.data).clone() };
    check_announced(&replacement, recorded).map_err(|problem| Problem { pointer: Some("/data/replacement/data/announced".to_owned()), ..problem })
}

#[cfg(test)]
mod tests;
