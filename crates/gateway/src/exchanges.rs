//! `GET /v1/exchanges`: the timeline, and the dossier and the lineage of one exchange.

use announcement::{Data, ExchangeKey, Position, Record, Report};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use projection::{AsKnown, Dossier, Lineages, Timeline, TimelineQuery};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{App, MAX_PAGE, parameters::Parameters, problem::Failure};

/// How many records are looked up at once for one dossier.
const LOOK_UPS: usize = 8;

pub(crate) async fn timeline(State(app): State<App>, uri: Uri) -> Result<Json<Timeline>, Failure> {
    let query = |parameters: &mut Parameters| {
        Ok(TimelineQuery {
            from: parameters.day("from")?,
            to: parameters.day("to")?,
            what: parameters.named("what", "bodies, prisoners, civilians or children")?,
            category: parameters.value("category")?,
            status: parameters.value("status")?,
            framework: parameters.text("framework"),
            policy: parameters.value("policy")?.unwrap_or_default(),
            after: parameters.value("after")?,
            limit: parameters.limit()?,
        })
    };
    app.answer(&uri, query, projection::timeline).await.map(Json)
}

/// What is asked about one exchange: its dossier, or what the end of the path names. Keys have slashes, so that no route could tell the two apart.
pub(crate) async fn exchange(State(app): State<App>, path: Result<Path<String>, PathRejection>, uri: Uri) -> Result<Response, Failure> {
    let path = path_text(path)?;
    match path.strip_suffix("/lineage") {
        None => Ok(dossier(&app, &key(&path)?, &uri).await?.into_response()),
        Some(of) => Ok(lineage(&app, key(of)?, &uri).await?.into_response()),
    }
}

async fn dossier(app: &App, key: &ExchangeKey, uri: &Uri) -> Result<Json<Value>, Failure> {
    let Found { dossier, next, .. } = find(app, key, uri).await?;
    let said = said(app, dossier.claims.iter().map(|claim| claim.position).collect()).await?;
    Ok(Json(with_words(&dossier, said, next)))
}

async fn lineage(app: &App, key: ExchangeKey, uri: &Uri) -> Result<Json<Lineages>, Failure> {
    let asked = key.clone();
    let found = app.answer(uri, |_| Ok(asked), projection::lineage).await?;
    found.map(Json).ok_or_else(|| missing(&key))
}

/// What stands in a path.
pub(crate) fn path_text(path: Result<Path<String>, PathRejection>) -> Result<String, Failure> {
    path.map(|Path(text)| text).map_err(|rejection| bad_path(rejection.body_text()))
}

/// The exchange key in a path.
pub(crate) fn key(text: &str) -> Result<ExchangeKey, Failure> {
    text.parse().map_err(bad_path)
}

/// No claim is about an exchange.
fn missing(key: &ExchangeKey) -> Failure {
    Failure::not_found(
        format_args!("no claim is about {key}"),
        "See /v1/exchanges for the exchanges that claims are about; with as_known_at or announced_until for those of then.",
    )
}

/// What a path can't be.
pub(crate) fn bad_path(detail: impl std::fmt::Display) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "path",
        "The address is of a wrong form",
        detail,
        "Correct the address; lists such as /v1/exchanges and /v1/records name what there is.",
    )
}

/// A dossier with one page of its claims.
pub(crate) struct Found {
    pub(crate) dossier: Dossier,
    /// The position that the next page comes after.
    pub(crate) next: Option<Position>,
    pub(crate) as_known: AsKnown,
}

/// The dossier that a query asks for, with at most `limit` of its claims, from the one `after` a position on.
pub(crate) async fn find(app: &App, key: &ExchangeKey, uri: &Uri) -> Result<Found, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let policy = parameters.value("policy")?.unwrap_or_default();
    let after = parameters.position("after")?;
    let limit = parameters.limit_or(MAX_PAGE)?;
    let reading = parameters.reading()?;
    parameters.finish()?;
    let asked = key.clone();
    let found = app.ask(reading, move |known| projection::dossier(known, &asked, policy)).await?;
    let mut dossier = found.ok_or_else(|| missing(key))?;
    dossier.claims.retain(|claim| after.is_none_or(|after| claim.position > after));
    let next = dossier.claims.get(limit).and(limit.checked_sub(1)).map(|last| dossier.claims[last].position);
    dossier.claims.truncate(limit);
    Ok(Found { dossier, next, as_known: reading.as_known })
}

/// What a record says beside its numbers: the words that the read models leave in the ledger.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Said {
    /// Where it was read.
    pub(crate) report: Option<Report>,
    /// A remark.
    pub(crate) note: Option<String>,
    /// Why, where the kind says why.
    pub(crate) reason: Option<String>,
}

impl Said {
    fn of(record: &Record) -> Self {
        let Some(announcement) = record.announcement().ok().filter(|_| record.removed.is_none()) else { return Self::default() };
        let data = announcement.data;
        let reason = match &data {
            Data::Postponed(data) => Some(&data.reason),
            Data::Cancelled(data) => Some(&data.reason),
            Data::Disputed(data) => Some(&data.reason),
            Data::Corrected(data) => Some(&data.reason),
            Data::Retracted(data) => Some(&data.reason),
            Data::Quarantined(data) => Some(&data.reason),
            Data::Released(data) => Some(&data.reason),
            Data::Redacted(data) => Some(&data.reason),
            _ => None,
        };
        Self { report: data.report().cloned(), note: data.note().map(str::to_owned), reason: reason.cloned() }
    }
}

/// What the records at these positions say, in the same order.
pub(crate) async fn said(app: &App, positions: Vec<Position>) -> Result<Vec<Said>, Failure> {
    let look_ups = positions.into_iter().map(|position| app.records.record(position));
    let records: Vec<_> = stream::iter(look_ups).buffered(LOOK_UPS).collect().await;
    records.into_iter().map(|record| Ok(record.map_err(crate::records::unreadable)?.as_ref().map(Said::of).unwrap_or_default())).collect()
}

/// The dossier with each claim's words in it.
fn with_words(dossier: &Dossier, said: Vec<Said>, next: Option<Position>) -> Value {
    let mut answer = serde_json::to_value(dossier).expect("a dossier is plain data");
    answer["next"] = json!(next);
    let claims = answer.get_mut("claims").and_then(Value::as_array_mut).into_iter().flatten();
    for (claim, said) in claims.zip(said) {
        if let (Value::Object(claim), Ok(Value::Object(said))) = (claim, serde_json::to_value(said)) {
            claim.extend(said);
        }
    }
    answer
}
