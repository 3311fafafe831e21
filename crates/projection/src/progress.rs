use announcement::Position;
use serde::Serialize;

/// Where the projection stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Progress {
    /// The next record to apply.
    pub next: Position,
    /// How many records the ledger held when it was last asked.
    pub size: u64,
    /// What it does.
    pub state: State,
    /// The version of the fold that is answered from.
    pub version: u32,
    /// How many records the last snapshot is of.
    pub saved: Option<Position>,
    /// What went wrong last, whether or not it still does.
    pub last_error: Option<String>,
    /// The fold from the first record that is to take the place of the one that is answered from.
    pub rebuild: Option<Rebuild>,
    /// What the last one came to.
    pub rebuilt: Option<Rebuilt>,
}

/// What the projection does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It applies what was recorded before.
    CatchingUp,
    /// It has applied everything and follows.
    Following,
    /// Records can't be read at the moment.
    Waiting {
        /// Why.
        reason: String,
    },
    /// It can't apply the next record; what it has applied is still answered.
    Stopped {
        /// Why.
        reason: String,
    },
}

/// A rebuild that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Rebuild {
    /// How many records it has folded.
    pub folded: u64,
    /// The version of its fold.
    pub version: u32,
    /// Why it's made.
    pub cause: Cause,
    /// Why it doesn't go on, where it doesn't.
    pub stopped: Option<String>,
}

/// Why a book is folded anew beside the one that is answered from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// An operator asked for it.
    Asked,
    /// What is answered from was made by another version of the fold.
    Version,
}

/// What a rebuild came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Rebuilt {
    /// How many records it folded.
    pub records: u64,
    /// What differed first from what was answered from before; nothing where both were equal, or of other versions.
    pub differs: Option<String>,
}
