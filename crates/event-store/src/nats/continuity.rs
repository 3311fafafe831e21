use announcement::Digest;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, RawMessageError, Stream};
use jiff::Timestamp;

use crate::{
    Epoch, Head,
    commit::CATCH_UP,
    nats::{EPOCH_SUBJECT, STREAM},
    state::{Checkpoint, Seen},
    writer::Begun,
};

/// What a stream holds around a ledger's checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) first: u64,
    pub(super) last: u64,
    /// The message at the checkpoint.
    pub(super) at_checkpoint: Option<Seen>,
    /// The sequence of the first message after the checkpoint.
    pub(super) next: Option<u64>,
    /// The last epoch that a ledger began on it.
    pub(super) epoch: Option<Epoch>,
}

/// Whether a ledger may go on with a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It reads the message with this sequence next.
    GoOn { next: u64 },
    /// It joins the epoch that a ledger with the same records began.
    Join(Epoch),
    /// It doesn't, unless an operator adopts the stream from this sequence on.
    Stop { reason: String, remedy: &'static str, adopt_from: u64 },
}

/// Looks at the stream around the checkpoint. Only its leader answers, so what's missing is missing.
pub(super) async fn look(stream: &Stream, checkpoint: Option<&Checkpoint>) -> Result<Found, RawMessageError> {
    let state = &stream.cached_info().state;
    let mut found = Found { first: state.first_sequence, last: state.last_sequence, ..Found::default() };
    let sequence = checkpoint.map_or(0, |checkpoint| checkpoint.sequence);
    if checkpoint.is_some_and(|checkpoint| checkpoint.message.is_some()) {
        found.at_checkpoint = seen_at(stream, sequence).await?;
    }
    found.next = present(stream.get_first_raw_message_by_subject(">", sequence + 1).await)?.map(|message| message.sequence);
    let epoch = present(stream.get_last_raw_message_by_subject(EPOCH_SUBJECT).await)?;
    found.epoch = epoch.and_then(|message| serde_json::from_slice(&message.payload).ok());
    Ok(found)
}

/// What recognises the message with this sequence; nothing where it isn't there.
pub(super) async fn seen_at(stream: &Stream, sequence: u64) -> Result<Option<Seen>, RawMessageError> {
    if sequence == 0 {
        return Ok(None);
    }
    Ok(present(stream.get_raw_message(sequence).await)?.and_then(|message| {
        let time = Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).ok()?;
        Some(Seen { time, digest: Digest::of(&message.payload) })
    }))
}

pub(super) fn present<T>(answer: Result<T, RawMessageError>) -> Result<Option<T>, RawMessageError> {
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) => match error.kind() {
            LastRawMessageErrorKind::NoMessageFound => Ok(None),
            LastRawMessageErrorKind::JetStream(reason) if reason.error_code() == async_nats::jetstream::ErrorCode::NO_MESSAGE_FOUND => Ok(None),
            _ => Err(error),
        },
    }
}

/// Decides whether a ledger that stands there may go on with what was found.
pub(super) fn judge(begun: &Begun, found: &Found) -> Verdict {
    if let Some(goal) = &begun.goal {
        let reason = format!("{} of {} records of another node were taken over", begun.head.size, goal.size);
        return Verdict::Stop { reason, remedy: "take over the rest: handover ledger catch-up --from ledger", adopt_from: found.first.max(1) };
    }
    let begun_elsewhere = found.epoch.as_ref().filter(|epoch| epoch.epoch > begun.head.epoch);
    let Some(broken) = broken(begun, found) else {
        let next = begun.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence) + 1;
        return match begun_elsewhere.filter(|epoch| next == 1 && epoch.size > 0 && epoch.from_sequence <= next) {
            Some(epoch) => Verdict::Stop { reason: epoch_of_others(&begun.head, epoch), remedy: CATCH_UP, adopt_from: next },
            None => Verdict::GoOn { next },
        };
    };
    match begun_elsewhere {
        Some(epoch) if begun.head.differs_from(epoch).is_none() => Verdict::Join(epoch.clone()),
        Some(epoch) => {
            let reason = format!("{}; {}", broken.reason, epoch_of_others(&begun.head, epoch));
            Verdict::Stop { reason, remedy: CATCH_UP, adopt_from: broken.adopt_from }
        }
        None => Verdict::Stop { reason: broken.reason, remedy: broken.remedy, adopt_from: broken.adopt_from },
    }
}

fn epoch_of_others(head: &Head, epoch: &Epoch) -> String {
    head.differs_from(epoch).unwrap_or_else(|| format!("epoch {} was begun", epoch.epoch))
}

/// Where the stream doesn't go on from the checkpoint.
struct Broken {
    reason: String,
    remedy: &'static str,
    adopt_from: u64,
}

