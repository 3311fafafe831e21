//! The only crate that knows HTTP: the API and the web page.
#![allow(dead_code)]
mod app;
mod body;
mod guard;
mod limits;
mod page;
mod parameters;
mod problem;
mod publish;
mod serve;
mod router { pub(crate) fn router(app: crate::App) -> axum::Router { axum::Router::new().layer(axum::middleware::from_fn_with_state(app.clone(), crate::guard::guard)).with_state(app) } }

pub use app::App;
pub use limits::*;
pub use serve::{ServeError, serve};
