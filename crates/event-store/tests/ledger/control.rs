use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use event_store::{
    Ledger,
    control::{Command, ControlError, answer, call, serve},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::harness::{SUBJECT, open, submit};

struct Server {
    socket: PathBuf,
    ledger: Ledger,
    stop: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
    dir: TempDir,
}

async fn serve_ledger(path: &Path, ledger: Ledger, stop: CancellationToken) -> std::io::Result<()> {
    let answering = |line: Vec<u8>| {
        let ledger = ledger.clone();
        async move { answer(&line, &ledger, None).await }
    };
    serve(path, answering, stop).await
}

async fn start(dir: TempDir) -> Server {
    let ledger = open(&dir.path().join("ledger"));
    let (socket, stop) = (dir.path().join("control.sock"), CancellationToken::new());
    let (path, operated, stopping) = (socket.clone(), ledger.clone(), stop.clone());
    let serving = tokio::spawn(async move { serve_ledger(&path, operated, stopping).await });
    while UnixStream::connect(&socket).await.is_err() {
        assert!(!serving.is_finished(), "it doesn't serve");
        tokio::task::yield_now().await;
    }
    Server { socket, ledger, stop, serving, dir }
}

async fn raw(server: &Server, request: &[u8]) -> Value {
    let mut connection = UnixStream::connect(&server.socket).await.unwrap();
    // A server may answer and close before it has read everything.
    let _ = connection.write_all(request).await;
    let _ = connection.shutdown().await;
    let mut answer = String::new();
    BufReader::new(connection).read_line(&mut answer).await.unwrap();
    serde_json::from_str(&answer).unwrap()
}

#[tokio::test]
async fn an_operator_sees_where_the_ledger_stands_and_what_was_refused() {
    let server = start(TempDir::new().unwrap()).await;
    submit(&server.ledger, 0..3, 3).await;
    server.ledger.submit(SUBJECT.to_owned(), Vec::new(), Bytes::from_static(b"{")).await.unwrap();
    // The receipt leaves before readers see its commit.
    server.ledger.watch().wait_for(|head| head.refused == 1).await.unwrap();
    let status = call(&server.socket, &Command::Status).await.unwrap();
    assert_eq!(status["head"], serde_json::to_value(server.ledger.head()).unwrap());
    assert_eq!((&status["head"]["size"], &status["head"]["refused"], &status["health"]["writer"]["state"]), (&3.into(), &1.into(), &"running".into()));
    assert!(status["disk_bytes"].as_u64().unwrap() > 1_000 && status["stream"]["lag"].is_null());
    let refusals = call(&server.socket, &Command::Refusals { from: 0 }).await.unwrap();
    assert_eq!((refusals["refusals"].as_array().unwrap().len(), &refusals["refusals"][0]["subject"]), (1, &SUBJECT.into()));
    assert_eq!(call(&server.socket, &Command::Refusals { from: 1 }).await.unwrap()["refusals"], serde_json::json!([]));
    let adopted = call(&server.socket, &Command::AdoptStream).await;
    assert!(matches!(adopted, Err(ControlError::Refused(reason)) if reason.contains("without NATS")));
}

#[tokio::test]
async fn what_is_no_command_gets_an_error_and_the_server_goes_on() {
    let server = start(TempDir::new().unwrap()).await;
    for request in [&b"\n"[..], b"", b"{}\n", b"\xff\xff\n", b"{\"command\":\"status\"", &vec![b'{'; 1 << 20]] {
        let answer = raw(&server, request).await;
        assert!(answer["error"].as_str().unwrap().starts_with("not a command"), "{answer}");
    }
    // One that says nothing doesn't keep the others waiting.
    let _silent = UnixStream::connect(&server.socket).await.unwrap();
    assert!(call(&server.socket, &Command::Status).await.is_ok());
}

#[tokio::test]
async fn the_socket_is_the_owners_and_a_stale_one_is_replaced() {
    let server = start(TempDir::new().unwrap()).await;
    assert_eq!(fs::metadata(&server.socket).unwrap().permissions().mode() & 0o777, 0o600);
    server.serving.abort();
    assert!(server.serving.await.unwrap_err().is_cancelled());
    server.ledger.close().await;
    drop(server.ledger);
    assert!(server.socket.exists(), "it was left behind");
    let server = start(server.dir).await;
    assert!(call(&server.socket, &Command::Status).await.is_ok());
    server.stop.cancel();
    server.serving.await.unwrap().unwrap();
    assert!(!server.socket.exists());
    assert!(matches!(call(&server.socket, &Command::Status).await, Err(ControlError::NotRunning { .. })));
}

#[tokio::test]
async fn what_is_no_socket_is_never_removed() {
    let dir = TempDir::new().unwrap();
    let ledger = open(&dir.path().join("ledger"));
    let path = dir.path().join("control.sock");
    fs::write(&path, "a file of somebody's").unwrap();
    let served = serve_ledger(&path, ledger, CancellationToken::new()).await;
    assert_eq!(served.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&path).unwrap(), "a file of somebody's");
}

#[tokio::test]
async fn the_socket_of_a_process_that_runs_is_not_taken_from_it() {
    let server = start(TempDir::new().unwrap()).await;
    let served = serve_ledger(&server.socket, server.ledger.clone(), CancellationToken::new()).await;
    assert_eq!(served.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    assert!(call(&server.socket, &Command::Status).await.is_ok());
}
