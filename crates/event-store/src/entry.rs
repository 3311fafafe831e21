use std::{collections::HashMap, hash::BuildHasherDefault, hash::Hasher};

/// One entry of the index: something with this hash concerns the record at this position.
///
/// Hashes have 63 bits of SHA-256 and may meet, so what is found is held against the record; the ones with the highest bit set are numbers and never meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Entry {
    pub(crate) hash: u64,
    pub(crate) position: u64,
}

/// The entries of a volume that's written, in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryIndex {
    newest: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    entry: Entry,
    /// The number of the slot with the same hash before this one, plus one; 0 where there is none.
    older: u32,
}

impl MemoryIndex {
    pub(crate) fn insert(&mut self, entry: Entry) {
        let number = u32::try_from(self.slots.len() + 1).expect("a volume has fewer than 4 billion entries");
        let older = self.newest.insert(entry.hash, number).unwrap_or(0);
        self.slots.push(Slot { entry, older });
    }

    /// The positions with a hash, newest entry first.
    pub(crate) fn positions(&self, hash: u64) -> impl Iterator<Item = u64> {
        let mut next = self.newest.get(&hash).copied().unwrap_or(0);
        std::iter::from_fn(move || {
            let slot = self.slots.get(usize::try_from(next).ok()?.checked_sub(1)?)?;
            next = slot.older;
            Some(slot.entry.position)
        })
    }

    #[cfg(test)]
    pub(crate) fn sorted(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.slots.iter().map(|slot| slot.entry).collect();
        entries.sort_unstable();
        entries
    }
}

/// The keys are hashes already.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = self.0.rotate_left(5) ^ u64::from_le_bytes(word);
        }
    }

    fn write_u64(&mut self, number: u64) {
        // A table takes its buckets from the lowest bits and its tags from the highest, of which numbers have few different ones.
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
