use std::{borrow::Cow, time::Duration};

use announcement::{Digest, Kind, Position, Record, TRACEPARENT, TraceContext};
use async_nats::{
    HeaderMap, Message,
    jetstream::{
        message::PublishMessage,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use serde::Deserialize;

use crate::{
    ReadError, RecordAnswer,
    nats::stream::{Options, Wanted},
};

/// The stream that has every record for whoever subscribes: the record at position p is its message p + 1.
pub const LOG_STREAM: &str = "LEDGER";
/// Its subjects: `handover.log.<kind>`.
pub const LOG_SUBJECTS: [&str; 1] = ["handover.log.*"];
/// A message's header with the record's position.
pub const POSITION_HEADER: &str = "Handover-Position";
/// With when the record was taken in, RFC 3339 in microseconds.
pub const RECORDED_HEADER: &str = "Handover-Recorded";
/// With who published it.
pub const PUBLISHER_HEADER: &str = "Handover-Publisher";
/// With its leaf hash.
pub const LEAF_HEADER: &str = "Handover-Leaf";
/// Where its payload was removed, with the position of the record that redacts it; the body is then the answer to `handover.query.record`, and doesn't give the leaf.
pub const REDACTED_HEADER: &str = "Handover-Redacted";

/// The largest message: an event of 64 KiB, which grows where it came in binary mode, with its headers.
const MAX_MESSAGE: i32 = 128 << 10;
/// The server's own; no message has an id, the expected sequence keeps out what comes twice.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// The stream of records as it must be.
pub(super) fn wanted(options: &Options) -> Wanted {
    let config = Config {
        name: LOG_STREAM.to_owned(),
        subjects: LOG_SUBJECTS.map(str::to_owned).to_vec(),
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_bytes: options.ledger_max_bytes,
        max_message_size: MAX_MESSAGE,
        duplicate_window: DUPLICATE_WINDOW,
        deny_delete: true,
        deny_purge: true,
        num_replicas: options.replicas,
        description: Some("the ledger's records, each with its leaf hash".to_owned()),
        ..Config::default()
    };
    Wanted { config, flags: "--ledger-max-bytes and --replicas" }
}

/// A record as a message that the stream takes in its place only, with the trace that it was published in, where that's known.
pub(super) fn message(record: Record, trace: Option<TraceContext>) -> Result<(String, PublishMessage), ReadError> {
    let kind = kind(&record).ok_or(ReadError::Unreadable { position: record.position })?;
    let mut headers = HeaderMap::new();
    for (name, value) in headers_of(&record) {
        headers.insert(name, value);
    }
    if let Some(trace) = trace {
        headers.insert(TRACEPARENT, trace.to_string());
    }
    let place = record.position.get();
    let body = match &record.removed {
        None => record.event,
        Some(removed) => {
            headers.insert(REDACTED_HEADER, removed.by.to_string());
            serde_json::to_vec(&RecordAnswer::new(&record)?).expect("an answer is plain data")
        }
    };
    let message = PublishMessage::build().headers(headers).payload(body.into()).expected_last_sequence(place);
    Ok((subject(kind), message))
}

/// Whether a message of the stream isn't the record's own. `Headers` looks past its body, which then isn't needed. Where one of the two has no payload any more the leaf decides.
pub(super) fn differs(message: &Message, record: &Record, look: Look) -> bool {
    let header = |name: &str| message.headers.as_ref().and_then(|headers| headers.get(name));
    let named = |(name, value): (&str, String)| header(name).is_some_and(|found| found.as_str() == value);
    let is_removed = header(REDACTED_HEADER).is_some();
    let body = look == Look::Headers
        || match &record.removed {
            None => is_removed || message.payload == record.event,
            Some(removed) => is_removed || Digest::of(&message.payload) == removed.bytes,
        };
    let on_subject = kind(record).is_some_and(|kind| *message.subject == *subject(kind));
    !(body && on_subject && headers_of(record).into_iter().all(named))
}

/// The record that a message is of, if its bytes give the leaf that came with it, or say what is left of it.
pub(super) fn record_in(position: Position, message: &Message) -> Option<Record> {
    let header = |name| message.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str);
    let leaf = leaf_in(position, message)?;
    if header(REDACTED_HEADER).is_some() {
        let left = serde_json::from_slice::<RecordAnswer>(&message.payload).ok()?.into_record()?;
        return (left.position == position && left.removed.is_some() && left.leaf() == leaf).then_some(left);
    }
    let (recorded, publisher) = (header(RECORDED_HEADER)?.parse().ok()?, header(PUBLISHER_HEADER)?.parse().ok()?);
    let record = Record { position, recorded, publisher, event: message.payload.to_vec(), removed: None };
    (record.leaf() == leaf).then_some(record)
}

/// The trace that a message says its record was published in.
pub(super) fn trace_in(message: &Message) -> Option<TraceContext> {
    message.headers.as_ref()?.get(TRACEPARENT)?.as_str().parse().ok()
}

/// The leaf hash that a message says of the record at this position.
pub(super) fn leaf_in(position: Position, message: &Message) -> Option<Digest> {
    let header = |name| message.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str);
    if header(POSITION_HEADER)? == position.to_string() { Digest::from_hex(header(LEAF_HEADER)?) } else { None }
}

/// How closely a message is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    Whole,
    Headers,
}

/// The record of a message by its sequence; there is none for 0.
pub(super) fn position_of(sequence: u64) -> Option<Position> {
    sequence.checked_sub(1).map(Position::new)
}

