use announcement::{Digest, ExchangeKey, Position, Publisher, Record, Removed};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A tile of the Merkle tree has this many leaves.
pub(crate) const TILE: u64 = 256;

/// How many records a volume has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Geometry(u64);

impl Geometry {
    /// A power of two, and at least a tile, so that a volume is a complete subtree of the Merkle tree.
    pub(crate) fn new(volume_records: u64) -> Self {
        assert!(volume_records.is_power_of_two() && volume_records >= TILE, "a volume has a power of two of records, at least {TILE}");
        Self(volume_records)
    }

    pub(crate) const fn records(self) -> u64 {
        self.0
    }

    /// The volume of a position.
    pub(crate) const fn volume_of(self, position: u64) -> u64 {
        position / self.0
    }

    /// The first position of a volume.
    pub(crate) const fn first_of(self, volume: u64) -> u64 {
        volume * self.0
    }
}

/// Where a volume's sled stands.
pub(crate) const MARKER: &[u8] = b"m";
/// A volume's dictionary.
pub(crate) const DICTIONARY: &[u8] = b"z";

/// A block by the position of its first record.
pub(crate) fn block(first: u64) -> Vec<u8> {
    numbered(b"r", first)
}

/// A page of a sealed volume's index.
pub(crate) fn page(number: u64) -> Vec<u8> {
    numbered(b"h", number)
}

/// The roots of a sealed volume's tiles.
pub(crate) const NODES: &[u8] = b"t";

/// The first letter of each key that later commits write again.
pub(crate) const MUTABLE: [u8; 6] = *b"bdfgnx";

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
    hashed(b"d", &[subject.as_bytes(), digest.as_bytes()])
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

/// A record whose payload is to be removed, by its position.
pub(crate) fn redaction(position: u64) -> Vec<u8> {
    numbered(b"x", position)
}

/// Whether a mutable key's value may be a large one, of which nothing may stay where it's written again.
pub(crate) fn may_be_large(key: &[u8]) -> bool {
    matches!(key, [b'f' | b'b', ..])
}

/// The entries of a source and id, whoever published them.
pub(crate) fn event(source: &str, id: Uuid) -> u64 {
    hash(&[b"e", source.as_bytes(), id.as_bytes()])
}

/// The entries of the events about an exchange.
pub(crate) fn exchange(key: &ExchangeKey) -> u64 {
    hash(&[b"k", key.as_str().as_bytes()])
}

/// The entry of a publisher's message that is, byte for byte, the event that was recorded.
pub(crate) fn digest(publisher: &Publisher, digest: Digest) -> u64 {
    hash(&[b"d", publisher.as_str().as_bytes(), digest.as_bytes()])
}

/// The two entries of a publisher's message whose content was recorded, or had been, in other bytes. What the record can't tell is told by two hashes.
pub(crate) fn other_bytes(publisher: &Publisher, digest: Digest, how: Otherwise) -> [u64; 2] {
    let how: [&[u8]; 2] = match how {
        Otherwise::Recorded => [b"o0", b"o1"],
        Otherwise::Duplicate => [b"u0", b"u1"],
    };
    how.map(|how| hash(&[how, publisher.as_str().as_bytes(), digest.as_bytes()]))
}

/// How a message in other bytes than the record's own came to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Otherwise {
    /// In binary mode.
    Recorded,
    /// After it.
    Duplicate,
}

/// The entry of a claim's retraction.
pub(crate) const fn retracted(claim: Position) -> u64 {
    NUMBER | claim.get() << 1
}

/// The entries of a claim's corrections.
pub(crate) const fn corrected(claim: Position) -> u64 {
    NUMBER | claim.get() << 1 | 1
}

/// Numbers have this bit, and hashes don't.
const NUMBER: u64 = 1 << 63;

/// Whether an entry is a correction's or a retraction's.
pub(crate) const fn is_change(hash: u64) -> bool {
    hash & NUMBER != 0
}

fn hash(parts: &[&[u8]]) -> u64 {
    let hash = sha(parts);
    u64::from_be_bytes(*hash.first_chunk().expect("32 bytes")) & !NUMBER
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
    [prefix, &sha(parts)[..16]].concat()
}

