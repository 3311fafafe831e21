use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{Announcement, Digest, Fault, Problem, Publisher, Removed, canonical::content_digest, same_content};

/// Place of a record in the ledger: 0, 1, 2 …, without gaps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Position(u64);

impl Position {
    /// The place after this many records.
    #[must_use]
    pub const fn new(position: u64) -> Self {
        Self(position)
    }

    /// How many records stand before it.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The next place.
    #[must_use]
    pub const fn successor(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What the ledger makes of an accepted event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its place.
    pub position: Position,
    /// When the queue took it in, in whole microseconds; never goes back from one position to the next.
    pub recorded: Timestamp,
    /// Who published it.
    pub publisher: Publisher,
    /// The CloudEvent exactly as accepted: structured JSON. Of a redacted record its [skeleton](Announcement::skeleton).
    pub event: Vec<u8>,
    /// Where an operator had its payload removed: what is kept of it.
    pub removed: Option<Box<Removed>>,
}

impl Record {
    /// Its leaf hash (RFC 6962): `H(0x00 ‖ position u64 ‖ recorded i64 µs ‖ length of publisher u8 ‖ publisher ‖ event)`, big-endian.
    #[must_use]
    pub fn leaf(&self) -> Digest {
        if let Some(removed) = &self.removed {
            return removed.leaf;
        }
        let publisher = self.publisher.as_str().as_bytes();
        let mut hash = Sha256::new();
        hash.update([0x00]);
        hash.update(self.position.get().to_be_bytes());
        hash.update(self.recorded.as_microsecond().to_be_bytes());
        hash.update([u8::try_from(publisher.len()).expect("a publisher has at most 129 bytes")]);
        hash.update(publisher);
        hash.update(&self.event);
        Digest::from_bytes(hash.finalize().into())
    }

    /// What its event says, or what is left of it.
    ///
    /// # Errors
    /// The bytes aren't an event of this version: they were altered or come from a newer one.
    pub fn announcement(&self) -> Result<Announcement, Problem> {
        let event = std::str::from_utf8(&self.event).map_err(|error| Problem::at(Fault::NotJson, "", error))?;
        crate::decode(event)
    }

    /// SHA-256 of the event's bytes as accepted.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.removed.as_ref().map_or_else(|| Digest::of(&self.event), |removed| removed.bytes)
    }

    /// Whether an event says the same: in the same bytes, or in the same canonical form (RFC 8785).
    #[must_use]
    pub fn same_content(&self, event: &[u8]) -> bool {
        match &self.removed {
            None => same_content(&self.event, event),
            Some(removed) => removed.bytes == Digest::of(event) || removed.content.is_some() && removed.content == content_digest(event),
        }
    }

    /// The event as a CloudEvent for readers: its own bytes with the extensions `sequence`, `recordedtime` and `publisher` before the last brace. A redacted one is of the
    /// type [`REMOVED_TYPE`] and says by which record it was redacted.
    #[must_use]
    pub fn to_cloudevent(&self) -> Vec<u8> {
        let removed = self.removed.as_deref().map(|removed| self.in_place(removed));
        let event = removed.as_ref().unwrap_or(&self.event);
        let end = event.iter().rposition(|&byte| byte == b'}').expect("an accepted event is an object");
        let mut bytes = event[..end].trim_ascii_end().to_vec();
        let ours = format!(",\"sequence\":\"{:020}\",\"recordedtime\":\"{:.6}\",\"publisher\":\"{}\"}}", self.position, self.recorded, self.publisher);
        bytes.extend_from_slice(ours.as_bytes());
        bytes
    }

    /// Not of the event's own type: nobody takes it for a claim without a number.
    fn in_place(&self, removed: &Removed) -> Vec<u8> {
        let left: serde_json::Value = serde_json::from_slice(&self.event).unwrap_or_default();
        let mut event = json!({"specversion": "1.0", "id": left["id"], "source": left["source"], "type": REMOVED_TYPE});
        if let Some(subject) = left.get("subject") {
            event["subject"] = subject.clone();
        }
        event["data"] = json!({"type": left["type"], "redacted_by": removed.by, "leaf": removed.leaf});
        event.to_string().into_bytes()
    }
}

/// The CloudEvent's `type` of a record whose payload was removed, as readers are given it. It's published by nobody.
pub const REMOVED_TYPE: &str = "org.handover.removed.v1";

#[cfg(test)]
mod tests {
    use super::*;

    fn record(position: u64, recorded: &str, publisher: &str, event: &str) -> Record {
        Record {
            position: Position::new(position),
            recorded: recorded.parse().unwrap(),
            publisher: publisher.parse().unwrap(),
            event: event.into(),
            removed: None,
        }
    }

    /// Computed apart, with `hashlib` and `struct.pack(">Q")`, `struct.pack(">q")`.
    #[test]
    fn a_leaf_is_the_hash_of_place_instant_publisher_and_bytes() {
        let event = r#"{"specversion":"1.0","id":"f1733529-17e2-5b67-83d4-601658bc91a4"}"#;
        for (record, leaf) in [
            (record(258, "2026-01-29T10:00:00.123456Z", "kyiv-desk", event), "df37135f6bdfe3685a316f5051c51be8eb7445dbb8e9bac02374d9c1ae65c8a0"),
            (record(258, "2026-01-29T10:00:00.123456Z", "gateway.kyiv-desk", event), "2297371ce1e48a5695a28c4befe8771961a61120bb1cce9c6fdc842ad50b1e23"),
            (record(0, "1969-12-31T23:59:59.999999Z", "local", "{}"), "68b7d13c256b9bdad6f04dcd903af7deab1f4310b06d0d373935d7537bea6d68"),
        ] {
            assert_eq!(record.leaf().to_string(), leaf);
        }
    }

    #[test]
    fn readers_are_given_the_events_own_bytes_with_the_ledgers_attributes() {
        let record = record(7, "2026-01-29T10:00:00Z", "gateway.kyiv-desk", "{ \"id\": \"}\",  \"data\": {}\n}\n ");
        let expected = "{ \"id\": \"}\",  \"data\": {},\"sequence\":\"00000000000000000007\",\"recordedtime\":\"2026-01-29T10:00:00.000000Z\",\"publisher\":\"gateway.kyiv-desk\"}";
        assert_eq!(String::from_utf8(record.to_cloudevent()).unwrap(), expected);
    }
}
