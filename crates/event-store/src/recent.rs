use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// The records and mutable keys of one commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// The number of the commit since the ledger was opened, from 1 on.
    pub(crate) commit: u64,
    /// The volume that it belongs to.
    pub(crate) volume: u64,
    /// How many frames its volume's journal has after it.
    pub(crate) frames: u64,
    /// The position of its first record.
    pub(crate) first: u64,
    /// Its records, as they're kept.
    pub(crate) records: Vec<Vec<u8>>,
    /// The mutable keys that it wrote or, without a value, removed.
    pub(crate) keys: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Kept {
    pub(crate) fn end(&self) -> u64 {
        self.first + self.records.len() as u64
    }
}

/// What was committed, or is about to be, and no volume has yet.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    commits: VecDeque<Arc<Kept>>,
    /// The last value of each mutable key, with the commit that wrote it.
    keys: BTreeMap<Vec<u8>, (u64, Option<Vec<u8>>)>,
}

impl Recent {
    pub(crate) fn push(&mut self, kept: Arc<Kept>) {
        for (key, value) in &kept.keys {
            self.keys.insert(key.clone(), (kept.commit, value.clone()));
        }
        self.commits.push_back(kept);
    }

    /// Forgets what a volume has: the keys of the commits up to `commit`, and the commits whose records all lie before `end`.
    pub(crate) fn forget(&mut self, applied: &[Arc<Kept>], commit: u64, end: u64) {
        for key in applied.iter().flat_map(|kept| kept.keys.keys()) {
            if self.keys.get(key).is_some_and(|&(by, _)| by <= commit) {
                self.keys.remove(key);
            }
        }
        while self.commits.front().is_some_and(|kept| kept.commit <= commit && kept.end() <= end) {
            self.commits.pop_front();
        }
    }

    /// The commit that has this record.
    pub(crate) fn commit_of(&self, position: u64) -> Option<&Arc<Kept>> {
        let number = self.commits.partition_point(|kept| kept.end() <= position);
        self.commits.get(number).filter(|kept| kept.first <= position)
    }

    pub(crate) fn record(&self, position: u64) -> Option<&[u8]> {
        let kept = self.commit_of(position)?;
        kept.records.get(usize::try_from(position - kept.first).ok()?).map(Vec::as_slice)
    }

    /// What a commit up to `up_to` left under a key: nothing known, or removed, or a value.
    pub(crate) fn key(&self, key: &[u8], up_to: u64) -> Option<Option<&[u8]>> {
        self.keys.get(key).filter(|&&(by, _)| by <= up_to).map(|(_, value)| value.as_deref())
    }

    /// The same for a range of keys.
    pub(crate) fn keys(&self, from: &[u8], to: &[u8], up_to: u64) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        if from >= to {
            return BTreeMap::new();
        }
        let range = self.keys.range(from.to_vec()..to.to_vec()).filter(|(_, (by, _))| *by <= up_to);
        range.map(|(key, (_, value))| (key.clone(), value.clone())).collect()
    }
}
