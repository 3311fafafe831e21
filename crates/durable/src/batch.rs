/// The largest value in bytes that sled holds in one piece. A leaf of its tree has up to 17 of them, and a page over a quarter of a segment would go to `blobs/`, which
/// sled never syncs.
pub(crate) const MAX_VALUE: usize = 6 << 10;
/// The most parts of a value that's written again: each writing removes as many.
const MAX_REPLACED_PARTS: usize = 16;

const KEY: u8 = b'k';
const PART: u8 = b'p';
pub(crate) const WHOLE: u8 = 0;
pub(crate) const PARTS: u8 = 1;

/// One atomic step: what is written to a volume together.
#[derive(Debug, Default)]
pub struct Batch {
    pub(crate) writes: sled::Batch,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a key; a value over 6 KiB goes in numbered parts, and is never written again under the same key but by [`replace`](Self::replace).
    ///
    /// # Panics
    /// The value has more than 1,530 KiB.
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        if value.len() <= MAX_VALUE {
            return self.writes.insert(prefixed(key), [&[WHOLE], value].concat());
        }
        let parts = value.chunks(MAX_VALUE);
        let count = u8::try_from(parts.len()).expect("at most 255 parts: sixteen of the largest events that nothing compresses take 161");
        for (number, part) in (0_u8..).zip(parts) {
            self.writes.insert(part_key(key, number), part);
        }
        self.writes.insert(prefixed(key), &[PARTS, count]);
    }

    /// Removes a key that has a small value.
    pub fn remove(&mut self, key: &[u8]) {
        self.writes.remove(prefixed(key));
    }

    /// Writes a key anew; nothing of what it had stays, and without a value the key goes.
    ///
    /// # Panics
    /// The value has more than 96 KiB.
    pub fn replace(&mut self, key: &[u8], value: Option<&[u8]>) {
        let kept = value.map_or(0, |value| if value.len() <= MAX_VALUE { 0 } else { value.len().div_ceil(MAX_VALUE) });
        assert!(kept <= MAX_REPLACED_PARTS, "at most 16 parts");
        for number in kept..MAX_REPLACED_PARTS {
            self.writes.remove(part_key(key, u8::try_from(number).expect("at most 16 parts")));
        }
        match value {
            Some(value) => self.put(key, value),
            None => self.remove(key),
        }
    }
}

pub(crate) fn prefixed(key: &[u8]) -> Vec<u8> {
    [&[KEY], key].concat()
}

pub(crate) fn part_key(key: &[u8], part: u8) -> Vec<u8> {
    [&[PART], key, &[part]].concat()
}
