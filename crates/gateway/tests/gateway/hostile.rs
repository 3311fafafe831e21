use std::time::{Duration, Instant};

use gateway::Limits;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::harness::{Answer, PATIENCE, Server, event, padded, until_end};

/// Events that must not be accepted, made from one that is.
fn bad_events() -> Vec<Vec<u8>> {
    let good = event(1);
    let text = good.to_string();
    let mut bad: Vec<Vec<u8>> = (0..text.len()).step_by(3).map(|end| text.as_bytes()[..end].to_vec()).collect();
    let replaced = |pointer: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        event.to_string().into_bytes()
    };
    let places = ["/specversion", "/id", "/source", "/type", "/subject", "/datacontenttype", "/data", "/data/announced", "/data/announcer", "/data/exchange"];
    let deeper = ["/data/exchange/date", "/data/transfers", "/data/transfers/0/from", "/data/transfers/0/counts", "/data/transfers/0/counts/0/count/exact"];
    for place in places.into_iter().chain(deeper) {
        for value in [json!(true), json!(-1), json!(1.5), json!(1e300), json!(u64::MAX), json!([]), json!([[1]]), json!(""), json!({ "x": 1 }), json!("\u{0}")]
        {
            // A claim without transfers or counts says that the exchange took place, and nothing of its number.
            if value != json!([]) || !matches!(place, "/data/transfers" | "/data/transfers/0/counts") {
                bad.push(replaced(place, value));
            }
        }
    }
    bad.push(replaced("/type", json!("org.handover.exploded.v1")));
    bad.push(replaced("/data/transfers/0/to", json!("RU")));
    bad.push(text.replace("1000", &"9".repeat(400)).into_bytes());
    bad.push(text.replace("\"data\":{", "\"data\":{\"announced\":\"2026-01-01\",").into_bytes());
    bad.push(text.replace("urn:test", "\\ud800").into_bytes());
    for depth in [33, 1_000, 25_000] {
        bad.push(text.replace("1000", &format!("{}1{}", "[".repeat(depth), "]".repeat(depth))).into_bytes());
        bad.push("[".repeat(depth).into_bytes());
        bad.push("{\"a\":".repeat(depth.min(10_000)).into_bytes());
    }
    bad.push([b"\xef\xbb\xbf", text.as_bytes()].concat());
    bad.push(text.replace("urn:test", "urn:\u{1}").into_bytes());
    let mut broken = text.clone().into_bytes();
    broken[20] = 0xff;
    bad.push(broken);
    bad.push(vec![0; 1_000]);
    bad
}

#[tokio::test]
async fn each_bad_event_is_answered_with_the_place_at_fault_and_the_server_goes_on() {
    let server = Server::start().await;
    let bad = bad_events();
    assert!(bad.len() > 250);
    for event in &bad {
        let answer = server.post("application/cloudevents+json", event).await;
        let shown = String::from_utf8_lossy(&event[..event.len().min(300)]).into_owned();
        assert_eq!(answer.status, 422, "{shown}: {}", answer.text());
        let problem = answer.problem(422);
        assert!(problem["pointer"].is_string(), "{shown}: {problem}");
        assert_eq!(problem["receipts"][0]["status"], "refused");
    }
    assert_eq!(server.ledger.head().size, 0);
    assert_eq!(server.post_event(&event(1)).await.status, 201);
}

#[tokio::test]
async fn an_event_above_its_size_is_refused_at_that_size() {
    let server = Server::start().await;
    let event_of = |size: usize| padded(&event(1), size);
    assert_eq!(server.post("application/cloudevents+json", &event_of(61_440)).await.status, 201);
    server.post("application/cloudevents+json", &event_of(61_441)).await.problem(413);
    server.post("application/cloudevents+json", &event_of(65 * 1024)).await.problem(413);
    let batch = [b"[".as_slice(), &event_of(61_441), b"]"].concat();
    assert_eq!(server.post("application/cloudevents-batch+json", &batch).await.problem(413)["receipts"][0]["status"], "refused");
}

