use std::{ops::Range, sync::Arc};

use announcement::{ExchangeKey, Position};
use uuid::Uuid;

use super::{Book, Changed, ChannelView, Merged};
use crate::{
    claim::{Claim, Parts, Pools},
    effects::{Act, Effects, Pin},
    extent::Extent,
    intern::Id,
    lineage::Origin,
    wire::{Categories, Malformed, Put, Take, Wire},
};

/// A merge as it's written: whether it has an effect follows from those before it.
struct Merging {
    from: Id<ExchangeKey>,
    into: Id<ExchangeKey>,
}

impl Book {
    /// Writes the records at these positions, each with what is known of it alone. The exchanges' nodes follow from these, and so does where an event is.
    pub(crate) fn put_records(&self, range: Range<u64>, to: &mut Put<'_>) {
        for at in range.map(Position::new) {
            self.put_record(at, to);
        }
    }

    pub(crate) fn put_record(&self, at: Position, to: &mut Put<'_>) {
        let index = usize::try_from(at.get()).expect("it's in memory");
        let (claim, (source, id)) = (&self.claims[index], self.events.names()[index]);
        let (effects, origins, extent) = (self.effects.get(&at).map(Box::as_ref), self.origins.get(&at), self.extents.get(&at));
        let (channel, corrected_on) = (self.channels.get(&at), self.corrected_on.get(&at));
        let merged = self.merges.binary_search_by_key(&at, |merged| merged.at).ok().map(|index| self.merges[index]);
        let touches = Some(self.touches_of(at)).filter(|touches| touches[..] != claim.key.as_slice()[..] && !to.is_of_values());
        let parts = [
            (Parts::EFFECTS, effects.is_some()),
            (Parts::ORIGINS, origins.is_some()),
            (Parts::EXTENT, extent.is_some()),
            (Parts::CHANNEL, channel.is_some()),
            (Parts::CORRECTED_ON, corrected_on.is_some()),
            (Parts::UNNAMED, claim.key.is_none() && self.has_place(at)),
            (Parts::BARE, self.bare.contains(&at)),
            (Parts::MERGED, merged.is_some()),
            (Parts::TOUCHES, touches.is_some()),
        ];
        to.at = at.get();
        Parts::of(parts.into_iter().fold(claim.parts(), |parts, (part, there)| if there { parts | part } else { parts })).put(to);
        claim.put(to);
        source.put(to);
        id.into_bytes().put(to);
        put(effects, to);
        put(origins, to);
        put(extent, to);
        put(channel, to);
        put(corrected_on, to);
        put(touches.as_ref(), to);
        put(merged.map(|Merged { from, into, .. }| Merging { from, into }).as_ref(), to);
    }

    /// A book with these values and room for so many records, of which none is there.
    pub(crate) fn with_room(pools: Pools, records: usize) -> Self {
        let mut book = Self { pools, ..Self::default() };
        book.claims.reserve(records);
        book.events.reserve(records);
        book
    }

    /// Reads the next records, at most so many.
    pub(crate) fn take_records(&mut self, count: u64, next: u64, bytes: &[u8], categories: &mut Categories) -> Result<(), Malformed> {
        // It's the book's own again once the records, which name what is in it, are read.
        let pools = std::mem::take(&mut self.pools);
        let mut from = Take::new(bytes, &pools, next, categories);
        let taken = (0..count).try_for_each(|_| self.take_record(&mut from)).and_then(|()| from.finish());
        self.pools = pools;
        taken
    }

    /// Which exchanges the record at a position changed.
    pub(crate) fn touches_of(&self, at: Position) -> Vec<Id<ExchangeKey>> {
        let first = self.touches.partition_point(|&(earlier, _)| earlier < at);
        self.touches[first..].iter().take_while(|&&(record, _)| record == at).map(|&(_, exchange)| exchange).collect()
    }

    /// Reads the next record.
    fn take_record(&mut self, from: &mut Take<'_>) -> Result<(), Malformed> {
        let at = self.next();
        from.at = at.get();
        let parts = Parts::take(from)?;
        let mut claim = Claim::take(at, parts, from)?;
        claim.handed = self.pools.handed.share(Arc::unwrap_or_clone(claim.handed));
        let (source, id) = (Wire::take(from)?, Uuid::from_bytes(Wire::take(from)?));
        self.effects.extend(parts.read(Parts::EFFECTS, from)?.map(|effects| (at, Box::new(effects))));
        self.origins.extend(parts.read(Parts::ORIGINS, from)?.map(|origins| (at, origins)));
        self.extents.extend(parts.read(Parts::EXTENT, from)?.map(|extent| (at, extent)));
        self.channels.extend(parts.read(Parts::CHANNEL, from)?.map(|channel| (at, channel)));
        self.corrected_on.extend(parts.read(Parts::CORRECTED_ON, from)?.map(|day| (at, day)));
        let touches: Option<Vec<Id<ExchangeKey>>> = parts.read(Parts::TOUCHES, from)?;
        let touched = touches.unwrap_or_else(|| claim.key.into_iter().collect());
        self.touches.extend(touched.into_iter().map(|exchange| (at, exchange)));
        let merged = parts.read(Parts::MERGED, from)?.map(|Merging { from, into }| Merged { at, from, into, has_effect: false });
        self.merges.extend(merged);
        match claim.key {
            Some(_) => {}
            None if parts.has(Parts::UNNAMED) => self.unnamed.entry(claim.kind).or_default().push(at),
            None => self.acting.push(at),
        }
        if parts.has(Parts::BARE) {
            self.bare.insert(at);
        }
        self.claims.push(claim);
        self.events.push((source, id));
        Ok(())
    }

