use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use announcement::{Publisher, Receipt};
use durable::{FrameHead, Journal};
use tokio::sync::{mpsc as tokio_mpsc, oneshot, watch};

use crate::{
    Head,
    follower::Lag,
    open::Fault,
    payload::Payload,
    recent::Kept,
    store::Store,
    writer::{Pending, Reply},
};

/// What the writer hands over, in its order.
pub(crate) enum Step {
    Commit(Box<Prepared>),
    /// Everything before it is on disk once this is answered.
    Settle(oneshot::Sender<()>),
}

/// A commit on its way to the disk.
pub(crate) struct Prepared {
    pub(crate) frame: FrameHead,
    /// One, but for a volume that begins with more than a frame holds.
    pub(crate) payloads: Vec<Payload>,
    pub(crate) kept: Arc<Kept>,
    pub(crate) head: Head,
    pub(crate) receipts: Vec<Pending>,
    /// Who waits for it to be on disk, where it isn't a receipt that's waited for.
    pub(crate) done: Option<oneshot::Sender<()>>,
    /// Where it isn't the next frame of the journal, but the first of the next volume's.
    pub(crate) begins_volume: bool,
}

/// Brings commits to disk, one frame and one `fdatasync` each, and lets their receipts go.
pub(crate) struct Committer {
    pub(crate) store: Arc<Store>,
    pub(crate) journal: Journal,
    pub(crate) head: watch::Sender<Head>,
    pub(crate) receipts: tokio_mpsc::Sender<Vec<(Publisher, Receipt)>>,
    pub(crate) followed: mpsc::SyncSender<Arc<Kept>>,
    pub(crate) lag: Arc<Lag>,
}

/// Takes steps until none comes any more. Receipts that don't leave are dropped, which tells those who wait that there is none.
pub(crate) fn run(committer: &Mutex<Committer>, under_way: &AtomicUsize, steps: &mpsc::Receiver<Step>) -> Result<(), Fault> {
    for step in steps {
        match step {
            Step::Commit(prepared) => lock(committer).bring(*prepared)?,
            // Who no longer waits has ended.
            Step::Settle(settled) => drop(settled.send(())),
        }
        under_way.fetch_sub(1, Ordering::Release);
    }
    Ok(())
}

/// One that panicked while it was held isn't asked again: its thread's end ends the writer.
pub(crate) fn lock(committer: &Mutex<Committer>) -> MutexGuard<'_, Committer> {
    committer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Committer {
    /// Brings one commit to disk.
    pub(crate) fn bring(&mut self, prepared: Prepared) -> Result<(), Fault> {
        let Prepared { frame, payloads, kept, head, receipts, done, begins_volume } = prepared;
        let span = tracing::debug_span!("commit", commit = kept.commit, first_position = kept.first, records = kept.records.len());
        let _within = span.enter();
        let (begun, bytes) = (Instant::now(), payloads.iter().map(|payload| payload.bytes.len()).sum());
        let mut sync = Duration::ZERO;
        if begins_volume {
            let frames: Vec<_> = payloads.into_iter().map(|payload| (frame, payload.bytes)).collect();
            self.journal = self.store.folder.create_journal(kept.volume, &frames)?;
        } else {
            for payload in &payloads {
                sync += self.journal.append(&frame, &payload.bytes)?;
            }
        }
        self.store.traces.keep(&kept.traces);
        self.store.made_durable(kept.commit);
        self.head.send_replace(head);
        self.store.metrics.decided(&receipts);
        self.send(receipts);
        if !begins_volume {
            self.store.metrics.committed(begun.elapsed(), sync, kept.records.len(), bytes);
        }
        link(&kept);
        // Who no longer waits has ended.
        let _ = done.map(|done| done.send(()));
        // Once the follower has ended the writer is told, and what the volume lacks is in the journal.
        self.lag.add(&kept);
        let _ = self.followed.send(kept);
        Ok(())
    }

    fn send(&self, receipts: Vec<Pending>) {
        let mut published = Vec::new();
        for (publisher, receipt, reply) in receipts {
            match reply {
                // Who no longer waits asks again.
                Reply::To(waiting) => drop(waiting.send(Ok(receipt))),
                Reply::Publish => published.extend(publisher.map(|publisher| (publisher, receipt))),
                Reply::Nowhere => {}
            }
        }
        let count = published.len();
        if count > 0 && self.receipts.try_send(published).is_err() {
            self.store.metrics.unsent(count);
            tracing::debug!("receipts were not sent; publishers ask for them");
        }
    }
}

/// How many links to publishers' traces one commit logs.
const MAX_LINKS: usize = 64;

/// Logs in which traces the records of a commit were published.
fn link(kept: &Kept) {
    for (position, trace) in kept.traces.iter().take(MAX_LINKS) {
        tracing::debug!(position, link.trace_id = %trace.trace_id(), link.span_id = %trace.span_id(), "an announcement of this trace was recorded");
    }
    let more = kept.traces.len().saturating_sub(MAX_LINKS);
    if more > 0 {
        tracing::debug!(more, "further announcements with traces were recorded");
    }
}
