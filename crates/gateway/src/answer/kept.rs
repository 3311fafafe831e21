use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use projection::Stamp;

use super::written::Written;
use crate::MAX_KEPT_BYTES;

/// The answers that were given since the last record, so that the next who asks the same is given the same bytes. All go when a record comes: what it took away stays nowhere.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Guards the answers; held for a look-up, never while one is made.
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    stamp: Option<Stamp>,
    bytes: usize,
    answers: HashMap<String, Arc<Written>>,
}

impl Kept {
    /// What answers rest on, where it's still of this fold and so many records.
    pub(crate) fn stamp(&self, records: u64, version: u32) -> Option<Stamp> {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.stamp.filter(|stamp| stamp.next.get() == records && stamp.version == version)
    }

    /// What they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// The answer with this entity tag.
    pub(crate) fn get(&self, stamp: Stamp, tag: &str) -> Option<Arc<Written>> {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.answers.get(tag).filter(|_| shelf.stamp == Some(stamp)).cloned()
    }

    /// Answers rest on this from now on.
    pub(crate) fn stand_at(&self, stamp: Stamp) {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner).stand_at(stamp);
    }

    /// Keeps an answer, at the cost of the others where there is no room for all.
    pub(crate) fn keep(&self, stamp: Stamp, tag: &str, answer: &Arc<Written>) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = answer.size() + tag.len();
        if bytes > MAX_KEPT_BYTES / 8 || shelf.stamp.is_some_and(|known| known.next > stamp.next) {
            return;
        }
        shelf.stand_at(stamp);
        if shelf.bytes + bytes > MAX_KEPT_BYTES {
            shelf.empty();
        }
        if shelf.answers.insert(tag.to_owned(), Arc::clone(answer)).is_none() {
            shelf.bytes += bytes;
        }
    }
}

impl Shelf {
    fn stand_at(&mut self, stamp: Stamp) {
        if self.stamp != Some(stamp) {
            self.stamp = Some(stamp);
            self.empty();
        }
    }

    fn empty(&mut self) {
        self.answers = HashMap::new();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use announcement::Position;

    use super::*;
    use crate::answer::{Form, TOTALS, address::Address, written::Head};

    fn stamp(records: u64) -> Stamp {
        Stamp { next: Position::new(records), recorded: None, version: 1 }
    }

    fn answer(bytes: usize) -> Arc<Written> {
        let address = Address::new("/v1/totals".to_owned(), std::collections::BTreeMap::new());
        Arc::new(Written::new(Head::new("\"tag\"", stamp(1)), &vec![b' '; bytes], Form::Json, &TOTALS, &address, false))
    }

    #[test]
    fn nothing_of_before_a_record_is_kept_after_it() {
        let kept = Kept::default();
        kept.keep(stamp(1), "one", &answer(10));
        assert!(kept.get(stamp(1), "one").is_some() && kept.stamp(1, 1) == Some(stamp(1)));
        kept.stand_at(stamp(2));
        assert!(kept.get(stamp(1), "one").is_none() && kept.get(stamp(2), "one").is_none());
        assert!(kept.shelf.lock().unwrap().answers.is_empty());
        kept.keep(stamp(1), "late", &answer(10));
        assert!(kept.get(stamp(1), "late").is_none(), "who was slow to answer brings nothing back");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let kept = Kept::default();
        let large = MAX_KEPT_BYTES / 10;
        for number in 0..30 {
            kept.keep(stamp(1), &number.to_string(), &answer(large));
            let shelf = kept.shelf.lock().unwrap();
            let held: usize = shelf.answers.iter().map(|(tag, answer)| tag.len() + answer.size()).sum();
            assert!(held == shelf.bytes && held <= MAX_KEPT_BYTES, "{held}");
        }
        kept.keep(stamp(1), "huge", &answer(MAX_KEPT_BYTES / 4));
        assert!(kept.get(stamp(1), "huge").is_none() && kept.get(stamp(1), "29").is_some());
    }
}
