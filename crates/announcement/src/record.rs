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
