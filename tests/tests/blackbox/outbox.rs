//! An outbox: what a publisher accepted is in the ledger once, none before its target, whatever ends or breaks meanwhile.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use blackbox::{
    Generator, Handover, NatsServer, PATIENCE, Process, Ran, Serve, SplitMix, handover_command,
    power::{Disk, Recorder, Trace},
    wait_for,
};
use futures::{StreamExt, stream};
use producer::{AcceptError, Accepted, Limits, Outbox, Outgoing, State, Which};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{audit::audit, proxy::Proxy};

/// Set in the process that a test starts of itself: the outbox, the server or nothing, the first event's number and how many there are.
const CHILD: &str = "HANDOVER_OUTBOX_CHILD";
const SEED: u64 = 29;
const FOREVER: u64 = 1 << 40;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn open(dir: &Path) -> Outbox {
    Outbox::open(dir, "desk".parse().unwrap(), Limits::default()).unwrap()
}

fn events(first: u64, count: u64) -> impl Iterator<Item = (u64, Outgoing)> {
    let range = usize::try_from(first).unwrap()..usize::try_from(first + count).unwrap();
    let generated = (0..).zip(Generator::new(SEED)).skip(range.start).take(range.len());
    generated.map(|(number, one)| (number, Outgoing::parse(one.event).unwrap()))
}

fn ids(count: u64) -> BTreeSet<String> {
    Generator::new(SEED).take(usize::try_from(count).unwrap()).map(|one| one.id.to_string()).collect()
}

/// Publishes events and prints each that was accepted, if a test started this process; the first error ends it.
fn publish_if_child() -> bool {
    let Ok(order) = env::var(CHILD) else { return false };
    let order: Value = serde_json::from_str(&order).unwrap();
    let number = |name: &str| order[name].as_u64().unwrap();
    runtime().block_on(async {
        let outbox = open(Path::new(order["dir"].as_str().unwrap()));
        if let Some(url) = order["url"].as_str() {
            let (outbox, url) = (outbox.clone(), url.to_owned());
            tokio::spawn(async move { outbox.run(&url, std::future::pending(), |_| ()).await });
        }
        let published = |(number, event): (u64, Outgoing)| {
            let outbox = outbox.clone();
            async move { (number, outbox.publish(&event).await) }
        };
        let mut accepted = stream::iter(events(number("first"), number("count"))).map(published).buffered(32);
        let mut stdout = std::io::stdout();
        writeln!(stdout).unwrap();
        while let Some((number, accepted)) = accepted.next().await {
            match accepted {
                Ok(_) => writeln!(stdout, "accepted {number}").unwrap(),
                Err(error) => {
                    writeln!(stdout, "error {error}").unwrap();
                    break;
                }
            }
        }
    });
    std::process::exit(0)
}

fn order(dir: &Path, url: Option<&str>, first: u64, count: u64) -> String {
    json!({"dir": dir, "url": url, "first": first, "count": count}).to_string()
}

fn child(test: &str, order: &str, limit: &str) -> Process {
    let script = format!("trap '' XFSZ; {limit} exec \"$0\" --exact \"$1\" --nocapture");
    let (variable, program) = (format!("{CHILD}={order}"), env::current_exe().unwrap());
    Process::start(Path::new("/usr/bin/env"), &[&variable, "/bin/sh", "-c", &script, program.to_str().unwrap(), test])
}

/// How many events from the first one on were accepted.
fn accepted(output: &str) -> u64 {
    output.lines().filter_map(|line| line.strip_prefix("accepted ")?.parse::<u64>().ok()).next_back().map_or(0, |last| last + 1)
}

