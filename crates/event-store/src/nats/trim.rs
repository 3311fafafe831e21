use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{self, stream::Stream},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    BackupError, Head, Heard, Ledger, Part, VerifiedBackup,
    nats::{STREAM, continuity::present},
};

/// What a trim took from the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trimmed {
    /// The first message that's kept; everything before it is gone.
    pub first_sequence: u64,
    /// How many messages went.
    pub messages: u64,
    /// The backup that has what went.
    pub backup: VerifiedBackup,
}

/// Why nothing is trimmed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum TrimError {
    /// The intake doesn't run.
    #[error("the intake doesn't run: {0}; trim once it does")]
    NotRunning(String),
    /// No backup was verified.
    #[error("no backup was verified, and what goes from the stream could be lost; make one: handover backup DIR, and handover backup verify DIR")]
    NoBackup,
    /// The last verified backup stands on another stream.
    #[error("the backup {} was verified in epoch {epoch}, and the ledger is in epoch {own}; make another one: handover backup DIR, and handover backup verify DIR", dir.display())]
    BackupOfEpoch {
        /// Where it was.
        dir: std::path::PathBuf,
        /// Its epoch.
        epoch: u64,
        /// The ledger's.
        own: u64,
    },
    /// The last verified backup isn't as far as what would go.
    #[error(
        "messages up to {last} would go, and the backup {} that was verified last has read up to {read} only; make another one: handover backup DIR, and handover \
         backup verify DIR, or keep more", dir.display()
    )]
    Backup {
        /// Where it was.
        dir: std::path::PathBuf,
        /// Up to where it has read.
        read: u64,
        /// The last message that would go.
        last: u64,
    },
    /// A node stands on another stream.
    #[error("node {node} is in epoch {epoch}, and this one in {own}; look at its status (handover ledger status) first")]
    NodeOfEpoch {
        /// The node.
        node: String,
        /// Its epoch.
        epoch: u64,
        /// This node's.
        own: u64,
    },
    /// A node hasn't read what would go.
    #[error(
        "messages up to {last} would go, and node {node} has read up to {read} only; wait until it's as far (handover ledger status), stop it for a minute, or keep more"
    )]
    Node {
        /// The node.
        node: String,
        /// Up to where it has read.
        read: u64,
        /// The last message that would go.
        last: u64,
    },
    /// The stream doesn't answer. It may have been trimmed.
    #[error("the stream can't be reached: {0}; ask again")]
    Unreachable(String),
    /// The note of the last verified backup can't be read.
    #[error(transparent)]
    Note(#[from] BackupError),
}

/// Takes from the stream of announcements what is older than `keep`: nothing that a node heard in the last minute hasn't read, and nothing that the last verified backup
/// doesn't have. The message that each of them read last stays, since a stream is recognised by it.
///
/// # Errors
/// See [`TrimError`].
///
/// # Cancel safety
/// Dropped half-way, the stream may have been trimmed.
pub async fn trim(ledger: &Ledger, client: &Client, keep: Duration) -> Result<Trimmed, TrimError> {
    let unreachable = |error: &dyn std::fmt::Display| TrimError::Unreachable(error.to_string());
    match ledger.health().borrow().intake.clone() {
        Part::Running => {}
        Part::Waiting { reason } | Part::Stopped { reason, .. } => return Err(TrimError::NotRunning(reason)),
    }
    ledger.nodes().listen_first().await;
    let stream = jetstream::new(client.clone()).get_stream(STREAM).await.map_err(|error| unreachable(&error))?;
    let backup = ledger.verified_backup()?.ok_or(TrimError::NoBackup)?;
    let older_than = (ledger.clock())().saturating_sub(SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX)).unwrap_or(Timestamp::MIN);
    let first = first_since(&stream, older_than).await?;
    check(first, &ledger.head(), ledger.nodes().name(), &ledger.heard(), &backup)?;
    if first <= stream.cached_info().state.first_sequence {
        return Ok(Trimmed { first_sequence: stream.cached_info().state.first_sequence, messages: 0, backup });
    }
    let purged = stream.purge().sequence(first).await.map_err(|error| unreachable(&error))?;
    tracing::warn!(first_sequence = first, messages = purged.purged, "the stream of announcements was trimmed");
    Ok(Trimmed { first_sequence: first, messages: purged.purged, backup })
}

