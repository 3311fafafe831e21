use std::{sync::Arc, time::Duration};

use announcement::{Digest, Outcome, Publisher, Receipt};
use async_nats::{
    Client, ConnectErrorKind, Event,
    connection::State,
    jetstream::{self, context::PublishErrorKind, message::PublishMessage, publish::PublishAck},
};
use futures::{Stream, StreamExt, stream};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::{
    ConnectError, Metrics, Outgoing, PublishError, Server,
    receipts::{Place, Waiting},
    turns::{Turn, Turns},
};

/// What a publisher's receipts are published on, before its name.
pub(crate) const RECEIPTS: &str = "handover.receipts.";
/// How long the queue's acknowledgement may take; a publish at a server's death hangs that long.
const ACKNOWLEDGEMENT: Duration = Duration::from_secs(5);
/// How long a receipt may take before it's asked for.
const RECEIPT: Duration = Duration::from_secs(2);
/// How long the answer to a question may take.
const ANSWER: Duration = Duration::from_secs(2);
/// The first wait between two attempts; it doubles up to [`MAX_BACKOFF`].
const BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// To whom and as whom events are published.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server, and how this process proves there who it is.
    pub server: Server,
    /// The publisher; the subjects that it may publish to end in it.
    pub publisher: Publisher,
    /// Whether it also speaks for others, as a gateway does: see [`Producer::speaking_for`].
    pub speaks: Speaks,
    /// How many events may be under way at once.
    pub window: usize,
}

/// For whom a producer speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speaks {
    /// For itself.
    ForItself,
    /// For publishers that are named after it: `<gateway>.<publisher>`.
    ForOthers,
}

impl Options {
    /// A window that keeps a local queue busy and a crash's repeats few.
    pub const DEFAULT_WINDOW: usize = 256;

    /// Publishes to this server as this publisher.
    #[must_use]
    pub fn new(server: impl Into<Server>, publisher: Publisher) -> Self {
        Self { server: server.into(), publisher, speaks: Speaks::ForItself, window: Self::DEFAULT_WINDOW }
    }

    /// Publishes to this server for those who are named after this gateway.
    #[must_use]
    pub fn gateway(server: impl Into<Server>, name: Publisher) -> Self {
        Self { speaks: Speaks::ForOthers, ..Self::new(server, name) }
    }
}

/// Publishes announcements to the queue and waits for the ledger's receipts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Producer {
    inner: Arc<Inner>,
    publisher: Publisher,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    context: jetstream::Context,
    window: usize,
    waiting: Waiting,
    turns: Turns,
    metrics: Metrics,
    /// Events leave in the order in which they were handed over; the lock is fair.
    order: tokio::sync::Mutex<()>,
    /// What the server last said of a missing permission: it says so apart from the publish, which merely times out.
    denied: watch::Receiver<Option<String>>,
    listener: tokio::task::JoinHandle<()>,
}

/// The event is in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its place in the stream.
    pub sequence: u64,
    /// Whether the queue had it already.
    pub duplicate: bool,
}

