//! Publishes announcements to the queue, and says what became of them.
//!
//! ```no_run
//! # async fn example(event: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use producer::{Options, Outgoing, Producer};
//!
//! let producer = Producer::connect(Options::new("nats://127.0.0.1:4222", "newsroom".parse()?)).await?;
//! let receipt = producer.publish_recorded(&Outgoing::parse(event)?, Duration::from_secs(30)).await?;
//! println!("{receipt:?}");
//! # Ok(())
//! # }
//! ```
//!
//! Invariants:
//! 1. "Recorded" is believed only when the receipt's leaf is that of the event's own bytes.
//! 2. Before an event is sent twice the ledger is asked for its receipt; the queue recognises a repeat by its `Nats-Msg-Id`, the ledger by its identity.
//! 3. Events leave in the order in which they were handed over, at most a window of them under way; one that acts on another leaves once that one's fate is known.

mod error;
mod outbox;
mod outgoing;
mod producer;
mod receipts;
mod turns;

pub use error::{ConnectError, PublishError};
pub use outbox::{AcceptError, Accepted, Limits, Listed, Outbox, OutboxError, SendError, State, Waiting, Which};
pub use outgoing::Outgoing;
pub use producer::{Options, Producer, Queued};
