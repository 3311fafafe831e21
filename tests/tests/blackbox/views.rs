//! The bucket `handover-views`: what a stranger with a NATS client sees of the read models.

use std::{
    collections::{BTreeMap, BTreeSet},
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

/// The two sides (0, 1) are on A; Russia (2) on B; what no exchange is known of (3) is linked to B later.
const A: &str = "ru-ua/bodies/2026-01-29";
const B: &str = "ru-ua/bodies/2026-01-30";
const PRISONERS: &str = "ru-ua/prisoners/2025-03-10";

/// A running server, and the documents as they were after the last record.
struct Watched {
    nats: NatsServer,
    store: Store,
    next: u64,
    documents: BTreeMap<String, (u64, Vec<u8>)>,
}

impl Watched {
    /// Publishes, and asserts that it changes these documents and no others.
    async fn publish(&mut self, publisher: &str, kind: &str, subject: Option<&str>, mut data: Value, changed: &[&str]) {
        data["announced"] = json!("2026-01-30");
        let id = id(self.next);
        let mut event = json!({"specversion": "1.0", "id": id, "source": "urn:example:views", "type": format!("org.handover.{kind}.v1"), "data": data});
        if let Some(subject) = subject {
            event["subject"] = json!(subject);
        }
        let ran = handover_command(&["publish", "--to", &self.nats.url(), "--as", publisher, "-o", "jsonl", "-"], event.to_string().as_bytes());
        assert_eq!(ran.json()["position"], self.next, "{ran:?}");
        self.changes(kind, changed).await;
    }

    /// Asserts that the next record changed these documents and no others, each once: the rest is of the same bytes and wasn't written anew.
    async fn changes(&mut self, kind: &str, changed: &[&str]) {
        let expected: BTreeSet<String> = changed.iter().flat_map(|key| keys_of(key)).collect();
        for key in &expected {
            seen(&self.store, key, |body| body["position"] == self.next).await;
        }
        let documents = documents(&self.store).await;
        let differing = documents.iter().filter(|(key, document)| self.documents.get(*key) != Some(document)).map(|(key, _)| key.clone());
        assert_eq!(differing.collect::<BTreeSet<_>>(), expected, "{kind} at {}", self.next);
        assert!(self.documents.keys().all(|key| documents.contains_key(key)), "{kind} at {}: nothing goes", self.next);
        let last = |documents: &BTreeMap<String, (u64, Vec<u8>)>| documents.values().map(|(revision, _)| *revision).max().unwrap_or(0);
        assert_eq!(last(&documents), last(&self.documents) + expected.len() as u64, "{kind} at {}: each once", self.next);
        (self.documents, self.next) = (documents, self.next + 1);
    }

    async fn says(&mut self, subject: Option<&str>, party: &str, date: &str, transfers: Value, changed: &[&str]) {
        let data = json!({"announcer": {"party": party, "office": "ministry"}, "exchange": {"date": date}, "transfers": transfers});
        self.publish("newsroom", "completed", subject, data, changed).await;
    }

    async fn curates(&mut self, kind: &str, mut data: Value, changed: &[&str]) {
        data["announcer"] = Value::Null;
        self.publish("desk", kind, None, data, changed).await;
    }

    fn body(&self, key: &str) -> Value {
        serde_json::from_slice(&self.documents[key].1).unwrap()
    }
}

/// `totals` and `totals 2026` are a document for each policy.
fn keys_of(name: &str) -> Vec<String> {
    let Some(year) = name.strip_prefix("totals") else { return vec![name.to_owned()] };
    ["range", "receiver", "sender", "both"].map(|policy| format!("totals.{policy}{}", year.replace(' ', "."))).to_vec()
}

async fn documents(store: &Store) -> BTreeMap<String, (u64, Vec<u8>)> {
    let mut documents = BTreeMap::new();
    let mut keys = store.keys().await.unwrap();
    while let Some(key) = keys.next().await {
        let entry = store.entry(key.unwrap()).await.unwrap().unwrap();
        documents.insert(entry.key, (entry.revision, entry.value.to_vec()));
    }
    documents
}

fn id(position: u64) -> String {
    format!("00000000-0000-8000-8000-{position:012}")
}

fn target(position: u64) -> Value {
    json!({"publisher": "newsroom", "source": "urn:example:views", "id": id(position)})
}

fn transfers(from: &str, to: &str, category: &str, count: u64) -> Value {
    json!([{"from": from, "to": to, "counts": [{"category": category, "count": {"exact": count}}]}])
}

#[tokio::test(flavor = "multi_thread")]
async fn each_record_writes_exactly_the_documents_that_it_changes() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).with(["--views"]).start();
    let store = bucket(&nats).await;
    let mut views = Watched { nats, store, next: 0, documents: BTreeMap::new() };
    let (a, b, prisoners) = (format!("exchange.{A}"), format!("exchange.{B}"), format!("exchange.{PRISONERS}"));
    let (a, b, prisoners) = (a.as_str(), b.as_str(), prisoners.as_str());
    let (of_bodies, of_prisoners) = ("channel.bodies.ru-ua", "channel.prisoners.ru-ua");

    views.says(Some(A), "UA", "2026-01-29", transfers("RU", "UA", "bodies", 1_000), &[a, "totals", "totals 2026", "changes"]).await;
    views.says(Some(A), "RU", "2026-01-29", transfers("RU", "UA", "bodies", 1_003), &[a, "totals", "totals 2026", "changes"]).await;
    views.says(Some(B), "RU", "2026-01-30", transfers("RU", "UA", "bodies", 1_000), &[b, "totals", "totals 2026", "changes"]).await;
    // All totals say how many claims are about no exchange that is known.
    views.says(None, "UA", "2026-01", transfers("UA", "RU", "bodies", 7), &["totals", "totals 2026"]).await;
    views.says(Some(PRISONERS), "UA", "2025-03-10", transfers("RU", "UA", "prisoners", 5), &[prisoners, "totals", "totals 2025", "changes"]).await;
    let said = |channel: &str| json!({"announcer": {"party": "UA"}, "channel": channel, "parties": ["RU", "UA"], "status": "blocked", "since": "2026-01-28"});
    views.publish("newsroom", "channel", None, said("bodies"), &[of_bodies]).await;
    views.publish("newsroom", "channel", None, said("prisoners"), &[of_prisoners]).await;

    let linked = json!({"target": target(3), "exchange_key": B});
    views.curates("linked", linked, &[b, "totals", "totals 2025", "totals 2026", of_bodies, "changes"]).await;
    assert_eq!((&views.body(b)["statements"], &views.body("totals.range.2025")["unassigned"]), (&json!(2), &json!(0)));
    views.curates("merged", json!({"from": B, "into": A}), &[a, b, "totals", "totals 2026", of_bodies, "changes"]).await;
    assert_eq!((&views.body(b)["now"], &views.body(a)["statements"]), (&json!(A), &json!(4)));
    let split = json!({"targets": [target(2)], "into": B});
    views.curates("split", split, &[a, b, "totals", "totals 2026", of_bodies, "changes"]).await;
    assert_eq!((&views.body(b)["statements"], &views.body(a)["statements"]), (&json!(1), &json!(3)));
    let doubted = |position: u64| json!({"target": target(position), "reason": "in doubt"});
    views.curates("quarantined", doubted(0), &[a, "totals", "totals 2026", of_bodies, "changes"]).await;
    assert_eq!((figure(&views.body(a)), &views.body(a)["statements"]), ((json!(1_003), json!(1_003), json!(false)), &json!(2)));
    views.curates("released", doubted(0), &[a, "totals", "totals 2026", of_bodies, "changes"]).await;
    assert_eq!((figure(&views.body(a)), &views.body(a)["statements"]), ((json!(1_000), json!(1_003), json!(true)), &json!(3)));

    // Of a channel that nothing is said of any more its document says so.
    views.curates("quarantined", doubted(5), &[of_bodies, "changes"]).await;
    assert_eq!(views.body(of_bodies), json!({"position": 12, "fold": views.body(a)["fold"], "channel": "bodies", "parties": ["RU", "UA"], "views": []}));
    views.curates("released", doubted(5), &[of_bodies, "changes"]).await;
    assert_eq!(views.body(of_bodies)["last_completed"]["key"], B);
    let redacted = handover_command(&["redact", "6", "--reason", "it names a person", "--data", data.path().to_str().unwrap()], b"");
    assert!(redacted.code == Some(0), "{redacted:?}");
    views.changes("redacted", &[of_prisoners, "changes"]).await;
    assert_eq!(views.body(of_prisoners)["views"], json!([]));

    // What a restart reads anew writes nothing; the next record writes what it changes.
    assert_eq!(server.terminate(), Some(0));
    std::fs::remove_dir_all(data.path().join("views")).unwrap();
    let server = Serve::over(&views.nats, data.path()).with(["--views"]).start();
    views.says(Some(PRISONERS), "RU", "2025-03-10", transfers("RU", "UA", "prisoners", 6), &[prisoners, "totals", "totals 2025", "changes"]).await;
    assert_eq!(server.terminate(), Some(0));
}
