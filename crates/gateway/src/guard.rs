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

use crate::{
    App,
    access::{Asker, Denied},
    metrics,
    problem::Failure,
    rate::too_often,
    serve::Client,
};

/// What whoever looks after the process may ask, and what says nothing of the ledger.
const FOR_ALL: [&str; 2] = ["/livez", "/readyz"];

/// Nothing but our own style sheet, script and icon is loaded, and nothing but this server asked; no frame, nothing inline.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let (method, path, begun) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let (route, span) = (request.extensions().get::<MatchedPath>().cloned(), span(request.headers()));
    let _under_way = app.metrics.begin();
    let mut response = match span.in_scope(|| admit(&app, &mut request, begun)) {
        Ok(()) => answer(&app, request, next).instrument(span.clone()).await,
        Err(refusal) => refusal.into_response(),
    };
    let (status, took) = (response.status(), begun.elapsed());
    app.metrics.answered(route.as_ref(), status, took);
    span.in_scope(|| tracing::debug!(%method, path, status = status.as_u16(), elapsed_us = took.as_micros(), "answered"));
    let headers = response.headers_mut();
    if app.access.is_closed() {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Whether a request is answered at all, and who sends it.
fn admit(app: &App, request: &mut Request, now: Instant) -> Result<(), Failure> {
    let peer = request.extensions().get::<Client>().map(|client| client.address);
    let path = request.uri().path();
    if let Some(peer) = peer.filter(|_| path != metrics::PATH) {
        app.rates.take(peer, now).map_err(too_often)?;
    }
    let refuse = |denied: Denied| denied.refuse(path, peer);
    let caller = app.access.caller(request.headers(), peer).map_err(refuse)?;
    if !FOR_ALL.contains(&path) {
        app.access.may_read(&caller).map_err(refuse)?;
    }
    request.extensions_mut().insert(Asker { caller, peer });
    Ok(())
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
