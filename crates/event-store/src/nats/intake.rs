use std::{sync::atomic::Ordering, time::Duration};

use announcement::Digest;
use async_nats::{
    Client,
    jetstream::{
        Context, Message as JetStreamMessage,
        consumer::{DeliverPolicy, OrderedPullConsumer, pull::OrderedConfig},
        stream::Stream,
    },
};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{sleep, timeout};

use crate::{
    Ledger, Message, Part,
    nats::{NatsError, STREAM},
    state::Checkpoint,
    writer::{Reply, Request},
};

/// Between two attempts to reach the stream.
const RETRY: Duration = Duration::from_millis(500);
/// How long the stream may be silent before the connection is looked at.
const SILENCE: Duration = Duration::from_secs(2);
/// A message that far ahead of the clock stops the intake: a server with a wrong clock would freeze `recorded`.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// A node sends no receipts for what lies further behind the stream's end than this: it's catching up, and others have answered.
const RECEIPTS_WITHIN: u64 = 65_536;

/// Why one round of reading ended.
enum Ended {
    /// It's tried again.
    Retry(String),
    /// An operator must act; the round begins again when the intake is restarted.
    Stopped { reason: String, remedy: &'static str },
    /// The writer is gone.
    Closed(NatsError),
}

pub(super) async fn run(ledger: &Ledger, client: &Client, context: &Context) -> Result<(), NatsError> {
    loop {
        match read(ledger, client, context).await {
            Ended::Closed(error) => return Err(error),
            Ended::Retry(_) if matches!(ledger.health().borrow().intake, Part::Stopped { .. }) => wait_for_restart(ledger).await,
            Ended::Retry(reason) => {
                tracing::debug!(reason, "the stream is read again from the checkpoint");
                ledger.set_intake(Part::Waiting { reason });
                sleep(RETRY).await;
            }
            Ended::Stopped { reason, remedy } => {
                tracing::error!(reason, remedy, "the intake stopped");
                ledger.set_intake(Part::Stopped { reason, remedy: remedy.to_owned() });
                wait_for_restart(ledger).await;
            }
        }
    }
}

async fn wait_for_restart(ledger: &Ledger) {
    let mut health = ledger.health();
    let _ = health.wait_for(|health| !matches!(health.intake, Part::Stopped { .. })).await;
}

/// One connection's worth of reading: the checkpoint is looked at again, then messages from there on.
async fn read(ledger: &Ledger, client: &Client, context: &Context) -> Ended {
    let connects = client.statistics().connects.load(Ordering::Relaxed);
    let stream = match context.get_stream(STREAM).await {
        Ok(stream) => stream,
        Err(error) => return Ended::Retry(format!("the stream can't be reached: {error}")),
    };
    let mut last = match check_checkpoint(ledger, &stream).await {
        Ok(last) => last,
        Err(ended) => return ended,
    };
    let end = stream.cached_info().state.last_sequence;
    let config = OrderedConfig { deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: last + 1 }, ..OrderedConfig::default() };
    let consumer: OrderedPullConsumer = match stream.create_consumer(config).await {
        Ok(consumer) => consumer,
        Err(error) => return Ended::Retry(format!("the stream can't be read: {error}")),
    };
    let mut messages = match consumer.messages().await {
        Ok(messages) => messages,
        Err(error) => return Ended::Retry(format!("the stream can't be read: {error}")),
    };
    ledger.set_intake(Part::Running);
    loop {
        let next = timeout(SILENCE, messages.next()).await;
        if client.statistics().connects.load(Ordering::Relaxed) != connects {
            return Ended::Retry("the connection was made anew".to_owned());
        }
        if matches!(ledger.health().borrow().intake, Part::Stopped { .. }) {
            return Ended::Retry("the writer stopped the intake".to_owned());
        }
        let message = match next {
            Err(_) => continue,
            Ok(None) => return Ended::Retry("the consumer ended".to_owned()),
            Ok(Some(Err(error))) => return Ended::Retry(error.to_string()),
            Ok(Some(Ok(message))) => message,
        };
        let message = match received(&message) {
            Ok(message) => message,
            Err(reason) => return Ended::Retry(reason),
        };
        let sequence = message.sequence.unwrap_or_default();
        if sequence <= last {
            return Ended::Retry("the consumer went back".to_owned());
        }
        if sequence > last + 1 {
            return missing(&stream, last + 1, sequence - 1).await;
        }
        if message.time.duration_since((ledger.clock())()) > MAX_AHEAD {
            let reason = format!("message {sequence} has the time {}, more than five minutes ahead of this machine's clock", message.time);
            return Ended::Stopped { reason, remedy: "set the clocks of this machine and of the nats-servers, then restart" };
        }
        let reply = if end.saturating_sub(sequence) < RECEIPTS_WITHIN { Reply::Publish } else { Reply::Nowhere };
        if let Err(error) = ledger.request(Request::Take { message, reply }).await {
            return Ended::Closed(error.into());
        }
        last = sequence;
    }
}

