//! What the read models tell whoever counts: `handover_projection_…`. All read models are made from one fold, so there is one series of each.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use prometheus_client::{
    metrics::{
        counter::Counter,
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use tokio::time::{Instant, timeout};

use crate::{Projection, Source, State};

/// How long the ledger may take to say how old the oldest record is that isn't folded yet.
const PATIENCE: Duration = Duration::from_secs(1);

type Words = Family<[(&'static str, &'static str); 1], Gauge>;

/// What happened since the start.
#[derive(Clone, Debug)]
pub struct Metrics {
    records: Counter,
    pages: Histogram,
    snapshots: Family<[(&'static str, &'static str); 1], Counter>,
    rebuilds: Counter,
    /// Guards when the read models were saved last.
    saved: Arc<Mutex<Option<Instant>>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let snapshots = Family::<[(&'static str, &'static str); 1], Counter>::default();
        for result in ["saved", "failed"] {
            drop(snapshots.get_or_create(&[("result", result)]));
        }
        // From a quarter of a millisecond, a record or two, to 4 s.
        let pages = Histogram::new(exponential_buckets(250e-6, 2.0, 15));
        Self { records: Counter::default(), pages, snapshots, rebuilds: Counter::default(), saved: Arc::default() }
    }
}

impl Metrics {
    /// Has them told by a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("handover_projection_folded_records", "Records folded into what is answered from", self.records.clone());
        registry.register_with_unit("handover_projection_page_duration", "Folding a page of records, while readers wait", Unit::Seconds, self.pages.clone());
        registry.register("handover_projection_snapshots", "Snapshots of the read models", self.snapshots.clone());
        registry.register("handover_projection_rebuilds", "Rebuilds that took the place of what was answered from", self.rebuilds.clone());
    }

    pub(crate) fn folded(&self, records: u64, took: Duration) {
        self.records.inc_by(records);
        self.pages.observe(took.as_secs_f64());
    }

    pub(crate) fn saved(&self, is_saved: bool) {
        self.snapshots.get_or_create(&[("result", if is_saved { "saved" } else { "failed" })]).inc();
        if is_saved {
            *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }

    pub(crate) fn rebuilt(&self) {
        self.rebuilds.inc();
    }
}

impl Projection {
    /// Tells a registry where the read models stand at an instant. What isn't known isn't told.
    ///
    /// # Cancel safety
    /// It only reads.
    pub async fn observe(&self, source: &Source, now: Timestamp, registry: &mut Registry) {
        let progress = self.progress();
        let size = match source {
            Source::Ledger(reader) => reader.head().size,
            Source::Nats(_) => progress.size,
        };
        let lag = size.saturating_sub(progress.next.get());
        gauge(registry, "handover_projection_records", "Records folded: the next position", number(progress.next.get()));
        gauge(registry, "handover_projection_lag_records", "Records that the read models lack", number(lag));
        let oldest = if lag > 0 { timeout(PATIENCE, source.record(progress.next)).await.ok() } else { Some(Ok(None)) };
        if let Some(Ok(oldest)) = oldest {
            let waited = oldest.map_or(0.0, |record| now.duration_since(record.recorded).as_secs_f64().max(0.0));
            seconds(registry, "handover_projection_lag", "How long the oldest record that the read models lack has been in the ledger", waited);
        }
        let states = Words::default();
        for (name, is_in) in [
            ("catching-up", matches!(progress.state, State::CatchingUp)),
            ("following", matches!(progress.state, State::Following)),
            ("waiting", matches!(progress.state, State::Waiting { .. })),
            ("stopped", matches!(progress.state, State::Stopped { .. })),
            ("rebuilding", progress.rebuild.is_some()),
        ] {
            states.get_or_create(&[("state", name)]).set(i64::from(is_in));
        }
        registry.register("handover_projection_state", "1 for what the read models do; a rebuild goes on beside", states);
        gauge(registry, "handover_projection_fold_version", "The version of the fold that is answered from", f64::from(progress.version));
        if let Some(rebuild) = &progress.rebuild {
            gauge(registry, "handover_projection_rebuild_records", "Records that the rebuild has folded", number(rebuild.folded));
        }
        if let Some(saved) = progress.saved {
            gauge(registry, "handover_projection_snapshot_records", "Records that the last snapshot is of", number(saved.get()));
        }
        let saved = *self.metrics().saved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(saved) = saved {
            seconds(registry, "handover_projection_snapshot_age", "Since the last snapshot of this process", saved.elapsed().as_secs_f64());
        }
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: f64) {
    registry.register(name, help, ConstGauge::new(value));
}

fn seconds(registry: &mut Registry, name: &str, help: &str, value: f64) {
    registry.register_with_unit(name, help, Unit::Seconds, ConstGauge::new(value));
}

#[expect(clippy::cast_precision_loss, reason = "no count comes near 2^53")]
const fn number(count: u64) -> f64 {
    count as f64
}
