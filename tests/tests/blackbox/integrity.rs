//! `handover integrity`: what a ledger's node knows, and what a reader does.

use blackbox::{Generator, NatsServer, PATIENCE, Serve, handover_command, http, wait_for};
use serde_json::{Value, json};
use tempfile::TempDir;

fn run(arguments: &[&str]) -> String {
    let ran = handover_command(arguments, b"");
    assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
    ran.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_checkpoint_backup_and_refusal_are_told_and_a_reader_says_what_it_can_not_know() {
    let (nats, data, reader_data, elsewhere) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let ledger = Serve::over(&nats, data.path()).start();
    let reader = Serve::over(&nats, reader_data.path()).with(["--role", "reader"]).start();
    let publish = |lines: &[u8]| {
        let ran = handover_command(&["publish", "--to", &nats.url(), "-"], lines);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    };
    let generated: Vec<Vec<u8>> = Generator::new(5).take(40).map(|one| one.event).collect();
    publish(&generated[..30].join(b"\n".as_slice()));
    let integrity = |server: &blackbox::Handover| http::get(&server.url("/v1/integrity?at_least=29")).json();
    let nothing = integrity(&ledger);
    assert_eq!((&nothing["checkpoint"], &nothing["verified_backup"], &nothing["refusals"]), (&Value::Null, &Value::Null, &json!({"kept": 0, "last": null})));

    // A checkpoint and a verified backup of 30 records, then ten more, and a refusal that repeats what must not be shown.
    let note = run(&["checkpoint", "show", "--server", &ledger.url("")]);
    let [origin, size, ..] = note.lines().collect::<Vec<_>>()[..] else { panic!("{note}") };
    let (folder, backup) = (data.path().to_str().unwrap(), elsewhere.path().join("backup"));
    run(&["backup", backup.to_str().unwrap(), "--data", folder]);
    run(&["backup", "verify", backup.to_str().unwrap(), "--data", folder]);
    publish(&generated[30..].join(b"\n".as_slice()));
    let mut personal: Value = serde_json::from_slice(&generated[0]).unwrap();
    (personal["id"], personal["data"]["note"]) = (json!("00000000-0000-8000-8000-000000000001"), json!("write to person.one@example.org"));
    // Past the client, which would not send it.
    let stranger = async_nats::connect(nats.url()).await.unwrap();
    async_nats::jetstream::new(stranger).publish("handover.announce.desk", personal.to_string().into()).await.unwrap().await.unwrap();

    let answer = wait_for("the refusal", PATIENCE, || {
        let answer = http::get(&ledger.url("/v1/integrity?at_least=39"));
        (answer.json()["refusals"]["kept"] == 1).then_some(answer)
    });
    let found = answer.json();
    let status: Value = serde_json::from_str(&run(&["ledger", "status", "--data", folder])).unwrap();
    for (ours, theirs) in [("size", "size"), ("root", "root"), ("epoch", "epoch")] {
        assert_eq!(found[ours], status["head"][theirs], "{ours}");
    }
    assert_eq!((&found["node"], &found["size"], &found["as_of"]["position"]), (&json!("ledger"), &json!(40), &json!(39)));
    assert_eq!(origin, format!("{}/{}", found["ledger"].as_str().unwrap(), found["epoch"]));
    assert_eq!((&found["checkpoint"]["origin"], found["checkpoint"]["size"].to_string().as_str()), (&json!(origin), size));
    assert!(found["checkpoint"]["handed_out"].is_string() && found["checkpoint"]["root"] != found["root"], "{found}");
    for of in ["size", "root", "epoch", "verified"] {
        assert_eq!(found["verified_backup"][of], status["verified_backup"][of], "{of}");
    }
    assert_eq!((&found["verified_backup"]["size"], &found["verified_backup"]["dir"]), (&json!(30), &Value::Null));
    assert_eq!((&found["refusals"]["kept"], &found["refusals"]["last"]["type"]), (&json!(1), &json!("urn:handover:problem:personal-data")));
    assert_eq!((&found["read_models"]["position"], &found["read_models"]["lag"]), (&json!(39), &json!(0)));
    for private in ["person.one", elsewhere.path().to_str().unwrap()] {
        assert!(!answer.body.contains(private), "{found}");
    }
    let csv = run(&["integrity", "--at-least", "39", "-o", "csv", "--server", &ledger.url("")]);
    for row in ["size,40", "\"last verified backup, size\",30", "refusals kept,1", "merges without effect,none"] {
        assert!(csv.lines().any(|line| line == row), "{row} isn't in\n{csv}");
    }
    assert_eq!(run(&["integrity", "--server", &ledger.url(""), "-o", "json"]), format!("{}\n", http::get(&ledger.url("/v1/integrity")).body));

    // A reader asks a ledger for its head and knows nothing of checkpoints, backups and refused messages.
    let there = http::get(&reader.url("/v1/integrity?at_least=39")).json();
    assert_eq!((&there["node"], &there["size"], &there["root"]), (&json!("reader"), &json!(40), &found["root"]));
    assert_eq!((&there["ledger"], &there["checkpoint"], &there["verified_backup"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!((&there["refusals"], &there["read_models"]["lag"]), (&json!({"kept": 1, "last": null}), &json!(0)));
    // What was handed out is known after a restart too, and with nobody to ask a reader knows what it has folded alone.
    assert_eq!(ledger.terminate(), Some(0));
    let alone = wait_for("the reader to be alone", PATIENCE, || Some(integrity(&reader)).filter(|found| found["size"].is_null()));
    assert_eq!((&alone["root"], &alone["epoch"], &alone["refusals"]["kept"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!((&alone["read_models"]["position"], &alone["read_models"]["lag"], &alone["as_of"]["position"]), (&json!(39), &Value::Null, &json!(39)));
    let table = run(&["integrity", "--server", &reader.url("")]);
    assert!(table.contains("as a reader knows it") && table.contains("not known here") && table.contains("the head isn't known"), "{table}");
    let ledger = Serve::over(&nats, data.path()).start();
    let again = http::get(&ledger.url("/v1/integrity?at_least=39")).json();
    for of in ["checkpoint", "verified_backup", "refusals", "root"] {
        assert_eq!(again[of], found[of], "{of}");
    }
}

#[test]
fn a_verification_is_told_until_the_next_one_over_kills_and_restarts() {
    let data = TempDir::new().unwrap();
    let folder = data.path().to_str().unwrap();
    let generated: Vec<Vec<u8>> = Generator::new(6).take(40).map(|one| one.event).collect();
    let publish = |server: &blackbox::Handover, events: &[Vec<u8>]| {
        let batch = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
        assert_eq!(http::post(&server.url("/v1/announcements"), "application/cloudevents-batch+json", &batch).status, 201);
    };
    let told = |server: &blackbox::Handover| {
        let integrity = http::get(&server.url("/v1/integrity")).json();
        (integrity["verification"].clone(), json!([integrity["size"], integrity["root"]]))
    };
    let of = |verification: &Value| json!([verification["size"], verification["root"]]);
    let when = |verification: &Value| verification["verified"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();

    let server = Serve::embedded(data.path()).start();
    publish(&server, &generated[..30]);
    let (none, head_of_30) = told(&server);
    assert_eq!(none, Value::Null);
    let row = |server: &blackbox::Handover, row: &str| run(&["integrity", "-o", "csv", "--server", &server.url("")]).lines().any(|line| line == row);
    assert!(row(&server, "\"last verification, size\",none"));
    let begun = jiff::Timestamp::now();
    run(&["verify", "--data", folder]);
    publish(&server, &generated[30..]);
    let (of_30, head_of_40) = told(&server);
    assert_eq!((of(&of_30), &of_30["damage"], head_of_30 == head_of_40), (head_of_30, &json!(0), false));
    assert!(begun <= when(&of_30) && when(&of_30) <= jiff::Timestamp::now(), "{of_30}");
    assert!(row(&server, "\"last verification, size\",30") && row(&server, "\"last verification, damaged parts\",0"));
    server.kill();
    let server = Serve::embedded(data.path()).start();
    assert_eq!(told(&server).0, of_30);
    assert_eq!(server.terminate(), Some(0));

    // Where no server runs the folder has the note too, and a backup hasn't.
    run(&["verify", "--data", folder]);
    let server = Serve::embedded(data.path()).start();
    let (of_40, _) = told(&server);
    assert_eq!((of(&of_40), &of_40["damage"], when(&of_30) < when(&of_40)), (head_of_40, &json!(0), true));
    let (elsewhere, restored) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let backup = elsewhere.path().join("backup");
    run(&["backup", backup.to_str().unwrap(), "--data", folder]);
    assert_eq!(server.terminate(), Some(0));
    run(&["restore", backup.to_str().unwrap(), "--data", restored.path().to_str().unwrap()]);
    assert_eq!(told(&Serve::embedded(restored.path()).start()), (Value::Null, of(&of_40)));

    // Damage is noted in place of what was whole.
    let journal = data.path().join("ledger/journal-00000000");
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    let verified = handover_command(&["verify", "--data", folder], b"");
    assert_eq!(verified.code, Some(10), "{verified:?}");
    let found: Value = serde_json::from_str(&verified.stdout).unwrap();
    let note = std::fs::read(data.path().join("ledger/last-verification")).unwrap();
    let note: Value = serde_json::from_slice(&note[9..]).unwrap();
    assert_eq!((of(&note), note["damage"].as_u64().unwrap() as usize), (of(&found), found["damage"].as_array().unwrap().len()));
    assert!(note["damage"] != 0 && when(&of_40) < when(&note), "{note}");
}
