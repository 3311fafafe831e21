//! The web page: rendered here, of use without scripts, and without anything from elsewhere.
//!
//! Every page is a URL that says all that it shows: language, filters, moment. Where it shows what is known now, one script asks for it again when a record comes.

mod channels;
mod chart;
mod claims;
mod exchange;
mod figures;
mod forms;
mod frameworks;
mod kept;
mod language;
mod layout;
mod ledger;
mod mediators;
mod methodology;
mod offices;
mod operations;
mod overview;
mod problem;
mod record;
mod then_and_now;
mod timeline;
mod totals;
mod visit;
mod words;
mod writing;

use axum::{Extension, Router, http::header, response::IntoResponse, routing::get};

pub(crate) use problem::as_pages;

use crate::App;

/// The style sheet and the script change only with the program; an hour keeps an updated server's pages consistent soon enough.
const CACHED: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=3600");

/// The pages, and what they're made of.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(overview::overview))
        .route("/exchanges", get(timeline::exchanges))
        .route("/exchanges/{*key}", get(exchange::exchange))
        .route("/totals", get(totals::totals))
        .route("/then-and-now", get(then_and_now::then_and_now))
        .route("/channels", get(channels::channels))
        .route("/frameworks", get(frameworks::frameworks))
        .route("/offices", get(offices::offices))
        .route("/mediators", get(mediators::mediators))
        .route("/ledger", get(ledger::ledger))
        .route("/records/{position}", get(record::record))
        .route("/methodology", get(methodology::methodology))
        .route("/operations", get(operations::operations))
        .route("/style.css", get(style))
        .route("/live.js", get(script))
        .route("/icon.svg", get(icon))
        .layer(Extension(kept::Pages::default()))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), CACHED], include_str!("page/style.css"))
}

async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), CACHED], include_str!("page/live.js"))
}

async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml"), CACHED], include_str!("page/icon.svg"))
}
