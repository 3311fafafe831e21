use std::{
    collections::HashMap,
    fs::File,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use announcement::{Digest, Outcome, Receipt};
use async_nats::{
    Client, Subscriber,
    jetstream::{
        self,
        consumer::pull::OrderedConfig,
        context::{ContextBuilder, PublishAckFuture},
        message::PublishMessage,
        stream::{Config, DiscardPolicy},
    },
};
use futures::StreamExt;
use serde::Deserialize;
use tokio::{
    sync::{Semaphore, mpsc},
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{BenchError, events::PUBLISHER, ingest::Outgoing};

/// The stream that JetStream's own rates are measured with, set as the ledger's is.
const STREAM: &str = "REFERENCE";
const SUBJECT: &str = "reference.bench";
/// The stream of what was recorded.
const LEDGER: &str = "LEDGER";
/// Between two looks at it.
const LOOK: Duration = Duration::from_millis(5);
/// How long nothing may come.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection that publishes: to the ledger, and to a stream that nobody reads.
pub(crate) struct Publishing {
    client: Client,
    context: jetstream::Context,
    window: usize,
}

/// When each message was sent, by the digest of its body.
type Sent = HashMap<Digest, Instant>;

#[derive(Deserialize)]
struct Receipts {
    receipts: Vec<Receipt>,
}

impl Publishing {
    pub(crate) async fn connect(url: &str, window: usize) -> Result<Self, BenchError> {
        let client = async_nats::connect(url).await.map_err(BenchError::failed)?;
        let context = ContextBuilder::new().max_ack_inflight(window).ack_timeout(PATIENCE).build(client.clone());
        let config = Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECT.to_owned()],
            discard: DiscardPolicy::New,
            max_bytes: event_store::nats::Options::DEFAULT_MAX_BYTES,
            duplicate_window: Duration::from_secs(120),
            deny_delete: true,
            ..Config::default()
        };
        context.create_stream(config).await.map_err(BenchError::failed)?;
        Ok(Self { client, context, window })
    }

    async fn send(&self, subject: &str, outgoing: &Outgoing) -> Result<PublishAckFuture, BenchError> {
        let message = PublishMessage::build().payload(outgoing.event.clone()).message_id(&outgoing.id);
        self.context.send_publish(subject.to_owned(), message).await.map_err(BenchError::failed)
    }

    /// To the last acknowledgement; gives the seconds, and what each took.
    pub(crate) async fn acknowledged(&self, events: Vec<Outgoing>) -> Result<(f64, Vec<Duration>), BenchError> {
        let (sender, waiting) = mpsc::channel(self.window);
        let start = Instant::now();
        let sending = async {
            for outgoing in &events {
                let sent = Instant::now();
                let _ = sender.send((sent, self.send(SUBJECT, outgoing).await?)).await;
            }
            drop(sender);
            Ok::<_, BenchError>(())
        };
        let (sent, latencies) = tokio::join!(sending, acknowledgements(waiting));
        sent?;
        Ok((start.elapsed().as_secs_f64(), latencies?))
    }

    /// To the last receipt, at most a window without one; gives the seconds, and what each took.
    pub(crate) async fn receipted(&self, events: Vec<Outgoing>) -> Result<(f64, Vec<Duration>), BenchError> {
        let window = Arc::new(Semaphore::new(self.window));
        let start = Instant::now();
        let latencies = self.publish(events, window.clone(), || async {
            // Given back by its receipt.
            window.acquire().await.map_err(BenchError::failed)?.forget();
            Ok(())
        });
        let latencies = latencies.await?;
        Ok((start.elapsed().as_secs_f64(), latencies))
    }

    /// One after each `pace`, whatever becomes of the others.
    pub(crate) async fn receipted_at(&self, events: Vec<Outgoing>, pace: Duration) -> Result<Vec<Duration>, BenchError> {
        let ticks = tokio::sync::Mutex::new(interval(pace));
        let publishing = self.publish(events, Arc::new(Semaphore::new(0)), || async {
            ticks.lock().await.tick().await;
            Ok(())
        });
        publishing.await
    }

    async fn publish<F>(&self, events: Vec<Outgoing>, window: Arc<Semaphore>, turn: impl Fn() -> F) -> Result<Vec<Duration>, BenchError>
    where
        F: Future<Output = Result<(), BenchError>>,
    {
        let subject = format!("handover.announce.{PUBLISHER}");
        let receipts = self.client.subscribe(format!("handover.receipts.{PUBLISHER}")).await.map_err(BenchError::failed)?;
        self.client.flush().await.map_err(BenchError::failed)?;
        let (sender, waiting) = mpsc::channel(self.window);
        let acknowledging = tokio::spawn(acknowledgements(waiting));
        let receiving = tokio::spawn(receive(receipts, events.len(), window));
        let mut sent = Sent::with_capacity(events.len());
        for outgoing in &events {
            turn().await?;
            sent.insert(Digest::of(&outgoing.event), Instant::now());
            let acknowledgement = self.send(&subject, outgoing).await?;
            let _ = sender.send((Instant::now(), acknowledgement)).await;
        }
        drop(sender);
        acknowledging.await.map_err(BenchError::failed)??;
        let received = receiving.await.map_err(BenchError::failed)??;
        let latencies = received.into_iter().filter_map(|(digest, at)| Some(at.duration_since(*sent.get(&digest)?)));
        Ok(latencies.collect())
    }

    /// Each acknowledgement followed by one `fdatasync`, one after the other, at most one a `pace`.
    pub(crate) async fn acknowledged_and_synced(&self, events: Vec<Outgoing>, pace: Duration, path: &Path) -> Result<Vec<Duration>, BenchError> {
        let mut file = File::create(path)?;
        let mut ticks = interval(pace);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut latencies = Vec::with_capacity(events.len());
        for outgoing in &events {
            ticks.tick().await;
            let start = Instant::now();
            self.send(SUBJECT, outgoing).await?.await.map_err(BenchError::failed)?;
            tokio::task::block_in_place(|| file.write_all(&outgoing.event).and_then(|()| file.sync_data()))?;
            latencies.push(start.elapsed());
        }
        Ok(latencies)
    }

    /// Waits until the stream LEDGER has this many records; gives the seconds.
    pub(crate) async fn caught_up(&self, records: u64) -> Result<f64, BenchError> {
        let mut stream = self.context.get_stream(LEDGER).await.map_err(BenchError::failed)?;
        let start = Instant::now();
        while stream.info().await.map_err(BenchError::failed)?.state.last_sequence < records {
            if start.elapsed() > PATIENCE {
                return Err(BenchError::Failed(format!("{LEDGER} doesn't reach {records} records")));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(start.elapsed().as_secs_f64())
    }

    /// The seconds in which the first messages of the reference's stream are read.
    pub(crate) async fn consumed(&self, count: usize) -> Result<f64, BenchError> {
        let stream = self.context.get_stream(STREAM).await.map_err(BenchError::failed)?;
        let start = Instant::now();
        let consumer = stream.create_consumer(OrderedConfig::default()).await.map_err(BenchError::failed)?;
        let mut messages = consumer.messages().await.map_err(BenchError::failed)?.take(count);
        while let Some(message) = messages.next().await {
            message.map_err(BenchError::failed)?;
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

async fn acknowledgements(mut waiting: mpsc::Receiver<(Instant, PublishAckFuture)>) -> Result<Vec<Duration>, BenchError> {
    let mut latencies = Vec::new();
    while let Some((sent, acknowledgement)) = waiting.recv().await {
        let acknowledged = acknowledgement.await.map_err(BenchError::failed)?;
        if acknowledged.duplicate {
            return Err(BenchError::Failed("the queue had an announcement already".to_owned()));
        }
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// Takes receipts until each announcement has one that says that it's recorded.
async fn receive(mut receipts: Subscriber, count: usize, window: Arc<Semaphore>) -> Result<Vec<(Digest, Instant)>, BenchError> {
    let mut received = Vec::with_capacity(count);
    while received.len() < count {
        let message = timeout(PATIENCE, receipts.next()).await.ok().flatten();
        let message = message.ok_or_else(|| BenchError::Failed(format!("{} of {count} announcements have no receipt", count - received.len())))?;
        let now = Instant::now();
        let message: Receipts = serde_json::from_slice(&message.payload).map_err(BenchError::failed)?;
        window.add_permits(message.receipts.len());
        for receipt in message.receipts {
            match receipt.outcome {
                Outcome::Recorded { .. } => received.push((receipt.digest, now)),
                outcome => return Err(BenchError::Failed(format!("an announcement wasn't recorded: {outcome:?}"))),
            }
        }
    }
    Ok(received)
}
