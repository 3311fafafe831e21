use announcement::{Outcome, Receipt};
use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use crate::PublishError;

/// What a producer tells whoever counts: `handover_producer_…`. Counting an event costs one addition.
#[derive(Clone, Debug)]
pub struct Metrics {
    events: Family<[(&'static str, &'static str); 1], Counter>,
    /// The counters of [`RESULTS`].
    by_result: [Counter; RESULTS.len()],
    repeats: Counter,
}

/// What becomes of an event: a receipt, none in time, or it's not known to be in the queue.
const RESULTS: [&str; 5] = ["recorded", "duplicate", "refused", "unanswered", "failed"];

impl Default for Metrics {
    fn default() -> Self {
        let events = Family::default();
        let by_result = RESULTS.map(|result| events.get_or_create_owned(&[("result", result)]));
        Self { events, by_result, repeats: Counter::default() }
    }
}

impl Metrics {
    /// Has them told by a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("handover_producer_events", "Events that were published, by what became of them", self.events.clone());
        registry.register("handover_producer_repeats", "Sends that the queue did not acknowledge, and that were tried again", self.repeats.clone());
    }

    pub(crate) fn published(&self, found: &Result<Receipt, PublishError>) {
        let result = match found {
            Ok(Receipt { outcome: Outcome::Recorded { .. }, .. }) => 0,
            Ok(Receipt { outcome: Outcome::Duplicate { .. }, .. }) => 1,
            Ok(Receipt { outcome: Outcome::Refused { .. }, .. }) => 2,
            Err(PublishError::NoReceipt) => 3,
            Err(_) => 4,
        };
        self.by_result[result].inc();
    }

    pub(crate) fn repeated(&self) {
        self.repeats.inc();
    }
}
