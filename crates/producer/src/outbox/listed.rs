use announcement::{Kind, Problem};
use jiff::Timestamp;
use serde::Serialize;

/// What an outbox holds of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its `source`.
    pub source: String,
    /// Its `id`.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// When it was accepted.
    pub since: Timestamp,
    /// How many bytes it has.
    pub bytes: usize,
    /// What keeps it there.
    #[serde(flatten)]
    pub state: State,
}

/// What keeps an event in an outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// It has no receipt yet.
    Waiting {
        /// The event that goes before it, by its `id`.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// It acts on an event that was refused, or on one that is held; it's sent once that one is recorded or dropped.
    Held {
        /// That event, by its `id`.
        target: String,
    },
    /// The ledger refused it. Publish it again once what was wrong has changed, or drop it.
    Refused {
        /// What is wrong with it.
        problem: Problem,
    },
}

/// How much an outbox holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many events have no receipt yet and may get one.
    pub waiting: usize,
    /// How many act on a refused event.
    pub held: usize,
    /// How many were refused.
    pub refused: usize,
    /// What the events take together, in bytes.
    pub bytes: u64,
    /// Why the outbox can't be used any more.
    pub failed: Option<String>,
    /// How often something came in or was dropped: whoever sends looks again.
    pub(super) changes: u64,
}
