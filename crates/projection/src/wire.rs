//! How the book is written down: numbers as varints, ids as their numbers, positions as distances from the record that they belong to.

mod announced;

use std::hash::Hash;

use announcement::{Category, CategoryName, Position};

use crate::{
    claim::Pools,
    intern::{Id, Pool},
};

/// What is written and read again.
pub(crate) trait Wire: Sized {
    fn put(&self, to: &mut Put<'_>);
    /// Reads what `put` wrote; of anything else it makes an error or some value, and never panics.
    fn take(from: &mut Take<'_>) -> Result<Self, Malformed>;
}

/// A value that claims share: its id stands for it.
pub(crate) trait Pooled: Eq + Hash {
    fn pool(pools: &Pools) -> &Pool<Self>;
    fn put_value(&self, to: &mut Put<'_>);
}

/// Bytes that nobody wrote, or not for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Where things are written to.
pub(crate) struct Put<'a> {
    pub(crate) bytes: Vec<u8>,
    /// The record that is written.
    pub(crate) at: u64,
    /// When the record before it was taken in, in microseconds.
    pub(crate) recorded_us: i64,
    /// Where these are given the values themselves are written and not their ids, which then is the same for all books that say the same.
    values: Option<&'a Pools>,
}

impl<'a> Put<'a> {
    pub(crate) const fn ids() -> Self {
        Self { bytes: Vec::new(), at: 0, recorded_us: 0, values: None }
    }

    /// Whether it's for a comparison.
    pub(crate) const fn is_of_values(&self) -> bool {
        self.values.is_some()
    }

    pub(crate) const fn values(pools: &'a Pools) -> Self {
        Self { bytes: Vec::new(), at: 0, recorded_us: 0, values: Some(pools) }
    }
}

/// Where things are read from.
pub(crate) struct Take<'a> {
    rest: &'a [u8],
    /// The record that is read.
    pub(crate) at: u64,
    pub(crate) recorded_us: i64,
    /// How many records there are.
    next: u64,
    pools: &'a Pools,
    categories: &'a mut Categories,
}

/// The categories that texts stand for, as far as they were looked at.
pub(crate) type Categories = Vec<Option<Option<Category>>>;

impl<'a> Take<'a> {
    /// Reads from bytes what belongs to these pools and so many records.
    pub(crate) const fn new(bytes: &'a [u8], pools: &'a Pools, next: u64, categories: &'a mut Categories) -> Self {
        Self { rest: bytes, at: 0, recorded_us: 0, next, pools, categories }
    }

    /// Fails where something is left.
    pub(crate) fn finish(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("there is more than was written")) }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Malformed("it ends early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    /// How many things follow, each of at least a byte.
    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::take(self)?;
        if count <= self.rest.len() { Ok(count) } else { Err(Malformed("it ends early")) }
    }

    /// The main category of a text, which must be a category's name.
    pub(crate) fn category(&mut self, name: Id<str>) -> Result<Option<Category>, Malformed> {
        if self.categories.len() <= name.index() {
            self.categories.resize(self.pools.texts.len(), None);
        }
        if let Some(known) = self.categories[name.index()] {
            return Ok(known);
        }
        let read: CategoryName = self.pools.texts.get(name).parse().map_err(|_| Malformed("a text that isn't a category's name"))?;
        self.categories[name.index()] = Some(read.main());
        Ok(read.main())
    }
}

impl Wire for u8 {
    fn put(&self, to: &mut Put<'_>) {
        to.bytes.push(*self);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let (&byte, rest) = from.rest.split_first().ok_or(Malformed("it ends early"))?;
        from.rest = rest;
        Ok(byte)
    }
}

impl Wire for u64 {
    fn put(&self, to: &mut Put<'_>) {
        let mut left = *self;
        while left >= 0x80 {
            to.bytes.push(left as u8 | 0x80);
            left >>= 7;
        }
        to.bytes.push(left as u8);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = u8::take(from)?;
            number |= Self::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed("a number of more than 64 bits"))
    }
}

impl Wire for u32 {
    fn put(&self, to: &mut Put<'_>) {
        u64::from(*self).put(to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        u64::take(from)?.try_into().map_err(|_| Malformed("a number of more than 32 bits"))
    }
}

impl Wire for usize {
    fn put(&self, to: &mut Put<'_>) {
        (*self as u64).put(to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        u64::take(from)?.try_into().map_err(|_| Malformed("a number of more than an index has"))
    }
}

impl Wire for i64 {
    fn put(&self, to: &mut Put<'_>) {
        ((self << 1) ^ (self >> 63)).cast_unsigned().put(to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let folded = u64::take(from)?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }
}

impl Wire for Position {
    fn put(&self, to: &mut Put<'_>) {
        self.get().wrapping_sub(to.at).cast_signed().put(to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let position = from.at.wrapping_add(i64::take(from)?.cast_unsigned());
        if position < from.next { Ok(Self::new(position)) } else { Err(Malformed("a position that no record has")) }
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, to: &mut Put<'_>) {
        to.bytes.push(u8::from(self.is_some()));
        if let Some(value) = self {
            value.put(to);
        }
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        match u8::take(from)? {
            0 => Ok(None),
            1 => T::take(from).map(Some),
            _ => Err(Malformed("neither something nor nothing")),
        }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, to: &mut Put<'_>) {
        put_all(self, to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        // As many as there are: most of what is read are lists of one or two, and each that has to shrink costs more than reading it.
        let count = from.count()?;
        let mut values = Self::with_capacity(count);
        for _ in 0..count {
            values.push(T::take(from)?);
        }
        Ok(values)
    }
}

impl<T: Wire> Wire for Box<[T]> {
    fn put(&self, to: &mut Put<'_>) {
        put_all(self, to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        Vec::take(from).map(Vec::into_boxed_slice)
    }
}

fn put_all<T: Wire>(values: &[T], to: &mut Put<'_>) {
    values.len().put(to);
    values.iter().for_each(|value| value.put(to));
}

impl<const N: usize> Wire for [u8; N] {
    fn put(&self, to: &mut Put<'_>) {
        to.bytes.extend_from_slice(self);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        from.bytes(N).map(|bytes| bytes.try_into().expect("so many were asked for"))
    }
}

pub(crate) fn put_text(text: &str, to: &mut Put<'_>) {
    text.len().put(to);
    to.bytes.extend_from_slice(text.as_bytes());
}

pub(crate) fn take_text<'a>(from: &mut Take<'a>) -> Result<&'a str, Malformed> {
    let count = from.count()?;
    std::str::from_utf8(from.bytes(count)?).map_err(|_| Malformed("a text that isn't UTF-8"))
}

impl<T: ?Sized + Pooled> Wire for Id<T> {
    fn put(&self, to: &mut Put<'_>) {
        match to.values {
            None => self.index().put(to),
            Some(pools) => T::pool(pools).get(*self).put_value(to),
        }
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let index = usize::take(from)?;
        T::pool(from.pools).id(index).ok_or(Malformed("an id that stands for nothing"))
    }
}
