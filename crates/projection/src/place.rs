use std::collections::BTreeSet;

use announcement::{ExchangeKey, Position};

use crate::{
    Book, Known,
    book::Merged,
    claim::Claim,
    effects::Pin,
    intern::Id,
    wire::{Put, Wire},
};

/// What the book knows of an exchange key, whenever it came to know it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    merged: Option<Merge>,
    /// The keys that were merged into it.
    absorbed: Vec<Id<ExchangeKey>>,
    /// The claims that name it, or that were ever said to be about it.
    named: Vec<Position>,
    /// The exchanges that these name as the whole that it's a stage of.
    wholes: Vec<Id<ExchangeKey>>,
    /// The claims that name it as the exchange that theirs is a stage of.
    stages: Vec<Position>,
    /// The aggregates and findings that name it in their scope.
    mentions: Vec<Position>,
    /// The records that changed what is said of it.
    touched: Vec<Position>,
}

/// The key's root points at another's.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Merge {
    into: Id<ExchangeKey>,
    at: Position,
}

impl Node {
    /// Writes it, for comparison with another.
    pub(crate) fn put(&self, to: &mut Put<'_>) {
        // Which records touched it is the records' own, and the wholes are their claims'.
        let Self { merged, absorbed, named, wholes: _, stages, mentions, touched: _ } = self;
        merged.map(|merge| (merge.into, merge.at)).put(to);
        absorbed.put(to);
        [named, stages, mentions].into_iter().for_each(|positions| positions.put(to));
    }
}

impl Book {
    pub(crate) fn key(&mut self, key: &ExchangeKey) -> Id<ExchangeKey> {
        let key = self.pools.keys.intern(key);
        self.grow();
        key
    }

    pub(crate) fn grow(&mut self) {
        self.nodes.resize_with(self.pools.keys.len(), Node::default);
        self.sheets.grow(self.nodes.len());
    }

    /// Gives a new claim its place.
    pub(crate) fn enter(&mut self, position: Position, key: Option<&ExchangeKey>) {
        self.grow();
        let key = key.map(|key| self.key(key));
        self.settle(position, key);
        self.touch_place(position, position);
    }

    /// The same with the key's id.
    pub(crate) fn settle(&mut self, position: Position, key: Option<Id<ExchangeKey>>) {
        let claim = self.claim_mut(position);
        claim.key = key;
        let (kind, statement, part_of, may_be_pinned) = (claim.kind, claim.statement, claim.part_of, claim.affected || claim.statement != position);
        match key {
            Some(key) => self.nodes[key.index()].name(position, part_of),
            None => insert(self.unnamed.entry(kind).or_default(), position),
        }
        if let Some(whole) = part_of {
            insert(&mut self.nodes[whole.index()].stages, position);
        }
        let effects = if may_be_pinned { self.effects.get(&statement) } else { None };
        for pin in effects.map(|effects| effects.pins.clone()).unwrap_or_default() {
            self.nodes[pin.key.index()].name(position, part_of);
        }
    }

    /// The record at a position changes what is said of an exchange.
    pub(crate) fn touch(&mut self, exchange: Option<Id<ExchangeKey>>, at: Position) {
        let Some(exchange) = exchange else { return };
        let touched = &mut self.nodes[exchange.index()].touched;
        if touched.last() != Some(&at) {
            touched.push(at);
            self.touches.push((at, exchange));
        }
        self.sheets.touch(exchange);
        self.touch_relatives(exchange);
    }

    /// What an exchange comes to depends on its stages, and whether these count in it on it.
    fn touch_relatives(&mut self, exchange: Id<ExchangeKey>) {
        if self.is_alone(exchange) {
            return;
        }
        let now = self.now();
        let keys: Vec<_> = now.absorbed(exchange).collect();
        let wholes = keys.iter().flat_map(|key| &self.nodes[key.index()].wholes).map(|&whole| now.root(whole));
        let stages = keys.iter().flat_map(|key| &self.nodes[key.index()].stages).filter_map(|&position| now.place(now.claim(position)?));
        let relatives: BTreeSet<_> = wholes.chain(stages).collect();
        relatives.into_iter().for_each(|relative| self.sheets.touch_line(relative));
    }

    /// Whether nobody ever called it a stage or the whole of one, or merged others into it.
    pub(crate) fn is_alone(&self, exchange: Id<ExchangeKey>) -> bool {
        let node = &self.nodes[exchange.index()];
        node.wholes.is_empty() && node.stages.is_empty() && node.absorbed.is_empty()
    }

