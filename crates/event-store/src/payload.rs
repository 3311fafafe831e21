use announcement::Digest;

use crate::{entry::Entry, state::State};

/// What a frame of the journal holds: everything that a commit changes. Written in the order of this list, each once a commit, and read in any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payload {
    pub(crate) bytes: Vec<u8>,
}

const RECORD: u8 = b'R';
const ENTRY: u8 = b'E';
const NODE: u8 = b'N';
const PUT: u8 = b'P';
const REMOVE: u8 = b'D';
const STATE: u8 = b'S';

/// One part of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// The next record.
    Record(&'a [u8]),
    /// An entry of the index.
    Entry(Entry),
    /// The root of the next 256 leaves.
    Node(Digest),
    /// A key that later commits may write again.
    Put(&'a [u8], &'a [u8]),
    /// Such a key goes.
    Remove(&'a [u8]),
    /// Where the ledger stands after the commit.
    State(&'a [u8]),
}

impl Payload {
    pub(crate) fn record(&mut self, record: &[u8]) {
        self.sized(RECORD, record);
    }

    pub(crate) fn entry(&mut self, entry: Entry) {
        self.bytes.push(ENTRY);
        self.bytes.extend_from_slice(&entry.hash.to_be_bytes());
        self.bytes.extend_from_slice(&entry.position.to_be_bytes());
    }

    pub(crate) fn node(&mut self, node: Digest) {
        self.bytes.push(NODE);
        self.bytes.extend_from_slice(node.as_bytes());
    }

    pub(crate) fn put(&mut self, key: &[u8], value: &[u8]) {
        self.sized(PUT, key);
        self.bytes.extend_from_slice(&length(value).to_be_bytes());
        self.bytes.extend_from_slice(value);
    }

    pub(crate) fn remove(&mut self, key: &[u8]) {
        self.sized(REMOVE, key);
    }

    pub(crate) fn state(&mut self, state: &State) {
        self.sized(STATE, &serde_json::to_vec(state).expect("the state is plain data"));
    }

    /// Any part, as it was read.
    pub(crate) fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Record(record) => self.record(record),
            Part::Entry(entry) => self.entry(entry),
            Part::Node(node) => self.node(node),
            Part::Put(key, value) => self.put(key, value),
            Part::Remove(key) => self.remove(key),
            Part::State(state) => self.sized(STATE, state),
        }
    }

    fn sized(&mut self, kind: u8, bytes: &[u8]) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&length(bytes).to_be_bytes());
        self.bytes.extend_from_slice(bytes);
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("no part of a payload has 4 GiB")
}

/// The parts of a payload's bytes. `None` among them where they aren't a payload's.
pub(crate) fn parts(bytes: &[u8]) -> impl Iterator<Item = Option<Part<'_>>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let part = next(&mut rest);
        if part.is_none() {
            rest = &[];
        }
        Some(part)
    })
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<Part<'a>> {
    let (&kind, after) = rest.split_first()?;
    *rest = after;
    Some(match kind {
        RECORD => Part::Record(sized(rest)?),
        ENTRY => Part::Entry(Entry { hash: number(rest)?, position: number(rest)? }),
        NODE => {
            let (node, after) = rest.split_first_chunk::<32>()?;
            *rest = after;
            Part::Node(Digest::from_bytes(*node))
        }
        PUT => Part::Put(sized(rest)?, sized(rest)?),
        REMOVE => Part::Remove(sized(rest)?),
        STATE => Part::State(sized(rest)?),
        _ => return None,
    })
}

fn sized<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, after) = rest.split_first_chunk::<4>()?;
    let (bytes, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    *rest = after;
    Some(bytes)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (bytes, after) = rest.split_first_chunk::<8>()?;
    *rest = after;
    Some(u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_payload_gives_back_what_was_written() {
        let mut payload = Payload::default();
        payload.record(b"one");
        payload.entry(Entry { hash: 1, position: 2 });
        payload.node(Digest::of(b"n"));
        payload.put(b"k", b"");
        payload.remove(b"");
        payload.state(&State::default());
        let state = serde_json::to_vec(&State::default()).unwrap();
        let expected = [
            Part::Record(b"one"),
            Part::Entry(Entry { hash: 1, position: 2 }),
            Part::Node(Digest::of(b"n")),
            Part::Put(b"k", b""),
            Part::Remove(b""),
            Part::State(&state),
        ];
        assert_eq!(parts(&payload.bytes).map(Option::unwrap).collect::<Vec<_>>(), expected);
        let mut again = Payload::default();
        expected.into_iter().for_each(|part| again.part(part));
        assert_eq!(again.bytes, payload.bytes);
        let cut = &payload.bytes[..payload.bytes.len() - 1];
        assert_eq!(parts(cut).last().unwrap(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_go_on_for_ever(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(parts(&bytes).count() <= bytes.len());
        }
    }
}
