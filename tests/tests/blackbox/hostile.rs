//! A thousand bad inputs, by HTTP and by NATS: each is answered with a problem that names the place, and the server goes on.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use blackbox::{NatsServer, PATIENCE, Serve, handover_command, http};
use futures::StreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;

fn good(id: u64) -> Value {
    json!({
        "specversion": "1.0", "id": format!("00000000-0000-5000-8000-{id:012x}"), "source": "urn:example:hostile", "type": "org.handover.completed.v1",
        "datacontenttype": "application/json", "subject": "ru-ua/bodies/2026-01-29",
        "data": {
            "announced": "2026-01-29", "announcer": {"party": "RU", "office": "presidential aide"}, "exchange": {"date": "2026-01-29"},
            "transfers": [{"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": {"exact": 1000}}]}],
        }
    })
}

/// The `n`-th bad input of a kind that repeats every 16.
fn bad(n: u64) -> Vec<u8> {
    let mut event = good(n);
    let with = |event: Value| event.to_string().into_bytes();
    match n % 16 {
        0 => {
            event["data"]["transfers"] = [json!(7), json!("x"), Value::Null][usize::try_from(n).unwrap() / 16 % 3].clone();
            with(event)
        }
        1 => format!("{}{}{}", "{\"a\":".repeat(40 + usize::try_from(n).unwrap()), 1, "}".repeat(40 + usize::try_from(n).unwrap())).into_bytes(),
        2 => with(event).escape_ascii().to_string().replace("1000", &"9".repeat(9 + usize::try_from(n).unwrap() % 40)).replace("\\\"", "\"").into_bytes(),
        3 => {
            let mut bytes = with(event);
            let at = bytes.len() / 2 + usize::try_from(n).unwrap() % 40;
            bytes[at] = 0xFF;
            bytes
        }
        4 => {
            let mut bytes = with(event);
            bytes.truncate(1 + usize::try_from(n * 7).unwrap() % (bytes.len() - 1));
            bytes
        }
        5 => {
            event["type"] = json!(format!("org.handover.kind{n}.v1"));
            with(event)
        }
        6 => {
            event["data"]["note"] = json!(format!("write to person{n}@example.org"));
            with(event)
        }
        7 => {
            event["data"]["note"] = json!("x".repeat(65 * 1024));
            with(event)
        }
        8 => {
            event["data"]["colour"] = json!(n);
            with(event)
        }
        9 => {
            event["data"].as_object_mut().unwrap().remove("announcer");
            with(event)
        }
        10 => {
            event["data"]["exchange"]["date"] = json!(format!("2026-13-{:02}", n % 30));
            with(event)
        }
        11 => {
            event["data"]["transfers"][0]["to"] = json!("RU");
            with(event)
        }
        12 => {
            event["data"]["transfers"][0]["counts"][0]["count"] = json!({"between": [50 + n, 1]});
            with(event)
        }
        13 => {
            event["subject"] = json!("ae-us/bodies/2026-01-29");
            with(event)
        }
        14 => {
            let text = event.to_string();
            text.replacen("\"source\"", "\"id\":\"twice\",\"source\"", 1).into_bytes()
        }
        _ => vec![u8::try_from(n % 251).unwrap(); usize::try_from(n).unwrap()],
    }
}

const INPUTS: u64 = 1_000;

#[test]
fn a_thousand_bad_inputs_over_http_are_each_answered_with_a_problem_that_names_the_place() {
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    let url = server.url("/v1/announcements");
    for n in 0..INPUTS {
        let answer = http::post(&url, "application/cloudevents+json", &bad(n));
        assert!(matches!(answer.status, 413 | 422), "{n}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{n}");
        let problem = answer.json();
        for part in ["type", "title", "detail", "remedy"] {
            assert!(problem[part].as_str().is_some_and(|text| !text.is_empty()), "{n}: {part} of {problem}");
        }
        assert!(answer.status == 413 || problem["pointer"].is_string(), "{n}: {problem}");
        assert!(!answer.body.contains("@example.org"), "personal data is repeated");
    }
    assert_eq!(http::post(&url, "application/cloudevents+json", good(9_999).to_string().as_bytes()).status, 201);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_thousand_bad_messages_over_nats_are_each_refused_and_the_ledger_goes_on() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut sent = 0;
    runtime.block_on(async {
        let client = async_nats::connect(nats.url()).await.unwrap();
        let mut receipts = client.subscribe("handover.receipts.hostile").await.unwrap();
        let context = async_nats::jetstream::new(client);
        for n in 0..INPUTS {
            let subject = if n % 50 == 49 { "handover.curate.hostile" } else { "handover.announce.hostile" };
            let body = if n % 50 == 49 { good(n).to_string().into_bytes() } else { bad(n) };
            // The stream's own limit refuses what is larger than a message may be.
            if context.publish(subject, body.into()).await.unwrap().await.is_ok() {
                sent += 1;
            }
        }
        let mut answered = 0;
        while answered < sent {
            let message = tokio::time::timeout(PATIENCE, receipts.next()).await.expect("a receipt for each").unwrap();
            let message: Value = serde_json::from_slice(&message.payload).unwrap();
            for receipt in message["receipts"].as_array().unwrap() {
                assert_eq!(receipt["status"], "refused", "{receipt}");
                assert!(receipt["problem"]["remedy"].is_string() && receipt["problem"]["pointer"].is_string(), "{receipt}");
                answered += 1;
            }
        }
    });
    assert!(sent > 800, "{sent}");
    let folder = data.path().to_str().unwrap();
    let refusals = handover_command(&["refusals", "--data", folder, "-o", "json"], b"").json();
    assert!(refusals["refusals"].as_array().unwrap().len() > 500);
    assert!(!refusals.to_string().contains("@example.org"), "personal data is kept");
    let ran = handover_command(&["publish", "--to", &nats.url(), "-"], good(9_999).to_string().as_bytes());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_body_of_100_mib_and_a_slow_one_are_ended_and_the_server_goes_on() {
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    let mut huge = TcpStream::connect(server.address()).unwrap();
    huge.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let length = 100_u64 << 20;
    write!(huge, "POST /v1/announcements HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/cloudevents+json\r\nContent-Length: {length}\r\n\r\n")
        .unwrap();
    let block = vec![b'['; 1 << 16];
    let mut written = 0;
    while written < length && huge.write_all(&block).is_ok() {
        written += block.len() as u64;
    }
    assert!(written < length, "it read all of 100 MiB");
    let before = server.process().resident_bytes();
    assert!(before < 200 << 20, "it kept what it read: {before}");

    let mut slow = TcpStream::connect(server.address()).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(slow, "POST /v1/announcements HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/cloudevents+json\r\nContent-Length: 1000\r\n\r\n").unwrap();
    let began = Instant::now();
    let dripping = slow.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut dripping = dripping;
        while dripping.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    let mut answer = Vec::new();
    let _ = slow.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408"), "after {:?}: {answer}", began.elapsed());
    assert_eq!(http::post(&server.url("/v1/announcements"), "application/cloudevents+json", good(1).to_string().as_bytes()).status, 201);
}