    /// As it was written down, in the order of the records.
    pub(crate) fn restore_touch(&mut self, at: Position, exchange: Id<ExchangeKey>) {
        self.nodes[exchange.index()].touched.push(at);
        self.touches.push((at, exchange));
    }

    /// The same of the exchange that a claim is about.
    pub(crate) fn touch_place(&mut self, claim: Position, at: Position) {
        let place = self.claim(claim).and_then(|claim| self.now().place(claim));
        self.touch(place, at);
    }

    /// An aggregate or a finding names exchanges.
    pub(crate) fn mention(&mut self, position: Position, keys: Option<&[ExchangeKey]>) {
        for key in keys.unwrap_or_default() {
            let key = self.key(key);
            self.mention_id(position, key);
        }
    }

    pub(crate) fn mention_id(&mut self, position: Position, key: Id<ExchangeKey>) {
        insert(&mut self.nodes[key.index()].mentions, position);
    }

    /// A statement was said to be about an exchange, and with it its corrections.
    pub(crate) fn name(&mut self, statement: Position, key: Id<ExchangeKey>) {
        for position in self.versions(statement) {
            let part_of = self.claim(position).and_then(|claim| claim.part_of);
            self.nodes[key.index()].name(position, part_of);
        }
    }

    pub(crate) fn merge(&mut self, from: &ExchangeKey, into: &ExchangeKey, at: Position) {
        let (from, into) = (self.key(from), self.key(into));
        if let Some((old, new)) = self.merge_ids(from, into, at) {
            self.touch(Some(old), at);
            self.touch(Some(new), at);
        }
    }

    /// The same with the keys' ids; gives the roots, where it has an effect.
    pub(crate) fn merge_ids(&mut self, from: Id<ExchangeKey>, into: Id<ExchangeKey>, at: Position) -> Option<(Id<ExchangeKey>, Id<ExchangeKey>)> {
        let (old, new) = (self.now().root(from), self.now().root(into));
        self.merges.push(Merged { at, from, into, has_effect: old != new });
        if old != new {
            self.nodes[old.index()].merged = Some(Merge { into: new, at });
            self.nodes[new.index()].absorbed.push(old);
        }
        (old != new).then_some((old, new))
    }
}