const GAP: &str = "take over what is missing from a node that has it: handover ledger catch-up --from ledger, or from a newer backup: --from backup DIR; where none has it, \
                   restore the stream, or let the ledger go on without: handover ledger adopt-stream";

const ADOPT: &str = "restore the stream, or let the ledger go on with it as it is: handover ledger adopt-stream";

fn broken(begun: &Begun, found: &Found) -> Option<Broken> {
    let beginning = found.first.max(1);
    let broken = |reason: String, remedy: &'static str, adopt_from: u64| Some(Broken { reason, remedy, adopt_from });
    let Some(Checkpoint { sequence, message }) = &begun.checkpoint else {
        if begun.head.size > 0 {
            let reason = "the ledger holds records that came from no stream".to_owned();
            return broken(reason, "let it go on with this stream: handover ledger adopt-stream", beginning);
        }
        if beginning > 1 {
            let reason = format!("messages 1 to {} of the stream {STREAM} are gone, and this ledger is empty", beginning - 1);
            let remedy = "take the records over from another node: handover ledger catch-up --from ledger; or start with a backup or a copy of another node's data folder; \
                          where there is none: handover ledger adopt-stream";
            return broken(reason, remedy, beginning);
        }
        return gap(0, found);
    };
    if found.last < *sequence {
        let reason =
            format!("the stream {STREAM} ends at message {}, before the ledger's checkpoint {sequence}: it was lost, rolled back or made anew", found.last);
        return broken(reason, ADOPT, beginning);
    }
    if let Some(seen) = message.as_ref().filter(|_| found.first <= *sequence) {
        match &found.at_checkpoint {
            Some(there) if there == seen => {}
            Some(_) => {
                let reason = format!("message {sequence} of the stream {STREAM} isn't the one that the ledger read: the stream was rolled back or made anew");
                return broken(reason, ADOPT, beginning);
            }
            None => {
                let reason = format!("message {sequence} of the stream {STREAM}, the ledger's checkpoint, is gone");
                return broken(reason, ADOPT, found.next.unwrap_or(found.last + 1));
            }
        }
    }
    if message.is_some() && found.first == sequence + 1 {
        // Nothing is missing if it's the same stream, which can't be seen any more.
        let reason = format!("the stream {STREAM} was trimmed up to message {sequence}, the ledger's checkpoint, by which it's recognised");
        return broken(reason, "where nobody lost or restored the stream, nothing is missing; let the ledger go on: handover ledger adopt-stream", found.first);
    }
    gap(*sequence, found)
}

