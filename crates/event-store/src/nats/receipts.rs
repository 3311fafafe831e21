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
        let limit = MAX_BYTES.min(client.server_info().max_payload);
        for (publisher, receipts) in by_publisher {
            for body in bodies(&receipts, limit) {
                let sent = client.publish(format!("{RECEIPTS_PREFIX}.{publisher}"), body.into()).await;
                if let Err(error) = sent {
                    tracing::debug!(%error, "receipts were not sent; publishers ask for them");
                }
            }
        }
    }
}

/// Bodies below a limit, as far as single receipts are.
fn bodies(receipts: &[Receipt], limit: usize) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let mut body: Vec<u8> = Vec::new();
    for receipt in receipts {
        let receipt = serde_json::to_vec(receipt).expect("a receipt is plain data");
        if !body.is_empty() && body.len() + receipt.len() + END.len() >= limit {
            bodies.push(std::mem::take(&mut body));
        }
        body.extend_from_slice(if body.is_empty() { b"{\"receipts\":[" } else { b"," });
        body.extend_from_slice(&receipt);
    }
    if !body.is_empty() {
        bodies.push(body);
    }
    for body in &mut bodies {
        body.extend_from_slice(END);
    }
    bodies
}

const END: &[u8] = b"]}";

#[cfg(test)]
mod tests {
    use announcement::{Digest, Fault, Outcome, Position, Problem};
    use serde_json::Value;

    use super::*;

    fn read(bodies: &[Vec<u8>]) -> Vec<Receipt> {
        let receipts = |body: &Vec<u8>| serde_json::from_slice::<Value>(body).unwrap()["receipts"].clone();
        bodies.iter().flat_map(|body| serde_json::from_value::<Vec<Receipt>>(receipts(body)).unwrap()).collect()
    }

    #[test]
    fn receipts_go_out_many_a_message_whole_in_order_and_below_the_bound() {
        let receipts: Vec<Receipt> = (0..3_000_u64)
            .map(|number| {
                let outcome = if number % 100 == 0 {
                    Outcome::Refused { problem: Problem::at(Fault::NotJson, "", "x".repeat(1_000)) }
                } else {
                    Outcome::Duplicate { position: Position::new(number) }
                };
                Receipt { source: None, id: None, digest: Digest::of(&number.to_be_bytes()), outcome }
            })
            .collect();
        let bodies = bodies(&receipts, MAX_BYTES);
        assert!(bodies.len() > 1 && bodies.len() < 10);
        assert!(bodies.iter().all(|body| body.len() < MAX_BYTES));
        assert_eq!(read(&bodies), receipts);
        assert!(super::bodies(&[], MAX_BYTES).is_empty());
    }
}
