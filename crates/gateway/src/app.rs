use std::sync::Arc;

use announcement::Position;
use event_store::Health;
use projection::{Projection, Source};
use tokio::sync::{Semaphore, watch};

use crate::{Intake, Limits, MAX_BATCHES, MAX_SCANS, problem::Failure};

/// What the gateway answers from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) projection: Projection,
    pub(crate) records: Source,
    pub(crate) intake: Intake,
    pub(crate) health: Option<watch::Receiver<Health>>,
    pub(crate) limits: Limits,
    gates: Arc<Gates>,
}

#[derive(Debug)]
struct Gates {
    scans: Arc<Semaphore>,
    batches: Arc<Semaphore>,
}

impl App {
    /// Reads from `projection` and `records`, publishes to `intake`. `health` is the ledger's, where it runs in this process.
    #[must_use]
    pub fn new(projection: Projection, records: Source, intake: Intake, health: Option<watch::Receiver<Health>>) -> Self {
        let gates = Gates { scans: Arc::new(Semaphore::new(MAX_SCANS)), batches: Arc::new(Semaphore::new(MAX_BATCHES)) };
        Self { projection, records, intake, health, limits: Limits::default(), gates: Arc::new(gates) }
    }

    /// The same with other time limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Waits until the read models hold the record at this position.
    pub(crate) async fn reach(&self, at_least: Option<Position>) -> Result<(), Failure> {
        let Some(position) = at_least else { return Ok(()) };
        self.projection.at_least(position, self.limits.at_least).await.map_err(|_| {
            let detail =
                format_args!("the answer would rest on {} records, and position {position} isn't among them yet", self.projection.progress().next).to_string();
            Failure::unavailable(detail, "Ask again after a while, or without at_least.")
        })
    }

    /// Reads on a thread that may block. A place is held until the reading ends, also where nobody waits for it any more.
    pub(crate) async fn scan<T: Send + 'static>(&self, read: impl FnOnce(Self) -> T + Send + 'static) -> Result<T, Failure> {
        let place = Arc::clone(&self.gates.scans).acquire_owned().await.map_err(Failure::internal)?;
        let app = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let answer = read(app);
            drop(place);
            answer
        });
        reading.await.map_err(Failure::internal)
    }

    /// A place for the body of a batch, freed when it's dropped.
    pub(crate) fn batch_place(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Failure> {
        Arc::clone(&self.gates.batches).try_acquire_owned().map_err(|_| {
            Failure::unavailable(
                "as many batches are being taken as may be at once; nothing of this one was queued",
                "Send it again, unchanged, after a while.",
            )
        })
    }
}
