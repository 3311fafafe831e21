//! A nats-server that's paused, connections to it that break at any byte: what was receipted stays, once, in order, and goes on.

use std::{
    env,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use announcement::Receipt;
use blackbox::{Handover, NatsServer, PATIENCE, Serve, handover_command, http, wait_for};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    audit::{audit, published, wait_for_log},
    crashes::publish_through,
    proxy::Proxy,
};

fn full() -> bool {
    env::var("HANDOVER_ROUNDS").is_ok_and(|rounds| rounds == "full")
}

fn seed() -> u64 {
    env::var("HANDOVER_SEED").map_or_else(|_| RandomState::new().hash_one(0), |seed| seed.parse().unwrap())
}

/// A publisher that goes on whatever happens, until it's told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    publishing: JoinHandle<Vec<Receipt>>,
}

impl Load {
    fn start(url: String, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        Self { stop, publishing: thread::spawn(move || publish_through(url, seed, stopping)) }
    }

    /// Every receipt; there is one for each announcement.
    fn end(self) -> Vec<Receipt> {
        self.stop.store(true, Ordering::Relaxed);
        self.publishing.join().unwrap()
    }
}

fn status(data: &TempDir) -> Value {
    let ran = handover_command(&["ledger", "status", "--data", data.path().to_str().unwrap()], b"");
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

fn wait_for_records(data: &TempDir, more_than: u64, within: Duration) -> u64 {
    wait_for("records", within, || status(data)["head"]["size"].as_u64().filter(|&size| size > more_than))
}

fn wait_until_ready(server: &Handover) {
    wait_for("the intake to go on", PATIENCE, || (http::get(&server.url("/readyz")).status == 200).then_some(()));
}

#[test]
fn a_nats_server_that_is_paused_costs_no_receipt_and_the_ledger_goes_on_by_itself() {
    let seed = seed();
    println!("HANDOVER_SEED={seed}");
    let pause = Duration::from_secs(if full() { 60 } else { 6 });
    let (mut nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    let load = Load::start(nats.url(), seed);
    let before = wait_for_records(&data, 500, PATIENCE);
    nats.pause();
    let since = Instant::now();
    let waiting = wait_for("the intake to wait", PATIENCE, || Some(status(&data)).filter(|status| status["health"]["intake"]["state"] == "waiting"));
    assert_eq!(waiting["health"]["writer"]["state"], "running", "{waiting}");
    assert_eq!(http::get(&server.url("/v1/records?limit=1")).status, 200, "reading goes on");
    thread::sleep(pause.saturating_sub(since.elapsed()));
    nats.resume();
    let resumed = status(&data)["head"]["size"].as_u64().unwrap();
    assert!(resumed >= before);
    wait_for_records(&data, resumed + 500, 2 * PATIENCE);
    let receipts = load.end();
    wait_until_ready(&server);
    wait_for_log(data.path());
    let records = audit(server, data.path(), &receipts);
    published(&nats, &records);
}

#[test]
fn connections_that_break_at_any_byte_cost_no_receipt_and_leave_no_gap() {
    let seed = seed();
    println!("HANDOVER_SEED={seed}");
    let (of_the_node, of_the_publisher) = if full() { (500, 150) } else { (40, 10) };
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let (node_side, publisher_side) = (Proxy::start(&nats.url(), seed, 64 << 10), Proxy::start(&nats.url(), seed ^ 1, 256 << 10));
    let server = Serve::embedded(data.path()).with(["--nats", &node_side.url()]).start();
    let load = Load::start(publisher_side.url(), seed);
    wait_for_records(&data, 100, PATIENCE);
    node_side.break_connections();
    publisher_side.break_connections();
    wait_for("connections to break", Duration::from_secs(1_200), || {
        (node_side.broken() >= of_the_node && publisher_side.broken() >= of_the_publisher).then_some(())
    });
    node_side.leave_them_whole();
    publisher_side.leave_them_whole();
    let receipts = load.end();
    println!("{} receipts, {} and {} connections broken", receipts.len(), node_side.broken(), publisher_side.broken());
    wait_until_ready(&server);
    wait_for_log(data.path());
    let records = audit(server, data.path(), &receipts);
    published(&nats, &records);
}
