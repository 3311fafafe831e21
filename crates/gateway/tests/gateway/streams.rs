//! Records and changes as they come.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use gateway::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::{
    events::Events,
    harness::{PATIENCE, Server, event, padded},
};

async fn post(server: &Server, number: u32) {
    assert_eq!(server.post_event(&event(number)).await.status, 201);
}

fn ids(events: &[crate::events::Event]) -> Vec<u64> {
    events.iter().map(|event| event.id.unwrap()).collect()
}

#[tokio::test]
async fn a_stream_gives_what_is_recorded_and_then_what_comes_as_the_records_do() {
    let server = Server::with_samples().await;
    let size = server.ledger.reader().head().size;
    let recorded = server.get("/v1/records?limit=1000").await.json()["records"].as_array().unwrap().clone();
    let mut events = Events::follow(&server, "/v1/stream?from=0", None).await;
    for header in ["content-type: text/event-stream", "cache-control: no-cache", "connection: close"] {
        assert!(events.head.contains(header), "{}", events.head);
    }
    assert_eq!(events.block().await.as_deref(), Some("retry: 2000"));
    let before = events.take(usize::try_from(size).unwrap()).await;
    assert_eq!(before.iter().map(|event| event.data.clone()).collect::<Vec<Value>>(), recorded);
    post(&server, 1).await;
    post(&server, 2).await;
    let news = events.take(2).await;
    assert_eq!(ids(&news), [size, size + 1]);
    assert_eq!(news[1].data, server.get(&format!("/v1/records/{}", size + 1)).await.json());
    let mut later = Events::follow(&server, "/v1/stream", None).await;
    later.block().await;
    post(&server, 3).await;
    assert_eq!(ids(&later.take(1).await), [size + 2], "without from only what comes");
}

#[tokio::test]
async fn who_comes_again_goes_on_after_the_last_event_without_loss_or_repeat() {
    let server = Server::start().await;
    for number in 0..70 {
        post(&server, number).await;
    }
    let mut events = Events::follow(&server, "/v1/stream?from=0", None).await;
    assert_eq!(ids(&events.take(41).await), (0..41).collect::<Vec<u64>>());
    drop(events);
    post(&server, 70).await;
    let mut events = Events::follow(&server, "/v1/stream?from=0", Some(40)).await;
    assert_eq!(ids(&events.take(30).await), (41..71).collect::<Vec<u64>>());
    for wrong in ["last-event-id: abc", "last-event-id: -1", "last-event-id: 18446744073709551615"] {
        let (name, value) = wrong.split_once(": ").unwrap();
        server.ask("GET", "/v1/stream", &[(name, value)], b"").await.problem(400);
    }
    server.get("/v1/stream?form=0").await.problem(400);
}

#[tokio::test]
async fn a_stream_of_changes_gives_the_changes_of_the_feed_under_its_policy() {
    let server = Server::with_samples().await;
    for query in ["policy=both", "policy=range&exchange=ru-ua/bodies/2026-01-29", "kind=aggregate", "kind=disputed"] {
        let expected = server.get(&format!("/v1/changes?limit=1000&{query}")).await.json()["changes"].as_array().unwrap().clone();
        let mut events = Events::follow(&server, &format!("/v1/changes/stream?from=0&{query}"), None).await;
        let given = events.take(expected.len()).await;
        assert_eq!(given.iter().map(|event| event.data.clone()).collect::<Vec<Value>>(), expected, "{query}");
        assert!(given.iter().all(|event| event.data["position"] == json!(event.id)));
    }
    let mut events = Events::follow(&server, "/v1/changes/stream", None).await;
    events.block().await;
    post(&server, 1).await;
    let change = events.take(1).await.remove(0);
    let exchange = &change.data["exchanges"][0];
    assert_eq!(
        (&exchange["exchange"], &exchange["figures"][0]["old"], &exchange["figures"][0]["new"]["low"]),
        (&json!("ru-ua/bodies/2026-01-01"), &json!(null), &json!(1000))
    );
}

