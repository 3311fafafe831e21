use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use announcement::{Digest, Kind, Problem};
use jiff::Timestamp;

use crate::{Outgoing, turns::Name};

/// What an outbox holds, without the events' bytes, and which of them may go next.
///
/// Of those that concern one event the event itself goes first, and then in the order in which they were accepted; the next one goes once the one before is gone. What acts
/// on a refused event is held, and so is what acts on a held one.
#[derive(Debug, Default)]
pub(super) struct Entries {
    entries: BTreeMap<u64, Entry>,
    /// Which entry an event is.
    by_name: HashMap<Name, u64>,
    /// Which entries are or act on an event.
    concerned: HashMap<Name, BTreeSet<u64>>,
    bytes: u64,
    next: u64,
    under_way: HashSet<u64>,
    /// Those that may be first in each of their lines; looked at again before they go.
    ready: BTreeSet<u64>,
    waiting: usize,
    held: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The event and those that it acts on.
    pub(super) names: Vec<Name>,
    pub(super) kind: Kind,
    pub(super) digest: Digest,
    pub(super) bytes: usize,
    pub(super) since: Timestamp,
    pub(super) problem: Option<Problem>,
    /// Something that it acts on was refused.
    held: bool,
}

impl Entry {
    pub(super) fn new(event: &Outgoing, since: Timestamp, problem: Option<Problem>) -> Self {
        let (names, bytes) = (event.names().to_vec(), event.event().len());
        Self { names, kind: event.kind(), digest: event.digest(), bytes, since, problem, held: false }
    }

    fn goes(&self) -> bool {
        self.problem.is_none() && !self.held
    }
}

impl Entries {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What the events take.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many wait to be sent, and how many are held.
    pub(super) const fn waiting(&self) -> (usize, usize) {
        (self.waiting, self.held)
    }

