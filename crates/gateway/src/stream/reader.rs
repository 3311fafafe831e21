use std::{sync::Arc, time::Duration};

use announcement::Position;
use bytes::Bytes;
use tokio::{
    sync::{
        OwnedSemaphorePermit,
        broadcast::{Receiver, error::RecvError},
    },
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    batch::{Batch, dropped},
    feed::Feed,
};
use crate::{App, access::Caller, filter::Filter};

/// Says that the stream lives, to the reader and to what stands between.
const KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\n\n");
/// After how long a reader comes again whose stream ended.
const RETRY: Bytes = Bytes::from_static(b"retry: 2000\n\n");

/// How often it's seen whether a reader still may read.
const LOOK: Duration = Duration::from_secs(1);

/// One who follows a feed.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) app: App,
    pub(super) feed: Feed,
    pub(super) filter: Filter,
    /// The first record that it wasn't told of.
    pub(super) next: Position,
    pub(super) hub: Receiver<Arc<Batch>>,
    pub(super) stop: CancellationToken,
    pub(super) stage: Stage,
    /// When it was last given something.
    pub(super) said: Instant,
    pub(super) caller: Caller,
    /// When it was last seen whether it may read.
    pub(super) admitted: Instant,
    /// Held as long as it reads.
    pub(super) _place: OwnedSemaphorePermit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Begins,
    /// It's given what was recorded before it came.
    CatchesUp,
    /// It hears what the hub hands on.
    Hears,
    /// It was slower than the hub, and is given what it missed.
    FellBehind,
    Ended,
}

impl Reader {
    /// What it's given next; `None` at the end.
    ///
    /// # Cancel safety
    /// Dropped half-way, the reader isn't used again.
    pub(super) async fn advance(&mut self) -> Option<Vec<Bytes>> {
        let told = self.find().await;
        self.said = Instant::now();
        told
    }

    async fn find(&mut self) -> Option<Vec<Bytes>> {
        loop {
            if self.stage != Stage::Ended && self.admitted.elapsed() >= LOOK {
                self.admitted = Instant::now();
                if !self.app.access.may_read_on(&self.caller) {
                    self.stage = Stage::Ended;
                    return Some(vec![dropped("your token isn't valid any more", self.next)]);
                }
            }
            let batch = match self.stage {
                Stage::Begins => {
                    self.stage = Stage::CatchesUp;
                    return Some(vec![RETRY]);
                }
                Stage::CatchesUp | Stage::FellBehind if Instant::now() >= self.silent_until() => Next::Say(KEEP_ALIVE),
                Stage::Ended => return None,
                Stage::CatchesUp | Stage::FellBehind => self.read().await,
                Stage::Hears => self.hear().await,
            };
            match batch {
                // It may have waited for long: it's seen once more whether it may be told.
                Next::Batch(batch) if self.app.access.is_closed() && !self.app.access.may_read_on(&self.caller) => {
                    self.next = self.next.max(batch.from);
                    self.stage = Stage::Ended;
                    return Some(vec![dropped("your token isn't valid any more", self.next)]);
                }
                Next::Batch(batch) => {
                    let told = self.take(&batch);
                    if !told.is_empty() {
                        return Some(told);
                    }
                }
                Next::Say(said) => return Some(vec![said]),
                Next::Nothing => {}
            }
        }
    }

    /// Reads what it lacks, at its own pace.
    async fn read(&mut self) -> Next {
        let behind = self.feed.head(&self.app).get().saturating_sub(self.next.get());
        if self.stage == Stage::FellBehind && behind > self.app.limits.behind {
            return self.end("you read more slowly than records come");
        }
        let read = tokio::select! {
            () = self.stop.cancelled() => None,
            read = self.feed.batch(&self.app, self.next) => Some(read),
        };
        match read {
            None => {
                self.stage = Stage::Ended;
                Next::Nothing
            }
            Some(Ok(batch)) if batch.next <= self.next => {
                self.stage = Stage::Hears;
                Next::Nothing
            }
            Some(Ok(batch)) => Next::Batch(Arc::new(batch)),
            Some(Err(_)) => self.end("the records can't be read at the moment"),
        }
    }

    async fn hear(&mut self) -> Next {
        let heard = tokio::select! {
            () = self.stop.cancelled() => Ok(Err(RecvError::Closed)),
            heard = timeout_at(self.silent_until(), self.hub.recv()) => heard,
        };
        match heard {
            Err(_) => Next::Say(KEEP_ALIVE),
            // Nobody followed for a while, and the hub read nothing.
            Ok(Ok(batch)) if batch.from > self.next => {
                self.stage = Stage::CatchesUp;
                Next::Nothing
            }
            Ok(Ok(batch)) => Next::Batch(batch),
            Ok(Err(RecvError::Lagged(_))) => {
                self.stage = Stage::FellBehind;
                Next::Nothing
            }
            Ok(Err(RecvError::Closed)) => {
                self.stage = Stage::Ended;
                Next::Nothing
            }
        }
    }

    /// Until when it may be told nothing, records that it didn't ask for notwithstanding.
    fn silent_until(&self) -> Instant {
        self.said + self.app.limits.keep_alive
    }

    /// What of a batch is news to it.
    fn take(&mut self, batch: &Batch) -> Vec<Bytes> {
        let news = batch.events.iter().filter(|event| event.position >= self.next && self.filter.takes(&event.concerns));
        let told = news.map(|event| event.bytes.clone()).collect();
        self.next = self.next.max(batch.next);
        told
    }

    fn end(&mut self, reason: &str) -> Next {
        self.stage = Stage::Ended;
        Next::Say(dropped(reason, self.next))
    }
}

enum Next {
    Batch(Arc<Batch>),
    Say(Bytes),
    Nothing,
}
