//! `handover redact`: what an operator does with a record that must go, and what every other command says of it afterwards.

use std::{fs, path::Path, time::Duration};

use async_nats::jetstream;
use blackbox::{Handover, NatsServer, PATIENCE, Ran, Serve, handover_command, http, wait_for};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What stands in the payload of one event only.
const MARK: &str = "thewordsthatmustgo";

fn events(count: usize) -> Vec<u8> {
    let event = |number: usize| {
        let note = if number == 7 { MARK } else { "as it was said" };
        let transfers = json!([{"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": {"exact": 10 + number}}]}]);
        let data = json!({"announced": "2026-01-29", "announcer": {"party": "RU"}, "note": note, "exchange": {"date": "2026-01-29"}, "transfers": transfers});
        json!({"specversion": "1.0", "id": id(number), "source": "urn:example", "type": "org.handover.completed.v1", "data": data}).to_string()
    };
    (0..count).map(event).collect::<Vec<_>>().join("\n").into_bytes()
}

fn id(number: usize) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}

fn handover(arguments: &[&str], data: &Path) -> Ran {
    handover_command(&[arguments, &["--data", data.to_str().unwrap()]].concat(), b"")
}

fn publish(to: &str, count: usize) {
    let ran = handover_command(&["publish", "--to", to, "-"], &events(count));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// The files below a folder that have the mark as it is: the journals do.
fn marked(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(marked(&path));
        } else if fs::read(&path).is_ok_and(|bytes| bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes())) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn head(data: &Path) -> Value {
    handover(&["ledger", "status"], data).json()["head"].clone()
}

fn nothing_pends(data: &Path) {
    wait_for("the payload to be removed", PATIENCE, || (handover(&["ledger", "status"], data).json()["pending_redactions"] == json!([])).then_some(()));
}

#[test]
fn a_record_is_redacted_while_it_is_served_and_every_command_goes_on() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::embedded(data.path()).start();
    publish(&server.url(""), 300);
    let backup = elsewhere.path().join("backup");
    let backup = backup.to_str().unwrap();
    assert_eq!(handover(&["backup", backup], data.path()).code, Some(0));
    assert!(!marked(data.path()).is_empty() && !marked(elsewhere.path()).is_empty());
    let leaf = http::get(&server.url("/v1/proof/inclusion?position=7")).json()["leaf"].clone();

    let ran = handover(&["redact", "7", "--reason", "it named a person", "--as", "desk"], data.path());
    let answer = ran.json();
    assert_eq!((&answer["receipt"]["status"], &answer["receipt"]["position"], &answer["removed"]), (&json!("recorded"), &json!(300), &json!(true)));
    for word in ["redacted by the record at position 300", "handover redact --streams", "handover ledger trim", "handover backup DIR"] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert_eq!(marked(data.path()), Vec::<String>::new());
    assert_eq!(handover(&["ledger", "status"], data.path()).json()["pending_redactions"], json!([]));

    let gone = http::get(&server.url("/v1/records/7"));
    assert_eq!(
        (gone.status, &gone.json()["redacted"]["reason"], &gone.json()["redacted"]["by"]["publisher"]),
        (410, &json!("it named a person"), &json!("desk"))
    );
    assert_eq!(http::get(&server.url("/v1/proof/inclusion?position=7")).json()["leaf"], leaf);
    let prove = handover_command(&["prove", "7", "--server", &server.url("")], b"");
    assert!(prove.code != Some(0) && prove.stderr.contains("was redacted by the one at position 300"), "{prove:?}");
    let verified = handover(&["verify"], data.path());
    let head = head(data.path());
    assert_eq!((&verified.json()["redacted"], &verified.json()["root"]), (&json!(1), &head["root"]));
    assert!(verified.stderr.contains("but for the payloads of 1 redacted ones"), "{verified:?}");
    assert_eq!(handover(&["backup", backup], data.path()).code, Some(0));
    assert_eq!(marked(elsewhere.path()), Vec::<String>::new());
    assert_eq!(handover_command(&["backup", "verify", backup], b"").json()["redacted"], 1);

    let export = handover(&["export"], data.path()).stdout;
    assert!(export.lines().count() == 301 && !export.contains(MARK));
    let copy = elsewhere.path().join("copy");
    let imported = handover_command(&["import", "--data", copy.to_str().unwrap()], export.as_bytes());
    assert!(imported.code == Some(0) && imported.stderr.contains(head["root"].as_str().unwrap()), "{imported:?}");
    assert_eq!(handover(&["export"], &copy).stdout, export);
    assert_eq!(handover(&["verify"], &copy).json()["redacted"], 1);
    let again = handover_command(&["import", "--data", copy.to_str().unwrap()], export.as_bytes());
    assert_eq!(again.code, Some(0), "{again:?}");

    let replayed = handover(&["replay", "--from", "7", "--to", "7"], data.path());
    assert!(replayed.stdout.contains("org.handover.removed.v1"), "{replayed:?}");
    publish(&server.url(""), 300);
    assert_eq!(self::head(data.path()), head, "what is published again is a duplicate");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_record_is_redacted_by_its_id_in_a_folder_that_nobody_serves() {
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    publish(&server.url(""), 20);
    assert_eq!(server.terminate(), Some(0));
    let answer = handover(&["redact", &id(7), "--source", "urn:example", "--reason", "it named a person"], data.path()).json();
    assert_eq!((&answer["receipt"]["position"], &answer["removed"]), (&json!(20), &json!(true)));
    assert_eq!(marked(data.path()), Vec::<String>::new());
    assert_eq!(handover(&["verify"], data.path()).json()["redacted"], 1);

    for (arguments, code, words) in [
        (&["redact", "7"][..], 2, "--reason"),
        (&["redact", "seven", "--reason", "r"], 2, "expects a position"),
        (&["redact", "99", "--reason", "r"], 65, "no record at position 99"),
        (&["redact", &id(99), "--source", "urn:example", "--reason", "r"], 65, "holds no such event"),
        (&["redact", "7", "--reason", "write to person.one@example.org"], 65, "ersonal data"),
        (&["redact", "7", "--reason", "r", "--as", "rules"], 2, "names no operator"),
        (&["redact", "--streams"], 69, "no server runs"),
    ] {
        let ran = handover(arguments, data.path());
        assert!(ran.code == Some(code) && ran.stderr.contains(words), "{arguments:?}: {ran:?}");
    }
    assert_eq!(handover(&["verify"], data.path()).json()["size"], 21);
}

