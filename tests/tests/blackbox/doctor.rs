//! `handover doctor`: each fault that's planted is found by its name with a next command, and where nothing is wrong it says so.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions, Permissions},
    io::{Read, Seek, SeekFrom, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    time::Duration,
};

use async_nats::jetstream::{self, stream::Config};
use blackbox::{Generator, Handover, NatsServer, PATIENCE, Serve, handover, handover_command, http, wait_for};
use serde_json::Value;
use tempfile::TempDir;

const BATCH: &str = "application/cloudevents-batch+json";

/// The faults that are found, and that each says what comes next.
fn found(data: &Path, more: &[&str]) -> BTreeSet<String> {
    // Nobody listens there, so that another test's server isn't met.
    let listen = if more.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
    let ran = handover_command(&[&["doctor", "-o", "json", "--data", data.to_str().unwrap()], listen, more].concat(), b"");
    read(&ran.stdout, ran.code)
}

fn read(stdout: &str, code: Option<i32>) -> BTreeSet<String> {
    let answer: Value = serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error} in {stdout}"));
    let findings = answer["findings"].as_array().unwrap();
    assert_eq!((code, answer["healthy"].as_bool()), (Some(if findings.is_empty() { 0 } else { 10 }), Some(findings.is_empty())), "{answer}");
    let fault = |finding: &Value| {
        assert!(["what", "why", "next"].iter().all(|part| finding[part].as_str().is_some_and(|text| text.len() > 10)), "{finding}");
        finding["fault"].as_str().unwrap().to_owned()
    };
    findings.iter().map(fault).collect()
}

fn faults(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn publish(server: &Handover, count: usize) {
    let events: Vec<Vec<u8>> = Generator::new(4).take(count).map(|one| one.event).collect();
    let body = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
    assert_eq!(http::post(&server.url("/v1/announcements"), BATCH, &body).status, 201);
}

fn back_up(data: &Path, elsewhere: &Path) {
    let (data, to) = (data.to_str().unwrap(), elsewhere.join("backup"));
    for arguments in [&["backup"][..], &["backup", "verify"]] {
        let ran = handover_command(&[arguments, &[to.to_str().unwrap(), "--data", data]].concat(), b"");
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

#[test]
fn what_is_wrong_with_the_folder_or_the_machine_is_found() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let folder = data.path();
    assert_eq!(found(&folder.join("nowhere"), &[]), faults(&["data-missing"]));

    let server = Serve::embedded(folder).start();
    publish(&server, 200);
    assert_eq!(found(folder, &["--listen", server.address()]), faults(&["no-verified-backup"]));
    back_up(folder, elsewhere.path());
    assert_eq!(found(folder, &["--listen", server.address()]), faults(&[]), "a healthy server");
    let told = handover_command(&["doctor", "--data", folder.to_str().unwrap(), "--listen", server.address()], b"");
    assert!(told.code == Some(0) && told.stdout.is_empty() && told.stderr.contains("nothing is wrong here"), "{told:?}");

    for secret in ["ledger.key", "control.sock"] {
        fs::set_permissions(folder.join(secret), Permissions::from_mode(0o644)).unwrap();
        assert_eq!(found(folder, &[]), faults(&["open-to-others"]), "{secret}");
        fs::set_permissions(folder.join(secret), Permissions::from_mode(0o600)).unwrap();
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(found(folder, &["--listen", &taken.local_addr().unwrap().to_string()]), faults(&["port-taken"]));
    assert_eq!(found(elsewhere.path(), &["--listen", server.address()]), faults(&["port-taken"]), "another folder's server");
    let limited = format!("ulimit -n 256; exec {} doctor -o json --listen 127.0.0.1:0 --data {}", handover().display(), folder.display());
    let limited = Command::new("/bin/sh").args(["-c", &limited]).output().unwrap();
    assert_eq!(read(&String::from_utf8(limited.stdout).unwrap(), limited.status.code()), faults(&["few-open-files"]));

    server.kill();
    assert_eq!(found(folder, &[]), faults(&["stale-socket"]));
    let holding = File::open(folder.join("ledger/lock")).unwrap();
    holding.lock().unwrap();
    assert_eq!(found(folder, &[]), faults(&["folder-in-use"]));
    holding.unlock().unwrap();
    fs::remove_file(folder.join("control.sock")).unwrap();
    assert_eq!(found(folder, &[]), faults(&[]), "a folder that nobody uses");

    let views = folder.join("views");
    fs::rename(&views, folder.join("aside")).unwrap();
    fs::write(&views, "not a folder").unwrap();
    assert_eq!(found(folder, &[]), faults(&["snapshots-unreadable"]));
    fs::remove_file(&views).unwrap();

    let mut journal = OpenOptions::new().read(true).write(true).open(folder.join("ledger/journal-00000000")).unwrap();
    let mut byte = [0];
    journal.seek(SeekFrom::Start(40_000)).unwrap();
    journal.read_exact(&mut byte).unwrap();
    journal.seek(SeekFrom::Start(40_000)).unwrap();
    journal.write_all(&[byte[0] ^ 1]).unwrap();
    assert_eq!(found(folder, &[]), faults(&["ledger-damaged"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_nats_or_the_intake_is_found() {
    let (mut nats, data, elsewhere) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (folder, url) = (data.path(), nats.url());
    let looked = || found(folder, &["--nats", &url]);
    assert_eq!(looked(), faults(&["stream-missing"]));

    let server = Serve::over(&nats, folder).with(["--stream-max-bytes", "400000"]).start();
    publish(&server, 10);
    back_up(folder, elsewhere.path());
    assert_eq!(looked(), faults(&[]), "a healthy deployment");

    let context = jetstream::new(async_nats::connect(&url).await.unwrap());
    let config = context.get_stream("LEDGER").await.unwrap().cached_info().config.clone();
    context.update_stream(Config { max_age: Duration::from_secs(3_600), ..config.clone() }).await.unwrap();
    assert!(looked().contains("stream-settings"));
    context.update_stream(&config).await.unwrap();

    let mut events = Generator::new(5).map(|one| one.event);
    loop {
        let events: Vec<Vec<u8>> = events.by_ref().take(20).collect();
        let body = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
        assert_eq!(http::post(&server.url("/v1/announcements"), BATCH, &body).status, 201);
        if context.get_stream("ANNOUNCEMENTS").await.unwrap().cached_info().state.bytes > 362_000 {
            break;
        }
    }
    assert_eq!(looked(), faults(&["stream-nearly-full"]));

    context.delete_stream("ANNOUNCEMENTS").await.unwrap();
    wait_for("the intake to notice", PATIENCE, || (looked() == faults(&["intake-stopped", "stream-missing"])).then_some(()));
    // Made anew it isn't the stream that the ledger has read: what stopped says so, and which command comes next.
    assert_eq!(server.terminate(), Some(0));
    let server = Serve::over(&nats, folder).spawn();
    wait_for("the intake to stop", PATIENCE, || (looked() == faults(&["intake-stopped"])).then_some(()));
    let told = handover_command(&["doctor", "--data", folder.to_str().unwrap(), "--listen", "127.0.0.1:0"], b"");
    assert!(told.stdout.contains("handover ledger adopt-stream"), "{told:?}");
    drop(server);
    nats.stop();
    assert!(looked().contains("nats-unreachable"));
}
