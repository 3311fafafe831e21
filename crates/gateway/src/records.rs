//! `GET /v1/records`: the ledger's records as CloudEvents. In a page a redacted one has the type `org.handover.removed.v1`; asked for alone it's 410, with by whom, when and why.

use announcement::{Data, Position, Record, Removed};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use projection::{Source, SourceError, Stamp};
use serde_json::json;

use crate::{
    App,
    answer::{Asked, RECORDS},
    exchanges::{bad_path, path_text},
    filter::{Concerns, Filter},
    parameters::Parameters,
    problem::Failure,
};

const CLOUDEVENT: HeaderValue = HeaderValue::from_static("application/cloudevents+json");

/// A page of records: those that are asked for among the `limit` that are looked at. `next` is the position to go on `from`; `null` where the ledger ends.
pub(crate) async fn range(State(app): State<App>, mut asked: Asked) -> Result<Response, Failure> {
    let parameters = &mut asked.parameters;
    let filter = Filter::of_records(parameters)?;
    let from = parameters.position("from")?.unwrap_or_default();
    let limit = parameters.limit()?;
    let at_least = parameters.at_least()?;
    std::mem::take(parameters).finish()?;
    app.reach_record(at_least).await?;
    if let Source::Ledger(reader) = &app.records {
        let head = reader.head();
        if let Some(unchanged) = asked.unchanged(stamp(head.size, head.recorded)) {
            return Ok(unchanged);
        }
    }
    let page = app.records.records(from, limit).await.map_err(unreadable)?;
    let next = page.records.last().map(|last| last.position.successor()).filter(|next| next.get() < page.size);
    let last = page.size.checked_sub(1).map(Position::new);
    let recorded = match (page.records.last(), last) {
        (Some(record), Some(last)) if record.position == last => Some(record.recorded),
        (_, Some(last)) => app.records.record(last).await.map_err(unreadable)?.map(|record| record.recorded),
        (_, None) => None,
    };
    let as_of = json!({ "position": last, "recorded": recorded });
    app.scan(move || {
        let records = page.records.iter().filter(|record| filter.takes(&Concerns::of_record(record)));
        asked.write(stamp(page.size, recorded), &written(&as_of, records, next), &RECORDS).response()
    })
    .await
}

/// What an answer from the ledger itself rests on: no fold.
const fn stamp(size: u64, recorded: Option<Timestamp>) -> Stamp {
    Stamp { next: Position::new(size), recorded, version: 0 }
}

/// The page's JSON; each record stands in it with its own bytes.
fn written<'a>(as_of: &serde_json::Value, records: impl Iterator<Item = &'a Record>, next: Option<Position>) -> Vec<u8> {
    let mut body = format!("{{\"as_of\":{as_of},\"records\":[").into_bytes();
    for (index, record) in records.enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&record.to_cloudevent());
    }
    body.extend_from_slice(format!("],\"next\":{}}}", json!(next)).as_bytes());
    body
}

pub(crate) async fn record(State(app): State<App>, path: Result<Path<String>, PathRejection>, uri: Uri) -> Result<Response, Failure> {
    let position = path_text(path)?.parse().map(Position::new).map_err(|_| bad_path("expected a position: a whole number from 0"))?;
    let mut parameters = Parameters::parse(uri.query())?;
    let at_least = parameters.at_least()?;
    parameters.finish()?;
    app.reach_record(at_least).await?;
    let found = app.records.record(position).await.map_err(unreadable)?;
    let record =
        found.ok_or_else(|| Failure::not_found(format_args!("the ledger has no record at position {position} yet"), "See /v1/records for how far it goes."))?;
    match &record.removed {
        Some(removed) => Err(gone(&app, &record, removed).await),
        None => Ok(([(header::CONTENT_TYPE, CLOUDEVENT)], record.to_cloudevent()).into_response()),
    }
}

/// What stands at the place of a record whose payload was removed: by whom, when and why.
async fn gone(app: &App, record: &Record, removed: &Removed) -> Failure {
    let (position, by) = (record.position, removed.by);
    let redacting = match app.records.record(by).await {
        Ok(redacting) => redacting,
        Err(error) => return unreadable(error),
    };
    let reason = redacting.as_ref().and_then(|redacting| match redacting.announcement().ok()?.data {
        Data::Redacted(data) if redacting.removed.is_none() => Some(data.reason),
        _ => None,
    });
    let detail = format_args!("an operator removed the payload of the record at position {position}; its leaf hash and its place stay").to_string();
    let remedy = format!("See /v1/records/{by} for why, and /v1/proof/inclusion?position={position} for its place in the tree.");
    let redacted = json!({
        "position": position,
        "recorded": record.recorded,
        "publisher": record.publisher,
        "leaf": removed.leaf,
        "by": {"position": by, "publisher": redacting.as_ref().map(|redacting| &redacting.publisher), "recorded": redacting.as_ref().map(|redacting| redacting.recorded)},
        "reason": reason,
    });
    Failure::new(StatusCode::GONE, "redacted", "The record was redacted", detail, remedy).with("redacted", redacted)
}

/// Records that can't be read: out of reach for now, or damaged.
pub(crate) fn unreadable(error: SourceError) -> Failure {
    match error {
        SourceError::Unreachable(_) | SourceError::Ended => Failure::unavailable(error, "Try again; if it stays, see /readyz."),
        SourceError::Read(_) | SourceError::Altered(_) => Failure::internal(error),
    }
}
