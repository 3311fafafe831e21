use std::{collections::BTreeSet, path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use gateway::{Access, Limits, Quota, Reads, Scope, Secret, Token, TokenFile, Unproven};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{Answer, PATIENCE, Server, event, until_end};

const EVENT: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// A server with a file of tokens, and those who have one.
struct Guarded {
    server: Server,
    file: TokenFile,
    _dir: TempDir,
}

impl Guarded {
    async fn start(reads: Reads, quota: Quota) -> Self {
        Self::with(reads, quota, Limits::default()).await
    }

    async fn with(reads: Reads, quota: Quota, limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = file(dir.path());
        file.change(|_| ()).unwrap();
        let access = Access::with_tokens("gate".parse().unwrap(), self::file(dir.path()), reads, quota).unwrap();
        Self { server: Server::of(|app| app.with_limits(limits).with_access(access), None).await, file, _dir: dir }
    }

    fn token(&self, publisher: &str, scopes: &[Scope], shape: impl FnOnce(Token) -> Token) -> String {
        let secret = Secret::random().unwrap();
        let scopes: BTreeSet<Scope> = scopes.iter().copied().collect();
        let token = shape(Token::new(&secret, publisher.parse().unwrap(), scopes, Timestamp::UNIX_EPOCH));
        self.file.change(|tokens| tokens.push(token)).unwrap();
        secret.expose().to_owned()
    }

    async fn post(&self, authorization: &[&str], media_type: &str, body: &[u8]) -> Answer {
        let mut headers = vec![("content-type", media_type)];
        headers.extend(authorization.iter().map(|value| ("authorization", *value)));
        self.server.ask("POST", "/v1/announcements", &headers, body).await
    }

    async fn publish(&self, token: &str, event: &Value) -> Answer {
        self.post(&[&format!("Bearer {token}")], EVENT, event.to_string().as_bytes()).await
    }
}

fn file(dir: &Path) -> TokenFile {
    TokenFile::at(dir.join("tokens.json"))
}

fn unbounded() -> Quota {
    Quota { per_second: 0, per_day: 0 }
}

fn quarantine(number: u32, target: &Value) -> Value {
    let mut event = event(number);
    event["type"] = json!("org.handover.quarantined.v1");
    event.as_object_mut().unwrap().remove("subject");
    let target = json!({"publisher": "gate.newsroom", "source": target["source"], "id": target["id"]});
    event["data"] = json!({"announced": "2026-01-02", "announcer": null, "target": target, "reason": "the post is gone"});
    event
}

#[tokio::test]
async fn a_publisher_with_a_token_is_named_after_the_gateway_and_sees_its_own_receipts() {
    let guarded = Guarded::start(Reads::Open, unbounded()).await;
    let [one, other] = ["newsroom", "monitor"].map(|name| guarded.token(name, &[Scope::Publish], |token| token));
    let sent = event(1);
    assert_eq!(guarded.publish(&one, &sent).await.status, 201);
    assert_eq!(guarded.server.record(0).await.publisher.as_str(), "gate.newsroom");
    assert_eq!(guarded.publish(&one, &sent).await.status, 200);
    assert_eq!(guarded.publish(&other, &sent).await.status, 201, "another publisher's event, with the same bytes");
    assert_eq!(guarded.server.record(1).await.publisher.as_str(), "gate.monitor");
    let digest = announcement::Digest::of(sent.to_string().as_bytes());
    let receipt = async |authorization: &[(&str, &str)]| guarded.server.ask("GET", &format!("/v1/receipts/{digest}"), authorization, b"").await;
    assert_eq!(receipt(&[("authorization", &format!("Bearer {one}"))]).await.json()["position"], 0);
    assert_eq!(receipt(&[("authorization", &format!("Bearer {other}"))]).await.json()["position"], 1);
    receipt(&[]).await.problem(404);
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_published() {
    let guarded = Guarded::start(Reads::Open, unbounded()).await;
    let good = guarded.token("newsroom", &[Scope::Publish], |token| token);
    let expired = guarded.token("newsroom", &[Scope::Publish], |token| Token { expires: Some(Timestamp::now()), ..token });
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    let lasting = guarded.token("newsroom", &[Scope::Publish], |token| Token { expires: Some(later), ..token });
    let body = event(1).to_string();
    let kept = std::fs::read_to_string(guarded.file.path()).unwrap();
    let digest = serde_json::from_str::<Value>(&kept).unwrap()["tokens"][0]["sha256"].as_str().unwrap().to_owned();
    let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("newsroom:{password}")));
    for authorization in [
        vec![],
        vec![String::new()],
        vec!["Bearer".to_owned()],
        vec![good.clone()],
        vec![format!("Bearer {good}x")],
        vec![format!("Bearer {}", good.to_uppercase())],
        vec![format!("Bearer {digest}")],
        vec![format!("Bearer {expired}")],
        vec![basic(&good)],
        vec![format!("Bearer {good}"), format!("Bearer {good}")],
        vec![format!("Bearer {good}, Bearer {good}")],
    ] {
        let values: Vec<&str> = authorization.iter().map(String::as_str).collect();
        let answer = guarded.post(&values, EVENT, body.as_bytes()).await;
        let problem = answer.problem(401);
        assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")), "{authorization:?}");
        assert!(!problem.to_string().contains(&good), "{problem}");
    }
    assert_eq!(guarded.server.ledger.head().size, 0);
    assert_eq!(guarded.publish(&lasting, &event(1)).await.status, 201);
}

