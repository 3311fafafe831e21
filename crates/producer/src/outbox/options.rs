use crate::Options;

/// How much an outbox holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many events.
    pub entries: usize,
    /// How many bytes of events.
    pub bytes: u64,
    /// How many events may be under way at once.
    pub window: usize,
}

impl Default for Limits {
    /// Weeks of announcements; a tenth of a gigabyte on disk, and some 40 MB of memory for what is kept of each.
    fn default() -> Self {
        Self { entries: 100_000, bytes: 64 << 20, window: Options::DEFAULT_WINDOW }
    }
}
