use std::collections::BTreeMap;

use announcement::{Publisher, Receipt};
use async_nats::Client;
use tokio::sync::mpsc;

use crate::{ledger::Receipts, nats::RECEIPTS_PREFIX};

/// A message of receipts stays below this, whatever the server's limit (1 MiB unless it's set).
const MAX_BYTES: usize = 256 << 10;

/// Publishes receipts, many a message. Who misses one asks.
pub(super) async fn publish(client: Client, mut commits: mpsc::Receiver<Receipts>) {
    while let Some(receipts) = commits.recv().await {
        let mut by_publisher: BTreeMap<Publisher, Vec<Receipt>> = BTreeMap::new();
        for (publisher, receipt) in receipts {
            by_publisher.entry(publisher).or_default().push(receipt);
        }
        for (publisher, receipts) in by_publisher {
            for body in bodies(&receipts) {
                let sent = client.publish(format!("{RECEIPTS_PREFIX}.{publisher}"), body.into()).await;
                if let Err(error) = sent {
                    tracing::debug!(%error, "receipts were not sent; publishers ask for them");
                }
            }
        }
    }
}

fn bodies(receipts: &[Receipt]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let mut body: Vec<u8> = Vec::new();
    for receipt in receipts {
        let receipt = serde_json::to_vec(receipt).expect("a receipt is plain data");
        if !body.is_empty() && body.len() + receipt.len() > MAX_BYTES {
            bodies.push(std::mem::take(&mut body));
        }
        body.extend_from_slice(if body.is_empty() { b"{\"receipts\":[" } else { b"," });
        body.extend_from_slice(&receipt);
    }
    if !body.is_empty() {
        bodies.push(body);
    }
    for body in &mut bodies {
        body.extend_from_slice(b"]}");
    }
    bodies
}
