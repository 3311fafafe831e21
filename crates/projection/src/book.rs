mod changed;
mod differs;
mod encoding;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use announcement::{Announcement, Announcer, ChannelOf, ChannelStatus, Data, Date, ExchangeKey, Kind, Party, Position, Publisher, Record, Target};
use jiff::Timestamp;

use crate::{
    claim::{Claim, Pools},
    effects::{Act, Doubt, Effects, Pin},
    extent::Extent,
    intern::Id,
    lineage::{Events, Origin},
    place::Node,
    sheet::Sheets,
};

pub(crate) use changed::{CHUNK, Changed};
pub use differs::Differs;

/// Whenever the same records give another book or other answers, this is one more.
pub const FOLD_VERSION: u32 = 1;

/// The fold that all models share: every claim with what later records did to it. Pure and total.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    /// Every record, by position.
    claims: Vec<Claim>,
    pub(crate) pools: Pools,
    pub(crate) events: Events,
    /// What reports repeat, by the reports' positions.
    pub(crate) origins: HashMap<Position, Box<[Origin]>>,
    pub(crate) effects: HashMap<Position, Box<Effects>>,
    /// Which records did something to which others, by position: what is kept in `effects`, the other way round.
    pub(crate) acts: Vec<(Position, Position)>,
    pub(crate) nodes: Vec<Node>,
    /// The claims that name no exchange, by kind.
    pub(crate) unnamed: BTreeMap<Kind, Vec<Position>>,
    /// The records that are no claims: what was done to claims, with an effect or without.
    pub(crate) acting: Vec<Position>,
    pub(crate) merges: Vec<Merged>,
    pub(crate) channels: BTreeMap<Position, ChannelView>,
    pub(crate) extents: BTreeMap<Position, Extent>,
    /// When corrections themselves were announced.
    pub(crate) corrected_on: BTreeMap<Position, Date>,
    /// Which exchanges each record changed, in the order of the records.
    pub(crate) touches: Vec<(Position, Id<ExchangeKey>)>,
    pub(crate) sheets: Sheets,
    /// Of whose announcers nothing is known any more.
    bare: BTreeSet<Position>,
    /// What the next snapshot writes.
    pub(crate) changed: Changed,
}

/// A merge as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Merged {
    pub(crate) at: Position,
    pub(crate) from: Id<ExchangeKey>,
    pub(crate) into: Id<ExchangeKey>,
    /// It has none where it would have closed a circle.
    pub(crate) has_effect: bool,
}

/// What a statement says of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ChannelView {
    pub(crate) channel: ChannelOf,
    /// In alphabetical order.
    pub(crate) parties: [Party; 2],
    pub(crate) status: ChannelStatus,
    pub(crate) since: Option<Date>,
    pub(crate) blames: Option<Party>,
}

/// A record that was read: what the fold takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its place.
    pub position: Position,
    /// When it was taken in.
    pub recorded: Timestamp,
    /// Who published it.
    pub publisher: Publisher,
    /// What it says, or what is left of it.
    pub announcement: Announcement,
    /// Whether its payload was removed.
    pub removed: bool,
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

impl Input {
    /// Reads a record.
    ///
    /// # Errors
    /// [`ApplyError::Unreadable`].
    pub fn read(record: &Record) -> Result<Self, ApplyError> {
        let unreadable = |reason: String| ApplyError::Unreadable { position: record.position, reason };
        let announcement = record.announcement().map_err(|problem| unreadable(problem.to_string()))?;
        let Record { position, recorded, ref publisher, ref removed, .. } = *record;
        Ok(Self { position, recorded, publisher: publisher.clone(), announcement, removed: removed.is_some() })
    }
}

impl Book {
    /// The position of the next record.
    #[must_use]
    pub fn next(&self) -> Position {
        Position::new(self.claims.len() as u64)
    }

    /// Reads a record and takes it.
    ///
    /// # Errors
    /// See [`ApplyError`].
    pub fn apply(&mut self, record: &Record) -> Result<Applied, ApplyError> {
        match self.place_of(record.position)? {
            Applied::Already => Ok(Applied::Already),
            Applied::Now => self.take(&Input::read(record)?),
        }
    }

