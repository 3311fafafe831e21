use std::collections::{BTreeMap, BTreeSet, HashMap};

use announcement::{Data, ExchangeKey, Kind, Origin, Position, Publisher, Record, Target};
use jiff::Timestamp;

use crate::claim::{Claim, Out, Pin, Why, fingerprint};

/// The fold that all models share: every claim with what later records did to it. Pure and total.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    next: Position,
    recorded: Option<Timestamp>,
    claims: BTreeMap<Position, Claim>,
    /// The positions of a source and id, with their publishers.
    events: HashMap<u64, Vec<(Publisher, Position)>>,
    /// The first statement that was read at an address.
    addresses: HashMap<u64, Position>,
    merges: BTreeMap<ExchangeKey, Merge>,
    without_effect: Vec<Position>,
    /// The claims of each exchange, by its root.
    members: BTreeMap<ExchangeKey, BTreeSet<Position>>,
    /// The exchanges that some claim calls a stage of this one, as named.
    stages: BTreeMap<ExchangeKey, BTreeSet<Position>>,
}

/// One key's root points at another's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Merge {
    into: ExchangeKey,
    at: Position,
}

/// What applying a record did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It took effect.
    Now,
    /// It had been applied before.
    Already,
}

/// Why a record can't be applied. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Records before it weren't applied.
    #[error("expected the record at position {expected}, found {found}")]
    Gap {
        /// The next position.
        expected: Position,
        /// The record's.
        found: Position,
    },
    /// It isn't of a form that this version reads.
    #[error("the record at position {position} can't be read: {reason}")]
    Unreadable {
        /// Its position.
        position: Position,
        /// Why.
        reason: String,
    },
}

impl Book {
    /// The position of the next record.
    #[must_use]
    pub const fn next(&self) -> Position {
        self.next
    }

    /// When the last record was taken in.
    #[must_use]
    pub const fn recorded(&self) -> Option<Timestamp> {
        self.recorded
    }

    /// Takes one record in.
    ///
    /// # Errors
    /// See [`ApplyError`].
    pub fn apply(&mut self, record: &Record) -> Result<Applied, ApplyError> {
        match record.position.cmp(&self.next) {
            std::cmp::Ordering::Less => return Ok(Applied::Already),
            std::cmp::Ordering::Greater => return Err(ApplyError::Gap { expected: self.next, found: record.position }),
            std::cmp::Ordering::Equal => {}
        }
        let unreadable = |reason: String| ApplyError::Unreadable { position: record.position, reason };
        let event = std::str::from_utf8(&record.event).map_err(|error| unreadable(error.to_string()))?;
        let announcement = announcement::decode(event).map_err(|problem| unreadable(problem.to_string()))?;
        let envelope = &announcement.envelope;
        let events = self.events.entry(fingerprint(&envelope.source, Some(envelope.id))).or_default();
        events.push((record.publisher.clone(), record.position));
        if let Some(report) = announcement.data.report()
            && let Some(url) = &report.url
            && report.relays.is_none()
            && announcement.kind().is_claim()
        {
            self.addresses.entry(fingerprint(url, None)).or_insert(record.position);
        }
        self.next = record.position.successor();
        self.recorded = Some(record.recorded);
        self.take(record, announcement);
        Ok(Applied::Now)
    }

