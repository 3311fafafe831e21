//! A stream that was lost or rolled back stops the intake by name; reading goes on, and an operator's word lets it go on.

use blackbox::{Generator, NatsServer, PATIENCE, Serve, handover_command, http, wait_for};
use serde_json::Value;
use tempfile::TempDir;

fn publish(nats: &NatsServer, seed: u64, count: usize) {
    let lines: Vec<Vec<u8>> = Generator::new(seed).take(count).map(|one| one.event).collect();
    let ran = handover_command(&["publish", "--to", &nats.url(), "-"], &lines.join(b"\n".as_slice()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// The last position, once it's at least this one: a receipt leaves before a reader has its record.
fn position(server: &blackbox::Handover, at_least: u64) -> Value {
    http::get(&server.url(&format!("/v1/records?limit=1&at_least={at_least}"))).json()["as_of"]["position"].clone()
}

#[test]
fn a_lost_stream_stops_the_intake_and_is_adopted_by_an_operator() {
    let (mut nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    publish(&nats, 1, 50);
    assert_eq!(position(&server, 49), 49);
    let folder = data.path().to_str().unwrap();
    let status = handover_command(&["ledger", "status", "--data", folder], b"");
    assert_eq!(status.json()["head"]["stream_sequence"], 50);

    nats.lose_store();
    nats.restart();
    // Somebody made the stream anew and published to it before anybody noticed.
    let again = tokio::runtime::Runtime::new().unwrap();
    again.block_on(async {
        let client = async_nats::connect(nats.url()).await.unwrap();
        event_store::nats::prepare(&client, &event_store::nats::Options::default()).await.unwrap();
    });
    let stopped = wait_for("the intake to stop", PATIENCE, || {
        let ran = handover_command(&["ledger", "status", "--data", folder], b"");
        (ran.code == Some(10) && ran.stdout.contains("\"stopped\"")).then_some(ran)
    });
    let status: Value = serde_json::from_str(&stopped.stdout).unwrap();
    let intake = &status["health"]["intake"];
    assert_eq!(intake["state"], "stopped", "{status}");
    assert!(intake["reason"].as_str().unwrap().contains("before the ledger's checkpoint 50"), "{status}");
    assert!(intake["remedy"].as_str().unwrap().contains("handover ledger adopt-stream"), "{status}");
    assert_eq!(http::get(&server.url("/readyz")).status, 503);
    assert_eq!(position(&server, 49), 49, "reading goes on");

    let adopted = handover_command(&["ledger", "adopt-stream", "--data", folder], b"").json();
    assert_eq!((&adopted["epoch"], &adopted["size"]), (&1.into(), &50.into()));
    wait_for("the intake to run", PATIENCE, || (http::get(&server.url("/readyz")).status == 200).then_some(()));
    publish(&nats, 2, 30);
    assert_eq!(position(&server, 79), 79);
    let head = handover_command(&["ledger", "status", "--data", folder], b"").json()["head"].clone();
    assert_eq!((&head["epoch"], &head["size"]), (&1.into(), &80.into()));
    assert_eq!(server.terminate(), Some(0));
    let server = Serve::over(&nats, data.path()).start();
    publish(&nats, 3, 10);
    assert_eq!(position(&server, 89), 89);
}

#[test]
fn rules_that_a_node_does_not_know_stop_it_before_them() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    publish(&nats, 1, 5);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = async_nats::connect(nats.url()).await.unwrap();
        let context = async_nats::jetstream::new(client);
        context.publish("handover.operate.rules", r#"{"rules":1}"#.into()).await.unwrap().await.unwrap();
        context.publish("handover.operate.rules", r#"{"rules":99}"#.into()).await.unwrap().await.unwrap();
    });
    wait_for("the intake to stop", PATIENCE, || http::get(&server.url("/readyz")).body.contains("version 99").then_some(()));
    assert_eq!(position(&server, 4), 4);
    let folder = data.path().to_str().unwrap();
    let status = handover_command(&["ledger", "status", "--data", folder], b"");
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!((&status["head"]["stream_sequence"], &status["head"]["rules"]), (&6.into(), &1.into()), "{status}");
}

#[test]
fn an_embedded_ledger_moves_to_nats_by_an_epoch() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::embedded(data.path()).start();
    let event = Generator::new(1).next().unwrap().event;
    assert_eq!(http::post(&server.url("/v1/announcements"), "application/cloudevents+json", &event).status, 201);
    assert_eq!(server.terminate(), Some(0));

    let spawned = Serve::over(&nats, data.path()).spawn();
    let folder = data.path().to_str().unwrap();
    let stopped = wait_for("the intake to stop", PATIENCE, || {
        let ran = handover_command(&["ledger", "status", "--data", folder], b"");
        (ran.code == Some(10) && ran.stdout.contains("adopt-stream")).then_some(ran)
    });
    assert!(stopped.stdout.contains("came from no stream"), "{stopped:?}");
    assert_eq!(handover_command(&["ledger", "adopt-stream", "--data", folder], b"").code, Some(0));
    publish(&nats, 2, 10);
    drop(spawned);
    let server = Serve::over(&nats, data.path()).start();
    assert_eq!(position(&server, 10), 10);
}
