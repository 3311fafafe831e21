//! Nodes that hold what they have against each other's.

use std::{path::Path, time::Duration};

use announcement::Digest;
use async_nats::Client;
use blackbox::{NatsServer, PATIENCE};
use event_store::{Health, Ledger, Part, Ready, RootAnswer, nats};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{
    harness::{audited, event, holds, id, local, open, stopped},
    node::{Node, client, publish, the_stream},
};

/// Adds a record that no message of the stream made, as a node with other code or a faulty machine would.
async fn go_astray(ledger: &Ledger, number: u64) {
    let astray = Ready { publisher: local(), source: "urn:astray".to_owned(), id: id(number), key: None, event: event(number) };
    ledger.append(vec![astray]).await.unwrap();
}

async fn heard(ledger: &Ledger, what: impl Fn(&event_store::Heard) -> bool) {
    let heard = timeout(PATIENCE, async {
        while !ledger.heard().iter().any(&what) {
            sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(heard.await.is_ok(), "{:?}", ledger.heard());
}

async fn node_that_went_astray(server: &NatsServer, client: &Client, dir: &Path) -> Node {
    let ledger = open(dir);
    let node = Node::start_without_log(server, ledger, nats::Options::default()).await;
    publish(client, 0..300).await;
    holds(&node.ledger, 300).await;
    go_astray(&node.ledger, 9_999).await;
    publish(client, 300..800).await;
    holds(&node.ledger, 801).await;
    node
}

#[tokio::test]
async fn nodes_that_differ_both_stop_and_name_the_first_position_where_they_do() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let client = client(&server).await;
    nats::prepare(&client, &nats::Options::default()).await.unwrap();
    let astray = node_that_went_astray(&server, &client, dirs[0].path()).await;
    let node = Node::start(&server, dirs[1].path()).await;
    holds(&node.ledger, 800).await;
    // Only then does the first one say where it stands.
    let astray = astray.with_log();
    for node in [&astray, &node] {
        let (reason, remedy) = stopped(&node.ledger).await;
        assert!(reason.contains("another record at position 300 than this ledger") && !reason.contains("damaged"), "{reason}");
        assert!(remedy.contains("handover verify") && remedy.contains("data folder"), "{remedy}");
    }
    publish(&client, 800..810).await;
    assert_eq!((astray.ledger.head().size, node.ledger.head().size), (801, 800), "neither takes anything in");
    assert_eq!(audited(&node.ledger.reader()).len(), 800, "both are read");
    node.stop().await;
    astray.stop().await;
}

#[tokio::test]
async fn a_node_that_differs_from_the_stream_of_records_is_told_the_first_position_when_it_comes_back() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let client = client(&server).await;
    nats::prepare(&client, &nats::Options::default()).await.unwrap();
    let astray = node_that_went_astray(&server, &client, dirs[0].path()).await;
    let node = Node::start(&server, dirs[1].path()).await;
    let log = async_nats::jetstream::new(client.clone());
    let complete = timeout(PATIENCE, async {
        while log.get_stream(nats::LOG_STREAM).await.unwrap().cached_info().state.last_sequence < 800 {
            sleep(Duration::from_millis(20)).await;
        }
    });
    complete.await.unwrap();
    node.stop().await;
    let astray = astray.with_log();
    let (reason, _) = stopped(&astray.ledger).await;
    assert!(reason.contains("the stream LEDGER holds another record at position 300"), "{reason}");
    astray.stop().await;
}

#[tokio::test]
async fn nodes_that_agree_hear_each_other_and_a_false_word_stops_nobody() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let (node, second) = (Node::start(&server, dirs[0].path()).await, Node::start(&server, dirs[1].path()).await);
    publish(&node.client, 0..600).await;
    for node in [&node, &second] {
        holds(&node.ledger, 600).await;
    }
    let said = |size: u64| move |heard: &event_store::Heard| heard.head.size == size;
    heard(&node.ledger, said(600)).await;
    heard(&second.ledger, said(600)).await;
    let other = second.ledger.heard().remove(0).head;
    assert_eq!((other.root, other.stream_sequence, other.epoch), (node.ledger.head().root, 600, 0));
    for size in [0, 1, 255, 256, 257, 600] {
        let asked = node.client.request(format!("handover.query.{}.root", other.node), json!({"size": size}).to_string().into()).await.unwrap();
        let answer: RootAnswer = serde_json::from_slice(&asked.payload).unwrap();
        let mut tree = event_store::Frontier::default();
        for record in audited(&second.ledger.reader()).iter().take(size) {
            tree.append(record.leaf());
        }
        assert_eq!(answer, RootAnswer { size: size as u64, root: tree.root() });
    }

    let false_word = |name: &str| json!({"node": name, "size": 500, "root": Digest::of(b"false"), "epoch": 0, "stream_sequence": 500}).to_string();
    node.client.publish(format!("handover.nodes.{}", other.node), false_word(&other.node).into()).await.unwrap();
    node.client.publish("handover.nodes.nobody", false_word("nobody").into()).await.unwrap();
    node.client.publish("handover.nodes.nobody", false_word(&other.node).into()).await.unwrap();
    node.client.publish("handover.nodes.nobody", "{".into()).await.unwrap();
    publish(&node.client, 600..700).await;
    for node in [&node, &second] {
        heard(&node.ledger, said(700)).await;
        assert_eq!(*node.ledger.health().borrow(), Health::running());
    }
    node.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_new_node_reads_the_stream_from_its_beginning_and_names_what_is_missing_where_it_was_trimmed() {
    let (server, dirs) = (NatsServer::start(), [TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let node = Node::start(&server, dirs[0].path()).await;
    publish(&node.client, 0..50).await;
    holds(&node.ledger, 50).await;
    let second = Node::start(&server, dirs[1].path()).await;
    holds(&second.ledger, 50).await;
    assert_eq!(second.ledger.head(), node.ledger.head());
    the_stream(&node.client).await.purge().sequence(31).await.unwrap();
    let third = Node::start(&server, dirs[2].path()).await;
    let (reason, remedy) = stopped(&third.ledger).await;
    assert!(reason.contains("messages 1 to 30 of the stream ANNOUNCEMENTS are gone, and this ledger is empty"), "{reason}");
    assert!(remedy.contains("copy of another node's data folder"), "{remedy}");
    assert_eq!((third.ledger.head().size, &node.ledger.health().borrow().intake), (0, &Part::Running));
    for node in [node, second, third] {
        node.stop().await;
    }
}
