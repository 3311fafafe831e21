use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use announcement::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Head, Health};

/// How long is listened before it's said who is there: every node speaks every two seconds.
const LISTEN_FIRST: Duration = Duration::from_secs(6);
/// How long a node counts after its last word.
const HEARD_WITHIN: Duration = Duration::from_secs(60);
/// How many other nodes are remembered.
const MAX_NODES: usize = 64;
/// How much of the host's name is in a node's.
const MAX_HOST: usize = 40;

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeHead {
    /// Its name: the host's, and digits that change with each start.
    pub node: String,
    /// How many records it holds.
    pub size: u64,
    /// Their root.
    pub root: Digest,
    /// How often it moved to another stream.
    pub epoch: u64,
    /// Up to where it has read the stream.
    pub stream_sequence: u64,
    /// How many redactions it recorded whose payloads it hasn't removed yet; none is said by a program that removes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_redactions: Option<u64>,
    /// How it is; a program of before doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

/// How a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Whether it takes records in.
    pub health: Health,
    /// How many refused messages it keeps.
    pub refused: u64,
    /// When a backup of it was verified last.
    pub verified_backup: Option<Timestamp>,
    /// When the whole ledger was verified last.
    pub verification: Option<Timestamp>,
    /// How many damaged parts were found then.
    pub damaged_parts: u64,
}

/// A node that was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// What it said last.
    #[serde(flatten)]
    pub head: NodeHead,
    /// How many seconds ago.
    pub heard_s_ago: u64,
}

/// This node's name, and the others that were heard.
#[derive(Debug)]
pub(crate) struct Nodes {
    name: String,
    /// Guards what each said last, and when.
    heard: Mutex<BTreeMap<String, (NodeHead, Instant)>>,
    /// Since when others can be heard.
    listening: OnceLock<Instant>,
}

impl Default for Nodes {
    fn default() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let random = Uuid::now_v7().simple().to_string();
        Self { name: format!("{}-{}", token(&host), &random[random.len() - 8..]), heard: Mutex::default(), listening: OnceLock::new() }
    }
}

impl Nodes {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn word(&self, head: Head, pending_redactions: Option<u64>, condition: Option<Condition>) -> NodeHead {
        let Head { size, root, epoch, stream_sequence, .. } = head;
        NodeHead { node: self.name.clone(), size, root, epoch, stream_sequence, pending_redactions, condition }
    }

    /// From now on others can be heard.
    pub(crate) fn listen(&self) {
        self.listening.get_or_init(Instant::now);
    }

    /// Waits until whoever speaks must have been heard.
    pub(crate) async fn listen_first(&self) {
        let listened = self.listening.get().map_or(Duration::ZERO, Instant::elapsed);
        tokio::time::sleep(LISTEN_FIRST.saturating_sub(listened)).await;
    }

    pub(crate) fn hear(&self, word: NodeHead, now: Instant) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.retain(|_, (_, when)| now.duration_since(*when) < HEARD_WITHIN);
        if heard.len() < MAX_NODES || heard.contains_key(&word.node) {
            heard.insert(word.node.clone(), (word, now));
        }
    }

    /// The others that were heard in the last minute.
    pub(crate) fn heard(&self, now: Instant) -> Vec<Heard> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let ago = heard.values().map(|(head, when)| (head, now.duration_since(*when)));
        ago.filter(|&(_, ago)| ago < HEARD_WITHIN).map(|(head, ago)| Heard { head: head.clone(), heard_s_ago: ago.as_secs() }).collect()
    }
}

/// A host's name as a token of a subject.
fn token(host: &str) -> String {
    let allowed = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let token: String = host.trim().chars().take(MAX_HOST).map(allowed).collect();
    if token.is_empty() { "node".to_owned() } else { token }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(node: &str, size: u64) -> NodeHead {
        NodeHead { node: node.to_owned(), size, root: Digest::of(b""), epoch: 0, stream_sequence: size, pending_redactions: None, condition: None }
    }

    #[test]
    fn a_node_counts_for_a_minute_after_its_last_word() {
        let (nodes, start) = (Nodes::default(), Instant::now());
        nodes.hear(word("a", 1), start);
        nodes.hear(word("b", 1), start);
        nodes.hear(word("a", 2), start + Duration::from_secs(30));
        let heard = nodes.heard(start + Duration::from_secs(70));
        assert_eq!(heard, [Heard { head: word("a", 2), heard_s_ago: 40 }]);
        for number in 0..1_000 {
            nodes.hear(word(&number.to_string(), 1), start);
        }
        assert_eq!(nodes.heard(start).len(), MAX_NODES);
    }

    #[test]
    fn a_nodes_name_is_one_token_of_a_subject() {
        assert_eq!(token("Desk.example.org\n"), "desk-example-org");
        assert_eq!(token("\n"), "node");
        let (one, other) = (Nodes::default(), Nodes::default());
        assert!(one.name() != other.name() && !one.name().contains(['.', '*', '>', ' ']));
    }
}
