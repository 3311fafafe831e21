use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use announcement::{Publisher, Receipt};
use durable::{Store, StoreReader};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot, watch},
    time::{Instant as TokioInstant, timeout_at},
};

use crate::{
    Head, Health, Message, Part, SubmitError,
    commit::{Commit, Taken},
    state::{Checkpoint, State},
};

/// The most messages of one commit.
pub(crate) const MAX_COMMIT: usize = 1_024;
/// A commit ends once its messages hold this many bytes.
const MAX_COMMIT_BYTES: usize = 1 << 20;

/// What the writer is asked to do.
pub(crate) enum Request {
    /// Take a message in.
    Take(Take),
    /// Begin a round of reading the stream: what was read in the one before and still waits is thrown away.
    Begin(oneshot::Sender<Begun>),
    /// Go on with another stream.
    Adopt { epoch: u64, from_sequence: u64, done: oneshot::Sender<()> },
    /// Write what waits, sync, end.
    Close,
}

/// A message on its way to the writer.
pub(crate) struct Take {
    pub(crate) message: Message,
    /// The round of reading that it came in; none for what was submitted.
    pub(crate) round: Option<Round>,
    pub(crate) reply: Reply,
    /// Its share of what may wait; given back once it's dropped.
    pub(crate) _room: OwnedSemaphorePermit,
}

/// One round of reading the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Round(u64);

/// Where a round of reading begins.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) round: Round,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) head: Head,
}

/// Where a message's receipt goes.
pub(crate) enum Reply {
    /// To the one who waits for it.
    To(oneshot::Sender<Result<Receipt, SubmitError>>),
    /// To the publisher, over NATS.
    Publish,
    /// Nowhere: the node is catching up from behind.
    Nowhere,
}

/// The one owner of the store, on a thread of its own.
pub(crate) struct Writer {
    pub(crate) store: Store,
    pub(crate) reader: StoreReader,
    pub(crate) state: State,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) head: watch::Sender<Head>,
    pub(crate) health: watch::Sender<Health>,
    pub(crate) receipts: mpsc::Sender<Vec<(Publisher, Receipt)>>,
    /// How many rounds of reading the stream were begun.
    pub(crate) begun: u64,
    /// The round whose messages are taken; none once the intake must not go on.
    pub(crate) round: watch::Sender<Option<Round>>,
    /// Ends with the last handle of the ledger.
    pub(crate) released: oneshot::Receiver<()>,
}

impl Writer {
    /// Runs until it's closed or a write fails. Then the folder stays locked and readable until the ledger's last handle is gone.
    pub(crate) fn run(mut self) {
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            runtime.map_err(|error| error.to_string()).and_then(|runtime| self.serve(&runtime))
        }));
        let reason = match ended {
            Ok(Ok(())) => return,
            Ok(Err(reason)) => reason,
            Err(_) => "the writer panicked".to_owned(),
        };
        tracing::error!(reason, "the writer stopped");
        let remedy = "see to the disk and start anew; what was receipted is in the journal".to_owned();
        self.health.send_modify(|health| health.writer = Part::Stopped { reason, remedy });
        self.requests.close();
        while self.requests.try_recv().is_ok() {}
        let _ = self.released.blocking_recv();
    }

    fn serve(&mut self, runtime: &tokio::runtime::Runtime) -> Result<(), String> {
        let mut waiting = Vec::with_capacity(MAX_COMMIT);
        loop {
            let came = runtime.block_on(async {
                match self.store.sync_due() {
                    Some(due) => timeout_at(TokioInstant::from_std(due), self.requests.recv_many(&mut waiting, MAX_COMMIT)).await.ok(),
                    None => Some(self.requests.recv_many(&mut waiting, MAX_COMMIT).await),
                }
            });
            let closing = came == Some(0) || self.handle(waiting.drain(..))?;
            if closing {
                return self.store.sync().map_err(|error| error.to_string());
            }
            if self.store.sync_due().is_some_and(|due| due <= Instant::now()) {
                self.store.sync().map_err(|error| error.to_string())?;
            }
        }
    }

    /// Whether the writer is to end.
    fn handle(&mut self, requests: impl Iterator<Item = Request>) -> Result<bool, String> {
        let mut waiting = Vec::new();
        let mut bytes = 0;
        let mut closing = false;
        for request in requests {
            match request {
                Request::Take(take) => {
                    bytes += take.message.size();
                    waiting.push(take);
                    if bytes >= MAX_COMMIT_BYTES {
                        self.commit(std::mem::take(&mut waiting))?;
                        bytes = 0;
                    }
                }
                Request::Begin(reply) => {
                    self.commit(std::mem::take(&mut waiting))?;
                    self.begun += 1;
                    let round = Round(self.begun);
                    self.round.send_replace(Some(round));
                    // Who no longer waits begins another round.
                    let _ = reply.send(Begun { round, checkpoint: self.state.checkpoint.clone(), head: self.state.head() });
                }
                Request::Adopt { epoch, from_sequence, done } => {
                    self.commit(std::mem::take(&mut waiting))?;
                    self.adopt(epoch, from_sequence)?;
                    let _ = done.send(());
                }
                Request::Close => closing = true,
            }
        }
        self.commit(waiting)?;
        Ok(closing)
    }

    fn adopt(&mut self, epoch: u64, from_sequence: u64) -> Result<(), String> {
        self.round.send_replace(None);
        self.state.epoch = epoch;
        self.state.checkpoint = Some(Checkpoint { sequence: from_sequence.saturating_sub(1), message: None });
        self.write(Commit::begin(&self.reader, self.state.clone()).finish(), Vec::new())
    }

    /// One batch, one frame, one sync; then the receipts, and sled follows.
    fn commit(&mut self, waiting: Vec<Take>) -> Result<(), String> {
        let reader = self.reader.clone();
        let mut commit = Commit::begin(&reader, self.state.clone());
        let mut receipts = Vec::with_capacity(waiting.len());
        let (mut changed, mut stopped) = (false, None);
        for Take { message, round, reply, .. } in waiting {
            if round.is_some() && (stopped.is_some() || round != *self.round.borrow()) {
                continue;
            }
            match commit.take(&message).map_err(|error| error.to_string())? {
                Taken::Decided { publisher, receipt } => {
                    receipts.push((publisher, receipt, reply));
                    changed = true;
                }
                Taken::Silent => changed = true,
                Taken::Before => {}
                Taken::Stop { reason, remedy } => stopped = Some((reason, remedy)),
            }
        }
        if changed {
            self.write(commit.finish(), receipts)?;
        }
        if let Some((reason, remedy)) = stopped {
            tracing::error!(reason, remedy, "the intake stopped");
            self.health.send_modify(|health| health.intake = Part::Stopped { reason, remedy });
            // In this order: who reads the stream looks at the health once its round is over.
            self.round.send_replace(None);
        }
        Ok(())
    }

    /// Receipts that don't leave are dropped, which tells those who wait that there is none.
    fn write(&mut self, (head, batch, state): (durable::FrameHead, durable::Batch, State), receipts: Vec<Pending>) -> Result<(), String> {
        self.store.append(&head, &batch).map_err(|error| error.to_string())?;
        self.state = state;
        self.send(receipts);
        self.store.apply(&batch).map_err(|error| error.to_string())?;
        self.head.send_replace(self.state.head());
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
        if !published.is_empty() && self.receipts.try_send(published).is_err() {
            tracing::debug!("receipts were not sent; publishers ask for them");
        }
    }
}

/// A receipt that leaves once its commit is durable.
type Pending = (Option<Publisher>, Receipt, Reply);
