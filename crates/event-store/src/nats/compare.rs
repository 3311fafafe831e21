use std::{convert::Infallible, ops::Range, time::Duration};

use announcement::Position;
use async_nats::{Client, jetstream::stream::Stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    Cause, Ledger, Part, ReadError, Reader,
    nats::{
        log::{LOG_STREAM, Look, differs, position_of},
        stream::{Wanted, ensure},
        tail::{Ended, Numbered, Parts, Tail},
    },
};

/// Between two attempts to read the stream.
const RETRY: Duration = Duration::from_millis(500);
/// How long the ledger may take to come to a record that the stream has, before the stream is looked at again.
const BEHIND: Duration = Duration::from_secs(10);
/// How many of the messages that were there before are looked at in a second: a tenth of a core, and ten million in some eight minutes.
const SWEPT_PER_SECOND: f64 = 20_000.0;

/// Follows the stream of records and holds each against this ledger's own; says in `compared` up to which sequence they are the same. Ends once they aren't, with the
/// intake stopped, and where the stream lacks one, which stops nothing else.
///
/// When it begins it compares the last message that both have, and from then on each; those before it at leisure.
pub(super) async fn run(ledger: &Ledger, client: &Client, wanted: &Wanted, compared: watch::Sender<Option<u64>>) {
    let mut comparing = Comparing { ledger, client, wanted, compared, seen: None, unswept: 1..1 };
    loop {
        let Err(stopped) = comparing.round().await;
        match stopped {
            Stopped::Ended(Ended(reason)) => {
                tracing::debug!(reason, "the stream of records is read again");
                comparing.compared.send_replace(None);
                sleep(RETRY).await;
            }
            Stopped::Failed(error) => {
                tracing::error!(%error, "the stream of records can't be compared");
                let remedy = "see to the disk and start anew".to_owned();
                return ledger.set_log(Part::Stopped { cause: Cause::Disk, reason: error.to_string(), remedy });
            }
            Stopped::Differs(position) => {
                let reason = format!("the stream {LOG_STREAM} holds another record at position {position} than this ledger");
                tracing::error!(reason, remedy = REMEDY, "the intake stopped");
                ledger.set_log(Part::Stopped { cause: Cause::Roots, reason: reason.clone(), remedy: REMEDY.to_owned() });
                return ledger.stop_intake(Cause::Roots, reason, REMEDY).await;
            }
            Stopped::Lacks(first, last) => {
                let reason = format!("the stream {LOG_STREAM} lacks the records at positions {first} to {last}");
                tracing::error!(reason, remedy = LACKS, "the stream of records doesn't go on");
                return ledger.set_log(Part::Stopped { cause: Cause::Lacks, reason, remedy: LACKS.to_owned() });
            }
        }
    }
}

const REMEDY: &str = "find out which is right with handover verify and the other nodes: where it's the ledger, remove the stream (nats stream rm LEDGER) and start anew, it's \
                      filled again; else replace the data folder with a copy of another node's";

const LACKS: &str = "remove the stream (nats stream rm LEDGER) and start anew: it's filled again from the ledger";

/// Why a round of comparing ended.
enum Stopped {
    Ended(Ended),
    /// The ledger can't be read.
    Failed(ReadError),
    /// At this position.
    Differs(Position),
    /// From the first to the last of these positions the stream has nothing, and something after them.
    Lacks(Position, Position),
}

impl From<Ended> for Stopped {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

struct Comparing<'a> {
    ledger: &'a Ledger,
    client: &'a Client,
    wanted: &'a Wanted,
    compared: watch::Sender<Option<u64>>,
    /// The stream that was compared, by when it was made, and up to which sequence.
    seen: Option<(i128, u64)>,
    /// The sequences of the messages that were there before and haven't been looked at.
    unswept: Range<u64>,
}

