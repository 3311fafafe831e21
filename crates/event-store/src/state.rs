use announcement::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Head, merkle::Frontier};

/// What the ledger carries from one message to the next, written with each commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) format: u32,
    pub(crate) tree: Frontier,
    pub(crate) recorded: Option<Timestamp>,
    pub(crate) rules: u32,
    pub(crate) epoch: u64,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) refusals: RefusalBounds,
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

/// The version of the layout inside the store.
pub(crate) const FORMAT: u32 = 1;
/// The rules that a new ledger begins with.
pub(crate) const FIRST_RULES: u32 = 1;

impl Default for State {
    fn default() -> Self {
        Self { format: FORMAT, tree: Frontier::default(), recorded: None, rules: FIRST_RULES, epoch: 0, checkpoint: None, refusals: RefusalBounds::default() }
    }
}

impl State {
    pub(crate) fn head(&self) -> Head {
        Head {
            size: self.tree.size(),
            root: self.tree.root(),
            epoch: self.epoch,
            recorded: self.recorded,
            stream_sequence: self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence),
            rules: self.rules,
            refused: self.refusals.kept,
        }
    }
}