/// Sends what is left, and holds the ledger against what was accepted.
fn all_recorded_once(dir: &Path, url: &str, server: Handover, data: &Path, expected: &BTreeSet<String>) {
    let left = runtime().block_on(open(dir).flush(url, 4 * PATIENCE, |_| ())).unwrap();
    assert_eq!((left.waiting, left.held, left.refused), (0, 0, 0));
    let records = audit(server, data, &[]);
    let mut recorded = BTreeSet::new();
    for record in &records {
        let event: Value = serde_json::from_slice(&record.event).unwrap();
        if let Some(target) = event["data"]["target"]["id"].as_str() {
            assert!(recorded.contains(target), "before its target: {event}");
        }
        recorded.insert(event["id"].as_str().unwrap().to_owned());
    }
    let lost: Vec<_> = expected.difference(&recorded).collect();
    assert!(lost.is_empty(), "accepted and lost: {lost:?}");
}

fn command(dir: &Path, arguments: &[&str]) -> Ran {
    handover_command(&[arguments, &["--outbox", dir.to_str().unwrap()]].concat(), b"")
}

fn publish(dir: &Path, url: &str, events: &str, wait: &str) -> Ran {
    let arguments = ["publish", "--as", "desk", "--to", url, "--wait", wait, "--outbox", dir.to_str().unwrap()];
    handover_command(&arguments, events.as_bytes())
}

fn lines(first: u64, count: u64) -> String {
    let generated = Generator::new(SEED).skip(usize::try_from(first).unwrap()).take(usize::try_from(count).unwrap());
    generated.map(|one| String::from_utf8(one.event).unwrap() + "\n").collect()
}

#[test]
fn what_is_published_while_nats_is_away_waits_and_goes_out_once_it_is_back() {
    let (mut nats, data, dir) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    nats.kill();
    for first in [0, 100] {
        let ran = publish(dir.path(), &nats.url(), &lines(first, 150), "1s");
        assert_eq!(ran.code, Some(75), "{ran:?}");
    }
    let listed = command(dir.path(), &["outbox", "list", "-o", "json"]).json();
    assert_eq!(listed["announcements"].as_array().unwrap().len(), 250, "what was published twice is there once");
    assert_eq!((&listed["announcements"][0]["state"], &listed["announcements"][0]["kind"]), (&json!("waiting"), &json!("completed")));
    nats.restart();
    let server = Serve::over(&nats, data.path()).start();
    let ran = command(dir.path(), &["outbox", "flush", "--to", &nats.url(), "--wait", "60s"]);
    assert_eq!((ran.code, ran.stderr.trim()), (Some(0), "250 recorded, 0 duplicate, 0 refused"));
    all_recorded_once(dir.path(), &nats.url(), server, data.path(), &ids(250));
}

#[test]
fn an_announcement_stays_until_its_receipt_whatever_the_queue_acknowledged() {
    let (mut nats, data, dir) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    // The stream is there, and no ledger that reads it.
    assert_eq!(Serve::over(&nats, data.path()).start().terminate(), Some(0));
    let ran = publish(dir.path(), &nats.url(), &lines(0, 80), "4s");
    assert_eq!(ran.code, Some(75), "{ran:?}");
    nats.lose_store();
    nats.restart();
    let fresh = TempDir::new().unwrap();
    let server = Serve::over(&nats, fresh.path()).start();
    all_recorded_once(dir.path(), &nats.url(), server, fresh.path(), &ids(80));
}

#[test]
fn a_publisher_that_is_killed_loses_nothing_that_it_accepted() {
    const TEST: &str = "outbox::a_publisher_that_is_killed_loses_nothing_that_it_accepted";
    if publish_if_child() {
        return;
    }
    let rounds = if env::var("HANDOVER_ROUNDS").is_ok_and(|rounds| rounds == "full") { 200 } else { 20 };
    let (nats, data, dir) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    let mut random = SplitMix::new(SEED);
    let mut next = 0;
    for _ in 0..rounds {
        let mut process = child(TEST, &order(dir.path(), Some(&nats.url()), next, FOREVER), "");
        wait_for("it to begin", PATIENCE, || process.stdout().contains("accepted ").then_some(()));
        thread::sleep(Duration::from_millis(random.below(200)));
        process.kill();
        next = next.max(accepted(&process.stdout()));
    }
    assert!(next > rounds * 10, "too few to show anything: {next}");
    all_recorded_once(dir.path(), &nats.url(), server, data.path(), &ids(next));
}

