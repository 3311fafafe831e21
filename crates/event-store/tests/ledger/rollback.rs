//! Streams that lack something, were rolled back, or made anew.

use blackbox::{NatsServer, PATIENCE};
use std::{fs, path::Path, process::Command};

use async_nats::jetstream;
use event_store::{LostCheckpoint, Part, nats};
use tempfile::TempDir;

use crate::{
    harness::{SUBJECT, audited, event, holds, stopped},
    node::{Node, client, publish, publish_on, the_stream},
};

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// Waits until the intake runs.
async fn runs(node: &Node) {
    let mut health = node.ledger.health();
    let running = tokio::time::timeout(PATIENCE, health.wait_for(|health| health.intake == Part::Running)).await;
    assert!(running.is_ok(), "{:?}", *node.ledger.health().borrow());
}

#[tokio::test]
async fn a_gap_stops_the_intake_and_names_what_is_missing_and_an_operator_may_go_on_without_it() {
    let server = NatsServer::start();
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let client = client(&server).await;
    nats::prepare(&client, &nats::Options::default()).await.unwrap();
    publish(&client, 0..5).await;
    for number in 5..9 {
        publish_on(&client, "handover.announce.other", event(number)).await;
    }
    publish(&client, 9..20).await;
    the_stream(&client).await.purge().filter("handover.announce.other").await.unwrap();

    let node = Node::start(&server, one.path()).await;
    let (reason, remedy) = stopped(&node.ledger).await;
    assert!(reason.contains("messages 6 to 9 of the stream") && remedy.contains("handover ledger adopt-stream"), "{reason} {remedy}");
    holds(&node.ledger, 5).await;
    assert_eq!(audited(&node.ledger.reader()).len(), 5, "reading goes on");

    let epoch = nats::adopt(&node.ledger, &node.client).await.unwrap();
    assert_eq!((epoch.epoch, epoch.size, epoch.from_sequence), (1, 5, 10));
    holds(&node.ledger, 16).await;
    // Another node with the same records needs no operator, and one that starts from nothing gets there too.
    let second = Node::start(&server, other.path()).await;
    holds(&second.ledger, 16).await;
    publish(&client, 20..30).await;
    for node in [&node, &second] {
        holds(&node.ledger, 26).await;
    }
    assert_eq!((node.ledger.head(), node.ledger.head().epoch), (second.ledger.head(), 1));
    node.stop().await;
    let node = Node::start(&server, one.path()).await;
    publish(&client, 30..31).await;
    holds(&node.ledger, 27).await;
    node.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_stream_that_was_made_anew_is_not_read_on_even_when_it_is_longer() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..10).await;
    holds(&node.ledger, 10).await;
    let client = node.client.clone();
    node.stop().await;
    jetstream::new(client.clone()).delete_stream(nats::STREAM).await.unwrap();
    nats::prepare(&client, &nats::Options::default()).await.unwrap();
    publish(&client, 5..25).await;

    let node = Node::start(&server, dir.path()).await;
    let (reason, _) = stopped(&node.ledger).await;
    assert!(reason.contains("message 10") && reason.contains("isn't the one that the ledger read"), "{reason}");
    assert_eq!(node.ledger.head().size, 10);
    let epoch = nats::adopt(&node.ledger, &node.client).await.unwrap();
    assert_eq!((epoch.size, epoch.from_sequence), (10, 1));
    holds(&node.ledger, 25).await;
    assert_eq!(audited(&node.ledger.reader()).len(), 25, "what had been recorded is recognised");
    node.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_deleted_and_made_anew_under_a_running_node_stops_it() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..10).await;
    holds(&node.ledger, 10).await;
    jetstream::new(node.client.clone()).delete_stream(nats::STREAM).await.unwrap();
    nats::prepare(&node.client, &nats::Options::default()).await.unwrap();
    publish(&node.client, 10..13).await;
    let (reason, _) = stopped(&node.ledger).await;
    assert!(reason.contains("ends at message 3, before the ledger's checkpoint 10"), "{reason}");
    node.stop().await;
}

#[tokio::test]
async fn a_server_that_was_restored_from_an_older_copy_is_found_out() {
    let (mut server, dir, copies) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..10).await;
    holds(&node.ledger, 10).await;
    server.stop();
    copy(&server.store(), &copies.path().join("older"));
    server.restart();
    runs(&node).await;
    publish(&client(&server).await, 10..20).await;
    holds(&node.ledger, 20).await;
    server.stop();
    fs::remove_dir_all(server.store()).unwrap();
    copy(&copies.path().join("older"), &server.store());
    server.restart();
    let (reason, _) = stopped(&node.ledger).await;
    assert!(reason.contains("ends at message 10, before the ledger's checkpoint 20"), "{reason}");
    let client = client(&server).await;
    nats::adopt(&node.ledger, &client).await.unwrap();
    publish(&client, 20..25).await;
    holds(&node.ledger, 25).await;
    assert_eq!(audited(&node.ledger.reader()).len(), 25);
    node.stop().await;
}

