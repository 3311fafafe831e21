use std::{sync::atomic::Ordering, time::Duration};

use async_nats::{
    Client,
    connection::State as Connection,
    jetstream::{
        Context, ErrorCode, Message as JetStreamMessage,
        consumer::{
            DeliverPolicy, OrderedPullConsumer,
            pull::{Ordered, OrderedConfig},
        },
        context::{GetStreamError, GetStreamErrorKind},
        stream::Stream,
    },
};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::{
    Cause, Ledger, Message, Part, SubmitError,
    nats::{
        announcements::{self, STREAM},
        continuity::{Verdict, judge, look},
        stream::Options,
    },
    writer::{Reply, Round},
};

/// Between two attempts to reach the stream.
const RETRY: Duration = Duration::from_millis(500);
/// Before the consumer is made anew.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the stream may be silent before it's looked at: a consumer waits without a word on a stream that was made anew.
const SILENCE: Duration = Duration::from_secs(1);
/// A message that far ahead of the clock stops the intake: a server with a wrong clock would freeze `recorded`.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// A node sends no receipts for what lies further behind the stream's end than this: it's catching up, and others have answered.
const RECEIPTS_WITHIN: u64 = 65_536;

/// Why one round of reading ended.
enum Ended {
    /// The next round begins at once.
    Anew(&'static str),
    /// It's tried again in a while.
    Unreachable(String),
    /// An operator must act; the next round begins when the intake is restarted.
    Stopped { cause: Cause, reason: String, remedy: &'static str },
    /// The writer is gone.
    Closed,
}

impl From<SubmitError> for Ended {
    fn from(_: SubmitError) -> Self {
        Self::Closed
    }
}

/// Reads the stream until the writer is gone.
pub(super) async fn run(ledger: &Ledger, client: &Client, context: &Context, options: &Options) {
    loop {
        wait_while_stopped(ledger).await;
        match (Intake { ledger, client, context, options }).round().await {
            Ended::Closed => return,
            Ended::Anew(reason) => {
                tracing::debug!(reason, "the stream is read again from the checkpoint");
                sleep(PAUSE).await;
            }
            Ended::Unreachable(reason) => {
                tracing::debug!(reason, "the stream can't be read at the moment");
                ledger.set_intake(Part::Waiting { reason });
                sleep(RETRY).await;
            }
            Ended::Stopped { cause, reason, remedy } => {
                tracing::error!(reason, remedy, "the intake stopped");
                ledger.set_intake(Part::Stopped { cause, reason, remedy: remedy.to_owned() });
            }
        }
    }
}

async fn wait_while_stopped(ledger: &Ledger) {
    // Fails only with the ledger, which the round then finds closed.
    let _ = ledger.health().wait_for(|health| !matches!(health.intake, Part::Stopped { .. })).await;
}

struct Intake<'a> {
    ledger: &'a Ledger,
    client: &'a Client,
    context: &'a Context,
    options: &'a Options,
}

impl Intake<'_> {
    /// One connection's worth of reading: the checkpoint is looked at again, then messages from there on.
    async fn round(&self) -> Ended {
        let connects = self.connects();
        let unreachable = |error: &dyn std::fmt::Display| Ended::Unreachable(format!("the stream can't be reached: {error}"));
        let stream = match self.context.get_stream(STREAM).await {
            Ok(stream) => stream,
            Err(error) if is_absent(&error) => return Ended::Unreachable(ABSENT.to_owned()),
            Err(error) => return unreachable(&error),
        };
        if let Err(error) = announcements::wanted(self.options).check(&stream.cached_info().config) {
            return Ended::Stopped { cause: Cause::Settings, reason: error.to_string(), remedy: "set it back, then start anew" };
        }
        let (round, next) = match self.begin(&stream).await {
            Ok(begun) => begun,
            Err(ended) => return ended,
        };
        let config = OrderedConfig { deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: next }, ..OrderedConfig::default() };
        let consumer: OrderedPullConsumer = match stream.create_consumer(config).await {
            Ok(consumer) => consumer,
            Err(error) => return unreachable(&error),
        };
        let messages = match consumer.messages().await {
            Ok(messages) => messages,
            Err(error) => return unreachable(&error),
        };
        if self.connects() != connects {
            return Ended::Anew("the connection was made anew");
        }
        self.ledger.set_intake(Part::Running);
        self.read(messages, stream, round, next, connects).await
    }

    /// Gives the round and the sequence that's read next.
    async fn begin(&self, stream: &Stream) -> Result<(Round, u64), Ended> {
        let begun = self.ledger.begin_round().await?;
        let found = look(stream, begun.checkpoint.as_ref()).await.map_err(|error| Ended::Unreachable(format!("the stream can't be read: {error}")))?;
        match judge(&begun, &found) {
            Verdict::GoOn { next } => Ok((begun.round, next)),
            Verdict::Stop { reason, remedy, .. } => Err(Ended::Stopped { cause: Cause::Stream, reason, remedy }),
            Verdict::Join(epoch) => {
                tracing::warn!(epoch = epoch.epoch, from_sequence = epoch.from_sequence, "the ledger goes on with another stream, as an operator said");
                self.ledger.adopt(epoch.epoch, epoch.from_sequence).await?;
                Err(Ended::Anew("an epoch began"))
            }
        }
    }

    async fn read(&self, mut messages: Ordered, mut stream: Stream, round: Round, mut next: u64, connects: u64) -> Ended {
        let (mut rounds, mut health) = (self.ledger.rounds(), self.ledger.health());
        let end = stream.cached_info().state.last_sequence;
        // What the consumer owed when it was silent before.
        let mut owed = None;
        loop {
            let message = tokio::select! {
                biased;
                _ = rounds.wait_for(|current| *current != Some(round)) => return Ended::Anew("the writer ended the round"),
                _ = health.wait_for(|health| matches!(health.intake, Part::Stopped { .. })) => return Ended::Anew("the intake was stopped"),
                message = messages.next() => Some(message),
                () = sleep(SILENCE) => None,
            };
            let Some(message) = message else {
                let last = match self.last_sequence(&mut stream).await {
                    Ok(last) => last,
                    Err(ended) => return ended,
                };
                if self.connects() != connects || last + 1 < next || owed == Some(next) {
                    return Ended::Anew("the consumer fell silent");
                }
                owed = (last >= next).then_some(next);
                continue;
            };
            if self.connects() != connects {
                return Ended::Anew("the connection was made anew");
            }
            let message = match message.map(|message| message.map(|message| received(&message))) {
                Some(Ok(Some(message))) => message,
                Some(Ok(None)) => return Ended::Anew("a message came without its place in the stream"),
                Some(Err(error)) => {
                    tracing::debug!(%error, "the consumer failed");
                    return Ended::Anew("the consumer failed");
                }
                None => return Ended::Anew("the consumer ended"),
            };
            match message.sequence {
                Some(sequence) if sequence == next => next += 1,
                // Too low: the consumer went back. Too high: the next round asks the stream for what is missing.
                _ => return Ended::Anew("the consumer is out of order"),
            }
            if let Some(reason) = self.ahead(&message) {
                let remedy = "set the clocks of this machine and of the nats-servers, then start anew";
                return Ended::Stopped { cause: Cause::Clock, reason, remedy };
            }
            let reply = if end.saturating_sub(next) < RECEIPTS_WITHIN { Reply::Publish } else { Reply::Nowhere };
            if self.ledger.take(message, round, reply).await.is_err() {
                return Ended::Closed;
            }
        }
    }

    async fn last_sequence(&self, stream: &mut Stream) -> Result<u64, Ended> {
        if self.client.connection_state() != Connection::Connected {
            return Err(Ended::Unreachable("nats-server can't be reached".to_owned()));
        }
        match stream.info().await {
            Ok(info) => Ok(info.state.last_sequence),
            Err(error) => Err(Ended::Unreachable(format!("the stream can't be reached: {error}"))),
        }
    }

    /// Why this message is never decided on.
    fn ahead(&self, message: &Message) -> Option<String> {
        let ahead = message.time.duration_since((self.ledger.clock())()) > MAX_AHEAD;
        let sequence = message.sequence.unwrap_or_default();
        ahead.then(|| format!("message {sequence} has the time {}, more than five minutes ahead of this machine's clock", message.time))
    }

    fn connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }
}

/// A cluster that's electing its leader says that too.
fn is_absent(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(reason) if reason.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

const ABSENT: &str = "the server has no stream ANNOUNCEMENTS; where it doesn't come back by itself it was lost: start handover serve anew, which makes it again and says what's next";

fn received(message: &JetStreamMessage) -> Option<Message> {
    let info = message.info().ok()?;
    let headers = message.headers.iter().flat_map(async_nats::HeaderMap::iter);
    let headers = headers.flat_map(|(name, values)| values.iter().map(|value| (name.to_string(), value.to_string()))).collect();
    let time = Timestamp::from_nanosecond(info.published.unix_timestamp_nanos()).ok()?;
    Some(Message { subject: message.subject.to_string(), headers, body: message.payload.clone(), sequence: Some(info.stream_sequence), time })
}