    fn take(&mut self, record: &Record, announcement: announcement::Announcement) {
        let at = record.position;
        match &announcement.data {
            Data::Corrected(data) => {
                if let Some(target) = self.resolve(&data.target, &record.publisher) {
                    let replacement = &data.replacement;
                    let mut claim = Claim::replacement(record, &replacement.data, replacement.subject.clone(), target);
                    let revised = replacement.data.revises().cloned();
                    let original = self.claims.get_mut(&target).expect("a target is a claim of the book");
                    original.effects.corrections.push(at);
                    claim.key = claim.key.or_else(|| original.key.clone());
                    self.revise(revised.as_ref(), at, &record.publisher);
                    self.add(claim);
                }
            }
            Data::Retracted(data) => self.affect(&data.target, record, |effects| effects.retracted = effects.retracted.or(Some(at))),
            Data::Disputed(data) => {
                if let Some(target) = &data.target {
                    self.affect(target, record, |effects| effects.disputes.push(at));
                }
                self.add(Claim::new(record, announcement));
            }
            Data::Quarantined(data) => self.affect(&data.target, record, |effects| effects.quarantined = Some(at)),
            Data::Released(data) => self.affect(&data.target, record, |effects| effects.quarantined = None),
            Data::Redacted(data) => self.affect(&data.target, record, |effects| effects.redacted = Some(at)),
            Data::Linked(data) => self.pin(std::slice::from_ref(&data.target), &data.exchange_key, record),
            Data::Split(data) => self.pin(&data.targets, &data.into, record),
            Data::Merged(data) => self.merge(&data.from, &data.into, at),
            data => {
                let revised = data.revises().cloned();
                self.revise(revised.as_ref(), at, &record.publisher);
                self.add(Claim::new(record, announcement));
            }
        }
    }

    fn affect(&mut self, target: &Target, record: &Record, effect: impl FnOnce(&mut crate::claim::Effects)) {
        if let Some(position) = self.resolve(target, &record.publisher)
            && let Some(claim) = self.claims.get_mut(&position)
        {
            effect(&mut claim.effects);
        }
    }

    fn revise(&mut self, revised: Option<&Target>, at: Position, sender: &Publisher) {
        if let Some(position) = revised.and_then(|target| self.resolve(target, sender))
            && let Some(claim) = self.claims.get_mut(&position)
        {
            claim.effects.revisions.push(at);
        }
    }

    fn pin(&mut self, targets: &[Target], key: &ExchangeKey, record: &Record) {
        for target in targets {
            self.affect(target, record, |effects| effects.pin = Some(Pin { key: key.clone(), at: record.position }));
        }
        self.assign_all();
    }

    fn merge(&mut self, from: &ExchangeKey, into: &ExchangeKey, at: Position) {
        let (from, into) = (self.root(from), self.root(into));
        if from == into {
            self.without_effect.push(at);
            return;
        }
        self.merges.insert(from, Merge { into, at });
        self.assign_all();
    }

    fn add(&mut self, claim: Claim) {
        if let Some(whole) = &claim.part_of {
            self.stages.entry(whole.clone()).or_default().insert(claim.position);
        }
        let position = claim.position;
        self.claims.insert(position, claim);
        if let Some(root) = self.assigned(position) {
            self.members.entry(root).or_default().insert(position);
        }
    }

    /// Curation is rare: every claim finds its exchange anew.
    fn assign_all(&mut self) {
        let mut members: BTreeMap<ExchangeKey, BTreeSet<Position>> = BTreeMap::new();
        for &position in self.claims.keys() {
            if let Some(root) = self.assigned(position) {
                members.entry(root).or_default().insert(position);
            }
        }
        self.members = members;
    }

    /// The root of the exchange that a claim is about.
    pub(crate) fn assigned(&self, position: Position) -> Option<ExchangeKey> {
        let claim = self.claims.get(&position)?;
        let original = claim.replaces.and_then(|original| self.claims.get(&original)).unwrap_or(claim);
        match &original.effects.pin {
            Some(pin) => Some(self.follow(&pin.key, Some(pin.at))),
            None => claim.key.as_ref().map(|key| self.root(key)),
        }
    }

    /// The key that stands for an exchange after all merges.
    pub(crate) fn root(&self, key: &ExchangeKey) -> ExchangeKey {
        self.follow(key, None)
    }

    /// Follows merges; those recorded after `since` only, where it's given. No circle was ever closed.
    fn follow(&self, key: &ExchangeKey, since: Option<Position>) -> ExchangeKey {
        let mut key = key;
        while let Some(merge) = self.merges.get(key).filter(|merge| since.is_none_or(|since| merge.at > since)) {
            key = &merge.into;
        }
        key.clone()
    }

    fn resolve(&self, target: &Target, sender: &Publisher) -> Option<Position> {
        let events = self.events.get(&fingerprint(&target.source, Some(target.id)))?;
        let by = |publisher: &Publisher| events.iter().find(|(known, _)| known == publisher).map(|&(_, position)| position);
        match &target.publisher {
            Some(publisher) => by(publisher),
            None => by(sender).or_else(|| events.first().filter(|_| events.len() == 1).map(|&(_, position)| position)),
        }
    }

