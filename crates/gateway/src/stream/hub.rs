use std::{sync::Arc, time::Duration};

use tokio::sync::broadcast::{self, Receiver, Sender};
use tokio_util::sync::CancellationToken;

use super::{batch::Batch, feed::Feed};
use crate::App;

/// The batches that wait for the slowest of those who follow: some 1,000 records, of the usual 700 bytes each. Who is further behind reads from the ledger.
const RING: usize = 32;
/// Between two attempts where records can't be read.
const AGAIN: Duration = Duration::from_secs(1);

/// Hands each batch of a feed to all who follow it, read and written once.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) feed: Feed,
    sender: Sender<Arc<Batch>>,
}

impl Hub {
    pub(crate) fn new(feed: Feed) -> Self {
        Self { feed, sender: broadcast::channel(RING).0 }
    }

    pub(crate) fn subscribe(&self) -> Receiver<Arc<Batch>> {
        self.sender.subscribe()
    }

    /// How many follow.
    pub(crate) fn readers(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Hands on what comes until `stop`. Where nobody follows nothing is read.
    pub(crate) async fn run(&self, app: &App, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.hand_on(app) => {}
        }
    }

    async fn hand_on(&self, app: &App) {
        let mut next = self.feed.head(app);
        loop {
            self.feed.wait(app, next).await;
            if self.sender.receiver_count() == 0 {
                next = self.feed.head(app);
                continue;
            }
            match self.feed.batch(app, next).await {
                Ok(batch) => {
                    next = batch.next;
                    // Nobody hears it where the last one has just gone.
                    let _ = self.sender.send(Arc::new(batch));
                }
                Err(failure) => {
                    tracing::debug!(?failure, feed = ?self.feed, "what is followed can't be read");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}
