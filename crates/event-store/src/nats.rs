//! The NATS side: the stream that announcements come on, the intake, receipts and questions.

mod adopt;
mod agree;
mod announcements;
mod catch_up;
mod compare;
mod continuity;
mod examine;
mod intake;
mod level;
mod log;
mod log_tail;
mod new_epoch;
mod publish_log;
mod queries;
mod receipts;
mod renew;
mod stream;
mod tail;
mod trim;

use std::time::Duration;

use announcement::Digest;
use async_nats::{Client, jetstream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Ledger;

pub use adopt::{AdoptError, adopt};
pub use announcements::{STREAM, SUBJECTS};
pub use catch_up::{CatchUpError, CaughtUp, catch_up};
pub use examine::{Examined, StreamLevel, examine};
pub(crate) use level::{KNOWN_FOR, Level, Levels};
pub use log::{LEAF_HEADER, LOG_STREAM, LOG_SUBJECTS, POSITION_HEADER, PUBLISHER_HEADER, RECORDED_HEADER, REDACTED_HEADER};
pub use log_tail::{LogError, LogTail};
pub(crate) use new_epoch::check_lost;
pub use new_epoch::{NewEpochError, new_epoch};
pub use queries::{RangeAnswer, RecordAnswer, RootAnswer, head};
pub use renew::{RenewError, Renewed, renew_log};
pub use stream::{Options, StreamError};
pub use trim::{TrimError, Trimmed, trim};

/// Questions to a ledger; not a subject of any stream, or they would be stored.
pub const QUERY_PREFIX: &str = "handover.query";
/// Receipts, by publisher; not a subject of any stream.
pub const RECEIPTS_PREFIX: &str = "handover.receipts";
/// Where ledger nodes say where they stand, by node; not a subject of any stream.
pub const NODES_PREFIX: &str = "handover.nodes";

/// Why the NATS side ended.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// The stream isn't as it must be.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A question's subject can't be served.
    #[error("the questions can't be served: {0}")]
    Service(String),
    /// The receipts' end was taken before.
    #[error("the ledger follows a stream already")]
    Running,
}

/// Creates or checks both streams; waits a while for a cluster that's electing a leader.
///
/// # Errors
/// See [`StreamError`]; nothing is changed where a stream exists that's set otherwise.
pub async fn prepare(client: &Client, options: &Options) -> Result<(), StreamError> {
    stream::prepare(client, &announcements::wanted(options)).await?;
    stream::prepare(client, &log::wanted(options)).await?;
    Ok(())
}

/// Where a ledger says that it goes on with another stream.
pub(crate) const EPOCH_SUBJECT: &str = "handover.operate.epoch";

/// Takes the stream's messages in from the checkpoint on, publishes receipts and answers questions, until `stop`.
///
/// What stops the intake alone (a gap, a rollback, unknown rules, a failed write) shows in the ledger's health; questions are answered all the same.
///
/// # Errors
/// See [`NatsError`]. What was recorded stays.
pub async fn run(ledger: Ledger, client: Client, options: Options, stop: CancellationToken) -> Result<(), NatsError> {
    stream::prepare(&client, &announcements::wanted(&options)).await?;
    let receipts = ledger.take_receipts().ok_or(NatsError::Running)?;
    let context = jetstream::new(client.clone());
    let taking = async {
        tokio::join!(intake::run(&ledger, &client, &context, &options), receipts::publish(client.clone(), receipts));
        std::future::pending().await
    };
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        ended = queries::answer(client.clone(), ledger.reader(), ledger.nodes().name()) => ended,
        () = taking => Ok(()),
    }
}

/// Keeps the stream of records up with the ledger, in turns with other nodes, and holds it and what other nodes say of theirs against this ledger, until `stop`.
///
/// Beside [`run`], as a task of its own. A difference stops the intake, with the first position where it lies; the ledger is never altered. What ails the stream of
/// records otherwise shows in the ledger's health, and stops nothing.
///
/// # Errors
/// See [`StreamError`].
pub async fn run_log(ledger: Ledger, client: Client, options: Options, stop: CancellationToken) -> Result<(), StreamError> {
    let wanted = log::wanted(&options);
    stream::prepare(&client, &wanted).await?;
    let (comparing, compared) = watch::channel(None);
    let jitter = jitter(ledger.nodes().name());
    let working = async {
        tokio::join!(
            compare::run(&ledger, &client, &wanted, comparing),
            publish_log::run(&ledger, &client, jitter, compared),
            agree::run(&ledger, &client),
            level::run(&ledger, &client)
        );
        std::future::pending().await
    };
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        () = working => Ok(()),
    }
}

/// Below a second; another for each node, so that not all of them begin to publish at once.
fn jitter(node: &str) -> Duration {
    let [high, low, ..] = *Digest::of(node.as_bytes()).as_bytes();
    Duration::from_millis(u64::from(u16::from_be_bytes([high, low])) % 1_000)
}
