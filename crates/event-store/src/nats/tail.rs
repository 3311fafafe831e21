use std::{sync::atomic::Ordering, time::Duration};

use async_nats::{
    Client,
    connection::State as Connection,
    jetstream::{
        Message,
        consumer::{
            DeliverPolicy, OrderedPullConsumer,
            pull::{Ordered, OrderedConfig},
        },
        stream::Stream,
    },
};
use futures::{StreamExt, stream::ReadyChunks};
use tokio::time::timeout;

/// How many messages are looked at in one go.
const CHUNK: usize = 256;
/// How long a stream may be silent before it's looked at: a consumer waits without a word on one that was made anew.
const SILENCE: Duration = Duration::from_secs(1);

/// Why reading ended. It's begun again from where it stood.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Ended(pub(super) String);

impl Ended {
    pub(super) fn unreachable(error: impl std::fmt::Display) -> Self {
        Self(format!("the stream can't be reached: {error}"))
    }
}

/// A message with its sequence.
pub(super) type Numbered = (u64, Message);

/// Reads a stream's messages in order, without a gap, from one connection.
pub(super) struct Tail {
    client: Client,
    stream: Stream,
    messages: ReadyChunks<Ordered>,
    next: u64,
    connects: u64,
    /// What the consumer owed when it was silent before.
    owed: Option<u64>,
}

/// What of each message is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parts {
    All,
    HeadersOnly,
}

impl Tail {
    /// Begins at a sequence.
    pub(super) async fn begin(client: &Client, stream: Stream, next: u64, parts: Parts) -> Result<Self, Ended> {
        let connects = connects(client);
        let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: next };
        let config = OrderedConfig { deliver_policy, headers_only: parts == Parts::HeadersOnly, ..OrderedConfig::default() };
        let consumer: OrderedPullConsumer = stream.create_consumer(config).await.map_err(Ended::unreachable)?;
        let messages = consumer.messages().await.map_err(Ended::unreachable)?;
        Ok(Self { client: client.clone(), stream, messages: messages.ready_chunks(CHUNK), next, connects, owed: None })
    }

    /// The next messages, at least one.
    pub(super) async fn read(&mut self) -> Result<Vec<Numbered>, Ended> {
        loop {
            let Ok(chunk) = timeout(SILENCE, self.messages.next()).await else {
                self.look().await?;
                continue;
            };
            if connects(&self.client) != self.connects {
                return Err(Ended("the connection was made anew".to_owned()));
            }
            let chunk = chunk.ok_or_else(|| Ended("the consumer ended".to_owned()))?;
            return chunk.into_iter().map(|message| self.numbered(message.map_err(Ended::unreachable)?)).collect();
        }
    }

    fn numbered(&mut self, message: Message) -> Result<Numbered, Ended> {
        let sequence = message.info().map_err(|error| Ended(error.to_string()))?.stream_sequence;
        if sequence != self.next {
            return Err(Ended(format!("message {sequence} came, and {} was expected", self.next)));
        }
        self.next += 1;
        Ok((sequence, message))
    }

    /// Whether the stream is silent because nothing is there.
    async fn look(&mut self) -> Result<(), Ended> {
        if self.client.connection_state() != Connection::Connected || connects(&self.client) != self.connects {
            return Err(Ended("the connection was lost".to_owned()));
        }
        let begun = self.stream.cached_info().created;
        let info = self.stream.info().await.map_err(Ended::unreachable)?;
        let last = info.state.last_sequence;
        if info.created != begun || last + 1 < self.next {
            return Err(Ended("the stream was made anew".to_owned()));
        }
        if self.owed == Some(self.next) {
            return Err(Ended("the consumer fell silent".to_owned()));
        }
        self.owed = (last >= self.next).then_some(self.next);
        Ok(())
    }
}

fn connects(client: &Client) -> u64 {
    client.statistics().connects.load(Ordering::Relaxed)
}
