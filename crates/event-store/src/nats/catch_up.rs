use std::time::Duration;

use announcement::{Digest, Position, Record};
use async_nats::{
    Client,
    jetstream::{self, stream::Stream},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    Frontier, Head, Ledger, NodeHead, Part, ReadError, SubmitError,
    nats::{
        LOG_STREAM, QUERY_PREFIX, STREAM,
        compare::lacking,
        continuity::seen_at,
        log::{leaf_in, record_in},
        queries::RootAnswer,
        tail::{Ended, Parts, Tail},
    },
    state::{Checkpoint, Goal},
    writer::Begun,
};

/// How long another node may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long the stream of records may take to have the next one.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many records are checked together, and taken over in one commit.
const CHUNK: usize = 256;

/// What taking records over came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaughtUp {
    /// The node whose records they are.
    pub node: String,
    /// How many records were taken over.
    pub taken_over: u64,
    /// Where that node stood, and this one does now.
    pub head: Head,
    /// How many refusals that node keeps; those of the messages that this one never read are only there.
    pub refusals_there: u64,
}

/// Why a node isn't what another one is. Where records were taken over already they stay, nothing is read from the stream, and asking again goes on.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// Somebody asked before.
    #[error("records are being taken over; look at the status")]
    Busy,
    /// The intake runs.
    #[error("the intake runs and reads the stream by itself; follow it with handover ledger catch-up --from stream")]
    Running,
    /// There is nobody to take records from.
    #[error("no other ledger node was heard; start one that has what is missing, or use handover ledger catch-up --from backup DIR")]
    Nobody,
    /// The others have less.
    #[error("no node has more than this one, which has {own} records: {node} has {size}; run it there instead")]
    NotAhead {
        /// The one that has most.
        node: String,
        /// How many it has.
        size: u64,
        /// How many there are here.
        own: u64,
    },
    /// The other node's first records are others.
    #[error("node {node} has other records among its first {size} than this ledger; find out which is right with handover verify on both")]
    Differs {
        /// The node.
        node: String,
        /// How many there are here.
        size: u64,
    },
    /// The other node goes by other rules.
    #[error("node {node} goes by version {theirs} of the rules, and this ledger by {own}; use handover ledger catch-up --from backup DIR")]
    Rules {
        /// The node.
        node: String,
        /// Its version.
        theirs: u32,
        /// This ledger's.
        own: u32,
    },
    /// The stream doesn't go on from where the other node stands.
    #[error("node {node} has read the stream {STREAM} up to message {sequence}, which isn't there: {node} can't go on either; see to it first")]
    NoCheckpoint {
        /// The node.
        node: String,
        /// The sequence.
        sequence: u64,
    },
    /// The stream of records hasn't got the record, or another.
    #[error("the stream {LOG_STREAM} doesn't have the record at position {position} as node {node} does; use handover ledger catch-up --from backup DIR")]
    Record {
        /// The record's position.
        position: Position,
        /// The node.
        node: String,
    },
    /// The stream's leaves aren't those of the node's tree.
    #[error("the stream {LOG_STREAM} gives root {found} of {size} records, and node {node} says {root}; use handover ledger catch-up --from backup DIR")]
    Root {
        /// The node.
        node: String,
        /// Its size.
        size: u64,
        /// Its root.
        root: Digest,
        /// What the stream gives.
        found: Digest,
    },
    /// NATS doesn't answer.
    #[error("{0}; ask again")]
    Unreachable(String),
    /// The ledger can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The ledger takes nothing in.
    #[error(transparent)]
    Ledger(#[from] SubmitError),
}

impl From<Ended> for CatchUpError {
    fn from(Ended(reason): Ended) -> Self {
        Self::Unreachable(reason)
    }
}

