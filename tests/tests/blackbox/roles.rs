//! One role a process: a ledger without read models, and a reader that holds no ledger and follows one over NATS.

use blackbox::{Generator, NatsServer, PATIENCE, Serve, handover_command, http, wait_for};
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
