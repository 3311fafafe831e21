use std::time::Instant;

use announcement::{Publisher, Receipt};
use durable::{Store, StoreReader};
use tokio::{
    sync::{mpsc, oneshot, watch},
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
    Take { message: Message, reply: Reply },
    /// Go on with another stream.
    Adopt { epoch: u64, from_sequence: u64, done: oneshot::Sender<()> },
    /// Say up to where the stream was read.
    Checkpoint(oneshot::Sender<Option<Checkpoint>>),
    /// Forget why the intake stopped: it begins anew.
    Restart,
    /// Write what waits, sync, end.
    Close,
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
    /// Set once the intake must not go on; embedded submissions aren't concerned.
    pub(crate) intake_stopped: bool,
}

impl Writer {
    /// Runs until it's closed or a write fails.
    pub(crate) fn run(mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let ended = match runtime {
            Ok(runtime) => self.serve(&runtime),
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = ended {
            tracing::error!(reason, "the writer stopped");
            let remedy = "see to the disk and start anew; what was receipted is in the journal".to_owned();
            self.health.send_modify(|health| health.writer = Part::Stopped { reason: reason.clone(), remedy });
            self.requests.close();
            while let Ok(request) = self.requests.try_recv() {
                if let Request::Take { reply: Reply::To(waiting), .. } = request {
                    let _ = waiting.send(Err(SubmitError::Stopped(reason.clone())));
                }
            }
        }
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
        let mut messages = Vec::new();
        let mut bytes = 0;
        let mut closing = false;
        for request in requests {
            match request {
                Request::Take { message, reply } => {
                    bytes += message.body.len();
                    messages.push((message, reply));
                    if bytes >= MAX_COMMIT_BYTES {
                        self.commit(std::mem::take(&mut messages))?;
                        bytes = 0;
                    }
                }
                Request::Adopt { epoch, from_sequence, done } => {
                    self.commit(std::mem::take(&mut messages))?;
                    self.state.epoch = epoch;
                    self.state.checkpoint = Some(Checkpoint { sequence: from_sequence.saturating_sub(1), message: None });
                    self.write(Commit::begin(&self.reader, self.state.clone()).finish(), Vec::new())?;
                    let _ = done.send(());
                }
                Request::Checkpoint(reply) => {
                    self.commit(std::mem::take(&mut messages))?;
                    let _ = reply.send(self.state.checkpoint.clone());
                }
                Request::Restart => {
                    self.commit(std::mem::take(&mut messages))?;
                    self.intake_stopped = false;
                    self.health.send_modify(|health| health.intake = Part::Running);
                }
                Request::Close => closing = true,
            }
        }
        self.commit(messages)?;
        Ok(closing)
    }

    /// One batch, one frame, one sync; then the receipts, and sled follows.
    fn commit(&mut self, messages: Vec<(Message, Reply)>) -> Result<(), String> {
        let reader = self.reader.clone();
        let mut commit = Commit::begin(&reader, self.state.clone());
        let mut receipts = Vec::with_capacity(messages.len());
        let mut taken_any = false;
        for (message, reply) in messages {
            if message.sequence.is_some() && self.intake_stopped {
                continue;
            }
            match commit.take(&message).map_err(|error| error.to_string())? {
                Taken::Decided { publisher, receipt } => {
                    receipts.push((publisher, receipt, reply));
                    taken_any = true;
                }
                Taken::Silent => taken_any |= message.sequence.is_some(),
                Taken::Stop { reason, remedy } => {
                    tracing::error!(reason, remedy, "the intake stopped");
                    self.intake_stopped = true;
                    self.health.send_modify(|health| health.intake = Part::Stopped { reason, remedy });
                }
            }
        }
        if !taken_any {
            return Ok(());
        }
        self.write(commit.finish(), receipts)
    }

    fn write(&mut self, (head, batch, state): (durable::FrameHead, durable::Batch, State), receipts: Vec<Pending>) -> Result<(), String> {
        if let Err(error) = self.store.append(&head, &batch) {
            let reason = error.to_string();
            for (_, _, reply) in receipts {
                if let Reply::To(waiting) = reply {
                    let _ = waiting.send(Err(SubmitError::Stopped(reason.clone())));
                }
            }
            return Err(reason);
        }
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
