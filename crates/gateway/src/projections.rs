//! `GET /v1/projections`: where each read model stands.

use axum::{Json, extract::State, http::Uri};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{App, parameters::Parameters, problem::Failure};

pub(crate) async fn projections(State(app): State<App>, uri: Uri) -> Result<Json<Value>, Failure> {
    Parameters::parse(uri.query())?.finish()?;
    let projection = app.reach(None).await?;
    Ok(Json(json!({"projections": projection.status(&app.records, Timestamp::now()).await})))
}
