use std::time::Duration;

use announcement::{Announcement, Digest, Publisher, Receipt, Route, TRACEPARENT, TraceContext};
use bytes::Bytes;
use event_store::Ledger;
use futures::{StreamExt, stream};
use producer::{Outgoing, Producer, PublishError};
use tokio::time::{Instant, timeout_at};

use crate::{App, problem::Failure};

/// How many events of one batch are under way to the queue at once.
const WINDOW: usize = producer::Options::DEFAULT_WINDOW;

/// Where announcements go that come in over HTTP.
#[derive(Clone, Debug)]
pub enum Intake {
    /// To the ledger of this process.
    Embedded(Ledger),
    /// To the queue.
    Nats(Producer),
    /// Nowhere: this server speaks for nobody.
    Closed,
}

/// An event that passed every check that needs no ledger.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// Its structured form.
    pub(crate) event: Bytes,
    pub(crate) announcement: Announcement,
}

/// What became of an event that was handed to the intake.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// The ledger decided.
    Decided(Receipt),
    /// It's in the queue, and no receipt came in time.
    Queued,
    /// It isn't known to be in the queue.
    NotQueued(String),
}

impl Intake {
    /// What became of a message that this publisher sent.
    pub(crate) async fn receipt(&self, app: &App, publisher: Publisher, digest: Digest) -> Result<Option<Receipt>, Failure> {
        match self {
            Self::Embedded(ledger) => {
                let reader = ledger.reader();
                app.scan(move || reader.receipt(&publisher, digest, None)).await?.map_err(Failure::internal)
            }
            Self::Closed => Ok(None),
            Self::Nats(producer) => {
                let asked = producer.speaking_for(publisher).receipt_of(digest).await;
                asked.map_err(|error| Failure::unavailable(format_args!("no ledger answers: {error}"), "Try again; if it stays, see /readyz."))
            }
        }
    }

    /// Hands events over in their order and waits for their receipts, all of them together `within` this time. An event that says in which trace
    /// it was made is in that one, any other in `trace`.
    ///
    /// # Cancel safety
    /// Dropped half-way, some are queued and some aren't; sent again, what was queued is recognised.
    pub(crate) async fn submit(&self, publisher: &Publisher, events: Vec<Accepted>, trace: Option<TraceContext>, within: Duration) -> Vec<Fate> {
        let deadline = Instant::now() + within;
        match self {
            // All at once: each takes its place among the waiting when it's first polled, which is in their order.
            Self::Embedded(ledger) => {
                let all = events.len();
                stream::iter(events).map(|event| to_ledger(ledger, publisher, event, trace, deadline)).buffered(all).collect().await
            }
            Self::Closed => events.into_iter().map(|_| Fate::NotQueued("this server publishes nothing".to_owned())).collect(),
            Self::Nats(producer) => {
                let producer = &producer.speaking_for(publisher.clone());
                stream::iter(events).map(|event| to_queue(producer, event, trace, deadline)).buffered(WINDOW).collect().await
            }
        }
    }
}

async fn to_ledger(ledger: &Ledger, publisher: &Publisher, event: Accepted, trace: Option<TraceContext>, deadline: Instant) -> Fate {
    let subject = Route::of(event.announcement.kind(), publisher.clone()).to_string();
    let trace = TraceContext::of(&event.announcement).or(trace);
    let headers = trace.map(|trace| (TRACEPARENT.to_owned(), trace.to_string())).into_iter().collect();
    match timeout_at(deadline, ledger.submit(subject, headers, event.event)).await {
        Ok(Ok(receipt)) => Fate::Decided(receipt),
        Ok(Err(error)) => Fate::NotQueued(error.to_string()),
        Err(_) => Fate::Queued,
    }
}

async fn to_queue(producer: &Producer, event: Accepted, trace: Option<TraceContext>, deadline: Instant) -> Fate {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Fate::NotQueued("the events before it took all the time".to_owned());
    }
    let outgoing = Outgoing::new(event.event, &event.announcement);
    let outgoing = match trace {
        Some(trace) => outgoing.with_traceparent(trace.to_string()),
        None => outgoing,
    };
    match producer.publish_recorded(&outgoing, left).await {
        Ok(receipt) => Fate::Decided(receipt),
        Err(PublishError::NoReceipt) => Fate::Queued,
        Err(error) => Fate::NotQueued(error.to_string()),
    }
}
