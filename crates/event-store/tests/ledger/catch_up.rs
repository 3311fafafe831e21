//! A node that the stream no longer has everything for takes over what another one has.

use std::{fs, time::Duration};

use announcement::Record;
use async_nats::{Client, jetstream};
use blackbox::{NatsServer, PATIENCE};
use event_store::{
    Health, Ledger, VerifiedBackup,
    nats::{self, CatchUpError, TrimError},
};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{
    harness::{SUBJECT, audited, event, holds, id, open, stopped},
    log::by_hand,
    node::{Node, client, publish, publish_on, the_stream},
    redaction::{OPERATOR, redaction},
};

/// Everything that a record can do to later decisions, among others.
async fn publish_all_sorts(client: &Client, first: u64) {
    publish(client, first..first + 300).await;
    publish_on(client, SUBJECT, "{").await;
    publish(client, [first + 7]).await;
    let on = |number: u64, kind: &str, target: u64, more: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{}","source":"urn:example","type":"org.handover.{kind}.v1","data":{{"announced":"2026-01-30","announcer":{{"party":"RU","office":"presidential aide"}},"target":{{"source":"urn:example","id":"{}"}},"reason":"a mistake"{more}}}}}"#,
            id(number),
            id(target)
        )
    };
    let stage = r#","replacement":{"kind":"completed","subject":"ru-ua/bodies/2026-01-30","data":{"announced":"2026-01-29","announcer":{"party":"RU","office":"presidential aide"},"exchange":{"date":"2026-01-30","part_of":"ru-ua/bodies/2026-01-28"},"transfers":[]}}"#;
    publish_on(client, SUBJECT, on(first + 100_000, "retracted", first + 3, "")).await;
    publish_on(client, SUBJECT, on(first + 100_001, "corrected", first + 4, stage)).await;
    // It targets what was retracted: refused.
    publish_on(client, SUBJECT, on(first + 100_002, "corrected", first + 3, stage)).await;
}

async fn reads_up_to(ledger: &Ledger, sequence: u64) {
    let read = timeout(PATIENCE, ledger.watch().wait_for(|head| head.stream_sequence >= sequence)).await.map(|head| drop(head.unwrap()));
    assert!(read.is_ok(), "{:?} {:?}", ledger.head(), *ledger.health().borrow());
}

async fn log_holds(client: &Client, size: u64) {
    let held = timeout(PATIENCE, async {
        let context = jetstream::new(client.clone());
        while context.get_stream(nats::LOG_STREAM).await.map_or(0, |stream| stream.cached_info().state.last_sequence) != size {
            sleep(Duration::from_millis(20)).await;
        }
    });
    held.await.unwrap();
}

/// A node that has read everything of a stream from which the beginning was taken.
async fn ahead(server: &NatsServer, dir: &TempDir, first: u64) -> Node {
    let node = Node::start(server, dir.path()).await;
    publish_all_sorts(&node.client, first).await;
    let last = the_stream(&node.client).await.cached_info().state.last_sequence;
    reads_up_to(&node.ledger, last).await;
    log_holds(&node.client, node.ledger.head().size).await;
    the_stream(&node.client).await.purge().sequence(last).await.unwrap();
    node
}

/// Both hold the same, and decide the same from now on.
async fn are_one_ledger(node: &Node, other: &Node) {
    publish_all_sorts(&node.client, 5_000).await;
    let last = the_stream(&node.client).await.cached_info().state.last_sequence;
    for node in [node, other] {
        reads_up_to(&node.ledger, last).await;
    }
    let place = |node: &Node| {
        let head = node.ledger.head();
        (head.size, head.root, head.epoch, head.stream_sequence, head.rules)
    };
    assert_eq!(place(node), place(other));
    assert_eq!(audited(&node.ledger.reader()), audited(&other.ledger.reader()));
    for node in [node, other] {
        assert_eq!(*node.ledger.health().borrow(), Health::running());
    }
}

