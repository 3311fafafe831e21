use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// An event's source and id.
pub(crate) type Name = (String, String);

/// Which events are under way. One that acts on another leaves once that one's fate is known: sent again after a failure, the other would come too late.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    /// Guards the last event under way that concerns each name; held for a look-up, never across a wait.
    last: Arc<Mutex<HashMap<Name, Last>>>,
}

#[derive(Debug)]
struct Last {
    turn: Arc<()>,
    over: watch::Receiver<()>,
}

/// An event's turn; over when it's dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    names: Vec<Name>,
    turn: Arc<()>,
    before: Vec<watch::Receiver<()>>,
    _over: watch::Sender<()>,
}

impl Turns {
    /// Takes the place after every event that concerns one of these names.
    pub(crate) fn take(&self, names: &[Name]) -> Turn {
        let (over, is_over) = watch::channel(());
        let turn = Arc::new(());
        let mut last = self.lock();
        let place = |name: &Name| last.insert(name.clone(), Last { turn: Arc::clone(&turn), over: is_over.clone() });
        let before = names.iter().filter_map(place).filter(|last| !Arc::ptr_eq(&last.turn, &turn)).map(|last| last.over).collect();
        drop(last);
        Turn { turns: self.clone(), names: names.to_vec(), turn, before, _over: over }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Last>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Returns when those before it are over.
    pub(crate) async fn comes(&mut self) {
        while let Some(before) = self.before.last_mut() {
            // Nothing is ever sent: it ends when the other's turn does.
            let _ = before.changed().await;
            self.before.pop();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut last = self.turns.lock();
        for name in &self.names {
            if last.get(name).is_some_and(|last| Arc::ptr_eq(&last.turn, &self.turn)) {
                last.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn names(ids: &[&str]) -> Vec<Name> {
        ids.iter().map(|id| ("urn:test".to_owned(), (*id).to_owned())).collect()
    }

    fn came(turn: &mut Turn) -> bool {
        turn.comes().now_or_never().is_some()
    }

    #[test]
    fn what_acts_on_an_event_waits_for_it_and_for_what_acted_before() {
        let turns = Turns::default();
        let mut claim = turns.take(&names(&["claim"]));
        let mut first = turns.take(&names(&["first", "claim"]));
        let mut second = turns.take(&names(&["second", "claim"]));
        let mut other = turns.take(&names(&["other"]));
        assert!(came(&mut claim) && came(&mut other) && !came(&mut first) && !came(&mut second));
        drop(claim);
        assert!(came(&mut first) && !came(&mut second));
        drop(first);
        assert!(came(&mut second));
        drop((second, other));
        assert!(turns.lock().is_empty());
    }

    #[test]
    fn events_that_name_each_other_do_not_wait_for_ever() {
        let turns = Turns::default();
        let mut one = turns.take(&names(&["one", "other"]));
        let mut other = turns.take(&names(&["other", "one", "one"]));
        assert!(came(&mut one) && !came(&mut other));
        drop(one);
        assert!(came(&mut other), "one that names another twice doesn't wait for itself");
    }
}
