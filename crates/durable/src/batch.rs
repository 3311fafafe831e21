/// One atomic step: what a commit writes.
#[derive(Default, Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    bytes: Vec<u8>,
    len: usize,
}

/// One write of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write<'a> {
    /// A key that is written once.
    Insert(&'a [u8], &'a [u8]),
    /// A key that a later batch may write again.
    Put(&'a [u8], &'a [u8]),
    /// A mutable key that goes.
    Remove(&'a [u8]),
}

const INSERT: u8 = 0;
const PUT: u8 = 1;
const REMOVE: u8 = 2;
/// Kind u8, length of the key u16, length of the value u32.
const HEAD: usize = 7;

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a key that no other batch ever writes. At opening it's compared with what the journal says.
    pub fn insert(&mut self, key: &[u8], value: &[u8]) {
        self.push(INSERT, key, value);
    }

    /// Writes a key that later batches may write again.
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        self.push(PUT, key, value);
    }

    /// Removes a key that was [`put`](Self::put).
    pub fn remove(&mut self, key: &[u8]) {
        self.push(REMOVE, key, &[]);
    }

    /// How many writes it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What it takes in the journal.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn push(&mut self, kind: u8, key: &[u8], value: &[u8]) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&u16::try_from(key.len()).expect("a key is short").to_be_bytes());
        self.bytes.extend_from_slice(&u32::try_from(value.len()).expect("a value is far below 4 GiB").to_be_bytes());
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        self.len += 1;
    }

    pub(crate) fn writes(bytes: &[u8]) -> Writes<'_> {
        Writes { bytes }
    }
}

/// The writes of a batch's bytes, in order; ends early at bytes that no batch makes.
pub(crate) struct Writes<'a> {
    bytes: &'a [u8],
}

impl<'a> Iterator for Writes<'a> {
    type Item = Write<'a>;

    fn next(&mut self) -> Option<Write<'a>> {
        let (head, rest) = self.bytes.split_at_checked(HEAD)?;
        let key_len = usize::from(u16::from_be_bytes([head[1], head[2]]));
        let value_len = usize::try_from(u32::from_be_bytes([head[3], head[4], head[5], head[6]])).ok()?;
        let (key, rest) = rest.split_at_checked(key_len)?;
        let (value, rest) = rest.split_at_checked(value_len)?;
        self.bytes = rest;
        match head[0] {
            INSERT => Some(Write::Insert(key, value)),
            PUT => Some(Write::Put(key, value)),
            REMOVE => Some(Write::Remove(key)),
            _ => None,
        }
    }
}
