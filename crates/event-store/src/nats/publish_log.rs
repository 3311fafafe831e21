use std::{collections::VecDeque, pin::Pin, time::Duration};

use announcement::{Position, Record};
use async_nats::{
    Client,
    jetstream::{
        Context,
        context::{ContextBuilder, PublishAckFuture, PublishError, PublishErrorKind},
        message::PublishMessage,
    },
};
use futures::{Stream, StreamExt};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    Cause, Ledger, Part, ReadError,
    nats::log::{self, LOG_STREAM},
};

/// How many messages may be on their way to the stream.
const WINDOW: usize = 1_024;
/// How long an acknowledgement may take.
const ACKNOWLEDGEMENT: Duration = Duration::from_secs(5);
/// A node that isn't publishing begins once nothing has come onto a stream that lacks its records for this long.
const LAG: Duration = Duration::from_secs(1);
/// After another node's publish came first, or the stream couldn't be looked at.
const PAUSE: Duration = Duration::from_millis(100);
/// After the stream took nothing: it may be full for days.
const REFUSED_PAUSE: Duration = Duration::from_secs(2);
/// How many pages are made ready ahead.
const PAGES: usize = 2;

type Message = (String, PublishMessage);

/// Keeps the stream of records up with the ledger, as long as `compared` says up to which sequence it holds this ledger's records.
pub(super) async fn run(ledger: &Ledger, client: &Client, jitter: Duration, compared: watch::Receiver<Option<u64>>) {
    let context = ContextBuilder::new().ack_timeout(ACKNOWLEDGEMENT).timeout(ACKNOWLEDGEMENT).max_ack_inflight(2 * WINDOW).build(client.clone());
    let mut publisher = Publisher { ledger, context, compared, jitter, acknowledged: None };
    while let Some(last) = publisher.turn().await {
        match publisher.publish_from(last).await {
            Ended::Error(error) => {
                tracing::debug!(%error, "the stream of records doesn't go on");
                publisher.rest_after(&error).await;
            }
            Ended::Unreadable(error) => {
                tracing::error!(%error, "the stream of records can't go on");
                ledger.set_log(Part::Stopped { cause: Cause::Disk, reason: error.to_string(), remedy: "see to the disk and start anew".to_owned() });
                return;
            }
            Ended::Anew => {}
            Ended::Closed => return,
        }
    }
}

/// Why publishing ended.
enum Ended {
    /// The stream didn't take a message. It's looked at again.
    Error(PublishError),
    /// The ledger can't be read.
    Unreadable(ReadError),
    /// The stream was lost, or is looked at again.
    Anew,
    /// The ledger is closed, or the stream holds other records.
    Closed,
}

struct Publisher<'a> {
    ledger: &'a Ledger,
    context: Context,
    /// Up to which sequence the stream was found to hold this ledger's records; nothing while it isn't known.
    compared: watch::Receiver<Option<u64>>,
    jitter: Duration,
    /// The last sequence that this node was told it had published.
    acknowledged: Option<u64>,
}

impl Publisher<'_> {
    /// Waits until it's this node's turn, and gives the stream's last sequence: at once where its own publish was the last to succeed, else after a lag.
    async fn turn(&mut self) -> Option<u64> {
        let mut head = self.ledger.watch();
        loop {
            let compared = *self.compared.borrow_and_update();
            let Some(last) = compared.filter(|&last| head.borrow_and_update().size > last) else {
                tokio::select! {
                    changed = self.compared.changed() => changed.ok()?,
                    changed = head.changed() => changed.ok()?,
                }
                continue;
            };
            if self.acknowledged != Some(last) {
                match timeout(LAG + self.jitter, self.compared.changed()).await {
                    Ok(changed) => {
                        changed.ok()?;
                        continue;
                    }
                    Err(_) => tracing::info!(from = last, "this node publishes the stream of records"),
                }
            }
            match self.context.get_stream(LOG_STREAM).await {
                Ok(stream) if stream.cached_info().state.last_sequence == last => return Some(last),
                _ => {
                    self.acknowledged = None;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Publishes what is recorded from a stream's last sequence on, and then as it comes.
    async fn publish_from(&mut self, last: u64) -> Ended {
        let mut pages = self.pages(Position::new(last));
        // The stream takes one message before it's sent more.
        let mut limit = 1;
        let (mut ready, mut window) = (VecDeque::<Message>::new(), VecDeque::<Pin<Box<dyn Future<Output = Acknowledged> + Send>>>::new());
        loop {
            while window.len() < limit
                && let Some((subject, message)) = ready.pop_front()
            {
                match self.context.send_publish(subject, message).await {
                    Ok(acknowledgement) => window.push_back(Box::pin(acknowledged(acknowledgement))),
                    Err(error) => return Ended::Error(error),
                }
            }
            let oldest = async {
                match window.front_mut() {
                    Some(oldest) => oldest.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                taken = oldest => match taken {
                    Ok(sequence) => {
                        window.pop_front();
                        limit = WINDOW;
                        self.acknowledged = Some(sequence);
                        self.ledger.set_log(Part::Running);
                    }
                    Err(error) => return Ended::Error(error),
                },
                page = pages.next(), if ready.is_empty() => match page {
                    Some(Ok(page)) => ready.extend(page),
                    Some(Err(error)) => return Ended::Unreadable(error),
                    None => return Ended::Closed,
                },
                // It doesn't wait for what it publishes to be compared, only looks at the stream again where that begins anew.
                anew = anew(&mut self.compared) => return if anew { Ended::Anew } else { Ended::Closed },
            }
        }
    }

    fn pages(&self, from: Position) -> impl Stream<Item = Result<Vec<Message>, ReadError>> + Send + Unpin + use<> {
        let reader = self.ledger.reader();
        let following = reader.follow(from);
        let ready = move |page: Result<Vec<Record>, ReadError>| {
            let reader = reader.clone();
            let message = move |record: Record| {
                let trace = reader.trace(record.position);
                log::message(record, trace)
            };
            let made = tokio::task::spawn_blocking(|| page?.into_iter().map(message).collect());
            // Cut short only by the end of the process.
            async { made.await.unwrap_or(Ok(Vec::new())) }
        };
        Box::pin(following.map(ready).buffered(PAGES))
    }

    async fn rest_after(&mut self, error: &PublishError) {
        if error.kind() == PublishErrorKind::WrongLastSequence {
            self.acknowledged = None;
            return sleep(PAUSE).await;
        }
        self.ledger.set_log(Part::Waiting { reason: format!("the stream {LOG_STREAM} takes nothing: {error}") });
        sleep(REFUSED_PAUSE).await;
    }
}

type Acknowledged = Result<u64, PublishError>;

async fn acknowledged(acknowledgement: PublishAckFuture) -> Acknowledged {
    Ok(acknowledgement.await?.sequence)
}

/// Waits until comparing begins anew, or ends.
async fn anew(compared: &mut watch::Receiver<Option<u64>>) -> bool {
    compared.wait_for(Option::is_none).await.is_ok()
}
