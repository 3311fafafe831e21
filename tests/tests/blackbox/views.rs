//! The bucket `handover-views`: what a stranger with a NATS client sees of the read models.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use async_nats::jetstream::{self, kv::Store};
use blackbox::{NatsServer, PATIENCE, Serve, handover_command, http};
use futures::StreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;

const EXCHANGE: &str = "exchange.x_one-x_two/bodies/2026-01-29";

fn claim(id: u8, party: &str, count: u64) -> Value {
    json!({
        "specversion": "1.0", "id": format!("00000000-0000-8000-8000-0000000000{id:02}"), "source": "urn:example:views", "type": "org.handover.completed.v1",
        "data": {
            "announced": "2026-01-29", "announcer": {"party": party, "office": "ministry"}, "exchange": {"date": "2026-01-29"},
            "transfers": [{"from": "X-ONE", "to": "X-TWO", "counts": [{"category": "bodies", "count": {"exact": count}}]}],
        },
    })
}

fn acts_on(id: u8, kind: &str, target: u8, more: Value) -> Value {
    let mut data = json!({
        "announced": "2026-01-30", "announcer": null, "target": {"source": "urn:example:views", "id": format!("00000000-0000-8000-8000-0000000000{target:02}")},
    });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = format!("00000000-0000-8000-8000-0000000000{id:02}");
    json!({"specversion": "1.0", "id": id, "source": "urn:example:views", "type": format!("org.handover.{kind}.v1"), "data": data})
}

fn publish(nats: &NatsServer, event: &Value) {
    let ran = handover_command(&["publish", "--to", &nats.url(), "-"], event.to_string().as_bytes());
    assert!(ran.code == Some(0), "{ran:?}");
}

