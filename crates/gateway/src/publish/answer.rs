use std::borrow::Cow;

use announcement::{Announcement, Digest, Outcome, Problem, Receipt};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::problem::{Failure, RETRY_AFTER_S, status_of};

/// What became of one event of a request: an element of `receipts`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Entry {
    /// The ledger decided, or the event was refused at the boundary.
    Decided(Receipt),
    /// It's in the queue, and no receipt came in time.
    Queued(Name),
    /// It isn't known to be in the queue: send it again.
    NotQueued(Name),
}

/// What an event without a receipt is known by.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Name {
    pub(crate) source: String,
    pub(crate) id: String,
    pub(crate) digest: Digest,
}

impl Name {
    pub(crate) fn new(announcement: &Announcement, digest: Digest) -> Self {
        Self { source: announcement.envelope.source.clone(), id: announcement.envelope.id.to_string(), digest }
    }
}

impl Entry {
    pub(crate) fn refused(digest: Digest, problem: Problem) -> Self {
        Self::Decided(Receipt { source: None, id: None, digest, outcome: Outcome::Refused { problem } })
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Decided(Receipt { outcome: Outcome::Recorded { .. }, .. }) => StatusCode::CREATED,
            Self::Decided(Receipt { outcome: Outcome::Duplicate { .. }, .. }) => StatusCode::OK,
            Self::Decided(Receipt { outcome: Outcome::Refused { problem }, .. }) => status_of(problem),
            Self::Queued(_) => StatusCode::ACCEPTED,
            Self::NotQueued(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Decided(Receipt { outcome: Outcome::Refused { problem }, .. }) => Some(problem),
            _ => None,
        }
    }

    /// Where what became of it can be read.
    fn location(&self) -> Option<String> {
        match self {
            Self::Decided(Receipt { outcome: Outcome::Recorded { position, .. } | Outcome::Duplicate { position }, .. }) => {
                Some(format!("/v1/records/{position}"))
            }
            Self::Queued(name) => Some(format!("/v1/receipts/{}", name.digest)),
            Self::Decided(_) | Self::NotQueued(_) => None,
        }
    }
}

/// An event without a receipt.
#[derive(Serialize, JsonSchema)]
struct Waiting<'a> {
    source: &'a str,
    id: &'a str,
    digest: Digest,
    /// `queued`, or `not-queued`.
    status: &'static str,
    /// Where what became of it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

impl JsonSchema for Entry {
    fn schema_name() -> Cow<'static, str> {
        "ReceiptOrNone".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<Receipt>(), generator.subschema_for::<Waiting<'_>>()]})
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, status) = match self {
            Self::Decided(receipt) => return receipt.serialize(serializer),
            Self::Queued(name) => (name, "queued"),
            Self::NotQueued(name) => (name, "not-queued"),
        };
        Waiting { source: &name.source, id: &name.id, digest: name.digest, status, location: self.location() }.serialize(serializer)
    }
}

/// What is answered, whatever the status; from 400 on in a problem.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Receipts<'a> {
    receipts: &'a [Entry],
}

/// Answers with a receipt for each event, in their order. The status is the events' own where they agree; a mixture of recorded and duplicate is 201, any other
/// mixture 207. An error is a problem with the same `receipts` in it, so that a publisher reads `receipts` whatever the status is.
pub(crate) fn answer(entries: &[Entry]) -> Response {
    let receipts = json!(entries);
    let status = overall(entries);
    if let ([only], Some(problem)) = (entries, entries.first().and_then(Entry::problem)) {
        debug_assert_eq!(only.status(), status);
        return Failure::refused(problem.clone()).with("receipts", receipts).into_response();
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let remedy = "Send what is not-queued again, unchanged; what arrives twice is recorded once.";
        return Failure::unavailable("the queue took none of the events", remedy).with("receipts", receipts).into_response();
    }
    if status.is_client_error() {
        return all_refused(status, entries.len()).with("receipts", receipts).into_response();
    }
    let mut response = (status, Json(Receipts { receipts: entries })).into_response();
    let headers = response.headers_mut();
    if let ([only], true) = (entries, status != StatusCode::OK)
        && let Some(location) = only.location()
    {
        headers.insert(header::LOCATION, HeaderValue::try_from(location).expect("a path of digits and letters"));
    }
    if status == StatusCode::ACCEPTED {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    }
    response
}