    /// Takes a record that was read. What the ledger would have refused has no effect.
    ///
    /// # Errors
    /// [`ApplyError::Gap`].
    pub fn take(&mut self, input: &Input) -> Result<Applied, ApplyError> {
        if self.place_of(input.position)? == Applied::Already {
            return Ok(Applied::Already);
        }
        let envelope = &input.announcement.envelope;
        let sender = self.pools.publishers.intern(&input.publisher);
        self.claims.push(Claim::new(&mut self.pools, input.position, input.recorded, sender, &input.announcement.data));
        self.changed.mark(input.position);
        if input.removed {
            self.bare.insert(input.position);
        }
        self.act(input, sender);
        if !self.has_place(input.position) {
            self.acting.push(input.position);
        }
        let event = (self.pools.texts.intern(&envelope.source), envelope.id);
        self.events.insert(event, input.position);
        self.touch_reports(input.position);
        Ok(Applied::Now)
    }

    fn place_of(&self, position: Position) -> Result<Applied, ApplyError> {
        match position.cmp(&self.next()) {
            Ordering::Less => Ok(Applied::Already),
            Ordering::Equal => Ok(Applied::Now),
            Ordering::Greater => Err(ApplyError::Gap { expected: self.next(), found: position }),
        }
    }

    fn act(&mut self, input: &Input, sender: Id<Publisher>) {
        let at = input.position;
        let data = &input.announcement.data;
        match data {
            Data::Corrected(data) => self.correct(input, data, sender),
            Data::Retracted(data) => {
                let own = |claim: &Claim| claim.publisher == sender && (claim.is_original_claim() || claim.kind == announcement::Kind::Disputed);
                self.affect(&data.target, input, sender, own, |effects| effects.retractions.push(at));
            }
            Data::Quarantined(data) => {
                self.affect(&data.target, input, sender, Claim::is_original_claim, |effects| effects.quarantine.push((at, Doubt::Quarantined)));
            }
            Data::Released(data) => {
                self.affect(&data.target, input, sender, Claim::is_original_claim, |effects| effects.quarantine.push((at, Doubt::Released)));
            }
            Data::Redacted(data) => {
                if let Some(target) = self.affect(&data.target, input, sender, |_| true, |effects| effects.redactions.push(at)) {
                    self.redact(target);
                }
            }
            Data::Linked(data) => self.pin(std::slice::from_ref(&data.target), &data.exchange_key, input, sender),
            Data::Split(data) => self.pin(&data.targets, &data.into, input, sender),
            Data::Merged(data) => self.merge(&data.from, &data.into, at),
            Data::Disputed(data) => {
                if let Some(target) = &data.target {
                    self.affect(target, input, sender, Claim::is_original_claim, |effects| effects.disputes.push(at));
                }
                self.enter(at, input.announcement.envelope.subject.as_ref());
            }
            _ => {
                self.remember(at, data);
                self.enter(at, input.announcement.key().as_ref());
            }
        }
        self.revise(at, data, sender);
    }

    /// Forgets what a record said, as if it had been read without its payload: from here on both give the same.
    fn redact(&mut self, target: Position) {
        self.sheets.forget();
        self.changed.redacted |= !self.bare.contains(&target);
        self.claim_mut(target).redact();
        self.pools.handed.sweep();
        if let Some(view) = self.channels.get_mut(&target) {
            (view.since, view.blames) = (None, None);
        }
        if let Some(extent) = self.extents.remove(&target).and_then(Extent::redacted) {
            self.extents.insert(target, extent);
        }
        if let Some(origins) = self.origins.remove(&target) {
            self.events.forget_report(target, &origins);
        }
        self.bare.insert(target);
    }

    /// Keeps what only some statements have.
    fn remember(&mut self, at: Position, data: &Data) {
        if let Some(origins) = data.report().and_then(|report| report.relays.as_deref()).filter(|origins| !origins.is_empty()) {
            let origins: Box<[Origin]> = origins.iter().map(|origin| Origin::new(&mut self.pools, origin)).collect();
            self.events.insert_report(at, &origins);
            self.origins.insert(at, origins);
        }
        match data {
            Data::Channel(data) => {
                let mut parties = data.parties;
                parties.sort();
                self.channels.insert(at, ChannelView { channel: data.channel, parties, status: data.status, since: data.since, blames: data.blames });
            }
            Data::Aggregate(data) => self.mention(at, data.scope_exchanges.as_deref()),
            Data::Identity(data) => self.mention(at, data.scope_exchanges.as_deref()),
            _ => {}
        }
        if let Some(extent) = Extent::of(&mut self.pools, data) {
            self.extents.insert(at, extent);
        }
    }

