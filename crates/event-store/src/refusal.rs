use announcement::{Digest, Fault, Problem};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Message, ReadError,
    index::{Found, Index},
    layout,
    state::RefusalBounds,
};

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
    /// The headers of a binary-mode event, without which its body is no event; none where nothing is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// How many bytes of it are kept, headers included: none where the problem is personal data, where its headers are larger than any event's, or where it was dropped.
    pub kept: u64,
    /// Why an operator dropped its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Dropped>,
}

/// Why an operator dropped a refused message's bytes; that it was refused stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The operator's words.
    pub reason: String,
    /// When.
    pub time: Timestamp,
}

impl Refusal {
    /// Whether it may be of the event with this source and id: a binary-mode event has them in its headers, another's digest tells it.
    pub(crate) fn may_name(&self, names: Option<(&str, Uuid)>) -> bool {
        let Some((source, id)) = names else { return true };
        let header = |wanted: &str| self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str());
        header("ce-source").is_none_or(|found| found == source) && header("ce-id").is_none_or(|found| found == id.to_string())
    }
}

/// The most characters of a problem's detail, and of its pointer: both may repeat what was sent.
const MAX_DETAIL: usize = 1_000;

/// The most bytes of a refused message's headers that are kept: no event has as many, and a refusal stays small, however JSON spells them.
const MAX_HEADERS: usize = 8 << 10;

/// A problem as it's kept and answered: bounded, whatever it repeats.
pub(crate) fn shortened(mut problem: Problem) -> Problem {
    [Some(&mut problem.detail), problem.pointer.as_mut()].into_iter().flatten().for_each(shorten);
    problem
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(MAX_DETAIL) {
        text.truncate(end);
        text.push('…');
    }
}

/// Keeps a refused message, or counts it once more.
pub(crate) fn keep(index: &mut Index<'_>, bounds: &mut RefusalBounds, message: &Message, problem: &Problem) -> Result<(), ReadError> {
    let digest = Digest::of(&message.body);
    let name = layout::refusal_of(&message.subject, digest, &event_headers(message));
    if let Some(known) = known(index, &name)? {
        return count_again(index, bounds, known, message, problem);
    }
    let size = |headers: &[(String, String)]| headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    let (body, headers): (&[u8], _) = match event_headers(message) {
        headers if problem.is(Fault::PersonalData) || size(&headers) > MAX_HEADERS => (&[], Vec::new()),
        headers => (&message.body, headers),
    };
    let headers_size = size(&headers);
    let mut subject = message.subject.clone();
    shorten(&mut subject);
    let refusal = Refusal {
        number: bounds.next,
        subject,
        digest,
        sequence: message.sequence,
        time: message.time,
        times: 1,
        problem: problem.clone(),
        headers,
        kept: (body.len() + headers_size) as u64,
        dropped: None,
    };
    write(index, &refusal);
    index.put(layout::name_of_refusal(refusal.number), &name);
    index.put(name, &refusal.number.to_be_bytes());
    index.put(layout::refused_bytes(refusal.number), body);
    bounds.next += 1;
    bounds.kept += 1;
    bounds.bytes += refusal.kept;
    while bounds.kept > MAX_REFUSALS || bounds.bytes > MAX_REFUSED_BYTES {
        let oldest = bounds.oldest;
        bounds.oldest += 1;
        if let Some(refusal) = find(index, oldest)? {
            forget(index, bounds, &refusal)?;
        }
    }
    Ok(())
}

fn count_again(index: &mut Index<'_>, bounds: &mut RefusalBounds, known: Refusal, message: &Message, problem: &Problem) -> Result<(), ReadError> {
    let mut again = Refusal { times: known.times + 1, time: message.time, sequence: message.sequence, problem: problem.clone(), ..known };
    if problem.is(Fault::PersonalData) && again.kept > 0 {
        bounds.bytes -= again.kept;
        again.kept = 0;
        again.headers = Vec::new();
        index.put(layout::refused_bytes(again.number), &[]);
    }
    write(index, &again);
    Ok(())
}

/// Drops the bytes of a refused message, with the reason. `None` where there is no such refusal.
pub(crate) fn drop_bytes(index: &mut Index<'_>, bounds: &mut RefusalBounds, number: u64, mut dropped: Dropped) -> Result<Option<Refusal>, ReadError> {
    let Some(found) = find(index, number)? else { return Ok(None) };
    bounds.bytes -= found.kept;
    shorten(&mut dropped.reason);
    let refusal = Refusal { kept: 0, headers: Vec::new(), dropped: Some(dropped), ..found };
    index.put(layout::refused_bytes(number), &[]);
    write(index, &refusal);
    Ok(Some(refusal))
}

