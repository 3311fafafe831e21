use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use announcement::TraceContext;

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
    /// In which traces its records were published, as far as that was said, by position.
    pub(crate) traces: Vec<(u64, TraceContext)>,
}

impl Kept {
    /// How many bytes its records and keys take.
    pub(crate) fn bytes(&self) -> usize {
        let keys = self.keys.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len));
        self.records.iter().map(Vec::len).chain(keys).sum()
    }

    pub(crate) fn end(&self) -> u64 {
        self.first + self.records.len() as u64
    }
}

/// What was committed, or is about to be, and no volume has yet.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    commits: VecDeque<Arc<Kept>>,
    /// What these commits left under each mutable key, the last one at the end.
    keys: BTreeMap<Vec<u8>, Vec<Left>>,
}

/// What a commit left under a key.
#[derive(Debug)]
struct Left {
    by: u64,
    value: Option<Vec<u8>>,
}

impl Recent {
    pub(crate) fn push(&mut self, kept: Arc<Kept>) {
        for (key, value) in &kept.keys {
            self.keys.entry(key.clone()).or_default().push(Left { by: kept.commit, value: value.clone() });
        }
        self.commits.push_back(kept);
    }

    /// Forgets what a volume has: the keys of the commits up to `commit`, and these commits but for records at `end` and after it.
    pub(crate) fn forget(&mut self, applied: &[Arc<Kept>], commit: u64, end: u64) {
        for key in applied.iter().flat_map(|kept| kept.keys.keys()) {
            if let Some(values) = self.keys.get_mut(key) {
                values.retain(|left| left.by > commit);
                if values.is_empty() {
                    self.keys.remove(key);
                }
            }
        }
        // A commit without records may stand behind one whose last records aren't in a block yet.
        self.commits.retain(|kept| kept.commit > commit || kept.end() > end && !kept.records.is_empty());
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
        Some(last(self.keys.get(key)?, up_to)?.as_deref())
    }

    /// The same for a range of keys.
    pub(crate) fn keys(&self, from: &[u8], to: &[u8], up_to: u64) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        if from >= to {
            return BTreeMap::new();
        }
        let range = self.keys.range(from.to_vec()..to.to_vec());
        range.filter_map(|(key, values)| Some((key.clone(), last(values, up_to)?.clone()))).collect()
    }
}

/// What the last commit up to this one left.
fn last(values: &[Left], up_to: u64) -> Option<&Option<Vec<u8>>> {
    values.iter().rev().find(|left| left.by <= up_to).map(|left| &left.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(commit: u64, first: u64, records: usize, value: Option<&[u8]>) -> Arc<Kept> {
        let keys = BTreeMap::from([(b"k".to_vec(), value.map(<[u8]>::to_vec))]);
        Arc::new(Kept { commit, first, records: vec![Vec::new(); records], keys, ..Kept::default() })
    }

    #[test]
    fn a_value_on_disk_is_seen_until_the_next_one_is_on_disk_too() {
        let mut recent = Recent::default();
        let commits = [kept(1, 0, 0, Some(b"a")), kept(2, 0, 0, None), kept(3, 0, 0, Some(b"b"))];
        commits.iter().for_each(|kept| recent.push(Arc::clone(kept)));
        let seen = |recent: &Recent| (0..4).map(|up_to| recent.key(b"k", up_to).map(|value| value.map(<[u8]>::to_vec))).collect::<Vec<_>>();
        assert_eq!(seen(&recent), [None, Some(Some(b"a".to_vec())), Some(None), Some(Some(b"b".to_vec()))]);
        assert_eq!(recent.keys(b"a", b"z", 1), BTreeMap::from([(b"k".to_vec(), Some(b"a".to_vec()))]));
        recent.forget(&commits[..2], 2, 0);
        assert_eq!(seen(&recent), [None, None, None, Some(Some(b"b".to_vec()))]);
        recent.forget(&commits[2..], 3, 0);
        assert!(recent.keys.is_empty() && recent.commits.is_empty());
    }

    #[test]
    fn commits_without_records_do_not_pile_up_behind_a_block_that_is_not_full() {
        let mut recent = Recent::default();
        for commit in 1..1_000 {
            let kept = kept(commit, 0, usize::from(commit == 1), Some(b"a"));
            recent.push(Arc::clone(&kept));
            recent.forget(&[kept], commit, 0);
        }
        assert_eq!((recent.commits.len(), recent.keys.len()), (1, 0));
        assert_eq!(recent.record(0), Some(&b""[..]));
    }
}