impl<'a> Known<'a> {
    fn node(self, key: Id<ExchangeKey>) -> &'a Node {
        &self.book().nodes[key.index()]
    }

    /// The exchange that a claim is about after links and merges.
    pub(crate) fn place(self, claim: &Claim) -> Option<Id<ExchangeKey>> {
        let is_affected = claim.affected || claim.statement != claim.position;
        match is_affected.then(|| self.pin(claim.statement)).flatten() {
            Some(Pin { key, at }) => Some(self.follow(key, Some(at))),
            None => claim.key.map(|key| self.root(key)),
        }
    }

    /// The key that stands for an exchange after all merges.
    pub(crate) fn root(self, key: Id<ExchangeKey>) -> Id<ExchangeKey> {
        self.follow(key, None)
    }

    /// Follows merges; those recorded after `since` only, where it's given. It ends: no circle was ever closed.
    fn follow(self, mut key: Id<ExchangeKey>, since: Option<Position>) -> Id<ExchangeKey> {
        let counts = |merge: &Merge| self.sees_curation(merge.at) && since.is_none_or(|since| merge.at > since);
        while let Some(merge) = self.node(key).merged.filter(counts) {
            key = merge.into;
        }
        key
    }

    /// A key and those that were merged into it, also through others.
    fn absorbed(self, key: Id<ExchangeKey>) -> impl Iterator<Item = Id<ExchangeKey>> {
        let mut waiting = vec![key];
        std::iter::from_fn(move || {
            let key = waiting.pop()?;
            let is_merged = |&child: &Id<ExchangeKey>| self.node(child).merged.is_some_and(|merge| self.sees_curation(merge.at));
            waiting.extend(self.node(key).absorbed.iter().copied().filter(is_merged));
            Some(key)
        })
    }

    /// The exchange that a reader means by a key: that of claims which a curator split off to it, else its root.
    pub(crate) fn exchange(self, key: &ExchangeKey) -> Option<Id<ExchangeKey>> {
        let key = self.pools().keys.find(key)?;
        Some(if self.has_members(key) { key } else { self.root(key) })
    }

    /// The exchanges that have claims, or stages that have.
    pub(crate) fn exchanges(self) -> impl Iterator<Item = Id<ExchangeKey>> {
        self.pools().keys.ids().filter(move |&key| self.is_known(key))
    }

    /// The claims about an exchange, in any order, some more than once.
    fn about(self, exchange: Id<ExchangeKey>) -> impl Iterator<Item = &'a Claim> {
        let named = self.absorbed(exchange).flat_map(move |key| &self.node(key).named);
        named.filter_map(move |&position| self.claim(position)).filter(move |claim| self.place(claim) == Some(exchange))
    }

    /// The claims about an exchange, by position.
    pub(crate) fn members(self, exchange: Id<ExchangeKey>) -> Vec<&'a Claim> {
        let mut members: Vec<&Claim> = self.about(exchange).collect();
        if !members.is_sorted_by_key(|claim| claim.position) {
            members.sort_by_key(|claim| claim.position);
        }
        members.dedup_by_key(|claim| claim.position);
        members
    }

    pub(crate) fn has_members(self, exchange: Id<ExchangeKey>) -> bool {
        self.sheet(exchange).reports > 0
    }

    /// Whether anything is said of an exchange or of a stage.
    pub(crate) fn is_known(self, exchange: Id<ExchangeKey>) -> bool {
        self.line(exchange).is_known()
    }

    /// The aggregates and findings that name an exchange in their scope.
    pub(crate) fn mentions_of(self, exchange: Id<ExchangeKey>) -> Vec<Position> {
        if self.root(exchange) != exchange {
            return Vec::new();
        }
        let mentions: BTreeSet<Position> = self.absorbed(exchange).flat_map(|key| &self.node(key).mentions).copied().collect();
        mentions.into_iter().filter(|&position| self.sees(position)).collect()
    }

    /// The records that changed what is said of an exchange, also what isn't known.
    pub(crate) fn touched(self, exchange: Id<ExchangeKey>) -> &'a [Position] {
        &self.node(exchange).touched
    }

    /// The exchanges that records from a position on changed, in the order of the records.
    pub(crate) fn touches(self, from: Position) -> impl Iterator<Item = (Position, Id<ExchangeKey>)> {
        let touches = &self.book().touches;
        let first = touches.partition_point(|&(at, _)| at < from);
        touches[first..].iter().copied().take_while(move |&(at, _)| at < self.next())
    }

    /// The exchange that live claims call the whole of this one: the best voice's, the earliest of them.
    pub(crate) fn named_whole(self, exchange: Id<ExchangeKey>) -> Option<Id<ExchangeKey>> {
        self.sheet(exchange).wholes.iter().map(|&whole| self.root(whole)).find(|&whole| whole != exchange)
    }

    /// The exchange that this one is a stage of.
    pub(crate) fn whole(self, exchange: Id<ExchangeKey>) -> Option<Id<ExchangeKey>> {
        self.line(exchange).whole
    }

    /// There is one level: what is itself a stage has no stages.
    pub(crate) fn find_whole(self, exchange: Id<ExchangeKey>) -> Option<Id<ExchangeKey>> {
        self.named_whole(exchange).filter(|&whole| self.named_whole(whole).is_none())
    }

    /// The stages of an exchange, by id.
    pub(crate) fn stages(self, exchange: Id<ExchangeKey>) -> Vec<Id<ExchangeKey>> {
        self.line(exchange).stages.to_vec()
    }

    pub(crate) fn find_stages(self, exchange: Id<ExchangeKey>) -> BTreeSet<Id<ExchangeKey>> {
        if self.book().is_alone(exchange) || self.root(exchange) != exchange {
            return BTreeSet::new();
        }
        let naming = self.absorbed(exchange).flat_map(|key| &self.node(key).stages);
        let named: BTreeSet<_> = naming.filter_map(|&position| self.place(self.claim(position)?)).collect();
        named.into_iter().filter(|&stage| stage != exchange && self.find_whole(stage) == Some(exchange)).collect()
    }
}

impl Node {
    /// A claim names it, or was said to be about it.
    fn name(&mut self, position: Position, part_of: Option<Id<ExchangeKey>>) {
        insert(&mut self.named, position);
        if let Some(whole) = part_of.filter(|whole| !self.wholes.contains(whole)) {
            self.wholes.push(whole);
        }
    }
}

/// Keeps the order; claims come mostly at the end.
fn insert(positions: &mut Vec<Position>, position: Position) {
    if let Err(at) = positions.binary_search(&position) {
        positions.insert(at, position);
    }
}
