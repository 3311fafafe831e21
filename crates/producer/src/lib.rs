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
//! With an [`Outbox`] what was published is on disk until its receipt, and goes out when the queue is there:
//!
//! ```no_run
//! # async fn example(stop: impl Future<Output = ()>) -> Result<(), Box<dyn std::error::Error>> {
//! use announcement::{Announcer, Category, Count, Draft, Exchange, Said, Transfer};
//! use producer::{Limits, Outbox, Outgoing};
//!
//! let said = Said {
//!     source: "urn:example:desk".to_owned(),
//!     id: "0199e6a2-7c1e-7b63-9a3e-5d1f0c2b4a61".parse()?,
//!     announced: "2026-01-29".parse()?,
//!     announcer: Some(Announcer::of("UA".parse()?)),
//! };
//! let bodies = Transfer::from_to("RU".parse()?, "UA".parse()?).count(Category::Bodies, Count::exact(1000).ok_or("more than a count holds")?);
//! let event = Draft::completed(said, Exchange::on("2026-01-29".parse()?), vec![bodies]).build()?;
//!
//! let outbox = Outbox::open("outbox", "newsroom".parse()?, Limits::default())?;
//! outbox.publish(&Outgoing::from(event)).await?;
//! outbox.run("nats://127.0.0.1:4222", stop, |receipt| println!("{receipt:?}")).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Invariants:
//! 1. "Recorded" is believed only when the receipt's leaf is that of the event's own bytes.
//! 2. Before an event is sent twice the ledger is asked for its receipt; the queue recognises a repeat by its `Nats-Msg-Id`, the ledger by its identity.
//! 3. Events leave in the order in which they were handed over, at most a window of them under way; one that acts on another leaves once that one's fate is known.
//! 4. What [`Outbox::publish`] returned for is on disk, and leaves it with its receipt or when somebody drops it.

mod error;
mod metrics;
mod outbox;
mod outgoing;
mod producer;
mod receipts;
mod server;
mod turns;

pub use error::{ConnectError, PublishError};
pub use metrics::Metrics;
pub use outbox::{AcceptError, Accepted, Limits, Listed, Outbox, OutboxError, SendError, State, Waiting, Which};
pub use outgoing::Outgoing;
pub use producer::{Options, Producer, Queued, Speaks};
pub use server::{SeedError, Server};
