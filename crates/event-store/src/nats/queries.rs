use std::time::Duration;

use announcement::{Digest, Position, Publisher, Record, Removed};
use async_nats::{
    Client,
    service::{Request, ServiceExt, endpoint::Endpoint, error},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    Head, ReadError, Reader,
    nats::{NatsError, QUERY_PREFIX},
};

/// The most that an answer's records take.
const MAX_ANSWER: usize = 512 << 10;

/// What an answer says of a record besides its event, in bytes.
const MAX_FRAME: usize = 512;

/// A record as it crosses NATS.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordAnswer {
    /// Its place.
    pub position: Position,
    /// When it was taken in.
    pub recorded: jiff::Timestamp,
    /// Who published it.
    pub publisher: Publisher,
    /// Its leaf hash.
    pub leaf: Digest,
    /// The event's bytes as accepted, white space around them left out. Of a redacted record the skeleton of the event.
    pub event: Box<RawValue>,
    /// White space before the event, where it came with some.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// White space after it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// Where an operator had its payload removed: what is kept of it. Then the leaf isn't that of the bytes given here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Box<Removed>>,
    /// The W3C trace context that it was published in, where the node that answers recorded it itself since its start; no part of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// The answer to `handover.query.range`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RangeAnswer {
    /// Where the ledger stands.
    pub head: Head,
    /// The records.
    pub records: Vec<RecordAnswer>,
}

impl RangeAnswer {
    /// Reads a page from a position on.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(reader: &Reader, from: Position, limit: usize) -> Result<Self, ReadError> {
        let head = reader.head();
        let records = reader.range(from, limit)?;
        Ok(Self { head, records: records.iter().map(|record| RecordAnswer::traced(record, reader)).collect::<Result<_, _>>()? })
    }
}

impl RecordAnswer {
    /// A record as it's answered.
    ///
    /// # Errors
    /// [`ReadError::Unreadable`]: its event isn't JSON.
    pub(crate) fn new(record: &Record) -> Result<Self, ReadError> {
        let unreadable = ReadError::Unreadable { position: record.position };
        let Ok(whole) = std::str::from_utf8(&record.event) else { return Err(unreadable) };
        let start = whole.len() - whole.trim_start_matches(SPACE).len();
        let end = whole.trim_end_matches(SPACE).len().max(start);
        let Ok(event) = RawValue::from_string(whole[start..end].to_owned()) else { return Err(unreadable) };
        Ok(Self {
            position: record.position,
            recorded: record.recorded,
            publisher: record.publisher.clone(),
            leaf: record.leaf(),
            event,
            before: whole[..start].to_owned(),
            after: whole[end..].to_owned(),
            removed: record.removed.clone(),
            traceparent: None,
        })
    }

    /// The same with the trace that it was published in.
    fn traced(record: &Record, reader: &Reader) -> Result<Self, ReadError> {
        let traceparent = reader.trace(record.position).map(|trace| trace.to_string());
        Ok(Self { traceparent, ..Self::new(record)? })
    }

    /// The record, if its bytes give the leaf that came with it, or where its payload was removed, if they are what is left of an event.
    #[must_use]
    pub fn into_record(self) -> Option<Record> {
        let Self { position, recorded, publisher, leaf, event, before, after, removed, .. } = self;
        let event = [before.as_bytes(), event.get().as_bytes(), after.as_bytes()].concat();
        let record = Record { position, recorded, publisher, event, removed };
        let is_left = || record.announcement().is_ok_and(|left| left.skeleton() == left);
        (record.leaf() == leaf && (record.removed.is_none() || is_left())).then_some(record)
    }
}

/// JSON's white space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordQuestion {
    position: Position,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeQuestion {
    from: Position,
    limit: usize,
}

/// The answer to `handover.query.root`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootAnswer {
    /// How many records.
    pub size: u64,
    /// The root of the tree of the first so many.
    pub root: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RootQuestion {
    size: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptQuestion {
    publisher: Publisher,
    digest: Digest,
    source: Option<String>,
    id: Option<Uuid>,
}

/// Answers `handover.query.{head,record,range,receipt,root}` for ever, and `handover.query.<node>.{head,root}` as this node alone.
pub(super) async fn answer(client: Client, reader: Reader, node: &str) -> Result<(), NatsError> {
    let failed = |error: async_nats::Error| NatsError::Service(error.to_string());
    let service =
        client.service_builder().description("reads a ledger of announced exchanges").start("handover", env!("CARGO_PKG_VERSION")).await.map_err(failed)?;
    let group = service.group(QUERY_PREFIX);
    let mut endpoints = Vec::new();
    for question in [Question::Head, Question::Record, Question::Range, Question::Receipt, Question::Root] {
        let endpoint: Endpoint = group.endpoint(question.name()).await.map_err(failed)?;
        endpoints.push(endpoint.map(move |request| (question, request)).boxed());
    }
    for question in [Question::Head, Question::Root] {
        let own: Endpoint = group.group(node).endpoint(question.name()).await.map_err(failed)?;
        endpoints.push(own.map(move |request| (question, request)).boxed());
    }
    let requests = stream::select_all(endpoints);
    requests
        .for_each_concurrent(MAX_CONCURRENT, |(question, request)| {
            let (reader, limit) = (reader.clone(), MAX_ANSWER.min(client.server_info().max_payload));
            async move { reply(question, request, reader, limit).await }
        })
        .await;
    Ok(())
}

/// Where the ledger stands, as whichever node answers first says; `None` where none does in time, or what it says isn't understood.
pub async fn head(client: &Client) -> Option<Head> {
    let asked = client.request(format!("{QUERY_PREFIX}.{}", Question::Head.name()), Bytes::new());
    let answer = tokio::time::timeout(HEAD_PATIENCE, asked).await.ok()?.ok()?;
    serde_json::from_slice(&answer.payload).ok()
}

/// How long a node may take to say where it stands.
const HEAD_PATIENCE: Duration = Duration::from_secs(2);

/// How many questions are looked up at once; further ones wait in the connection's buffer.
const MAX_CONCURRENT: usize = 16;

#[derive(Clone, Copy)]
enum Question {
    Head,
    Record,
    Range,
    Receipt,
    Root,
}

impl Question {
    const fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Record => "record",
            Self::Range => "range",
            Self::Receipt => "receipt",
            Self::Root => "root",
        }
    }
}

