//! What is where.

use axum::{
    Router,
    http::{HeaderName, Method, StatusCode, Uri, header},
    middleware,
};
use tower_http::{
    compression::CompressionLayer,
    cors::{Any, CorsLayer},
};

use crate::{
    App,
    guard::guard,
    page,
    problem::Failure,
    routes::{Route, routes},
};

/// All addresses, behind [`guard`]. What anyone may read, pages of other sites may read too; they can't publish.
pub(crate) fn router(app: App) -> Router {
    let (shared, own): (Vec<Route>, Vec<Route>) = routes().into_iter().partition(|route| route.is_shared);
    let router = |routes: Vec<Route>| routes.into_iter().fold(Router::new(), |router, route| router.route(route.path, route.handler));
    page::routes()
        .merge(router(own))
        .method_not_allowed_fallback(other_method)
        .merge(router(shared).method_not_allowed_fallback(other_method).layer(for_all()))
        .fallback(nothing_here)
        .layer(middleware::from_fn(page::as_pages))
        .layer(CompressionLayer::new().gzip(true))
        .layer(middleware::from_fn_with_state(app.clone(), guard))
        .with_state(app)
}

/// Lets pages of other sites read, without credentials: there are none.
fn for_all() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::OPTIONS])
        .allow_headers([header::ACCEPT, header::IF_NONE_MATCH, HeaderName::from_static("last-event-id")])
        .expose_headers([header::ETAG, header::LINK, header::LAST_MODIFIED, header::RETRY_AFTER])
}

async fn nothing_here(uri: Uri) -> Failure {
    let path: String = uri.path().chars().take(200).collect();
    Failure::not_found(
        format_args!("{path} isn't an address of this server"),
        "See /v1/exchanges, /v1/totals, /v1/channels, /v1/records, /v1/docs for all of them, or the page at /.",
    )
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
