use std::time::{Duration, Instant};

use announcement::{Digest, Position};
use async_nats::Client;
use futures::StreamExt;
use serde_json::json;
use tokio::time::{interval, timeout};

use crate::{
    Cause, Condition, Ledger, NodeHead, Part, ReadError,
    nats::{NODES_PREFIX, QUERY_PREFIX, queries::RootAnswer},
};

/// How often a node says where it stands.
const BEAT: Duration = Duration::from_secs(2);
/// How long another node may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Says where this ledger stands every few seconds, and holds what other nodes say against it. A root that another has otherwise for the same size stops the intake, with
/// the first position at which their records differ.
///
/// Nothing is believed that the other node doesn't confirm when it's asked.
pub(super) async fn run(ledger: &Ledger, client: &Client) {
    tokio::join!(speak(ledger, client), listen(ledger, client));
}

async fn speak(ledger: &Ledger, client: &Client) {
    let mut beats = interval(BEAT);
    loop {
        beats.tick().await;
        // In this order: what it has up to its size is among what it says is pending.
        let head = ledger.head();
        let word = ledger.nodes().word(head, ledger.pending_redactions().ok().map(|pending| pending.len() as u64), Some(condition(ledger)));
        let body = serde_json::to_vec(&word).expect("a node's word is plain data");
        if let Err(error) = client.publish(format!("{NODES_PREFIX}.{}", word.node), body.into()).await {
            tracing::debug!(%error, "other nodes were not told where this one stands");
        }
    }
}

/// How this node is. Its notes are short files.
fn condition(ledger: &Ledger) -> Condition {
    let verification = ledger.verification().ok().flatten();
    Condition {
        health: ledger.health().borrow().clone(),
        refused: ledger.head().refused,
        verified_backup: ledger.verified_backup().ok().flatten().map(|backup| backup.verified),
        damaged_parts: verification.as_ref().map_or(0, |verification| verification.damage),
        verification: verification.map(|verification| verification.verified),
    }
}

async fn listen(ledger: &Ledger, client: &Client) {
    let mut words = match client.subscribe(format!("{NODES_PREFIX}.*")).await {
        Ok(words) => words,
        Err(error) => return tracing::error!(%error, "other nodes can't be heard"),
    };
    ledger.nodes().listen();
    while let Some(message) = words.next().await {
        let Ok(word) = serde_json::from_slice::<NodeHead>(&message.payload) else { continue };
        let speaker = message.subject.strip_prefix(NODES_PREFIX).and_then(|rest| rest.strip_prefix('.'));
        // Who may speak on a subject is the server's permission; a name in a body is anyone's.
        if speaker != Some(&word.node) || word.node == ledger.nodes().name() {
            continue;
        }
        ledger.nodes().hear(word.clone(), Instant::now());
        if matches!(ledger.health().borrow().intake, Part::Stopped { .. }) {
            continue;
        }
        match (Comparing { ledger, client, node: &word.node }).with(&word).await {
            Ok(None) => {}
            Ok(Some(difference)) => stop(ledger, &word.node, &difference).await,
            Err(error) => tracing::debug!(%error, node = word.node, "another node's root can't be held against this one's"),
        }
    }
}

async fn stop(ledger: &Ledger, node: &str, difference: &Difference) {
    let Difference { position, damaged } = difference;
    let mut reason = format!("node {node} holds another record at position {position} than this ledger");
    if *damaged {
        reason += "; and this ledger's own records there don't give its own tree: it is damaged";
    }
    let remedy = "find out which is right with handover verify on both; replace the data folder of the other one with a copy, and start both anew";
    tracing::error!(reason, remedy, "the intake stopped");
    ledger.stop_intake(Cause::Roots, reason, remedy).await;
}

/// Where two nodes' records differ first.
struct Difference {
    position: Position,
    /// This node's own records there don't give its own tree.
    damaged: bool,
}

/// Why two nodes can't be compared at the moment.
#[derive(Debug, thiserror::Error)]
enum CompareError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("it doesn't answer: {0}")]
    NoAnswer(String),
}

struct Comparing<'a> {
    ledger: &'a Ledger,
    client: &'a Client,
    node: &'a str,
}

impl Comparing<'_> {
    async fn with(&self, word: &NodeHead) -> Result<Option<Difference>, CompareError> {
        let own = self.ledger.head();
        if (word.size, word.root) == (own.size, own.root) {
            return Ok(None);
        }
        let size = own.size.min(word.size);
        let theirs = if size == word.size { word.root } else { self.theirs(size).await? };
        if theirs == self.ours(size).await? || self.same(size).await? {
            return Ok(None);
        }
        let (mut same, mut differs) = (0, size);
        while differs - same > 1 {
            let middle = same + (differs - same) / 2;
            if self.same(middle).await? { same = middle } else { differs = middle }
        }
        let position = Position::new(same);
        let reader = self.ledger.reader();
        let damaged = blocking(move || reader.gives_its_tree(position)).await.map_or(true, |gives| !gives);
        Ok(Some(Difference { position, damaged }))
    }

    /// Whether both have the same root at a size. Once they differ they differ at every larger one.
    async fn same(&self, size: u64) -> Result<bool, CompareError> {
        Ok(self.theirs(size).await? == self.ours(size).await?)
    }

    async fn ours(&self, size: u64) -> Result<Digest, CompareError> {
        let reader = self.ledger.reader();
        Ok(blocking(move || reader.root_at(size)).await?.expect("a ledger never shrinks"))
    }

    async fn theirs(&self, size: u64) -> Result<Digest, CompareError> {
        let no_answer = |error: &dyn std::fmt::Display| CompareError::NoAnswer(error.to_string());
        let question = self.client.request(format!("{QUERY_PREFIX}.{}.root", self.node), json!({"size": size}).to_string().into());
        let answer = timeout(ANSWER, question).await.map_err(|error| no_answer(&error))?.map_err(|error| no_answer(&error))?;
        let RootAnswer { root, .. } = serde_json::from_slice(&answer.payload).map_err(|error| no_answer(&error))?;
        Ok(root)
    }
}

async fn blocking<T: Send + 'static>(read: impl FnOnce() -> Result<T, ReadError> + Send + 'static) -> Result<T, ReadError> {
    // A look-up that was cut short by the end of the process, or panicked, has no answer.
    tokio::task::spawn_blocking(read).await.unwrap_or(Err(ReadError::State))
}
