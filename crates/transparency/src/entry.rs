use announcement::{MAX_EVENT, Position, Publisher, Record};
use jiff::Timestamp;

/// The longest entry that a bundle takes, in bytes.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// Every record fits: what stands before the publisher, the longest of those, and the longest event.
const _: () = assert!(17 + 129 + MAX_EVENT <= MAX_ENTRY);

/// Not an entry of a ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EntryError {
    /// It ends before the event begins.
    #[error("the entry ends before its event begins")]
    Cut,
    /// No instant is so far away.
    #[error("the entry's instant is {microseconds} µs from 1970, beyond every calendar")]
    Recorded {
        /// What stands there.
        microseconds: i64,
    },
    /// It doesn't name a publisher.
    #[error("the entry's publisher isn't the name of one")]
    Publisher,
}

/// A record as its leaf hashes it after `0x00`: `position u64 ‖ recorded i64 µs ‖ length of publisher u8 ‖ publisher ‖ event`, big-endian.
#[must_use]
pub fn encode_entry(record: &Record) -> Vec<u8> {
    let publisher = record.publisher.as_str().as_bytes();
    let mut entry = Vec::with_capacity(17 + publisher.len() + record.event.len());
    entry.extend_from_slice(&record.position.get().to_be_bytes());
    entry.extend_from_slice(&record.recorded.as_microsecond().to_be_bytes());
    entry.push(u8::try_from(publisher.len()).expect("a publisher has at most 129 bytes"));
    entry.extend_from_slice(publisher);
    entry.extend_from_slice(&record.event);
    entry
}

/// Reads what [`encode_entry`] writes. The event's bytes are taken as they are.
///
/// # Errors
/// [`EntryError`]: the first part that can't be one.
pub fn decode_entry(entry: &[u8]) -> Result<Record, EntryError> {
    let (&position, rest) = entry.split_first_chunk().ok_or(EntryError::Cut)?;
    let (&recorded, rest) = rest.split_first_chunk().ok_or(EntryError::Cut)?;
    let (&length, rest) = rest.split_first().ok_or(EntryError::Cut)?;
    let (publisher, event) = rest.split_at_checked(usize::from(length)).ok_or(EntryError::Cut)?;
    let microseconds = i64::from_be_bytes(recorded);
    Ok(Record {
        position: Position::new(u64::from_be_bytes(position)),
        recorded: Timestamp::from_microsecond(microseconds).map_err(|_| EntryError::Recorded { microseconds })?,
        publisher: str::from_utf8(publisher).ok().and_then(|name| name.parse::<Publisher>().ok()).ok_or(EntryError::Publisher)?,
        event: event.to_vec(),
        removed: None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::leaf_hash;

    fn record(position: u64, microseconds: i64, publisher: &str, event: &[u8]) -> Record {
        Record {
            position: Position::new(position),
            recorded: Timestamp::from_microsecond(microseconds).unwrap(),
            publisher: publisher.parse().unwrap(),
            event: event.to_vec(),
            removed: None,
        }
    }

    #[test]
    fn an_entry_is_place_instant_publisher_and_bytes() {
        let entry = b"\0\0\0\0\0\0\x01\x02\xff\xff\xff\xff\xff\xff\xff\xff\x05local{ }";
        let record = record(258, -1, "local", b"{ }");
        assert_eq!(encode_entry(&record), entry);
        assert_eq!(decode_entry(entry), Ok(record));
    }

    #[test]
    fn a_malformed_entry_says_what_is_wrong() {
        let entry = encode_entry(&record(1, 2, "local", b"{}"));
        for end in 0..entry.len() - 2 {
            assert_eq!(decode_entry(&entry[..end]), Err(EntryError::Cut), "{end}");
        }
        let altered = |at: usize, bytes: &[u8]| decode_entry(&[&entry[..at], bytes, &entry[at + bytes.len()..]].concat());
        assert_eq!(altered(8, &i64::MAX.to_be_bytes()), Err(EntryError::Recorded { microseconds: i64::MAX }));
        assert_eq!(altered(8, &i64::MIN.to_be_bytes()), Err(EntryError::Recorded { microseconds: i64::MIN }));
        for publisher in [b"LOCAL", b"loc\xff\xff", b"loc l"] {
            assert_eq!(altered(17, publisher), Err(EntryError::Publisher));
        }
        assert_eq!(altered(16, &[0]), Err(EntryError::Publisher));
    }

    proptest! {
        #[test]
        fn an_entry_hashes_to_its_records_leaf_and_is_read_as_the_same(
            position: u64,
            recorded in Timestamp::MIN.as_microsecond()..=Timestamp::MAX.as_microsecond(),
            publisher in "[a-z0-9-]{1,64}(\\.[a-z0-9-]{1,64})?",
            event in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let record = record(position, recorded, &publisher, &event);
            let entry = encode_entry(&record);
            prop_assert_eq!(leaf_hash(&entry), record.leaf());
            prop_assert_eq!(decode_entry(&entry), Ok(record));
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(record) = decode_entry(&bytes) {
                prop_assert_eq!(encode_entry(&record), bytes);
            }
        }
    }
}
