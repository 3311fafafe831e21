//! kill -9 at random moments under load: what was receipted stays, once, in order.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use announcement::Receipt;
use blackbox::{Generator, NatsServer, Serve, http};
use futures::StreamExt;
use producer::{Options, Outgoing, Producer};
use tempfile::TempDir;

use crate::audit::audit;

const ROUNDS: u64 = 30;

/// A moment of a round, from its number: 20 to 420 ms after the load began.
fn moment(round: u64) -> Duration {
    Duration::from_millis(20 + round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 400)
}

/// Posts events one after the other until the server is gone, and gives the receipts that came.
fn post_until_gone(address: String, events: Vec<Vec<u8>>) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    for events in events.chunks(8) {
        let body = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
        let Ok(answer) = http::try_post(&format!("http://{address}/v1/announcements"), "application/cloudevents-batch+json", &body) else { break };
        let answer: serde_json::Value = answer.json();
        receipts.extend(answer["receipts"].as_array().unwrap().iter().filter_map(|receipt| serde_json::from_value::<Receipt>(receipt.clone()).ok()));
    }
    receipts
}

#[test]
fn a_server_that_is_killed_embedded_keeps_every_receipt() {
    let data = TempDir::new().unwrap();
    let serve = Serve::embedded(data.path());
    let mut receipts = Vec::new();
    for round in 0..ROUNDS {
        let server = serve.start();
        let loads: Vec<_> = (0..2)
            .map(|load| {
                let events: Vec<Vec<u8>> = Generator::new(round * 2 + load).take(4_000).map(|one| one.event).collect();
                let address = server.address().to_owned();
                thread::spawn(move || post_until_gone(address, events))
            })
            .collect();
        thread::sleep(moment(round));
        server.kill();
        for load in loads {
            receipts.extend(load.join().unwrap());
        }
    }
    assert!(receipts.len() > 100, "the load was too small to show anything: {}", receipts.len());
    audit(serve.start(), data.path(), &receipts);
}

/// Publishes through NATS, whatever happens meanwhile, and gives every receipt.
pub(crate) fn publish_through(url: String, seed: u64, stop: Arc<AtomicBool>) -> Vec<Receipt> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let producer = Producer::connect(Options::new(url, "load".parse().unwrap())).await.unwrap();
        let events = Generator::new(seed).take_while(|_| !stop.load(Ordering::Relaxed)).map(|one| Outgoing::parse(one.event).unwrap());
        let receipts: Vec<_> = producer.publish_all(events, Duration::from_secs(120)).collect().await;
        receipts.into_iter().map(|receipt| receipt.unwrap()).collect()
    })
}

fn under_load(nats: &NatsServer, seed: u64, trouble: impl FnOnce()) -> Vec<Receipt> {
    let stop = Arc::new(AtomicBool::new(false));
    let (url, stopping) = (nats.url(), Arc::clone(&stop));
    let load = thread::spawn(move || publish_through(url, seed, stopping));
    trouble();
    stop.store(true, Ordering::Relaxed);
    load.join().unwrap()
}

#[test]
fn a_server_that_is_killed_behind_nats_keeps_every_receipt() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let serve = Serve::over(&nats, data.path());
    let running = Mutex::new(Some(serve.start()));
    let receipts = under_load(&nats, 7, || {
        for round in 0..ROUNDS {
            thread::sleep(moment(round));
            if let Some(server) = running.lock().unwrap().take() {
                server.kill();
            }
            *running.lock().unwrap() = Some(serve.start());
        }
    });
    assert!(receipts.len() > 100, "the load was too small to show anything: {}", receipts.len());
    audit(running.into_inner().unwrap().unwrap(), data.path(), &receipts);
}

#[test]
fn a_nats_server_that_is_killed_and_started_again_costs_no_receipt_and_doubles_none() {
    let (nats, data) = (Mutex::new(NatsServer::start()), TempDir::new().unwrap());
    let server = Serve::over(&nats.lock().unwrap(), data.path()).start();
    let url = nats.lock().unwrap().url();
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = Arc::clone(&stop);
    let load = thread::spawn(move || publish_through(url, 11, stopping));
    for round in 0..4 {
        thread::sleep(moment(round) + Duration::from_millis(300));
        nats.lock().unwrap().restart();
    }
    thread::sleep(Duration::from_millis(500));
    stop.store(true, Ordering::Relaxed);
    let receipts = load.join().unwrap();
    assert!(receipts.len() > 100, "the load was too small to show anything: {}", receipts.len());
    blackbox::wait_for("the intake to go on", blackbox::PATIENCE, || (http::get(&server.url("/readyz")).status == 200).then_some(()));
    audit(server, data.path(), &receipts);
}
