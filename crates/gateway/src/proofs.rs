//! What shows to anyone that the log was not altered: checkpoints, proofs, tiles.

use announcement::{Position, Publisher};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use event_store::{CheckpointsError, Entries, ProofError, Reader};
use projection::Source;
use serde_json::json;
use transparency::TilePath;
use uuid::Uuid;

use crate::{
    App,
    exchanges::{bad_path, path_text},
    parameters::Parameters,
    problem::Failure,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// A full tile never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A full bundle of entries goes where one of its records is redacted, and from the caches soon after.
const FOR_AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// `GET /v1/checkpoint`, `GET /v1/log/checkpoint`: a signed note of what the ledger stands at.
pub(crate) async fn checkpoint(State(app): State<App>, uri: Uri) -> Result<Response, Failure> {
    Parameters::parse(uri.query())?.finish()?;
    let checkpoints = app.checkpoints.clone().ok_or_else(not_here)?;
    let (_, note) = app.scan(move || checkpoints.latest()).await?.map_err(unsigned)?;
    Ok(([(header::CONTENT_TYPE, TEXT)], note.to_string()).into_response())
}

/// `GET /v1/proof`: everything that shows offline that a record is in the ledger, by position, or by source and id.
pub(crate) async fn file(State(app): State<App>, uri: Uri) -> Result<Response, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let position: Option<u64> = parameters.value("position")?;
    let (source, id): (Option<String>, Option<Uuid>) = (parameters.text("source"), parameters.value("id")?);
    let publisher: Publisher = parameters.value("publisher")?.unwrap_or_else(Publisher::local);
    parameters.finish()?;
    let checkpoints = app.checkpoints.clone().ok_or_else(not_here)?;
    let reader = reader(&app)?;
    let found = match (position, source.zip(id)) {
        (Some(position), None) => Some(Position::new(position)),
        (None, Some((source, id))) => app.scan(move || reader.find(&publisher, &source, id)).await?.map_err(Failure::internal)?,
        _ => return Err(asked("expected position, or source and id with the publisher where it isn't local")),
    };
    let position = found.ok_or_else(|| Failure::not_found("the ledger has no such event", "Give the publisher, source and id of a recorded event."))?;
    let proof = app.scan(move || checkpoints.prove(position)).await?.map_err(unsigned)?;
    Ok(answer(&json!(proof)))
}

/// `GET /v1/proof/inclusion?position=…&size=…`.
pub(crate) async fn inclusion(State(app): State<App>, uri: Uri) -> Result<Response, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let position: Option<u64> = parameters.value("position")?;
    let size: Option<u64> = parameters.value("size")?;
    parameters.finish()?;
    let reader = reader(&app)?;
    let position = position.map(Position::new).ok_or_else(|| asked("position is missing"))?;
    let answered = app.scan(move || {
        let size = size.unwrap_or_else(|| reader.head().size);
        let inclusion = reader.inclusion(position, size)?;
        let leaf = reader.record(position)?.map(|record| record.leaf());
        Ok::<_, ProofError>(json!({"position": position, "size": size, "leaf": leaf, "root": reader.root_of(size)?, "inclusion": inclusion}))
    });
    answered.await?.map(|proof| answer(&proof)).map_err(no_proof)
}

/// `GET /v1/proof/consistency?from=…&to=…`, both sizes.
pub(crate) async fn consistency(State(app): State<App>, uri: Uri) -> Result<Response, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let from: Option<u64> = parameters.value("from")?;
    let to: Option<u64> = parameters.value("to")?;
    parameters.finish()?;
    let reader = reader(&app)?;
    let from = from.ok_or_else(|| asked("from is missing"))?;
    let answered = app.scan(move || {
        let to = to.unwrap_or_else(|| reader.head().size);
        let consistency = reader.consistency(from, to)?;
        Ok::<_, ProofError>(json!({"from": from, "to": to, "from_root": reader.root_of(from)?, "to_root": reader.root_of(to)?, "consistency": consistency}))
    });
    answered.await?.map(|proof| answer(&proof)).map_err(no_proof)
}

/// `GET /v1/log/tile/…`: hashes and entries as C2SP tlog-tiles serves them.
pub(crate) async fn tile(State(app): State<App>, path: Result<Path<String>, PathRejection>, uri: Uri) -> Result<Response, Failure> {
    Parameters::parse(uri.query())?.finish()?;
    let rest = path_text(path)?;
    let path: TilePath = format!("tile/{rest}").parse().map_err(bad_path)?;
    let reader = reader(&app)?;
    let full = match path {
        TilePath::Hashes(tile) => tile.is_full(),
        TilePath::Entries(bundle) => bundle.hashes().is_full(),
    };
    let found = app.scan(move || match path {
        TilePath::Hashes(tile) => Ok::<_, event_store::ReadError>(match reader.tile(tile)? {
            Some(hashes) => Entries::Bundle(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()),
            None => Entries::Beyond,
        }),
        TilePath::Entries(bundle) => reader.bundle(bundle),
    });
    let bytes = match found.await?.map_err(Failure::internal)? {
        Entries::Bundle(bytes) => bytes,
        Entries::Gone { position } => return Err(entry_gone(position)),
        Entries::Beyond => return Err(Failure::not_found("the tree doesn't reach so far", "See /v1/log/checkpoint for its size.")),
    };
    let cache = match path {
        _ if !full => HeaderValue::from_static("no-store"),
        TilePath::Hashes(_) => FOR_EVER,
        TilePath::Entries(_) => FOR_AN_HOUR,
    };
    Ok(([(header::CONTENT_TYPE, BYTES), (header::CACHE_CONTROL, cache)], bytes).into_response())
}

/// A bundle's entries hash to their leaves, one by one: where one is gone there is no bundle, and the hashes of its tile are served all the same.
fn entry_gone(position: Position) -> Failure {
    let detail = format_args!("the record at position {position}, an entry of this bundle, was redacted").to_string();
    let remedy = format!("Take the leaf hashes from /v1/log/tile/0/…, the other records from /v1/records, and see /v1/records/{position} for why.");
    Failure::new(StatusCode::GONE, "redacted", "An entry was redacted", detail, remedy).with("redacted", json!({"position": position}))
}

fn answer(value: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, JSON)], value.to_string()).into_response()
}

fn reader(app: &App) -> Result<Reader, Failure> {
    match &app.records {
        Source::Ledger(reader) => Ok(reader.clone()),
        Source::Nats(_) => Err(not_here()),
    }
}

fn not_here() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "no-ledger", "Not on this node", "this node has no ledger of its own", "Ask a node that runs one.")
}

fn asked(detail: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "parameter", "A query parameter is wrong", detail, "See /v1/checkpoint for the size, and /v1/records for positions.")
}

fn unsigned(error: CheckpointsError) -> Failure {
    match error {
        CheckpointsError::Proof(error) => no_proof(error),
        awaited @ CheckpointsError::Awaited { .. } => Failure::unavailable(awaited, "Ask again once the ledger has read its stream."),
        other => Failure::internal(other),
    }
}

fn no_proof(error: ProofError) -> Failure {
    match error {
        ProofError::Read(error) => Failure::internal(error),
        ProofError::Redacted { position, .. } => {
            let remedy = format!("See /v1/records/{position} for why, and /v1/proof/inclusion?position={position} for its place in the tree.");
            Failure::new(StatusCode::GONE, "redacted", "The record was redacted", error, remedy)
        }
        other => Failure::not_found(other, "See /v1/checkpoint for the ledger's size."),
    }
}
