//! What a ledger must hold, in plain maps, decided by rules of their own.

use std::collections::BTreeMap;

use announcement::{Digest, Outcome, Problem};
use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::harness::id;

/// Who redacts, and does nothing else.
pub(super) const OPERATOR: &str = "desk";

/// A message, and what the model has to know of it.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) publisher: &'static str,
    pub(super) body: Bytes,
    pub(super) what: What,
}

impl Sent {
    pub(super) fn subject(&self) -> String {
        let duty = if self.publisher == OPERATOR { "operate" } else { "announce" };
        format!("handover.{duty}.{}", self.publisher)
    }
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// A claim with an id of its own, about an exchange, perhaps a stage of another.
    Claim { number: u64, key: String, whole: Option<String> },
    /// A correction or a retraction of the claim at a position, which may be its publisher's.
    Change { number: u64, claim: usize, retracts: bool },
    /// An operator's redaction of the record at a position, with an id of its own.
    Redaction { number: u64, target: usize },
    /// The content of the record at this position.
    Again(usize),
    /// Nothing that may be recorded; whether its bytes are kept.
    Bad { kept: bool },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expected {
    Recorded(usize),
    Duplicate(usize),
    /// The refusal with this number.
    Refused(u64),
}

#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) sent: Sent,
    pub(super) number: u64,
    pub(super) recorded: Timestamp,
    pub(super) leaf: Digest,
    /// The first record that redacts it.
    pub(super) redacted_by: Option<u64>,
    retracted: bool,
    stage: Option<(String, String)>,
}

#[derive(Debug)]
pub(super) struct Refused {
    pub(super) sent: Sent,
    pub(super) times: u64,
    /// It went with a redaction.
    pub(super) dropped: bool,
    /// As the receipt gave it.
    pub(super) problem: Option<Problem>,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) records: Vec<Recorded>,
    pub(super) refusals: BTreeMap<u64, Refused>,
    /// What the ledger answers for a publisher's message with this digest.
    pub(super) decided: BTreeMap<(&'static str, Digest), Expected>,
    pub(super) about: BTreeMap<String, Vec<u64>>,
    stages: BTreeMap<String, u64>,
    wholes: BTreeMap<String, u64>,
    next_refusal: u64,
}

impl Model {
    /// Decides, and holds what comes of it.
    pub(super) fn take(&mut self, sent: &Sent, time: Timestamp) -> Expected {
        let name = (sent.publisher, Digest::of(&sent.body));
        let again = self.decided.get(&name).cloned();
        let expected = match (&sent.what, again) {
            (_, Some(Expected::Recorded(position) | Expected::Duplicate(position))) | (&What::Again(position), _) => Expected::Duplicate(position),
            (What::Bad { .. }, again) => self.refuse(sent, again),
            (What::Claim { number, key, whole }, again) => match whole {
                Some(whole) if self.count(true, whole) > 0 || self.count(false, key) > 0 || key == whole => self.refuse(sent, again),
                _ => {
                    let stage = whole.clone().map(|whole| (key.clone(), whole));
                    self.add(stage.as_ref(), 1);
                    self.about.entry(key.clone()).or_default().push(self.records.len() as u64);
                    self.record(sent, *number, time, stage)
                }
            },
            (&What::Change { number, claim, retracts }, again) => {
                let found = &self.records[claim];
                if found.retracted || found.sent.publisher != sent.publisher {
                    self.refuse(sent, again)
                } else {
                    let ended = self.records[claim].stage.take();
                    self.add(ended.as_ref(), -1);
                    self.records[claim].retracted = retracts;
                    self.record(sent, number, time, None)
                }
            }
            (&What::Redaction { number, target }, _) => {
                let by = self.records.len() as u64;
                self.records[target].redacted_by.get_or_insert(by);
                self.drop_refused(target);
                self.record(sent, number, time, None)
            }
        };
        if !matches!(expected, Expected::Refused(_)) {
            self.refusals.retain(|_, refused| (refused.sent.publisher, Digest::of(&refused.sent.body)) != name);
            self.decided
                .entry(name)
                .and_modify(|known| {
                    if matches!(known, Expected::Refused(_)) {
                        *known = expected.clone()
                    }
                })
                .or_insert(expected.clone());
        }
        expected
    }

