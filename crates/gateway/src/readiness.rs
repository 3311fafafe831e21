//! `/livez` and `/readyz`: whether the process answers, and whether each part does its work.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use event_store::Part;
use projection::{Progress, State as Folding};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{App, problem::Failure};

/// How many records the read models may lag behind and still be ready: less than a second of catching up.
const READY_LAG: u64 = 1_024;

/// One part's state in the answer.
#[derive(Serialize, JsonSchema)]
struct PartState {
    part: &'static str,
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag: Option<u64>,
}

/// What is answered where every part is ready.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Readiness {
    ready: bool,
    parts: Vec<PartState>,
}

pub(crate) async fn live() -> impl IntoResponse {
    Json(json!({ "live": true }))
}

pub(crate) async fn ready(State(app): State<App>) -> Response {
    let mut parts = Vec::new();
    if let Some(health) = app.health.as_ref().map(|health| health.borrow().clone()) {
        parts.push(ledger_part("writer", health.writer));
        parts.push(ledger_part("intake", health.intake));
    }
    parts.extend(app.projection.as_ref().map(|projection| folding_part(projection.progress())));
    let waiting: Vec<&str> = parts.iter().filter(|part| !part.ready).map(|part| part.part).collect();
    if waiting.is_empty() {
        return Json(Readiness { ready: true, parts }).into_response();
    }
    let detail = format!("not ready: {}", waiting.join(", "));
    let remedy = "See parts: each says what it waits for, or what an operator has to do.";
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready", detail, remedy)
        .retry_after(crate::problem::RETRY_AFTER_S)
        .with("ready", false.into())
        .with("parts", json!(parts))
        .into_response()
}

fn ledger_part(part: &'static str, state: Part) -> PartState {
    let (ready, reason, remedy) = match state {
        Part::Running => (true, None, None),
        Part::Waiting { reason } => (false, Some(reason), None),
        Part::Stopped { reason, remedy, .. } => (false, Some(reason), Some(remedy)),
    };
    PartState { part, ready, reason, remedy, lag: None }
}

fn folding_part(progress: Progress) -> PartState {
    let lag = progress.size.saturating_sub(progress.next.get());
    let (ready, reason) = match progress.state {
        Folding::Following => (true, None),
        Folding::CatchingUp if lag <= READY_LAG && progress.size > 0 => (true, None),
        Folding::CatchingUp => (false, Some("it applies what was recorded before".to_owned())),
        Folding::Waiting { reason } | Folding::Stopped { reason } => (false, Some(reason)),
    };
    PartState { part: "projection", ready, reason, remedy: None, lag: Some(lag) }
}
