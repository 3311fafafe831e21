use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use announcement::{Digest, Publisher, Receipt};
use async_nats::Subscriber;
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::oneshot;

use crate::{Outgoing, producer::RECEIPTS};

/// Who waits for which receipt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    /// Guards the waiting; held for a look-up, never across a wait.
    by_digest: Arc<Mutex<HashMap<Digest, Vec<Waiter>>>>,
}

#[derive(Debug)]
struct Waiter {
    publisher: Publisher,
    source: String,
    id: String,
    reply: oneshot::Sender<Receipt>,
}

/// A place among the waiting; given back when it's dropped.
pub(crate) struct Place {
    waiting: Waiting,
    digest: Digest,
    pub(crate) receipt: oneshot::Receiver<Receipt>,
}

#[derive(Deserialize)]
struct Receipts {
    receipts: Vec<Receipt>,
}

impl Waiting {
    pub(crate) fn wait_for(&self, publisher: &Publisher, event: &Outgoing) -> Place {
        let (reply, receipt) = oneshot::channel();
        let waiter = Waiter { publisher: publisher.clone(), source: event.source().to_owned(), id: event.id().to_owned(), reply };
        self.lock().entry(event.digest()).or_default().push(waiter);
        Place { waiting: self.clone(), digest: event.digest(), receipt }
    }

    /// Hands receipts to those who wait, until the subscription ends.
    pub(crate) async fn listen(self, mut receipts: Subscriber) {
        while let Some(message) = receipts.next().await {
            let Some(publisher) = message.subject.strip_prefix(RECEIPTS) else { continue };
            match serde_json::from_slice::<Receipts>(&message.payload) {
                Ok(Receipts { receipts }) => receipts.into_iter().for_each(|receipt| self.hand_over(publisher, &receipt)),
                Err(error) => tracing::debug!(%error, "a message on the receipts' subject is none"),
            }
        }
    }

    fn hand_over(&self, publisher: &str, receipt: &Receipt) {
        let mut waiting = self.lock();
        let Some(waiters) = waiting.remove(&receipt.digest) else { return };
        let same = |named: &Option<String>, own: &str| named.as_deref().is_none_or(|named| named == own);
        let (answered, others): (Vec<Waiter>, Vec<Waiter>) = waiters
            .into_iter()
            .partition(|waiter| waiter.publisher.as_str() == publisher && same(&receipt.source, &waiter.source) && same(&receipt.id, &waiter.id));
        for waiter in answered {
            // Who no longer waits needs none.
            let _ = waiter.reply.send(receipt.clone());
        }
        if !others.is_empty() {
            waiting.insert(receipt.digest, others);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Vec<Waiter>>> {
        self.by_digest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.receipt.close();
        let mut waiting = self.waiting.lock();
        if let Some(waiters) = waiting.get_mut(&self.digest) {
            waiters.retain(|waiter| !waiter.reply.is_closed());
            if waiters.is_empty() {
                waiting.remove(&self.digest);
            }
        }
    }
}
