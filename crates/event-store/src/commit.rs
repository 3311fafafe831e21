use announcement::{Announcement, Digest, ExchangeKey, Fault, Outcome, Position, Problem, Publisher, Receipt, Record, Subject, TraceContext};
use bytes::Bytes;
use durable::FrameHead;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Cause, Message, ReadError,
    decide::{Accepted, Change, Decision, Epoch, How, Stop, decide, removed},
    index::Index,
    layout::{self, Otherwise},
    payload::Payload,
    recent::Kept,
    refusal::{self, Dropped, Refusal},
    removal::Redaction,
    rules::Rules,
    state::{Checkpoint, Seen, State},
    store::Store,
    traces,
};

/// A commit in the making: messages in, one batch with the checkpoint out.
pub(crate) struct Commit<'a> {
    index: Index<'a>,
    state: State,
    first_position: u64,
    /// In which traces what it records was published.
    traces: Vec<(u64, TraceContext)>,
}

/// An event that is taken as it is, for measuring the store without the decisions.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Who published it.
    pub publisher: Publisher,
    /// The event's source.
    pub source: String,
    /// The event's id.
    pub id: Uuid,
    /// The exchange that it's about.
    pub key: Option<ExchangeKey>,
    /// Its bytes.
    pub event: Bytes,
}

/// A commit that's ready to be brought to disk.
pub(crate) struct Finished {
    pub(crate) frame: FrameHead,
    pub(crate) payload: Payload,
    pub(crate) kept: Kept,
    pub(crate) state: State,
}

/// What became of one message in a commit.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It was decided on; the receipt may leave once the commit is durable.
    Decided { publisher: Option<Publisher>, receipt: Receipt },
    /// An operator's message, which needs no receipt.
    Silent,
    /// It was read before, and changes nothing.
    Before,
    /// The intake stops before this message.
    Stop { cause: Cause, reason: String, remedy: String },
}

impl<'a> Commit<'a> {
    pub(crate) fn begin(store: &'a Store, state: State) -> Self {
        let first_position = state.tree.size();
        Self { index: Index::new(store, first_position), state, first_position, traces: Vec::new() }
    }

    /// How many records there are with what was taken so far.
    pub(crate) const fn size(&self) -> u64 {
        self.state.tree.size()
    }

