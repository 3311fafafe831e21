//! What operators do with a ledger: verify, back up, restore, export, import, replay, look at refusals. While it's served and while it isn't.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use blackbox::{Generator, Handover, Ran, Serve, handover_command, http};
use serde_json::Value;
use tempfile::TempDir;

const BATCH: &str = "application/cloudevents-batch+json";

fn handover(arguments: &[&str], data: &Path) -> Ran {
    handover_command(&[arguments, &["--data", data.to_str().unwrap()]].concat(), b"")
}

fn publish(server: &Handover, seed: u64, count: usize) -> Vec<Vec<u8>> {
    let events: Vec<Vec<u8>> = Generator::new(seed).take(count).map(|one| one.event).collect();
    for events in events.chunks(200) {
        let body = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
        assert_eq!(http::post(&server.url("/v1/announcements"), BATCH, &body).status, 201);
    }
    events
}

fn head(data: &Path) -> Value {
    handover(&["ledger", "status"], data).json()["head"].clone()
}

#[test]
fn a_ledger_is_verified_while_it_is_served_and_afterwards() {
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    publish(&server, 11, 700);
    let head = head(data.path());
    let served = handover(&["verify"], data.path()).json();
    assert_eq!(server.terminate(), Some(0));
    let closed = handover(&["verify"], data.path()).json();
    for verified in [served, closed] {
        assert_eq!((&verified["size"], &verified["root"]), (&head["size"], &head["root"]));
        assert_eq!(verified["damage"], Value::Array(Vec::new()));
        assert!(verified["entries"].as_u64().unwrap() >= 1_400, "an identity and a digest each: {verified}");
    }
    let left = fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(left.into_iter().all(|name| !name.starts_with("verify")), "no copy stays");
}

#[test]
fn a_flipped_bit_of_the_journal_is_found_and_named_and_nothing_is_changed() {
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    publish(&server, 12, 600);
    assert_eq!(server.terminate(), Some(0));
    let journal = data.path().join("ledger/journal-00000000");
    let mut file = OpenOptions::new().read(true).write(true).open(&journal).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
    let damaged = fs::read(&journal).unwrap();
    let verified = handover(&["verify"], data.path());
    assert_eq!(verified.code, Some(10), "{verified:?}");
    let report: Value = serde_json::from_str(&verified.stdout).unwrap();
    let found = report["damage"].as_array().unwrap();
    assert!(found.iter().any(|damage| damage["what"].as_str().unwrap().contains("damaged at byte") && damage["positions"].is_array()), "{report}");
    assert!(found.iter().all(|damage| damage["remedy"].as_str().unwrap().contains("handover restore")), "{report}");
    assert_eq!(fs::read(&journal).unwrap(), damaged);
}

#[test]
fn a_backup_taken_under_load_is_verified_restored_and_goes_on() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::embedded(data.path()).start();
    publish(&server, 13, 300);
    let backup = elsewhere.path().join("backup");
    let to = backup.to_str().unwrap();
    let events = std::thread::scope(|scope| {
        let loading = scope.spawn(|| publish(&server, 14, 1_500));
        for _ in 0..3 {
            assert_eq!(handover(&["backup", to], data.path()).code, Some(0));
        }
        loading.join().unwrap()
    });
    let last = handover(&["backup", to], data.path()).json();
    let verified = handover_command(&["backup", "verify", to], b"").json();
    assert_eq!((&verified["size"], &verified["root"]), (&last["head"]["size"], &last["head"]["root"]));
    let head = head(data.path());
    assert_eq!(server.terminate(), Some(0));

    let restored = elsewhere.path().join("restored");
    assert_eq!(handover(&["restore", to], &restored).code, Some(0));
    let again = handover(&["restore", to], &restored);
    assert_eq!(again.code, Some(65), "a folder that holds something is left alone: {again:?}");
    let server = Serve::embedded(&restored).start();
    assert_eq!(handover(&["ledger", "status"], &restored).json()["head"], head);
    let body = [b"[".as_slice(), &events[..200].join(b",".as_slice()), b"]"].concat();
    let answer = http::post(&server.url("/v1/announcements"), BATCH, &body).json();
    assert!(answer["receipts"].as_array().unwrap().iter().all(|receipt| receipt["status"] == "duplicate"));
    publish(&server, 15, 10);
}

