use std::time::Duration;

use crate::{FOLD_VERSION, Snapshots};

/// How the read models are kept up.
#[derive(Debug)]
pub struct Settings {
    /// Where snapshots are kept; without it each start folds everything anew.
    pub snapshots: Option<Snapshots>,
    /// The version of the fold's code. A book that another version made is answered from until this one has made its own.
    pub version: u32,
    /// A snapshot is taken after so many records.
    pub every_records: u64,
    /// And where something changed, after this time.
    pub every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { snapshots: None, version: FOLD_VERSION, every_records: 65_536, every: Duration::from_secs(60) }
    }
}
