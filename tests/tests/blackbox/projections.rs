//! The read models of a running server: where they stand, over HTTP and over the control socket, and folded anew.

use blackbox::{Generator, Handover, PATIENCE, Serve, handover_command, http, wait_for};
use serde_json::Value;
use tempfile::TempDir;

fn post(server: &Handover, seed: u64, count: usize) {
    let events: Vec<Vec<u8>> = Generator::new(seed).take(count).map(|one| one.event).collect();
    for events in events.chunks(100) {
        let body = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
        assert_eq!(http::post(&server.url("/v1/announcements"), "application/cloudevents-batch+json", &body).status, 201);
    }
}

fn status(server: &Handover) -> Value {
    http::get(&server.url("/v1/projections")).json()["projections"][0].clone()
}

#[test]
fn an_operator_sees_where_the_read_models_stand_and_has_them_folded_anew() {
    let data = TempDir::new().unwrap();
    let folder = data.path().to_str().unwrap();
    let server = Serve::embedded(data.path()).start();
    let empty = status(&server);
    assert!(empty["position"].is_null() && empty["head"].is_null() && empty["age_s"].is_null(), "{empty}");
    post(&server, 1, 600);
    let before = http::get(&server.url("/v1/totals?at_least=599")).body;
    let stands = status(&server);
    assert_eq!(
        (&stands["position"], &stands["head"], &stands["lag"], &stands["state"]),
        (&599.into(), &599.into(), &0.into(), &"following".into()),
        "{stands}"
    );

    let asked = |arguments: &[&str]| handover_command(&[&["projection"], arguments, &["--data", folder]].concat(), b"");
    let listed = asked(&["list"]);
    assert!(listed.stdout.lines().count() == 15 && listed.stdout.starts_with("timeline\n"), "{listed:?}");
    assert!(asked(&["rebuild", "weather"]).stderr.contains("there are timeline"));
    assert!(asked(&["cancel"]).stderr.contains("no rebuild is under way"));
    let rebuilt = asked(&["rebuild", "totals"]);
    assert!(rebuilt.code == Some(0) && rebuilt.stderr.contains("one fold: each is rebuilt, over 600 records"), "{rebuilt:?}");
    let outcome = wait_for("the rebuild", PATIENCE, || Some(status(&server)["rebuilt"].clone()).filter(|rebuilt| !rebuilt.is_null()));
    assert_eq!(outcome, serde_json::json!({"records": 600, "differs": null}));
    assert_eq!(http::get(&server.url("/v1/totals")).body, before);
    let printed: Value = serde_json::from_str(&asked(&["status"]).stdout).unwrap();
    assert_eq!(printed["projections"][14]["name"], "candidates");
    assert_eq!(server.terminate(), Some(0));

    let server = Serve::embedded(data.path()).start();
    assert_eq!((status(&server)["snapshot"].clone(), http::get(&server.url("/v1/totals")).body), (599.into(), before));
}

#[test]
fn a_stop_and_a_redaction_leave_nothing_of_the_payload_in_the_snapshots() {
    const MARK: &str = "words-that-must-go";
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    let event = serde_json::json!({
        "specversion": "1.0", "id": "5b1e8f6e-7d5b-4c8a-9f5e-0a1b2c3d4e5f", "source": "urn:example:one", "type": "org.handover.completed.v1",
        "data": {"announced": "2026-01-10", "announcer": {"party": "UA", "office": MARK}, "exchange": {"date": "2026-01-10", "framework": MARK}, "transfers": []},
    });
    assert_eq!(http::post(&server.url("/v1/announcements"), "application/cloudevents+json", event.to_string().as_bytes()).status, 201);
    assert_eq!(http::get(&server.url("/v1/totals?at_least=0")).status, 200);
    assert_eq!(server.terminate(), Some(0));
    let views = data.path().join("views");
    assert!(is_on_disk(&views, MARK), "it wasn't there to begin with");

    let server = Serve::embedded(data.path()).start();
    let ran = handover_command(&["redact", "0", "--reason", "personal data", "--data", data.path().to_str().unwrap()], b"");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(http::get(&server.url("/v1/totals?at_least=1")).status, 200);
    wait_for("the snapshot without it", PATIENCE, || (status(&server)["snapshot"] == 1 && !is_on_disk(&views, MARK)).then_some(()));
    server.kill();
    assert!(!is_on_disk(data.path(), MARK));
}

fn is_on_disk(folder: &std::path::Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return is_on_disk(&path, text);
        }
        // The control socket isn't read, and a file may be gone by now.
        std::fs::read(&path).unwrap_or_default().windows(text.len()).any(|found| found == text.as_bytes())
    })
}