/// Makes of a ledger whose stream lacks what it needs the one that another node has: takes its records over from the stream of records, and its place in the stream of
/// announcements. Each record gives its leaf and is decided on here once more, all of them give the other node's root before the first is taken. Refusals aren't taken over.
///
/// # Errors
/// See [`CatchUpError`].
///
/// # Cancel safety
/// Dropped half-way, the ledger waits for the rest; asked again, it goes on.
pub async fn catch_up(ledger: &Ledger, client: &Client) -> Result<CaughtUp, CatchUpError> {
    let _alone = ledger.begin_catching_up().ok_or(CatchUpError::Busy)?;
    if !matches!(ledger.health().borrow().intake, Part::Stopped { .. }) {
        return Err(CatchUpError::Running);
    }
    let begun = ledger.begin_round().await?;
    let source = Source::find(ledger, client, &begun).await?;
    let chunks = source.check(ledger, begun.head.size).await?;
    let goal = source.goal.clone();
    ledger
        .amend(move |state| {
            state.goal = Some(goal);
            Ok(())
        })
        .await?
        .map_err(SubmitError::Stopped)?;
    tracing::warn!(node = source.node, from = begun.head.size, to = source.goal.size, "records are taken over from another node");
    source.take(ledger, begun.head.size, chunks).await?;
    ledger
        .amend(move |state| {
            let Some(goal) = state.goal.take() else { return Err("no records are being taken over".to_owned()) };
            if (state.tree.size(), state.tree.root()) != (goal.size, goal.root) {
                return Err(format!(
                    "the ledger has {} records with root {}, and must have {} with root {}",
                    state.tree.size(),
                    state.tree.root(),
                    goal.size,
                    goal.root
                ));
            }
            (state.epoch, state.checkpoint) = (goal.epoch, Some(goal.checkpoint));
            Ok(())
        })
        .await?
        .map_err(SubmitError::Stopped)?;
    ledger.restart_intake();
    let Source { node, head, .. } = source;
    Ok(CaughtUp { node, taken_over: head.size - begun.head.size, refusals_there: head.refused, head: ledger.head() })
}

/// The node whose records are taken over, and the stream that has them.
struct Source {
    client: Client,
    log: Stream,
    node: String,
    head: Head,
    goal: Goal,
}

impl Source {
    /// The node that has most of those that answer, if this ledger's records are its first ones.
    async fn find(ledger: &Ledger, client: &Client, begun: &Begun) -> Result<Self, CatchUpError> {
        let unreachable = |error: &dyn std::fmt::Display| CatchUpError::Unreachable(error.to_string());
        let context = jetstream::new(client.clone());
        let own = &begun.head;
        ledger.nodes().listen_first().await;
        let mut heard: Vec<NodeHead> = ledger.heard().into_iter().map(|heard| heard.head).collect();
        heard.sort_by_key(|word| (word.epoch, word.size, word.stream_sequence));
        let mut found = None;
        while let (None, Some(word)) = (&found, heard.pop()) {
            found = ask::<Head>(client, &word.node, "head", json!({})).await.ok().map(|head| (word.node, head));
        }
        let (node, head) = found.ok_or(CatchUpError::Nobody)?;
        if (head.epoch, head.size, head.stream_sequence) <= (own.epoch, own.size, own.stream_sequence) {
            return Err(CatchUpError::NotAhead { node, size: head.size, own: own.size });
        }
        if head.size < own.size {
            return Err(CatchUpError::NotAhead { node, size: head.size, own: own.size });
        }
        let first = ask::<RootAnswer>(client, &node, "root", json!({"size": own.size})).await.map_err(CatchUpError::Unreachable)?;
        if first.root != own.root {
            return Err(CatchUpError::Differs { node, size: own.size });
        }
        if head.rules != own.rules {
            return Err(CatchUpError::Rules { node, theirs: head.rules, own: own.rules });
        }
        let announcements = context.get_stream(STREAM).await.map_err(|error| unreachable(&error))?;
        let sequence = head.stream_sequence;
        let seen = seen_at(&announcements, sequence).await.map_err(|error| unreachable(&error))?;
        let message = Some(seen.ok_or_else(|| CatchUpError::NoCheckpoint { node: node.clone(), sequence })?);
        let log = context.get_stream(LOG_STREAM).await.map_err(|error| unreachable(&error))?;
        if let Some((first, _)) = lacking(&log).await? {
            return Err(CatchUpError::Record { position: first, node });
        }
        let goal = Goal { size: head.size, root: head.root, epoch: head.epoch, checkpoint: Checkpoint { sequence, message } };
        Ok(Self { client: client.clone(), log, node, head, goal })
    }