/// That a stream that begins at `first` has what everyone needs.
fn check(first: u64, head: &Head, own: &str, heard: &[Heard], backup: &VerifiedBackup) -> Result<(), TrimError> {
    let last = first.saturating_sub(1);
    for Heard { head: word, .. } in heard {
        if word.epoch != head.epoch {
            return Err(TrimError::NodeOfEpoch { node: word.node.clone(), epoch: word.epoch, own: head.epoch });
        }
    }
    let own = (own, head.stream_sequence);
    for (node, read) in heard.iter().map(|Heard { head: word, .. }| (word.node.as_str(), word.stream_sequence)).chain([own]) {
        if first > read.max(1) {
            return Err(TrimError::Node { node: node.to_owned(), read, last });
        }
    }
    let dir = || backup.dir.clone();
    if backup.epoch != head.epoch {
        return Err(TrimError::BackupOfEpoch { dir: dir(), epoch: backup.epoch, own: head.epoch });
    }
    if first > backup.stream_sequence.max(1) {
        return Err(TrimError::Backup { dir: dir(), read: backup.stream_sequence, last });
    }
    Ok(())
}

/// The sequence of the first message that isn't older than an instant; the last one's where all are.
async fn first_since(stream: &Stream, instant: Timestamp) -> Result<u64, TrimError> {
    let state = &stream.cached_info().state;
    let (mut older, mut since) = (state.first_sequence.max(1), state.last_sequence + 1);
    while older < since {
        let middle = older + (since - older) / 2;
        let found = present(stream.get_first_raw_message_by_subject(">", middle).await).map_err(|error| TrimError::Unreachable(error.to_string()))?;
        match found {
            Some(message) if message.time.unix_timestamp_nanos() < instant.as_nanosecond() => older = message.sequence + 1,
            _ => since = middle,
        }
    }
    Ok(since.min(state.last_sequence).max(1))
}

#[cfg(test)]
mod tests {
    use announcement::Digest;

    use super::*;
    use crate::{NodeHead, state::State};

    fn head(epoch: u64, stream_sequence: u64) -> Head {
        Head { epoch, stream_sequence, ..State::default().head() }
    }

    fn heard(node: &str, epoch: u64, stream_sequence: u64) -> Heard {
        let root = Digest::of(b"");
        Heard { head: NodeHead { node: node.to_owned(), size: 1, root, epoch, stream_sequence, pending_redactions: None, condition: None }, heard_s_ago: 1 }
    }

    fn backup(epoch: u64, stream_sequence: u64) -> VerifiedBackup {
        VerifiedBackup { dir: "/backup".into(), size: 1, root: Digest::of(b""), epoch, stream_sequence, verified: Timestamp::UNIX_EPOCH }
    }

    fn refused(first: u64, head: &Head, heard: &[Heard], backup: &VerifiedBackup) -> String {
        check(first, head, "own", heard, backup).unwrap_err().to_string()
    }

    #[test]
    fn only_what_everyone_has_read_and_the_backup_holds_may_go() {
        let (own, others) = (head(0, 90), [heard("a", 0, 80), heard("b", 0, 70)]);
        assert!(check(70, &own, "own", &others, &backup(0, 75)).is_ok(), "the message that b read last stays");
        let slow = refused(71, &own, &others, &backup(0, 75));
        assert!(slow.contains("messages up to 70 would go") && slow.contains("node b has read up to 70 only"), "{slow}");
        let slow = refused(91, &own, &[], &backup(0, 99));
        assert!(slow.contains("node own has read up to 90 only"), "{slow}");
        assert!(check(75, &own, "own", &[], &backup(0, 75)).is_ok());
        let old = refused(76, &own, &[], &backup(0, 75));
        assert!(old.contains("the backup /backup that was verified last has read up to 75 only") && old.contains("handover backup verify DIR"), "{old}");
        assert!(check(1, &head(0, 0), "own", &[], &backup(0, 0)).is_ok(), "nothing goes");
    }

    #[test]
    fn a_sequence_of_another_stream_says_nothing() {
        let elsewhere = refused(5, &head(1, 90), &[heard("a", 0, 80)], &backup(1, 75));
        assert!(elsewhere.contains("node a is in epoch 0, and this one in 1"), "{elsewhere}");
        let elsewhere = refused(5, &head(1, 90), &[], &backup(0, 75));
        assert!(elsewhere.contains("the backup /backup was verified in epoch 0, and the ledger is in epoch 1"), "{elsewhere}");
    }
}
