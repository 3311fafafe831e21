use announcement::{Position, Record, TraceContext};
use async_nats::{Client, jetstream};

use crate::{
    nats::{
        LOG_STREAM,
        log::{record_in, trace_in},
        tail::{Ended, Numbered, Parts, Tail},
    },
    traces::Traces,
};

/// Reads the stream of records from a position on, in order and without a gap; each record is checked by its leaf.
pub struct LogTail {
    tail: Tail,
    next: Position,
    traces: Traces,
}

/// Why the stream of records isn't read any more. What was read holds; it can be begun again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// It hasn't got this record, at least not yet.
    #[error("the stream {LOG_STREAM} doesn't have the record at position {0}")]
    Lacks(Position),
    /// A message's bytes aren't those of its leaf.
    #[error("the message of the record at position {0} in the stream {LOG_STREAM} was altered")]
    Altered(Position),
    /// The stream can't be reached, or isn't the same any more.
    #[error("{0}")]
    Ended(String),
}

impl From<Ended> for LogError {
    fn from(Ended(reason): Ended) -> Self {
        Self::Ended(reason)
    }
}

impl LogTail {
    /// Begins at a position, where the stream has everything from there on.
    ///
    /// # Errors
    /// [`LogError::Lacks`] or [`LogError::Ended`].
    ///
    /// # Cancel safety
    /// Dropped half-way, nothing was begun.
    pub async fn begin(client: &Client, next: Position) -> Result<Self, LogError> {
        let stream = jetstream::new(client.clone()).get_stream(LOG_STREAM).await.map_err(Ended::unreachable)?;
        let state = &stream.cached_info().state;
        let sequence = next.get() + 1;
        if state.first_sequence > sequence || state.last_sequence < next.get() {
            return Err(LogError::Lacks(next));
        }
        Ok(Self { tail: Tail::begin(client, stream, sequence, Parts::All).await?, next, traces: Traces::default() })
    }

    /// The next records, at least one, as soon as there is one.
    ///
    /// # Errors
    /// [`LogError::Altered`] or [`LogError::Ended`].
    ///
    /// # Cancel safety
    /// Dropped half-way, nothing was taken.
    pub async fn read(&mut self) -> Result<Vec<Record>, LogError> {
        let messages = self.tail.read().await?;
        let traces: Vec<_> = messages.iter().filter_map(|(sequence, message)| Some((sequence - 1, trace_in(message)?))).collect();
        let record = |(sequence, message): Numbered| {
            let position = Position::new(sequence - 1);
            record_in(position, &message).ok_or(LogError::Altered(position))
        };
        let records = messages.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
        self.next = Position::new(self.next.get() + records.len() as u64);
        self.traces.keep(&traces);
        Ok(records)
    }

    /// The traces of so many records from a position on that were read lately, as far as their messages say, ascending.
    #[must_use]
    pub fn traces(&self, from: Position, count: usize) -> Vec<(Position, TraceContext)> {
        self.traces.within(from, count)
    }

    /// The position of what is read next.
    #[must_use]
    pub const fn next(&self) -> Position {
        self.next
    }
}

impl std::fmt::Debug for LogTail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogTail").field("next", &self.next).finish_non_exhaustive()
    }
}