#[tokio::test]
async fn what_a_token_does_not_allow_is_refused_and_nothing_of_its_batch_is_queued() {
    let guarded = Guarded::start(Reads::Open, unbounded()).await;
    let publisher = guarded.token("newsroom", &[Scope::Publish, Scope::Read], |token| token);
    let curator = guarded.token("desk", &[Scope::Curate], |token| token);
    let claim = event(1);
    assert_eq!(guarded.publish(&publisher, &claim).await.status, 201);
    let problem = guarded.publish(&publisher, &quarantine(2, &claim)).await.problem(403);
    assert!(problem["remedy"].as_str().unwrap().contains("curate"), "{problem}");
    guarded.publish(&curator, &event(3)).await.problem(403);
    let batch = json!([event(4), quarantine(5, &claim)]).to_string();
    guarded.post(&[&format!("Bearer {publisher}")], BATCH, batch.as_bytes()).await.problem(403);
    let mut redaction = quarantine(6, &claim);
    redaction["type"] = json!("org.handover.redacted.v1");
    for token in [&publisher, &curator] {
        guarded.publish(token, &redaction).await.problem(403);
    }
    assert_eq!(guarded.server.ledger.head().size, 1);
    assert_eq!(guarded.publish(&curator, &quarantine(7, &claim)).await.status, 201);
    let mut correction = event(8);
    correction["type"] = json!("org.handover.retracted.v1");
    correction.as_object_mut().unwrap().remove("subject");
    let target = json!({"publisher": "gate.newsroom", "source": claim["source"], "id": claim["id"]});
    correction["data"] = json!({"announced": "2026-01-02", "announcer": null, "target": target, "reason": "not ours"});
    let other = guarded.token("monitor", &[Scope::Publish, Scope::Curate, Scope::Operate], |token| token);
    let refused = guarded.publish(&other, &correction).await.problem(422);
    assert_eq!(refused["pointer"], "/data/target", "another's claim: {refused}");
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once_also_on_a_connection_that_is_open() {
    let guarded = Guarded::start(Reads::WithToken, unbounded()).await;
    let token = guarded.token("newsroom", &[Scope::Publish], |token| token);
    let authorization = format!("Bearer {token}");
    let read = async || guarded.server.ask("GET", "/v1/integrity", &[("authorization", &authorization)], b"").await;
    assert_eq!(read().await.status, 200);
    assert_eq!(guarded.publish(&token, &event(1)).await.status, 201);
    guarded.file.change(|tokens| tokens[0].revoked = Some(Timestamp::now())).unwrap();
    read().await.problem(401);
    guarded.publish(&token, &event(2)).await.problem(401);
    assert_eq!(guarded.server.ledger.head().size, 1);
}

#[tokio::test]
async fn closed_reads_need_any_token_and_are_kept_by_no_shared_cache() {
    let guarded = Guarded::start(Reads::WithToken, unbounded()).await;
    let token = guarded.token("reader", &[Scope::Read], |token| token);
    let bearer = format!("Bearer {token}");
    let password = format!("Basic {}", STANDARD.encode(format!("anybody:{token}")));
    for path in
        ["/", "/v1/totals", "/v1/records", "/v1/stream?from=0", "/v1/openapi.json", "/operations", "/v1/log/checkpoint", "/assets/nothing", "//v1/totals"]
    {
        guarded.server.get(path).await.problem(401);
    }
    for path in ["/livez", "/readyz"] {
        assert_ne!(guarded.server.get(path).await.status, 401, "{path}");
    }
    for authorization in [&bearer, &password] {
        let answer = guarded.server.ask("GET", "/v1/totals", &[("authorization", authorization)], b"").await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("private, no-cache")));
    }
    let page = guarded.server.ask("GET", "/", &[("authorization", &password), ("accept", "text/html")], b"").await;
    assert_eq!(page.status, 200);
    guarded.publish(&token, &event(1)).await.problem(403);
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_revoked() {
    let limits = Limits { keep_alive: Duration::from_millis(100), ..Limits::default() };
    let guarded = Guarded::with(Reads::WithToken, unbounded(), limits).await;
    let token = guarded.token("reader", &[Scope::Read], |token| token);
    let request = format!("GET /v1/stream HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
    let mut socket = guarded.server.connect().await;
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    socket.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    guarded.file.change(|tokens| tokens[0].revoked = Some(Timestamp::now())).unwrap();
    let rest = tokio::time::timeout(PATIENCE, until_end(&mut socket)).await.expect("the stream ends");
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.matches(": keep-alive").count() > 5, "a valid one goes on: {rest}");
    assert!(rest.contains("event: dropped") && rest.contains("valid any more"), "{rest}");
}

