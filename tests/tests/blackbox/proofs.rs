//! Checkpoints and proofs: what anyone can check of a ledger without trusting its server.

use std::{fs, path::Path};

use announcement::{Digest, Position};
use blackbox::{Generator, Handover, NotReady, Ran, Serve, handover_command, http};
use serde_json::Value;
use tempfile::TempDir;
use transparency::{Checkpoint, TilePath, decode_bundle, decode_entry, leaf_hash, verify_consistency, verify_inclusion};

fn publish(server: &Handover, seed: u64, count: usize) {
    let events: Vec<Vec<u8>> = Generator::new(seed).take(count).map(|one| one.event).collect();
    for events in events.chunks(200) {
        let body = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
        assert_eq!(http::post(&server.url("/v1/announcements"), "application/cloudevents-batch+json", &body).status, 201);
    }
}

fn command(arguments: &[&str]) -> Ran {
    handover_command(arguments, b"")
}

fn key(data: &Path) -> String {
    let shown = command(&["key", "show", "--data", data.to_str().unwrap()]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    shown.stdout.trim().to_owned()
}

fn checkpoint(server: &Handover) -> (String, Checkpoint) {
    let note = http::get(&server.url("/v1/checkpoint")).body;
    let checkpoint = Checkpoint::open(note.as_bytes(), None).unwrap();
    (note, checkpoint)
}

#[test]
fn a_proof_is_checked_offline_and_nothing_altered_passes() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::embedded(data.path()).start();
    publish(&server, 31, 700);
    let key = key(data.path());
    let (url, at) = (server.url(""), |name: &str| elsewhere.path().join(name));
    let note = command(&["checkpoint", "show", "--server", &url]);
    fs::write(at("checkpoint"), &note.stdout).unwrap();
    let event: Value = serde_json::from_slice(&Generator::new(31).nth(321).unwrap().event).unwrap();
    let (id, source) = (event["id"].as_str().unwrap(), event["source"].as_str().unwrap());
    let by_position = command(&["prove", "321", "--server", &url]).stdout;
    assert_eq!(command(&["prove", id, "--source", source, "--server", &url]).stdout, by_position);
    assert_eq!(server.terminate(), Some(0));
    drop(data);

    let check = |proof: &str, checkpoint: &str, key: &str| {
        fs::write(at("proof.json"), proof).unwrap();
        fs::write(at("other"), checkpoint).unwrap();
        command(&["check-proof", at("proof.json").to_str().unwrap(), "--checkpoint", at("other").to_str().unwrap(), "--key", key])
    };
    let good = check(&by_position, &note.stdout, &key);
    assert_eq!(good.code, Some(0), "{good:?}");
    let count = by_position.find("\\\"exact\\\":").unwrap() + "\\\"exact\\\":".len();
    let altered = [&by_position[..count], "9", &by_position[count..]].concat();
    assert_eq!(check(&altered, &note.stdout, &key).code, Some(10));
    for (from, to) in [("\"position\":321", "\"position\":320"), ("\"size\":700", "\"size\":699"), ("\"publisher\":\"local\"", "\"publisher\":\"other\"")] {
        assert!(by_position.contains(from), "{by_position}");
        assert_eq!(check(&by_position.replacen(from, to, 1), &note.stdout, &key).code, Some(10), "{to}");
    }
    let other = command(&["key", "new", at("key").to_str().unwrap()]);
    assert_eq!(check(&by_position, &note.stdout, other.stdout.trim()).code, Some(10), "another key");
    assert_eq!(check(&by_position, &note.stdout.replacen("700", "701", 1), &key).code, Some(10), "another size");
    assert_eq!(check("{}", &note.stdout, &key).code, Some(65), "no proof at all");
}

