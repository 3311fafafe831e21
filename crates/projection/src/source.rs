use std::time::Duration;

use announcement::{Position, Record};
use event_store::{MAX_PAGE, RangeAnswer, Reader};
use serde_json::json;

/// Between two questions for new records over NATS.
const POLL: Duration = Duration::from_millis(100);
/// How long an answer over NATS may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where records come from: the ledger of this process, or one that answers over NATS.
#[derive(Clone, Debug)]
pub enum Source {
    /// This process's ledger.
    Ledger(Reader),
    /// `handover.query.range`.
    Nats(async_nats::Client),
}

/// Records from a position on, and how many the ledger holds.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records, without gaps.
    pub records: Vec<Record>,
    /// How many the ledger holds.
    pub size: u64,
}

/// Why records can't be read at the moment.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    /// The ledger can't read what it holds.
    #[error(transparent)]
    Read(#[from] event_store::ReadError),
    /// No ledger answers over NATS.
    #[error("no ledger answers over NATS: {0}")]
    Unreachable(String),
    /// A record's bytes don't give the leaf that came with it.
    #[error("the record at position {0} was altered on its way")]
    Altered(Position),
    /// The look-up was cut short by the end of the process.
    #[error("the process ends")]
    Ended,
}

impl Source {
    /// The records from a position on, at most `limit`.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn records(&self, from: Position, limit: usize) -> Result<Page, SourceError> {
        match self {
            Self::Ledger(reader) => {
                let reader = reader.clone();
                let page = tokio::task::spawn_blocking(move || Ok(Page { size: reader.head().size, records: reader.range(from, limit)? })).await;
                page.unwrap_or(Err(SourceError::Ended))
            }
            Self::Nats(client) => {
                let question = json!({"from": from, "limit": limit.min(MAX_PAGE)}).to_string();
                let asked = tokio::time::timeout(PATIENCE, client.request("handover.query.range", question.into())).await;
                let unreachable = |reason: &dyn std::fmt::Display| SourceError::Unreachable(reason.to_string());
                let answer = asked.map_err(|error| unreachable(&error))?.map_err(|error| unreachable(&error))?;
                let answer: RangeAnswer = serde_json::from_slice(&answer.payload).map_err(|error| unreachable(&error))?;
                let mut records = Vec::with_capacity(answer.records.len());
                for record in answer.records {
                    let position = record.position;
                    records.push(record.into_record().ok_or(SourceError::Altered(position))?);
                }
                Ok(Page { records, size: answer.head.size })
            }
        }
    }

    /// The record at a position; `None` where there is none yet.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn record(&self, position: Position) -> Result<Option<Record>, SourceError> {
        Ok(self.records(position, 1).await?.records.into_iter().next())
    }

    /// Waits until there may be a record at this position.
    pub(crate) async fn wait(&self, position: Position) {
        match self {
            Self::Ledger(reader) => drop(reader.wait_for(position.get() + 1, Duration::from_secs(60)).await),
            Self::Nats(_) => tokio::time::sleep(POLL).await,
        }
    }
}