fn overall(entries: &[Entry]) -> StatusCode {
    let mut statuses: Vec<StatusCode> = entries.iter().map(Entry::status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let none_queued = || entries.iter().all(|entry| matches!(entry, Entry::NotQueued(_)) || entry.problem().is_some());
    match statuses.as_slice() {
        [] => StatusCode::OK,
        [only] => *only,
        [StatusCode::OK, StatusCode::CREATED] => StatusCode::CREATED,
        all if all.contains(&StatusCode::SERVICE_UNAVAILABLE) && none_queued() => StatusCode::SERVICE_UNAVAILABLE,
        all if all.iter().all(StatusCode::is_client_error) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::MULTI_STATUS,
    }
}

fn all_refused(status: StatusCode, count: usize) -> Failure {
    Failure::new(
        status,
        "all-refused",
        "Every event was refused",
        format_args!("{count} events"),
        "Each receipt says why its event was refused and what to do about it.",
    )
}

#[cfg(test)]
mod tests {
    use announcement::{Fault, Position};

    use super::*;

    fn recorded() -> Entry {
        let outcome = Outcome::Recorded { position: Position::new(7), recorded: jiff::Timestamp::UNIX_EPOCH, leaf: Digest::of(b"leaf") };
        Entry::Decided(Receipt { source: None, id: None, digest: Digest::of(b""), outcome })
    }

    fn duplicate() -> Entry {
        Entry::Decided(Receipt { source: None, id: None, digest: Digest::of(b""), outcome: Outcome::Duplicate { position: Position::new(7) } })
    }

    fn refused(fault: Fault) -> Entry {
        Entry::refused(Digest::of(b""), Problem::at(fault, "/data", "it's wrong"))
    }

    fn name() -> Name {
        Name { source: "urn:test".to_owned(), id: "1".to_owned(), digest: Digest::of(b"") }
    }

    #[test]
    fn the_status_is_that_of_the_events_where_they_agree() {
        let check = |entries: &[Entry], expected: u16| assert_eq!(answer(entries).status().as_u16(), expected, "{entries:?}");
        check(&[recorded()], 201);
        check(&[duplicate(), duplicate()], 200);
        check(&[recorded(), duplicate()], 201);
        check(&[Entry::Queued(name())], 202);
        check(&[refused(Fault::Conflict)], 409);
        check(&[refused(Fault::Future)], 422);
        check(&[refused(Fault::TooLarge)], 413);
        check(&[refused(Fault::Conflict), refused(Fault::Future)], 422);
        check(&[recorded(), refused(Fault::Future)], 207);
        check(&[recorded(), Entry::Queued(name())], 207);
        check(&[recorded(), Entry::NotQueued(name())], 207);
        check(&[Entry::NotQueued(name())], 503);
        check(&[Entry::NotQueued(name()), refused(Fault::Future)], 503);
        check(&[], 200);
    }

    #[test]
    fn what_waits_says_where_to_ask() {
        let response = answer(&[Entry::Queued(name())]);
        assert_eq!(response.headers()[header::LOCATION], format!("/v1/receipts/{}", Digest::of(b"")));
        assert_eq!(answer(&[recorded()]).headers()[header::LOCATION], "/v1/records/7");
        assert!(answer(&[Entry::NotQueued(name())]).headers().contains_key(header::RETRY_AFTER));
        assert_eq!(json!(Entry::Queued(name()))["status"], "queued");
        assert_eq!(json!(Entry::NotQueued(name()))["status"], "not-queued");
    }
}
