use announcement::{Announcement, Digest, Outcome, Position, Problem, Publisher, Receipt, Record, Subject};
use durable::{Batch, FrameHead, StoreReader};
use jiff::Timestamp;

use crate::{
    Message, ReadError,
    decide::{Accepted, Decision, Epoch, How, decide},
    index::Index,
    layout, refusal,
    rules::Rules,
    state::{Checkpoint, Seen, State},
};

/// A commit in the making: messages in, one batch with the checkpoint out.
pub(crate) struct Commit<'a> {
    index: Index<'a>,
    state: State,
    first_position: u64,
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
    Stop { reason: String, remedy: String },
}

impl<'a> Commit<'a> {
    pub(crate) fn begin(store: &'a StoreReader, state: State) -> Self {
        let first_position = state.tree.size();
        Self { index: Index::new(store), state, first_position }
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
                    format!("messages {} to {} of the stream are missing", last + 1, sequence - 1),
                    "restore the stream, or let the ledger go on with it as it is: handover ledger adopt-stream",
                ));
            }
        }
        let time = microseconds(message.time);
        let recorded = self.state.recorded.map_or(time, |last| last.max(time));
        let taken = match decide(message, recorded, self.state.rules, &self.index)? {
            Decision::Record(accepted) => self.record(message, *accepted, recorded)?,
            Decision::Duplicate { publisher, position, announcement } => self.duplicate(message, &publisher, position, &announcement)?,
            Decision::Refuse(problem) => self.refuse(message, problem)?,
            Decision::Rules(version) => match Rules::try_from(version) {
                Ok(rules) => {
                    self.state.rules = rules;
                    Taken::Silent
                }
                Err(unknown) => return Ok(stop(format!("the stream goes on by other rules: {unknown}"), "start a version of handover that knows them")),
            },
            Decision::Epoch(epoch) => match self.begin_epoch(&epoch) {
                None => Taken::Silent,
                Some(stopped) => return Ok(stopped),
            },
        };
        if let Some(sequence) = message.sequence {
            let seen = Seen { time: message.time, digest: Digest::of(&message.body) };
            self.state.checkpoint = Some(Checkpoint { sequence, message: Some(seen) });
        }
        Ok(taken)
    }

    /// The batch with the state as its last write.
    pub(crate) fn finish(mut self) -> (FrameHead, Batch, State) {
        self.index.put(layout::STATE.to_vec(), &serde_json::to_vec(&self.state).expect("the state is plain data"));
        let head = FrameHead {
            first_position: self.first_position,
            size: self.state.tree.size(),
            root: *self.state.tree.root().as_bytes(),
            stream_sequence: self.state.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence),
        };
        (head, self.index.into_batch(), self.state)
    }

    fn record(&mut self, message: &Message, accepted: Accepted, recorded: Timestamp) -> Result<Taken, ReadError> {
        let Accepted { publisher, announcement, event, change, stage } = accepted;
        let position = Position::new(self.state.tree.size());
        let record = Record { position, recorded, publisher, event };
        let leaf = record.leaf();
        let (source, id) = (&announcement.envelope.source, announcement.envelope.id);
        let place = position.get().to_be_bytes();
        self.index.insert(layout::record(position), &layout::encode(&record));
        self.index.insert(layout::identity(&record.publisher, source, id), &place);
        self.index.insert(layout::at(&layout::event(source, id), position), &[]);
        self.index.insert(layout::at(&layout::digest(&record.publisher, Digest::of(&message.body)), position), &[layout::RECORDED]);
        if let Some(change) = change {
            match change.how {
                How::Corrected => self.index.put(layout::correction(change.claim), &place),
                How::Retracted => self.index.insert(layout::retracted(change.claim), &place),
            }
            change.ended.map_or(Ok(()), |ended| self.index.end_stage(&ended))?;
        }
        stage.map_or(Ok(()), |stage| self.index.add_stage(&stage))?;
        refusal::settle(&mut self.index, &mut self.state.refusals, message)?;
        self.state.tree.append(leaf);
        self.state.recorded = Some(recorded);
        Ok(decided(message, Some(names_of(&announcement)), Outcome::Recorded { position, recorded, leaf }))
    }

    fn duplicate(&mut self, message: &Message, publisher: &Publisher, position: Position, announcement: &Announcement) -> Result<Taken, ReadError> {
        let bytes = layout::digest(publisher, Digest::of(&message.body));
        self.index.insert_once(layout::at(&bytes, position), &[layout::DUPLICATE])?;
        refusal::settle(&mut self.index, &mut self.state.refusals, message)?;
        Ok(decided(message, Some(names_of(announcement)), Outcome::Duplicate { position }))
    }

    fn refuse(&mut self, message: &Message, problem: Problem) -> Result<Taken, ReadError> {
        let problem = refusal::shortened(problem);
        refusal::keep(&mut self.index, &mut self.state.refusals, message, &problem)?;
        Ok(decided(message, names_in(message), Outcome::Refused { problem }))
    }

    fn begin_epoch(&mut self, epoch: &Epoch) -> Option<Taken> {
        if epoch.epoch <= self.state.epoch {
            return None;
        }
        if let Some(reason) = self.state.head().differs_from(epoch) {
            return Some(stop(reason, CATCH_UP));
        }
        self.state.epoch = epoch.epoch;
        None
    }
}

/// What a node does that isn't as far as the one which began an epoch.
pub(crate) const CATCH_UP: &str = "stop it, and start it with a copy of the data folder of the ledger that began the epoch";

fn stop(reason: String, remedy: &str) -> Taken {
    Taken::Stop { reason, remedy: remedy.to_owned() }
}

fn decided(message: &Message, names: Option<(String, String)>, outcome: Outcome) -> Taken {
    let (source, id) = names.unzip();
    let publisher = match message.subject.parse() {
        Ok(Subject::Event(route)) => Some(route.publisher),
        _ => None,
    };
    Taken::Decided { publisher, receipt: Receipt { source, id, digest: Digest::of(&message.body), outcome } }
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
