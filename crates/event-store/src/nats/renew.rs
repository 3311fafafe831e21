use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{self, context::CreateStreamErrorKind},
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::{Heard, Ledger, ReadError, nats::LOG_STREAM};

/// How long other nodes may take to come to where this one stands: they say so every two seconds.
const OTHERS: Duration = Duration::from_secs(6);
/// Between two looks at them.
const STEP: Duration = Duration::from_millis(200);

/// The stream of records was made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// How many messages it had.
    pub messages_before: u64,
    /// How many records it's filled with again.
    pub size: u64,
}

/// Why the stream of records isn't made anew. Nothing was changed, unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// This node still has what is to go.
    #[error("{0} redactions are recorded whose payloads this node hasn't removed yet; ask again once handover ledger status lists none")]
    Pending(usize),
    /// Another node would publish what is to go.
    #[error(
        "node {node} has {found}, and everything up to {size} records and their redactions must have come to every node that may publish {LOG_STREAM}; \
         wait for it, or stop it and ask again a minute later"
    )]
    Behind {
        /// Its name.
        node: String,
        /// What it said.
        found: String,
        /// How many records this one has.
        size: u64,
    },
    /// The server said no, or isn't there. Where the stream was removed already, the nodes make it again by themselves.
    #[error("the stream {LOG_STREAM} can't be made anew: {0}")]
    Unreachable(String),
    /// The ledger can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Makes the stream of records anew: neither a message of it can be removed nor its protection against that be taken back. The nodes fill it again out of their ledgers, which
/// have no payload of what was redacted any more. Subscribers see its sequences begin again; each message names its position.
///
/// # Errors
/// See [`RenewError`].
///
/// # Cancel safety
/// Dropped half-way, the stream may be gone; the nodes make it again.
pub async fn renew_log(ledger: &Ledger, client: &Client) -> Result<Renewed, RenewError> {
    let pending = ledger.pending_redactions()?.len();
    if pending > 0 {
        return Err(RenewError::Pending(pending));
    }
    let size = ledger.head().size;
    others_have_come(ledger, size).await?;
    let unreachable = |error: &dyn std::fmt::Display| RenewError::Unreachable(error.to_string());
    let context = jetstream::new(client.clone());
    let stream = context.get_stream(LOG_STREAM).await.map_err(|error| unreachable(&error))?;
    let (config, messages_before) = (stream.cached_info().config.clone(), stream.cached_info().state.messages);
    context.delete_stream(LOG_STREAM).await.map_err(|error| unreachable(&error))?;
    tracing::warn!(messages_before, size, "the stream of records is made anew, as an operator said");
    match context.create_stream(config).await {
        // A node that looked for it meanwhile was first.
        Err(error) if !matches!(error.kind(), CreateStreamErrorKind::JetStream(_)) => Err(unreachable(&error)),
        _ => Ok(Renewed { messages_before, size }),
    }
}

async fn others_have_come(ledger: &Ledger, size: u64) -> Result<(), RenewError> {
    let deadline = Instant::now() + OTHERS;
    loop {
        let behind = ledger.heard().into_iter().find(|heard| heard.head.size < size || heard.head.pending_redactions != Some(0));
        let Some(Heard { head, .. }) = behind else { return Ok(()) };
        if Instant::now() > deadline {
            let found = match head.pending_redactions {
                _ if head.size < size => format!("{} records", head.size),
                Some(pending) => format!("{pending} payloads to remove"),
                None => "an older program, which removes none".to_owned(),
            };
            return Err(RenewError::Behind { node: head.node, found, size });
        }
        sleep(STEP).await;
    }
}
