use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Announcement, Announcer, Data, Digest, Envelope, Exchange, ExchangeKey, PlannedExchange, Position, Problem, Record, Replacement, canonical::content_digest,
};

/// What is kept of a record's payload after an operator had it removed, beside the skeleton of its event: what later decisions and proofs ask of it.
///
/// Only the leaf is covered by the ledger's tree; what else stands here is the word of the ledger that removed the payload.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// The record that says so, and why.
    pub by: Position,
    /// The leaf hash of the whole record.
    pub leaf: Digest,
    /// SHA-256 of the event's bytes as accepted.
    pub bytes: Digest,
    /// SHA-256 of its canonical form (RFC 8785), where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
    /// SHA-256 of the announcer's party and office, where it had an announcer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<Digest>,
}

impl Record {
    /// This record without its payload: in its event's place stands the [skeleton](Announcement::skeleton).
    ///
    /// # Errors
    /// The event isn't one of this version.
    pub fn redact(&self, by: Position) -> Result<Self, Problem> {
        if self.removed.is_some() {
            return Ok(self.clone());
        }
        let announcement = self.announcement()?;
        let removed = Removed {
            by,
            leaf: self.leaf(),
            bytes: self.digest(),
            content: content_digest(&self.event),
            office: announcement.data.announcer().map(Announcer::office_digest),
        };
        let event = announcement.skeleton().to_bytes();
        Ok(Self { event, removed: Some(Box::new(removed)), ..self.clone() })
    }
}

impl Announcement {
    /// The same event without anything that could hold words or a count: its identity, kind, days, exchange keys and targets, which have forms that can hold neither.
    #[must_use]
    pub fn skeleton(&self) -> Self {
        let Envelope { id, source, .. } = &self.envelope;
        let subject = self.key();
        let envelope = Envelope { id: *id, source: source.clone(), subject, time: None, dataschema: None, extensions: Default::default() };
        Self { envelope, data: skeleton(&self.data) }
    }

    /// The bytes of a skeleton.
    fn to_bytes(&self) -> Vec<u8> {
        let Envelope { id, source, subject, .. } = &self.envelope;
        let mut event = json!({"specversion": "1.0", "id": id, "source": source, "type": self.kind().event_type()});
        if let Some(subject) = subject {
            event["subject"] = json!(subject);
        }
        event["data"] = json!(self.data);
        event.to_string().into_bytes()
    }
}

impl Announcer {
    /// The digest of party and office: two announcers have the same where they [speak in one office](Self::same_office).
    #[must_use]
    pub fn office_digest(&self) -> Digest {
        let office = self.office.as_deref().map_or(String::new(), |office| format!("\0{office}"));
        Digest::of(format!("{}{office}", self.party.as_str()).as_bytes())
    }
}

/// Takes all out that may be left out, and of what may not be left out what has no form that excludes words and counts.
fn skeleton(data: &Data) -> Data {
    let mut data = data.clone();
    macro_rules! bare {
        ($($kind:ident $data:ident $more:block)*) => {
            match &mut data {
                $(Data::$kind($data) => {
                    ($data.announcer, $data.report, $data.note, $data.ext) = (None, None, None, None);
                    $more
                })*
            }
        };
    }
    bare! {
        Planned data { data.exchange = planned(&data.exchange); data.transfers.clear(); data.both_ways = None; data.third_parties = None; }
        Completed data { data.exchange = exchange(&data.exchange); data.transfers.clear(); data.third_parties = None; }
        Confirmed data { data.exchange = exchange(&data.exchange); data.transfers.clear(); data.third_parties = None; }
        Postponed data { data.exchange = exchange(&data.exchange); data.by = None; data.reason.clear(); }
        Cancelled data { data.exchange = exchange(&data.exchange); data.by = None; data.reason.clear(); }
        Offered data { data.transfers.clear(); }
        Aggregate data { data.scope = None; data.transfers.clear(); data.both_ways = None; data.exchanges = None; }
        Stock data { data.held.clear(); }
        Channel data { data.since = None; data.blames = None; }
        Contact data { data.with.clear(); data.place = None; data.topic = None; }
        Agreement data { data.framework.clear(); data.transfers.clear(); data.third_parties = None; }
        Mediation data { data.third_parties.clear(); data.exchange = data.exchange.as_ref().map(exchange); }
        Identity data { data.exchange = data.exchange.as_ref().map(exchange); data.transfers.clear(); }
        Disputed data { data.claim = None; data.reason.clear(); data.transfers = None; }
        Corrected data { data.reason.clear(); data.replacement = replacement(&data.replacement); }
        Retracted data { data.reason.clear(); }
        Linked data {}
        Merged data {}
        Split data {}
        Quarantined data { data.reason.clear(); }
        Released data { data.reason.clear(); }
        Redacted data { data.reason.clear(); }
    }
    data
}

