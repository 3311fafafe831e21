use async_nats::{Client, jetstream};

use crate::{
    Epoch, Ledger, Part, SubmitError,
    nats::{
        EPOCH_SUBJECT, STREAM,
        continuity::{Verdict, judge, look},
    },
};

/// Why a stream isn't adopted. Nothing was changed, unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The intake runs.
    #[error("the intake runs; there is nothing to adopt")]
    Running,
    /// The intake stopped for another reason than a broken stream.
    #[error("the stream goes on where the ledger stands; the intake stopped because {0}")]
    NotBroken(String),
    /// The stream can't be read or written. Where the epoch was written, the ledger finds it at its next attempt.
    #[error("the stream can't be reached: {0}")]
    Unreachable(String),
    /// The ledger takes nothing in.
    #[error(transparent)]
    Ledger(#[from] SubmitError),
}

/// Begins an epoch: says on the stream that this ledger goes on with it as it is, and goes on. Nodes with the same records follow by themselves.
///
/// # Errors
/// See [`AdoptError`].
///
/// # Cancel safety
/// Dropped half-way, the epoch may be on the stream; it's joined at the next attempt.
pub async fn adopt(ledger: &Ledger, client: &Client) -> Result<Epoch, AdoptError> {
    let unreachable = |error: &dyn std::fmt::Display| AdoptError::Unreachable(error.to_string());
    let Part::Stopped { reason: stopped, .. } = ledger.health().borrow().intake.clone() else { return Err(AdoptError::Running) };
    let context = jetstream::new(client.clone());
    let stream = context.get_stream(STREAM).await.map_err(|error| unreachable(&error))?;
    let begun = ledger.begin_round().await?;
    let found = look(&stream, begun.checkpoint.as_ref()).await.map_err(|error| unreachable(&error))?;
    let epoch = match judge(&begun, &found) {
        Verdict::GoOn { .. } => return Err(AdoptError::NotBroken(stopped)),
        Verdict::Join(epoch) => epoch,
        Verdict::Stop { adopt_from, .. } => {
            let others = found.epoch.map_or(0, |epoch| epoch.epoch);
            let epoch = Epoch { epoch: begun.head.epoch.max(others) + 1, size: begun.head.size, root: begun.head.root, from_sequence: adopt_from };
            let body = serde_json::to_vec(&epoch).expect("an epoch is plain data");
            let published = context.publish(EPOCH_SUBJECT, body.into()).await.map_err(|error| unreachable(&error))?;
            published.await.map_err(|error| unreachable(&error))?;
            epoch
        }
    };
    tracing::warn!(epoch = epoch.epoch, from_sequence = epoch.from_sequence, "the ledger goes on with another stream");
    ledger.adopt(epoch.epoch, epoch.from_sequence).await?;
    ledger.restart_intake();
    Ok(epoch)
}
