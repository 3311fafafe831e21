use std::sync::Arc;

use announcement::{Category, Position, Publisher};
use jiff::Timestamp;

use super::{Claim, Counted, Handed, Way};
use crate::{
    intern::Id,
    wire::{Malformed, Put, Take, Wire},
};

/// Which parts of a record there are. The frequent ones are the low bits: three bytes hold all that most records have.
#[derive(Clone, Copy)]
pub(crate) struct Parts(u32);

impl Parts {
    pub(crate) const ANNOUNCER: u32 = 1;
    pub(crate) const KEY: u32 = 1 << 1;
    pub(crate) const DATE: u32 = 1 << 2;
    pub(crate) const FRAMEWORK: u32 = 1 << 3;
    pub(crate) const PART_OF: u32 = 1 << 4;
    pub(crate) const HANDED: u32 = 1 << 5;
    pub(crate) const HELPERS: u32 = 1 << 6;
    pub(crate) const ADDRESS: u32 = 1 << 7;
    pub(crate) const REPORT: u32 = 1 << 8;
    pub(crate) const CORRECTION: u32 = 1 << 9;
    pub(crate) const EFFECTS: u32 = 1 << 10;
    pub(crate) const ORIGINS: u32 = 1 << 11;
    pub(crate) const EXTENT: u32 = 1 << 12;
    pub(crate) const CHANNEL: u32 = 1 << 13;
    pub(crate) const CORRECTED_ON: u32 = 1 << 14;
    pub(crate) const UNNAMED: u32 = 1 << 15;
    pub(crate) const BARE: u32 = 1 << 16;
    pub(crate) const MERGED: u32 = 1 << 17;
    /// It changed what is said of exchanges: of others than the one that it names, or of several; without it of that one alone, where it names one.
    pub(crate) const TOUCHES: u32 = 1 << 18;
    const ALL: u32 = (1 << 19) - 1;

    pub(crate) const fn of(parts: u32) -> Self {
        Self(parts)
    }

    pub(crate) const fn has(self, part: u32) -> bool {
        self.0 & part != 0
    }

    /// Reads a part that is there.
    pub(crate) fn read<T: Wire>(self, part: u32, from: &mut Take<'_>) -> Result<Option<T>, Malformed> {
        if self.has(part) { T::take(from).map(Some) } else { Ok(None) }
    }
}

impl Wire for Parts {
    fn put(&self, to: &mut Put<'_>) {
        self.0.put(to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let parts = u32::take(from)?;
        if parts & !Self::ALL == 0 { Ok(Self(parts)) } else { Err(Malformed("a part that there isn't")) }
    }
}

fn if_some<T: Wire>(value: Option<T>, to: &mut Put<'_>) {
    if let Some(value) = value {
        value.put(to);
    }
}

impl Claim {
    /// Which parts the claim itself has.
    pub(crate) fn parts(&self) -> u32 {
        [
            (Parts::ANNOUNCER, self.announcer.is_some()),
            (Parts::KEY, self.key.is_some()),
            (Parts::DATE, self.date.is_some()),
            (Parts::FRAMEWORK, self.framework.is_some()),
            (Parts::PART_OF, self.part_of.is_some()),
            (Parts::HANDED, !self.handed.ways.is_empty()),
            (Parts::HELPERS, !self.helpers.is_empty()),
            (Parts::ADDRESS, self.address.is_some()),
            (Parts::REPORT, self.is_report),
            (Parts::CORRECTION, self.statement != self.position),
            (Parts::EFFECTS, self.affected),
        ]
        .into_iter()
        .fold(0, |parts, (part, there)| if there { parts | part } else { parts })
    }

    /// Writes it; which parts there are and its position are written already.
    pub(crate) fn put(&self, to: &mut Put<'_>) {
        if self.statement != self.position {
            self.statement.put(to);
        }
        (self.recorded_us.wrapping_sub(to.recorded_us)).put(to);
        to.recorded_us = self.recorded_us;
        self.publisher.put(to);
        self.kind.put(to);
        self.announced.put(to);
        if_some(self.announcer, to);
        if_some(self.key, to);
        if_some(self.date, to);
        if_some(self.framework, to);
        if_some(self.part_of, to);
        if !self.handed.ways.is_empty() {
            self.handed.put(to);
        }
        if !self.helpers.is_empty() {
            self.helpers.put(to);
        }
        if_some(self.address, to);
    }