#[tokio::test]
async fn a_new_node_takes_over_the_records_of_another_one_and_goes_on_where_it_stands() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let node = ahead(&server, &dirs[0], 0).await;
    let new = Node::start(&server, dirs[1].path()).await;
    let (reason, remedy) = stopped(&new.ledger).await;
    assert!(reason.contains("are gone, and this ledger is empty") && remedy.contains("handover ledger catch-up --from ledger"), "{reason} {remedy}");
    let done = nats::catch_up(&new.ledger, &new.client).await.unwrap();
    let head = node.ledger.head();
    assert_eq!((done.taken_over, done.head.root, done.head.stream_sequence, done.refusals_there), (302, head.root, head.stream_sequence, 2));
    assert_eq!(new.ledger.head().refused, 0, "refusals are only there");
    are_one_ledger(&node, &new).await;
    assert!(matches!(nats::catch_up(&new.ledger, &new.client).await, Err(CatchUpError::Running)));
    new.stop().await;
    let new = Node::start(&server, dirs[1].path()).await;
    publish(&node.client, 20_000..20_001).await;
    holds(&new.ledger, node.ledger.head().size.max(605)).await;
    node.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn what_was_redacted_is_taken_over_without_its_payload_and_decides_the_same() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let node = ahead(&server, &dirs[0], 0).await;
    // A claim that was retracted, the correction that names a stage, and one that nothing was done to.
    for (number, target) in [(200_000, 3), (200_001, 100_001), (200_002, 10)] {
        publish_on(&node.client, OPERATOR, redaction(number, target)).await;
    }
    holds(&node.ledger, 305).await;
    assert!(node.ledger.redactions_removed(PATIENCE).await);
    nats::renew_log(&node.ledger, &node.client).await.unwrap();
    log_holds(&node.client, 305).await;
    let stream = the_stream(&node.client).await;
    stream.purge().sequence(stream.cached_info().state.last_sequence).await.unwrap();
    let new = Node::start(&server, dirs[1].path()).await;
    stopped(&new.ledger).await;
    nats::catch_up(&new.ledger, &new.client).await.unwrap();
    assert!(new.ledger.redactions_removed(PATIENCE).await);
    assert_eq!(audited(&new.ledger.reader()).iter().filter(|record| record.removed.is_some()).count(), 3);
    are_one_ledger(&node, &new).await;
    node.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn a_node_that_was_away_too_long_takes_over_the_rest_whenever_it_is_interrupted() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let behind = Node::start(&server, dirs[1].path()).await;
    publish_all_sorts(&behind.client, 0).await;
    reads_up_to(&behind.ledger, 305).await;
    behind.stop().await;
    let node = ahead(&server, &dirs[0], 1_000).await;
    let mut interrupted = 0;
    loop {
        let behind = Node::start(&server, dirs[1].path()).await;
        let (reason, _) = stopped(&behind.ledger).await;
        let mut head = behind.ledger.watch();
        let before = behind.ledger.head();
        tokio::select! {
            biased;
            // One more chunk than before.
            () = async { drop(head.wait_for(|head| head.size > before.size).await) } => {
                interrupted += 1;
                assert_eq!(behind.ledger.head().stream_sequence, before.stream_sequence, "it reads nothing before it has everything");
                behind.stop().await;
                continue;
            }
            done = nats::catch_up(&behind.ledger, &behind.client) => assert!(done.is_ok(), "{done:?}"),
        }
        assert!(interrupted > 0 && reason.contains("604 of 604 records of another node were taken over"), "{interrupted}: {reason}");
        are_one_ledger(&node, &behind).await;
        behind.stop().await;
        break;
    }
    node.stop().await;
}

