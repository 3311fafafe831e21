use std::sync::Arc;

use announcement::Position;
use axum::http::StatusCode;
use event_store::{Checkpoints, Health, Ledger};
use projection::{Known, Projection, Source};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Access, Intake, Limits, MAX_BODIES_BYTES, MAX_SCANS, answer::Kept, metrics::Metrics, parameters::Reading, problem::Failure, rate::Rates, stream::Streams,
};

/// What the gateway answers from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) projection: Option<Projection>,
    pub(crate) records: Source,
    pub(crate) intake: Intake,
    pub(crate) health: Option<watch::Receiver<Health>>,
    pub(crate) limits: Limits,
    pub(crate) checkpoints: Option<Checkpoints>,
    pub(crate) kept: Arc<Kept>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) access: Arc<Access>,
    pub(crate) metrics: Arc<Metrics>,
    /// What's measured, where it runs in this process.
    pub(crate) ledger: Option<Ledger>,
    gates: Arc<Gates>,
}

#[derive(Debug)]
struct Gates {
    scans: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
}

impl App {
    /// Reads from `projection` and `records`, publishes to `intake`. `health` is the ledger's, where it runs in this process.
    #[must_use]
    pub fn new(projection: Projection, records: Source, intake: Intake, health: Option<watch::Receiver<Health>>) -> Self {
        let gates = Gates { scans: Arc::new(Semaphore::new(MAX_SCANS)), bodies: Arc::new(Semaphore::new(MAX_BODIES_BYTES)) };
        let rates = Arc::new(Rates::new(Limits::default().rate));
        let streams = Arc::new(Streams::new(Limits::default().streams, CancellationToken::new()));
        Self {
            projection: Some(projection),
            records,
            intake,
            health,
            limits: Limits::default(),
            checkpoints: None,
            kept: Arc::default(),
            rates,
            streams,
            access: Arc::default(),
            metrics: Arc::default(),
            ledger: None,
            gates: Arc::new(gates),
        }
    }

    /// The same without read models, for a node that runs none: what would be read from them is answered with a problem, and readiness doesn't wait for them.
    #[must_use]
    pub fn without_read_models(self) -> Self {
        Self { projection: None, ..self }
    }

    /// The same, handing out checkpoints and proofs.
    #[must_use]
    pub fn with_checkpoints(self, checkpoints: Checkpoints) -> Self {
        Self { checkpoints: Some(checkpoints), ..self }
    }

    /// The same, telling at `/metrics` of this ledger too.
    #[must_use]
    pub fn measuring(self, ledger: Ledger) -> Self {
        Self { ledger: Some(ledger), ..self }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, rates: Arc::new(Rates::new(limits.rate)), ..self }
    }

    /// The same, letting others in.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        Self { access: Arc::new(access), ..self }
    }

    /// The same, with streams that end at `stop`.
    pub(crate) fn until(self, stop: &CancellationToken) -> Self {
        let streams = Arc::new(Streams::new(self.limits.streams, stop.clone()));
        Self { streams, ..self }
    }

    /// The read models, once they hold the record at this position.
    pub(crate) async fn reach(&self, at_least: Option<Position>) -> Result<Projection, Failure> {
        let projection = self.projection.clone().ok_or_else(no_read_models)?;
        if let Some(position) = at_least {
            let reached = projection.at_least(position, self.limits.at_least).await;
            reached.map_err(|_| not_reached(position, projection.progress().next.get()))?;
        }
        Ok(projection)
    }

    /// Asks a read model, on a thread that may block.
    pub(crate) async fn ask<T: Send + 'static>(&self, reading: Reading, model: impl FnOnce(Known<'_>) -> T + Send + 'static) -> Result<T, Failure> {
        let projection = self.reach(reading.at_least).await?;
        self.scan(move || projection.ask(reading.as_known, model)).await
    }

    /// Waits until the record at this position can be read.
    pub(crate) async fn reach_record(&self, at_least: Option<Position>) -> Result<(), Failure> {
        let Some(position) = at_least else { return Ok(()) };
        let Source::Ledger(reader) = &self.records else {
            return self.reach(at_least).await.map(drop);
        };
        let reached = reader.wait_for(position.get().saturating_add(1), self.limits.at_least).await;
        reached.map(drop).map_err(|_| not_reached(position, reader.head().size))
    }

    /// Reads on a thread that may block. A place is held until the reading ends, also where nobody waits for it any more.
    pub(crate) async fn scan<T: Send + 'static>(&self, read: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let place = Arc::clone(&self.gates.scans).acquire_owned().await.map_err(Failure::internal)?;
        let reading = tokio::task::spawn_blocking(move || {
            let answer = read();
            drop(place);
            answer
        });
        reading.await.map_err(Failure::internal)
    }

    /// Where the bytes of bodies are counted.
    pub(crate) fn bodies(&self) -> &Arc<Semaphore> {
        &self.gates.bodies
    }
}

fn no_read_models() -> Failure {
    let remedy = "Ask a node that does; this one answers /v1/records, /v1/receipts, /v1/integrity and /v1/announcements.";
    Failure::new(StatusCode::NOT_FOUND, "no-read-models", "Not on this node", "this node keeps no read models", remedy)
}

fn not_reached(position: Position, records: u64) -> Failure {
    let detail = format_args!("the answer would rest on {records} records, and position {position} isn't among them yet").to_string();
    Failure::unavailable(detail, "Ask again after a while, or without at_least.")
}
