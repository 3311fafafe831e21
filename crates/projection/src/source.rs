use std::time::Duration;

use announcement::{Digest, Position, Record, TraceContext};
use async_nats::Client;
use event_store::{Head, MAX_PAGE, RangeAnswer, Reader, RootAnswer, nats::QUERY_PREFIX};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// How long an answer over NATS may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where records come from: the ledger of this process, or one that answers over NATS.
#[derive(Clone, Debug)]
pub enum Source {
    /// This process's ledger.
    Ledger(Reader),
    /// One that answers `handover.query`; new records come by its stream LEDGER.
    Nats(Client),
}

/// Records from a position on, and how many the ledger holds.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records, without gaps.
    pub records: Vec<Record>,
    /// How many the ledger holds.
    pub size: u64,
    /// In which traces some of them were published, ascending, as far as whoever gave them says.
    pub traces: Vec<(Position, TraceContext)>,
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
                let page = tokio::task::spawn_blocking(move || {
                    let (size, records) = (reader.head().size, reader.range(from, limit)?);
                    let traces = reader.traces(from, records.len());
                    Ok(Page { records, size, traces })
                })
                .await;
                page.unwrap_or(Err(SourceError::Ended))
            }
            Self::Nats(client) => {
                let answer: RangeAnswer = ask(client, "range", &json!({"from": from, "limit": limit.min(MAX_PAGE)})).await?;
                let (mut records, mut traces) = (Vec::with_capacity(answer.records.len()), Vec::new());
                for record in answer.records {
                    let position = record.position;
                    traces.extend(record.traceparent.as_ref().and_then(|trace| Some((position, trace.parse().ok()?))));
                    records.push(record.into_record().ok_or(SourceError::Altered(position))?);
                }
                Ok(Page { records, size: answer.head.size, traces })
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

    /// The root of the ledger's tree when it had so many records; `None` where it hasn't that many.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn root(&self, size: Position) -> Result<Option<Digest>, SourceError> {
        match self {
            Self::Ledger(reader) => {
                let reader = reader.clone();
                let root = tokio::task::spawn_blocking(move || Ok(reader.root_at(size.get())?)).await;
                root.unwrap_or(Err(SourceError::Ended))
            }
            Self::Nats(client) => {
                let head: Head = ask(client, "head", &json!({})).await?;
                if head.size < size.get() {
                    return Ok(None);
                }
                let answer: RootAnswer = ask(client, "root", &json!({"size": size})).await?;
                Ok(Some(answer.root))
            }
        }
    }

    /// Whether it's the ledger of this process.
    pub(crate) const fn is_local(&self) -> bool {
        matches!(self, Self::Ledger(_))
    }
}

/// Asks any ledger node.
pub(crate) async fn ask<T: DeserializeOwned>(client: &Client, question: &str, of: &Value) -> Result<T, SourceError> {
    let unreachable = |reason: &dyn std::fmt::Display| SourceError::Unreachable(reason.to_string());
    let asked = tokio::time::timeout(PATIENCE, client.request(format!("{QUERY_PREFIX}.{question}"), of.to_string().into())).await;
    let answer = asked.map_err(|error| unreachable(&error))?.map_err(|error| unreachable(&error))?;
    serde_json::from_slice(&answer.payload).map_err(|error| unreachable(&error))
}