#[test]
fn connections_that_break_and_a_queue_that_is_killed_or_slow_cost_nothing() {
    let (mut nats, data, dir) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    let proxy = Proxy::start(&nats.url(), SEED, 256 << 10);
    let outbox = open(dir.path());
    let runtime = runtime();
    let (sending, url) = (outbox.clone(), proxy.url());
    let sending = runtime.spawn(async move { sending.run(&url, std::future::pending(), |_| ()).await });
    let publish = |first: u64, count: u64| {
        for (_, event) in events(first, count) {
            assert_eq!(runtime.block_on(outbox.publish(&event)), Ok(Accepted::New));
        }
    };
    publish(0, 300);
    proxy.break_connections();
    publish(300, 2_000);
    wait_for("connections to break", 2 * PATIENCE, || (proxy.broken() >= 3).then_some(()));
    nats.restart();
    publish(2_300, 300);
    nats.restart();
    proxy.leave_them_whole();
    // It keeps its connections and is so slow that acknowledgements time out.
    nats.pause();
    publish(2_600, 200);
    thread::sleep(Duration::from_secs(6));
    nats.resume();
    wait_for("everything to be receipted", 4 * PATIENCE, || (outbox.waiting().waiting == 0).then_some(()));
    sending.abort();
    drop((runtime, outbox));
    all_recorded_once(dir.path(), &nats.url(), server, data.path(), &ids(2_800));
}

#[test]
fn a_queue_that_is_full_is_waited_for_and_costs_nothing() {
    let (nats, data, dir, backup) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).with(["--stream-max-bytes", "60000"]).start();
    let ran = publish(dir.path(), &nats.url(), &lines(0, 200), "4s");
    assert!(ran.code == Some(75) && !ran.stderr.contains("200 recorded"), "the queue takes some of them: {ran:?}");
    let operate = |arguments: &[&str]| {
        let ran = handover_command(&[arguments, &["--data", data.path().to_str().unwrap()]].concat(), b"");
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
    };
    wait_for("the queue to be emptied as often as it's full", 4 * PATIENCE, || {
        operate(&["backup", backup.path().to_str().unwrap()]);
        operate(&["backup", "verify", backup.path().to_str().unwrap()]);
        operate(&["ledger", "trim", "--keep", "1s"]);
        let ran = command(dir.path(), &["outbox", "flush", "--to", &nats.url(), "--wait", "2s"]);
        (ran.code == Some(0)).then_some(())
    });
    all_recorded_once(dir.path(), &nats.url(), server, data.path(), &ids(200));
}

