use std::collections::BTreeSet;

use announcement::{ExchangeKey, Position};

use crate::{Book, book::Merged, claim::Claim, effects::Pin, intern::Id};

/// What the book knows of an exchange key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    merged: Option<Merge>,
    /// The claims about it, after links and merges.
    members: Vec<Position>,
    /// The claims that name it, or a key that was merged into it, as the exchange that theirs is a stage of.
    stages: Vec<Position>,
    /// The aggregates and findings that name it, or a key that was merged into it, in their scope.
    mentions: Vec<Position>,
}

/// The key's root points at another's.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Merge {
    into: Id<ExchangeKey>,
    at: Position,
}

impl Book {
    pub(crate) fn key(&mut self, key: &ExchangeKey) -> Id<ExchangeKey> {
        let key = self.pools.keys.intern(key);
        self.grow();
        key
    }

    fn grow(&mut self) {
        self.nodes.resize_with(self.pools.keys.len(), Node::default);
    }

    /// Gives a new claim its place.
    pub(crate) fn enter(&mut self, position: Position, key: Option<&ExchangeKey>) {
        self.grow();
        let key = key.map(|key| self.key(key));
        let claim = self.claim_mut(position);
        claim.key = key;
        if let Some(whole) = claim.part_of {
            let root = self.root(whole);
            insert(&mut self.nodes[root.index()].stages, position);
        }
        let place = self.place(position);
        self.settle_at(position, place);
    }

    /// An aggregate or a finding names exchanges.
    pub(crate) fn mention(&mut self, position: Position, keys: Option<&[ExchangeKey]>) {
        for key in keys.unwrap_or_default() {
            let key = self.key(key);
            let root = self.root(key);
            insert(&mut self.nodes[root.index()].mentions, position);
        }
    }

    /// A statement was pinned: its versions change their place.
    pub(crate) fn replace(&mut self, statement: Position) {
        let corrections = self.effects(statement).map(|effects| effects.corrections.clone()).unwrap_or_default();
        for position in std::iter::once(statement).chain(corrections) {
            if let Some(left) = self.claim(position).and_then(|claim| claim.place) {
                remove(&mut self.nodes[left.index()].members, position);
            }
            let place = self.place(position);
            self.settle_at(position, place);
        }
    }

    fn settle_at(&mut self, position: Position, place: Option<Id<ExchangeKey>>) {
        let claim = self.claim_mut(position);
        claim.place = place;
        let is_unassigned = place.is_none() && claim.is_of_completion();
        if let Some(place) = place {
            insert(&mut self.nodes[place.index()].members, position);
        }
        if is_unassigned {
            self.unassigned.insert(position);
        } else {
            self.unassigned.remove(&position);
        }
    }

    fn place(&self, position: Position) -> Option<Id<ExchangeKey>> {
        let claim = self.claim(position)?;
        match self.effects(claim.statement).and_then(|effects| effects.pin) {
            Some(Pin { key, at }) => Some(self.follow(key, Some(at))),
            None => claim.key.map(|key| self.root(key)),
        }
    }

    pub(crate) fn merge(&mut self, from: &ExchangeKey, into: &ExchangeKey, at: Position) {
        let (from, into) = (self.key(from), self.key(into));
        let (old, new) = (self.root(from), self.root(into));
        self.merges.push(Merged { at, from, into, has_effect: old != new });
        if old == new {
            return;
        }
        let Node { members, stages, mentions, .. } = std::mem::take(&mut self.nodes[old.index()]);
        self.nodes[old.index()].merged = Some(Merge { into: new, at });
        for &member in &members {
            self.claim_mut(member).place = Some(new);
        }
        let node = &mut self.nodes[new.index()];
        join(&mut node.members, members);
        join(&mut node.stages, stages);
        join(&mut node.mentions, mentions);
    }

    /// The key that stands for an exchange after all merges.
    pub(crate) fn root(&self, key: Id<ExchangeKey>) -> Id<ExchangeKey> {
        self.follow(key, None)
    }

    /// Follows merges; those recorded after `since` only, where it's given. It ends: no circle was ever closed.
    fn follow(&self, mut key: Id<ExchangeKey>, since: Option<Position>) -> Id<ExchangeKey> {
        while let Some(merge) = self.nodes[key.index()].merged.filter(|merge| since.is_none_or(|since| merge.at > since)) {
            key = merge.into;
        }
        key
    }

    /// The exchange that a reader means by a key: that of claims which a curator split off to it, else its root.
    pub(crate) fn exchange(&self, key: &ExchangeKey) -> Option<Id<ExchangeKey>> {
        let key = self.pools.keys.find(key)?;
        let has_own = !self.nodes[key.index()].members.is_empty();
        Some(if has_own { key } else { self.root(key) })
    }

    /// The exchanges that have claims, or stages that have.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = Id<ExchangeKey>> {
        self.pools.keys.ids().filter(|key| !self.nodes[key.index()].members.is_empty() || !self.stages(*key).is_empty())
    }

    /// The claims about an exchange.
    pub(crate) fn members(&self, exchange: Id<ExchangeKey>) -> impl Iterator<Item = &Claim> {
        self.nodes[exchange.index()].members.iter().filter_map(|&position| self.claim(position))
    }

    pub(crate) fn has_members(&self, exchange: Id<ExchangeKey>) -> bool {
        !self.nodes[exchange.index()].members.is_empty()
    }

    /// The aggregates and findings that name an exchange in their scope.
    pub(crate) fn mentions_of(&self, exchange: Id<ExchangeKey>) -> &[Position] {
        &self.nodes[exchange.index()].mentions
    }

    /// The exchange that live claims call the whole of this one: the best voice's, the earliest of them.
    fn named_whole(&self, exchange: Id<ExchangeKey>) -> Option<Id<ExchangeKey>> {
        let key = self.pools.keys.get(exchange);
        let naming = self.members(exchange).filter_map(|claim| Some((claim, self.root(claim.part_of?)))).filter(|&(_, whole)| whole != exchange);
        let live = naming.filter(|(claim, _)| self.is_live(claim));
        let best = live.min_by_key(|(claim, _)| (std::cmp::Reverse(self.voice_between(claim, key.parties())), claim.position));
        best.map(|(_, whole)| whole)
    }

    /// The exchange that this one is a stage of. There is one level: what is itself a stage has none.
    pub(crate) fn whole(&self, exchange: Id<ExchangeKey>) -> Option<Id<ExchangeKey>> {
        self.named_whole(exchange).filter(|&whole| self.named_whole(whole).is_none())
    }

    /// The stages of an exchange.
    pub(crate) fn stages(&self, exchange: Id<ExchangeKey>) -> BTreeSet<Id<ExchangeKey>> {
        let naming = self.nodes[exchange.index()].stages.iter().filter_map(|&position| self.claim(position)?.place);
        let named: BTreeSet<_> = naming.collect();
        named.into_iter().filter(|&stage| stage != exchange && self.whole(stage) == Some(exchange)).collect()
    }
}

/// Keeps the order; claims come mostly at the end.
fn insert(positions: &mut Vec<Position>, position: Position) {
    if let Err(at) = positions.binary_search(&position) {
        positions.insert(at, position);
    }
}

fn remove(positions: &mut Vec<Position>, position: Position) {
    if let Ok(at) = positions.binary_search(&position) {
        positions.remove(at);
    }
}

fn join(positions: &mut Vec<Position>, more: Vec<Position>) {
    positions.extend(more);
    positions.sort();
    positions.dedup();
}
