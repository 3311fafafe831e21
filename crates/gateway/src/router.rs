//! What is where.

use axum::{
    Router,
    http::{HeaderName, Method, StatusCode, Uri, header},
    middleware,
    routing::{get, post},
};
use tower_http::{
    compression::CompressionLayer,
    cors::{Any, CorsLayer},
};

use crate::{App, exchanges, guard::guard, integrity, page, problem::Failure, projections, proofs, publish, read_models, readiness, receipts, records, stream};

/// All addresses, behind [`guard`]. What anyone may read, pages of other sites may read too; they can't publish.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(pages())
        .route("/v1/announcements", post(publish::publish))
        .route("/livez", get(readiness::live))
        .route("/readyz", get(readiness::ready))
        .method_not_allowed_fallback(other_method)
        .merge(reads().method_not_allowed_fallback(other_method).layer(shared()))
        .fallback(nothing_here)
        .layer(CompressionLayer::new().gzip(true))
        .layer(middleware::from_fn_with_state(app.clone(), guard))
        .with_state(app)
}

fn pages() -> Router<App> {
    Router::new()
        .route("/", get(page::overview))
        .route("/exchanges/{*key}", get(page::exchange))
        .route("/style.css", get(page::style))
        .route("/icon.svg", get(page::icon))
}

/// Lets pages of other sites read, without credentials: there are none.
fn shared() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::OPTIONS])
        .allow_headers([header::ACCEPT, header::IF_NONE_MATCH, HeaderName::from_static("last-event-id")])
        .expose_headers([header::ETAG, header::LINK, header::LAST_MODIFIED, header::RETRY_AFTER])
}

fn reads() -> Router<App> {
    Router::new()
        .route("/v1/receipts/{digest}", get(receipts::receipt))
        .route("/v1/exchanges", get(exchanges::timeline))
        .route("/v1/exchanges/{*key}", get(exchanges::exchange))
        .route("/v1/totals", get(read_models::totals))
        .route("/v1/changes", get(read_models::changes))
        .route("/v1/knowledge", get(read_models::knowledge))
        .route("/v1/channels", get(read_models::channels))
        .route("/v1/reconciliation", get(read_models::reconciliation))
        .route("/v1/discrepancies", get(read_models::discrepancies))
        .route("/v1/plans", get(read_models::plans))
        .route("/v1/frameworks", get(read_models::frameworks))
        .route("/v1/third-parties", get(read_models::third_parties))
        .route("/v1/offices", get(read_models::offices))
        .route("/v1/identity", get(read_models::identity))
        .route("/v1/projections", get(projections::projections))
        .route("/v1/candidates", get(read_models::candidates))
        .route("/v1/integrity", get(integrity::integrity))
        .route("/v1/stream", get(stream::records))
        .route("/v1/changes/stream", get(stream::changes))
        .route("/v1/records", get(records::range))
        .route("/v1/records/{position}", get(records::record))
        .route("/v1/checkpoint", get(proofs::checkpoint))
        .route("/v1/proof", get(proofs::file))
        .route("/v1/proof/inclusion", get(proofs::inclusion))
        .route("/v1/proof/consistency", get(proofs::consistency))
        .route("/v1/log/checkpoint", get(proofs::checkpoint))
        .route("/v1/log/tile/{*path}", get(proofs::tile))
}

async fn nothing_here(uri: Uri) -> Failure {
    let path: String = uri.path().chars().take(200).collect();
    Failure::not_found(format_args!("{path} isn't an address of this server"), "See /v1/exchanges, /v1/totals, /v1/channels, /v1/records, or the page at /.")
}

async fn other_method(method: Method) -> Failure {
    let method: String = method.as_str().chars().take(20).collect();
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "Another method is needed",
        format_args!("{method} isn't answered here"),
        "The Allow header says which methods are answered; announcements are posted to /v1/announcements.",
    )
}
