/// Why no producer could be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server can't be reached.
    #[error("nats-server can't be reached at {url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// The server doesn't admit this user.
    #[error("nats-server at {url} doesn't admit this user: give the nkey that it lists, or have the server read its users again")]
    NotAdmitted {
        /// Where.
        url: String,
    },
    /// The server is too old: it would take what it doesn't know for done.
    #[error("nats-server {found} is too old; use 2.12 or newer")]
    Server {
        /// Its version.
        found: String,
    },
}

/// Why a publish has no receipt. What reached the queue is recognised when it's sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The queue could not be reached. Nothing of the event is known to be in it: send it again.
    #[error("the queue could not be reached: {0}")]
    NotQueued(String),
    /// The event is in the queue, and no receipt came in time. Ask for the receipt, or send it again.
    #[error("the event is in the queue, and no receipt came in time")]
    NoReceipt,
    /// This user may not publish there. Nothing of the event is in the queue.
    #[error("the server refuses the subject: {0}; ask for the permission to publish there")]
    Denied(String),
    /// A receipt says "recorded" and names another leaf than the event's own bytes give: it isn't believed.
    #[error("the receipt's leaf is not that of the event's bytes: what was recorded is something else")]
    WrongLeaf,
}
