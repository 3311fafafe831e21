//! What stands around every request: its time limit, a fence for faults of ours, and the headers that every answer carries.

use std::{panic::AssertUnwindSafe, time::Instant};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;

use crate::{App, problem::Failure, rate::too_often, serve::Client};

/// Nothing but our own style sheet, script and icon is loaded, and nothing but this server asked; no frame, nothing inline.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let (method, path, begun) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let may_ask = request.extensions().get::<Client>().map_or(Ok(()), |client| app.rates.take(client.address, begun));
    let mut response = match may_ask {
        Ok(()) => answer(&app, request, next).await,
        Err(wait) => too_often(wait).into_response(),
    };
    tracing::debug!(%method, path, status = response.status().as_u16(), elapsed_us = begun.elapsed().as_micros(), "answered");
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn answer(app: &App, request: Request, next: Next) -> Response {
    let answering = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(app.limits.request, answering).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Failure::internal("a handler panicked").into_response(),
        Err(_) => Failure::unavailable("the request took too long and was ended", "Ask for less at once, or try again later.").into_response(),
    }
}
