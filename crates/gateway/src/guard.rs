//! What stands around every request: its time limit, a fence for faults of ours, and the headers that every answer carries.

use std::{panic::AssertUnwindSafe, time::Instant};

use announcement::{TRACEPARENT, TraceContext};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tracing::{Instrument, Span};

use crate::{App, metrics, problem::Failure, rate::too_often, serve::Client};

/// Nothing but our own style sheet, script and icon is loaded, and nothing but this server asked; no frame, nothing inline.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let (method, path, begun) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let (route, span) = (request.extensions().get::<MatchedPath>().cloned(), span(request.headers()));
    let client = request.extensions().get::<Client>().filter(|_| path != metrics::PATH);
    let may_ask = client.map_or(Ok(()), |client| app.rates.take(client.address, begun));
    let _under_way = app.metrics.begin();
    let mut response = match may_ask {
        Ok(()) => answer(&app, request, next).instrument(span.clone()).await,
        Err(wait) => too_often(wait).into_response(),
    };
    let (status, took) = (response.status(), begun.elapsed());
    app.metrics.answered(route.as_ref(), status, took);
    span.in_scope(|| tracing::debug!(%method, path, status = status.as_u16(), elapsed_us = took.as_micros(), "answered"));
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// What everything that's logged of a request stands in whose client says in which trace it is.
fn span(headers: &HeaderMap) -> Span {
    match trace_of(headers) {
        Some(trace) => tracing::info_span!("request", trace_id = %trace.trace_id(), parent_span_id = %trace.span_id()),
        None => Span::none(),
    }
}

/// The trace that a client is in; a malformed one is none.
pub(crate) fn trace_of(headers: &HeaderMap) -> Option<TraceContext> {
    headers.get(TRACEPARENT)?.to_str().ok()?.parse().ok()
}

async fn answer(app: &App, request: Request, next: Next) -> Response {
    let answering = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(app.limits.request, answering).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Failure::internal("a handler panicked").into_response(),
        Err(_) => Failure::unavailable("the request took too long and was ended", "Ask for less at once, or try again later.").into_response(),
    }
}