    /// All claims, by position.
    pub(crate) fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.claims.values()
    }

    /// The claim at a position.
    #[must_use]
    pub fn claim(&self, position: Position) -> Option<&Claim> {
        self.claims.get(&position)
    }

    /// The exchanges, by their roots, with their claims.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = (&ExchangeKey, &BTreeSet<Position>)> {
        self.members.iter()
    }

    /// The claims of one exchange; of its root.
    pub(crate) fn members(&self, root: &ExchangeKey) -> impl Iterator<Item = &Claim> {
        self.members.get(root).into_iter().flatten().filter_map(|position| self.claims.get(position))
    }

    /// The roots of the exchanges that live claims call stages of this one.
    pub(crate) fn stages(&self, root: &ExchangeKey) -> BTreeSet<ExchangeKey> {
        let named = self.stages.iter().filter(|(whole, _)| self.root(whole) == *root);
        let claims = named.flat_map(|(_, positions)| positions).filter(|&&position| self.claims.get(&position).is_some_and(|claim| self.out(claim).is_none()));
        claims.filter_map(|&position| self.assigned(position)).filter(|stage| stage != root).collect()
    }

    /// The root of the exchange that this one is a stage of.
    pub(crate) fn whole(&self, root: &ExchangeKey) -> Option<ExchangeKey> {
        let live = self.members(root).filter(|claim| self.out(claim).is_none());
        live.filter_map(|claim| claim.part_of.as_ref()).map(|whole| self.root(whole)).find(|whole| whole != root)
    }

    /// The merges that would have closed a circle.
    #[must_use]
    pub fn merges_without_effect(&self) -> &[Position] {
        &self.without_effect
    }

    /// Claims that an exchange took place and that are about none that is known.
    pub(crate) fn unassigned(&self) -> impl Iterator<Item = &Claim> {
        self.claims().filter(|claim| claim.is_of_completion() && self.out(claim).is_none() && self.assigned(claim.position).is_none())
    }

    /// Why a claim is in no figure; `None` where it's live.
    #[must_use]
    pub fn out(&self, claim: &Claim) -> Option<Out> {
        let original = claim.replaces.and_then(|original| self.claims.get(&original)).unwrap_or(claim);
        let effects = &original.effects;
        let out = |why: Why| move |by: Position| Out { why, by };
        let withdrawn = effects.retracted.map(out(Why::Retracted)).or_else(|| effects.quarantined.map(out(Why::Quarantined)));
        let withdrawn = withdrawn.or_else(|| effects.redacted.map(out(Why::Redacted)));
        withdrawn
            .or_else(|| effects.corrections.last().filter(|&&last| last != claim.position).copied().map(out(Why::Corrected)))
            .or_else(|| self.standing(&effects.revisions).map(out(Why::Revised)))
    }

    /// The last of these records that is live itself: a revision that was withdrawn revises nothing.
    fn standing(&self, revisions: &[Position]) -> Option<Position> {
        revisions.iter().rev().copied().find(|position| self.claims.get(position).is_some_and(|claim| self.out(claim).is_none()))
    }

    /// The recorded statement that a claim repeats.
    pub(crate) fn origin(&self, claim: &Claim) -> Option<Position> {
        let recorded = |origin: &Origin| match origin {
            Origin::Event(target) => self.resolve(target, &claim.publisher),
            Origin::Address(address) => self.addresses.get(&fingerprint(address, None)).copied(),
        };
        claim.origins.iter().filter_map(recorded).find(|&origin| origin != claim.position)
    }

    /// Live contests of a claim.
    pub(crate) fn disputes<'a>(&'a self, claim: &'a Claim) -> impl Iterator<Item = &'a Claim> {
        let disputes = claim.effects.disputes.iter().filter_map(|position| self.claims.get(position));
        disputes.filter(|dispute| dispute.kind == Kind::Disputed && self.out(dispute).is_none())
    }
}
