use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Digest, Publisher};

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
    /// The CloudEvent exactly as accepted: structured JSON.
    pub event: Vec<u8>,
}

impl Record {
    /// Its leaf hash (RFC 6962): `H(0x00 ‖ position u64 ‖ recorded i64 µs ‖ length of publisher u8 ‖ publisher ‖ event)`, big-endian.
    #[must_use]
    pub fn leaf(&self) -> Digest {
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

    /// The event as a CloudEvent for readers: its own bytes with the extensions `sequence`, `recordedtime` and `publisher` before the last brace.
    #[must_use]
    pub fn to_cloudevent(&self) -> Vec<u8> {
        let end = self.event.iter().rposition(|&byte| byte == b'}').expect("an accepted event is an object");
        let mut bytes = self.event[..end].trim_ascii_end().to_vec();
        let ours = format!(",\"sequence\":\"{:020}\",\"recordedtime\":\"{:.6}\",\"publisher\":\"{}\"}}", self.position, self.recorded, self.publisher);
        bytes.extend_from_slice(ours.as_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(position: u64, recorded: &str, publisher: &str, event: &str) -> Record {
        Record { position: Position::new(position), recorded: recorded.parse().unwrap(), publisher: publisher.parse().unwrap(), event: event.into() }
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
