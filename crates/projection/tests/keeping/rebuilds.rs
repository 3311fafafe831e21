use announcement::Position;
use projection::{Cause, OrderError, Rebuilt, Settings};

use crate::harness::{Node, Running, answers};

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_folds_everything_compares_and_takes_the_place_of_what_was_answered_from() {
    let mut node = Node::new(1);
    node.record(3_000).await;
    let running = Running::start(node.settings(), node.source());
    running.caught_up(&node.ledger).await;
    assert_eq!(running.projection.cancel_rebuild().await, Err(OrderError::NoRebuild));
    running.projection.rebuild().await.unwrap();
    let progress = running.until("the rebuild", |progress| progress.rebuilt.is_some()).await;
    assert_eq!((progress.rebuilt, progress.rebuild), (Some(Rebuilt { records: 3_000, differs: None }), None));
    assert_eq!(running.answers(), answers(node.folded().now()));
    node.record(10).await;
    running.caught_up(&node.ledger).await;
    running.stop().await;
    let running = Running::start(node.settings(), node.source());
    assert_eq!(running.caught_up(&node.ledger).await.saved, Some(Position::new(3_010)));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_goes_on_after_a_start_and_can_be_cancelled() {
    let mut node = Node::new(1);
    node.record(20_000).await;
    let running = Running::start(node.settings(), node.source());
    running.caught_up(&node.ledger).await;
    running.projection.rebuild().await.unwrap();
    assert_eq!(running.projection.rebuild().await, Err(OrderError::UnderWay));
    running.until("some records", |progress| progress.rebuild.as_ref().is_some_and(|rebuild| rebuild.folded > 2_000)).await;
    running.stop().await;

    let running = Running::start(node.settings(), node.source());
    let resumed = running.until("the rebuild to go on", |progress| progress.rebuild.is_some()).await.rebuild.unwrap();
    assert!(resumed.folded > 2_000 && resumed.cause == Cause::Asked, "{resumed:?}");
    running.projection.cancel_rebuild().await.unwrap();
    let progress = running.projection.progress();
    assert_eq!((progress.rebuild, progress.rebuilt, progress.next), (None, None, Position::new(20_000)));
    running.stop().await;

    let running = Running::start(node.settings(), node.source());
    assert_eq!(running.caught_up(&node.ledger).await.rebuild, None, "it was cancelled");
    running.projection.rebuild().await.unwrap();
    let progress = running.until("the rebuild", |progress| progress.rebuilt.is_some()).await;
    assert_eq!(progress.rebuilt, Some(Rebuilt { records: 20_000, differs: None }));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_the_fold_is_made_beside_and_takes_the_place_of_the_one_before() {
    let mut node = Node::new(1);
    node.record(20_000).await;
    let of_version = |version| Settings { version, ..node.settings() };
    let running = Running::start(of_version(1), node.source());
    running.caught_up(&node.ledger).await;
    running.stop().await;

    let expected = answers(node.folded().now());
    let running = Running::start(of_version(2), node.source());
    let progress = running.until("both", |progress| progress.rebuild.is_some()).await;
    assert_eq!((progress.next, progress.version, progress.saved), (Position::new(20_000), 1, Some(Position::new(20_000))), "what was there is answered from");
    assert_eq!(running.projection.cancel_rebuild().await, Err(OrderError::Needed));
    assert_eq!(running.answers(), expected);
    running.until("some records", |progress| progress.rebuild.as_ref().is_none_or(|rebuild| rebuild.folded > 1_000)).await;
    running.abort().await;

    // A third version begins anew, whatever the second had.
    let running = Running::start(of_version(3), node.source());
    let progress = running.until("the third version", |progress| progress.rebuilt.is_some()).await;
    assert_eq!((progress.version, progress.rebuild, progress.rebuilt), (3, None, Some(Rebuilt { records: 20_000, differs: None })));
    assert_eq!(running.answers(), expected);
    running.stop().await;
    let running = Running::start(of_version(3), node.source());
    let progress = running.caught_up(&node.ledger).await;
    assert_eq!((progress.version, progress.saved, progress.rebuild), (3, Some(Position::new(20_000)), None));
    running.stop().await;
}
