use announcement::{Digest, Outcome, Position, Problem, Publisher, Receipt, Record, Subject};
use durable::{Batch, FrameHead, StoreReader};
use jiff::Timestamp;

use crate::{
    Message, ReadError,
    decide::{Accepted, Decision, Epoch, decide, knows},
    index::Index,
    layout, refusal,
    state::{Checkpoint, Seen, State},
};

/// A commit in the making: messages in, one batch with the checkpoint out.
pub(crate) struct Commit<'a> {
    index: Index<'a>,
    state: State,
    first_position: u64,
}

/// What became of one message in a commit.
pub(crate) enum Taken {
    /// It was decided on; the receipt may leave once the commit is durable.
    Decided { publisher: Option<Publisher>, receipt: Receipt },
    /// It was read before, or is an operator's message that needs no receipt.
    Silent,
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
                return Ok(Taken::Silent);
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
        let taken = match decide(message, recorded, &self.index)? {
            Decision::Record(accepted) => self.record(message, *accepted, recorded)?,
            Decision::Duplicate { position, announcement } => {
                let envelope = &announcement.envelope;
                decided(message, Some((envelope.source.clone(), envelope.id.to_string())), Outcome::Duplicate { position })
            }
            Decision::Refuse(problem) => self.refuse(message, problem)?,
            Decision::Rules(rules) if knows(rules) => {
                self.state.rules = rules;
                Taken::Silent
            }
            Decision::Rules(rules) => {
                return Ok(stop(
                    format!("the rules change to version {rules}, which this program doesn't know"),
                    "start a version of handover that knows them",
                ));
            }
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
        let Accepted { publisher, announcement, event, retracts, stage } = accepted;
        let position = Position::new(self.state.tree.size());
        let record = Record { position, recorded, publisher, event };
        let leaf = record.leaf();
        let (source, id) = (&announcement.envelope.source, announcement.envelope.id);
        let place = position.get().to_be_bytes();
        self.index.insert(layout::record(position), &layout::encode(&record))?;
        self.index.insert(layout::identity(&record.publisher, source, id), &place)?;
        self.index.insert(layout::at(&layout::event(source, id), position), &[])?;
        self.index.insert(layout::at(&layout::digest(&record.publisher, Digest::of(&message.body)), position), &[])?;
        if let Some(claim) = retracts {
            self.index.insert(layout::retracted(claim), &place)?;
        }
        if let Some((stage, whole)) = stage {
            self.index.insert(layout::stage(&stage), &place)?;
            self.index.insert(layout::whole(&whole), &place)?;
        }
        refusal::settle(&mut self.index, &mut self.state.refusals, message)?;
        self.state.tree.append(leaf);
        self.state.recorded = Some(recorded);
        Ok(decided(message, Some((source.clone(), id.to_string())), Outcome::Recorded { position, recorded, leaf }))
    }

    fn refuse(&mut self, message: &Message, problem: Problem) -> Result<Taken, ReadError> {
        refusal::keep(&mut self.index, &mut self.state.refusals, message, &problem)?;
        Ok(decided(message, names(message), Outcome::Refused { problem }))
    }

    fn begin_epoch(&mut self, epoch: &Epoch) -> Option<Taken> {
        if epoch.epoch <= self.state.epoch {
            return None;
        }
        let head = self.state.head();
        if (epoch.size, epoch.root) != (head.size, head.root) {
            let reason = format!(
                "epoch {} begins with {} records and root {}, and this ledger has {} with root {}",
                epoch.epoch, epoch.size, epoch.root, head.size, head.root
            );
            return Some(stop(reason, "start with an empty data folder, or with a backup of the ledger that began the epoch"));
        }
        self.state.epoch = epoch.epoch;
        None
    }
}

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

/// The source and id of a refused message, where they can be read.
fn names(message: &Message) -> Option<(String, String)> {
    let header = |wanted: &str| message.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone());
    if let Some(named) = header("ce-source").zip(header("ce-id")) {
        return Some(named);
    }
    #[derive(serde::Deserialize)]
    struct Names {
        source: String,
        id: String,
    }
    // A body that broke the profile may be deeper than a parser should follow; such a one has no names.
    let names: Names = serde_json::from_slice(&message.body).ok()?;
    (names.source.len() <= MAX_NAME && names.id.len() <= MAX_NAME).then_some((names.source, names.id))
}

/// Longer names than this are not repeated in a receipt.
const MAX_NAME: usize = 256;

fn microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).expect("a timestamp without its nanoseconds is one")
}
