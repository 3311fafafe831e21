//! `GET /v1/channels`: is it blocked, and who says so.

use axum::{Json, extract::State, http::Uri};
use projection::{Channels, ChannelsQuery};

use crate::{App, parameters::Parameters, problem::Failure};

pub(crate) async fn channels(State(app): State<App>, uri: Uri) -> Result<Json<Channels>, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let query = ChannelsQuery { channel: parameters.named("channel", "bodies, prisoners or civilians")? };
    let reading = parameters.reading()?;
    parameters.finish()?;
    app.ask(reading, move |known| Json(projection::channels(known, &query))).await
}