/// Drops the bytes of every refusal of the message that a record came of, and of those that name its event, and gives the numbers. What a problem repeats goes too.
pub(crate) fn drop_redacted(index: &mut Index<'_>, bounds: &mut RefusalBounds, record: &Found, dropped: &Dropped) -> Result<Vec<u64>, ReadError> {
    let envelope = &record.announcement.envelope;
    let mut numbers = Vec::new();
    for number in bounds.oldest..bounds.next {
        let Some(found) = find(index, number)? else { continue };
        let same = found.digest == record.record.digest() || found.kept > 0 && names(index, &found)? == Some((envelope.source.clone(), envelope.id));
        if same && let Some(mut refusal) = drop_bytes(index, bounds, number, dropped.clone())? {
            (refusal.problem.detail, refusal.problem.pointer) = (String::new(), None);
            write(index, &refusal);
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// The source and id that a refused message gives its event.
fn names(index: &Index<'_>, refusal: &Refusal) -> Result<Option<(String, Uuid)>, ReadError> {
    #[derive(Deserialize)]
    struct Names {
        source: String,
        id: Uuid,
    }
    let header = |wanted: &str| refusal.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str());
    if let Some((source, id)) = header("ce-source").zip(header("ce-id")) {
        return Ok(id.parse().ok().map(|id| (source.to_owned(), id)));
    }
    let body = index.get(&layout::refused_bytes(refusal.number))?.unwrap_or_default();
    Ok(serde_json::from_slice(&body).ok().map(|Names { source, id }| (source, id)))
}

/// What was refused and is recorded now is no refusal any more.
pub(crate) fn settle(index: &mut Index<'_>, bounds: &mut RefusalBounds, message: &Message) -> Result<(), ReadError> {
    if bounds.kept == 0 {
        return Ok(());
    }
    let name = layout::refusal_of(&message.subject, Digest::of(&message.body), &event_headers(message));
    known(index, &name)?.map_or(Ok(()), |refusal| forget(index, bounds, &refusal))
}

fn known(index: &Index<'_>, name: &[u8]) -> Result<Option<Refusal>, ReadError> {
    let number = index.get(name)?.as_deref().and_then(layout::number);
    number.map(|number| find(index, number)).transpose().map(Option::flatten)
}

/// The headers that make a binary-mode event.
fn event_headers(message: &Message) -> Vec<(String, String)> {
    if !announcement::is_binary(message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))) {
        return Vec::new();
    }
    let is_event = |name: &str| name.eq_ignore_ascii_case("content-type") || name.get(..3).is_some_and(|prefix| prefix.eq_ignore_ascii_case("ce-"));
    message.headers.iter().filter(|(name, _)| is_event(name)).cloned().collect()
}

