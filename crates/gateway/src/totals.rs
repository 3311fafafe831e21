//! `GET /v1/totals`: how many, by direction, category, period, agreement and policy.

use axum::{Json, extract::State, http::Uri};
use projection::{Totals, TotalsQuery};

use crate::{App, parameters::Parameters, problem::Failure};

pub(crate) async fn totals(State(app): State<App>, uri: Uri) -> Result<Json<Totals>, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let query = TotalsQuery {
        from: parameters.value("from")?,
        to: parameters.value("to")?,
        policy: parameters.value("policy")?.unwrap_or_default(),
        category: parameters.value("category")?,
        sender: parameters.value("sender")?,
        receiver: parameters.value("receiver")?,
        period: parameters.value("period")?,
        by: parameters.value("by")?.unwrap_or_default(),
    };
    let reading = parameters.reading()?;
    parameters.finish()?;
    app.ask(reading, move |known| Json(projection::totals(known, &query))).await
}
