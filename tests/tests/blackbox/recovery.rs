//! A node that lost its disk: an older backup and the stream make it what it was, or what is missing is named.

use std::{fs, path::Path, process::Command};

use blackbox::{Generator, Handover, NatsServer, PATIENCE, Ran, Serve, handover_command, http, wait_for};
use serde_json::Value;
use tempfile::TempDir;

fn handover(arguments: &[&str], data: &Path) -> Ran {
    handover_command(&[arguments, &["--data", data.to_str().unwrap()]].concat(), b"")
}

fn publish(nats: &NatsServer, seed: u64, count: usize) {
    let lines: Vec<Vec<u8>> = Generator::new(seed).take(count).map(|one| one.event).collect();
    let ran = handover_command(&["publish", "--to", &nats.url(), "-"], &lines.join(b"\n".as_slice()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// One that's refused, and one that's there already.
fn publish_what_is_not_recorded(nats: &NatsServer, seed: u64) {
    // Without an id, or the queue wouldn't take it again.
    let bodies = [Generator::new(seed).next().unwrap().event, b"{\"no\":\"announcement\"}".to_vec()];
    within(nats, async |context| {
        for body in bodies {
            context.publish("handover.announce.local", body.into()).await.unwrap().await.unwrap();
        }
    });
}

/// As an operator's `nats stream purge ANNOUNCEMENTS --seq N` does.
fn purge_below(nats: &NatsServer, sequence: u64) {
    within(nats, async |context| {
        context.get_stream("ANNOUNCEMENTS").await.unwrap().purge().sequence(sequence).await.unwrap();
    });
}

fn within(nats: &NatsServer, act: impl AsyncFnOnce(async_nats::jetstream::Context)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { act(async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap())).await });
}

fn status(data: &Path) -> Value {
    let ran = handover(&["ledger", "status"], data);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

/// Waits until a node has read the stream up to here, and gives its head.
fn read_up_to(data: &Path, sequence: u64) -> Value {
    wait_for("the stream to be read", PATIENCE, || Some(status(data)["head"].clone()).filter(|head| head["stream_sequence"] == sequence))
}

fn stopped(data: &Path) -> Value {
    wait_for("the intake to stop", PATIENCE, || Some(status(data)["health"]["intake"].clone()).filter(|intake| intake["state"] == "stopped"))
}

/// A node that took a backup after 302 messages and stands at 604.
fn with_an_older_backup(nats: &NatsServer, data: &Path, backup: &Path) -> Handover {
    let server = Serve::over(nats, data).with(["--role", "ledger"]).start();
    publish(nats, 1, 300);
    publish_what_is_not_recorded(nats, 1);
    read_up_to(data, 302);
    assert_eq!(handover(&["backup", backup.to_str().unwrap()], data).code, Some(0));
    publish(nats, 2, 300);
    publish_what_is_not_recorded(nats, 2);
    read_up_to(data, 604);
    server
}

#[test]
fn an_older_backup_on_a_new_node_becomes_the_same_ledger_from_the_stream() {
    let (nats, data, elsewhere) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (backup, restored) = (elsewhere.path().join("backup"), elsewhere.path().join("restored"));
    let _first = with_an_older_backup(&nats, data.path(), &backup);
    assert_eq!(handover(&["restore", backup.to_str().unwrap()], &restored).json()["head"]["size"], 300);
    let _second = Serve::over(&nats, &restored).with(["--role", "ledger"]).start();
    assert_eq!(read_up_to(&restored, 604), status(data.path())["head"]);
    let refusals = |data: &Path| handover(&["refusals", "list", "-o", "json"], data).json();
    assert_eq!(refusals(&restored), refusals(data.path()));
}

#[test]
fn an_older_backup_whose_messages_the_stream_no_longer_holds_is_refused_with_the_gap_and_the_next_command() {
    let (nats, data, elsewhere) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (backup, restored) = (elsewhere.path().join("backup"), elsewhere.path().join("restored"));
    let _first = with_an_older_backup(&nats, data.path(), &backup);
    purge_below(&nats, 401);
    assert_eq!(handover(&["restore", backup.to_str().unwrap()], &restored).code, Some(0));
    let _second = Serve::over(&nats, &restored).with(["--role", "ledger"]).spawn();
    wait_for("the control socket", PATIENCE, || restored.join("control.sock").exists().then_some(()));
    let intake = stopped(&restored);
    assert!(intake["reason"].as_str().unwrap().contains("messages 303 to 400 of the stream ANNOUNCEMENTS are missing"), "{intake}");
    assert!(intake["remedy"].as_str().unwrap().contains("handover ledger catch-up --from ledger"), "{intake}");
    assert_eq!(status(&restored)["head"]["size"], 300, "nothing was taken in behind the gap");
}

#[test]
fn a_verified_backup_lets_the_stream_be_trimmed_and_whoever_is_behind_then_catches_up_from_it() {
    let (nats, data, elsewhere) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (backup, restored) = (elsewhere.path().join("backup"), elsewhere.path().join("restored"));
    let backup = backup.to_str().unwrap();
    let _first = with_an_older_backup(&nats, data.path(), Path::new(backup));
    let trim = || handover(&["ledger", "trim", "--keep", "0s"], data.path());
    let refused = trim();
    assert!(
        refused.code == Some(1) && refused.stderr.contains("no backup was verified") && refused.stderr.contains("handover backup verify DIR"),
        "{refused:?}"
    );
    assert_eq!(status(data.path())["verified_backup"], Value::Null);

    let verified = handover(&["backup", "verify", backup], data.path());
    assert!(verified.code == Some(0) && verified.stderr.contains("noted it"), "{verified:?}");
    let noted = status(data.path())["verified_backup"].clone();
    assert_eq!((&noted["size"], &noted["stream_sequence"], &noted["dir"]), (&300.into(), &302.into(), &backup.into()));
    let refused = trim();
    let named = format!("the backup {backup} that was verified last has read up to 302 only");
    assert!(refused.code == Some(1) && refused.stderr.contains("messages up to 603 would go") && refused.stderr.contains(&named), "{refused:?}");

    assert_eq!(handover(&["restore", backup], &restored).code, Some(0));
    assert_eq!(handover(&["backup", backup], data.path()).code, Some(0));
    assert_eq!(handover(&["backup", "verify", backup], data.path()).code, Some(0));
    let trimmed = trim().json();
    assert_eq!((&trimmed["first_sequence"], &trimmed["messages"]), (&604.into(), &603.into()));

    let behind = Serve::over(&nats, &restored).with(["--role", "ledger"]);
    let mut running = behind.spawn();
    wait_for("the control socket", PATIENCE, || restored.join("control.sock").exists().then_some(()));
    let intake = stopped(&restored);
    assert!(intake["reason"].as_str().unwrap().contains("messages 303 to 603 of the stream ANNOUNCEMENTS are missing"), "{intake}");
    let shown = handover(&["ledger", "catch-up", "--from", "stream"], &restored);
    assert!(shown.code == Some(10) && shown.stderr.contains("messages 303 to 603") && shown.stderr.contains("--from backup DIR"), "{shown:?}");
    let refused = handover(&["ledger", "catch-up", "--from", "backup", backup], &restored);
    assert!(refused.code == Some(78) && refused.stderr.contains("stop it first"), "{refused:?}");
    running.terminate();
    let caught_up = handover(&["ledger", "catch-up", "--from", "backup", backup], &restored);
    assert_eq!((&caught_up.json()["size"], &caught_up.json()["stream_sequence"]), (&600.into(), &604.into()), "{caught_up:?}");
    let again = handover(&["ledger", "catch-up", "--from", "backup", backup], &restored);
    assert!(again.code == Some(65) && again.stderr.contains("it isn't further than that"), "{again:?}");
    let _second = behind.start();
    publish(&nats, 3, 20);
    let shown = handover(&["ledger", "catch-up", "--from", "stream"], &restored);
    assert_eq!((&shown.json()["size"], &shown.json()), (&620.into(), &read_up_to(data.path(), 624)));
    assert!(shown.stderr.contains("1 other nodes have the same root"), "{shown:?}");
}

#[test]
fn a_backup_is_verified_where_no_ledger_can_note_it_and_that_is_said() {
    let (data, other, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let backup = elsewhere.path().join("backup");
    for (seed, data) in [(4, &data), (5, &other)] {
        let server = Serve::embedded(data.path()).start();
        post(&server, seed, 20);
        assert_eq!(server.terminate(), Some(0));
    }
    assert_eq!(handover(&["backup", backup.to_str().unwrap()], data.path()).code, Some(0));
    for (data, says) in [(elsewhere.path(), "there is no ledger in"), (other.path(), "it's a backup of another one"), (data.path(), "noted it")] {
        let verified = handover(&["backup", "verify", backup.to_str().unwrap()], data);
        assert!(verified.code == Some(0) && verified.stderr.contains(says), "{verified:?}");
    }
    let manifest = backup.join("backup.json");
    let altered = fs::read_to_string(&manifest).unwrap().replace("\"size\": 20", "\"size\": 19");
    fs::write(&manifest, altered).unwrap();
    let verified = handover(&["backup", "verify", backup.to_str().unwrap()], data.path());
    assert!(verified.code == Some(10) && verified.stderr.contains("the backup's manifest says"), "{verified:?}");
}

fn post(server: &Handover, seed: u64, count: usize) {
    let events: Vec<Vec<u8>> = Generator::new(seed).take(count).map(|one| one.event).collect();
    let body = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
    assert_eq!(http::post(&server.url("/v1/announcements"), "application/cloudevents-batch+json", &body).status, 201);
}

/// The checkpoint's origin and size.
fn checkpoint(server: &Handover) -> (String, u64) {
    let answer = http::get(&server.url("/v1/checkpoint"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut lines = answer.body.lines();
    (lines.next().unwrap().to_owned(), lines.next().unwrap().parse().unwrap())
}

/// A ledger of 40 records that handed out a checkpoint of them, and lost its disk; a backup has 30.
fn restored_below_a_checkpoint(server: Handover, publish: impl Fn(&Handover, u64, usize), data: &Path, backup: &Path) {
    publish(&server, 6, 30);
    assert_eq!(handover(&["backup", backup.to_str().unwrap()], data).code, Some(0));
    publish(&server, 7, 10);
    wait_for("the checkpoint", PATIENCE, || (checkpoint(&server).1 == 40).then_some(()));
    assert_eq!(server.terminate(), Some(0));
    fs::remove_dir_all(data.join("ledger")).unwrap();
    assert_eq!(handover(&["restore", backup.to_str().unwrap()], data).code, Some(0));
}

#[test]
fn an_embedded_ledger_that_was_restored_below_a_checkpoint_begins_an_epoch_by_an_operators_word_only() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let serve = Serve::embedded(data.path());
    restored_below_a_checkpoint(serve.start(), post, data.path(), &elsewhere.path().join("backup"));
    let kept = fs::read(data.path().join("checkpoint")).unwrap();
    let Err(blackbox::NotReady::Ended { log, .. }) = serve.try_start() else { panic!("it serves less than it handed out") };
    assert!(log.contains("a checkpoint of 40 records") && log.contains("handover ledger new-epoch"), "{log}");
    let asked = handover(&["ledger", "new-epoch"], data.path());
    assert!(asked.code == Some(2) && asked.stderr.contains("a checkpoint of 40 records") && asked.stderr.contains("--yes"), "{asked:?}");
    assert!(serve.try_start().is_err(), "nothing was changed");
    let begun = handover(&["ledger", "new-epoch", "--yes"], data.path());
    assert_eq!((&begun.json()["epoch"], &begun.json()["head"]["size"]), (&1.into(), &30.into()));
    assert_eq!(fs::read(data.path().join("checkpoint.epoch-0")).unwrap(), kept, "what was handed out is kept");
    // Cut short before the checkpoint was put aside, and asked again.
    fs::rename(data.path().join("checkpoint.epoch-0"), data.path().join("checkpoint")).unwrap();
    assert_eq!(handover(&["ledger", "new-epoch", "--yes"], data.path()).json()["epoch"], 1);

    let server = serve.start();
    post(&server, 8, 5);
    wait_for("the checkpoint", PATIENCE, || (checkpoint(&server).1 == 35).then_some(()));
    assert!(checkpoint(&server).0.ends_with("/1"));
    let refused = handover(&["ledger", "new-epoch", "--yes"], data.path());
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("holds the 35 records of the checkpoint"), "{refused:?}");
}

#[test]
fn a_ledger_on_nats_that_was_restored_below_a_checkpoint_comes_to_it_again_or_begins_an_epoch() {
    let (mut nats, data, elsewhere) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (backup, copy) = (elsewhere.path().join("backup"), elsewhere.path().join("jetstream"));
    let serve = Serve::over(&nats, data.path());
    let server = serve.start();
    publish(&nats, 5, 1);
    read_up_to(data.path(), 1);
    assert_eq!(server.terminate(), Some(0));
    // What the stream was like when the backup was taken.
    restored_below_a_checkpoint(serve.start(), |_, seed, count| publish(&nats, seed, count - usize::from(seed == 6)), data.path(), &backup);
    let server = serve.start();
    read_up_to(data.path(), 40);
    assert_eq!(checkpoint(&server).1, 40, "the stream has it");
    let refused = handover(&["ledger", "new-epoch", "--yes"], data.path());
    assert!(refused.code == Some(1) && refused.stderr.contains("holds the 40 records"), "{refused:?}");
    assert_eq!(server.terminate(), Some(0));

    // Stream and ledger are both put back to where they were.
    fs::remove_dir_all(data.path().join("ledger")).unwrap();
    assert_eq!(handover(&["restore", backup.to_str().unwrap()], data.path()).code, Some(0));
    nats.stop();
    assert!(Command::new("cp").arg("-a").arg(nats.store()).arg(&copy).status().unwrap().success());
    nats.lose_store();
    nats.restart();
    within(&nats, async |context| event_store::nats::prepare(&context.client(), &event_store::nats::Options::default()).await.unwrap());
    within(&nats, async |context| {
        for one in Generator::new(5).take(1).chain(Generator::new(6).take(29)) {
            context.publish("handover.announce.local", one.event.into()).await.unwrap().await.unwrap();
        }
    });
    let spawned = serve.spawn();
    wait_for("the control socket", PATIENCE, || data.path().join("control.sock").exists().then_some(()));
    // The times of its messages are others.
    assert!(stopped(data.path())["remedy"].as_str().unwrap().contains("adopt-stream"));
    assert_eq!(handover(&["ledger", "adopt-stream"], data.path()).json()["epoch"], 1);
    drop(spawned);

    let server = serve.start();
    let answer = http::get(&server.url("/v1/checkpoint"));
    assert!(
        answer.status == 503 && answer.body.contains("a checkpoint of 40 records was handed out") && answer.body.contains("handover ledger new-epoch"),
        "{answer:?}"
    );
    assert_eq!(handover(&["ledger", "new-epoch", "--yes"], data.path()).json()["epoch"], 1);
    let (origin, size) = checkpoint(&server);
    assert!(origin.ends_with("/1") && size == 30, "{origin} {size}");
}
