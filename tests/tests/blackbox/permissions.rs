//! Who may do what: nats-server over TLS with an nkey for each user, and what each of them tries that it may not.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use async_nats::{
    Client, Event, HeaderMap,
    jetstream::{self, consumer::AckPolicy},
};
use blackbox::{Generator, Handover, NatsServer, PATIENCE, Ran, Serve, handover_command, http, wait_for};
use futures::StreamExt;
use producer::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A nats-server with users, a ledger node that is a gateway too, and everybody's keys.
struct Guarded {
    nats: NatsServer,
    node: Handover,
    _data: TempDir,
    folder: PathBuf,
}

#[track_caller]
fn run(arguments: &[&str]) -> Ran {
    let ran = handover_command(arguments, b"");
    assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
    ran
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Guarded {
    fn start() -> Self {
        let nats = NatsServer::start_prepared(|folder| {
            run(&["deploy", "certificates", "--dir", path(&folder.join("tls")), "nats", "--host", "127.0.0.1"]);
            let users = [
                "--publisher",
                "newsroom,monitor",
                "--curator",
                "desk",
                "--operator",
                "ops",
                "--ledger",
                "node",
                "--gateway",
                "node",
                "--views",
                "node,site",
                "--reader",
                "archive",
            ];
            run(&[&["deploy", "nats-config", "--dir", path(folder)], &users[..]].concat());
            let tls = |name: &str| folder.join("tls").join(name).display().to_string();
            format!("tls {{\n  cert_file: \"{}\"\n  key_file: \"{}\"\n}}\ninclude \"users.conf\"\n", tls("nats.pem"), tls("nats.key"))
        });
        let (data, folder) = (TempDir::new().unwrap(), nats.folder().to_owned());
        let tokens = folder.join("tokens.json");
        run(&["token", "new", "web", "--scope", "publish", "--tokens", path(&tokens)]);
        let access = [
            "--nats-ca",
            path(&folder.join("tls/ca.pem")),
            "--nats-nkey",
            path(&folder.join("keys/node.nk")),
            "--name",
            "node",
            "--tokens",
            path(&tokens),
            "--views",
        ]
        .map(str::to_owned);
        let node = Serve::over(&nats, data.path()).with(access).start();
        Self { nats, node, _data: data, folder }
    }

    fn seed(&self, name: &str) -> PathBuf {
        self.folder.join(format!("keys/{name}.nk"))
    }

    fn authority(&self) -> PathBuf {
        self.folder.join("tls/ca.pem")
    }

    fn access(&self, name: &str) -> Vec<String> {
        ["--nats-ca", path(&self.authority()), "--nats-nkey", path(&self.seed(name))].map(str::to_owned).to_vec()
    }

    fn publish(&self, name: &str, events: &[Vec<u8>]) -> Ran {
        let arguments =
            [vec!["publish".to_owned(), "--to".to_owned(), self.nats.url(), "--as".to_owned(), name.to_owned()], self.access(name), vec!["-".to_owned()]]
                .concat();
        handover_command(&arguments, &events.join(b"\n".as_slice()))
    }

    async fn user(&self, name: &str) -> User {
        let server = Server::at(self.nats.url()).with_nkey(self.seed(name)).unwrap().trusting(self.authority()).answering_to(name);
        let refused = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&refused);
        let note = move |event| {
            let noted = Arc::clone(&noted);
            async move {
                if let Event::ServerError(error) = event {
                    noted.lock().unwrap().push(error.to_string());
                }
            }
        };
        let client = server.options().event_callback(note).connect(server.addresses()).await.unwrap();
        User { client, refused }
    }

    /// The subjects, each with what was refused there and why.
    fn refusals(&self) -> Vec<Value> {
        let ran = run(&["refusals", "--data", path(self._data.path()), "-o", "json"]);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()["refusals"].as_array().unwrap().clone()
    }

    fn size(&self) -> u64 {
        http::get(&self.node.url("/v1/integrity")).json()["size"].as_u64().unwrap()
    }
}

struct User {
    client: Client,
    refused: Arc<Mutex<Vec<String>>>,
}