impl Comparing<'_> {
    /// One connection's worth of comparing: the last message that was compared is looked at again, then each after it.
    async fn round(&mut self) -> Result<Infallible, Stopped> {
        let stream = match ensure(self.client, self.wanted).await {
            Ok(stream) => stream,
            Err(error) => {
                self.ledger.set_log(Part::Waiting { reason: error.to_string() });
                return Err(Ended(error.to_string()).into());
            }
        };
        let (made, last) = (stream.cached_info().created.unix_timestamp_nanos(), stream.cached_info().state.last_sequence);
        if let Some((first, last)) = lacking(&stream).await? {
            return Err(Stopped::Lacks(first, last));
        }
        let from = match self.seen {
            Some((before, compared)) if before == made => compared.min(last),
            Some(_) => 0,
            None => last.min(self.ledger.head().size),
        };
        match self.seen {
            Some((before, _)) if before == made => self.unswept.end = self.unswept.end.min(last + 1),
            Some(_) => self.unswept = 1..1,
            None => self.unswept = 1..from.max(1),
        }
        self.seen = Some((made, from));
        if last == 0 {
            self.compared.send_replace(Some(0));
        }
        let mut unswept = self.unswept.clone();
        let ended = {
            let sweeping = sweep(self.client, &stream, self.ledger.reader(), &mut unswept);
            tokio::select! {
                ended = self.follow(stream.clone(), made, from) => ended,
                ended = sweeping => ended,
            }
        };
        self.unswept = unswept;
        ended
    }

    /// Compares from a sequence on, and then what comes.
    async fn follow(&mut self, stream: Stream, made: i128, from: u64) -> Result<Infallible, Stopped> {
        let mut tail = Tail::begin(self.client, stream.clone(), from.max(1), Parts::All).await?;
        loop {
            let mut messages = tail.read().await?;
            while let Some(&(last, _)) = messages.last() {
                let size = self.ledger.head().size;
                let ahead = messages.split_off(messages.partition_point(|&(sequence, _)| sequence <= size));
                if let Some(&(compared, _)) = messages.last() {
                    if let Some(sequence) = compare(self.ledger.reader(), messages, Look::Whole).await? {
                        return Err(self.first_differing(stream, sequence).await?);
                    }
                    self.seen = Some((made, compared));
                    self.compared.send_replace(Some(compared));
                    self.ledger.set_log(Part::Running);
                }
                messages = ahead;
                if !messages.is_empty() && self.ledger.reader().wait_for(last, BEHIND).await.is_err() {
                    return Err(Ended("the stream of records is ahead of this ledger".to_owned()).into());
                }
            }
        }
    }

    /// Where a difference was found: looks for the first one from the stream's beginning on.
    async fn first_differing(&self, stream: Stream, found: u64) -> Result<Stopped, Stopped> {
        let mut tail = Tail::begin(self.client, stream.clone(), 1, Parts::HeadersOnly).await?;
        let mut next = 1;
        while next < found {
            let mut messages = tail.read().await?;
            next += messages.len() as u64;
            messages.retain(|&(sequence, _)| sequence < found);
            if let Some(first) = compare(self.ledger.reader(), messages, Look::Headers).await? {
                return Ok(Stopped::Differs(position(first)));
            }
        }
        // Read once more, in case the stream was made anew meanwhile.
        let mut again = Tail::begin(self.client, stream, found, Parts::All).await?.read().await?;
        again.truncate(1);
        match compare(self.ledger.reader(), again, Look::Whole).await? {
            Some(sequence) => Ok(Stopped::Differs(position(sequence))),
            None => Ok(Ended("a difference was gone when it was looked at again".to_owned()).into()),
        }
    }
}

/// The first and the last position of what a stream lacks of what it had: messages before its first one, or between others.
pub(super) async fn lacking(stream: &Stream) -> Result<Option<(Position, Position)>, Ended> {
    let state = &stream.cached_info().state;
    if state.first_sequence > 1 {
        return Ok(Some((position(1), position(state.first_sequence - 1))));
    }
    if state.deleted_count.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let info = stream.info_builder().with_deleted(true).fetch().await.map_err(Ended::unreachable)?;
    let mut deleted = info.info.state.deleted.unwrap_or_default();
    deleted.sort_unstable();
    let Some(&first) = deleted.first() else { return Ok(None) };
    let following = (first..).zip(&deleted).take_while(|(expected, found)| expected == *found);
    Ok(Some((position(first), position(following.last().map_or(first, |(last, _)| last)))))
}

/// Compares the messages that were there before, at leisure; never ends where they are the ledger's records.
async fn sweep(client: &Client, stream: &Stream, reader: Reader, unswept: &mut Range<u64>) -> Result<Infallible, Stopped> {
    if !unswept.is_empty() {
        let mut tail = Tail::begin(client, stream.clone(), unswept.start, Parts::All).await?;
        while !unswept.is_empty() {
            let begun = Instant::now();
            let mut messages = tail.read().await?;
            messages.retain(|(sequence, _)| unswept.contains(sequence));
            let Some(&(last, _)) = messages.last() else { break };
            if let Some(sequence) = compare(reader.clone(), messages, Look::Whole).await? {
                return Err(Stopped::Differs(position(sequence)));
            }
            let swept = last + 1 - unswept.start;
            unswept.start = last + 1;
            sleep_until(begun + Duration::from_secs_f64(swept as f64 / SWEPT_PER_SECOND)).await;
        }
        tracing::debug!("the stream of records holds what the ledger has, from its beginning on");
    }
    std::future::pending().await
}

fn position(sequence: u64) -> Position {
    position_of(sequence).expect("a stream's first message has sequence 1")
}

/// The first of these messages, without a gap, that isn't the reader's record at its place.
async fn compare(reader: Reader, messages: Vec<Numbered>, look: Look) -> Result<Option<u64>, Stopped> {
    let compared = tokio::task::spawn_blocking(move || {
        let mut records = Vec::new().into_iter();
        for (sequence, message) in &messages {
            if records.len() == 0 {
                let left = usize::try_from(messages.last().map_or(0, |(last, _)| last + 1 - sequence)).unwrap_or(usize::MAX);
                records = reader.range(position(*sequence), left)?.into_iter();
            }
            if records.next().is_none_or(|record| differs(message, &record, look)) {
                return Ok(Some(*sequence));
            }
        }
        Ok(None)
    });
    compared.await.unwrap_or(Ok(None)).map_err(Stopped::Failed)
}
