//! One role a process: a ledger without read models, and a reader that holds no ledger and follows one over NATS.

use std::time::{Duration, Instant};

use blackbox::{Generator, Handover, NatsServer, PATIENCE, Serve, handover_command, http, wait_for};
use futures::{FutureExt, StreamExt};
use tempfile::TempDir;

#[test]
fn a_reader_answers_from_a_ledger_of_another_process_and_takes_announcements_for_it() {
    let (nats, ledger_data, reader_data) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let ledger = Serve::over(&nats, ledger_data.path()).with(["--role", "ledger"]).start();
    let reader = Serve::over(&nats, reader_data.path()).with(["--role", "reader"]).start();
    let lines: Vec<Vec<u8>> = Generator::new(1).take(600).map(|one| one.event).collect();
    let ran = handover_command(&["publish", "--to", &reader.url(""), "-"], &lines.join(b"\n".as_slice()));
    assert!(ran.code == Some(0) && ran.stderr.contains("600 recorded"), "{ran:?}");
    let totals = http::get(&reader.url("/v1/totals?at_least=599"));
    assert!(totals.status == 200 && !totals.json()["figures"].as_array().unwrap().is_empty(), "{totals:?}");
    let record = |server: &blackbox::Handover| http::get(&server.url("/v1/records/599"));
    assert_eq!(record(&reader).status, 200);
    assert_eq!(record(&reader).body, record(&ledger).body);
    assert_eq!(http::get(&ledger.url("/v1/totals")).header("content-type"), Some("application/problem+json"));
    assert!(!reader_data.path().join("ledger").exists());

    ledger.kill();
    wait_for("the reader to notice", PATIENCE, || (http::get(&reader.url("/readyz")).status == 503).then_some(()));
    assert_eq!(http::get(&reader.url("/v1/totals")).status, 200, "what it has folded is still answered");
    let ledger = Serve::over(&nats, ledger_data.path()).with(["--role", "ledger"]).start();
    wait_for("the reader to go on", PATIENCE, || (http::get(&reader.url("/readyz")).status == 200).then_some(()));
    assert_eq!(ledger.terminate(), Some(0));
    assert_eq!(reader.terminate(), Some(0));
}

/// How long each of some announcements takes from its receipt until an answer of the reader rests on it; and how often the ledger was asked for records meanwhile.
fn visible(nats: &NatsServer, reader: &Handover, seed: u64) -> (Vec<Duration>, usize) {
    let events: Vec<Vec<u8>> = Generator::new(seed).take(20).map(|one| one.event).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let asked = runtime.block_on(async { async_nats::connect(nats.url()).await.unwrap().subscribe("handover.query.range").await.unwrap() });
    let taken = events.iter().map(|event| {
        let receipt = http::post(&reader.url("/v1/announcements"), "application/cloudevents+json", event).json()["receipts"][0].clone();
        let begun = Instant::now();
        let answer = http::get(&reader.url(&format!("/v1/channels?at_least={}", receipt["position"])));
        assert_eq!(answer.status, 200, "{answer:?}");
        begun.elapsed()
    });
    let taken = taken.collect();
    let questions = runtime.block_on(async { asked.ready_chunks(1_000).next().now_or_never().flatten().map_or(0, |asked| asked.len()) });
    (taken, questions)
}

#[test]
fn a_reader_follows_the_stream_of_records_and_asks_the_ledger_for_what_that_lacks() {
    let (nats, ledger_data, reader_data) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let ledger = Serve::over(&nats, ledger_data.path()).with(["--role", "ledger"]).start();
    let reader = Serve::over(&nats, reader_data.path()).with(["--role", "reader"]).start();
    visible(&nats, &reader, 1);
    let (mut taken, asked) = visible(&nats, &reader, 2);
    taken.sort_unstable();
    assert_eq!(asked, 0, "the ledger was asked for what is in the stream of records");
    assert!(taken[10] < Duration::from_millis(50), "an answer takes too long: {taken:?}");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let jetstream = async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap());
        jetstream.delete_stream("LEDGER").await.unwrap();
    });
    visible(&nats, &reader, 3);
    let status = || http::get(&reader.url("/v1/projections")).json()["projections"][0].clone();
    assert_eq!((status()["position"].clone(), status()["lag"].clone()), (59.into(), 0.into()));
    assert_eq!(reader.terminate(), Some(0));

    let reader = Serve::over(&nats, reader_data.path()).with(["--role", "reader"]).start();
    let status = http::get(&reader.url("/v1/projections")).json()["projections"][0].clone();
    assert_eq!((&status["snapshot"], &status["last_error"]), (&59.into(), &serde_json::Value::Null), "{status}");
    let asked = handover_command(&["projection", "rebuild", "--data", reader_data.path().to_str().unwrap()], b"");
    assert_eq!(asked.code, Some(0), "{asked:?}");
    drop(ledger);
}

#[test]
fn a_reader_without_a_folder_that_it_may_write_keeps_no_snapshots_and_answers() {
    let (nats, ledger_data) = (NatsServer::start(), TempDir::new().unwrap());
    let _ledger = Serve::over(&nats, ledger_data.path()).with(["--role", "ledger"]).start();
    let nowhere = ledger_data.path().join("ledger").join("names");
    std::fs::write(&nowhere, b"a file").unwrap();
    let reader = Serve::over(&nats, &nowhere).with(["--role", "reader"]).start();
    assert!(reader.process().stderr().contains("the read models keep no snapshots"));
    assert_eq!(http::get(&reader.url("/v1/totals")).status, 200);
    assert_eq!(reader.terminate(), Some(0));
}

#[test]
fn a_reader_without_nats_is_a_configuration_error() {
    let ran = handover_command(&["serve", "--role", "reader", "--listen", "127.0.0.1:0"], b"");
    assert!(ran.code == Some(78) && ran.stderr.contains("--nats"), "{ran:?}");
}

#[test]
fn whatever_can_not_be_reached_ends_with_69() {
    let data = TempDir::new().unwrap();
    let folder = data.path().to_str().unwrap();
    for arguments in [
        &["totals", "--server", "http://127.0.0.1:9"][..],
        &["publish", "--to", "nats://127.0.0.1:9", "-"],
        &["serve", "--nats", "nats://127.0.0.1:9", "--data", folder, "--listen", "127.0.0.1:0"],
        &["ledger", "status", "--data", folder],
    ] {
        let ran = handover_command(arguments, b"{}");
        assert!(ran.code == Some(69) && !ran.stderr.is_empty() && ran.stdout.is_empty(), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn a_nats_server_may_come_up_a_little_later_than_the_server() {
    let (mut nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    nats.stop();
    let server = Serve::over(&nats, data.path()).spawn();
    wait_for("the first attempt", PATIENCE, || server.stderr().contains("waiting for nats-server").then_some(()));
    nats.restart();
    wait_for("the address", PATIENCE, || server.stdout().contains("http://").then_some(()));
}
