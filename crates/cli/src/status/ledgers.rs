use std::{collections::BTreeMap, time::Duration};

use async_nats::Client;
use event_store::{
    Health, NodeHead, Part, RootAnswer,
    nats::{Examined, NODES_PREFIX, QUERY_PREFIX, STREAM, StreamLevel, examine},
};
use futures::{StreamExt, future::join_all};
use jiff::Timestamp;
use producer::Server;
use serde::Serialize;
use serde_json::json;
use tokio::time::timeout;

use super::{MAX_LAG, NEARLY_FULL_PERCENT};

/// How long is listened: every node speaks every two seconds.
const LISTEN: Duration = Duration::from_millis(2_600);
/// How long a node, or the nats-server, may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many nodes are shown.
const MAX_NODES: usize = 64;

/// The ledger nodes that are heard over NATS, and the streams there.
#[derive(Debug, Serialize)]
pub(super) struct Ledgers {
    pub(super) nodes: Vec<Node>,
    /// Whether all nodes give the same root at the size of the smallest; nothing where one didn't answer.
    pub(super) roots_agree: Option<bool>,
    /// Up to which size they were compared.
    pub(super) compared: u64,
    pub(super) streams: Vec<Stream>,
}

/// A ledger node.
#[derive(Debug, Serialize)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) root: String,
    pub(super) epoch: u64,
    pub(super) stream_sequence: u64,
    /// How many messages it hasn't read; nothing where the stream isn't there.
    pub(super) lag: Option<u64>,
    /// What it says of itself; nothing from a program of before.
    pub(super) health: Option<Health>,
    pub(super) refused: Option<u64>,
    pub(super) verified_backup: Option<Timestamp>,
    pub(super) verification: Option<Timestamp>,
    pub(super) damaged_parts: Option<u64>,
    pub(super) pending_redactions: Option<u64>,
}

/// A stream.
#[derive(Debug, Serialize)]
pub(super) struct Stream {
    pub(super) stream: String,
    #[serde(flatten)]
    pub(super) level: Option<StreamLevel>,
    /// How it's set otherwise than it must be.
    pub(super) differs: Option<String>,
}

impl Ledgers {
    /// Asks whoever answers there.
    pub(super) async fn ask(server: &Server) -> Result<Self, String> {
        let url = server.url();
        let connecting = server.options().name("handover status").connect(server.addresses());
        let connected = timeout(PATIENCE, connecting).await.map_err(|_| format!("{url}: it doesn't answer"))?;
        let client = connected.map_err(|error| format!("{url}: {error}"))?;
        let (words, examined) = tokio::join!(listen(&client), timeout(PATIENCE, examine(&client)));
        let streams = examined.map_err(|_| format!("{url}: it doesn't answer"))?.map_err(|error| format!("{url}: {error}"))?.map(Stream::from);
        let end = streams.iter().find(|stream| stream.stream == STREAM).and_then(|stream| stream.level.as_ref()).map(|level| level.last_sequence);
        let words = words.map_err(|error| format!("{url}: {error}"))?;
        let (compared, roots_agree) = compare(&client, &words).await;
        let nodes = words.into_iter().map(|word| Node::of(word, end)).collect();
        Ok(Self { nodes, roots_agree, compared, streams: streams.into() })
    }

    /// What isn't as it should be.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.nodes.is_empty() {
            problems.push("no ledger node is heard over NATS: start handover serve --nats".to_owned());
        }
        if self.roots_agree == Some(false) {
            problems.push(format!("the nodes' roots differ at {} records: find out which is right with handover verify on each", self.compared));
        }
        if self.nodes.iter().any(|node| node.epoch != self.nodes[0].epoch) {
            problems.push("the nodes are in different epochs: see the one whose intake stopped".to_owned());
        }
        problems.extend(self.nodes.iter().flat_map(Node::problems));
        problems.extend(self.streams.iter().filter_map(Stream::problem));
        problems
    }
}