fn sha(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A record as it's kept: `recorded` i64 µs, length of publisher u8, publisher, event. After its position it's what its leaf hashes.
///
/// Where the payload was removed: `recorded` i64 µs, 0 u8, what is kept of it, length of publisher u8, publisher, skeleton.
pub(crate) fn encode(record: &Record) -> Vec<u8> {
    let publisher = record.publisher.as_str().as_bytes();
    let mut bytes = Vec::with_capacity(9 + publisher.len() + record.event.len());
    bytes.extend_from_slice(&record.recorded.as_microsecond().to_be_bytes());
    if let Some(removed) = &record.removed {
        bytes.push(REMOVED);
        encode_removed(removed, &mut bytes);
    }
    bytes.push(u8::try_from(publisher.len()).expect("a publisher has at most 129 bytes"));
    bytes.extend_from_slice(publisher);
    bytes.extend_from_slice(&record.event);
    bytes
}

/// No publisher's name is as short.
const REMOVED: u8 = 0;
/// Where in a record without its payload its leaf hash stands.
const LEAF: std::ops::Range<usize> = 17..49;

/// The redacting position u64, leaf, digest of the bytes, then 0 or 1 and a digest each: of the canonical form, of the office.
fn encode_removed(removed: &Removed, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&removed.by.get().to_be_bytes());
    bytes.extend_from_slice(removed.leaf.as_bytes());
    bytes.extend_from_slice(removed.bytes.as_bytes());
    for digest in [removed.content, removed.office] {
        bytes.push(u8::from(digest.is_some()));
        bytes.extend(digest.iter().flat_map(|digest| *digest.as_bytes()));
    }
}

fn decode_removed<'a>(rest: &mut &'a [u8]) -> Option<Removed> {
    fn take<const LEN: usize>(rest: &mut &[u8]) -> Option<[u8; LEN]> {
        let (taken, after) = rest.split_first_chunk()?;
        *rest = after;
        Some(*taken)
    }
    let digest = |rest: &mut &'a [u8]| take(rest).map(Digest::from_bytes);
    let optional = |rest: &mut &'a [u8]| match take(rest)? {
        [0] => Some(None),
        [1] => digest(rest).map(Some),
        _ => None,
    };
    Some(Removed {
        by: Position::new(u64::from_be_bytes(take(rest)?)),
        leaf: digest(rest)?,
        bytes: digest(rest)?,
        content: optional(rest)?,
        office: optional(rest)?,
    })
}

/// Whether a record's payload was removed.
pub(crate) fn is_removed(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&REMOVED)
}

/// `None` where the bytes aren't a record's.
pub(crate) fn decode(position: Position, bytes: &[u8]) -> Option<Record> {
    let (recorded, mut rest) = bytes.split_first_chunk()?;
    let removed = match rest.split_first()? {
        (&REMOVED, after) => {
            rest = after;
            Some(Box::new(decode_removed(&mut rest)?))
        }
        _ => None,
    };
    let (&len, rest) = rest.split_first()?;
    let (publisher, event) = rest.split_at_checked(usize::from(len))?;
    Some(Record {
        position,
        recorded: Timestamp::from_microsecond(i64::from_be_bytes(*recorded)).ok()?,
        publisher: std::str::from_utf8(publisher).ok()?.parse().ok()?,
        event: event.to_vec(),
        removed,
    })
}

/// The leaf hash of a record as it's kept; the one that it had, where its payload was removed.
pub(crate) fn leaf(position: u64, bytes: &[u8]) -> Digest {
    if is_removed(bytes)
        && let Some(kept) = bytes.get(LEAF)
    {
        return Digest::from_bytes(kept.try_into().expect("32 bytes"));
    }
    let mut hash = Sha256::new();
    hash.update([0x00]);
    hash.update(position.to_be_bytes());
    hash.update(bytes);
    Digest::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_as_it_is_kept_gives_its_leaf() {
        let recorded = "2026-01-29T10:00:00.123456Z".parse().unwrap();
        let record =
            Record { position: Position::new(258), recorded, publisher: "gateway.kyiv-desk".parse().unwrap(), event: b"{\"a\":1}".to_vec(), removed: None };
        let kept = encode(&record);
        assert_eq!(leaf(258, &kept), record.leaf());
        assert_eq!(decode(record.position, &kept), Some(record));
    }

    #[test]
    fn a_record_without_its_payload_keeps_its_leaf_and_no_cut_of_it_is_one() {
        let [leaf, bytes, office] = [b"a", b"b", b"c"].map(|text| Digest::of(text));
        for (content, office) in [(None, Some(office)), (Some(office), None), (None, None), (Some(leaf), Some(office))] {
            let removed = Some(Box::new(Removed { by: Position::new(300), leaf, bytes, content, office }));
            let recorded = "2026-01-29T10:00:00.123456Z".parse().unwrap();
            let record = Record { position: Position::new(258), recorded, publisher: "gateway.kyiv-desk".parse().unwrap(), event: b"{}".to_vec(), removed };
            let kept = encode(&record);
            assert!(is_removed(&kept) && self::leaf(258, &kept) == leaf);
            assert_eq!(decode(record.position, &kept), Some(record));
            let least = kept.len() - 2;
            assert!((0..least).all(|end| decode(Position::new(258), &kept[..end]).is_none()));
        }
    }
}
