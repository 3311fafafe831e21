use announcement::{Position, Record};
use bytes::Bytes;
use projection::Change;

use crate::filter::Concerns;

/// What consecutive records come to: an event for each that is told of.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The first record that was looked at.
    pub(crate) from: Position,
    /// The first that wasn't.
    pub(crate) next: Position,
    pub(crate) events: Vec<Event>,
}

/// A server-sent event, written once for all who read it.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) position: Position,
    pub(crate) concerns: Concerns,
    pub(crate) bytes: Bytes,
}

impl Event {
    pub(crate) fn of_record(record: &Record) -> Self {
        Self { position: record.position, concerns: Concerns::of_record(record), bytes: written(record.position, &record.to_cloudevent()) }
    }

    pub(crate) fn of_change(change: &Change) -> Self {
        let data = serde_json::to_vec(change).expect("a change is plain data");
        Self { position: change.position, concerns: Concerns::of_change(change), bytes: written(change.position, &data) }
    }
}

/// Line breaks stand between JSON's values only, so that a line of data ends at each and the reader puts them together again.
fn written(position: Position, json: &[u8]) -> Bytes {
    let mut event = format!("id: {position}\n").into_bytes();
    for line in json.split(|&byte| byte == b'\n' || byte == b'\r').filter(|line| !line.is_empty()) {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line);
        event.push(b'\n');
    }
    event.push(b'\n');
    event.into()
}

/// The last event of a stream that is ended: why, and where to go on. It has no id, so that who comes again goes on after the last record that it was given.
pub(crate) fn dropped(reason: &str, next: Position) -> Bytes {
    let data = serde_json::json!({"reason": reason, "next": next});
    format!("event: dropped\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_several_lines_stays_one() {
        let event = written(Position::new(7), b"{\"a\":\r\n1,\n\n\"b\":2}\n");
        assert_eq!(event, "id: 7\ndata: {\"a\":\ndata: 1,\ndata: \"b\":2}\n\n");
    }
}
