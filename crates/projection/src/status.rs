use announcement::Position;
use jiff::Timestamp;
use serde::Serialize;

use crate::{Projection, Rebuild, Rebuilt, Source, State};

/// The read models, by name. All are made from one fold.
pub const MODELS: [&str; 15] = [
    "timeline",
    "dossier",
    "totals",
    "reconciliation",
    "discrepancies",
    "plans",
    "channels",
    "third-parties",
    "frameworks",
    "offices",
    "lineage",
    "identity",
    "changes",
    "knowledge",
    "candidates",
];

/// Where a read model stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ModelStatus {
    /// Which one.
    pub name: &'static str,
    /// The last record that it holds; `null` where it holds none.
    pub position: Option<Position>,
    /// The ledger's last record; `null` where it has none.
    pub head: Option<Position>,
    /// How many records it's behind.
    pub lag: u64,
    /// How many seconds ago the oldest record that it doesn't hold was taken in; `null` where there is none.
    pub age_s: Option<i64>,
    /// `catching-up`, `following`, `waiting`, `stopped`, or `rebuilding` where it follows and is folded anew beside.
    pub state: &'static str,
    /// Why it waits or stopped.
    pub reason: Option<String>,
    /// What went wrong last, whether or not it still does.
    pub last_error: Option<String>,
    /// The version of the fold that is answered from.
    pub fold_version: u32,
    /// The last record of its last snapshot; `null` where there is none.
    pub snapshot: Option<Position>,
    /// The rebuild that is under way.
    pub rebuild: Option<Rebuild>,
    /// What the last rebuild came to.
    pub rebuilt: Option<Rebuilt>,
}

impl Projection {
    /// Where each read model stands at an instant. Where records can't be read the age isn't known.
    pub async fn status(&self, source: &Source, now: Timestamp) -> Vec<ModelStatus> {
        let progress = self.progress();
        let lag = progress.size.saturating_sub(progress.next.get());
        let oldest = if lag > 0 { source.record(progress.next).await.ok().flatten() } else { None };
        let (state, reason) = match &progress.state {
            State::Waiting { reason } => ("waiting", Some(reason.clone())),
            State::Stopped { reason } => ("stopped", Some(reason.clone())),
            State::Following | State::CatchingUp if progress.rebuild.is_some() => ("rebuilding", None),
            State::Following => ("following", None),
            State::CatchingUp => ("catching-up", None),
        };
        let status = |name| ModelStatus {
            name,
            position: last(progress.next),
            head: last(Position::new(progress.size)),
            lag,
            age_s: oldest.as_ref().map(|record| now.duration_since(record.recorded).as_secs().max(0)),
            state,
            reason: reason.clone(),
            last_error: progress.last_error.clone(),
            fold_version: progress.version,
            snapshot: progress.saved.and_then(last),
            rebuild: progress.rebuild.clone(),
            rebuilt: progress.rebuilt.clone(),
        };
        MODELS.into_iter().map(status).collect()
    }
}

/// The position before the next one.
fn last(next: Position) -> Option<Position> {
    next.get().checked_sub(1).map(Position::new)
}