    pub(super) const fn next_number(&self) -> u64 {
        self.next
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries.iter().map(|(&number, entry)| (number, entry))
    }

    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(&number)
    }

    pub(super) fn find(&self, name: &Name) -> Option<u64> {
        self.by_name.get(name).copied()
    }

    /// What an entry waits for: the refused or held event that it acts on, or the entry before it.
    pub(super) fn waits_for(&self, number: u64) -> Option<(u64, &Entry)> {
        let entry = self.entries.get(&number)?;
        let other = if entry.held { self.holds(entry) } else { self.before(number, entry) }?;
        Some((other, &self.entries[&other]))
    }

    pub(super) fn is_held(&self, number: u64) -> bool {
        self.entries.get(&number).is_some_and(|entry| entry.held)
    }

    pub(super) fn insert(&mut self, number: u64, entry: Entry) {
        self.remove(number);
        self.next = self.next.max(number + 1);
        self.bytes += entry.bytes as u64;
        self.by_name.insert(entry.names[0].clone(), number);
        for name in &entry.names {
            self.concerned.entry(name.clone()).or_default().insert(number);
        }
        self.waiting += usize::from(entry.problem.is_none());
        let own = entry.names[0].clone();
        self.entries.insert(number, entry);
        self.hold(number);
        self.hold_followers(&own);
        self.ready.insert(number);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Entry> {
        let entry = self.entries.remove(&number)?;
        self.bytes -= entry.bytes as u64;
        if self.by_name.get(&entry.names[0]) == Some(&number) {
            self.by_name.remove(&entry.names[0]);
        }
        for name in &entry.names {
            if let Some(concerned) = self.concerned.get_mut(name) {
                concerned.remove(&number);
                if concerned.is_empty() {
                    self.concerned.remove(name);
                }
            }
        }
        self.waiting -= usize::from(entry.goes());
        self.held -= usize::from(entry.held && entry.problem.is_none());
        self.under_way.remove(&number);
        self.ready.remove(&number);
        self.hold_followers(&entry.names[0]);
        self.advance(&entry.names);
        Some(entry)
    }

    /// Keeps an entry apart with what was found wrong with it, and holds what acts on it.
    pub(super) fn refuse(&mut self, number: u64, problem: Problem) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        self.waiting -= usize::from(entry.goes());
        self.held -= usize::from(entry.held && entry.problem.is_none());
        entry.problem = Some(problem);
        let names = entry.names.clone();
        self.under_way.remove(&number);
        self.ready.remove(&number);
        self.hold_followers(&names[0]);
        self.advance(&names);
    }

    /// The entries to send next, at most so many; they're under way then.
    pub(super) fn take(&mut self, count: usize) -> Vec<u64> {
        let mut taken = Vec::new();
        while taken.len() < count
            && let Some(number) = self.ready.pop_first()
        {
            let goes = self.entries.get(&number).is_some_and(|entry| entry.goes() && self.before(number, entry).is_none());
            if goes && self.under_way.insert(number) {
                taken.push(number);
            }
        }
        // Events that name each other: the first one accepted goes, or none would ever.
        if taken.is_empty()
            && self.under_way.is_empty()
            && self.waiting > 0
            && count > 0
            && let Some((&first, _)) = self.entries.iter().find(|(_, entry)| entry.goes())
        {
            self.under_way.insert(first);
            taken.push(first);
        }
        taken
    }

    /// An entry that was under way may be sent again.
    pub(super) fn give_back(&mut self, number: u64) {
        if self.under_way.remove(&number) {
            self.ready.insert(number);
        }
    }

    /// Nothing is under way any more.
    pub(super) fn give_all_back(&mut self) {
        for number in std::mem::take(&mut self.under_way) {
            self.ready.insert(number);
        }
    }

    /// The entry that goes before another one, where there is any.
    fn before(&self, number: u64, entry: &Entry) -> Option<u64> {
        entry.names.iter().filter_map(|name| self.first(name)).find(|&first| first != number)
    }

    /// Which of those that concern an event goes next.
    fn first(&self, name: &Name) -> Option<u64> {
        let goes = |number: &u64| self.entries.get(number).is_some_and(Entry::goes);
        let own = self.by_name.get(name).copied().filter(|number| goes(number));
        own.or_else(|| self.concerned.get(name)?.iter().copied().find(goes))
    }

    fn advance(&mut self, names: &[Name]) {
        for name in names {
            if let Some(first) = self.first(name).filter(|first| !self.under_way.contains(first)) {
                self.ready.insert(first);
            }
        }
    }

    /// The event that an entry acts on and that was refused or is held.
    fn holds(&self, entry: &Entry) -> Option<u64> {
        let apart = |number: &u64| self.entries.get(number).is_some_and(|other| !other.goes() && other.names[0] != entry.names[0]);
        entry.names[1..].iter().filter_map(|name| self.by_name.get(name).copied()).find(apart)
    }

    /// Looks once more at whether an entry is held; gives whether that changed.
    fn hold(&mut self, number: u64) -> bool {
        let Some(entry) = self.entries.get(&number) else { return false };
        let held = self.holds(entry).is_some();
        if held == entry.held {
            return false;
        }
        let (counts, names) = (entry.problem.is_none(), entry.names.clone());
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.held = held;
        }
        if counts && held {
            (self.waiting, self.held) = (self.waiting - 1, self.held + 1);
        } else if counts {
            (self.waiting, self.held) = (self.waiting + 1, self.held - 1);
        }
        self.advance(&names);
        true
    }

    fn hold_followers(&mut self, name: &Name) {
        let mut names = vec![name.clone()];
        while let Some(name) = names.pop() {
            let followers: Vec<u64> = self.concerned.get(&name).into_iter().flatten().copied().collect();
            for follower in followers {
                if self.entries.get(&follower).is_some_and(|entry| entry.names[0] != name) && self.hold(follower) {
                    names.push(self.entries[&follower].names[0].clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use announcement::Fault;

    use super::*;

    fn entry(ids: &[&str]) -> Entry {
        let names = ids.iter().map(|id| ("urn:test".to_owned(), (*id).to_owned())).collect();
        Entry { names, kind: Kind::Completed, digest: Digest::of(ids[0].as_bytes()), bytes: 10, since: Timestamp::UNIX_EPOCH, problem: None, held: false }
    }

    fn of(all: &[&[&str]]) -> Entries {
        let mut entries = Entries::default();
        for (number, ids) in (0..).zip(all) {
            entries.insert(number, entry(ids));
        }
        entries
    }

    fn problem() -> Problem {
        Problem::at(Fault::Target, "/data/target", "no such record")
    }

    #[test]
    fn what_acts_on_an_event_goes_once_that_one_is_gone_whichever_was_accepted_first() {
        let mut entries = of(&[&["correction", "claim"], &["claim"], &["other"], &["dispute", "claim"]]);
        assert_eq!(entries.take(9), [1, 2]);
        assert!(entries.take(9).is_empty());
        entries.remove(1);
        assert_eq!(entries.take(9), [0]);
        assert_eq!(entries.waits_for(3).unwrap().0, 0, "in the order in which they were accepted");
        entries.remove(0);
        assert_eq!(entries.take(9), [3]);
    }

    #[test]
    fn what_acts_on_a_refused_event_is_held_until_that_one_is_dropped() {
        let mut entries = of(&[&["claim"], &["correction", "claim"], &["dispute", "correction"], &["split", "claim", "other"], &["retraction", "other"]]);
        assert_eq!(entries.take(9), [0]);
        entries.refuse(0, problem());
        assert_eq!((entries.is_held(1), entries.is_held(2), entries.is_held(3), entries.waiting()), (true, true, true, (1, 3)));
        assert_eq!(entries.take(9), [4], "what is held holds nobody up");
        assert_eq!(entries.waits_for(2).unwrap().0, 1);
        entries.remove(4);
        entries.remove(0);
        assert_eq!(entries.waiting(), (3, 0));
        assert_eq!(entries.take(9), [1]);
        entries.remove(1);
        assert_eq!(entries.take(9), [2, 3]);
    }

    #[test]
    fn an_event_that_acts_on_a_refused_one_is_held_when_it_comes() {
        let mut entries = of(&[&["claim"]]);
        entries.refuse(0, problem());
        entries.insert(1, entry(&["correction", "claim"]));
        assert_eq!((entries.take(9), entries.waiting(), entries.len(), entries.bytes()), (vec![], (0, 1), 2, 20));
        entries.insert(0, entry(&["claim"]));
        assert_eq!((entries.take(9), entries.waiting()), (vec![0], (2, 0)), "accepted once more it's on its way again");
    }

    #[test]
    fn events_that_name_each_other_go_all_the_same() {
        let mut entries = of(&[&["one", "other"], &["other", "one"], &["itself", "itself"]]);
        assert_eq!(entries.take(9), [2]);
        entries.remove(2);
        assert_eq!(entries.take(9), [0]);
        entries.remove(0);
        assert_eq!(entries.take(9), [1]);
        entries.remove(1);
        assert_eq!((entries.len(), entries.bytes(), entries.waiting(), entries.concerned.len()), (0, 0, (0, 0), 0));
    }

    #[test]
    fn what_is_given_back_goes_again() {
        let mut entries = of(&[&["claim"], &["correction", "claim"]]);
        assert_eq!((entries.take(1), entries.take(1)), (vec![0], vec![]));
        entries.give_back(0);
        assert_eq!(entries.take(9), [0]);
        entries.give_all_back();
        assert_eq!(entries.take(9), [0]);
    }
}