async fn bucket(nats: &NatsServer) -> Store {
    let context = jetstream::new(async_nats::connect(nats.url()).await.unwrap());
    let begin = Instant::now();
    loop {
        match context.get_key_value("handover-views").await {
            Ok(store) => return store,
            Err(error) if begin.elapsed() > PATIENCE => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Waits until the document of a key is as it's wanted.
async fn seen(store: &Store, key: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        let found = store.get(key).await.unwrap().map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
        match found {
            Some(body) if wanted(&body) => return body,
            other if begin.elapsed() > PATIENCE => panic!("{key}: {other:?}"),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

fn figure(body: &Value) -> (Value, Value, Value) {
    let figure = &body["figures"][0];
    (figure["low"].clone(), figure["high"].clone(), figure["disputed"].clone())
}

/// The records whose changes are in the feed.
fn positions(feed: &Value) -> Vec<u64> {
    feed["changes"].as_array().unwrap().iter().map(|change| change["position"].as_u64().unwrap()).collect()
}

/// Low, high and whether it's disputed of the figure that the last change in the feed moved, old and new.
fn last_figure(feed: &Value) -> [Value; 2] {
    let figure = &feed["changes"].as_array().unwrap().last().unwrap()["exchanges"][0]["figures"][0];
    ["old", "new"].map(|side| json!([figure[side]["low"], figure[side]["high"], figure[side]["disputed"]]))
}

async fn revisions(store: &Store) -> BTreeMap<String, u64> {
    let mut revisions = BTreeMap::new();
    let mut keys = store.keys().await.unwrap();
    while let Some(key) = keys.next().await {
        let key = key.unwrap();
        let entry = store.entry(key.clone()).await.unwrap().unwrap();
        revisions.insert(key, entry.revision);
    }
    revisions
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_is_seen_in_the_documents_that_it_changes_and_a_restart_writes_nothing() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).with(["--views"]).start();
    publish(&nats, &claim(1, "X-ONE", 1_000));
    let store = bucket(&nats).await;
    let body = seen(&store, EXCHANGE, |body| body["statements"] == 1).await;
    assert_eq!((figure(&body), &body["position"], &body["fold"]), ((json!(1_000), json!(1_000), json!(false)), &json!(0), &json!(1)));

    publish(&nats, &claim(2, "X-TWO", 1_003));
    let feed = seen(&store, "changes", |body| body["position"] == 1).await;
    assert_eq!((feed["policy"].as_str(), positions(&feed)), (Some("range"), vec![0, 1]));
    let moved = &feed["changes"][1]["exchanges"][0];
    assert_eq!(
        (&moved["exchange"], last_figure(&feed)),
        (&json!("x_one-x_two/bodies/2026-01-29"), [json!([1_000, 1_000, false]), json!([1_000, 1_003, true])])
    );
    let body = seen(&store, EXCHANGE, |body| body["statements"] == 2).await;
    assert_eq!((figure(&body), &body["position"]), ((json!(1_000), json!(1_003), json!(true)), &json!(1)));
    for (policy, low) in [("range", json!(1_000)), ("receiver", json!(1_003)), ("sender", json!(1_000))] {
        let totals = seen(&store, &format!("totals.{policy}.2026"), |body| body["position"] == 1).await;
        assert_eq!(totals["figures"][0]["low"], low, "{policy}");
    }

    let replacement = json!({"kind": "completed", "data": claim(2, "X-TWO", 1_000)["data"]});
    publish(&nats, &acts_on(3, "corrected", 2, json!({"reason": "counted again", "replacement": replacement})));
    let body = seen(&store, EXCHANGE, |body| body["position"] == 2).await;
    assert_eq!(figure(&body), (json!(1_000), json!(1_000), json!(false)));
    let feed = seen(&store, "changes", |body| body["position"] == 2).await;
    assert_eq!((positions(&feed), &feed["changes"][2]["acts_on"]), (vec![0, 1, 2], &json!([1])));
    assert_eq!(last_figure(&feed), [json!([1_000, 1_003, true]), json!([1_000, 1_000, false])]);

    publish(&nats, &acts_on(4, "disputed", 1, json!({"reason": "not so"})));
    assert_eq!(seen(&store, EXCHANGE, |body| body["position"] == 3).await["disputed"], true);

    publish(&nats, &acts_on(5, "retracted", 2, json!({"reason": "published in error"})));
    assert_eq!(seen(&store, EXCHANGE, |body| body["position"] == 4).await["statements"], 1);

    let channel = json!({
        "specversion": "1.0", "id": "00000000-0000-8000-8000-000000000009", "source": "urn:example:views", "type": "org.handover.channel.v1",
        "data": {"announced": "2026-02-01", "announcer": {"party": "X-ONE"}, "channel": "bodies", "parties": ["X-TWO", "X-ONE"], "status": "blocked"},
    });
    publish(&nats, &channel);
    let body = seen(&store, "channel.bodies.x_one-x_two", |_| true).await;
    assert_eq!((&body["views"][0]["statements"][0]["status"], &body["last_completed"]["key"]), (&json!("blocked"), &json!("x_one-x_two/bodies/2026-01-29")));

    // A second node writes nothing that's there, and neither does the first after a restart. What is said of a channel changes no exchange.
    let before = revisions(&store).await;
    assert_eq!(positions(&seen(&store, "changes", |_| true).await), [0, 1, 2, 3, 4]);
    let second_data = TempDir::new().unwrap();
    let second = Serve::over(&nats, second_data.path()).with(["--role", "reader", "--views"]).start();
    server.kill();
    let server = Serve::over(&nats, data.path()).with(["--views"]).start();
    for server in [&server, &second] {
        assert_eq!(http::get(&server.url("/v1/totals?at_least=5")).status, 200);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(revisions(&store).await, before);
    // A contest of what was contested before is one more act, which one of the two writes once, and changes nothing else.
    publish(&nats, &acts_on(6, "disputed", 1, json!({"reason": "again"})));
    for server in [&server, &second] {
        assert_eq!(http::get(&server.url("/v1/totals?at_least=6")).status, 200);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let with_the_act =
        BTreeMap::from_iter(before.iter().map(|(key, &at)| (key.clone(), if key == "changes" { before.values().max().unwrap() + 1 } else { at })));
    assert_eq!(revisions(&store).await, with_the_act);
    publish(&nats, &claim(7, "X-TWO", 1_001));
    let body = seen(&store, EXCHANGE, |body| body["position"] == 7).await;
    assert_eq!(figure(&body), (json!(1_000), json!(1_001), json!(true)));
    assert_eq!(server.terminate(), Some(0));
    assert_eq!(second.terminate(), Some(0));
}

#[test]
fn views_need_nats_and_read_models() {
    for arguments in [&["serve", "--views"][..], &["serve", "--views", "--nats", "nats://127.0.0.1:9", "--role", "ledger"]] {
        let ran = handover_command(arguments, b"");
        assert!(ran.code == Some(78) && ran.stderr.contains("--views"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_has_the_last_hundred_changes_newest_last() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).with(["--views"]).start();
    // Each raises what the one before said: 100 to 229.
    let events: Vec<String> = (0..130u64)
        .map(|number| {
            let mut event = claim(1, "X-ONE", 100 + number);
            event["id"] = json!(format!("00000000-0000-8000-8000-{number:012}"));
            event.to_string()
        })
        .collect();
    let posted = http::post(&server.url("/v1/announcements"), "application/cloudevents-batch+json", format!("[{}]", events.join(",")).as_bytes());
    assert_eq!(posted.status, 201, "{posted:?}");
    let store = bucket(&nats).await;
    let feed = seen(&store, "changes", |body| body["position"] == 129).await;
    assert_eq!(positions(&feed), (30..130).collect::<Vec<_>>());
    assert_eq!(last_figure(&feed)[1][1], 229);
    // What a redacted record changed is no longer told: that it was redacted is.
    let redacted = handover_command(&["redact", "129", "--reason", "it names a person", "--data", data.path().to_str().unwrap()], b"");
    assert!(redacted.code == Some(0), "{redacted:?}");
    let feed = seen(&store, "changes", |body| body["position"] == 130).await;
    assert_eq!(positions(&feed), (30..129).chain([130]).collect::<Vec<_>>());
    assert_eq!(server.terminate(), Some(0));
}
