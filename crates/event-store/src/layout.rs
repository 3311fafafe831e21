use announcement::{Digest, ExchangeKey, Position, Publisher, Record};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The state: one key, written with each commit.
pub(crate) const STATE: &[u8] = b"s";

/// Records by position.
pub(crate) fn record(position: Position) -> Vec<u8> {
    numbered(b"r", position.get())
}

/// The position of an identity: publisher, source, id.
pub(crate) fn identity(publisher: &Publisher, source: &str, id: Uuid) -> Vec<u8> {
    hashed(b"i", &[publisher.as_str().as_bytes(), source.as_bytes(), id.as_bytes()])
}

/// The positions of a source and id, whoever published them: a prefix that a position follows.
pub(crate) fn event(source: &str, id: Uuid) -> Vec<u8> {
    hashed(b"e", &[source.as_bytes(), id.as_bytes()])
}

/// The positions of a publisher's messages with this body: a prefix that a position follows; the value is [`RECORDED`] or [`DUPLICATE`].
pub(crate) fn digest(publisher: &Publisher, digest: Digest) -> Vec<u8> {
    hashed(b"d", &[publisher.as_str().as_bytes(), digest.as_bytes()])
}

/// The message was recorded at the position.
pub(crate) const RECORDED: u8 = 0;
/// Its content had been recorded at the position, in other bytes or under another digest.
pub(crate) const DUPLICATE: u8 = 1;

/// The position of a claim's retraction.
pub(crate) fn retracted(position: Position) -> Vec<u8> {
    numbered(b"x", position.get())
}

/// The position of a claim's latest correction.
pub(crate) fn correction(claim: Position) -> Vec<u8> {
    numbered(b"c", claim.get())
}

/// How many claims call this exchange a stage of another.
pub(crate) fn stage(key: &ExchangeKey) -> Vec<u8> {
    [b"gs", key.as_str().as_bytes()].concat()
}

/// How many claims call other exchanges stages of this one.
pub(crate) fn whole(key: &ExchangeKey) -> Vec<u8> {
    [b"gw", key.as_str().as_bytes()].concat()
}

/// A refusal by number.
pub(crate) fn refusal(number: u64) -> Vec<u8> {
    numbered(b"f", number)
}

/// The bytes of a refused message by the refusal's number.
pub(crate) fn refused_bytes(number: u64) -> Vec<u8> {
    numbered(b"b", number)
}

/// The refusals of a subject's messages with this body: a prefix.
pub(crate) fn refusals_of(subject: &str, digest: Digest) -> Vec<u8> {
    hashed(b"F", &[subject.as_bytes(), digest.as_bytes()])
}

/// The number of the refusal of a subject's message with this body, and for a binary-mode event these headers.
pub(crate) fn refusal_of(subject: &str, digest: Digest, headers: &[(String, String)]) -> Vec<u8> {
    let headers: Vec<&[u8]> = headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).collect();
    hashed(&refusals_of(subject, digest), &headers)
}

/// The key of [`refusal_of`] by the refusal's number.
pub(crate) fn name_of_refusal(number: u64) -> Vec<u8> {
    numbered(b"n", number)
}

/// A prefix with a position.
pub(crate) fn at(prefix: &[u8], position: Position) -> Vec<u8> {
    [prefix, &position.get().to_be_bytes()].concat()
}

/// The number in a key's or value's last eight bytes.
pub(crate) fn number(bytes: &[u8]) -> Option<u64> {
    bytes.last_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

fn numbered(prefix: &[u8], number: u64) -> Vec<u8> {
    [prefix, &number.to_be_bytes()].concat()
}

/// Half of a SHA-256 over the parts with their lengths: enough that nobody makes two that meet.
fn hashed(prefix: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    [prefix, &hash.finalize()[..16]].concat()
}

/// A record's value: `recorded` i64 µs, length of publisher u8, publisher, event.
pub(crate) fn encode(record: &Record) -> Vec<u8> {
    let publisher = record.publisher.as_str().as_bytes();
    let mut bytes = Vec::with_capacity(9 + publisher.len() + record.event.len());
    bytes.extend_from_slice(&record.recorded.as_microsecond().to_be_bytes());
    bytes.push(u8::try_from(publisher.len()).expect("a publisher has at most 129 bytes"));
    bytes.extend_from_slice(publisher);
    bytes.extend_from_slice(&record.event);
    bytes
}

/// `None` where the bytes aren't a record's.
pub(crate) fn decode(position: Position, bytes: &[u8]) -> Option<Record> {
    let (recorded, rest) = bytes.split_first_chunk()?;
    let (&len, rest) = rest.split_first()?;
    let (publisher, event) = rest.split_at_checked(usize::from(len))?;
    Some(Record {
        position,
        recorded: Timestamp::from_microsecond(i64::from_be_bytes(*recorded)).ok()?,
        publisher: std::str::from_utf8(publisher).ok()?.parse().ok()?,
        event: event.to_vec(),
    })
}
