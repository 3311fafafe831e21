use announcement::{Digest, Fault, Problem};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Message, ReadError, index::Index, layout, state::RefusalBounds};

/// How many refusals are kept; the oldest go first.
pub const MAX_REFUSALS: u64 = 10_000;
/// How many bytes of refused messages are kept; the oldest go first.
pub const MAX_REFUSED_BYTES: u64 = 64 << 20;

/// A message that could not be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Its number; later refusals have higher ones.
    pub number: u64,
    /// The subject that it came on.
    pub subject: String,
    /// SHA-256 of its body.
    pub digest: Digest,
    /// Its place in the stream, when it came last.
    pub sequence: Option<u64>,
    /// When it came last.
    pub time: Timestamp,
    /// How often it came.
    pub times: u64,
    /// Why it was refused.
    pub problem: Problem,
    /// How many bytes of it are kept: none where the problem is personal data.
    pub kept: u64,
}

/// Keeps a refused message, or counts it once more.
pub(crate) fn keep(index: &mut Index<'_>, bounds: &mut RefusalBounds, message: &Message, problem: &Problem) -> Result<(), ReadError> {
    let digest = Digest::of(&message.body);
    if let Some(number) = index.refusal_of(&message.subject, digest)?
        && let Some(mut known) = find(index, number)?
    {
        known.times += 1;
        known.time = message.time;
        known.sequence = message.sequence;
        known.problem = problem.clone();
        write(index, &known);
        return Ok(());
    }
    let body: &[u8] = if problem.is(Fault::PersonalData) { &[] } else { &message.body };
    let refusal = Refusal {
        number: bounds.next,
        subject: message.subject.clone(),
        digest,
        sequence: message.sequence,
        time: message.time,
        times: 1,
        problem: problem.clone(),
        kept: body.len() as u64,
    };
    write(index, &refusal);
    index.put(layout::refusal_of(&message.subject, digest), &refusal.number.to_be_bytes());
    index.put(layout::refused_bytes(refusal.number), body);
    bounds.next += 1;
    bounds.kept += 1;
    bounds.bytes += refusal.kept;
    while bounds.kept > MAX_REFUSALS || bounds.bytes > MAX_REFUSED_BYTES {
        let oldest = bounds.oldest;
        bounds.oldest += 1;
        if let Some(refusal) = find(index, oldest)? {
            forget(index, bounds, &refusal);
        }
    }
    Ok(())
}

/// What was refused and is recorded now is no refusal any more.
pub(crate) fn settle(index: &mut Index<'_>, bounds: &mut RefusalBounds, message: &Message) -> Result<(), ReadError> {
    if let Some(number) = index.refusal_of(&message.subject, Digest::of(&message.body))?
        && let Some(refusal) = find(index, number)?
    {
        forget(index, bounds, &refusal);
    }
    Ok(())
}

fn find(index: &Index<'_>, number: u64) -> Result<Option<Refusal>, ReadError> {
    Ok(index.get(&layout::refusal(number))?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn write(index: &mut Index<'_>, refusal: &Refusal) {
    index.put(layout::refusal(refusal.number), &serde_json::to_vec(refusal).expect("a refusal is plain data"));
}

fn forget(index: &mut Index<'_>, bounds: &mut RefusalBounds, refusal: &Refusal) {
    index.remove(layout::refusal(refusal.number));
    index.remove(layout::refused_bytes(refusal.number));
    index.remove(layout::refusal_of(&refusal.subject, refusal.digest));
    bounds.kept -= 1;
    bounds.bytes -= refusal.kept;
}