#[tokio::test]
async fn a_node_that_was_away_while_messages_in_the_middle_were_lost_names_them_and_takes_them_over() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let away = Node::start(&server, dirs[1].path()).await;
    publish(&away.client, 0..5).await;
    reads_up_to(&away.ledger, 5).await;
    away.stop().await;
    let node = Node::start(&server, dirs[0].path()).await;
    publish(&node.client, 5..10).await;
    for number in 10..14 {
        publish_on(&node.client, "handover.announce.other", event(number)).await;
    }
    publish(&node.client, 14..20).await;
    reads_up_to(&node.ledger, 20).await;
    log_holds(&node.client, 20).await;
    the_stream(&node.client).await.purge().filter("handover.announce.other").await.unwrap();
    let back = Node::start(&server, dirs[1].path()).await;
    let (reason, remedy) = stopped(&back.ledger).await;
    assert!(reason.contains("messages 11 to 14 of the stream") && remedy.contains("handover ledger catch-up --from ledger"), "{reason} {remedy}");
    assert_eq!(back.ledger.head().size, 10, "what comes before is taken in, and nothing behind");
    assert_eq!(nats::catch_up(&back.ledger, &back.client).await.unwrap().taken_over, 10);
    are_one_ledger(&node, &back).await;
    node.stop().await;
    back.stop().await;
}

#[tokio::test]
async fn what_is_not_as_the_other_node_has_it_is_not_taken_over() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let node = ahead(&server, &dirs[0], 0).await;
    let new = Node::start_without_log(&server, open(dirs[1].path()), nats::Options::default()).await.with_log();
    stopped(&new.ledger).await;
    let records = audited(&node.ledger.reader());
    let forged = Record { event: event(9_999).to_vec(), ..records[40].clone() };
    let context = jetstream::new(node.client.clone());
    // A leaf that fits its bytes, and bytes that don't fit their leaf.
    for (altered, named) in [(by_hand(&forged), "gives root"), (by_hand(&records[40]).payload(event(9_999)), "doesn't have the record at position 40")] {
        context.delete_stream(nats::LOG_STREAM).await.unwrap();
        nats::prepare(&node.client, &nats::Options::default()).await.unwrap();
        let mut altered = Some(altered);
        for record in &records {
            let message = if record.position.get() == 40 { altered.take().unwrap() } else { by_hand(record) };
            // Where the other node publishes first it's its own.
            let _ = context.send_publish("handover.log.completed", message).await.unwrap().await;
        }
        let refused = nats::catch_up(&new.ledger, &new.client).await.unwrap_err().to_string();
        assert!(refused.contains(named) && refused.contains("--from backup DIR"), "{refused}");
        assert_eq!(new.ledger.head().size, 0);
    }
    new.stop().await;
    node.stop().await;
}

#[tokio::test]
async fn nothing_is_taken_over_where_nobody_has_more_or_others_records() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let client = client(&server).await;
    nats::prepare(&client, &nats::Options::default()).await.unwrap();
    publish(&client, 0..10).await;
    the_stream(&client).await.purge().sequence(5).await.unwrap();
    let alone = Node::start(&server, dirs[0].path()).await;
    stopped(&alone.ledger).await;
    let refused = nats::catch_up(&alone.ledger, &client).await.unwrap_err();
    assert!(matches!(refused, CatchUpError::Nobody) && refused.to_string().contains("--from backup DIR"), "{refused}");
    let other = Node::start(&server, dirs[1].path()).await;
    stopped(&other.ledger).await;
    let refused = nats::catch_up(&alone.ledger, &client).await.unwrap_err();
    assert!(matches!(refused, CatchUpError::NotAhead { size: 0, own: 0, .. }), "{refused}");
    alone.stop().await;
    other.stop().await;
}

fn verified(ledger: &Ledger) -> VerifiedBackup {
    let head = ledger.head();
    VerifiedBackup {
        dir: "/backups/one".into(),
        size: head.size,
        root: head.root,
        epoch: head.epoch,
        stream_sequence: head.stream_sequence,
        verified: Timestamp::now(),
    }
}

