use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Digest, Position, Problem};

/// What a publisher gets back for one message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Receipt {
    /// The event's `source`, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The event's `id`, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// SHA-256 of the message's body.
    pub digest: Digest,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Outcome {
    /// It's in the ledger, on disk.
    Recorded {
        /// Where.
        position: Position,
        /// When the queue took it in.
        #[schemars(with = "crate::Instant")]
        recorded: Timestamp,
        /// Its leaf hash.
        leaf: Digest,
    },
    /// The same content was recorded before.
    Duplicate {
        /// Where.
        position: Position,
    },
    /// It isn't in the ledger.
    Refused {
        /// Why.
        problem: Problem,
    },
}