async fn reply(question: Question, request: Request, reader: Reader, limit: usize) {
    let payload = request.message.payload.clone();
    let found = tokio::task::spawn_blocking(move || look_up(question, &payload, &reader, limit)).await;
    let answer = found.unwrap_or_else(|_| Err(error::Error { code: 500, status: "the look-up failed".to_owned() }));
    if let Err(error) = request.respond(answer).await {
        tracing::debug!(%error, "an answer was not sent");
    }
}

fn look_up(question: Question, payload: &[u8], reader: &Reader, limit: usize) -> Result<Bytes, error::Error> {
    let malformed = |error: serde_json::Error| error::Error { code: 400, status: error.to_string() };
    let failed = |error: ReadError| error::Error { code: 500, status: error.to_string() };
    let missing = || error::Error { code: 404, status: "there is no such record yet".to_owned() };
    match question {
        Question::Head => Ok(json(&reader.head())),
        Question::Record => {
            let RecordQuestion { position } = serde_json::from_slice(payload).map_err(malformed)?;
            let record = reader.record(position).map_err(failed)?.ok_or_else(missing)?;
            Ok(json(&RecordAnswer::new(&record).map_err(failed)?))
        }
        Question::Range => {
            let RangeQuestion { from, limit: count } = serde_json::from_slice(payload).map_err(malformed)?;
            let head = reader.head();
            let records = reader.range(from, count).map_err(failed)?;
            let mut bytes = MAX_FRAME;
            let fitting = records.iter().take_while(|record| {
                bytes += record.event.len() + MAX_FRAME;
                record.position == from || bytes <= limit
            });
            let records = fitting.map(|record| RecordAnswer::traced(record, reader)).collect::<Result<_, _>>().map_err(failed)?;
            Ok(json(&RangeAnswer { head, records }))
        }
        Question::Receipt => {
            let ReceiptQuestion { publisher, digest, source, id } = serde_json::from_slice(payload).map_err(malformed)?;
            let receipt = reader.receipt(&publisher, digest, source.as_deref().zip(id)).map_err(failed)?;
            Ok(receipt.map_or_else(|| Bytes::from_static(b"{\"status\":\"unknown\"}"), |receipt| json(&receipt)))
        }
        Question::Root => {
            let RootQuestion { size } = serde_json::from_slice(payload).map_err(malformed)?;
            let root = reader.root_at(size).map_err(failed)?.ok_or_else(missing)?;
            Ok(json(&RootAnswer { size, root }))
        }
    }
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("an answer is plain data").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_crosses_nats_with_every_byte() {
        for event in ["{\"a\":1}", " \r\n{\"a\" : [1,\n 2]}\n\t", "{\"a\":1.50e1}\n"] {
            let record = Record {
                position: Position::new(7),
                recorded: "2026-03-01T12:00:00.000001Z".parse().unwrap(),
                publisher: Publisher::local(),
                event: event.as_bytes().to_vec(),
                removed: None,
            };
            let crossed: RecordAnswer = serde_json::from_slice(&json(&RecordAnswer::new(&record).unwrap())).unwrap();
            assert_eq!(crossed.clone().into_record(), Some(record));
            let altered = RecordAnswer { before: "\n".to_owned() + &crossed.before, ..crossed };
            assert_eq!(altered.into_record(), None);
        }
    }

    #[test]
    fn a_redacted_record_crosses_nats_with_its_leaf_and_nothing_but_a_skeleton() {
        let golden = include_bytes!("../../../announcement/golden/completed.json");
        let recorded = "2026-03-01T12:00:00.000001Z".parse().unwrap();
        let whole = Record { position: Position::new(7), recorded, publisher: Publisher::local(), event: golden.to_vec(), removed: None };
        let left = whole.redact(Position::new(9)).unwrap();
        let crossed: RecordAnswer = serde_json::from_slice(&json(&RecordAnswer::new(&left).unwrap())).unwrap();
        assert_eq!((crossed.leaf, crossed.clone().into_record()), (whole.leaf(), Some(left)));
        let leaf = Digest::of(b"another");
        assert_eq!(RecordAnswer { leaf, ..crossed.clone() }.into_record(), None);
        let more = RecordAnswer { event: RecordAnswer::new(&whole).unwrap().event, ..crossed };
        assert_eq!(more.into_record(), None, "it would be more than a skeleton");
    }
}
