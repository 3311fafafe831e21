//! A projection that has no ledger of its own. What answers over NATS here is the test itself: a ledger gives no record that can't be read.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use announcement::{Digest, Position, Publisher, Record};
use blackbox::NatsServer;
use event_store::{Head, RangeAnswer, RecordAnswer, RootAnswer};
use futures::StreamExt;
use generator::Chronicle;
use projection::{Book, Source, State};
use serde_json::{Value, value::RawValue};
use tempfile::TempDir;

use crate::harness::{Running, answers, settings};

fn record(position: u64, event: Vec<u8>) -> Record {
    let recorded = jiff::Timestamp::from_second(1_700_000_000 + position as i64).unwrap();
    Record { position: Position::new(position), recorded, publisher: Publisher::local(), event, removed: None }
}

/// Good records, and one in the middle that is of no kind that this version knows.
fn records(count: u64, unreadable: Option<u64>) -> Vec<Record> {
    let mut records: Vec<Record> = (0..).zip(Chronicle::new(1, count, 9)).map(|(position, generated)| record(position, generated.event)).collect();
    if let Some(position) = unreadable {
        let event = String::from_utf8(records[position as usize].event.clone()).unwrap();
        let kind = serde_json::from_str::<Value>(&event).unwrap()["type"].as_str().unwrap().to_owned();
        records[position as usize].event = event.replace(&kind, "org.handover.weather.v1").into_bytes();
    }
    records
}

fn root(size: u64) -> Digest {
    Digest::of(&size.to_be_bytes())
}

fn answer(record: &Record) -> RecordAnswer {
    RecordAnswer {
        traceparent: None,
        position: record.position,
        recorded: record.recorded,
        publisher: record.publisher.clone(),
        leaf: record.leaf(),
        event: RawValue::from_string(String::from_utf8(record.event.clone()).unwrap()).unwrap(),
        before: String::new(),
        after: String::new(),
        removed: None,
    }
}

/// Answers as a ledger node with the first so many of these records does.
async fn ledger(client: async_nats::Client, records: Vec<Record>, holds: Arc<AtomicUsize>) {
    let mut questions = client.subscribe("handover.query.*").await.unwrap();
    client.flush().await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let size = holds.load(Ordering::Relaxed);
            let asked: Value = serde_json::from_slice(&question.payload).unwrap();
            let head = Head { size: size as u64, root: root(size as u64), epoch: 0, recorded: None, stream_sequence: 0, rules: 1, refused: 0 };
            let answered = match question.subject.rsplit('.').next().unwrap() {
                "head" => serde_json::to_vec(&head),
                "root" => serde_json::to_vec(&RootAnswer { size: asked["size"].as_u64().unwrap(), root: root(asked["size"].as_u64().unwrap()) }),
                _ => {
                    let from = asked["from"].as_u64().unwrap() as usize;
                    let page = records[from.min(size)..size].iter().take(asked["limit"].as_u64().unwrap() as usize);
                    serde_json::to_vec(&RangeAnswer { head, records: page.map(answer).collect() })
                }
            };
            client.publish(question.reply.unwrap(), answered.unwrap().into()).await.unwrap();
        }
    });
}

fn folded(records: &[Record]) -> String {
    let mut book = Book::default();
    for record in records {
        book.apply(record).unwrap();
    }
    answers(book.now())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_can_not_be_read_stops_the_fold_there_and_what_it_has_is_answered() {
    let (nats, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let client = async_nats::connect(nats.url()).await.unwrap();
    let records = records(300, Some(200));
    ledger(client.clone(), records.clone(), Arc::new(AtomicUsize::new(300))).await;
    let source = Source::Nats(client);
    let running = Running::start(settings(dir.path()), source.clone());
    let progress = running.until("the stop", |progress| matches!(progress.state, State::Stopped { .. })).await;
    assert_eq!((progress.next, progress.size), (Position::new(200), 300));
    assert_eq!(running.answers(), folded(&records[..200]));
    let now = records[200].recorded + jiff::SignedDuration::from_secs(77);
    let status = running.projection.status(&source, now).await;
    assert_eq!((status[0].state, status[0].lag, status[0].age_s), ("stopped", 100, Some(77)));
    assert!(status[0].reason.as_ref().is_some_and(|reason| reason.contains("position 200 can't be read")), "{:?}", status[0]);
    running.projection.rebuild().await.unwrap();
    let progress = running.until("the rebuild to stop", |progress| progress.rebuild.as_ref().is_some_and(|rebuild| rebuild.stopped.is_some())).await;
    assert_eq!((progress.rebuild.unwrap().folded, progress.next), (200, Position::new(200)));
    running.projection.cancel_rebuild().await.unwrap();
    running.stop().await;

    let running = Running::start(settings(dir.path()), source);
    let progress = running.until("the stop", |progress| matches!(progress.state, State::Stopped { .. })).await;
    assert_eq!((progress.saved, running.answers()), (Some(Position::new(200)), folded(&records[..200])), "it's saved, and stops there again");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_behind_the_snapshot_is_waited_for_and_a_ledger_that_stays_behind_is_another_one() {
    let (nats, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let client = async_nats::connect(nats.url()).await.unwrap();
    let (records, holds) = (records(300, None), Arc::new(AtomicUsize::new(300)));
    ledger(client.clone(), records.clone(), Arc::clone(&holds)).await;
    let start = || Running::start(settings(dir.path()), Source::Nats(client.clone()));
    let running = start();
    running.until("the last record", |progress| progress.next.get() == 300).await;
    running.stop().await;

    holds.store(100, Ordering::Relaxed);
    let running = start();
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert_eq!(running.projection.progress().next.get(), 0);
    holds.store(300, Ordering::Relaxed);
    let progress = running.until("the snapshot", |progress| progress.next.get() == 300).await;
    assert_eq!((progress.saved, progress.last_error), (Some(Position::new(300)), None));
    running.stop().await;

    holds.store(100, Ordering::Relaxed);
    let running = start();
    let progress = running.until("all that there is", |progress| progress.next.get() == 100).await;
    assert!(progress.saved.is_none() && progress.last_error.is_some_and(|error| error.contains("put aside")));
    assert_eq!(running.answers(), folded(&records[..100]));
    running.stop().await;
}
