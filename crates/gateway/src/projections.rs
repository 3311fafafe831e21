//! `GET /v1/projections`: where each read model stands.

use axum::{Json, extract::State, http::Uri};
use jiff::Timestamp;
use projection::ModelStatus;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{App, parameters::Parameters, problem::Failure};

/// Where they all stand.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Projections {
    projections: Vec<ModelStatus>,
}

pub(crate) async fn projections(State(app): State<App>, uri: Uri) -> Result<Json<Projections>, Failure> {
    Parameters::parse(uri.query())?.finish()?;
    let projection = app.reach(None).await?;
    Ok(Json(Projections { projections: projection.status(&app.records, Timestamp::now()).await }))
}
