//! `GET /v1/receipts/{digest}`: what became of a message.

use std::time::Duration;

use announcement::{Digest, Receipt};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::Uri,
};
use projection::Source;
use serde_json::json;

use crate::{App, exchanges::bad_path, parameters::Parameters, problem::Failure};

/// How long a ledger elsewhere may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn receipt(State(app): State<App>, path: Result<Path<String>, PathRejection>, uri: Uri) -> Result<Json<Receipt>, Failure> {
    let Path(text) = path.map_err(|rejection| bad_path(rejection.body_text()))?;
    let digest = Digest::from_hex(&text).ok_or_else(|| bad_path("expected a SHA-256 digest: 64 lower-case hexadecimal digits"))?;
    let mut parameters = Parameters::parse(uri.query())?;
    let at_least = parameters.at_least()?;
    parameters.finish()?;
    app.reach(at_least).await?;
    find(&app, digest).await?.map(Json).ok_or_else(|| {
        Failure::not_found(
            format_args!("nothing is known of a message with the digest {digest}"),
            "If it was queued a moment ago, ask again; else publish it again: what arrives twice is recorded once.",
        )
    })
}

/// The receipt of a message of this gateway's publisher.
async fn find(app: &App, digest: Digest) -> Result<Option<Receipt>, Failure> {
    let publisher = app.intake.publisher();
    match &app.records {
        Source::Ledger(reader) => {
            let reader = reader.clone();
            app.scan(move |_| reader.receipt(&publisher, digest, None)).await?.map_err(Failure::internal)
        }
        Source::Nats(client) => {
            let question = json!({ "publisher": publisher, "digest": digest }).to_string();
            let unreachable =
                |error: &dyn std::fmt::Display| Failure::unavailable(format_args!("no ledger answers: {error}"), "Try again; if it stays, see /readyz.");
            let asked = tokio::time::timeout(PATIENCE, client.request("handover.query.receipt", question.into())).await;
            let answer = asked.map_err(|error| unreachable(&error))?.map_err(|error| unreachable(&error))?;
            Ok(serde_json::from_slice(&answer.payload).ok())
        }
    }
}