    /// What was refused in the same bytes, or with the same id and still there, goes with a record's payload.
    fn drop_refused(&mut self, target: usize) {
        let (digest, id) = (Digest::of(&self.records[target].sent.body), id(self.records[target].number).to_string());
        for refused in self.refusals.values_mut() {
            let names = || serde_json::from_slice::<serde_json::Value>(&refused.sent.body).is_ok_and(|body| body["id"] == id.as_str());
            let kept = matches!(refused.sent.what, What::Bad { kept: true } | What::Claim { .. } | What::Change { .. }) && !refused.dropped;
            if Digest::of(&refused.sent.body) == digest || kept && names() {
                refused.dropped = true;
                if let Some(problem) = &mut refused.problem {
                    (problem.detail, problem.pointer) = (String::new(), None);
                }
            }
        }
    }

    fn record(&mut self, sent: &Sent, number: u64, time: Timestamp, stage: Option<(String, String)>) -> Expected {
        let recorded = self.records.last().map_or(time, |last| last.recorded.max(time));
        let mut hash = Sha256::new();
        hash.update([0]);
        hash.update((self.records.len() as u64).to_be_bytes());
        hash.update(recorded.as_microsecond().to_be_bytes());
        hash.update([u8::try_from(sent.publisher.len()).unwrap()]);
        hash.update(sent.publisher);
        hash.update(&sent.body);
        let leaf = Digest::from_bytes(hash.finalize().into());
        self.records.push(Recorded { sent: sent.clone(), number, recorded, leaf, redacted_by: None, retracted: false, stage });
        Expected::Recorded(self.records.len() - 1)
    }

    fn refuse(&mut self, sent: &Sent, again: Option<Expected>) -> Expected {
        if let Some(Expected::Refused(number)) = again {
            self.refusals.get_mut(&number).unwrap().times += 1;
            return Expected::Refused(number);
        }
        let number = self.next_refusal;
        self.next_refusal += 1;
        self.refusals.insert(number, Refused { sent: sent.clone(), times: 1, dropped: false, problem: None });
        self.decided.insert((sent.publisher, Digest::of(&sent.body)), Expected::Refused(number));
        Expected::Refused(number)
    }

    fn count(&self, stages: bool, key: &str) -> u64 {
        if stages { &self.stages } else { &self.wholes }.get(key).copied().unwrap_or(0)
    }

    fn add(&mut self, stage: Option<&(String, String)>, more: i64) {
        let Some((stage, whole)) = stage else { return };
        for (counts, key) in [(&mut self.stages, stage), (&mut self.wholes, whole)] {
            let count = counts.entry(key.clone()).or_default();
            *count = count.checked_add_signed(more).unwrap();
        }
    }

    /// What the receipt must say; a refusal's problem is taken from the first one.
    pub(super) fn holds(&mut self, expected: &Expected, outcome: &Outcome) -> bool {
        match (expected, outcome) {
            (&Expected::Recorded(expected), Outcome::Recorded { position, recorded, leaf }) => {
                let record = &self.records[expected];
                (position.get(), *recorded, *leaf) == (expected as u64, record.recorded, record.leaf)
            }
            (&Expected::Duplicate(expected), Outcome::Duplicate { position }) => position.get() == expected as u64,
            (Expected::Refused(number), Outcome::Refused { problem }) => {
                // It may have been recorded since.
                if let Some(refused) = self.refusals.get_mut(number) {
                    refused.problem = Some(problem.clone());
                }
                true
            }
            _ => false,
        }
    }

    /// The tree hash of RFC 6962, section 2.1, as it's written there.
    pub(super) fn root(&self) -> Digest {
        fn hash(leaves: &[Recorded]) -> Digest {
            match leaves {
                [] => Digest::of(b""),
                [leaf] => leaf.leaf,
                _ => {
                    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                    Digest::of(&[&[1][..], hash(left).as_bytes(), hash(right).as_bytes()].concat())
                }
            }
        }
        hash(&self.records)
    }
}
