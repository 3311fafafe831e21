use announcement::Digest;
use durable::FrameHead;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use transparency::Frontier;

use crate::{Head, OpenError, ReadError, rules::Rules};

/// What the ledger carries from one message to the next, written with each commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) format: u32,
    /// How many records a volume has.
    pub(crate) volume_records: u64,
    pub(crate) tree: Frontier,
    pub(crate) recorded: Option<Timestamp>,
    pub(crate) rules: Rules,
    pub(crate) epoch: u64,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) refusals: RefusalBounds,
    /// What the ledger has to become before it reads the stream; none but while it takes records over from another node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) goal: Option<Goal>,
}

/// Where the node stands whose records are taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Goal {
    pub(crate) size: u64,
    pub(crate) root: Digest,
    pub(crate) epoch: u64,
    pub(crate) checkpoint: Checkpoint,
}

/// The last message of the stream that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) sequence: u64,
    /// The message's time and digest; none right after another stream was adopted.
    pub(crate) message: Option<Seen>,
}

/// What recognises a message of the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) time: Timestamp,
    pub(crate) digest: Digest,
}

/// Which refusals are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefusalBounds {
    pub(crate) oldest: u64,
    pub(crate) next: u64,
    pub(crate) kept: u64,
    pub(crate) bytes: u64,
}

/// How many records a volume has unless it's made otherwise: what a power cut can touch, and what is read at opening, stays below 200 MB.
pub(crate) const VOLUME_RECORDS: u64 = 1 << 18;

/// The version of the layout inside the store.
pub(crate) const FORMAT: u32 = 2;

impl Default for State {
    fn default() -> Self {
        Self {
            format: FORMAT,
            volume_records: VOLUME_RECORDS,
            tree: Frontier::default(),
            recorded: None,
            rules: Rules::FIRST,
            epoch: 0,
            checkpoint: None,
            refusals: RefusalBounds::default(),
            goal: None,
        }
    }
}

impl State {
    /// Reads it, after a look at which program wrote it.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, OpenError> {
        #[derive(Deserialize)]
        struct Versions {
            format: u32,
            rules: u32,
        }
        let Versions { format, rules } = serde_json::from_slice(bytes).map_err(|_| ReadError::State)?;
        if format != FORMAT {
            return Err(OpenError::Format { found: format, expected: FORMAT });
        }
        Rules::try_from(rules).map_err(|_| OpenError::Rules { found: rules })?;
        Ok(serde_json::from_slice(bytes).map_err(|_| ReadError::State)?)
    }

    /// The head of a frame that brings the ledger from a position to this state.
    pub(crate) fn frame_from(&self, first_position: u64) -> FrameHead {
        FrameHead {
            first_position,
            size: self.tree.size(),
            root: *self.tree.root().as_bytes(),
            stream_sequence: self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence),
        }
    }

    pub(crate) fn head(&self) -> Head {
        Head {
            size: self.tree.size(),
            root: self.tree.root(),
            epoch: self.epoch,
            recorded: self.recorded,
            stream_sequence: self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence),
            rules: self.rules.into(),
            refused: self.refusals.kept,
        }
    }
}
