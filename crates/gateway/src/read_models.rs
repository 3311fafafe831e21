//! The read models that are asked by their parameters alone: each address with its query.

use axum::{Json, extract::State, http::Uri};
use projection::{Channels, ChannelsQuery, Totals, TotalsQuery};

use crate::{App, parameters::Parameters, problem::Failure};

type Answer<A> = Result<Json<A>, Failure>;

pub(crate) async fn totals(State(app): State<App>, uri: Uri) -> Answer<Totals> {
    let query = |parameters: &mut Parameters| {
        Ok(TotalsQuery {
            from: parameters.value("from")?,
            to: parameters.value("to")?,
            policy: parameters.value("policy")?.unwrap_or_default(),
            category: parameters.value("category")?,
            sender: parameters.value("sender")?,
            receiver: parameters.value("receiver")?,
            period: parameters.value("period")?,
        })
    };
    app.answer(&uri, query, projection::totals).await.map(Json)
}

pub(crate) async fn channels(State(app): State<App>, uri: Uri) -> Answer<Channels> {
    let query = |parameters: &mut Parameters| Ok(ChannelsQuery { channel: parameters.named("channel", "bodies, prisoners or civilians")? });
    app.answer(&uri, query, projection::channels).await.map(Json)
}
