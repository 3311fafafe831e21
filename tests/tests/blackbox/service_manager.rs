//! What a service manager is told: that it listens, that it lives, what the ledger waits for, that it stops.

use std::{
    ffi::OsString,
    os::unix::net::UnixDatagram,
    path::Path,
    time::{Duration, Instant},
};

use blackbox::{NatsServer, PATIENCE, Process, handover, wait_for};
use tempfile::TempDir;

/// A `handover serve` that was told of a socket and a watchdog.
fn start(socket: &Path, more: &[&str]) -> Process {
    let data = socket.with_file_name("data");
    let mut arguments: Vec<OsString> = vec![format!("NOTIFY_SOCKET={}", socket.display()).into(), "WATCHDOG_USEC=600000".into(), handover().into()];
    arguments.extend(["serve", "--listen", "127.0.0.1:0", "--data"].map(OsString::from));
    arguments.push(data.into());
    arguments.extend(more.iter().map(OsString::from));
    Process::start(Path::new("/usr/bin/env"), &arguments)
}

/// The next thing that is said and isn't a sign of life.
fn heard(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 4_096];
    wait_for("it to say something", PATIENCE, || {
        let length = socket.recv(&mut buffer).unwrap();
        Some(String::from_utf8(buffer[..length].to_vec()).unwrap()).filter(|said| said != "WATCHDOG=1")
    })
}

fn socket() -> (TempDir, UnixDatagram) {
    let folder = TempDir::new().unwrap();
    let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    (folder, socket)
}

#[test]
fn it_says_that_it_listens_that_it_lives_and_that_it_stops() {
    let (folder, socket) = socket();
    let mut server = start(&folder.path().join("notify"), &[]);
    assert_eq!(heard(&socket), "READY=1");
    assert!(server.stdout().contains("http://"), "it said so before it listened");
    assert_eq!(heard(&socket), "STATUS=takes records in");
    let (mut signs, until) = (0, Instant::now() + Duration::from_secs(2));
    let mut buffer = [0; 4_096];
    while Instant::now() < until {
        let length = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"WATCHDOG=1");
        signs += 1;
    }
    assert!((4..=12).contains(&signs), "{signs} signs of life in ten times a third of what the watchdog allows");
    assert_eq!(server.terminate().code(), Some(0));
    assert_eq!(heard(&socket), "STOPPING=1\nSTATUS=stopping");
}

#[test]
fn it_says_what_the_ledger_waits_for() {
    let (folder, socket) = socket();
    let mut nats = NatsServer::start();
    let _server = start(&folder.path().join("notify"), &["--role", "ledger", "--nats", &nats.url()]);
    assert_eq!(heard(&socket), "READY=1");
    wait_for("it to take records in", PATIENCE, || (heard(&socket) == "STATUS=takes records in").then_some(()));
    nats.kill();
    wait_for("it to miss the queue", PATIENCE, || heard(&socket).contains("intake waits: ").then_some(()));
}

#[test]
fn a_socket_that_nobody_hears_stops_nothing() {
    let folder = TempDir::new().unwrap();
    let mut server = start(&folder.path().join("nobody"), &[]);
    wait_for("it to listen", PATIENCE, || server.stdout().contains("http://").then_some(()));
    assert!(server.stderr().contains("the service manager can't be reached"), "{}", server.stderr());
    assert_eq!(server.terminate().code(), Some(0));
}