impl Producer {
    /// Connects and listens for this publisher's receipts.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(options: Options) -> Result<Self, ConnectError> {
        let (deny, denied) = watch::channel(None);
        let server = options.server.for_publisher(&options.publisher);
        let connecting = server.options().event_callback(move |event| {
            if let Event::ServerError(error) = event
                && error.to_string().to_ascii_lowercase().contains("permissions violation")
            {
                deny.send_replace(Some(error.to_string()));
            }
            std::future::ready(())
        });
        let unreachable = |reason: String| ConnectError::Unreachable { url: server.url().to_owned(), reason };
        let client = connecting.connect(&*server.addresses()).await.map_err(|error| match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => ConnectError::NotAdmitted { url: server.url().to_owned() },
            _ => unreachable(error.to_string()),
        })?;
        if !client.is_server_compatible(2, 12, 0) {
            return Err(ConnectError::Server { found: client.server_info().version });
        }
        let waiting = Waiting::default();
        let heard = match options.speaks {
            Speaks::ForItself => format!("{RECEIPTS}{}", options.publisher),
            Speaks::ForOthers => format!("{RECEIPTS}{}.*", options.publisher),
        };
        let receipts = client.subscribe(heard).await.map_err(|error| unreachable(error.to_string()))?;
        client.flush().await.map_err(|error| unreachable(error.to_string()))?;
        let listener = tokio::spawn(waiting.clone().listen(receipts));
        let context = jetstream::context::ContextBuilder::new().ack_timeout(ACKNOWLEDGEMENT).build(client.clone());
        let Options { publisher, window, .. } = options;
        let inner = Inner {
            client,
            context,
            window,
            waiting,
            turns: Turns::default(),
            metrics: Metrics::default(),
            order: tokio::sync::Mutex::default(),
            denied,
            listener,
        };
        Ok(Self { inner: Arc::new(inner), publisher })
    }

    /// The same connection, publishing as another: of a gateway as one of those that are named after it.
    #[must_use]
    pub fn speaking_for(&self, publisher: Publisher) -> Self {
        Self { inner: Arc::clone(&self.inner), publisher }
    }

    /// As whom it publishes.
    #[must_use]
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Whether the server is there, as far as is known.
    pub(crate) fn is_connected(&self) -> bool {
        self.inner.client.connection_state() == State::Connected
    }

    /// Publishes an event; returns when it's queued. That isn't recorded yet: a queue may lose what it acknowledged.
    ///
    /// # Errors
    /// See [`PublishError`].
    ///
    /// # Cancel safety
    /// Dropped half-way, the event may be in the queue; sent again, it's recognised.
    pub async fn publish(&self, event: &Outgoing) -> Result<Queued, PublishError> {
        let mut turn = self.inner.turns.take(event.names());
        turn.comes().await;
        let acknowledged = self.send(event, 0).await.map_err(|failed| failed.error)?;
        Ok(Queued { sequence: acknowledged.sequence, duplicate: acknowledged.duplicate })
    }

    /// Publishes an event and waits for its receipt. Whatever fails on the way is tried again until the time is over; nothing is sent twice before the ledger was asked.
    ///
    /// # Errors
    /// See [`PublishError`]. A refusal is a receipt, not an error.
    ///
    /// # Cancel safety
    /// Dropped half-way, the event may be in the queue; sent again, it's recognised.
    pub async fn publish_recorded(&self, event: &Outgoing, within: Duration) -> Result<Receipt, PublishError> {
        self.publish_in_turn(event, self.inner.turns.take(event.names()), within).await
    }

    /// What happened since it was connected.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    async fn publish_in_turn(&self, event: &Outgoing, turn: Turn, within: Duration) -> Result<Receipt, PublishError> {
        let found = self.publish_until(event, turn, within).await;
        self.inner.metrics.published(&found);
        found
    }

    async fn publish_until(&self, event: &Outgoing, mut turn: Turn, within: Duration) -> Result<Receipt, PublishError> {
        let deadline = Instant::now() + within;
        if timeout_at(deadline, turn.comes()).await.is_err() {
            return Err(PublishError::NotQueued("an event that it acts on took all the time".to_owned()));
        }
        let mut place = self.inner.waiting.wait_for(&self.publisher, event);
        let mut attempt = Attempt { sent: false, before: false, queued: false, again: 0, backoff: BACKOFF, last: None };
        loop {
            let found = timeout_at(deadline, self.attempt(event, &mut place, &mut attempt)).await;
            match found {
                Ok(Ok(Some(receipt))) if event.confirms(&receipt, &self.publisher) => return Ok(receipt),
                Ok(Ok(Some(_))) => return Err(PublishError::WrongLeaf),
                Ok(Ok(None)) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) if attempt.queued => return Err(PublishError::NoReceipt),
                Err(_) => return Err(attempt.last.unwrap_or_else(|| PublishError::NotQueued("it did not acknowledge in time".to_owned()))),
            }
        }
    }

    /// Publishes events in their order, at most a window of them under way, and gives their receipts in the same order.
    ///
    /// # Cancel safety
    /// Dropped half-way, what was sent stays sent; sent again, it's recognised.
    pub fn publish_all<'a, S>(&'a self, events: S, within: Duration) -> impl Stream<Item = Result<Receipt, PublishError>> + 'a
    where
        S: IntoIterator<Item = Outgoing> + 'a,
        S::IntoIter: 'a,
    {
        let publishing = move |event: Outgoing| {
            let turn = self.inner.turns.take(event.names());
            async move { self.publish_in_turn(&event, turn, within).await }
        };
        stream::iter(events).map(publishing).buffered(self.inner.window)
    }

    /// The receipt of an event, if the ledger knows it.
    ///
    /// # Errors
    /// No ledger answers.
    pub async fn receipt(&self, event: &Outgoing) -> Result<Option<Receipt>, String> {
        let question = json!({"publisher": self.publisher, "digest": event.digest(), "source": event.source(), "id": event.id()});
        Ok(self.ask(question).await?.filter(|receipt| event.is_answered_by(receipt)))
    }

    /// The receipt of a message of this publisher with this body, if the ledger knows one.
    ///
    /// # Errors
    /// No ledger answers.
    pub async fn receipt_of(&self, digest: Digest) -> Result<Option<Receipt>, String> {
        self.ask(json!({"publisher": self.publisher, "digest": digest})).await
    }

    async fn ask(&self, question: serde_json::Value) -> Result<Option<Receipt>, String> {
        let asked = timeout(ANSWER, self.inner.client.request("handover.query.receipt", question.to_string().into())).await;
        let answer = asked.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        Ok(serde_json::from_slice(&answer.payload).ok())
    }

    /// One round: send, wait for the receipt, ask. `None` is a reason for another.
    async fn attempt(&self, event: &Outgoing, place: &mut Place, attempt: &mut Attempt) -> Result<Option<Receipt>, PublishError> {
        let swallowed = match self.send(event, attempt.again).await {
            Ok(acknowledged) => {
                attempt.before |= acknowledged.duplicate && !attempt.sent;
                attempt.sent = true;
                attempt.queued = true;
                acknowledged.duplicate
            }
            Err(Failed { error, fatal: true }) => return Err(error),
            Err(Failed { error, .. }) => {
                tracing::debug!(%error, "an event was not queued; it's tried again");
                self.inner.metrics.repeated();
                attempt.last = Some(error);
                attempt.sent = true;
                sleep(attempt.backoff).await;
                attempt.backoff = (attempt.backoff * 2).min(MAX_BACKOFF);
                return self.known(event, attempt, false).await;
            }
        };
        if swallowed && let Some(receipt) = self.known(event, attempt, true).await? {
            return Ok(Some(receipt));
        }
        match timeout(RECEIPT, &mut place.receipt).await {
            Ok(Ok(receipt)) => return Ok(Some(receipt)),
            Ok(Err(_)) => *place = self.inner.waiting.wait_for(&self.publisher, event),
            Err(_) => {}
        }
        self.known(event, attempt, false).await
    }

    /// What the ledger knows of the event. A refusal that was given before this event was sent may be out of date, so the queue must take the event once more.
    async fn known(&self, event: &Outgoing, attempt: &mut Attempt, swallowed: bool) -> Result<Option<Receipt>, PublishError> {
        let receipt = self.receipt(event).await.unwrap_or_else(|reason| {
            tracing::debug!(reason, "no ledger answers");
            None
        });
        if swallowed && attempt.again == 0 && matches!(&receipt, Some(Receipt { outcome: Outcome::Refused { .. }, .. })) {
            // The time makes the repeat's id one that the queue hasn't seen.
            attempt.again = std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.subsec_nanos() | 1);
            return Ok(None);
        }
        Ok(receipt.map(|receipt| if attempt.before { repeated(receipt) } else { receipt }))
    }

    async fn send(&self, event: &Outgoing, again: u32) -> Result<PublishAck, Failed> {
        let subject = event.subject(&self.publisher);
        let mut denied = self.inner.denied.clone();
        // What was refused before may be allowed by now.
        denied.mark_unchanged();
        let id = event.message_id(&subject, again);
        let message = PublishMessage::build().payload(event.event().clone()).headers(event.headers()).message_id(id);
        let acknowledged = {
            let _order = self.inner.order.lock().await;
            self.inner.context.send_publish(subject.clone(), message).await
        };
        let failed =
            |error: PublishErrorKind, reason: String| Failed { error: PublishError::NotQueued(reason), fatal: error == PublishErrorKind::MaxPayloadExceeded };
        let acknowledgement = acknowledged.map_err(|error| failed(error.kind(), error.to_string()))?;
        tokio::select! {
            biased;
            acknowledged = acknowledgement.into_future() => acknowledged.map_err(|error| failed(error.kind(), error.to_string())),
            reason = refusal(denied, &subject) => Err(Failed { error: PublishError::Denied(reason), fatal: true }),
        }
    }
}

/// What the server says when it refuses to have something published on a subject; never, where it doesn't.
async fn refusal(mut denied: watch::Receiver<Option<String>>, subject: &str) -> String {
    let quoted = format!("\"{subject}\"");
    while denied.changed().await.is_ok() {
        let reason = denied.borrow_and_update().clone().filter(|reason| reason.contains(&quoted));
        if let Some(reason) = reason {
            return reason;
        }
    }
    std::future::pending().await
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// How far an event came.
struct Attempt {
    /// Whether it was sent by this call at least once.
    sent: bool,
    /// Whether the queue had it before this call sent it.
    before: bool,
    queued: bool,
    again: u32,
    backoff: Duration,
    last: Option<PublishError>,
}

/// The queue had the event before it was sent: what was recorded then makes this one a duplicate.
fn repeated(receipt: Receipt) -> Receipt {
    let outcome = match receipt.outcome {
        Outcome::Recorded { position, .. } => Outcome::Duplicate { position },
        outcome => outcome,
    };
    Receipt { outcome, ..receipt }
}

/// A publish that failed, and whether another attempt is in vain.
struct Failed {
    error: PublishError,
    fatal: bool,
}
