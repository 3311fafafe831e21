use std::{convert::Infallible, time::Duration};

use announcement::{Outcome, Receipt};
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep};

use super::{Outbox, error::SendError, owner::Order};
use crate::{ConnectError, Options, Outgoing, Producer, PublishError, Server};

/// How long one attempt to get a receipt may take; nothing is given up after it.
const ATTEMPT: Duration = Duration::from_secs(30);
/// The shortest time between the beginnings of two attempts.
const BETWEEN: Duration = Duration::from_secs(2);
/// The first wait between two connections; it doubles up to [`BETWEEN`].
const RECONNECT: Duration = Duration::from_millis(100);
/// How long is waited before the connection is looked at again.
const LOOK: Duration = Duration::from_millis(100);

impl Outbox {
    /// Sends for as long as it can: at most a window under way, each until its receipt.
    pub(super) async fn send(&self, server: &Server, mut each: impl FnMut(&Receipt)) -> Result<Infallible, SendError> {
        self.order(Order::GiveAllBack).await?;
        let producer = self.connect(server).await?;
        let mut state = self.state();
        let mut under_way = FuturesUnordered::new();
        loop {
            let free = self.window() - under_way.len();
            if free > 0 && producer.is_connected() {
                let taken = self.take(free).await?;
                under_way.extend(taken.into_iter().map(|(number, event)| attempt(&producer, number, event)));
            }
            tokio::select! {
                Some((number, result)) = under_way.next(), if !under_way.is_empty() => self.settle(number, result, &mut each).await?,
                changed = state.changed(), if free > 0 && producer.is_connected() => changed.map_err(|_| SendError::Disk("its thread ended".to_owned()))?,
                () = sleep(LOOK), if !producer.is_connected() => {}
            }
        }
    }

    async fn settle(&self, number: u64, result: Result<Receipt, PublishError>, each: &mut impl FnMut(&Receipt)) -> Result<(), SendError> {
        let receipt = match result {
            Ok(receipt) => receipt,
            Err(error) => {
                tracing::warn!(%error, number, "an announcement got no receipt; it stays in the outbox and is sent again");
                return self.order(Order::GiveBack { number }).await;
            }
        };
        match &receipt.outcome {
            Outcome::Recorded { .. } | Outcome::Duplicate { .. } => self.order(Order::Gone { number }).await?,
            Outcome::Refused { problem } => self.order(Order::Refused { number, problem: problem.clone() }).await?,
        }
        each(&receipt);
        Ok(())
    }

    /// A queue that is away is waited for; one that is too old is an error.
    async fn connect(&self, server: &Server) -> Result<Producer, SendError> {
        let mut wait = RECONNECT;
        loop {
            let options = Options { window: self.window(), ..Options::new(server.clone(), self.publisher().clone()) };
            match Producer::connect(options).await {
                Ok(producer) => return Ok(producer),
                Err(error @ ConnectError::Server { .. }) => return Err(error.into()),
                Err(error) => tracing::warn!(%error, "the announcements stay in the outbox until the queue is back"),
            }
            sleep(wait).await;
            wait = (wait * 2).min(BETWEEN);
        }
    }
}

async fn attempt(producer: &Producer, number: u64, event: Outgoing) -> (u64, Result<Receipt, PublishError>) {
    let next = Instant::now() + BETWEEN;
    let result = producer.publish_recorded(&event, ATTEMPT).await;
    if result.is_err() {
        tokio::time::sleep_until(next).await;
    }
    (number, result)
}
