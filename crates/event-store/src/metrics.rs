//! What a ledger tells whoever counts: `handover_ledger_…` and `handover_stream_…`. What happens is counted where it happens, a commit at a time; where the ledger stands is
//! read when it's asked for.

use std::time::{Duration, Instant};

use announcement::{Fault, Outcome};
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

use crate::{
    Cause, Ledger,
    nats::{KNOWN_FOR, Level},
    shelf::Shelf,
    writer::Pending,
};

/// Labels whose values are words of ours, and so bounded.
type Labels<const N: usize> = [(&'static str, &'static str); N];
type Words<const N: usize> = Family<Labels<N>, Gauge>;

/// What happened since the start.
#[derive(Clone, Debug)]
pub struct Metrics {
    commits: Histogram,
    syncs: Histogram,
    commit_records: Histogram,
    commit_bytes: Histogram,
    receipts: Family<Labels<1>, Counter>,
    /// The counters of `recorded`, `duplicate` and `refused`.
    by_status: [Counter; 3],
    refusals: Family<Labels<1>, Counter>,
    /// One for each fault, in their order.
    by_fault: Vec<Counter>,
    unsent: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        // From 62 µs to 4 s: a fast disk's sync, and one that an operator hears of.
        let durations = || Histogram::new(exponential_buckets(62.5e-6, 2.0, 17));
        let (receipts, refusals) = (Family::<Labels<1>, Counter>::default(), Family::<Labels<1>, Counter>::default());
        let by_status = ["recorded", "duplicate", "refused"].map(|status| receipts.get_or_create_owned(&[("status", status)]));
        let by_fault = Fault::ALL.iter().map(|fault| refusals.get_or_create_owned(&[("problem", slug(*fault))])).collect();
        Self {
            commits: durations(),
            syncs: durations(),
            commit_records: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            commit_bytes: Histogram::new(exponential_buckets(512.0, 4.0, 8)),
            receipts,
            by_status,
            refusals,
            by_fault,
            unsent: Counter::default(),
        }
    }
}

impl Metrics {
    /// Has them told by a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_with_unit("handover_ledger_commit_duration", "From a commit's way to the disk to its receipts", Unit::Seconds, self.commits.clone());
        registry.register_with_unit("handover_ledger_sync_duration", "fdatasync of a commit's frame", Unit::Seconds, self.syncs.clone());
        registry.register("handover_ledger_commit_records", "Records of a commit", self.commit_records.clone());
        registry.register_with_unit("handover_ledger_commit_size", "What a commit writes to the journal", Unit::Bytes, self.commit_bytes.clone());
        registry.register("handover_ledger_receipts", "What became of messages", self.receipts.clone());
        registry.register("handover_ledger_refusals", "Refused messages by their problem", self.refusals.clone());
        registry.register("handover_ledger_receipts_unsent", "Receipts that were not sent; publishers ask for them", self.unsent.clone());
    }

    /// A commit is on disk: how long that took, and the sync of it.
    pub(crate) fn committed(&self, took: Duration, sync: Duration, records: usize, bytes: usize) {
        self.commits.observe(took.as_secs_f64());
        self.syncs.observe(sync.as_secs_f64());
        self.commit_records.observe(number(records as u64));
        self.commit_bytes.observe(number(bytes as u64));
    }

    /// The messages of a commit were decided on.
    pub(crate) fn decided(&self, receipts: &[Pending]) {
        let mut by_status = [0; 3];
        for (_, receipt, _) in receipts {
            let status = match &receipt.outcome {
                Outcome::Recorded { .. } => 0,
                Outcome::Duplicate { .. } => 1,
                Outcome::Refused { problem } => {
                    Fault::ALL.iter().zip(&self.by_fault).filter(|(fault, _)| problem.is(**fault)).for_each(|(_, counter)| {
                        counter.inc();
                    });
                    2
                }
            };
            by_status[status] += 1;
        }
        for (counter, count) in self.by_status.iter().zip(by_status) {
            counter.inc_by(count);
        }
    }

    pub(crate) fn unsent(&self, receipts: usize) {
        self.unsent.inc_by(receipts as u64);
    }
}