    /// Takes one message. After an error nothing of the commit may be used.
    pub(crate) fn take(&mut self, message: &Message) -> Result<Taken, ReadError> {
        if let Some(sequence) = message.sequence {
            let last = self.state.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence);
            if sequence <= last {
                return Ok(Taken::Before);
            }
            if sequence > last + 1 {
                return Ok(stop(
                    Cause::Stream,
                    format!("messages {} to {} of the stream are missing", last + 1, sequence - 1),
                    "restore the stream, or let the ledger go on with it as it is: handover ledger adopt-stream",
                ));
            }
        }
        let time = microseconds(message.time);
        let recorded = self.state.recorded.map_or(time, |last| last.max(time));
        let digest = Digest::of(&message.body);
        let taken = match decide(message, recorded, self.state.rules, &self.index)? {
            Decision::Record(accepted) => self.record(message, digest, *accepted, recorded)?,
            Decision::Duplicate { first, announcement } => self.duplicate(message, digest, &first, &announcement)?,
            Decision::Refuse(problem) => self.refuse(message, digest, problem)?,
            Decision::Rules(version) => match Rules::try_from(version) {
                Ok(rules) => {
                    self.state.rules = rules;
                    Taken::Silent
                }
                Err(unknown) => {
                    let reason = format!("the stream goes on by other rules: {unknown}");
                    return Ok(stop(Cause::Rules, reason, "start a version of handover that knows them"));
                }
            },
            Decision::Epoch(epoch) => match self.begin_epoch(&epoch) {
                None => Taken::Silent,
                Some(stopped) => return Ok(stopped),
            },
        };
        if let Some(sequence) = message.sequence {
            let seen = Seen { time: message.time, digest };
            self.state.checkpoint = Some(Checkpoint { sequence, message: Some(seen) });
        }
        Ok(taken)
    }

    /// Drops the bytes of a refused message.
    pub(crate) fn drop_refused(&mut self, number: u64, dropped: Dropped) -> Result<Option<Refusal>, ReadError> {
        refusal::drop_bytes(&mut self.index, &mut self.state.refusals, number, dropped)
    }

    /// Adds an event that nobody decides on, unless its source and id are known.
    pub(crate) fn add(&mut self, ready: &Ready, time: Timestamp) -> Result<(), ReadError> {
        let Ready { publisher, source, id, key, event } = ready;
        let hash = layout::event(source, *id);
        if self.index.knows(hash)? {
            return Ok(());
        }
        let position = Position::new(self.state.tree.size());
        let recorded = microseconds(time).max(self.state.recorded.unwrap_or(Timestamp::MIN));
        let kept = layout::encode(&Record { position, recorded, publisher: publisher.clone(), event: event.to_vec(), removed: None });
        let leaf = layout::leaf(position.get(), &kept);
        self.index.add(kept);
        self.index.add_entry(hash, position);
        self.index.add_entry(layout::digest(publisher, Digest::of(event)), position);
        key.iter().for_each(|key| self.index.add_entry(layout::exchange(key), position));
        if let Some(node) = self.state.tree.append(leaf) {
            self.index.add_node(node);
        }
        self.state.recorded = Some(recorded);
        Ok(())
    }

    /// Everything that it changes, with the state at the end.
    pub(crate) fn finish(self) -> Finished {
        let (payload, kept) = self.index.finish(&self.state);
        let kept = Kept { traces: self.traces, ..kept };
        Finished { frame: self.state.frame_from(self.first_position), payload, kept, state: self.state }
    }

    fn record(&mut self, message: &Message, digest: Digest, accepted: Accepted, recorded: Timestamp) -> Result<Taken, ReadError> {
        let Accepted { publisher, announcement, event, change, stage } = accepted;
        let position = Position::new(self.state.tree.size());
        let structured = event[..] == message.body[..];
        let record = Record { position, recorded, publisher, event, removed: None };
        let kept = layout::encode(&record);
        let leaf = layout::leaf(position.get(), &kept);
        self.index.add(kept);
        self.index.add_entry(layout::event(&announcement.envelope.source, announcement.envelope.id), position);
        if structured {
            self.index.add_entry(layout::digest(&record.publisher, digest), position);
        } else {
            layout::other_bytes(&record.publisher, digest, Otherwise::Recorded).into_iter().for_each(|hash| self.index.add_entry(hash, position));
        }
        if let Some(key) = announcement.key() {
            self.index.add_entry(layout::exchange(&key), position);
        }
        change.map_or(Ok(()), |change| self.change(&change, position, recorded))?;
        stage.map_or(Ok(()), |stage| self.index.add_stage(&stage))?;
        refusal::settle(&mut self.index, &mut self.state.refusals, message)?;
        if let Some(node) = self.state.tree.append(leaf) {
            self.index.add_node(node);
        }
        self.state.recorded = Some(recorded);
        let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let trace = traces::in_headers(headers).or_else(|| TraceContext::of(&announcement));
        self.traces.extend(trace.map(|trace| (position.get(), trace)));
        Ok(decided(message, digest, Some(names_of(&announcement)), Outcome::Recorded { position, recorded, leaf }))
    }

    /// What the record at `by` does to another.
    fn change(&mut self, change: &Change, by: Position, recorded: Timestamp) -> Result<(), ReadError> {
        match change.how {
            How::Corrected => self.index.add_entry(layout::corrected(change.claim), by),
            How::Retracted => self.index.add_entry(layout::retracted(change.claim), by),
            How::Redacted => self.redact(change.claim, by, recorded)?,
        }
        change.ended.as_ref().map_or(Ok(()), |ended| self.index.end_stage(ended))
    }

    /// What was refused goes at once; the payload itself once this is on disk.
    fn redact(&mut self, target: Position, by: Position, recorded: Timestamp) -> Result<(), ReadError> {
        let dropped = Dropped { reason: format!("the record at position {target} was redacted by the one at position {by}"), time: recorded };
        let record = self.index.read(target)?;
        let refusals = refusal::drop_redacted(&mut self.index, &mut self.state.refusals, &record, &dropped)?;
        let redaction = serde_json::to_vec(&Redaction { by, refusals }).expect("a redaction is plain data");
        self.index.put(layout::redaction(target.get()), &redaction);
        Ok(())
    }

    /// That nothing is left of the payloads of these records.
    pub(crate) fn removed(&mut self, targets: &[u64]) {
        targets.iter().for_each(|&target| self.index.remove(layout::redaction(target)));
    }

    /// Takes a record whose payload was removed, as another ledger had it in this place. Nothing is changed where it can't stand there, and why is given.
    pub(crate) fn restore(&mut self, record: &Record) -> Result<Result<Outcome, Problem>, ReadError> {
        let position = Position::new(self.state.tree.size());
        let unreadable = |_| ReadError::Unreadable { position: record.position };
        let announcement = record.announcement().map_err(unreadable)?;
        let envelope = &announcement.envelope;
        if let Some(first) = self.index.identity(&record.publisher, &envelope.source, envelope.id)? {
            let duplicate = Outcome::Duplicate { position: first.position };
            let conflict = Problem::at(Fault::Conflict, "/id", format_args!("this source and id were recorded at position {}", first.position));
            return Ok(if first.record.leaf() == record.leaf() { Ok(duplicate) } else { Err(conflict) });
        }
        if record.position != position || self.state.recorded.is_some_and(|last| record.recorded < last) {
            return Ok(Err(Problem::at(Fault::Target, "", format_args!("it's of position {}, and the next one is {position}", record.position))));
        }
        let (change, stage) = match removed(&announcement, &record.publisher, &self.index) {
            Ok(found) => found,
            Err(Stop::Refuse(problem)) => return Ok(Err(*problem)),
            Err(Stop::Read(error)) => return Err(error),
        };
        let leaf = record.leaf();
        self.index.add(layout::encode(record));
        self.index.add_entry(layout::event(&envelope.source, envelope.id), position);
        self.index.add_entry(layout::digest(&record.publisher, record.digest()), position);
        announcement.key().iter().for_each(|key| self.index.add_entry(layout::exchange(key), position));
        change.map_or(Ok(()), |change| self.change(&change, position, record.recorded))?;
        stage.map_or(Ok(()), |stage| self.index.add_stage(&stage))?;
        if let Some(node) = self.state.tree.append(leaf) {
            self.index.add_node(node);
        }
        self.state.recorded = Some(record.recorded);
        Ok(Ok(Outcome::Recorded { position, recorded: record.recorded, leaf }))
    }

    fn duplicate(&mut self, message: &Message, digest: Digest, first: &Record, announcement: &Announcement) -> Result<Taken, ReadError> {
        let position = first.position;
        let same_bytes = first.removed.as_ref().map_or_else(|| first.event[..] == message.body[..], |removed| removed.bytes == digest);
        if !same_bytes {
            let known = |index: &Index<'_>, how| {
                let [one, other] = layout::other_bytes(&first.publisher, digest, how);
                Ok::<_, ReadError>(index.has_entry(one, position)? && index.has_entry(other, position)?)
            };
            if !known(&self.index, Otherwise::Recorded)? && !known(&self.index, Otherwise::Duplicate)? {
                layout::other_bytes(&first.publisher, digest, Otherwise::Duplicate).into_iter().for_each(|hash| self.index.add_entry(hash, position));
            }
        }
        refusal::settle(&mut self.index, &mut self.state.refusals, message)?;
        Ok(decided(message, digest, Some(names_of(announcement)), Outcome::Duplicate { position }))
    }

    fn refuse(&mut self, message: &Message, digest: Digest, problem: Problem) -> Result<Taken, ReadError> {
        let problem = refusal::shortened(problem);
        refusal::keep(&mut self.index, &mut self.state.refusals, message, &problem)?;
        Ok(decided(message, digest, names_in(message), Outcome::Refused { problem }))
    }

    fn begin_epoch(&mut self, epoch: &Epoch) -> Option<Taken> {
        if epoch.epoch <= self.state.epoch {
            return None;
        }
        if let Some(reason) = self.state.head().differs_from(epoch) {
            return Some(stop(Cause::Stream, reason, CATCH_UP));
        }
        self.state.epoch = epoch.epoch;
        None
    }
}

