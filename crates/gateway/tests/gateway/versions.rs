//! Another version of the fold takes the place of the one before while it's read and published to.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use event_store::{Ledger, Options};
use futures::{StreamExt, stream};
use gateway::{App, Intake};
use generator::Generator;
use jiff::Timestamp;
use projection::{Book, Projection, Settings, Snapshots, Source, TotalsQuery, totals};
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::harness::{Answer, PATIENCE};

struct Node {
    address: SocketAddr,
    ledger: Ledger,
    projection: Projection,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Node {
    async fn start(dir: &Path, version: u32) -> Self {
        let ledger = Ledger::open(Options::new(dir.join("ledger"), Timestamp::now)).unwrap();
        let settings = Settings { snapshots: Some(Snapshots::open(&dir.join("views")).unwrap()), version, ..Settings::default() };
        let (projection, source, stop) = (Projection::with(settings), Source::Ledger(ledger.reader()), CancellationToken::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = App::new(projection.clone(), source.clone(), Intake::Embedded(ledger.clone()), Some(ledger.health()));
        let (folding, stopping, serving) = (projection.clone(), stop.clone(), stop.clone());
        let tasks = vec![
            tokio::spawn(async move { folding.run(source, stopping).await }),
            tokio::spawn(async move { gateway::serve(listener, app, serving.cancelled_owned()).await.unwrap() }),
        ];
        Self { address, ledger, projection, stop, tasks }
    }

    async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
        self.ledger.close().await;
    }

    async fn reach(&self, size: u64) {
        let mut progress = self.projection.watch();
        timeout(PATIENCE, progress.wait_for(|progress| progress.next.get() >= size)).await.unwrap().unwrap();
    }
}

async fn get(address: SocketAddr, path: &str) -> Answer {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    Answer::read(&mut socket).await
}

async fn submit(ledger: &Ledger, event: Vec<u8>) {
    ledger.submit("handover.announce.local".to_owned(), Vec::new(), event.into()).await.unwrap();
}

/// Asks again and again: each answer is one, and rests on no fewer records than the one before.
async fn read(address: SocketAddr, done: Arc<AtomicBool>) -> usize {
    let (mut last, mut answers) = (-1, 0);
    while !done.load(Ordering::Relaxed) {
        let answer = get(address, "/v1/totals").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let position = answer.json()["as_of"]["position"].as_i64().unwrap();
        assert!(position >= last, "an answer went back from {last} to {position}");
        (last, answers) = (position, answers + 1);
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_the_fold_takes_over_under_load_without_an_error_and_no_answer_goes_back() {
    const RECORDS: usize = 6_000;
    let dir = tempfile::tempdir().unwrap();
    let mut events = Generator::new(1).map(|generated| generated.event);
    let node = Node::start(dir.path(), 1).await;
    stream::iter(events.by_ref().take(RECORDS)).map(|event| submit(&node.ledger, event)).buffered(64).collect::<()>().await;
    node.reach(RECORDS as u64).await;
    node.stop().await;

    let node = Node::start(dir.path(), 2).await;
    node.reach(RECORDS as u64).await;
    assert_eq!(node.projection.progress().version, 1, "the other version was made before anything was asked");
    let done = Arc::new(AtomicBool::new(false));
    let reading = [tokio::spawn(read(node.address, Arc::clone(&done))), tokio::spawn(read(node.address, Arc::clone(&done)))];
    let mut progress = node.projection.watch();
    let mut recorded = RECORDS as u64;
    while progress.borrow_and_update().version == 1 {
        submit(&node.ledger, events.next().unwrap()).await;
        recorded += 1;
        let answer = get(node.address, &format!("/v1/totals?at_least={}", recorded - 1)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    submit(&node.ledger, events.next().unwrap()).await;
    node.reach(recorded + 1).await;
    done.store(true, Ordering::Relaxed);
    for reading in reading {
        assert!(timeout(PATIENCE, reading).await.unwrap().unwrap() > 1);
    }
    assert!(recorded > RECORDS as u64 + 1, "nothing was recorded while the other version was made");
    let mut book = Book::default();
    while book.next().get() < node.ledger.head().size {
        for record in node.ledger.reader().range(book.next(), 1_024).unwrap() {
            book.apply(&record).unwrap();
        }
    }
    let expected: Value = serde_json::to_value(totals(book.now(), &TotalsQuery::default())).unwrap();
    assert_eq!(get(node.address, "/v1/totals").await.json(), expected);
    let stands = get(node.address, "/v1/projections").await.json();
    assert_eq!((&stands["projections"][0]["fold_version"], &stands["projections"][0]["state"]), (&2.into(), &"following".into()), "{stands}");
    node.stop().await;
}
