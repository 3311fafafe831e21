//! `GET /v1/exchanges`: the timeline, and the dossier and the lineage of one exchange.

use announcement::{Data, ExchangeKey, Position, Record, Report};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{StatusCode, Uri},
    response::Response,
};
use futures::{StreamExt, stream};
use projection::{AsKnown, AsOf, Difference, Dossier, Exchange, Merging, Policy, Stamp, Statement, TimelineQuery};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    App, DEFAULT_PAGE, MAX_PAGE,
    answer::{Asked, DOSSIER, LINEAGE, TIMELINE},
    parameters::{Parameters, Reading},
    problem::Failure,
};

/// How many records are looked up at once for one dossier.
const LOOK_UPS: usize = 8;

pub(crate) async fn timeline(State(app): State<App>, asked: Asked) -> Result<Response, Failure> {
    app.answered(asked, &TIMELINE, |parameters| timeline_query(parameters, DEFAULT_PAGE), projection::timeline).await
}

/// Which exchanges are asked for; so many where nobody says how many.
pub(crate) fn timeline_query(parameters: &mut Parameters, limit: usize) -> Result<TimelineQuery, Failure> {
    Ok(TimelineQuery {
        valid: parameters.valid()?,
        what: parameters.named("what", "bodies, prisoners, civilians or children")?,
        category: parameters.value("category")?,
        status: parameters.value("status")?,
        framework: parameters.text("framework"),
        policy: parameters.value("policy")?.unwrap_or_default(),
        after: parameters.value("after")?,
        limit: parameters.limit_or(limit)?,
    })
}

/// What is asked about one exchange: its dossier, or what the end of the path names. Keys have slashes, so that no route could tell the two apart.
pub(crate) async fn exchange(State(app): State<App>, path: Result<Path<String>, PathRejection>, asked: Asked) -> Result<Response, Failure> {
    let path = path_text(path)?;
    match path.strip_suffix("/lineage") {
        None => dossier(&app, key(&path)?, asked).await,
        Some(of) => lineage(&app, key(of)?, asked).await,
    }
}

async fn dossier(app: &App, key: ExchangeKey, mut asked: Asked) -> Result<Response, Failure> {
    let wanted = Wanted::take(&mut asked.parameters)?;
    let reading = asked.reading()?;
    let make = async move || {
        let (stamp, Found { dossier, next, .. }) = wanted.find(app, &key, reading).await?;
        let said = said(app, dossier.claims.iter().map(|claim| claim.position).collect()).await?;
        Ok((stamp, Answered::new(dossier, said, next)))
    };
    app.given(asked, reading, &DOSSIER, make).await
}

async fn lineage(app: &App, key: ExchangeKey, mut asked: Asked) -> Result<Response, Failure> {
    let reading = asked.reading()?;
    let make = async move || {
        let of = key.clone();
        let (stamp, found) = app.ask_stamped(reading, move |known| projection::lineage(known, &of)).await?;
        Ok((stamp, found.ok_or_else(|| missing(&key))?))
    };
    app.given(asked, reading, &LINEAGE, make).await
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

/// What of a dossier is asked for.
struct Wanted {
    policy: Policy,
    after: Option<Position>,
    limit: usize,
}

impl Wanted {
    fn take(parameters: &mut Parameters) -> Result<Self, Failure> {
        let policy = parameters.value("policy")?.unwrap_or_default();
        Ok(Self { policy, after: parameters.position("after")?, limit: parameters.limit_or(MAX_PAGE)? })
    }

    async fn find(self, app: &App, key: &ExchangeKey, reading: Reading) -> Result<(Stamp, Found), Failure> {
        let of = key.clone();
        let (stamp, found) = app.ask_stamped(reading, move |known| projection::dossier(known, &of, self.policy)).await?;
        let mut dossier = found.ok_or_else(|| missing(key))?;
        dossier.claims.retain(|claim| self.after.is_none_or(|after| claim.position > after));
        let next = dossier.claims.get(self.limit).and(self.limit.checked_sub(1)).map(|last| dossier.claims[last].position);
        dossier.claims.truncate(self.limit);
        Ok((stamp, Found { dossier, next, as_known: reading.as_known }))
    }
}

/// The dossier that a query asks for, with at most `limit` of its claims, from the one `after` a position on.
pub(crate) async fn find(app: &App, key: &ExchangeKey, uri: &Uri) -> Result<Found, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let wanted = Wanted::take(&mut parameters)?;
    let reading = parameters.reading()?;
    parameters.finish()?;
    wanted.find(app, key, reading).await.map(|(_, found)| found)
}

/// What a record says beside its numbers: the words that the read models leave in the ledger.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
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

/// A dossier as it's answered: one page of its claims, each with its words.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answered {
    as_of: AsOf,
    policy: Policy,
    #[serde(flatten)]
    exchange: Exchange,
    also: Vec<ExchangeKey>,
    merges: Vec<Merging>,
    claims: Vec<Spoken>,
    mentioned_by: Vec<Position>,
    differences: Vec<Difference>,
    next: Option<Position>,
}

/// A claim with its words.
#[derive(Debug, Serialize, JsonSchema)]
struct Spoken {
    #[serde(flatten)]
    claim: Statement,
    #[serde(flatten)]
    said: Said,
}

impl Answered {
    fn new(dossier: Dossier, said: Vec<Said>, next: Option<Position>) -> Self {
        let Dossier { as_of, policy, exchange, also, merges, claims, mentioned_by, differences } = dossier;
        let claims = claims.into_iter().zip(said).map(|(claim, said)| Spoken { claim, said }).collect();
        Self { as_of, policy, exchange, also, merges, claims, mentioned_by, differences, next }
    }
}