#[test]
fn what_was_accepted_is_on_disk_when_the_power_goes() {
    const TEST: &str = "outbox::what_was_accepted_is_on_disk_when_the_power_goes";
    if publish_if_child() {
        return;
    }
    let (dir, beside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (disk, trace) = (dir.path().canonicalize().unwrap(), beside.path().join("trace"));
    let variables = [(CHILD, order(&disk.join("outbox"), None, 0, 120))];
    let recorder = Recorder::compile();
    let mut process = recorder.start(&env::current_exe().unwrap(), &["--exact", TEST, "--nocapture"], &disk, &trace, &variables);
    assert!(process.wait(PATIENCE).success(), "{}", process.stderr());
    let (trace, mut random) = (Trace::read(&trace), SplitMix::new(SEED));
    let moments = trace.prints("accepted ");
    assert!(moments.len() > 20 && accepted(&trace.printed(trace.len())) == 120);
    for moment in moments.into_iter().step_by(6) {
        let before = accepted(&trace.printed(moment));
        for image in [trace.synced(&Disk::default(), moment), trace.cut(&Disk::default(), moment, &mut random)] {
            let dir = TempDir::new().unwrap();
            image.write(&dir.path().join("disk"));
            let listed = runtime().block_on(open(&dir.path().join("disk/outbox")).list()).unwrap();
            let there: BTreeSet<String> = listed.into_iter().map(|one| one.id).collect();
            assert!(ids(before).is_subset(&there), "{} of {before} after {moment}", there.len());
        }
    }
}

#[test]
fn a_disk_that_says_no_refuses_the_next_and_costs_none_that_was_accepted() {
    const TEST: &str = "outbox::a_disk_that_says_no_refuses_the_next_and_costs_none_that_was_accepted";
    if publish_if_child() {
        return;
    }
    let (nats, data, dir) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut process = child(TEST, &order(dir.path(), None, 0, FOREVER), "ulimit -f 4096;");
    process.wait(PATIENCE);
    let output = process.stdout();
    let count = accepted(&output);
    assert!(output.contains("error the disk has no room for another announcement") && count > 500, "{count}: {output:.2000}");
    let server = Serve::over(&nats, data.path()).start();
    all_recorded_once(dir.path(), &nats.url(), server, data.path(), &ids(count));
}

/// Runs in a file system of 2 MiB: goes on reading and letting go when it's full, also after another opening, and accepts again once it has room.
async fn on_a_full_disk(dir: &Path) {
    let outbox = open(&dir.join("outbox"));
    let mut accepted = BTreeSet::new();
    let mut all = events(0, FOREVER);
    let refused = loop {
        let (_, event) = all.next().unwrap();
        match outbox.publish(&event).await {
            Ok(_) => accepted.insert(event.id().to_owned()),
            Err(error) => break error,
        };
    };
    assert!(matches!(refused, AcceptError::DiskFull(_)), "{refused}");
    let mut filler = fs::File::create(dir.join("filler")).unwrap();
    while filler.write_all(&[1; 512]).is_ok() {}
    drop(filler);
    let first = accepted.pop_first().unwrap();
    assert_eq!(outbox.drop(Which::Id(first.clone())).await.unwrap()[0].id, first);
    drop(outbox);
    let held = |listed: Vec<producer::Listed>| listed.into_iter().map(|one| one.id).collect::<BTreeSet<_>>();
    // Where even the process's number can't be noted the folder isn't opened.
    if let Ok(outbox) = Outbox::open(dir.join("outbox"), "desk".parse().unwrap(), Limits::default()) {
        assert_eq!(held(outbox.list().await.unwrap()), accepted);
    }
    fs::remove_file(dir.join("filler")).unwrap();
    assert!(Command::new("mount").args(["-o", "remount,size=8m"]).arg(dir).status().unwrap().success());
    let outbox = open(&dir.join("outbox"));
    let (_, event) = all.next().unwrap();
    assert_eq!(outbox.publish(&event).await, Ok(Accepted::New));
    accepted.insert(event.id().to_owned());
    assert_eq!(held(outbox.list().await.unwrap()), accepted);
}

#[test]
fn a_full_disk_is_emptied_and_gone_on_with() {
    const TEST: &str = "outbox::a_full_disk_is_emptied_and_gone_on_with";
    if let Ok(dir) = env::var(CHILD) {
        runtime().block_on(on_a_full_disk(Path::new(&dir)));
        return writeln!(std::io::stdout(), "whole again").unwrap();
    }
    let dir = TempDir::new().unwrap();
    let script = "mount -t tmpfs -o size=2m none \"$1\" && exec \"$0\" --exact \"$2\" --nocapture";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]).arg(env::current_exe().unwrap()).arg(dir.path()).arg(TEST).env(CHILD, dir.path());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if !said.contains("ermission denied") && !said.contains("not permitted") {
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("whole again"), "{output:?}");
    }
}

fn of(kind: &str, id: u32, data: Value) -> String {
    let mut all = json!({"announced": "2026-01-29", "announcer": null});
    all.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
    let event = json!({"specversion": "1.0", "id": format!("00000000-0000-4000-8000-{id:012}"), "source": "urn:test:outbox", "type": format!("org.handover.{kind}.v1"), "data": all});
    format!("{event}\n")
}