fn find(index: &Index<'_>, number: u64) -> Result<Option<Refusal>, ReadError> {
    Ok(index.get(&layout::refusal(number))?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn write(index: &mut Index<'_>, refusal: &Refusal) {
    index.put(layout::refusal(refusal.number), &serde_json::to_vec(refusal).expect("a refusal is plain data"));
}

fn forget(index: &mut Index<'_>, bounds: &mut RefusalBounds, refusal: &Refusal) -> Result<(), ReadError> {
    if let Some(name) = index.get(&layout::name_of_refusal(refusal.number))? {
        index.remove(name);
    }
    index.remove(layout::name_of_refusal(refusal.number));
    index.remove(layout::refusal(refusal.number));
    index.remove(layout::refused_bytes(refusal.number));
    bounds.kept -= 1;
    bounds.bytes -= refusal.kept;
    Ok(())
}

#[cfg(test)]
mod tests {
    use announcement::Publisher;

    use super::*;
    use crate::{
        bench::{Bench, message},
        commit::Commit,
        state::State,
    };

    #[test]
    fn a_refusal_is_kept_once_with_its_bytes_and_counted() {
        let mut bench = Bench::new();
        bench.commit(&[message("announce.a", "{"), message("announce.a", "{"), message("announce.b", "{")]);
        bench.commit(&[message("announce.a", "{")]);
        let refusals = bench.reader().refusals(0, 10).unwrap();
        let kept: Vec<_> = refusals.iter().map(|refusal| (refusal.subject.as_str(), refusal.times, refusal.kept)).collect();
        assert_eq!(kept, [("handover.announce.a", 3, 1), ("handover.announce.b", 1, 1)]);
        assert_eq!(bench.reader().refused_bytes(0).unwrap().unwrap(), b"{");
        assert_eq!((bench.state.refusals.kept, bench.state.refusals.bytes, bench.state.head().refused), (2, 2, 2));
    }

    #[test]
    fn personal_data_is_refused_and_nothing_of_it_is_kept() {
        let mut bench = Bench::new();
        let event = r#"{"specversion":"1.0","id":"00000000-0000-7000-8000-000000000001","source":"urn:example","type":"org.handover.completed.v1","data":
            {"announced":"2026-02-26","announcer":null,"note":"write to person.one@example.org","exchange":{"date":"2026-02-26"},"transfers":[]}}"#;
        bench.commit(&[message("announce.a", event)]);
        let refusal = bench.reader().refusal(0).unwrap().unwrap();
        assert!(refusal.problem.is(Fault::PersonalData), "{refusal:?}");
        assert_eq!((refusal.kept, bench.reader().refused_bytes(0).unwrap().unwrap()), (0, Vec::new()));
        let contents = bench.contents();
        assert!(contents.records.is_empty());
        let found = contents.keys.into_iter().any(|(key, value)| [key, value].iter().any(|bytes| bytes.windows(10).any(|window| window == b"person.one")));
        assert!(!found, "something of it is in the store");
    }

    #[test]
    fn refused_binary_mode_events_of_one_body_are_kept_apart_with_their_headers() {
        let mut bench = Bench::new();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let binary = |id: &str| Message {
            headers: vec![header("ce-specversion", "1.0"), header("ce-id", id), header("ce-source", "urn:example"), header("Nats-Msg-Id", "x")],
            ..message("announce.a", "{}")
        };
        let ids = ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"];
        bench.commit(&[binary(ids[0]), binary(ids[1]), binary(ids[1])]);
        let refusals = bench.reader().refusals(0, 10).unwrap();
        assert_eq!(refusals.iter().map(|refusal| refusal.times).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(refusals[1].headers, binary(ids[1]).headers[..3]);
        let publisher: Publisher = "a".parse().unwrap();
        let receipt = |id: &str| bench.reader().receipt(&publisher, Digest::of(b"{}"), Some(("urn:example", id.parse().unwrap()))).unwrap();
        assert!(receipt(ids[0]).is_some() && receipt(ids[1]).is_some());
        assert!(receipt("00000000-0000-7000-8000-000000000003").is_none());
    }

    #[test]
    fn the_oldest_refusals_go_where_there_are_too_many_or_too_large_ones() {
        let bench = Bench::new();
        let kept_of = |count: u64, body: &dyn Fn(u64) -> Vec<u8>| {
            let mut commit = Commit::begin(&bench.store, State::default());
            (0..count).for_each(|number| drop(commit.take(&message("announce.a", body(number))).unwrap()));
            commit.finish().state.refusals
        };
        let many = kept_of(MAX_REFUSALS + 7, &|number| number.to_be_bytes().to_vec());
        assert_eq!((many.kept, many.oldest, many.next), (MAX_REFUSALS, 7, MAX_REFUSALS + 7));
        let large = |number: u64| [&number.to_be_bytes()[..], &[0; 64_992]].concat();
        let fit = MAX_REFUSED_BYTES / 65_000;
        let few = kept_of(fit + 3, &large);
        assert_eq!((few.kept, few.oldest, few.bytes), (fit, 3, fit * 65_000));
    }

    #[test]
    fn the_refusal_that_came_last_is_found_among_more_than_a_page_of_them() {
        let mut bench = Bench::new();
        assert_eq!(bench.reader().last_refusal().unwrap(), None);
        let refused = |number: usize| message("announce.a", format!("{{{number}"));
        bench.commit(&(0..crate::MAX_PAGE + 2).map(refused).collect::<Vec<_>>());
        let last = |bench: &Bench| bench.reader().last_refusal().unwrap().unwrap().number;
        assert_eq!(last(&bench), crate::MAX_PAGE as u64 + 1);
        bench.commit(&[Message { time: "2026-03-01T12:00:01Z".parse().unwrap(), ..refused(7) }]);
        assert_eq!(last(&bench), 7, "it came again");
    }

    #[test]
    fn what_a_problem_repeats_is_bounded() {
        let long = "ä".repeat(5_000);
        let problem = shortened(Problem::at(Fault::UnknownField, &long, &long));
        assert_eq!(problem.detail.chars().count(), MAX_DETAIL + 1);
        assert_eq!(problem.pointer.unwrap().chars().count(), MAX_DETAIL + 1);
        let short = Problem::at(Fault::UnknownField, "/x", "y");
        assert_eq!(shortened(short.clone()), short);
    }
}