/// The payloads and headers of the stream LEDGER.
async fn messages(nats: &NatsServer) -> Vec<(String, Option<String>)> {
    let client = async_nats::connect(nats.url()).await.unwrap();
    let Ok(stream) = jetstream::new(client).get_stream("LEDGER").await else { return Vec::new() };
    let mut messages = Vec::new();
    for sequence in 1..=stream.cached_info().state.last_sequence {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let redacted = message.headers.get("Handover-Redacted").map(|by| by.as_str().to_owned());
        messages.push((String::from_utf8(message.payload.to_vec()).unwrap(), redacted));
    }
    messages
}

fn filled(nats: &NatsServer, count: usize) -> Vec<(String, Option<String>)> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    wait_for("the stream LEDGER to be filled", PATIENCE, || Some(runtime.block_on(messages(nats))).filter(|messages| messages.len() == count))
}

fn same(servers: &[(&Handover, &Path)]) {
    let heads: Vec<Value> = servers.iter().map(|(_, data)| head(data)).collect();
    assert!(heads.iter().all(|found| (&found["size"], &found["root"]) == (&heads[0]["size"], &heads[0]["root"])), "{heads:?}");
    for (server, data) in servers {
        assert_eq!(http::get(&server.url("/v1/records/7")).status, 410);
        assert_eq!(marked(data), Vec::<String>::new());
        assert_eq!(handover(&["ledger", "status"], data).json()["health"]["log"]["state"], "running");
    }
}