    /// That the stream has every leaf from a size on, and they give the node's root. Gives the digest of each chunk's leaves.
    async fn check(&self, ledger: &Ledger, from: u64) -> Result<Vec<Digest>, CatchUpError> {
        let reader = ledger.reader();
        let tree = tokio::task::spawn_blocking(move || reader.store().tree_at(from)).await.unwrap_or(Err(ReadError::State));
        let (mut tree, mut chunks): (Frontier, Vec<Digest>) = (tree?, Vec::new());
        let (mut reading, mut leaves) = (Reading::begin(self, from, Parts::HeadersOnly).await?, Vec::new());
        while tree.size() < self.goal.size {
            let position = Position::new(tree.size());
            let message = reading.next(self, position).await?;
            let leaf = leaf_in(position, &message).ok_or_else(|| self.lacks(position))?;
            tree.append(leaf);
            leaves.extend_from_slice(leaf.as_bytes());
            if leaves.len() == CHUNK * 32 || tree.size() == self.goal.size {
                chunks.push(Digest::of(&leaves));
                leaves.clear();
            }
        }
        let (node, Goal { size, root, .. }) = (self.node.clone(), self.goal.clone());
        if tree.root() == root { Ok(chunks) } else { Err(CatchUpError::Root { node, size, root, found: tree.root() }) }
    }

    /// Takes over what was checked.
    async fn take(&self, ledger: &Ledger, from: u64, chunks: Vec<Digest>) -> Result<(), CatchUpError> {
        let mut reading = Reading::begin(self, from, Parts::All).await?;
        let mut next = from;
        for checked in chunks {
            let (mut records, mut leaves) = (Vec::<Record>::with_capacity(CHUNK), Vec::with_capacity(CHUNK * 32));
            while records.len() < CHUNK && next < self.goal.size {
                let position = Position::new(next);
                let message = reading.next(self, position).await?;
                let record = record_in(position, &message).ok_or_else(|| self.lacks(position))?;
                leaves.extend_from_slice(record.leaf().as_bytes());
                records.push(record);
                next += 1;
            }
            if Digest::of(&leaves) != checked {
                return Err(self.lacks(Position::new(next - records.len() as u64)));
            }
            ledger.take_over(records).await?;
        }
        Ok(())
    }

    fn lacks(&self, position: Position) -> CatchUpError {
        CatchUpError::Record { position, node: self.node.clone() }
    }
}

/// The stream of records, message by message.
struct Reading {
    tail: Option<Tail>,
    messages: std::vec::IntoIter<(u64, jetstream::Message)>,
}

impl Reading {
    async fn begin(source: &Source, from: u64, parts: Parts) -> Result<Self, CatchUpError> {
        let tail = if from < source.goal.size { Some(Tail::begin(&source.client, source.log.clone(), from + 1, parts).await?) } else { None };
        Ok(Self { tail, messages: Vec::new().into_iter() })
    }

    /// The message of the record at a position: the one that comes next.
    async fn next(&mut self, source: &Source, position: Position) -> Result<jetstream::Message, CatchUpError> {
        loop {
            match (self.messages.next(), &mut self.tail) {
                (Some((_, message)), _) => return Ok(message),
                (None, None) => return Err(source.lacks(position)),
                (None, Some(tail)) => {
                    let read = timeout(PATIENCE, tail.read()).await.map_err(|_| source.lacks(position))?;
                    self.messages = read?.into_iter();
                }
            }
        }
    }
}

async fn ask<T: for<'a> Deserialize<'a>>(client: &Client, node: &str, question: &str, body: serde_json::Value) -> Result<T, String> {
    let asked = client.request(format!("{QUERY_PREFIX}.{node}.{question}"), body.to_string().into());
    let answer =
        timeout(ANSWER, asked).await.map_err(|_| format!("node {node} doesn't answer"))?.map_err(|error| format!("node {node} doesn't answer: {error}"))?;
    serde_json::from_slice(&answer.payload).map_err(|error| format!("node {node} doesn't say its {question}: {error}"))
}