impl Ledger {
    /// What happened since the start.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.store().metrics
    }

    /// Tells a registry where the ledger stands now. What isn't known isn't told. Looks at every file's size, so it blocks.
    pub fn observe(&self, registry: &mut Registry) {
        self.observe_head(registry);
        self.observe_health(registry);
        self.observe_care(registry);
        self.observe_streams(registry);
    }

    fn observe_head(&self, registry: &mut Registry) {
        let head = self.head();
        gauge(registry, "handover_ledger_records", "Records in the ledger: the next position", number(head.size));
        gauge(
            registry,
            "handover_ledger_epoch",
            "How often the ledger moved to another stream or was restored without what it had handed out",
            number(head.epoch),
        );
        gauge(registry, "handover_ledger_stream_sequence", "The message up to which the stream was read", number(head.stream_sequence));
        gauge(registry, "handover_ledger_refusals_kept", "Refused messages that are kept", number(head.refused));
        if let Some(recorded) = head.recorded {
            seconds(registry, "handover_ledger_last_record_timestamp", "When the last record was taken in", since_1970(recorded));
        }
        registry.register_with_unit("handover_ledger_disk_size", "What the ledger's files take", Unit::Bytes, ConstGauge::new(self.disk_bytes()));
        let sealed = self.store().shelves().iter().filter(|shelf| matches!(***shelf, Shelf::Sealed(_))).count();
        gauge(registry, "handover_ledger_sealed_volumes", "Volumes that are full and sealed", number(sealed as u64));
    }

    fn observe_health(&self, registry: &mut Registry) {
        let health = self.health().borrow().clone();
        let states = Words::<2>::default();
        for (name, part) in [("writer", &health.writer), ("intake", &health.intake), ("log", &health.log)] {
            for state in ["running", "waiting"].into_iter().chain(Cause::ALL.map(Cause::as_str)) {
                states.get_or_create(&[("part", name), ("state", state)]).set(i64::from(part.as_str() == state));
            }
        }
        registry.register("handover_ledger_state", "1 for what each part does: running, waiting, or why it stopped", states);
        gauge(registry, "handover_ledger_nodes_heard", "Other ledger nodes heard in the last minute", number(self.heard().len() as u64));
    }

    fn observe_care(&self, registry: &mut Registry) {
        let pending = self.pending_redactions().map_or(0, |pending| pending.len() as u64);
        gauge(registry, "handover_ledger_pending_redactions", "Redactions whose payloads aren't removed everywhere yet", number(pending));
        let backup = self.verified_backup().ok().flatten().map_or(0.0, |backup| since_1970(backup.verified));
        seconds(registry, "handover_ledger_verified_backup_timestamp", "When a backup was verified last; 0 where none was", backup);
        let verification = self.verification().ok().flatten();
        let verified = verification.as_ref().map_or(0.0, |verification| since_1970(verification.verified));
        seconds(registry, "handover_ledger_verification_timestamp", "When the whole ledger was verified last; 0 where it never was", verified);
        let damage = verification.map_or(0, |verification| verification.damage);
        gauge(registry, "handover_ledger_verification_damaged_parts", "Parts that the last verification found damaged", number(damage));
    }

    fn observe_streams(&self, registry: &mut Registry) {
        let (levels, head, now) = (self.levels(), self.head(), Instant::now());
        let known = |level: Option<Level>| level.filter(|level| now.duration_since(level.seen) < KNOWN_FOR);
        let [sizes, limits, sequences] = [(); 3].map(|()| Words::<1>::default());
        let streams = [("ANNOUNCEMENTS", known(levels.announcements)), ("LEDGER", known(levels.log))];
        for (name, level) in streams {
            let Some(level) = level else { continue };
            for (family, value) in [(&sizes, level.bytes), (&limits, level.max_bytes), (&sequences, level.last_sequence)] {
                family.get_or_create(&[("stream", name)]).set(i64::try_from(value).unwrap_or(i64::MAX));
            }
        }
        registry.register_with_unit("handover_stream_size", "What a stream holds", Unit::Bytes, sizes);
        registry.register_with_unit("handover_stream_limit", "What a stream may hold", Unit::Bytes, limits);
        registry.register("handover_stream_last_sequence", "A stream's last message", sequences);
        if let (_, Some(level)) = streams[0] {
            let lag = level.last_sequence.saturating_sub(head.stream_sequence);
            gauge(registry, "handover_ledger_lag_messages", "Messages of ANNOUNCEMENTS that the ledger hasn't read", number(lag));
            let waited = level.unread_since.filter(|_| lag > 0).map_or(0.0, |since| (self.clock())().duration_since(since).as_secs_f64().max(0.0));
            seconds(registry, "handover_ledger_lag", "How long the oldest message that the ledger hasn't read has waited, as it was seen last", waited);
        }
        if let (_, Some(level)) = streams[1] {
            let lag = number(head.size.saturating_sub(level.last_sequence));
            gauge(registry, "handover_ledger_log_lag_records", "Records that the stream LEDGER lacks", lag);
        }
    }
}

/// The last part of a fault's URI.
fn slug(fault: Fault) -> &'static str {
    fault.uri().rsplit(':').next().unwrap_or_default()
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: f64) {
    registry.register(name, help, ConstGauge::new(value));
}

fn seconds(registry: &mut Registry, name: &str, help: &str, value: f64) {
    registry.register_with_unit(name, help, Unit::Seconds, ConstGauge::new(value));
}

/// Exact up to 2^53, far above any count here.
#[expect(clippy::cast_precision_loss, reason = "no count comes near 2^53")]
const fn number(count: u64) -> f64 {
    count as f64
}

fn since_1970(time: Timestamp) -> f64 {
    time.as_duration().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use announcement::{Digest, Position, Problem, Receipt};
    use prometheus_client::encoding::text::encode;

    use super::*;
    use crate::writer::Reply;

    #[test]
    fn receipts_and_refusals_are_counted_by_what_became_of_them() {
        let metrics = Metrics::default();
        let refused = |fault| Outcome::Refused { problem: Problem::at(fault, "", "") };
        let outcomes = [refused(Fault::Conflict), Outcome::Duplicate { position: Position::new(1) }, refused(Fault::Conflict), refused(Fault::Authority)];
        let pending = |outcome| (None, Receipt { source: None, id: None, digest: Digest::of(b""), outcome }, Reply::Nowhere);
        metrics.decided(&outcomes.map(pending));
        metrics.committed(Duration::from_millis(3), Duration::from_millis(2), 4, 2_000);
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "handover_ledger_receipts_total{status=\"recorded\"} 0",
            "handover_ledger_receipts_total{status=\"duplicate\"} 1",
            "handover_ledger_receipts_total{status=\"refused\"} 3",
            "handover_ledger_refusals_total{problem=\"conflict\"} 2",
            "handover_ledger_refusals_total{problem=\"authority\"} 1",
            "handover_ledger_refusals_total{problem=\"not-json\"} 0",
            "handover_ledger_sync_duration_seconds_bucket{le=\"0.001\"} 0",
            "handover_ledger_sync_duration_seconds_bucket{le=\"0.002\"} 1",
            "handover_ledger_commit_size_bytes_sum 2000.0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} isn't in\n{text}");
        }
    }
}
