//! `GET /metrics`: what this process counts, and where it stands, as OpenMetrics text. Neither the rate limit nor any cache stands before it.

mod process;

use std::time::Duration;

use announcement::{Fault, Problem};
use axum::{
    extract::{MatchedPath, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

use crate::{App, Intake, MAX_BODIES_BYTES, MAX_KEPT_BYTES, problem::Failure};

/// Where they are.
pub(crate) const PATH: &str = "/metrics";
/// Their media type.
pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The route of what no route answers.
const NO_ROUTE: &str = "none";

/// Labels of whose values there are as many as routes.
type Routes<const N: usize> = [(&'static str, String); N];

/// What HTTP came to since the start: `handover_http_…`.
#[derive(Debug)]
pub(crate) struct Metrics {
    requests: Family<Routes<2>, Counter>,
    durations: Family<Routes<1>, Histogram, fn() -> Histogram>,
    under_way: Gauge,
    too_often: Counter,
    refusals: Family<[(&'static str, &'static str); 1], Counter>,
    started: Timestamp,
}

impl Default for Metrics {
    fn default() -> Self {
        // From half a millisecond to 16 s.
        let durations = || Histogram::new(exponential_buckets(500e-6, 2.0, 16));
        let refusals = Family::<[(&'static str, &'static str); 1], Counter>::default();
        Fault::ALL.iter().for_each(|fault| drop(refusals.get_or_create_owned(&[("problem", slug(*fault))])));
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            under_way: Gauge::default(),
            too_often: Counter::default(),
            refusals,
            started: Timestamp::now(),
        }
    }
}

impl Metrics {
    /// A request has begun; it's under way until what is given here is dropped, also where its client goes away.
    pub(crate) fn begin(&self) -> UnderWay {
        self.under_way.inc();
        UnderWay(self.under_way.clone())
    }

    /// A request has its answer.
    pub(crate) fn answered(&self, route: Option<&MatchedPath>, status: StatusCode, took: Duration) {
        let route = route.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
        let class = format!("{}xx", status.as_u16() / 100);
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.too_often.inc();
        }
        self.durations.get_or_create(&[("route", route.clone())]).observe(took.as_secs_f64());
        self.requests.get_or_create(&[("route", route), ("status", class)]).inc();
    }

    /// Events were refused here, before the queue.
    pub(crate) fn refused<'a>(&self, problems: impl Iterator<Item = &'a Problem>) {
        for problem in problems {
            if let Some(fault) = Fault::ALL.iter().find(|fault| problem.is(**fault)) {
                self.refusals.get_or_create(&[("problem", slug(*fault))]).inc();
            }
        }
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("handover_http_requests", "Requests by route and class of status", self.requests.clone());
        let about = "From a request's headers to its answer's; of a stream, to its beginning";
        registry.register_with_unit("handover_http_request_duration", about, Unit::Seconds, self.durations.clone());
        registry.register("handover_http_requests_under_way", "Requests that have no answer yet", self.under_way.clone());
        registry.register("handover_http_rate_limited_requests", "Requests that came too often, and were answered with 429", self.too_often.clone());
        registry.register("handover_http_refusals", "Events that were refused before the queue, by their problem", self.refusals.clone());
    }
}

/// A request that has no answer yet.
pub(crate) struct UnderWay(Gauge);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Failure> {
    let mut registry = Registry::default();
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("handover_build", "The program", version);
    app.metrics.register(&mut registry);
    observe(&app, &mut registry);
    if let Intake::Nats(producer) = &app.intake {
        producer.metrics().register(&mut registry);
    }
    if let Some(projection) = &app.projection {
        projection.metrics().register(&mut registry);
        projection.observe(&app.records, Timestamp::now(), &mut registry).await;
    }
    let (ledger, started) = (app.ledger.clone(), app.metrics.started);
    let encoding = tokio::task::spawn_blocking(move || {
        if let Some(ledger) = ledger {
            ledger.metrics().register(&mut registry);
            ledger.observe(&mut registry);
        }
        process::observe(started, &mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).map(|()| text)
    });
    let text = encoding.await.map_err(Failure::internal)?.map_err(Failure::internal)?;
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS)), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, text).into_response())
}

fn observe(app: &App, registry: &mut Registry) {
    let bytes = |registry: &mut Registry, name: &str, about: &str, count: usize| {
        registry.register_with_unit(name, about, Unit::Bytes, ConstGauge::new(u64::try_from(count).unwrap_or(u64::MAX)));
    };
    bytes(registry, "handover_http_bodies", "Bodies that are being taken", MAX_BODIES_BYTES - app.bodies().available_permits());
    bytes(registry, "handover_http_bodies_limit", "The most that bodies may take at once", MAX_BODIES_BYTES);
    bytes(registry, "handover_http_kept_answers", "Answers that are kept until the next record", app.kept.bytes());
    bytes(registry, "handover_http_kept_answers_limit", "The most that kept answers take", MAX_KEPT_BYTES);
    let readers = Family::<[(&'static str, &'static str); 1], Gauge>::default();
    for (feed, count) in app.streams.readers() {
        readers.get_or_create(&[("feed", feed)]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    registry.register("handover_http_stream_readers", "Who follows server-sent events", readers);
}

/// The last part of a fault's URI.
fn slug(fault: Fault) -> &'static str {
    fault.uri().rsplit(':').next().unwrap_or_default()
}