impl User {
    /// What nats-server refused of these, in words that name each.
    async fn tries(&self, publish: &[&str], subscribe: &[&str]) {
        for subject in publish {
            self.client.publish(subject.to_string(), "{}".into()).await.unwrap();
        }
        let mut subscriptions = Vec::new();
        for subject in subscribe {
            subscriptions.push(self.client.subscribe(subject.to_string()).await.unwrap());
        }
        self.client.flush().await.unwrap();
        let named = |what: &str, subject: &&&str| {
            let text = format!("permissions violation for {what} to \"{subject}\"");
            self.refused.lock().unwrap().iter().any(|error| error.to_lowercase().contains(&text.to_lowercase()))
        };
        let missing = || {
            let published = publish.iter().filter(|subject| !named("publish", subject));
            published.chain(subscribe.iter().filter(|subject| !named("subscription", subject))).copied().collect::<Vec<_>>()
        };
        let deadline = std::time::Instant::now() + PATIENCE;
        while !missing().is_empty() && std::time::Instant::now() < deadline {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(missing(), Vec::<&str>::new(), "wasn't refused; what was: {:?}", self.refused.lock().unwrap());
    }
}

/// What nobody but ledger nodes and the server itself may do.
const OTHERS: [&str; 22] = [
    "handover.announce.other",
    "handover.announce.node.web",
    "handover.curate.other",
    "handover.operate.other",
    "handover.operate.rules",
    "handover.operate.epoch",
    "handover.receipts.monitor",
    "handover.log.completed",
    "handover.nodes.false",
    "_INBOX.monitor.0",
    "$KV.handover-views.changes",
    "$JS.API.STREAM.CREATE.LEDGER",
    "$JS.API.STREAM.UPDATE.LEDGER",
    "$JS.API.STREAM.DELETE.LEDGER",
    "$JS.API.STREAM.PURGE.LEDGER",
    "$JS.API.STREAM.UPDATE.ANNOUNCEMENTS",
    "$JS.API.STREAM.DELETE.ANNOUNCEMENTS",
    "$JS.API.STREAM.PURGE.ANNOUNCEMENTS",
    "$JS.API.STREAM.MSG.DELETE.ANNOUNCEMENTS",
    "$JS.API.STREAM.MSG.GET.ANNOUNCEMENTS",
    "$JS.API.CONSUMER.CREATE.ANNOUNCEMENTS",
    "$JS.API.STREAM.CREATE.MINE",
];
/// What nobody else may hear.
const UNHEARD: [&str; 10] = [
    ">",
    "handover.>",
    "handover.announce.>",
    "handover.receipts.>",
    "handover.receipts.other",
    "handover.query.receipt",
    "_INBOX.>",
    "_INBOX.monitor.>",
    "$JS.API.>",
    "$SRV.PING",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_user_is_refused_whatever_is_not_its_own_and_the_log_says_who_tried_what() {
    let guarded = Guarded::start();
    for (name, own) in [
        (
            "newsroom",
            vec![
                "handover.announce.monitor",
                "handover.curate.newsroom",
                "handover.operate.newsroom",
                "handover.query.head",
                "handover.query.range",
                "$JS.API.STREAM.INFO.LEDGER",
                "$JS.API.CONSUMER.CREATE.LEDGER",
                "$JS.API.DIRECT.GET.LEDGER",
                "$SRV.PING",
                "$JS.API.INFO",
            ],
        ),
        ("desk", vec!["handover.announce.desk", "handover.operate.desk", "handover.query.head", "$JS.API.STREAM.INFO.LEDGER"]),
        ("ops", vec!["handover.announce.ops", "handover.curate.ops", "$JS.API.CONSUMER.CREATE.LEDGER"]),
        ("archive", vec!["handover.announce.archive", "handover.curate.archive", "handover.operate.archive", "handover.query.receipt"]),
    ] {
        guarded.user(name).await.tries(&[&OTHERS[..], &own].concat(), &UNHEARD).await;
    }
    let of_the_node = [
        "handover.announce.newsroom",
        "handover.announce.node",
        "handover.curate.desk",
        "handover.operate.ops",
        "handover.operate.rules",
        "$JS.API.STREAM.DELETE.ANNOUNCEMENTS",
        "$JS.API.STREAM.UPDATE.LEDGER",
        "$JS.API.STREAM.CREATE.MINE",
    ];
    guarded.user("node").await.tries(&of_the_node, &["handover.receipts.newsroom", "handover.announce.>", "_INBOX.monitor.>", ">"]).await;
    let log = guarded.nats.process().stderr();
    for (name, what) in [("newsroom", "handover.announce.monitor"), ("desk", "handover.announce.desk"), ("archive", "$JS.API.STREAM.DELETE.LEDGER")] {
        let key = std::fs::read_to_string(guarded.folder.join("users.conf")).unwrap();
        let key = key.lines().skip_while(|line| !line.contains(&format!("# {name}:"))).nth(1).unwrap().split(['{', ',', ':']).nth(2).unwrap().trim().to_owned();
        assert!(log.lines().any(|line| line.contains("Publish Violation") && line.contains(&key) && line.contains(what)), "{name} {key}: {log}");
    }
    assert_eq!(guarded.size(), 0);
    assert!(guarded.refusals().is_empty(), "nothing reached the ledger");
}

#[test]
fn each_user_does_what_is_its_own_over_tls() {
    let guarded = Guarded::start();
    let events: Vec<Vec<u8>> = Generator::new(1).take(20).map(|one| one.event).collect();
    let ran = guarded.publish("newsroom", &events);
    assert!(ran.code == Some(0) && ran.stderr.contains("20 recorded"), "{ran:?}");
    let outbox = guarded.folder.join("outbox");
    let more = Generator::new(2).take(5).map(|one| one.event).collect::<Vec<_>>().join(b"\n".as_slice());
    let arguments = [
        vec!["publish", "--outbox", path(&outbox), "--to", &guarded.nats.url(), "--as", "monitor", "--wait", "30s"].into_iter().map(str::to_owned).collect(),
        guarded.access("monitor"),
    ]
    .concat();
    let ran = handover_command(&arguments, &more);
    assert!(ran.code == Some(0) && ran.stderr.contains("5 recorded"), "{ran:?}");

    let first: Value = serde_json::from_slice(&events[0]).unwrap();
    let target = json!({"publisher": "newsroom", "source": first["source"], "id": first["id"]});
    let act = |kind: &str, number: u8| {
        let data = json!({"announced": "2026-01-02", "announcer": null, "target": target, "reason": "the post is gone"});
        json!({"specversion": "1.0", "id": format!("00000000-0000-7000-8000-0000000000{number:02}"), "source": "urn:test", "type": format!("org.handover.{kind}.v1"), "data": data}).to_string().into_bytes()
    };
    assert!(guarded.publish("desk", &[act("quarantined", 1)]).stderr.contains("1 recorded"));
    let ran = guarded.publish("monitor", &[act("retracted", 2)]);
    assert!(ran.code == Some(65) && ran.stderr.contains("Not this publisher's"), "{ran:?}");
    let redact = [
        vec!["redact", "19", "--reason", "it names a person", "--as", "ops", "--to", &guarded.nats.url()].into_iter().map(str::to_owned).collect(),
        guarded.access("ops"),
    ]
    .concat();
    let ran = handover_command(&redact, b"");
    assert_eq!(ran.code, Some(0), "{ran:?}");

    let status =
        [vec!["status", "--nats", &guarded.nats.url(), "--name", "ops", "-o", "json"].into_iter().map(str::to_owned).collect(), guarded.access("ops")].concat();
    let shown = wait_for("the node to be heard", PATIENCE, || {
        let shown: Value = serde_json::from_str(&handover_command(&status, b"").stdout).ok()?;
        (shown["nodes"][0]["size"] == guarded.size() && shown["healthy"] == true).then_some(shown)
    });
    assert_eq!((shown["nodes"].as_array().map(Vec::len), shown["streams"].as_array().map(Vec::len)), (Some(1), Some(2)), "{shown}");
    let doctor = [
        vec!["doctor", "--data", path(guarded._data.path()), "--nats", &guarded.nats.url(), "--name", "ops", "--listen", guarded.node.address(), "-o", "json"]
            .into_iter()
            .map(str::to_owned)
            .collect(),
        guarded.access("ops"),
    ]
    .concat();
    let found: Value = serde_json::from_str(&handover_command(&doctor, b"").stdout).unwrap();
    let faults: Vec<&str> = found["findings"].as_array().unwrap().iter().map(|finding| finding["fault"].as_str().unwrap()).collect();
    assert!(faults.iter().all(|fault| !fault.starts_with("nats") && !fault.starts_with("stream")), "{found}");

    let data = TempDir::new().unwrap();
    let mut access = guarded.access("archive");
    access.extend(["--role", "reader", "--name", "archive"].map(str::to_owned));
    let reader = Serve::over(&guarded.nats, data.path()).with(access).start();
    let last = guarded.size() - 1;
    assert_eq!(http::get(&reader.url(&format!("/v1/totals?at_least={last}"))).body, http::get(&guarded.node.url(&format!("/v1/totals?at_least={last}"))).body);
    assert_eq!(http::get(&guarded.node.url("/v1/records/0")).json()["publisher"], "newsroom");

    let data = path(guarded._data.path());
    run(&["redact", "--streams", "--data", data]);
    let backup = guarded.folder.join("backup");
    run(&["backup", path(&backup), "--data", data]);
    run(&["backup", "verify", path(&backup), "--data", data]);
    run(&["ledger", "trim", "--keep", "1s", "--data", data]);
    run(&["ledger", "catch-up", "--from", "stream", "--data", data]);
    wait_for("the stream of records to be whole again", PATIENCE, || {
        let shown: Value = serde_json::from_str(&handover_command(&status, b"").stdout).ok()?;
        let streams = shown["streams"].as_array()?.clone();
        streams.iter().any(|stream| stream["stream"] == "LEDGER" && stream["last_sequence"] == guarded.size()).then_some(())
    });
    let log = guarded.nats.process().stderr();
    assert!(!log.contains("Violation"), "a permission that's needed is missing: {log}");
}

#[test]
fn a_token_publishes_through_the_gateway_and_a_stranger_does_not() {
    let guarded = Guarded::start();
    let tokens = guarded.folder.join("tokens.json");
    let token = run(&["token", "new", "site", "--scope", "publish,curate", "--tokens", path(&tokens)]).stdout;
    let file = guarded.folder.join("site.token");
    std::fs::write(&file, &token).unwrap();
    let events = Generator::new(3).take(30).map(|one| one.event).collect::<Vec<_>>().join(b"\n".as_slice());
    let publish = |more: &[&str]| handover_command(&[&["publish", "--to", &guarded.node.url("")], more, &["-"]].concat(), &events);
    let ran = publish(&[]);
    assert!(ran.code == Some(78) && ran.stderr.contains("A token is needed: publishing needs a token here."), "{ran:?}");
    let ran = publish(&["--token-file", path(&file)]);
    assert!(ran.code == Some(0) && ran.stderr.contains("30 recorded"), "{ran:?}");
    assert_eq!(http::get(&guarded.node.url("/v1/records/0")).json()["publisher"], "node.site");

    let listed = run(&["token", "list", "--tokens", path(&tokens), "-o", "json"]).json();
    let of_site = listed["tokens"].as_array().unwrap().iter().find(|token| token["publisher"] == "site").unwrap();
    assert!(!listed.to_string().contains(token.trim()) && of_site["sha256"].is_null());
    let id = of_site["id"].as_str().unwrap();
    run(&["token", "revoke", id, "--tokens", path(&tokens)]);
    let ran = publish(&["--token-file", path(&file)]);
    assert!(ran.code == Some(78) && ran.stderr.contains("revoked"), "{ran:?}");

    let slow = guarded.folder.join("slow.token");
    std::fs::write(&slow, run(&["token", "new", "slow", "--scope", "publish", "--per-second", "250", "--tokens", path(&tokens)]).stdout).unwrap();
    let many = Generator::new(4).take(600).map(|one| one.event).collect::<Vec<_>>().join(b"\n".as_slice());
    let ran = handover_command(&["publish", "--to", &guarded.node.url(""), "--token-file", path(&slow), "-"], &many);
    assert!(ran.code == Some(0) && ran.stderr.contains("600 recorded"), "it waits where it's told to: {ran:?}");
    let log = guarded.node.process().stderr();
    let said =
        |words: &[&str]| log.lines().any(|line| line.contains("a request was refused for want of permission") && words.iter().all(|word| line.contains(word)));
    assert!(said(&["nobody", "publish"]) && said(&[id, "node.site", "revoked"]), "{log}");
    assert!(!log.contains(token.trim()), "a token is in the log");
    run(&["token", "forget", "--tokens", path(&tokens)]);
    assert!(!run(&["token", "list", "--tokens", path(&tokens)]).stdout.contains(id));
}

#[test]
fn the_scripts_for_other_languages_sign_in_with_their_key_or_their_token() {
    let guarded = Guarded::start();
    let file = guarded.folder.join("event");
    let mut events = Generator::new(9);
    let mut status = |mut command: Command, variables: &[(&str, &Path)]| {
        std::fs::write(&file, events.next().unwrap().event).unwrap();
        let output = command.arg(&file).envs(variables.iter().copied()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let script = |name: &str| blackbox::repository().join("deploy/publish").join(name);
    let with_python = || {
        let mut command = Command::new(crate::outbox::python());
        command.arg(script("publish.py")).args([&guarded.nats.url(), "newsroom"]);
        command
    };
    let (authority, seed) = (guarded.authority(), guarded.seed("newsroom"));
    let (code, receipt) = status(with_python(), &[("HANDOVER_NATS_CA", &authority), ("HANDOVER_NATS_NKEY", &seed)]);
    assert!(code == Some(0) && receipt.contains("recorded"), "{code:?} {receipt}");

    let token = guarded.folder.join("web.token");
    std::fs::write(&token, run(&["token", "new", "web", "--scope", "publish", "--tokens", path(&guarded.folder.join("tokens.json"))]).stdout).unwrap();
    let with_curl = || {
        let mut command = Command::new(script("publish-with-curl"));
        command.arg(guarded.node.url(""));
        command
    };
    let (code, receipt) = status(with_curl(), &[("HANDOVER_TOKEN_FILE", &token)]);
    assert!(code == Some(0) && receipt.contains("recorded"), "{code:?} {receipt}");
    assert_eq!(status(with_curl(), &[]).0, Some(78));
    let publisher = |position: u64| http::get(&guarded.node.url(&format!("/v1/records/{position}"))).json()["publisher"].clone();
    assert_eq!((guarded.size(), publisher(0), publisher(1)), (2, json!("newsroom"), json!("node.web")));
}

/// What somebody may have a server say on a subject that isn't his, by asking for the answer there: nats-server doesn't look at that subject.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_make_the_server_speak_for_another() {
    let guarded = Guarded::start();
    let events: Vec<Vec<u8>> = Generator::new(4).take(4).map(|one| one.event).collect();
    assert_eq!(guarded.publish("newsroom", &events[..3]).code, Some(0));
    let [publisher, reader, views] = [guarded.user("newsroom").await, guarded.user("archive").await, guarded.user("site").await];
    let context = jetstream::new(reader.client.clone());
    let stream = wait_for_stream(&context).await;
    let put = async |key: &str, value: &[u8]| {
        let context = jetstream::new(views.client.clone());
        context.publish(format!("$KV.handover-views.{key}"), value.to_vec().into()).await.unwrap().await.unwrap().sequence
    };
    let event = put("event", &events[3]).await;
    let rules = put("rules", br#"{"rules":99}"#).await;
    let receipts = put("receipts", br#"{"receipts":[]}"#).await;
    let bucket = jetstream::new(guarded.user("node").await.client);

    let elsewhere = [
        "handover.log.completed",
        "$KV.handover-views.evil",
        "handover.operate.epoch",
        "handover.operate.rules",
        "handover.operate.ops",
        "handover.announce.monitor",
        "handover.announce.local",
        "handover.curate.desk",
        "handover.receipts.monitor",
    ];
    for victim in elsewhere {
        let ask =
            async |user: &User, subject: &str, body: &str| user.client.publish_with_reply(subject.to_owned(), victim, body.to_owned().into()).await.unwrap();
        ask(&publisher, "handover.announce.newsroom", "x").await;
        ask(&publisher, "handover.query.receipt", "{}").await;
        for question in ["$JS.API.STREAM.INFO.LEDGER", "$JS.API.STREAM.INFO.KV_handover-views", "handover.query.head"] {
            ask(&reader, question, "").await;
        }
        ask(&reader, "handover.query.record", r#"{"position":0}"#).await;
        ask(&reader, "$JS.API.STREAM.MSG.GET.LEDGER", r#"{"seq":1}"#).await;
        for user in [&reader, &views] {
            for sequence in [event, rules, receipts] {
                ask(user, "$JS.API.DIRECT.GET.KV_handover-views", &format!(r#"{{"seq":{sequence}}}"#)).await;
            }
        }
        let pull = jetstream::consumer::pull::Config { name: Some(victim.replace(['.', '$'], "-")), ack_policy: AckPolicy::None, ..Default::default() };
        let name = pull.name.clone().unwrap();
        stream.create_consumer(pull).await.unwrap();
        ask(&reader, &format!("$JS.API.CONSUMER.MSG.NEXT.LEDGER.{name}"), r#"{"batch":3,"no_wait":true}"#).await;
        let push = jetstream::consumer::push::Config { deliver_subject: victim.to_owned(), ack_policy: AckPolicy::None, ..Default::default() };
        let _ = stream.create_consumer(push).await;
    }
    for user in [&publisher, &reader, &views] {
        user.client.flush().await.unwrap();
    }

    let own = Generator::new(5).take(1).map(|one| one.event).collect::<Vec<_>>();
    let ran = guarded.publish("monitor", &own);
    assert!(ran.code == Some(0) && ran.stderr.contains("1 recorded"), "{ran:?}");
    assert_eq!(guarded.size(), 4, "what was made to be said in another's name was recorded");
    for position in 0..3 {
        assert_eq!(http::get(&guarded.node.url(&format!("/v1/records/{position}"))).json()["publisher"], "newsroom");
    }
    let subjects: BTreeSet<String> = guarded.refusals().iter().map(|refusal| refusal["subject"].as_str().unwrap().to_owned()).collect();
    assert_eq!(subjects, BTreeSet::from(["handover.announce.newsroom".to_owned()]), "only what was published on one's own subject");
    let last = async |name: &str| bucket.get_stream(name).await.unwrap().cached_info().state.last_sequence;
    wait_for("the stream of records to have all", PATIENCE, || (http::get(&guarded.node.url("/readyz")).status == 200).then_some(()));
    let evil = bucket.get_key_value("handover-views").await.unwrap().entry("evil").await.unwrap();
    assert!(evil.is_none(), "something was written into the bucket: {evil:?}");
    while last("LEDGER").await < 4 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(last("LEDGER").await, 4);
    check_followed(&stream).await;
}

/// A reader follows the stream of records out of its own account.
async fn check_followed(stream: &jetstream::stream::Stream) {
    let consumer = stream.create_consumer(jetstream::consumer::pull::OrderedConfig::default()).await.unwrap();
    let mut messages = consumer.messages().await.unwrap();
    for sequence in 1..=4 {
        let message = tokio::time::timeout(PATIENCE, messages.next()).await.expect("a reader follows the stream").unwrap().unwrap();
        assert_eq!(
            (message.info().unwrap().stream_sequence, message.headers.as_ref().unwrap().get("Handover-Position").unwrap().as_str()),
            (sequence, &*(sequence - 1).to_string())
        );
    }
}

async fn wait_for_stream(context: &jetstream::Context) -> jetstream::stream::Stream {
    loop {
        if let Ok(stream) = context.get_stream("LEDGER").await
            && stream.cached_info().state.messages == 3
        {
            return stream;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Headers by which a message could act on the stream or on others' messages.
#[tokio::test(flavor = "multi_thread")]
async fn headers_give_a_publisher_nothing_that_its_subject_does_not() {
    let guarded = Guarded::start();
    let events: Vec<Vec<u8>> = Generator::new(6).take(4).map(|one| one.event).collect();
    assert_eq!(guarded.publish("monitor", &events[..1]).code, Some(0));
    let newsroom = guarded.user("newsroom").await;
    let send = async |headers: &[(&str, &str)], event: &[u8]| {
        let mut all = HeaderMap::new();
        headers.iter().for_each(|(name, value)| all.insert(*name, *value));
        newsroom.client.publish_with_headers("handover.announce.newsroom", all, event.to_vec().into()).await.unwrap();
    };
    for (name, value) in [
        ("Nats-Rollup", "all"),
        ("Nats-Rollup", "sub"),
        ("Nats-TTL", "1s"),
        ("Nats-Schedule", "@at 2026-01-01T00:00:00Z"),
        ("Nats-Incr", "+1"),
        ("Nats-Expected-Stream", "LEDGER"),
    ] {
        send(&[(name, value)], &events[1]).await;
    }
    send(&[("Handover-Publisher", "monitor"), ("Handover-Position", "0")], &events[1]).await;
    // The queue would take monitor's own for a repeat, if it knew its id.
    let id = json!(events[2]).to_string();
    send(&[("Nats-Msg-Id", &id[..20])], &events[1]).await;
    newsroom.client.flush().await.unwrap();
    let ran = guarded.publish("monitor", &events[2..]);
    assert!(ran.code == Some(0) && ran.stderr.contains("2 recorded"), "{ran:?}");
    wait_for("the record", PATIENCE, || (guarded.size() >= 3).then_some(()));
    for position in 0..guarded.size() {
        let record = http::get(&guarded.node.url(&format!("/v1/records/{position}"))).json();
        let of_monitor = [0, 2, 3].iter().any(|number| serde_json::from_slice::<Value>(&events[*number]).unwrap()["id"] == record["id"]);
        assert_eq!(record["publisher"], if of_monitor { "monitor" } else { "newsroom" });
    }
}

#[test]
fn who_is_not_listed_or_does_not_trust_the_server_is_told_so() {
    let guarded = Guarded::start();
    let event = Generator::new(7).take(1).map(|one| one.event).collect::<Vec<_>>();
    let other = TempDir::new().unwrap();
    run(&["deploy", "nats-config", "--dir", path(other.path()), "--publisher", "newsroom"]);
    let (authority, url) = (guarded.authority(), guarded.nats.url());
    let publish = |more: &[&str]| handover_command(&[&["publish", "--to", &url, "--as", "newsroom", "--timeout-s", "5"], more, &["-"]].concat(), &event[0]);
    let ran = publish(&["--nats-ca", path(&authority), "--nats-nkey", path(&other.path().join("keys/newsroom.nk"))]);
    assert!(ran.code == Some(78) && ran.stderr.contains("doesn't admit this user"), "{ran:?}");
    let ran = publish(&["--nats-ca", path(&authority)]);
    assert!(ran.code == Some(78) && ran.stderr.contains("doesn't admit this user"), "{ran:?}");
    run(&["deploy", "certificates", "--dir", path(&other.path().join("tls")), "nats", "--host", "127.0.0.1"]);
    let ran = publish(&["--nats-ca", path(&other.path().join("tls/ca.pem")), "--nats-nkey", path(&guarded.seed("newsroom"))]);
    assert!(ran.code == Some(69) && ran.stderr.contains("can't be reached"), "{ran:?}");
    let ran = publish(&["--nats-ca", path(&authority), "--nats-nkey", path(&guarded.folder.join("tls/nats.key"))]);
    assert!(ran.code == Some(78) && ran.stderr.contains("doesn't hold the seed"), "{ran:?}");
    let ran = handover_command(
        &["publish", "--to", &url, "--as", "monitor", "--timeout-s", "5", "--nats-ca", path(&authority), "--nats-nkey", path(&guarded.seed("newsroom")), "-"],
        &event[0],
    );
    assert!(ran.code != Some(0) && ran.stderr.contains("refuses the subject"), "{ran:?}");
    assert_eq!(guarded.size(), 0);
}

#[test]
fn seeds_stay_when_users_are_added_and_one_that_is_left_out_is_not_admitted() {
    let dir = TempDir::new().unwrap();
    let config = |publishers: &str| run(&["deploy", "nats-config", "--dir", path(dir.path()), "--publisher", publishers]).stderr;
    config("one,two");
    let seed = std::fs::read(dir.path().join("keys/one.nk")).unwrap();
    assert!(config("one,three").contains("two.nk is nobody's any more"));
    assert_eq!(std::fs::read(dir.path().join("keys/one.nk")).unwrap(), seed);
    let users = std::fs::read_to_string(dir.path().join("users.conf")).unwrap();
    assert!(users.contains("# three: publisher") && !users.contains("# two"), "{users}");
    for name in ["local", "rules", "epoch", "a.b", "A", ""] {
        assert_ne!(handover_command(&["deploy", "nats-config", "--dir", path(dir.path()), "--publisher", name], b"").code, Some(0), "{name}");
    }
    let mode = |file: &str| std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(dir.path().join(file)).unwrap().permissions()) & 0o777;
    assert_eq!((mode("keys"), mode("keys/one.nk")), (0o700, 0o600));
}

#[test]
fn an_authority_that_is_not_whole_signs_nothing() {
    let dir = TempDir::new().unwrap();
    let make = || handover_command(&["deploy", "certificates", "--dir", path(dir.path()), "web", "--host", "127.0.0.1"], b"");
    std::fs::write(dir.path().join("ca.key"), "interrupted").unwrap();
    assert_eq!(make().code, Some(0), "a key alone was left by an interruption");
    let whole = std::fs::read_to_string(dir.path().join("ca.pem")).unwrap();
    let other = TempDir::new().unwrap();
    run(&["deploy", "certificates", "--dir", path(other.path()), "web", "--host", "127.0.0.1"]);
    for text in [&whole[..whole.len() / 2], &std::fs::read_to_string(other.path().join("ca.pem")).unwrap(), ""] {
        std::fs::write(dir.path().join("ca.pem"), text).unwrap();
        let ran = make();
        assert!(ran.code == Some(78) && ran.stderr.contains("ca.pem"), "{ran:?}");
    }
    std::fs::write(dir.path().join("ca.pem"), whole).unwrap();
    assert_eq!(make().code, Some(0));
}

#[test]
fn https_is_served_with_the_certificate_that_is_there_now() {
    let (data, dir) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let at = |name: &str| dir.path().join(name).display().to_string();
    let make = || run(&["deploy", "certificates", "--dir", path(dir.path()), "web", "--host", "127.0.0.1,localhost"]);
    make();
    let mut server = Serve::embedded(data.path()).with(["--tls-cert", &at("web.pem"), "--tls-key", &at("web.key")]).spawn();
    let url = wait_for("the address", PATIENCE, || server.stdout().lines().next().map(str::to_owned));
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let integrity = |ca: &str| handover_command(&["integrity", "--server", &url, "--ca", ca, "-o", "json"], b"");
    assert_eq!(integrity(&at("ca.pem")).json()["size"], 0);
    let event = Generator::new(8).next().unwrap().event;
    let ran = handover_command(&["publish", "--to", &url, "--ca", &at("ca.pem"), "-"], &event);
    assert!(ran.code == Some(0) && ran.stderr.contains("1 recorded"), "{ran:?}");
    assert_eq!(handover_command(&["integrity", "--server", &url], b"").code, Some(69), "an authority that nobody knows");
    assert_eq!(handover_command(&["integrity", "--server", &url.replace("https", "http")], b"").code, Some(69), "without TLS");

    let before = std::fs::read(at("web.pem")).unwrap();
    std::fs::write(at("web.pem"), "nothing").unwrap();
    wait_for("it to be told", PATIENCE, || server.stderr().contains("the certificate can't be read again").then_some(()));
    assert_eq!(integrity(&at("ca.pem")).code, Some(0), "the one before is shown");
    std::fs::remove_file(at("ca.pem")).unwrap();
    std::fs::remove_file(at("ca.key")).unwrap();
    std::fs::write(at("old.pem"), &before).unwrap();
    make();
    wait_for("the new one to be shown", PATIENCE, || (integrity(&at("ca.pem")).code == Some(0)).then_some(()));
    assert_eq!(server.terminate().code(), Some(0));
    let wrong = Serve::embedded(data.path()).with(["--tls-cert", &at("old.pem"), "--tls-key", &at("web.key")]).spawn().wait(PATIENCE);
    assert_eq!(wrong.code(), Some(78), "a certificate and another's key");
}