    fn correct(&mut self, input: &Input, data: &announcement::Corrected, sender: Id<Publisher>) {
        let at = input.position;
        let may = |claim: &Claim| claim.publisher == sender && claim.is_original_claim();
        let not_retracted = |book: &Self, target: Position| book.effects.get(&target).is_none_or(|effects| effects.retractions.is_empty());
        if !self.resolve(&data.target, sender).is_some_and(|target| not_retracted(self, target)) {
            return;
        }
        let Some(target) = self.affect(&data.target, input, sender, may, |effects| effects.corrections.push(at)) else { return };
        let replacement = &data.replacement;
        let claim = Claim::new(&mut self.pools, at, input.recorded, sender, &replacement.data);
        *self.claim_mut(at) = claim.in_place_of(target);
        self.corrected_on.insert(at, data.announced);
        self.remember(at, &replacement.data);
        let named = self.claim(target).and_then(|claim| claim.key).map(|key| self.pools.keys.get(key).clone());
        let derived = || ExchangeKey::derive(replacement.data.exchange_date()?, replacement.data.transfers());
        self.enter(at, replacement.subject.clone().or_else(derived).or(named).as_ref());
        self.revise(at, &replacement.data, sender);
    }

    /// Does something to the record that a target names, if it may; gives its position.
    fn affect(
        &mut self,
        target: &Target,
        input: &Input,
        sender: Id<Publisher>,
        may: impl FnOnce(&Claim) -> bool,
        effect: impl FnOnce(&mut Effects),
    ) -> Option<Position> {
        let position = self.resolve(target, sender).filter(|&position| self.claim(position).is_some_and(may))?;
        self.touch_with(position, input.position);
        let effects = self.affected(position);
        effects.acts.push(Act { position: input.position, kind: input.announcement.kind() });
        effect(effects);
        self.acted(input.position, position);
        Some(position)
    }

    fn affected(&mut self, position: Position) -> &mut Effects {
        self.claim_mut(position).affected = true;
        self.effects.entry(position).or_default()
    }

    /// This announcer's own earlier statement: same party and office, and recorded before the first version of this one, so that no circle can close.
    fn revise(&mut self, at: Position, data: &Data, sender: Id<Publisher>) {
        let Some(revised) = data.revises().and_then(|target| self.resolve(target, sender)) else { return };
        let (Some(earlier), Some(later)) = (self.claim(revised), self.claim(at)) else { return };
        let announcer = earlier.announcer.map(|announcer| self.pools.announcers.get(announcer));
        // Where one of the two says nothing any more the ledger, which saw both, has let it through.
        let same_office = announcer.zip(data.announcer()).is_some_and(|(one, other): (&Announcer, &Announcer)| one.same_office(other))
            || self.bare.contains(&revised)
            || self.bare.contains(&at);
        if same_office && earlier.is_original_claim() && earlier.position < later.statement {
            self.touch_with(revised, at);
            let effects = self.affected(revised);
            effects.revisions.push(at);
            effects.acts.push(Act { position: at, kind: data.kind() });
            self.acted(at, revised);
        }
    }

    fn pin(&mut self, targets: &[Target], key: &ExchangeKey, input: &Input, sender: Id<Publisher>) {
        let key = self.key(key);
        let pin = Pin { key, at: input.position };
        for target in targets {
            if let Some(position) = self.affect(target, input, sender, Claim::is_original_claim, |effects| effects.pins.push(pin)) {
                self.name(position, key);
                for version in self.versions(position) {
                    self.touch_place(version, pin.at);
                }
            }
        }
    }

    /// Every record.
    pub(crate) fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter()
    }

    /// The record at a position.
    pub(crate) fn claim(&self, position: Position) -> Option<&Claim> {
        self.claims.get(usize::try_from(position.get()).ok()?)
    }

    /// Whether a record names an exchange, or is kept with the claims that name none.
    pub(crate) fn has_place(&self, at: Position) -> bool {
        self.claim(at).is_some_and(|claim| claim.key.is_some() || self.unnamed.get(&claim.kind).is_some_and(|unnamed| unnamed.binary_search(&at).is_ok()))
    }

    /// The records that a record did something to.
    pub(crate) fn acted_on(&self, at: Position) -> impl Iterator<Item = Position> {
        let first = self.acts.partition_point(|&(by, _)| by < at);
        self.acts[first..].iter().take_while(move |&&(by, _)| by == at).map(|&(_, target)| target)
    }

    pub(crate) fn claim_mut(&mut self, position: Position) -> &mut Claim {
        let index = usize::try_from(position.get()).expect("it was found before");
        self.changed.mark(position);
        &mut self.claims[index]
    }
}
