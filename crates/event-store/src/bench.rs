//! What the tests of single parts stand on.

use bytes::Bytes;
use durable::{Entry, Store};
use tempfile::TempDir;

use crate::{
    Message,
    commit::{Commit, Taken},
    state::State,
};

/// Takes messages in through real commits, without a writer.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) state: State,
    _dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { store: Store::open(dir.path()).unwrap().0, state: State::default(), _dir: dir }
    }

    pub(crate) fn commit(&mut self, messages: &[Message]) -> Vec<Taken> {
        let reader = self.store.reader();
        let mut commit = Commit::begin(&reader, self.state.clone());
        let taken = messages.iter().map(|message| commit.take(message).unwrap()).collect();
        let (head, batch, state) = commit.finish();
        self.store.append(&head, &batch).unwrap();
        self.store.apply(&batch).unwrap();
        self.state = state;
        taken
    }

    /// Everything that the store holds.
    pub(crate) fn contents(&self) -> Vec<Entry> {
        self.store.reader().range(&[0], &[0xff], usize::MAX).unwrap()
    }
}

pub(crate) fn message(subject: &str, body: impl Into<Bytes>) -> Message {
    let time = "2026-03-01T12:00:00Z".parse().unwrap();
    Message { subject: format!("handover.{subject}"), headers: Vec::new(), body: body.into(), sequence: None, time }
}
