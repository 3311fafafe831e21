//! What the tests of single parts stand on.

use std::{collections::BTreeMap, sync::Arc};

use announcement::{Position, Record};
use bytes::Bytes;
use durable::{Entry as KeyAndValue, Journal};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::{
    Message, Reader,
    commit::{Commit, Finished, Taken},
    entry::Entry,
    follower::Follower,
    layout::{self, Geometry},
    open::{open, open_again},
    recent::Kept,
    removal::{self, Pending, Redaction},
    shelf::Shelf,
    state::{State, VOLUME_RECORDS},
    store::{Store, Who, locked},
};

/// Takes messages in through real commits, without threads.
pub(crate) struct Bench {
    pub(crate) store: Arc<Store>,
    pub(crate) state: State,
    journal: Journal,
    follower: Follower,
    frames: u64,
    commits: u64,
    _dir: TempDir,
}

/// Everything that a store holds, however it came there.
#[derive(Debug, PartialEq)]
pub(crate) struct Contents {
    pub(crate) records: Vec<Record>,
    entries: Vec<Entry>,
    pub(crate) keys: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let opened = open(dir.path(), Geometry::new(VOLUME_RECORDS)).unwrap();
        let (frames, commits) = (opened.place.frames, opened.commit);
        Self { store: opened.store, state: opened.state, journal: opened.journal, follower: opened.follower, frames, commits, _dir: dir }
    }

    pub(crate) fn commit(&mut self, messages: &[Message]) -> Vec<Taken> {
        let store = Arc::clone(&self.store);
        let mut commit = Commit::begin(&store, self.state.clone());
        let taken = messages.iter().map(|message| commit.take(message).unwrap()).collect();
        let Finished { frame, payload, kept, state } = commit.finish();
        self.journal.append(&frame, &payload.bytes).unwrap();
        (self.frames, self.commits) = (self.frames + 1, self.commits + 1);
        let kept = Arc::new(Kept { commit: self.commits, frames: self.frames, ..kept });
        self.store.push(Arc::clone(&kept));
        self.store.made_durable(self.commits);
        self.follower.take(std::iter::once(kept)).unwrap();
        self.state = state;
        taken
    }

    /// Removes the payload of every record, as if each had been redacted by itself.
    pub(crate) fn remove_all(&mut self) {
        let whole = |position: u64| !layout::is_removed(&self.store.record(position).unwrap().unwrap());
        let redaction = |position| (position, Redaction { by: Position::new(position), refusals: Vec::new() });
        let all: Pending = (0..self.state.tree.size()).filter(|&position| whole(position)).map(redaction).collect();
        removal::from_journals(&self.store, &all).unwrap();
        let opened = open_again(&self.store, self.commits).unwrap();
        assert_eq!((opened.place.frames, &opened.state), (self.frames, &self.state));
        (self.journal, self.follower, self.commits) = (opened.journal, opened.follower, opened.commit);
        assert_eq!(removal::done(&self.store, &all), all.into_keys().collect::<Vec<_>>());
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.store), watch::channel(self.state.head()).1)
    }

    pub(crate) fn contents(&self) -> Contents {
        let shelf = self.store.newest().unwrap();
        let Shelf::Open(open) = &*shelf else { panic!("it's written") };
        let keys = layout::MUTABLE.iter().flat_map(|&letter| self.store.keys(&[letter], &[letter + 1], usize::MAX, Who::Reader).unwrap());
        let keys: BTreeMap<_, _> = keys.map(|(key, value): KeyAndValue| (key, value)).collect();
        Contents { records: self.reader().range(Position::new(0), usize::MAX).unwrap(), entries: locked(&open.index).sorted(), keys }
    }
}

pub(crate) fn message(subject: &str, body: impl Into<Bytes>) -> Message {
    let time = "2026-03-01T12:00:00Z".parse().unwrap();
    Message { subject: format!("handover.{subject}"), headers: Vec::new(), body: body.into(), sequence: None, time }
}
