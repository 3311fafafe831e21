//! Three ledger nodes over three nats-servers, of which one or the other is always being killed.

use std::{
    env,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use announcement::Receipt;
use blackbox::{Generator, Handover, NatsCluster, Serve, handover_command, wait_for};
use futures::StreamExt;
use producer::{Options, Outgoing, Producer};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::audit::{honoured, records};

/// How long an election, a node that reads what it missed, and a stream that is brought up may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
const NODES: usize = 3;

/// How many kills, and how long from one to the next.
fn rounds() -> (u64, Duration) {
    match env::var("HANDOVER_ROUNDS") {
        Ok(rounds) if rounds == "full" => (15, Duration::from_secs(20)),
        _ => (3, Duration::from_secs(6)),
    }
}

fn seed() -> u64 {
    env::var("HANDOVER_SEED").map_or_else(|_| RandomState::new().hash_one(0), |seed| seed.parse().unwrap())
}

/// A ledger node, and how it's started again.
struct Node {
    data: TempDir,
    serve: Serve,
    running: Option<Handover>,
}

impl Node {
    fn start(cluster: &NatsCluster) -> Self {
        let data = TempDir::new().unwrap();
        let serve = Serve::over_cluster(cluster, data.path()).with(["--role", "ledger", "--replicas", "3", "--stream-max-bytes", "1073741824"]);
        let running = Some(serve.start());
        Self { data, serve, running }
    }

    fn kill(&mut self) {
        self.running.take().unwrap().kill();
    }

    fn restart(&mut self) {
        self.running = Some(wait_for("a node to start", PATIENCE, || self.serve.try_start().ok()));
    }

    fn status(&self) -> Value {
        let ran = handover_command(&["ledger", "status", "--data", self.data.path().to_str().unwrap()], b"");
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
    }
}

/// Publishes until it's told to stop, and gives every receipt.
fn load(url: String, seed: u64, stop: Arc<AtomicBool>) -> Vec<Receipt> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let producer = Producer::connect(Options { window: 64, ..Options::new(url, "load".parse().unwrap()) }).await.unwrap();
        let events = Generator::new(seed).take_while(|_| !stop.load(Ordering::Relaxed)).map(|one| Outgoing::parse(one.event).unwrap());
        let receipts: Vec<_> = producer.publish_all(events, PATIENCE).collect().await;
        receipts.into_iter().map(|receipt| receipt.unwrap()).collect()
    })
}

/// Kills a server or a node, and starts it again after half of the time; the first is a server, the second a node.
fn kill(round: u64, seed: u64, every: Duration, cluster: &mut NatsCluster, nodes: &mut [Node]) {
    let chosen = usize::try_from(seed.wrapping_add(round).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap();
    let victim = match round {
        0 => chosen % NODES,
        1 => NODES + chosen % NODES,
        _ => chosen % (2 * NODES),
    };
    thread::sleep(every / 2);
    match victim.checked_sub(NODES) {
        None => cluster.servers()[victim].kill(),
        Some(node) => nodes[node].kill(),
    }
    thread::sleep(every / 2);
    match victim.checked_sub(NODES) {
        None => cluster.servers()[victim].restart(),
        Some(node) => nodes[node].restart(),
    }
}

/// Whether a node has heard where another one stands.
fn hears(status: &Value, other: &Value) -> bool {
    status["nodes"].as_array().unwrap().iter().any(|heard| heard["node"] == other["node"] && heard["size"] == other["head"]["size"])
}

#[test]
fn whichever_server_or_node_is_killed_every_root_agrees_and_every_receipt_is_honoured() {
    let ((kills, every), seed) = (rounds(), seed());
    println!("HANDOVER_SEED={seed}");
    let mut cluster = NatsCluster::start();
    let mut nodes: Vec<Node> = (0..NODES).map(|_| Node::start(&cluster)).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let (url, stopping) = (cluster.url(), Arc::clone(&stop));
    let publishing = thread::spawn(move || load(url, seed, stopping));
    for round in 0..kills {
        kill(round, seed, every, &mut cluster, &mut nodes);
    }
    stop.store(true, Ordering::Relaxed);
    let receipts = publishing.join().unwrap();
    println!("{} receipts", receipts.len());
    assert!(receipts.len() > 100, "the load was too small to show anything: {}", receipts.len());
    wait_for("the cluster to be whole", PATIENCE, || cluster.is_whole().then_some(()));

    // A part may have found a server gone a moment before the roots agree, and waits until its next attempt.
    let running = json!({"state": "running"});
    let running = json!({"writer": running, "intake": running, "log": running});
    let statuses = wait_for("the nodes to run and agree", PATIENCE, || {
        let statuses: Vec<Value> = nodes.iter().map(Node::status).collect();
        let agree = |status: &Value| status["head"] == statuses[0]["head"] && status["log"]["last_sequence"] == status["head"]["size"];
        let heard = |status: &Value| statuses.iter().all(|other| other["node"] == status["node"] || hears(status, other));
        statuses.iter().all(|status| status["health"] == running && agree(status) && heard(status)).then_some(statuses)
    });
    let ledgers: Vec<_> = nodes
        .into_iter()
        .map(|mut node| {
            assert_eq!(node.running.take().unwrap().terminate(), Some(0));
            records(node.data.path())
        })
        .collect();
    assert!(ledgers.iter().all(|ledger| *ledger == ledgers[0]));
    assert_eq!(json!(ledgers[0].len()), statuses[0]["head"]["size"]);
    for receipt in &receipts {
        honoured(receipt, &ledgers[0]);
    }
}