#[tokio::test]
async fn a_body_of_100_mib_is_refused_without_being_read() {
    let server = Server::start().await;
    for media_type in ["application/cloudevents+json", "application/cloudevents-batch+json"] {
        let mut socket = server.connect().await;
        let head = format!("POST /v1/announcements HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\ncontent-length: 104857600\r\n\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        Answer::read(&mut socket).await.problem(413);
    }
    let mut socket = server.connect().await;
    let head = "POST /v1/announcements HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents-batch+json\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let mut written = 0;
    while written < 100 * 1024 * 1024 && timeout(PATIENCE, socket.write_all(&chunk)).await.unwrap().is_ok() {
        written += chunk.len();
    }
    assert!(written < 60 * 1024 * 1024, "{written} bytes were taken");
    Answer::read(&mut socket).await.problem(413);
    assert_eq!(server.post_event(&event(1)).await.status, 201);
}

#[tokio::test]
async fn a_refused_client_reads_the_refusal_before_the_connection_ends() {
    let server = Server::start().await;
    let mut socket = server.connect().await;
    let head = "POST /v1/announcements HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\ncontent-length: 104857600\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b' '; 1024 * 1024]).await.unwrap();
    let mut answer = Vec::new();
    // A reset would be an error here, and other systems than this one forget with it what was received before.
    timeout(PATIENCE, socket.read_to_end(&mut answer)).await.unwrap().expect("an orderly end");
    assert!(answer.starts_with(b"HTTP/1.1 413"));
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_ends_with_408() {
    let server = Server::with(Limits { body: Duration::from_millis(300), ..Limits::default() }, None).await;
    let mut socket = server.connect().await;
    let head = "POST /v1/announcements HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\ncontent-length: 500\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = socket.into_split();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = vec![0; 12];
    timeout(PATIENCE, reading.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.1 408");
    dripping.abort();
    assert_eq!(server.post_event(&event(1)).await.status, 201);
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_and_an_idle_connection_are_ended() {
    let server = Server::with(Limits { head: Duration::from_millis(200), ..Limits::default() }, None).await;
    for begin in ["", "GET /livez HTTP/1.1\r\nhost:", "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let mut socket = server.connect().await;
        socket.write_all(begin.as_bytes()).await.unwrap();
        timeout(PATIENCE, until_end(&mut socket)).await.expect("the connection ends");
    }
    assert_eq!(server.get("/livez").await.status, 200);
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_ended() {
    const PAGES: usize = 64;
    let server = Server::with(Limits { stall: Duration::from_millis(300), ..Limits::default() }, None).await;
    for number in 0..20 {
        assert_eq!(server.post("application/cloudevents+json", &padded(&event(number), 60_000)).await.status, 201);
    }
    let mut socket = server.connect().await;
    let request = "GET /v1/records?limit=20&at_least=19 HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(PAGES);
    socket.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let taken = timeout(PATIENCE, until_end(&mut socket)).await.unwrap();
    assert!(taken.len() < PAGES * 1024 * 1024, "all was sent to a reader that took nothing");
    assert_eq!(server.get("/livez").await.status, 200);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_and_are_answered() {
    let limits = Limits { connections: 4, head: Duration::from_millis(700), ..Limits::default() };
    let server = Server::with(limits, None).await;
    assert_eq!(server.get("/livez").await.status, 200);
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(server.connect().await);
    }
    let begun = Instant::now();
    assert_eq!(server.get("/livez").await.status, 200);
    assert!(begun.elapsed() > Duration::from_millis(300), "a fifth connection was served at once");
}

#[tokio::test]
async fn broken_requests_leave_the_server_standing() {
    let server = Server::start().await;
    let huge = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(10_000));
    let requests = ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", &huge, &many, "POST /v1/announcements HTTP/1.1\r\ncontent-length: x\r\n\r\n"];
    for request in requests {
        let mut socket = server.connect().await;
        let _ = socket.write_all(request.as_bytes()).await;
        let answer = timeout(PATIENCE, until_end(&mut socket)).await.expect("an end");
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }
    let mut socket = server.connect().await;
    let request = "POST /v1/announcements HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/cloudevents+json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    Answer::read(&mut socket).await.problem(400);
    assert_eq!(server.post_event(&event(1)).await.status, 201);
}
