use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{self, context::PublishErrorKind, message::PublishMessage},
};
use tokio::time::{sleep, timeout};

use crate::{
    Epoch, Ledger, LostCheckpoint, Part, ReadError, SubmitError,
    nats::{EPOCH_SUBJECT, STREAM},
};

/// How long the ledger may take to come to the epoch that was written.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it's tried to be the one that writes next.
const ATTEMPTS: usize = 50;
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// Why no epoch begins.
#[derive(Debug, thiserror::Error)]
pub enum NewEpochError {
    /// The intake doesn't run.
    #[error("the intake doesn't run: {0}; where it stopped, handover ledger adopt-stream begins an epoch")]
    NotRunning(String),
    /// Nothing is lost.
    #[error("the ledger holds the {0} records of the checkpoint that was handed out: there is nothing to begin an epoch for")]
    Held(u64),
    /// Embedded, a ledger that has followed a stream.
    #[error("this ledger follows a stream: start handover serve with --nats, and ask again")]
    FollowsStream,
    /// The ledger takes nothing in.
    #[error(transparent)]
    Ledger(#[from] SubmitError),
    /// The stream goes on: what was lost may still come.
    #[error("the ledger hasn't read the stream to its end; ask again once it has: handover ledger catch-up --from stream")]
    NotAtTheEnd,
    /// The ledger can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The stream doesn't answer. The epoch may have been written, and begins then.
    #[error("the stream can't be reached: {0}; look at the status, and ask again")]
    Unreachable(String),
}

/// That the ledger doesn't hold the checkpoint.
pub(crate) async fn check_lost(ledger: &Ledger, lost: &LostCheckpoint) -> Result<(), NewEpochError> {
    let (reader, size) = (ledger.reader(), lost.size);
    let held = tokio::task::spawn_blocking(move || reader.root_at(size)).await.unwrap_or(Err(ReadError::State))?;
    if held == Some(lost.root) { Err(NewEpochError::Held(size)) } else { Ok(()) }
}

/// Begins an epoch for a ledger that follows a stream, is at its end, and doesn't hold a checkpoint that was handed out. Every node that has the same records joins in when it
/// comes to that place in the stream. Gives the epoch.
///
/// # Errors
/// See [`NewEpochError`].
///
/// # Cancel safety
/// Dropped half-way, the epoch may have been written, and begins then.
pub async fn new_epoch(ledger: &Ledger, client: &Client, lost: Option<&LostCheckpoint>) -> Result<u64, NewEpochError> {
    let context = jetstream::new(client.clone());
    for _ in 0..ATTEMPTS {
        match ledger.health().borrow().intake.clone() {
            Part::Running => {}
            Part::Waiting { reason } | Part::Stopped { reason, .. } => return Err(NewEpochError::NotRunning(reason)),
        }
        let head = ledger.head();
        if let Some(lost) = lost {
            check_lost(ledger, lost).await?;
            if head.epoch > lost.epoch {
                return Ok(head.epoch);
            }
        }
        let epoch = head.epoch.max(lost.map_or(0, |lost| lost.epoch)) + 1;
        let begun = Epoch { epoch, size: head.size, root: head.root, from_sequence: head.stream_sequence + 1 };
        let body = serde_json::to_vec(&begun).expect("an epoch is plain data");
        // Behind any other message it would find other records than these.
        let message = PublishMessage::build().payload(body.into()).expected_last_sequence(head.stream_sequence);
        let published = match context.send_publish(EPOCH_SUBJECT, message).await {
            Ok(acknowledgement) => acknowledgement.await,
            Err(error) => Err(error),
        };
        match published {
            Ok(_) => {
                tracing::warn!(epoch, size = head.size, "an epoch begins: the ledger doesn't hold what was handed out");
                let begun = timeout(PATIENCE, async { drop(ledger.watch().wait_for(|head| head.epoch >= epoch).await) }).await;
                return begun.map(|()| epoch).map_err(|_| NewEpochError::Unreachable(format!("the epoch was written to {STREAM}, and didn't come")));
            }
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => sleep(PAUSE).await,
            Err(error) => return Err(NewEpochError::Unreachable(error.to_string())),
        }
    }
    Err(NewEpochError::NotAtTheEnd)
}