/// Messages after the checkpoint that the stream doesn't have, though it has later ones or had them.
fn gap(sequence: u64, found: &Found) -> Option<Broken> {
    let next = found.next.unwrap_or_else(|| found.last.max(sequence) + 1);
    (next > sequence + 1).then(|| Broken {
        reason: format!("messages {} to {} of the stream {STREAM} are missing", sequence + 1, next - 1),
        remedy: GAP,
        adopt_from: next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        state::{Goal, State},
        writer::Round,
    };

    fn seen(number: u8) -> Seen {
        Seen { time: Timestamp::UNIX_EPOCH, digest: Digest::of(&[number]) }
    }

    /// A ledger of `size` records that read up to a sequence, whose message it remembers by a number.
    fn ledger(size: u64, read: Option<(u64, Option<u8>)>) -> Begun {
        let checkpoint = read.map(|(sequence, message)| Checkpoint { sequence, message: message.map(seen) });
        Begun { round: Round::default(), checkpoint, head: Head { size, ..State::default().head() }, goal: None }
    }

    /// A stream with the messages from `first` to `last`.
    fn stream(first: u64, last: u64, at_checkpoint: Option<u8>, next: Option<u64>) -> Found {
        Found { first, last, at_checkpoint: at_checkpoint.map(seen), next, epoch: None }
    }

    fn check(begun: &Begun, found: &Found, expect: Result<u64, (&str, u64)>) {
        match (judge(begun, found), expect) {
            (Verdict::GoOn { next }, Ok(expected)) => assert_eq!(next, expected),
            (Verdict::Stop { reason, adopt_from, .. }, Err((expected, from))) => {
                assert!(reason.contains(expected), "{reason}");
                assert_eq!(adopt_from, from, "{reason}");
            }
            (verdict, expect) => panic!("{verdict:?}, and not {expect:?}"),
        }
    }

    #[test]
    fn a_stream_that_goes_on_from_the_checkpoint_is_read_on() {
        check(&ledger(0, None), &stream(0, 0, None, None), Ok(1));
        check(&ledger(0, None), &stream(1, 9, None, Some(1)), Ok(1));
        check(&ledger(5, Some((7, Some(7)))), &stream(1, 7, Some(7), None), Ok(8));
        check(&ledger(5, Some((7, Some(7)))), &stream(1, 9, Some(7), Some(8)), Ok(8));
        // trimmed below the checkpoint
        check(&ledger(5, Some((7, Some(7)))), &stream(7, 9, Some(7), Some(8)), Ok(8));
        // just adopted: no message is remembered
        check(&ledger(5, Some((0, None))), &stream(1, 2, None, Some(1)), Ok(1));
        check(&ledger(5, Some((60, None))), &stream(61, 70, None, Some(61)), Ok(61));
    }

    #[test]
    fn a_stream_that_was_lost_rolled_back_or_made_anew_is_not_read_on() {
        let begun = ledger(5, Some((7, Some(7))));
        check(&begun, &stream(0, 0, None, None), Err(("ends at message 0, before the ledger's checkpoint 7", 1)));
        check(&begun, &stream(1, 6, None, None), Err(("ends at message 6, before the ledger's checkpoint 7", 1)));
        check(&begun, &stream(1, 7, Some(8), None), Err(("isn't the one that the ledger read", 1)));
        check(&begun, &stream(3, 20, Some(8), Some(8)), Err(("isn't the one that the ledger read", 3)));
        check(&begun, &stream(1, 20, None, Some(9)), Err(("the ledger's checkpoint, is gone", 9)));
        check(&ledger(5, None), &stream(1, 20, None, Some(1)), Err(("came from no stream", 1)));
    }

    #[test]
    fn a_gap_names_exactly_what_is_missing() {
        let begun = ledger(5, Some((7, Some(7))));
        check(&begun, &stream(1, 20, Some(7), Some(12)), Err(("messages 8 to 11 of", 12)));
        check(&begun, &stream(1, 20, Some(7), None), Err(("messages 8 to 20 of", 21)));
        check(&begun, &stream(15, 20, None, Some(15)), Err(("messages 8 to 14 of", 15)));
        check(&begun, &stream(21, 20, None, None), Err(("messages 8 to 20 of", 21)));
        check(&ledger(0, None), &stream(4, 20, None, Some(4)), Err(("messages 1 to 3 of", 4)));
        check(&ledger(0, None), &stream(1, 20, None, Some(2)), Err(("messages 1 to 1 of", 2)));
    }

    #[test]
    fn a_stream_without_the_checkpoints_own_message_can_not_be_recognised() {
        let begun = ledger(5, Some((7, Some(7))));
        check(&begun, &stream(8, 7, None, None), Err(("trimmed up to message 7", 8)));
        check(&begun, &stream(8, 20, None, Some(8)), Err(("trimmed up to message 7", 8)));
    }

    #[test]
    fn a_ledger_that_has_half_of_another_nodes_records_reads_nothing_before_it_has_the_rest() {
        let goal = Goal { size: 9, root: Digest::of(b"root"), epoch: 0, checkpoint: Checkpoint { sequence: 7, message: None } };
        let begun = Begun { goal: Some(goal), ..ledger(5, Some((7, Some(7)))) };
        check(&begun, &stream(1, 9, Some(7), Some(8)), Err(("5 of 9 records of another node were taken over", 1)));
    }

    #[test]
    fn an_epoch_is_joined_with_the_same_records_only() {
        let begun = ledger(5, Some((7, Some(7))));
        let epoch = |number: u64, size: u64| Epoch { epoch: number, size, root: begun.head.root, from_sequence: 1 };
        let lost = |epoch: Epoch| Found { epoch: Some(epoch), ..stream(1, 3, None, None) };
        assert_eq!(judge(&begun, &lost(epoch(1, 5))), Verdict::Join(epoch(1, 5)));
        check(&begun, &lost(epoch(1, 6)), Err(("was begun by a ledger of 6 records", 1)));
        // an epoch that this ledger has behind it explains nothing
        check(&begun, &lost(epoch(0, 5)), Err(("before the ledger's checkpoint 7", 1)));
        // where nothing is broken the epoch is met in its place
        let whole = Found { epoch: Some(epoch(1, 6)), ..stream(1, 9, Some(7), Some(8)) };
        check(&begun, &whole, Ok(8));
    }

    #[test]
    fn an_empty_ledger_does_not_read_a_stream_that_another_ledger_had_moved_to() {
        let begun = ledger(0, None);
        let epoch = |from_sequence: u64| Epoch { epoch: 1, size: 6, root: begun.head.root, from_sequence };
        let found = |epoch: Epoch| Found { epoch: Some(epoch), ..stream(1, 9, None, Some(1)) };
        check(&begun, &found(epoch(1)), Err(("was begun by a ledger of 6 records", 1)));
        // it can get there by reading what came before the epoch
        check(&begun, &found(epoch(5)), Ok(1));
    }
}