/// Waits until a node has heard that another one has read up to here.
async fn hears(node: &Node, sequence: u64) {
    let heard = timeout(PATIENCE, async {
        while !node.ledger.heard().iter().any(|heard| heard.head.stream_sequence == sequence) {
            sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(heard.await.is_ok(), "{:?}", node.ledger.heard());
}

async fn first_sequence(client: &Client) -> u64 {
    the_stream(client).await.cached_info().state.first_sequence
}

#[tokio::test]
async fn the_stream_is_trimmed_below_what_every_node_has_read_and_a_verified_backup_holds_and_no_further() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let node = Node::start(&server, dirs[0].path()).await;
    publish(&node.client, 0..100).await;
    reads_up_to(&node.ledger, 100).await;
    let trim = |keep: u64| nats::trim(&node.ledger, &node.client, Duration::from_secs(keep));
    assert!(matches!(trim(0).await, Err(TrimError::NoBackup)));
    let other = VerifiedBackup { root: announcement::Digest::of(b"another ledger"), ..verified(&node.ledger) };
    assert!(node.ledger.note_verified(&other).unwrap_err().to_string().contains("backup of another one"));
    assert!(matches!(trim(0).await, Err(TrimError::NoBackup)));
    node.ledger.note_verified(&verified(&node.ledger)).unwrap();
    assert_eq!(trim(86_400).await.unwrap().messages, 0, "nothing is as old as that");
    // A note that isn't what was written is none: it might let go what no backup has.
    let note = dirs[0].path().join("last-verified-backup");
    let whole = fs::read(&note).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&note, damaged).unwrap();
        assert_eq!(node.ledger.verified_backup().unwrap(), None, "{at}");
    }
    fs::write(&note, whole).unwrap();

    let second = Node::start(&server, dirs[1].path()).await;
    hears(&node, 100).await;
    second.stop().await;
    publish(&node.client, 100..150).await;
    reads_up_to(&node.ledger, 150).await;
    let refused = trim(0).await.unwrap_err();
    assert!(matches!(refused, TrimError::Node { read: 100, last: 149, .. }), "the one that is away was heard just now: {refused}");
    let second = Node::start(&server, dirs[1].path()).await;
    hears(&node, 150).await;
    // Its former self counts for a minute after its last word.
    let refused = trim(0).await.unwrap_err();
    assert!(matches!(refused, TrimError::Node { read: 100, .. }), "{refused}");
    assert_eq!(first_sequence(&node.client).await, 1);

    // Another server heard only who is there.
    let refused = nats::trim(&second.ledger, &second.client, Duration::ZERO).await.unwrap_err();
    assert!(matches!(refused, TrimError::NoBackup), "the note isn't the node's: {refused}");
    second
        .ledger
        .note_verified(&VerifiedBackup {
            size: 100,
            root: second.ledger.reader().root_at(100).unwrap().unwrap(),
            stream_sequence: 100,
            ..verified(&second.ledger)
        })
        .unwrap();
    let refused = nats::trim(&second.ledger, &second.client, Duration::ZERO).await.unwrap_err();
    assert!(matches!(refused, TrimError::Backup { read: 100, last: 149, .. }) && refused.to_string().contains("/backups/one"), "{refused}");
    assert_eq!(first_sequence(&node.client).await, 1);
    second.ledger.note_verified(&verified(&second.ledger)).unwrap();
    let trimmed = nats::trim(&second.ledger, &second.client, Duration::ZERO).await.unwrap();
    assert_eq!((trimmed.first_sequence, trimmed.messages), (150, 149));
    assert_eq!(first_sequence(&node.client).await, 150);
    for node in [&node, &second] {
        node.client.force_reconnect().await.unwrap();
    }
    publish(&client(&server).await, 150..160).await;
    for node in [&node, &second] {
        holds(&node.ledger, 160).await;
        assert_eq!(*node.ledger.health().borrow(), Health::running());
    }
    node.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn only_what_is_older_than_what_is_kept_is_trimmed() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..40).await;
    sleep(Duration::from_secs(9)).await;
    publish(&node.client, 40..60).await;
    reads_up_to(&node.ledger, 60).await;
    node.ledger.note_verified(&verified(&node.ledger)).unwrap();
    let trimmed = nats::trim(&node.ledger, &node.client, Duration::from_secs(6)).await.unwrap();
    assert_eq!((trimmed.first_sequence, trimmed.messages), (41, 40));
    assert_eq!(first_sequence(&node.client).await, 41);
    node.stop().await;
}
