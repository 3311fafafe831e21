use announcement::{Announcement, Data, Digest, Kind, Problem, Publisher, Receipt, Record, Route};
use async_nats::HeaderMap;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::turns::Name;

/// An event on its way out: its bytes, and what is needed to route it and to recognise its receipt.
#[derive(Clone, Debug)]
pub struct Outgoing {
    event: Bytes,
    kind: Kind,
    source: String,
    id: String,
    digest: Digest,
    /// This event and those that it acts on.
    names: Vec<Name>,
    traceparent: Option<String>,
}

impl Outgoing {
    /// Reads an event in its structured form and checks all that needs no ledger. Its bytes go out unchanged.
    ///
    /// # Errors
    /// What the ledger would refuse it for.
    pub fn parse(event: impl Into<Bytes>) -> Result<Self, Problem> {
        let event = event.into();
        let announcement = announcement::parse(&event)?;
        Ok(Self::new(event, &announcement))
    }

    /// An event that was read and checked before.
    #[must_use]
    pub fn new(event: Bytes, announcement: &Announcement) -> Self {
        let envelope = &announcement.envelope;
        let traceparent = envelope.extensions.get("traceparent").and_then(|value| value.as_str()).map(str::to_owned);
        let (source, id) = (envelope.source.clone(), envelope.id.to_string());
        let names = std::iter::once((source.clone(), id.clone())).chain(acts_on(&announcement.data)).collect();
        Self { kind: announcement.kind(), source, id, digest: Digest::of(&event), names, event, traceparent }
    }

    /// Sends this W3C trace context along, unless the event carries its own.
    #[must_use]
    pub fn with_traceparent(mut self, traceparent: String) -> Self {
        self.traceparent.get_or_insert(traceparent);
        self
    }

    /// The event's `source`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The event's `id`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// SHA-256 of its bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }

    pub(crate) const fn event(&self) -> &Bytes {
        &self.event
    }

    pub(crate) fn names(&self) -> &[Name] {
        &self.names
    }

    pub(crate) fn subject(&self, publisher: &Publisher) -> String {
        Route::of(self.kind, publisher.clone()).to_string()
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/cloudevents+json");
        if let Some(traceparent) = &self.traceparent {
            headers.insert("traceparent", traceparent.as_str());
        }
        headers
    }

    /// SHA-256 of subject and whole message: with less, somebody else's message could make the queue swallow this one. `again` tells a repeat that the queue must take.
    pub(crate) fn message_id(&self, subject: &str, again: u32) -> String {
        let mut hash = Sha256::new();
        for part in [subject.as_bytes(), self.traceparent.as_deref().unwrap_or_default().as_bytes(), self.event.as_ref()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(again.to_be_bytes());
        hex::encode(hash.finalize())
    }

    /// Whether a receipt is for this event.
    pub(crate) fn is_answered_by(&self, receipt: &Receipt) -> bool {
        let same = |named: &Option<String>, own: &str| named.as_deref().is_none_or(|named| named == own);
        receipt.digest == self.digest && same(&receipt.source, &self.source) && same(&receipt.id, &self.id)
    }

    /// Whether "recorded" is about these bytes: the leaf is computed again.
    pub(crate) fn confirms(&self, receipt: &Receipt, publisher: &Publisher) -> bool {
        let announcement::Outcome::Recorded { position, recorded, leaf } = &receipt.outcome else { return true };
        let record = Record { position: *position, recorded: *recorded, publisher: publisher.clone(), event: self.event.to_vec(), removed: None };
        record.leaf() == *leaf
    }
}

impl From<announcement::Event> for Outgoing {
    /// What was built is valid.
    fn from(event: announcement::Event) -> Self {
        let announcement = event.announcement().clone();
        Self::new(event.into_bytes().into(), &announcement)
    }
}

fn acts_on(data: &Data) -> Vec<Name> {
    let of_replacement = match data {
        Data::Corrected(corrected) => corrected.replacement.data.revises(),
        _ => None,
    };
    data.targets().iter().chain(data.revises()).chain(of_replacement).map(|target| (target.source.clone(), target.id.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing() -> Outgoing {
        let event = include_str!("../../../deploy/samples/public-record.jsonl").lines().next().unwrap();
        Outgoing::parse(event).unwrap()
    }

    #[test]
    fn a_recorded_receipt_is_believed_only_with_the_leaf_of_the_own_bytes() {
        let event = outgoing();
        let publisher = Publisher::local();
        let recorded = "2026-01-29T10:00:00Z".parse().unwrap();
        let position = announcement::Position::new(7);
        let leaf = Record { position, recorded, publisher: publisher.clone(), event: event.event().to_vec(), removed: None }.leaf();
        let mut receipt = Receipt {
            source: Some(event.source().to_owned()),
            id: Some(event.id().to_owned()),
            digest: event.digest(),
            outcome: announcement::Outcome::Recorded { position, recorded, leaf },
        };
        assert!(event.is_answered_by(&receipt) && event.confirms(&receipt, &publisher));
        receipt.outcome = announcement::Outcome::Recorded { position: position.successor(), recorded, leaf };
        assert!(!event.confirms(&receipt, &publisher));
        receipt.id = Some("00000000-0000-5000-8000-000000000000".to_owned());
        assert!(!event.is_answered_by(&receipt));
    }

    #[test]
    fn a_message_id_tells_subjects_and_repeats_apart() {
        let event = outgoing();
        let ids = [event.message_id("handover.announce.a", 0), event.message_id("handover.announce.b", 0), event.message_id("handover.announce.a", 1)];
        assert!(ids[0] != ids[1] && ids[0] != ids[2]);
        assert_eq!(ids[0], outgoing().message_id("handover.announce.a", 0));
    }
}