#[tokio::test]
async fn the_operations_are_shown_to_who_has_a_token_for_them() {
    let guarded = Guarded::start(Reads::Open, unbounded()).await;
    let operator = format!("Bearer {}", guarded.token("operator", &[Scope::Operate], |token| token));
    let publisher = format!("Bearer {}", guarded.token("newsroom", &[Scope::Publish], |token| token));
    let from_elsewhere = ("x-forwarded-for", "192.0.2.1");
    let ask = async |headers: &[(&str, &str)]| guarded.server.ask("GET", "/operations", headers, b"").await.status;
    assert_eq!(ask(&[]).await, 200, "the server's own machine");
    assert_eq!(ask(&[from_elsewhere]).await, 401);
    assert_eq!(ask(&[from_elsewhere, ("authorization", &publisher)]).await, 403);
    assert_eq!(ask(&[from_elsewhere, ("authorization", &operator)]).await, 200);
}

#[tokio::test]
async fn without_tokens_only_programs_of_this_machine_publish() {
    let server = Server::start().await;
    let body = event(1).to_string();
    let post = async |server: &Server, headers: &[(&str, &str)]| {
        let headers = [&[("content-type", EVENT)], headers].concat();
        server.ask("POST", "/v1/announcements", &headers, body.as_bytes()).await
    };
    for passed_on in ["forwarded", "via", "x-forwarded-for", "x-real-ip"] {
        post(&server, &[(passed_on, "for=127.0.0.1")]).await.problem(401);
    }
    post(&server, &[("authorization", "Bearer handover_0")]).await.problem(401);
    let rebound = format!(
        "POST /v1/announcements HTTP/1.1\r\nhost: rebind.example\r\nconnection: close\r\ncontent-type: {EVENT}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = server.connect().await;
    socket.write_all(rebound.as_bytes()).await.unwrap();
    Answer::read(&mut socket).await.problem(401);
    assert_eq!(server.ledger.head().size, 0);
    assert_eq!(post(&server, &[]).await.status, 201);
    let reachable = Server::of(|app| app.with_access(Access::without_tokens(Unproven::Never)), None).await;
    post(&reachable, &[]).await.problem(401);
}

#[tokio::test]
async fn tricks_with_paths_and_headers_publish_nothing() {
    let guarded = Guarded::start(Reads::Open, unbounded()).await;
    let token = guarded.token("newsroom", &[Scope::Publish], |token| token);
    let bearer = format!("Bearer {token}");
    let body = event(1).to_string();
    let mut named = event(2);
    named["publisher"] = json!("gate.monitor");
    guarded.publish(&token, &named).await.problem(422);
    for path in [
        "/v1/announcements/",
        "//v1/announcements",
        "/v1/./announcements",
        "/v1/announcements/gate.monitor",
        "/v1/%61nnouncements/",
        "/v1/announcements?publisher=gate.monitor",
    ] {
        let answer = guarded.server.ask("POST", path, &[("content-type", EVENT), ("authorization", &bearer)], body.as_bytes()).await;
        assert!([400, 404, 405].contains(&answer.status), "{path}: {}", answer.status);
    }
    for (name, value) in [("x-http-method-override", "POST"), ("x-original-url", "/v1/announcements"), ("handover-publisher", "gate.monitor")] {
        let answer = guarded.server.ask("GET", "/v1/announcements", &[(name, value), ("authorization", &bearer)], b"").await;
        assert_eq!(answer.status, 405, "{name}");
    }
    let headers = [("content-type", EVENT), ("authorization", &*bearer), ("handover-publisher", "gate.monitor"), ("x-publisher", "gate.monitor")];
    assert_eq!(guarded.server.ask("POST", "/v1/announcements", &headers, body.as_bytes()).await.status, 201);
    assert_eq!(guarded.server.record(0).await.publisher.as_str(), "gate.newsroom");
    assert_eq!(guarded.server.ledger.head().size, 1);
}

#[tokio::test]
async fn a_publisher_that_sends_too_much_is_told_when_to_come_again() {
    let guarded = Guarded::start(Reads::Open, Quota { per_second: 0, per_day: 3 }).await;
    let token = guarded.token("newsroom", &[Scope::Publish], |token| token);
    let other = guarded.token("monitor", &[Scope::Publish], |token| Token { per_day: Some(0), per_second: Some(1), ..token });
    let batch = json!([event(1), event(2)]).to_string();
    assert_eq!(guarded.post(&[&format!("Bearer {token}")], BATCH, batch.as_bytes()).await.status, 201);
    let over = guarded.post(&[&format!("Bearer {token}")], BATCH, json!([event(3), event(4)]).to_string().as_bytes()).await;
    over.problem(429);
    assert!(over.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(guarded.server.ledger.head().size, 2);
    assert_eq!(guarded.publish(&token, &event(3)).await.status, 201);
    guarded.publish(&token, &event(4)).await.problem(429);
    assert_eq!(guarded.post(&[&format!("Bearer {other}")], BATCH, batch.as_bytes()).await.status, 201);
    guarded.publish(&other, &event(5)).await.problem(429);
}