    /// Reads the one at a position with these parts.
    pub(crate) fn take(position: Position, parts: Parts, from: &mut Take<'_>) -> Result<Self, Malformed> {
        let statement = parts.read(Parts::CORRECTION, from)?.unwrap_or(position);
        if statement > position {
            return Err(Malformed("a correction of what came later"));
        }
        let recorded_us = from.recorded_us.wrapping_add(i64::take(from)?);
        from.recorded_us = recorded_us;
        Timestamp::from_microsecond(recorded_us).map_err(|_| Malformed("an instant that there isn't"))?;
        let (publisher, kind, announced): (Id<Publisher>, _, _) = (Wire::take(from)?, Wire::take(from)?, Wire::take(from)?);
        Ok(Self {
            position,
            statement,
            recorded_us,
            publisher,
            kind,
            announced,
            announcer: parts.read(Parts::ANNOUNCER, from)?,
            key: parts.read(Parts::KEY, from)?,
            date: parts.read(Parts::DATE, from)?,
            framework: parts.read(Parts::FRAMEWORK, from)?,
            part_of: parts.read(Parts::PART_OF, from)?,
            handed: Arc::new(parts.read(Parts::HANDED, from)?.unwrap_or_default()),
            helpers: parts.read(Parts::HELPERS, from)?.unwrap_or_default(),
            address: parts.read(Parts::ADDRESS, from)?,
            affected: parts.has(Parts::EFFECTS),
            is_report: parts.has(Parts::REPORT),
        })
    }

    /// The texts that it names.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Id<str>> {
        let of_items = self.handed.items.iter().flat_map(|item| [Some(item.name), item.group, item.origin, item.stated]);
        of_items.chain([self.framework]).flatten()
    }
}

impl Wire for Handed {
    fn put(&self, to: &mut Put<'_>) {
        self.ways.len().put(to);
        self.items.len().put(to);
        for way in &self.ways {
            let items = self.items(*way);
            way.from.put(to);
            way.to.put(to);
            way.relation.put(to);
            items.len().put(to);
            items.iter().for_each(|item| item.put(to));
        }
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let (of_ways, of_items) = (from.count()?, from.count()?);
        let (mut ways, mut items) = (Vec::with_capacity(of_ways), Vec::with_capacity(of_items));
        for _ in 0..of_ways {
            let (one, other, relation) = (Wire::take(from)?, Wire::take(from)?, Wire::take(from)?);
            let first = items.len();
            let end = first.saturating_add(usize::take(from)?);
            if end > of_items {
                return Err(Malformed("more items than were written"));
            }
            while items.len() < end {
                items.push(Counted::take(from)?);
            }
            let place = |place: usize| u32::try_from(place).map_err(|_| Malformed("more items than an event has"));
            ways.push(Way { from: one, to: other, relation, first: place(first)?, end: place(end)? });
        }
        Ok(Self { ways: ways.into_boxed_slice(), items: items.into_boxed_slice() })
    }
}

/// What an item may say, as bits of a byte.
const OF: u8 = 1;
const GROUP: u8 = 1 << 1;
const ORIGIN: u8 = 1 << 2;
const STATED: u8 = 1 << 3;
const IDENTITY: u8 = 1 << 4;

impl Wire for Counted {
    fn put(&self, to: &mut Put<'_>) {
        let said = [
            (OF, self.of.is_some()),
            (GROUP, self.group.is_some()),
            (ORIGIN, self.origin.is_some()),
            (STATED, self.stated.is_some()),
            (IDENTITY, self.identity.is_some()),
        ];
        said.into_iter().filter(|&(_, there)| there).fold(0, |said, (bit, _)| said | bit).put(to);
        self.name.put(to);
        self.count.put(to);
        if_some(self.of, to);
        if_some(self.group, to);
        if_some(self.origin, to);
        if_some(self.stated, to);
        if_some(self.identity, to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        fn said<T: Wire>(said: u8, bit: u8, from: &mut Take<'_>) -> Result<Option<T>, Malformed> {
            if said & bit == 0 { Ok(None) } else { T::take(from).map(Some) }
        }
        let all = u8::take(from)?;
        let (name, count) = (Wire::take(from)?, Wire::take(from)?);
        let (of, main) = (said::<Category>(all, OF, from)?, from.category(name)?);
        Ok(Self {
            name,
            main: main.filter(|_| of.is_none()),
            of,
            count,
            group: said(all, GROUP, from)?,
            origin: said(all, ORIGIN, from)?,
            stated: said(all, STATED, from)?,
            identity: said(all, IDENTITY, from)?,
        })
    }
}
