//! `GET /v1/receipts/{digest}`: what became of a message.

use announcement::{Digest, Receipt};
use axum::{
    Extension, Json,
    extract::{Path, State, rejection::PathRejection},
    http::Uri,
};

use crate::{
    App,
    access::Asker,
    exchanges::{bad_path, path_text},
    parameters::Parameters,
    problem::Failure,
};

pub(crate) async fn receipt(
    State(app): State<App>,
    Extension(Asker { caller, .. }): Extension<Asker>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Json<Receipt>, Failure> {
    let text = path_text(path)?;
    let digest = Digest::from_hex(&text).ok_or_else(|| bad_path("expected a SHA-256 digest: 64 lower-case hexadecimal digits"))?;
    let mut parameters = Parameters::parse(uri.query())?;
    let at_least = parameters.at_least()?;
    parameters.finish()?;
    app.reach_record(at_least).await?;
    let publisher = app.access.receipts_of(&caller);
    app.intake.receipt(&app, publisher, digest).await?.map(Json).ok_or_else(|| {
        Failure::not_found(
            format_args!("nothing is known of a message with the digest {digest}"),
            "If it was queued a moment ago, ask again; else publish it again: what arrives twice is recorded once.",
        )
    })
}