/// What a node does that isn't as far as the one which began an epoch.
pub(crate) const CATCH_UP: &str = "take over what it has: handover ledger catch-up --from ledger; or stop this one, and start it with a copy of the data folder of the ledger that began the epoch";

fn stop(cause: Cause, reason: String, remedy: &str) -> Taken {
    Taken::Stop { cause, reason, remedy: remedy.to_owned() }
}

fn decided(message: &Message, digest: Digest, names: Option<(String, String)>, outcome: Outcome) -> Taken {
    let (source, id) = names.unzip();
    let publisher = match message.subject.parse() {
        Ok(Subject::Event(route)) => Some(route.publisher),
        _ => None,
    };
    Taken::Decided { publisher, receipt: Receipt { source, id, digest, outcome } }
}

fn names_of(announcement: &Announcement) -> (String, String) {
    (announcement.envelope.source.clone(), announcement.envelope.id.to_string())
}

/// The source and id of a refused message, where they can be read.
fn names_in(message: &Message) -> Option<(String, String)> {
    #[derive(serde::Deserialize)]
    struct Names {
        source: String,
        id: String,
    }
    let header = |wanted: &str| message.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone());
    let (source, id) = match header("ce-source").zip(header("ce-id")) {
        Some(names) => names,
        None => serde_json::from_slice(&message.body).map(|Names { source, id }| (source, id)).ok()?,
    };
    (source.len() <= MAX_NAME && id.len() <= MAX_NAME).then_some((source, id))
}

/// Longer names than this are not repeated in a receipt.
const MAX_NAME: usize = 256;

fn microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).expect("a timestamp without its nanoseconds is one")
}