#[test]
fn proofs_and_tiles_over_http_give_the_root_of_the_checkpoint() {
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    publish(&server, 32, 300);
    let (_, before) = checkpoint(&server);
    publish(&server, 33, 400);
    let (_, after) = blackbox::wait_for("a checkpoint of all", blackbox::PATIENCE, || Some(checkpoint(&server)).filter(|(_, found)| found.size() == 700));
    let hashes = |proof: &Value| proof.as_array().unwrap().iter().map(|hash| Digest::from_hex(hash.as_str().unwrap()).unwrap()).collect::<Vec<_>>();

    let consistency = http::get(&server.url(&format!("/v1/proof/consistency?from={}&to=700", before.size()))).json();
    verify_consistency(before.size(), before.root(), 700, after.root(), &hashes(&consistency["consistency"])).unwrap();
    for position in [0, 255, 256, 299, 512, 699] {
        let proof = http::get(&server.url(&format!("/v1/proof/inclusion?position={position}&size=700"))).json();
        let leaf = Digest::from_hex(proof["leaf"].as_str().unwrap()).unwrap();
        verify_inclusion(leaf, position, 700, &hashes(&proof["inclusion"]), after.root()).unwrap();
    }

    let read = |path: String| -> Vec<u8> { http::get_bytes(&server.url(&format!("/v1/log/{path}"))) };
    let mut tree = transparency::Frontier::default();
    for (index, width) in [(0, ""), (1, ""), (2, ".p/188")] {
        let tile = read(format!("tile/0/00{index}{width}"));
        let bundle = read(format!("tile/entries/00{index}{width}"));
        let entries = decode_bundle(&bundle).unwrap();
        assert_eq!(tile.len(), 32 * entries.len());
        for (hash, entry) in tile.chunks(32).zip(entries) {
            assert_eq!(hash, leaf_hash(entry).as_bytes());
            assert_eq!(decode_entry(entry).unwrap().position, Position::new(tree.size()));
            tree.append(leaf_hash(entry));
        }
    }
    assert_eq!((tree.size(), tree.root()), (700, after.root()));
    let above: TilePath = "tile/1/000.p/2".parse().unwrap();
    assert_eq!(read(above.to_string()).len(), 64);
    for (path, status) in
        [("/v1/log/tile/0/003.p/1", 404), ("/v1/log/tile/0/3", 400), ("/v1/proof/inclusion?position=700&size=701", 404), ("/v1/proof/inclusion", 400)]
    {
        let answer = http::get(&server.url(path));
        assert_eq!((answer.status, answer.json()["remedy"].is_string()), (status, true), "{path}");
    }
}

#[test]
fn whoever_watches_notices_a_ledger_that_was_begun_anew() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let backup = elsewhere.path().join("backup");
    let notes = elsewhere.path().join("notes");
    let server = Serve::embedded(data.path()).start();
    let key = key(data.path());
    let watch = |server: &Handover| command(&["checkpoint", "watch", "--once", "--to", notes.to_str().unwrap(), "--key", &key, "--server", &server.url("")]);
    publish(&server, 34, 100);
    assert_eq!(command(&["backup", backup.to_str().unwrap(), "--data", data.path().to_str().unwrap()]).code, Some(0));
    assert_eq!(watch(&server).code, Some(0));
    publish(&server, 35, 100);
    blackbox::wait_for("a checkpoint of all", blackbox::PATIENCE, || (checkpoint(&server).1.size() == 200).then_some(()));
    assert_eq!(watch(&server).code, Some(0));
    assert_eq!(watch(&server).code, Some(0), "nothing new is no fault");
    assert_eq!(fs::read_dir(&notes).unwrap().count(), 2);
    assert_eq!(server.terminate(), Some(0));

    fs::remove_dir_all(data.path().join("ledger")).unwrap();
    assert_eq!(command(&["restore", backup.to_str().unwrap(), "--data", data.path().to_str().unwrap()]).code, Some(0));
    let Err(NotReady::Ended { status, log }) = Serve::embedded(data.path()).try_start() else { panic!("it serves less than it said it had") };
    assert!(status.code() == Some(1) && log.contains("a checkpoint of 200 records") && log.contains("only 100") && log.contains("newer backup"), "{log}");
    fs::remove_file(data.path().join("checkpoint")).unwrap();
    let server = Serve::embedded(data.path()).start();
    let shorter = watch(&server);
    assert!(shorter.code == Some(10) && shorter.stderr.contains("isn't an extension"), "{shorter:?}");
    publish(&server, 36, 150);
    blackbox::wait_for("a checkpoint of all", blackbox::PATIENCE, || (checkpoint(&server).1.size() == 250).then_some(()));
    let forked = watch(&server);
    assert!(forked.code == Some(10) && forked.stderr.contains("isn't an extension"), "{forked:?}");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let data = TempDir::new().unwrap();
    drop(Serve::embedded(data.path()).start());
    let file = data.path().join("ledger.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let Err(NotReady::Ended { status, log }) = Serve::embedded(data.path()).try_start() else { panic!("it serves with a key that everybody has") };
    assert!(status.code() == Some(78) && log.contains("chmod 600"), "{log}");
}
