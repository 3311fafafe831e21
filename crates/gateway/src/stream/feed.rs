use std::time::Duration;

use announcement::Position;
use projection::{AsKnown, ChangesQuery, Policy, Source};

use super::batch::{Batch, Event};
use crate::{App, problem::Failure, records::unreadable};

/// The records of one batch: what is read, written and handed on at once.
const BATCH: usize = 32;
/// How long a wait for a record lasts before it begins again.
const WAIT: Duration = Duration::from_secs(60);
/// The rest after a wait that came to nothing.
const REST: Duration = Duration::from_millis(100);

/// What can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// The ledger's records.
    Records,
    /// What records changed in figures made so.
    Changes(Policy),
}

impl Feed {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Records, Self::Changes(Policy::Range), Self::Changes(Policy::Receiver), Self::Changes(Policy::Sender), Self::Changes(Policy::Both)];

    /// The first position that nothing is known of yet.
    pub(crate) fn head(self, app: &App) -> Position {
        match (self, &app.records, &app.projection) {
            (Self::Records, Source::Ledger(reader), _) => Position::new(reader.head().size),
            (_, _, Some(projection)) => projection.watch().borrow().next,
            (_, _, None) => Position::new(0),
        }
    }

    /// Waits until there may be something at this position.
    pub(crate) async fn wait(self, app: &App, next: Position) {
        let has_come = match (self, &app.records, &app.projection) {
            (Self::Records, Source::Ledger(reader), _) => reader.wait_for(next.get().saturating_add(1), WAIT).await.is_ok(),
            (_, _, Some(projection)) => projection.at_least(next, WAIT).await.is_ok(),
            (_, _, None) => std::future::pending().await,
        };
        if !has_come {
            tokio::time::sleep(REST).await;
        }
    }

    /// What there is from a position on; nothing where it's the head.
    pub(crate) async fn batch(self, app: &App, from: Position) -> Result<Batch, Failure> {
        match self {
            Self::Records => records(app, from).await,
            Self::Changes(policy) => changes(app, from, policy).await,
        }
    }
}

async fn records(app: &App, from: Position) -> Result<Batch, Failure> {
    let page = app.records.records(from, BATCH).await.map_err(unreadable)?;
    let next = page.records.last().map_or(from, |last| last.position.successor());
    Ok(Batch { from, next, events: page.records.iter().map(Event::of_record).collect() })
}

async fn changes(app: &App, from: Position, policy: Policy) -> Result<Batch, Failure> {
    let projection = app.reach(None).await?;
    app.scan(move || {
        let query = ChangesQuery { policy, from, limit: BATCH };
        let found = projection.ask(AsKnown::default(), |known| projection::changes(known, &query));
        let end = found.as_of.position.map_or(Position::new(0), Position::successor);
        Batch { from, next: found.next.unwrap_or(end).max(from), events: found.changes.iter().map(Event::of_change).collect() }
    })
    .await
}
