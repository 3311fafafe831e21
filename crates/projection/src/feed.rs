use std::{collections::VecDeque, time::Duration};

use announcement::{Position, Record};
use event_store::{
    Head,
    nats::{LogError, LogTail},
};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    Source,
    source::{Page, SourceError, ask},
};

/// How long the stream of records may take to give what the ledger has, before the ledger is asked for it.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often a ledger over NATS is asked where it stands; longer than its stream may be silent before it's looked at.
const HEAD: Duration = Duration::from_secs(3);
/// Between two attempts to read the stream of records.
const AGAIN: Duration = Duration::from_secs(1);

/// Gives one book its records: this process's ledger's, or over NATS those of the stream of records as they come. What that lacks the ledger is asked for.
#[derive(Debug)]
pub(crate) struct Feed {
    source: Source,
    tail: Option<LogTail>,
    /// What the tail gave and nobody took yet.
    read: VecDeque<Record>,
    /// How many records the ledger has, as far as it's known.
    size: u64,
    asked: Option<Instant>,
    begun: Option<Instant>,
}

impl Feed {
    pub(crate) const fn new(source: Source) -> Self {
        Self { source, tail: None, read: VecDeque::new(), size: 0, asked: None, begun: None }
    }

    /// The records from a position on, at most `limit`, and how many the ledger has.
    pub(crate) async fn page(&mut self, next: Position, limit: usize) -> Result<Page, SourceError> {
        let client = match &self.source {
            Source::Ledger(_) => return self.source.records(next, limit).await,
            Source::Nats(client) => client.clone(),
        };
        self.follow(&client, next).await;
        if self.read.is_empty() {
            // What has come already, also where no ledger answers.
            let _ = timeout(Duration::ZERO, self.fill()).await;
        }
        if let Some(page) = self.taken(next, limit) {
            return Ok(page);
        }
        if self.asked.is_none_or(|asked| asked.elapsed() >= HEAD) {
            let head: Head = ask(&client, "head", &json!({})).await?;
            (self.size, self.asked) = (head.size, Some(Instant::now()));
        }
        if self.size <= next.get() {
            return Ok(Page { records: Vec::new(), size: next.get(), traces: Vec::new() });
        }
        if self.tail.is_some() {
            let _ = timeout(PATIENCE, self.fill()).await;
            if let Some(page) = self.taken(next, limit) {
                return Ok(page);
            }
        }
        let page = self.source.records(next, limit).await?;
        self.size = self.size.max(page.size);
        Ok(page)
    }

    /// Waits until there may be a record at this position.
    pub(crate) async fn wait(&mut self, next: Position) {
        match (&self.source, &self.tail) {
            (Source::Ledger(reader), _) => drop(reader.wait_for(next.get() + 1, Duration::from_secs(60)).await),
            (Source::Nats(_), Some(_)) => drop(timeout(HEAD, self.fill()).await),
            (Source::Nats(_), None) => {
                sleep(PATIENCE).await;
                self.asked = None;
            }
        }
    }

    /// Nobody reads for now.
    pub(crate) fn rest(&mut self) {
        (self.tail, self.begun) = (None, None);
        self.read.clear();
    }

    /// Reads the stream of records from where it's needed.
    async fn follow(&mut self, client: &async_nats::Client, next: Position) {
        while self.read.front().is_some_and(|record| record.position < next) {
            self.read.pop_front();
        }
        let is_ahead = self.read.front().map_or_else(|| self.tail.as_ref().is_some_and(|tail| tail.next() > next), |record| record.position > next);
        if is_ahead {
            self.read.clear();
            self.tail = None;
        }
        if self.tail.is_none() && self.begun.is_none_or(|begun| begun.elapsed() >= AGAIN) {
            self.begun = Some(Instant::now());
            match LogTail::begin(client, next).await {
                Ok(tail) => self.tail = Some(tail),
                Err(error) => tracing::debug!(%error, "the ledger is asked for its records"),
            }
        }
    }

    /// Takes what the stream of records has; waits for at least one.
    async fn fill(&mut self) {
        let Some(tail) = &mut self.tail else { return std::future::pending().await };
        match tail.read().await {
            Ok(records) => self.read.extend(records),
            Err(error) => {
                if let LogError::Altered(position) = error {
                    tracing::warn!(%position, "a message of the stream of records was altered; the ledger is asked for the record");
                } else {
                    tracing::debug!(%error, "the stream of records is begun again");
                }
                self.tail = None;
            }
        }
    }

    fn taken(&mut self, next: Position, limit: usize) -> Option<Page> {
        while self.read.front().is_some_and(|record| record.position < next) {
            self.read.pop_front();
        }
        if self.read.front().is_none_or(|record| record.position != next) {
            return None;
        }
        let records: Vec<Record> = self.read.drain(..limit.min(self.read.len())).collect();
        self.size = self.size.max(next.get() + records.len() as u64);
        let traces = self.tail.as_ref().map(|tail| tail.traces(next, records.len())).unwrap_or_default();
        Some(Page { records, size: self.size, traces })
    }
}