#[tokio::test]
async fn a_stream_gives_only_what_it_was_asked_for() {
    let server = Server::with_samples().await;
    let mut by_exchange = Events::follow(&server, "/v1/stream?exchange=ru-ua/bodies/2026-01-01", None).await;
    let mut by_publisher = Events::follow(&server, "/v1/stream?publisher=somebody", None).await;
    let mut by_kind = Events::follow(&server, "/v1/stream?kind=retracted", None).await;
    let mut all = Events::follow(&server, "/v1/stream", None).await;
    for reader in [&mut by_exchange, &mut by_publisher, &mut by_kind, &mut all] {
        assert_eq!(reader.block().await.as_deref(), Some("retry: 2000"));
    }
    let mut other = event(1);
    other["subject"] = json!("ru-ua/bodies/2026-01-02");
    other["data"]["exchange"]["date"] = json!("2026-01-02");
    let mut withdrawn = event(3);
    withdrawn["type"] = json!("org.handover.retracted.v1");
    withdrawn.as_object_mut().unwrap().remove("subject");
    withdrawn["data"] =
        json!({"announced": "2026-01-03", "announcer": null, "reason": "sent by mistake", "target": {"source": "urn:test", "id": event(2)["id"]}});
    for event in [&other, &event(2), &withdrawn] {
        let answer = server.post_event(event).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let first = all.take(3).await[0].id.unwrap();
    assert_eq!(ids(&by_exchange.take(1).await), [first + 1]);
    assert_eq!(ids(&by_kind.take(1).await), [first + 2]);
    server.stop.cancel();
    assert_eq!(by_publisher.next().await, None, "nothing but the end");
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_why_it_ends_and_goes_on_where_it_was() {
    let server = Server::with(Limits { behind: 20, stall: PATIENCE, ..Limits::default() }, None).await;
    let mut slow = Events::follow(&server, "/v1/stream", None).await;
    slow.block().await;
    let mut quick = Events::follow(&server, "/v1/stream", None).await;
    quick.block().await;
    // More than what the sockets take in between, and then more batches than wait for anyone.
    let large: Vec<String> = (0..120).map(|number| String::from_utf8(padded(&event(number), 61_000)).unwrap()).collect();
    for batch in large.chunks(60) {
        let answer = server.post("application/cloudevents-batch+json", format!("[{}]", batch.join(",")).as_bytes()).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(quick.take(60).await.len(), 60);
    }
    for number in 120..200 {
        post(&server, number).await;
        assert_eq!(ids(&quick.take(1).await), [u64::from(number)], "the others are given each as it comes");
    }
    let mut given = Vec::new();
    let last = loop {
        let event = slow.next().await.expect("a word before the end");
        if event.name == "dropped" {
            break event;
        }
        given.push(event.id.unwrap());
    };
    assert_eq!((last.id, &last.data["reason"]), (None, &json!("you read more slowly than records come")));
    assert_eq!(given, (0..given.len() as u64).collect::<Vec<_>>(), "nothing is left out before");
    assert_eq!((last.data["next"].as_u64(), slow.next().await), (Some(given.len() as u64), None));
    let mut again = Events::follow(&server, "/v1/stream", given.last().copied()).await;
    assert_eq!(ids(&again.take(200 - given.len()).await), (given.len() as u64..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_that_has_nothing_to_say_says_so() {
    let server = Server::with(Limits { keep_alive: Duration::from_millis(400), ..Limits::default() }, None).await;
    let mut events = Events::follow(&server, "/v1/stream?publisher=somebody", None).await;
    assert_eq!(events.block().await.as_deref(), Some("retry: 2000"));
    // Records that nobody asked for don't keep it from saying so.
    let others = async {
        for number in 0.. {
            post(&server, number).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let said = tokio::select! {
        said = events.block() => said,
        () = others => None,
    };
    assert_eq!(said.as_deref(), Some(": keep-alive"));
}

#[tokio::test]
async fn streams_are_bounded_and_a_stop_ends_them() {
    let server = Server::with(Limits { streams: 2, connections: 2, ..Limits::default() }, None).await;
    let mut readers = Vec::new();
    for _ in 0..2 {
        readers.push(Events::follow(&server, "/v1/stream", None).await);
    }
    let refused = server.get("/v1/changes/stream").await;
    refused.problem(503);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(server.get("/v1/records").await.status, 200, "streams leave their connections' places to others");
    drop(readers.pop());
    let deadline = Instant::now() + PATIENCE;
    while server.ask("HEAD", "/v1/stream", &[], b"").await.status != 200 {
        assert!(Instant::now() < deadline, "a place is given back");
    }
    let begun = Instant::now();
    server.stop.cancel();
    assert_eq!(readers[0].next().await, None);
    tokio::time::timeout(PATIENCE, server.serving).await.unwrap().unwrap().unwrap();
    assert!(begun.elapsed() < Limits::default().drain / 2, "{:?}", begun.elapsed());
}

/// The memory of this process, both ends of every connection in it.
fn resident_bytes() -> usize {
    let pages: usize = std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_readers_are_given_a_record_at_once() {
    // Both ends of each connection are open here.
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let server = Server::start().await;
    let before = resident_bytes();
    let readers: Vec<Events> = stream::iter(0..2_000)
        .map(|_| async {
            let mut events = Events::follow(&server, "/v1/stream", None).await;
            events.block().await;
            events
        })
        .buffer_unordered(64)
        .collect()
        .await;
    let each = resident_bytes().saturating_sub(before) / readers.len();
    assert!(each <= 64 * 1024, "{each} bytes a reader");
    let begun = Instant::now();
    post(&server, 0).await;
    let given = stream::iter(readers).map(|mut reader| async move { reader.take(1).await[0].id }).buffer_unordered(2_000);
    let ids: Vec<Option<u64>> = given.collect().await;
    assert_eq!(ids, vec![Some(0); 2_000]);
    // Unoptimised, with the readers in the same process.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