fn exchange(whole: &Exchange) -> Exchange {
    Exchange { date: whole.date, place: None, framework: None, part_of: whole.part_of.clone(), stage: None, by: None }
}

fn planned(whole: &PlannedExchange) -> PlannedExchange {
    PlannedExchange { date: whole.date, place: None, framework: None, part_of: whole.part_of.clone(), stage: None, by: None }
}

/// It keeps the key that its date and transfers give.
fn replacement(whole: &Replacement) -> Replacement {
    let derived = || ExchangeKey::derive(whole.data.exchange_date()?, whole.data.transfers());
    Replacement { kind: whole.kind, subject: whole.subject.clone().or_else(derived), data: Box::new(skeleton(&whole.data)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Publisher, decode};

    fn golden() -> Vec<Record> {
        let read = |kind: &Kind| std::fs::read(format!("{}/golden/{}.json", env!("CARGO_MANIFEST_DIR"), kind.as_str())).unwrap();
        let record = |(position, event)| Record {
            position: Position::new(position),
            recorded: "2026-03-01T12:00:00Z".parse().unwrap(),
            publisher: Publisher::local(),
            event,
            removed: None,
        };
        (0..).zip(Kind::ALL.iter().map(read)).map(record).collect()
    }

    #[test]
    fn what_is_left_of_each_kind_is_an_event_of_the_same_identity_kind_key_and_targets() {
        for whole in golden() {
            let (before, left) = (whole.announcement().unwrap(), whole.redact(Position::new(99)).unwrap());
            let after = left.announcement().unwrap();
            assert_eq!(after, before.skeleton(), "{}", String::from_utf8_lossy(&left.event));
            assert_eq!((after.kind(), after.key(), after.envelope.id), (before.kind(), before.key(), before.envelope.id));
            assert_eq!((after.data.targets(), after.data.revises()), (before.data.targets(), before.data.revises()));
            assert_eq!((after.data.announced(), after.data.part_of()), (before.data.announced(), before.data.part_of()));
            assert_eq!(after.skeleton(), after, "nothing more can be taken");
            assert_eq!((left.leaf(), left.digest()), (whole.leaf(), Digest::of(&whole.event)));
            assert!(left.same_content(&whole.event) && left.same_content(&[b" ", &whole.event[..]].concat()));
            assert!(!left.same_content(&left.event));
            assert_eq!(left.redact(Position::new(100)).unwrap(), left, "the first redaction stays");
        }
    }

    /// Every text of an event but those of its identity, kind, days, keys, parties of a channel, and targets.
    #[test]
    fn no_word_and_no_number_stays() {
        for whole in golden() {
            let marked = marked(&serde_json::from_slice(&whole.event).unwrap(), "");
            let whole = Record { event: marked.to_string().into_bytes(), ..whole };
            decode(std::str::from_utf8(&whole.event).unwrap()).unwrap_or_else(|problem| panic!("{problem} in {marked}"));
            let left = String::from_utf8(whole.redact(Position::new(99)).unwrap().event).unwrap();
            assert!(!left.contains("MARK") && !left.contains("4711"), "{left}");
        }
    }

    /// The same with a mark in each free text and for each number.
    fn marked(value: &serde_json::Value, name: &str) -> serde_json::Value {
        const FREE: [&str; 14] =
            ["note", "reason", "claim", "topic", "scope", "stated", "group", "origin", "framework", "office", "outlet", "text", "name", "url"];
        match value {
            serde_json::Value::String(_) if FREE.contains(&name) => "MARK".into(),
            serde_json::Value::Number(_) => 4711.into(),
            serde_json::Value::Array(values) => values.iter().map(|value| marked(value, name)).collect(),
            serde_json::Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), marked(value, name))).collect(),
            other => other.clone(),
        }
    }

    #[test]
    fn an_office_has_one_digest_whoever_speaks_in_it() {
        let announcer = |text: &str| serde_json::from_str::<Announcer>(text).unwrap();
        let one = announcer(r#"{"party":"RU","office":"ministry","name":"Person One"}"#);
        for (text, same) in [
            (r#"{"party":"RU","office":"ministry","for":"UA"}"#, true),
            (r#"{"party":"RU","office":"another"}"#, false),
            (r#"{"party":"UA","office":"ministry"}"#, false),
            (r#"{"party":"RU"}"#, false),
        ] {
            let other = announcer(text);
            assert_eq!((one.same_office(&other), one.office_digest() == other.office_digest()), (same, same), "{text}");
        }
    }
}
