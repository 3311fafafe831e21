use std::{net::SocketAddr, time::Duration};

use announcement::{Position, Record};
use event_store::{Health, Ledger, Options};
use gateway::{App, Intake, Limits, ServeError};
use jiff::Timestamp;
use projection::{Projection, Source};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Nothing that a test waits for takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) ledger: Ledger,
    pub(crate) stop: CancellationToken,
    pub(crate) serving: JoinHandle<Result<(), ServeError>>,
    _folding: JoinHandle<()>,
    _dir: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Limits::default(), None).await
    }

    pub(crate) async fn with(limits: Limits, health: Option<watch::Receiver<Health>>) -> Self {
        Self::of(|app| app.with_limits(limits), health).await
    }

    pub(crate) async fn of(shape: impl FnOnce(App) -> App, health: Option<watch::Receiver<Health>>) -> Self {
        Self::shaped(|app, _| shape(app), health).await
    }

    pub(crate) async fn measured(shape: impl FnOnce(App, &Ledger) -> App) -> Self {
        Self::shaped(shape, None).await
    }

    async fn shaped(shape: impl FnOnce(App, &Ledger) -> App, health: Option<watch::Receiver<Health>>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(Options::new(dir.path().join("ledger"), Timestamp::now)).unwrap();
        let stop = CancellationToken::new();
        let projection = Projection::new();
        let source = Source::Ledger(ledger.reader());
        let folding = tokio::spawn({
            let (projection, source) = (projection.clone(), source.clone());
            async move { projection.run(source, CancellationToken::new()).await }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let health = health.unwrap_or_else(|| ledger.health());
        let app = shape(App::new(projection, source, Intake::Embedded(ledger.clone()), Some(health)), &ledger);
        let serving = tokio::spawn(gateway::serve(listener, app, stop.clone().cancelled_owned()));
        Self { address, ledger, stop, serving, _folding: folding, _dir: dir }
    }

    /// A server that holds the announcements of the samples.
    pub(crate) async fn with_samples() -> Self {
        let server = Self::start().await;
        let events = samples();
        let answer = server.post("application/cloudevents-batch+json", format!("[{}]", events.join(",")).as_bytes()).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let last = answer.json()["receipts"].as_array().unwrap().last().unwrap()["position"].clone();
        assert_eq!(server.get(&format!("/v1/totals?at_least={last}")).await.status, 200);
        server
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"").await
    }

    pub(crate) async fn post(&self, media_type: &str, body: &[u8]) -> Answer {
        self.ask("POST", "/v1/announcements", &[("content-type", media_type)], body).await
    }

    pub(crate) async fn post_event(&self, event: &Value) -> Answer {
        self.post("application/cloudevents+json", event.to_string().as_bytes()).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut socket = self.connect().await;
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        socket.write_all(&[request.as_bytes(), body].concat()).await.unwrap();
        Answer::read(&mut socket).await
    }

    /// A record, as soon as it can be read.
    pub(crate) async fn record(&self, position: u64) -> Record {
        let reader = self.ledger.reader();
        reader.wait_for(position + 1, PATIENCE).await.unwrap();
        reader.record(Position::new(position)).unwrap().unwrap()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        timeout(PATIENCE, TcpStream::connect(self.address)).await.unwrap().unwrap()
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads one answer up to the end of the connection.
    pub(crate) async fn read(socket: &mut TcpStream) -> Self {
        let bytes = timeout(PATIENCE, until_end(socket)).await.expect("an answer in time");
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(&bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// Asserts that it's a problem of this status as the wire format wants it, and gives it.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail", "remedy"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {problem}");
        }
        problem
    }
}

/// All that comes until the connection ends, be it by a reset.
pub(crate) async fn until_end(socket: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => return bytes,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

pub(crate) fn samples() -> Vec<String> {
    let folder = format!("{}/../../deploy/samples", env!("CARGO_MANIFEST_DIR"));
    let lines = |name: &str| std::fs::read_to_string(format!("{folder}/{name}.jsonl")).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    [lines("reference-article"), lines("public-record")].concat()
}

/// An event that the format accepts: 1,000 bodies one way, on the first of the month.
pub(crate) fn event(number: u32) -> Value {
    serde_json::json!({
        "specversion": "1.0",
        "id": format!("00000000-0000-5000-8000-{number:012}"),
        "source": "urn:test",
        "type": "org.handover.completed.v1",
        "datacontenttype": "application/json",
        "subject": "ru-ua/bodies/2026-01-01",
        "data": {
            "announced": "2026-01-01",
            "announcer": { "party": "UA", "office": "press office" },
            "exchange": { "date": "2026-01-01" },
            "transfers": [{ "from": "RU", "to": "UA", "counts": [{ "category": "bodies", "count": { "exact": 1000 } }] }]
        }
    })
}

/// The event with spaces in it, so that it has this size.
pub(crate) fn padded(event: &Value, size: usize) -> Vec<u8> {
    let text = event.to_string();
    text.replacen('{', &format!("{{{}", " ".repeat(size - text.len())), 1).into_bytes()
}

/// What a body in chunks comes to.
pub(crate) fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 4 + size..];
    }
    whole
}