async fn listen(client: &Client) -> Result<Vec<NodeHead>, async_nats::SubscribeError> {
    let mut words = client.subscribe(format!("{NODES_PREFIX}.*")).await?;
    let mut heard = BTreeMap::new();
    let hearing = async {
        while let Some(message) = words.next().await {
            let Ok(word) = serde_json::from_slice::<NodeHead>(&message.payload) else { continue };
            let is_its_own = message.subject.strip_prefix(NODES_PREFIX).and_then(|rest| rest.strip_prefix('.')) == Some(word.node.as_str());
            if is_its_own && (heard.len() < MAX_NODES || heard.contains_key(&word.node)) {
                heard.insert(word.node.clone(), word);
            }
        }
    };
    // Ends by the time alone.
    let _ = timeout(LISTEN, hearing).await;
    Ok(heard.into_values().collect())
}

/// The size at which the nodes were compared, and whether their roots are the same there.
async fn compare(client: &Client, words: &[NodeHead]) -> (u64, Option<bool>) {
    let size = words.iter().map(|word| word.size).min().unwrap_or(0);
    let roots = join_all(words.iter().map(|word| async move {
        if word.size == size {
            return Some(word.root);
        }
        let question = client.request(format!("{QUERY_PREFIX}.{}.root", word.node), json!({"size": size}).to_string().into());
        let answer = timeout(PATIENCE, question).await.ok()?.ok()?;
        serde_json::from_slice::<RootAnswer>(&answer.payload).ok().map(|answer| answer.root)
    }));
    let roots: Option<Vec<_>> = roots.await.into_iter().collect();
    (size, roots.map(|roots| roots.windows(2).all(|pair| pair[0] == pair[1])))
}

impl Node {
    fn of(word: NodeHead, end: Option<u64>) -> Self {
        let NodeHead { node, size, root, epoch, stream_sequence, pending_redactions, condition } = word;
        let lag = end.map(|end| end.saturating_sub(stream_sequence));
        Self {
            name: node,
            size,
            root: root.to_string(),
            epoch,
            stream_sequence,
            lag,
            refused: condition.as_ref().map(|condition| condition.refused),
            verified_backup: condition.as_ref().and_then(|condition| condition.verified_backup),
            verification: condition.as_ref().and_then(|condition| condition.verification),
            damaged_parts: condition.as_ref().map(|condition| condition.damaged_parts),
            health: condition.map(|condition| condition.health),
            pending_redactions,
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let parts = self.health.iter().flat_map(|health| [("writer", &health.writer), ("intake", &health.intake), ("stream of records", &health.log)]);
        for (name, part) in parts {
            match part {
                Part::Running => {}
                Part::Waiting { reason } => problems.push(format!("{}: the {name} waits: {reason}", self.name)),
                Part::Stopped { reason, remedy, .. } => problems.push(format!("{}: the {name} stopped: {reason}; {remedy}", self.name)),
            }
        }
        if let Some(lag) = self.lag.filter(|&lag| lag > MAX_LAG) {
            problems.push(format!("{}: {lag} messages behind the stream {STREAM}", self.name));
        }
        if let Some(damaged) = self.damaged_parts.filter(|&damaged| damaged > 0) {
            problems.push(format!("{}: the last verification found {damaged} damaged parts: handover verify names them", self.name));
        }
        problems
    }
}

impl From<Examined> for Stream {
    fn from(Examined { stream, found, differs }: Examined) -> Self {
        Self { stream, level: found, differs: differs.map(|error| error.to_string()) }
    }
}

impl Stream {
    fn problem(&self) -> Option<String> {
        let Some(level) = &self.level else { return Some(format!("there is no stream {}: start handover serve --nats, which makes it", self.stream)) };
        if let Some(differs) = &self.differs {
            return Some(differs.clone());
        }
        let percent = level.percent().filter(|&percent| percent >= NEARLY_FULL_PERCENT)?;
        Some(format!("the stream {} is {percent} % full: handover ledger trim, or raise its limit", self.stream))
    }
}