    /// What follows from the records: where each event is and each claim has its place, and which merges have an effect.
    pub(crate) fn work_out(&mut self) {
        let mut events = std::mem::take(&mut self.events);
        std::thread::scope(|scope| {
            scope.spawn(|| events.index_all());
            self.find_places();
        });
        self.events = events;
        self.tie();
        self.changed = Changed::default();
    }

    fn find_places(&mut self) {
        self.grow();
        for Merged { at, from, into, .. } in std::mem::take(&mut self.merges) {
            self.merge_ids(from, into, at);
        }
        for index in 0..self.claims.len() {
            if let Some(key) = self.claims[index].key {
                self.settle(self.claims[index].position, Some(key));
            }
        }
        for position in std::mem::take(&mut self.unnamed).into_values().flatten() {
            self.settle(position, None);
        }
        for (at, exchange) in std::mem::take(&mut self.touches) {
            self.restore_touch(at, exchange);
        }
        let mentions: Vec<_> = self.extents.iter().flat_map(|(&at, extent)| extent.names.iter().map(move |&key| (at, key))).collect();
        for (at, key) in mentions {
            self.mention_id(at, key);
        }
    }

    /// Whether a record's payload was removed.
    pub(crate) fn has_redactions(&self) -> bool {
        !self.bare.is_empty()
    }

    /// Drops the shared values that no record names any more: what a redaction took away.
    pub(crate) fn forget_unnamed(&mut self) {
        let mut texts = vec![false; self.pools.texts.len()];
        let mut announcers = vec![false; self.pools.announcers.len()];
        let mut helpers = vec![false; self.pools.helpers.len()];
        let scopes = self.extents.values().filter_map(|extent| extent.scope);
        let sources = self.origins.values().flat_map(|origins| origins.iter()).filter_map(|origin| match origin {
            Origin::Event { source, .. } => Some(*source),
            Origin::Address(_) => None,
        });
        for text in self.claims.iter().flat_map(Claim::texts).chain(scopes).chain(sources).chain(self.events.names().iter().map(|&(source, _)| source)) {
            texts[text.index()] = true;
        }
        for claim in &self.claims {
            claim.announcer.into_iter().for_each(|id| announcers[id.index()] = true);
            claim.helpers.iter().for_each(|id| helpers[id.index()] = true);
        }
        self.pools.texts.retain(|id| texts[id.index()]);
        self.pools.announcers.retain(|id| announcers[id.index()]);
        self.pools.helpers.retain(|id| helpers[id.index()]);
    }
}

fn put<T: Wire>(value: Option<&T>, to: &mut Put<'_>) {
    if let Some(value) = value {
        value.put(to);
    }
}

/// Writes the fields of a structure one after the other.
macro_rules! fields {
    ($($type:ident { $($field:ident),* })*) => {
        $(impl Wire for $type {
            fn put(&self, to: &mut Put<'_>) {
                $(self.$field.put(to);)*
            }

            fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
                Ok(Self { $($field: Wire::take(from)?),* })
            }
        })*
    };
}

fields! {
    Merging { from, into }
    Effects { retractions, quarantine, redactions, corrections, revisions, disputes, pins, acts }
    Pin { key, at }
    Act { position, kind }
    Extent { period, scope, both_ways, exchanges, names, stage }
    ChannelView { channel, parties, status, since, blames }
}

impl<T: Wire, U: Wire> Wire for (T, U) {
    fn put(&self, to: &mut Put<'_>) {
        self.0.put(to);
        self.1.put(to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        Ok((T::take(from)?, U::take(from)?))
    }
}

impl Wire for [announcement::Party; 2] {
    fn put(&self, to: &mut Put<'_>) {
        self.iter().for_each(|party| party.put(to));
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        Ok([Wire::take(from)?, Wire::take(from)?])
    }
}

impl Wire for Origin {
    fn put(&self, to: &mut Put<'_>) {
        match *self {
            Self::Address(address) => {
                0_u8.put(to);
                address.put(to);
            }
            Self::Event { source, id, publisher } => {
                1_u8.put(to);
                source.put(to);
                id.into_bytes().put(to);
                publisher.put(to);
            }
        }
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        match u8::take(from)? {
            0 => Ok(Self::Address(Wire::take(from)?)),
            1 => Ok(Self::Event { source: Wire::take(from)?, id: Uuid::from_bytes(Wire::take(from)?), publisher: Wire::take(from)? }),
            _ => Err(Malformed("an origin of no form")),
        }
    }
}