#[test]
fn every_node_and_the_stream_of_records_let_go_of_the_payload_and_agree() {
    let (nats, one, other, third) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = Serve::over(&nats, one.path()).start();
    let second = Serve::over(&nats, other.path()).start();
    publish(&nats.url(), 300);
    assert!(filled(&nats, 300)[7].0.contains(MARK));
    for server in [&first, &second] {
        assert_eq!(http::get(&server.url("/v1/records/299?at_least=299")).status, 200);
    }
    let answer = handover(&["redact", "7", "--reason", "it named a person", "--as", "desk"], one.path()).json();
    assert_eq!((&answer["receipt"]["position"], &answer["removed"]), (&json!(300), &json!(true)));
    assert_eq!(http::get(&second.url("/v1/records/300?at_least=300")).status, 200);
    nothing_pends(other.path());
    same(&[(&first, one.path()), (&second, other.path())]);
    assert!(filled(&nats, 301)[7].0.contains(MARK), "nothing is taken from a stream that can't lose a message");

    let renewed = wait_for("both nodes to have heard each other", PATIENCE, || {
        let heard = handover(&["ledger", "status"], one.path()).json()["nodes"].as_array().is_some_and(|nodes| !nodes.is_empty());
        heard.then(|| handover(&["redact", "--streams"], one.path()).json())
    });
    assert_eq!((&renewed["messages_before"], &renewed["size"]), (&json!(301), &json!(301)));
    let messages = filled(&nats, 301);
    assert!(messages.iter().all(|(payload, _)| !payload.contains(MARK)));
    assert_eq!(messages.iter().position(|(_, redacted)| redacted.as_deref() == Some("300")), Some(7));
    assert!(messages[6].0.contains("as it was said") && messages[6].1.is_none());
    let left: Value = serde_json::from_str(&messages[7].0).unwrap();
    assert_eq!((&left["position"], &left["removed"]["by"]), (&json!(7), &json!(300)));

    // A new node reads the payload from ANNOUNCEMENTS, which still has it, and lets go of it where it meets the redaction.
    let late = Serve::over(&nats, third.path()).start();
    assert_eq!(http::get(&late.url("/v1/records/300?at_least=300")).status, 200);
    nothing_pends(third.path());
    publish(&nats.url(), 310);
    for server in [&first, &second, &late] {
        assert_eq!(http::get(&server.url("/v1/records/310?at_least=310")).status, 200);
    }
    assert_eq!(filled(&nats, 311).len(), 311);
    wait_for("all nodes to keep the stream up", PATIENCE, || {
        let running = |data: &Path| handover(&["ledger", "status"], data).json()["health"]["log"]["state"] == "running";
        [one.path(), other.path(), third.path()].into_iter().all(running).then_some(())
    });
    same(&[(&first, one.path()), (&second, other.path()), (&late, third.path())]);
    let over_nats = handover_command(&["redact", "8", "--reason", "it named another", "--as", "desk", "--to", &nats.url()], b"").json();
    assert_eq!(over_nats["receipt"]["position"], 311);
    assert_eq!(http::get(&second.url("/v1/records/311?at_least=311")).status, 200);
    nothing_pends(other.path());
    assert_eq!(http::get(&second.url("/v1/records/8")).status, 410);
    assert_eq!(first.terminate(), Some(0));
    assert_eq!(second.terminate(), Some(0));
}

#[test]
fn a_node_that_is_killed_while_it_removes_a_payload_finishes_at_its_next_start() {
    let data = TempDir::new().unwrap();
    let serve = Serve::embedded(data.path());
    let server = serve.start();
    publish(&server.url(""), 400);
    drop(server);
    for round in 0..8_u64 {
        let server = serve.start();
        let redacting = std::thread::spawn({
            let (data, position) = (data.path().to_owned(), (7 + round * 11).to_string());
            move || handover(&["redact", &position, "--reason", "it named a person"], &data)
        });
        std::thread::sleep(Duration::from_millis(15 + round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 60));
        server.kill();
        drop(redacting.join().unwrap());
        let server = serve.start();
        let size = head(data.path())["size"].as_u64().unwrap();
        let redacted = handover(&["verify"], data.path()).json()["redacted"].as_u64().unwrap();
        assert_eq!(size - 400, redacted, "each redaction that was recorded is complete");
        server.kill();
    }
    let server = serve.start();
    assert_eq!(handover(&["redact", "7", "--reason", "it named a person"], data.path()).code, Some(0));
    assert_eq!(marked(data.path()), Vec::<String>::new());
    assert_eq!(server.terminate(), Some(0));
}
