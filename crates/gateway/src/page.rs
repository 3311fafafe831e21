//! The web page: rendered here, without scripts, without anything from elsewhere.

mod channels;
mod claims;
mod exchange;
mod figures;
mod layout;
mod overview;
mod past;
mod words;

use axum::{http::header, response::IntoResponse};

pub(crate) use exchange::exchange;
pub(crate) use overview::overview;

/// The style sheet changes only with the program; an hour keeps an updated server's pages consistent soon enough.
const CACHED: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=3600");

pub(crate) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), CACHED], include_str!("page/style.css"))
}

pub(crate) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml"), CACHED], include_str!("page/icon.svg"))
}
