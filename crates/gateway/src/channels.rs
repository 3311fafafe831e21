//! `GET /v1/channels`: is it blocked, and who says so.

use axum::{Json, extract::State, http::Uri};
use projection::{Channels, ChannelsQuery};

use crate::{App, parameters::Parameters, problem::Failure};

pub(crate) async fn channels(State(app): State<App>, uri: Uri) -> Result<Json<Channels>, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let query = ChannelsQuery { channel: parameters.named("channel", "bodies, prisoners or civilians")? };
    let at_least = parameters.at_least()?;
    parameters.finish()?;
    let projection = app.reach(at_least).await?;
    app.scan(move || Json(projection.channels(&query))).await
}
