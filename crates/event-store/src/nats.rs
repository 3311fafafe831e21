//! The NATS side: the stream that announcements come on, the intake, receipts and questions.

mod adopt;
mod continuity;
mod intake;
mod queries;
mod receipts;
mod stream;

use async_nats::{Client, jetstream};
use tokio_util::sync::CancellationToken;

use crate::Ledger;

pub use adopt::{AdoptError, adopt};
pub use queries::{RangeAnswer, RecordAnswer};
pub use stream::{Options, QUERY_PREFIX, RECEIPTS_PREFIX, STREAM, SUBJECTS, StreamError};

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

/// Creates or checks the stream.
///
/// # Errors
/// See [`StreamError`]; nothing is changed where a stream exists that's set otherwise.
pub async fn prepare(client: &Client, options: &Options) -> Result<(), StreamError> {
    stream::ensure(client, options).await.map(drop)
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
    stream::ensure(&client, &options).await?;
    let receipts = ledger.take_receipts().ok_or(NatsError::Running)?;
    let context = jetstream::new(client.clone());
    let taking = async {
        tokio::join!(intake::run(&ledger, &client, &context, &options), receipts::publish(client.clone(), receipts));
        std::future::pending().await
    };
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        ended = queries::answer(client.clone(), ledger.reader()) => ended,
        () = taking => Ok(()),
    }
}
