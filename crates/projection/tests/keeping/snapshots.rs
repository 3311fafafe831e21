use std::{fs, time::Duration};

use announcement::Position;
use projection::Settings;

use crate::harness::{Node, Running, answers, settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_start_goes_on_from_where_the_last_stop_was() {
    let mut node = Node::new(1);
    node.record(600).await;
    let running = Running::start(node.settings(), node.source());
    running.caught_up(&node.ledger).await;
    running.stop().await;

    node.record(100).await;
    let running = Running::start(node.settings(), node.source());
    let progress = running.caught_up(&node.ledger).await;
    assert_eq!((progress.saved, progress.last_error), (Some(Position::new(600)), None));
    assert_eq!(running.answers(), answers(node.folded().now()));
    let status = running.projection.status(&node.source(), jiff::Timestamp::now()).await;
    assert_eq!(
        (status.len(), status[0].position, status[0].snapshot, status[0].lag),
        (projection::MODELS.len(), Some(Position::new(699)), Some(Position::new(599)), 0)
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_taken_after_so_many_records_and_after_some_time() {
    let mut node = Node::new(1);
    let long = Duration::from_secs(3_600);
    let running = Running::start(Settings { every_records: 50, every: long, ..node.settings() }, node.source());
    node.record(50).await;
    running.until("a snapshot of 50 records", |progress| progress.saved == Some(Position::new(50))).await;
    node.record(20).await;
    running.caught_up(&node.ledger).await;
    running.abort().await;

    let running = Running::start(Settings { every: Duration::from_millis(50), ..node.settings() }, node.source());
    let progress = running.until("a snapshot of what came last", |progress| progress.saved == Some(Position::new(70))).await;
    assert_eq!(progress.last_error, None);
    node.record(1).await;
    running.until("another one", |progress| progress.saved == Some(Position::new(71))).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_another_ledger_or_of_one_that_has_less_is_put_aside_and_everything_folded() {
    let (mut node, mut other, mut less) = (Node::new(1), Node::new(2), Node::new(1));
    node.record(300).await;
    other.record(400).await;
    less.record(200).await;
    let running = Running::start(node.settings(), node.source());
    running.caught_up(&node.ledger).await;
    running.stop().await;
    for ledger in [&other, &less] {
        let running = Running::start(settings(&node.views()), ledger.source());
        let progress = running.caught_up(&ledger.ledger).await;
        assert_eq!(progress.saved, None);
        assert!(progress.last_error.is_some_and(|error| error.contains("put aside")));
        assert_eq!(running.answers(), answers(ledger.folded().now()));
        assert!(fs::read_to_string(node.views().join("names")).unwrap().contains("aside "));
        running.abort().await;
        // The next one finds the snapshot again.
        let names = fs::read_to_string(node.views().join("names")).unwrap().replace("aside", "served");
        fs::write(node.views().join("names"), names).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_snapshot_costs_a_fold_from_the_first_record_and_no_more() {
    let mut node = Node::new(1);
    node.record(300).await;
    let running = Running::start(node.settings(), node.source());
    running.caught_up(&node.ledger).await;
    running.stop().await;
    for entry in fs::read_dir(node.views()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let db = fs::OpenOptions::new().write(true).open(entry.join("db")).unwrap();
        db.set_len(9_000).unwrap();
    }
    let running = Running::start(node.settings(), node.source());
    running.caught_up(&node.ledger).await;
    assert_eq!(running.answers(), answers(node.folded().now()));
    running.stop().await;
    let running = Running::start(node.settings(), node.source());
    assert_eq!(running.caught_up(&node.ledger).await.saved, Some(Position::new(300)));
    running.stop().await;
}
