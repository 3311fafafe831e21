use announcement::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Epoch;

/// Where a ledger stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many records it holds; the next one gets this position.
    pub size: u64,
    /// The root of their Merkle tree.
    pub root: Digest,
    /// How often the ledger has moved to another stream, or was restored without what it had handed out.
    pub epoch: u64,
    /// When the last record was taken in.
    pub recorded: Option<Timestamp>,
    /// Up to where the stream has been read; 0 where none was.
    pub stream_sequence: u64,
    /// The version of the rules that holds.
    pub rules: u32,
    /// How many messages were refused and are kept.
    pub refused: u64,
}

impl Head {
    /// Why an epoch isn't the beginning of one for this ledger: it was begun by one with other records.
    pub(crate) fn differs_from(&self, epoch: &Epoch) -> Option<String> {
        ((epoch.size, epoch.root) != (self.size, self.root)).then(|| {
            format!(
                "epoch {} was begun by a ledger of {} records with root {}, and this one has {} with root {}",
                epoch.epoch, epoch.size, epoch.root, self.size, self.root
            )
        })
    }
}

/// Whether the ledger takes records in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The writer.
    pub writer: Part,
    /// The intake from the stream; embedded it always runs.
    pub intake: Part,
    /// Whether the stream of records is kept up; embedded there is none. The ledger goes on without.
    pub log: Part,
}

/// The state of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Part {
    /// It works.
    Running,
    /// It waits for something that may come back by itself.
    Waiting {
        /// What it waits for.
        reason: String,
    },
    /// It stopped, and an operator must act.
    Stopped {
        /// Why, in a word.
        #[serde(default)]
        cause: Cause,
        /// Why.
        reason: String,
        /// What to do.
        remedy: String,
    },
}

/// Why a part stopped, in a word: for whoever counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The ledger can't be written, or not read.
    #[default]
    Disk,
    /// The stream doesn't go on from the checkpoint: a gap, a rollback, another epoch.
    Stream,
    /// A stream's settings aren't those that it must have.
    Settings,
    /// The stream goes on by rules that this program doesn't know.
    Rules,
    /// A message is from the future by this machine's clock.
    Clock,
    /// Another node, or the stream of records, holds other records.
    Roots,
    /// The stream of records lacks some.
    Lacks,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Disk, Self::Stream, Self::Settings, Self::Rules, Self::Clock, Self::Roots, Self::Lacks];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::Stream => "stream",
            Self::Settings => "settings",
            Self::Rules => "rules",
            Self::Clock => "clock",
            Self::Roots => "roots",
            Self::Lacks => "lacks",
        }
    }
}

impl Part {
    /// What it does, in a word: `running`, `waiting`, or the cause for which it stopped.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting { .. } => "waiting",
            Self::Stopped { cause, .. } => cause.as_str(),
        }
    }
}

impl Health {
    /// Everything works.
    #[must_use]
    pub const fn running() -> Self {
        Self { writer: Part::Running, intake: Part::Running, log: Part::Running }
    }
}