#[test]
fn a_backup_of_another_ledger_and_a_folder_of_something_else_are_left_alone() {
    let (one, other, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let to = elsewhere.path().to_str().unwrap();
    for (seed, data) in [(16, &one), (17, &other)] {
        let server = Serve::embedded(data.path()).start();
        publish(&server, seed, 20);
        assert_eq!(server.terminate(), Some(0));
    }
    fs::write(elsewhere.path().join("letter"), "somebody's").unwrap();
    let refused = handover(&["backup", to], one.path());
    assert!(refused.code == Some(1) && refused.stderr.contains("is not empty"), "{refused:?}");
    fs::remove_file(elsewhere.path().join("letter")).unwrap();
    assert_eq!(handover(&["backup", to], one.path()).code, Some(0));
    let refused = handover(&["backup", to], other.path());
    assert!(refused.code == Some(1) && refused.stderr.contains("which this ledger doesn't have"), "{refused:?}");
}

#[test]
fn an_export_is_every_record_with_its_own_bytes_and_imported_gives_the_same_tree() {
    let (data, copy) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::embedded(data.path()).start();
    let published = publish(&server, 18, 1_200);
    let head = head(data.path());
    let served = handover(&["export"], data.path());
    assert_eq!(server.terminate(), Some(0));
    let export = handover(&["export"], data.path()).stdout;
    assert_eq!(served.stdout, export);
    assert_eq!(export.lines().count(), 1_200);
    for (line, event) in export.lines().zip(&published) {
        assert!(line.contains(std::str::from_utf8(event).unwrap()), "the bytes as accepted");
    }
    let part = handover(&["export", "--from", "5", "--to", "6"], data.path()).stdout;
    assert_eq!(part.lines().collect::<Vec<_>>(), export.lines().skip(5).take(2).collect::<Vec<_>>());

    let into = |lines: &str, copy: &Path| handover_command(&["import", "--data", copy.to_str().unwrap()], lines.as_bytes());
    for _ in 0..2 {
        let imported = into(&export, copy.path());
        assert_eq!(imported.code, Some(0), "{imported:?}");
        assert!(imported.stderr.contains(head["root"].as_str().unwrap()), "{imported:?}");
    }
    let altered = export.replacen("\"exact\":", "\"exact\":1", 1);
    let refused = into(&altered, TempDir::new().unwrap().path());
    assert!(refused.code == Some(65) && refused.stderr.contains("don't give its leaf"), "{refused:?}");
    let late: String = export.lines().skip(3).map(|line| format!("{line}\n")).collect();
    let refused = into(&late, TempDir::new().unwrap().path());
    assert!(refused.code == Some(65) && refused.stderr.contains("from position 0"), "{refused:?}");
}

#[test]
fn a_replay_gives_the_records_again_filtered_and_goes_on_where_it_ended() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::embedded(data.path()).start();
    publish(&server, 19, 300);
    let all = handover(&["replay"], data.path()).stdout;
    let sequences: Vec<u64> = all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["sequence"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(sequences, (0..300).collect::<Vec<_>>());
    let corrected = handover(&["replay", "--kind", "corrected"], data.path()).stdout;
    let expected: Vec<&str> = all.lines().filter(|line| line.contains("org.handover.corrected.v1")).collect();
    assert_eq!(corrected.lines().collect::<Vec<_>>(), expected);
    assert_eq!(handover(&["replay", "--publisher", "nobody"], data.path()).stdout, "");

    let (file, note) = (elsewhere.path().join("records"), elsewhere.path().join("note"));
    let (into, note) = (format!("file:{}", file.display()), note.to_str().unwrap().to_owned());
    let replay = |more: &[&str]| assert_eq!(handover(&[&["replay", "--into", &into, "--resume", &note], more].concat(), data.path()).code, Some(0));
    replay(&["--to", "99"]);
    assert_eq!(fs::read_to_string(&note).unwrap(), "100\n");
    publish(&server, 20, 50);
    replay(&["--speed", "100000/s"]);
    replay(&[]);
    let replayed = fs::read_to_string(&file).unwrap();
    assert_eq!(replayed.lines().count(), 350);
    assert!(replayed.starts_with(&all));
    let refused = handover(&["replay", "--into", "nats:handover.announce.me", "--nats", "nats://127.0.0.1:1"], data.path());
    assert_eq!(refused.code, Some(2), "the ledger's own subjects are never replayed into: {refused:?}");
}

#[test]
fn refusals_are_shown_resubmitted_and_dropped_for_a_reason() {
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    let events = publish(&server, 21, 1);
    let text = String::from_utf8(events[0].clone()).unwrap();
    let conflicting = text.replace("\"language\":\"en\"", "\"language\":\"uk\"");
    assert_ne!(conflicting, text);
    assert_eq!(http::post(&server.url("/v1/announcements"), "application/cloudevents+json", conflicting.as_bytes()).status, 409);
    let shown = handover(&["refusals", "show", "0"], data.path()).json();
    assert_eq!(shown["kept"]["body"].as_str().unwrap(), conflicting);
    let again = handover(&["refusals", "resubmit", "0"], data.path()).json();
    assert_eq!(again["receipt"]["status"], "refused");
    let dropped = handover(&["refusals", "drop", "0", "--reason", "sent twice by mistake"], data.path()).json();
    assert_eq!((&dropped["times"], &dropped["kept"]), (&Value::from(2), &Value::from(0)));
    assert_eq!(server.terminate(), Some(0));
    let server = Serve::embedded(data.path()).start();
    let listed = handover(&["refusals", "list", "-o", "json"], data.path()).json();
    assert_eq!(listed["refusals"][0]["dropped"]["reason"], "sent twice by mistake");
    assert_eq!(handover(&["refusals", "show", "0"], data.path()).json()["kept"]["body"], "");
    let gone = handover(&["refusals", "resubmit", "0"], data.path());
    assert!(gone.code == Some(1) && gone.stderr.contains("nothing is kept"), "{gone:?}");
    drop(server);
}