fn received(message: &JetStreamMessage) -> Result<Message, String> {
    let info = message.info().map_err(|error| error.to_string())?;
    let headers = message.headers.iter().flat_map(async_nats::HeaderMap::iter);
    let headers = headers.flat_map(|(name, values)| values.iter().map(|value| (name.to_string(), value.to_string()))).collect();
    let time = Timestamp::from_nanosecond(info.published.unix_timestamp_nanos()).map_err(|error| error.to_string())?;
    Ok(Message { subject: message.subject.to_string(), headers, body: message.payload.clone(), sequence: Some(info.stream_sequence), time })
}

/// The consumer left messages out. Where the stream has them it's a reason to read anew; where it doesn't, they are lost.
async fn missing(stream: &Stream, from: u64, to: u64) -> Ended {
    match stream.get_raw_message(from).await {
        Ok(_) => Ended::Retry("the consumer left messages out".to_owned()),
        Err(error) if is_missing(&error) => Ended::Stopped { reason: format!("messages {from} to {to} of the stream {STREAM} are missing"), remedy: ADOPT },
        Err(error) => Ended::Retry(error.to_string()),
    }
}

fn is_missing(error: &async_nats::jetstream::stream::RawMessageError) -> bool {
    matches!(error.kind(), async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound)
        || matches!(error.kind(), async_nats::jetstream::stream::LastRawMessageErrorKind::JetStream(reason) if reason.code() == 404)
}

const ADOPT: &str = "restore the stream, or let the ledger go on with it as it is: handover ledger adopt-stream";

/// Fetches the checkpoint's message again: a missing or different one means that the stream was lost, rolled back or made anew. Gives the last sequence that was read.
async fn check_checkpoint(ledger: &Ledger, stream: &Stream) -> Result<u64, Ended> {
    let state = &stream.cached_info().state;
    let checkpoint = ledger.checkpoint().await.map_err(|error| Ended::Closed(error.into()))?;
    let Some(Checkpoint { sequence, message }) = checkpoint else {
        if ledger.head().size > 0 {
            let reason = "the ledger holds records that came from no stream".to_owned();
            return Err(Ended::Stopped { reason, remedy: "let it go on with this stream: handover ledger adopt-stream" });
        }
        if state.first_sequence > 1 {
            let reason = format!("messages 1 to {} of the stream {STREAM} are gone, and this ledger is empty", state.first_sequence - 1);
            return Err(Ended::Stopped { reason, remedy: "start from a copy of another node's data folder" });
        }
        return Ok(0);
    };
    if state.last_sequence < sequence {
        let reason = format!(
            "the stream {STREAM} ends at message {}, before the ledger's checkpoint {sequence}: it was lost, rolled back or made anew",
            state.last_sequence
        );
        return Err(Ended::Stopped { reason, remedy: ADOPT });
    }
    if state.first_sequence > sequence + 1 {
        let reason = format!("messages {} to {} of the stream {STREAM} are gone", sequence + 1, state.first_sequence - 1);
        return Err(Ended::Stopped { reason, remedy: ADOPT });
    }
    let Some(seen) = message else {
        return Ok(sequence);
    };
    match stream.get_raw_message(sequence).await {
        Ok(found) => {
            let time = Timestamp::from_nanosecond(found.time.unix_timestamp_nanos()).ok();
            if time == Some(seen.time) && Digest::of(&found.payload) == seen.digest {
                return Ok(sequence);
            }
            let reason = format!("message {sequence} of the stream {STREAM} isn't the one that the ledger read: the stream was rolled back or made anew");
            Err(Ended::Stopped { reason, remedy: ADOPT })
        }
        Err(error) if is_missing(&error) => {
            let reason = format!("message {sequence} of the stream {STREAM}, the ledger's checkpoint, is gone");
            Err(Ended::Stopped { reason, remedy: ADOPT })
        }
        Err(error) => Err(Ended::Retry(error.to_string())),
    }
}