fn headers_of(record: &Record) -> [(&'static str, String); 4] {
    [
        (POSITION_HEADER, record.position.to_string()),
        (RECORDED_HEADER, format!("{:.6}", record.recorded)),
        (PUBLISHER_HEADER, record.publisher.to_string()),
        (LEAF_HEADER, record.leaf().to_string()),
    ]
}

fn subject(kind: Kind) -> String {
    format!("handover.log.{}", kind.as_str())
}

/// The kind of an accepted event, without reading the rest of it.
fn kind(record: &Record) -> Option<Kind> {
    #[derive(Deserialize)]
    struct Type<'a> {
        #[serde(borrow, rename = "type")]
        event_type: Cow<'a, str>,
    }
    let Type { event_type } = serde_json::from_slice(&record.event).ok()?;
    Kind::ALL.iter().copied().find(|kind| kind.event_type() == event_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(event: &str) -> Record {
        Record {
            position: Position::new(7),
            recorded: "2026-03-01T12:00:00Z".parse().unwrap(),
            publisher: "gate.desk".parse().unwrap(),
            event: event.into(),
            removed: None,
        }
    }

    fn stored(record: &Record) -> Message {
        let (subject, message) = message(record.clone(), None).unwrap();
        let message = message.outbound_message(subject);
        let length = message.payload.len();
        Message { subject: message.subject, reply: None, payload: message.payload, headers: message.headers, status: None, description: None, length }
    }

    #[test]
    fn a_message_says_everything_of_its_record_and_asks_for_its_place() {
        let record = record(" {\"data\":{\"type\":\"x\"},\"type\":\"org.handover.completed.v1\"}\n");
        let message = stored(&record);
        let headers = message.headers.as_ref().unwrap();
        let header = |name: &str| headers.get(name).unwrap().as_str().to_owned();
        assert_eq!((&*message.subject, &message.payload[..]), ("handover.log.completed", &record.event[..]));
        assert_eq!(header("Handover-Recorded"), "2026-03-01T12:00:00.000000Z");
        assert_eq!([header("Handover-Position"), header("Handover-Publisher"), header("Nats-Expected-Last-Sequence")], ["7", "gate.desk", "7"]);
        assert_eq!(header("Handover-Leaf"), record.leaf().to_string());
    }

    #[test]
    fn whatever_is_altered_of_a_message_is_seen() {
        let record = record(r#"{"type":"org.handover.completed.v1","id":"a"}"#);
        assert!(!differs(&stored(&record), &record, Look::Whole));
        for name in [POSITION_HEADER, RECORDED_HEADER, PUBLISHER_HEADER, LEAF_HEADER] {
            let mut altered = stored(&record);
            altered.headers.as_mut().unwrap().insert(name, "8");
            assert!(differs(&altered, &record, Look::Whole) && differs(&altered, &record, Look::Headers), "{name}");
        }
        let moved = Message { subject: "handover.log.planned".into(), ..stored(&record) };
        assert!(differs(&moved, &record, Look::Whole));
        let altered = Message { payload: r#"{"type":"org.handover.completed.v1","id":"b"}"#.into(), ..stored(&record) };
        assert!(differs(&altered, &record, Look::Whole) && !differs(&altered, &record, Look::Headers));
        assert!(differs(&Message { headers: None, ..stored(&record) }, &record, Look::Headers));
    }

    #[test]
    fn a_message_gives_its_record_back_and_nothing_where_it_was_altered() {
        let record = record(r#"{"type":"org.handover.completed.v1","id":"a"}"#);
        let position = record.position;
        assert_eq!((leaf_in(position, &stored(&record)), record_in(position, &stored(&record))), (Some(record.leaf()), Some(record.clone())));
        assert_eq!(leaf_in(Position::new(8), &stored(&record)), None);
        for name in [POSITION_HEADER, RECORDED_HEADER, PUBLISHER_HEADER, LEAF_HEADER] {
            let mut altered = stored(&record);
            altered.headers.as_mut().unwrap().insert(name, "8");
            assert_eq!(record_in(position, &altered), None, "{name}");
        }
        assert_eq!(record_in(position, &Message { payload: "{}".into(), ..stored(&record) }), None);
    }

    #[test]
    fn a_message_without_its_payload_is_the_same_as_one_with_it_by_its_leaf() {
        let whole = record(std::str::from_utf8(include_bytes!("../../../announcement/golden/completed.json")).unwrap());
        let left = whole.redact(Position::new(9)).unwrap();
        assert_eq!(stored(&left).headers.as_ref().unwrap().get(REDACTED_HEADER).unwrap().as_str(), "9");
        for (message, record) in [(&whole, &left), (&left, &whole), (&left, &left)] {
            assert!(!differs(&stored(message), record, Look::Whole) && !differs(&stored(message), record, Look::Headers));
        }
        assert_eq!(record_in(left.position, &stored(&left)), Some(left.clone()));
        let mut another = whole.clone();
        another.event.push(b' ');
        for (message, record) in [(&another, &left), (&left, &another), (&another.redact(Position::new(9)).unwrap(), &left)] {
            assert!(differs(&stored(message), record, Look::Whole), "another leaf");
        }
        let forged = Message { payload: another.event.clone().into(), ..stored(&whole) };
        assert!(differs(&forged, &left, Look::Whole), "other bytes under the same leaf");
        let forged = Message { payload: stored(&another.redact(Position::new(9)).unwrap()).payload, ..stored(&left) };
        assert_eq!(record_in(left.position, &forged), None, "what is left of another");
    }

    #[test]
    fn what_is_no_announcement_has_no_place_in_the_stream() {
        assert!(matches!(message(record("{\"type\":\"org.handover.unknown.v9\"}"), None), Err(ReadError::Unreadable { .. })));
    }
}