#[tokio::test]
async fn trimming_below_the_checkpoint_is_no_rollback() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..10).await;
    holds(&node.ledger, 10).await;
    let client = node.client.clone();
    node.stop().await;
    the_stream(&client).await.purge().sequence(10).await.unwrap();
    assert_eq!(the_stream(&client).await.cached_info().state.first_sequence, 10);
    let node = Node::start(&server, dir.path()).await;
    publish(&client, 10..15).await;
    holds(&node.ledger, 15).await;
    assert_eq!(node.ledger.health().borrow().intake, Part::Running);
    node.stop().await;
    // The checkpoint's own message is what a stream is recognised by.
    the_stream(&client).await.purge().await.unwrap();
    let node = Node::start(&server, dir.path()).await;
    let (reason, remedy) = stopped(&node.ledger).await;
    assert!(reason.contains("trimmed up to message 15") && remedy.contains("adopt-stream"), "{reason} {remedy}");
    nats::adopt(&node.ledger, &node.client).await.unwrap();
    publish(&client, 15..16).await;
    holds(&node.ledger, 16).await;
    node.stop().await;
}

#[tokio::test]
async fn a_ledger_that_is_not_as_far_as_the_one_that_began_an_epoch_stops_and_names_the_way() {
    let server = NatsServer::start();
    let (one, other, third) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (node, second) = (Node::start(&server, one.path()).await, Node::start(&server, other.path()).await);
    publish(&node.client, 0..10).await;
    holds(&node.ledger, 10).await;
    holds(&second.ledger, 10).await;
    second.stop().await;
    publish(&node.client, 10..12).await;
    holds(&node.ledger, 12).await;
    jetstream::new(node.client.clone()).delete_stream(nats::STREAM).await.unwrap();
    nats::prepare(&node.client, &nats::Options::default()).await.unwrap();
    stopped(&node.ledger).await;
    nats::adopt(&node.ledger, &node.client).await.unwrap();
    publish(&node.client, 12..15).await;
    holds(&node.ledger, 15).await;
    for dir in [&other, &third] {
        let behind = Node::start(&server, dir.path()).await;
        let (reason, remedy) = stopped(&behind.ledger).await;
        assert!(reason.contains("epoch 1 was begun by a ledger of 12 records") && remedy.contains("copy of the data folder"), "{reason} {remedy}");
        assert!(behind.ledger.head().size <= 10);
        behind.stop().await;
    }
    node.stop().await;
}

#[tokio::test]
async fn a_node_whose_setting_was_changed_meanwhile_stops() {
    let (server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..3).await;
    holds(&node.ledger, 3).await;
    let made = the_stream(&node.client).await.cached_info().config.clone();
    let context = jetstream::new(node.client.clone());
    context.update_stream(jetstream::stream::Config { max_messages: 2, discard: jetstream::stream::DiscardPolicy::Old, ..made }).await.unwrap();
    publish_on(&node.client, SUBJECT, event(3)).await;
    node.client.force_reconnect().await.unwrap();
    let (reason, _) = stopped(&node.ledger).await;
    assert!(reason.contains("discard Old"), "{reason}");
    node.stop().await;
}

#[tokio::test]
async fn nodes_that_were_restored_below_a_checkpoint_that_was_handed_out_begin_an_epoch_together() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let (node, second) = (Node::start(&server, dirs[0].path()).await, Node::start(&server, dirs[1].path()).await);
    publish(&node.client, 0..10).await;
    for node in [&node, &second] {
        holds(&node.ledger, 10).await;
    }
    let root = node.ledger.head().root;
    let held = LostCheckpoint { size: 10, root, epoch: 0 };
    assert!(matches!(nats::new_epoch(&node.ledger, &node.client, Some(&held)).await, Err(nats::NewEpochError::Held(10))));
    let lost = LostCheckpoint { size: 14, root, epoch: 0 };
    // Others publish meanwhile: the epoch begins behind none that it doesn't know.
    let (epoch, ()) = tokio::join!(nats::new_epoch(&node.ledger, &node.client, Some(&lost)), publish(&second.client, 10..40));
    assert_eq!(epoch.unwrap(), 1);
    for node in [&node, &second] {
        holds(&node.ledger, 40).await;
        node.ledger.watch().wait_for(|head| head.epoch == 1).await.map(drop).unwrap();
        assert_eq!(node.ledger.health().borrow().intake, Part::Running);
    }
    assert_eq!(nats::new_epoch(&node.ledger, &node.client, Some(&lost)).await.unwrap(), 1, "asked again it's the same");
    node.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_server_that_came_back_empty_is_named_and_made_again_at_the_next_start() {
    let (mut server, dir) = (NatsServer::start(), TempDir::new().unwrap());
    let node = Node::start(&server, dir.path()).await;
    publish(&node.client, 0..10).await;
    holds(&node.ledger, 10).await;
    server.lose_store();
    server.restart();
    let mut health = node.ledger.health();
    let absent = |health: &event_store::Health| matches!(&health.intake, Part::Waiting { reason } if reason.contains("has no stream ANNOUNCEMENTS") && reason.contains("handover serve"));
    let named = tokio::time::timeout(PATIENCE, health.wait_for(absent)).await.map(drop);
    assert!(named.is_ok(), "{:?}", *node.ledger.health().borrow());
    node.stop().await;
    let node = Node::start(&server, dir.path()).await;
    let (reason, remedy) = stopped(&node.ledger).await;
    assert!(reason.contains("ends at message 0, before the ledger's checkpoint 10") && remedy.contains("adopt-stream"), "{reason} {remedy}");
    nats::adopt(&node.ledger, &node.client).await.unwrap();
    publish(&node.client, 5..15).await;
    holds(&node.ledger, 15).await;
    assert_eq!(audited(&node.ledger.reader()).len(), 15);
    node.stop().await;
}
