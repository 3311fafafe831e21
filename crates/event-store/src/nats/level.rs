//! How full the two streams are, and how far the ledger is behind the one that it reads.

use std::time::{Duration, Instant};

use async_nats::{
    Client,
    jetstream::{self, stream::Stream},
};
use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use crate::{
    Ledger,
    nats::{LOG_STREAM, STREAM},
};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(2);
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long what was seen is told; after that nothing is known.
pub(crate) const KNOWN_FOR: Duration = Duration::from_secs(30);

/// What was seen of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    pub(crate) last_sequence: u64,
    pub(crate) bytes: u64,
    /// What it may hold.
    pub(crate) max_bytes: u64,
    /// When the oldest message came that the ledger hadn't read, where it is the stream that it reads.
    pub(crate) unread_since: Option<Timestamp>,
    pub(crate) seen: Instant,
}

/// What was seen of both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Levels {
    pub(crate) announcements: Option<Level>,
    pub(crate) log: Option<Level>,
}

/// Looks at both streams every few seconds, for ever.
pub(super) async fn run(ledger: &Ledger, client: &Client) {
    let context = jetstream::new(client.clone());
    loop {
        let seen = timeout(PATIENCE, async { tokio::join!(announcements(&context, ledger), level(&context, LOG_STREAM)) }).await;
        if let Ok((announcements, log)) = seen {
            ledger.set_levels(|levels| {
                levels.announcements = announcements.or(levels.announcements);
                levels.log = log.map(|(level, _)| level).or(levels.log);
            });
        }
        sleep(EVERY).await;
    }
}

async fn announcements(context: &jetstream::Context, ledger: &Ledger) -> Option<Level> {
    let (mut level, stream) = level(context, STREAM).await?;
    let read = ledger.head().stream_sequence;
    if level.last_sequence > read {
        let oldest = stream.get_first_raw_message_by_subject(">", read + 1).await.ok()?;
        level.unread_since = Timestamp::from_nanosecond(oldest.time.unix_timestamp_nanos()).ok();
    }
    Some(level)
}

async fn level(context: &jetstream::Context, name: &str) -> Option<(Level, Stream)> {
    let stream = context.get_stream(name).await.ok()?;
    let info = stream.cached_info();
    let (last_sequence, bytes) = (info.state.last_sequence, info.state.bytes);
    let level = Level { last_sequence, bytes, max_bytes: u64::try_from(info.config.max_bytes).unwrap_or(0), unread_since: None, seen: Instant::now() };
    Some((level, stream))
}