fn target(id: u32) -> Value {
    json!({"source": "urn:test:outbox", "id": format!("00000000-0000-4000-8000-{id:012}")})
}

#[test]
fn what_is_refused_is_kept_apart_with_what_acts_on_it_until_it_is_dropped() {
    let (nats, data, dir) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    let events = [
        of("channel", 1, json!({"channel": "bodies", "parties": ["RU", "UA"], "status": "open"})),
        of("retracted", 2, json!({"target": target(99), "reason": "it was said in error"})),
        of("disputed", 3, json!({"target": target(2), "reason": "it stands"})),
    ];
    let ran = publish(dir.path(), &nats.url(), &events.concat(), "20s");
    assert_eq!(ran.code, Some(65), "{ran:?}");
    let listed = command(dir.path(), &["outbox", "list", "-o", "json"]).json();
    let listed: Vec<_> = listed["announcements"].as_array().unwrap().iter().map(|one| (one["kind"].clone(), one["state"].clone())).collect();
    assert_eq!(listed, [(json!("retracted"), json!("refused")), (json!("disputed"), json!("held"))]);
    let ran = command(dir.path(), &["outbox", "list", "-o", "csv"]);
    assert!(ran.stdout.contains("No such target") && ran.stdout.contains("on which it acts"), "{}", ran.stdout);
    let other = of("channel", 3, json!({"channel": "bodies", "parties": ["RU", "UA"], "status": "paused"}));
    let ran = publish(dir.path(), &nats.url(), &other, "1s");
    assert!(ran.code == Some(65) && ran.stderr.contains("another event 00000000-0000-4000-8000-000000000003 of urn:test:outbox"), "{ran:?}");
    let ran = command(dir.path(), &["outbox", "drop", "--refused"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("000000000002"), "{ran:?}");
    let ran = command(dir.path(), &["outbox", "drop", "00000000-0000-4000-8000-000000000009"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("no announcement"), "{ran:?}");
    let ran = command(dir.path(), &["outbox", "flush", "--to", &nats.url()]);
    assert!(ran.code == Some(65) && ran.stderr.contains("refused"), "what was held goes out, and the ledger says what it thinks of it: {ran:?}");
    drop(server);
}

#[test]
fn what_was_accepted_before_its_target_goes_after_it() {
    let (mut nats, data, dir) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    nats.kill();
    let claim = of("channel", 1, json!({"channel": "bodies", "parties": ["RU", "UA"], "status": "open"}));
    let events =
        [of("disputed", 3, json!({"target": target(1), "reason": "it is not"})), of("retracted", 2, json!({"target": target(1), "reason": "an error"})), claim];
    assert_eq!(publish(dir.path(), &nats.url(), &events.concat(), "1s").code, Some(75));
    nats.restart();
    let server = Serve::over(&nats, data.path()).start();
    let ran = command(dir.path(), &["outbox", "flush", "--to", &nats.url(), "--wait", "60s"]);
    assert_eq!((ran.code, ran.stderr.trim()), (Some(0), "3 recorded, 0 duplicate, 0 refused"));
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_was_accepted_is_among_the_waiting_at_once() {
    let dir = TempDir::new().unwrap();
    let outbox = open(dir.path());
    for (number, event) in events(0, 300) {
        outbox.publish(&event).await.unwrap();
        assert_eq!(outbox.waiting().waiting as u64, number + 1, "who waits until nothing waits would leave it behind");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_outbox_is_bounded_and_of_one_publisher_and_one_process() {
    let dir = TempDir::new().unwrap();
    let limits = Limits { entries: 3, ..Limits::default() };
    let outbox = Outbox::open(dir.path(), "desk".parse().unwrap(), limits).unwrap();
    let all: Vec<Outgoing> = events(0, 4).map(|(_, event)| event).collect();
    for event in &all[..3] {
        assert_eq!(outbox.publish(event).await, Ok(Accepted::New));
        assert_eq!(outbox.publish(event).await, Ok(Accepted::Already));
    }
    assert!(matches!(outbox.publish(&all[3]).await, Err(AcceptError::Full { entries: 3, .. })));
    assert!(outbox.list().await.unwrap().iter().all(|one| matches!(one.state, State::Waiting { .. })));
    let ran = command(dir.path(), &["outbox", "list"]);
    assert!(ran.code == Some(78) && ran.stderr.contains("in use by process"), "{ran:?}");
    drop(outbox);
    let ran = handover_command(&["publish", "--as", "other", "--to", "nats://127.0.0.1:1", "--outbox", dir.path().to_str().unwrap()], b"");
    assert!(ran.code == Some(78) && ran.stderr.contains("the outbox of desk"), "{ran:?}");
    let limits = Limits { bytes: 100, ..Limits::default() };
    let small = TempDir::new().unwrap();
    let outbox = Outbox::open(small.path(), "desk".parse().unwrap(), limits).unwrap();
    assert!(matches!(outbox.publish(&all[0]).await, Err(AcceptError::Full { entries: 0, .. })));
}

/// nats-py in an environment of its own under .tools.
pub(crate) fn python() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(".tools");
    let venv = tools.join("nats-py-nkeys-2.16.0");
    if !venv.join("whole").exists() {
        let run = |program: &Path, arguments: &[&str]| assert!(Command::new(program).args(arguments).status().unwrap().success(), "{arguments:?}");
        run(Path::new("python3"), &["-m", "venv", "--clear", venv.to_str().unwrap()]);
        run(&venv.join("bin/pip"), &["install", "-q", "--disable-pip-version-check", "nats-py[nkeys]==2.16.0"]);
        fs::write(venv.join("whole"), "").unwrap();
    }
    venv.join("bin/python")
}

#[test]
fn the_scripts_for_other_languages_publish_in_both_modes_and_wait_for_the_receipt() {
    let (nats, data, dir) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("deploy/publish");
    let status = |mut command: Command, code: i32| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let receipt = answer["receipts"].get(0).unwrap_or(&answer).clone();
        (receipt["status"].as_str().unwrap().to_owned(), receipt["position"].clone())
    };
    let channel = |id: u32| of("channel", id, json!({"channel": "bodies", "parties": ["RU", "UA"], "status": "open", "note": "у звичайному порядку, 100 %"}));
    let file = dir.path().join("event");
    let python = python();
    let with_python = |mode: &str| {
        let mut command = Command::new(&python);
        command.arg(scripts.join("publish.py")).args([&nats.url(), "desk"]).arg(&file).arg(mode);
        command
    };
    let with_curl = |headers: &[&str]| {
        let mut command = Command::new(scripts.join("publish-with-curl"));
        command.arg(server.url("")).arg(&file).args(headers);
        command
    };
    for (position, mode) in ["structured", "binary"].iter().enumerate() {
        fs::write(&file, channel(u32::try_from(position).unwrap())).unwrap();
        assert_eq!(status(with_python(mode), 0), ("recorded".to_owned(), json!(position)));
        assert_eq!(status(with_python(mode), 0).1, json!(position), "published again it's where it was");
    }
    fs::write(&file, channel(2)).unwrap();
    assert_eq!(status(with_curl(&[]), 0), ("recorded".to_owned(), json!(2)));
    let event: Value = serde_json::from_str(&channel(3)).unwrap();
    fs::write(&file, event["data"].to_string()).unwrap();
    let headers = ["specversion", "id", "source", "type"].map(|name| format!("ce-{name}: {}", event[name].as_str().unwrap()));
    let headers = headers.each_ref().map(String::as_str);
    assert_eq!(status(with_curl(&headers), 0), ("recorded".to_owned(), json!(3)));
    assert_eq!(status(with_curl(&headers), 0), ("duplicate".to_owned(), json!(3)));
    fs::write(&file, of("retracted", 4, json!({"target": target(99), "reason": "it was said in error"}))).unwrap();
    assert_eq!(status(with_curl(&[]), 65).0, "refused");
    assert_eq!(status(with_python("structured"), 65).0, "refused");
}
