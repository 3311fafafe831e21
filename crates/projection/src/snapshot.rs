//! One book in one sled, in chunks: what changed is written again, in one step with where the book stands.
//!
//! ```text
//! section u8 · chunk u32 · part u16   the chunk's next 6 KiB; the chunk: CRC-32C u32 of section, number and the rest · what it holds
//!   sections 0 to 5                   256 values of a pool: publishers, announcers, keys, parties, helpers, texts
//!   section 6                         256 records
//! 7                                   the head: CRC-32C u32 of the rest · format u8 · fold's version u32 · records u64 · root 32 bytes ·
//!                                       values of each pool u32 · CRC-32C u32 of all chunks' checksums
//! ```
//!
//! All of these are big-endian. What a chunk holds is told in the module `wire`; its numbers are varints.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    mem,
    ops::Range,
    sync::{PoisonError, RwLock},
};

use announcement::{Digest, Position};
use durable::{Batch, Volume, WriteError};

use crate::{
    Book,
    book::{CHUNK, Changed},
    claim::Pools,
    intern::Pool,
    wire::{Categories, Malformed, Put, Take, Wire},
};

/// The form in which a book is written. Another one isn't read.
const FORMAT: u8 = 1;
/// What durable keeps in one piece.
const PART: usize = 6 << 10;
/// How many chunks are encoded and written together where all are: some megabytes.
const SLICE: usize = 64;
/// How many parts are read together.
const READ: usize = 256;
/// Pools have the numbers before it.
const RECORDS: u8 = 6;
const HEAD: [u8; 1] = [7];
const HEAD_LEN: usize = 4 + 1 + 4 + 8 + 32 + 6 * 4 + 4;

/// A sled with a book, and what of the book it holds.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Closed after it was read, since sled keeps what it read in memory; opened again for the next writing.
    volume: Option<Volume>,
    pools: [usize; 6],
    chunks: BTreeMap<Chunk, Stored>,
}

/// Where a book stood when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// How many records were folded.
    pub next: Position,
    /// The root of the ledger's tree of these records: it stands for each of them.
    pub root: Digest,
    /// The version of the fold.
    pub version: u32,
}

/// Why a snapshot can't be used. Everything is in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub(crate) String);

impl From<Malformed> for Unusable {
    fn from(malformed: Malformed) -> Self {
        Self(format!("it holds {malformed}"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Chunk {
    section: u8,
    number: u32,
}

/// A chunk as it's read: of so many parts, with its checksum before what it holds.
type Whole = (Chunk, u16, Vec<u8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stored {
    checksum: u32,
    parts: u16,
}

impl Chunk {
    fn key(self) -> [u8; 5] {
        let [a, b, c, d] = self.number.to_be_bytes();
        [self.section, a, b, c, d]
    }

    fn part(self, part: u16) -> [u8; 7] {
        let ([section, a, b, c, d], [high, low]) = (self.key(), part.to_be_bytes());
        [section, a, b, c, d, high, low]
    }

    fn of_part(key: &[u8]) -> Option<(Self, u16)> {
        let &[section, a, b, c, d, high, low] = key else { return None };
        Some((Self { section, number: u32::from_be_bytes([a, b, c, d]) }, u16::from_be_bytes([high, low])))
    }

    fn checksum(self, holds: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(&self.key()), holds)
    }
}

impl Snapshot {
    /// Writes a whole book into an empty sled, which is synced when this returns.
    pub(crate) fn of(volume: Volume, book: &RwLock<Book>, root: Digest, version: u32) -> Result<Self, WriteError> {
        let mut snapshot = Self { volume: Some(volume), pools: [0; 6], chunks: BTreeMap::new() };
        let read = || book.read().unwrap_or_else(PoisonError::into_inner);
        let all = snapshot.changed(&read(), 0..u64::MAX);
        for slice in all.chunks(SLICE) {
            let encoded: Vec<_> = slice.iter().map(|&chunk| encode(&read(), chunk)).collect();
            let mut batch = Batch::new();
            snapshot.put(&mut batch, encoded);
            snapshot.volume()?.apply(batch)?;
        }
        let next = read().next();
        snapshot.stand(&read(), Batch::new(), Stand { next, root, version })?;
        Ok(snapshot)
    }

    /// Brings the sled up to the book, in one step that is synced when this returns: it holds either what it held before or this.
    pub(crate) fn add(&mut self, book: &RwLock<Book>, changed: &Changed, root: Digest, version: u32) -> Result<(), WriteError> {
        let book = book.read().unwrap_or_else(PoisonError::into_inner);
        let chunks = self.changed(&book, 0..0).into_iter().chain(changed.chunks.iter().map(|&number| record_chunk(number)));
        let encoded = chunks.map(|chunk| encode(&book, chunk)).collect();
        let mut batch = Batch::new();
        self.put(&mut batch, encoded);
        self.stand(&book, batch, Stand { next: book.next(), root, version })
    }

    /// The chunks of values that came, and of the records in a range of chunks.
    fn changed(&self, book: &Book, records: Range<u64>) -> Vec<Chunk> {
        let lens = lens(&book.pools);
        let of_pools = (0..RECORDS).zip(self.pools.into_iter().zip(lens)).flat_map(|(section, (before, now))| {
            let chunks = if before < now { before / CHUNK as usize..now.div_ceil(CHUNK as usize) } else { 0..0 };
            chunks.map(move |number| Chunk { section, number: u32::try_from(number).expect("a pool has fewer than 2^32 values") })
        });
        let end = records.end.min(book.next().get().div_ceil(CHUNK));
        of_pools.chain((records.start..end).map(record_chunk)).collect()
    }

    /// Puts chunks into a batch, cut into parts; what they had more goes.
    fn put(&mut self, batch: &mut Batch, encoded: Vec<(Chunk, Vec<u8>)>) {
        for (chunk, bytes) in encoded {
            let parts = u16::try_from(bytes.len().div_ceil(PART)).expect("256 records of at most 60 KiB have at most 2,560 parts");
            for (number, part) in (0..).zip(bytes.chunks(PART)) {
                batch.put(&chunk.part(number), part);
            }
            let checksum = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            let before = self.chunks.insert(chunk, Stored { checksum, parts }).map_or(0, |stored| stored.parts);
            (parts..before).for_each(|number| batch.remove(&chunk.part(number)));
        }
    }

    fn stand(&mut self, book: &Book, mut batch: Batch, stand: Stand) -> Result<(), WriteError> {
        self.pools = lens(&book.pools);
        batch.put(&HEAD, &head(stand, self.pools, self.checksum()));
        self.volume()?.apply(batch)?;
        self.volume()?.sync()
    }

    fn volume(&self) -> Result<&Volume, WriteError> {
        self.volume.as_ref().ok_or(WriteError::Poisoned)
    }

    /// Whether it has to be [opened again](Self::reopen) before it's written.
    pub(crate) const fn is_closed(&self) -> bool {
        self.volume.is_none()
    }

    pub(crate) fn reopen(&mut self, volume: Volume) {
        self.volume = Some(volume);
    }

    fn checksum(&self) -> u32 {
        self.chunks.values().fold(0, |checksum, stored| crc32c::crc32c_append(checksum, &stored.checksum.to_be_bytes()))
    }

    /// How many chunks it has.
    pub(crate) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// Its folder goes with it.
    pub(crate) fn remove(self) {
        self.volume.iter().for_each(Volume::remove_when_closed);
    }

    /// The book that a sled holds, and where it stood. Nothing where it was never finished.
    pub(crate) fn load(volume: Volume) -> Result<Option<(Self, Book, Stand)>, Unusable> {
        let unreadable = |error: durable::ReadError| Unusable(error.to_string());
        let Some(head) = volume.get(&HEAD).map_err(unreadable)? else { return Ok(None) };
        let Head { stand, pools, checksum } = read_head(&head)?;
        let mut loading = Loading { stand, lens: pools, pools: Pools::default(), book: None, categories: Categories::new() };
        let mut snapshot = Self { volume: None, pools, chunks: BTreeMap::new() };
        let (mut from, mut whole): (Vec<u8>, Option<Whole>) = (vec![0], None);
        loop {
            let page = volume.range(&from, &HEAD, READ).map_err(unreadable)?;
            let Some((last, _)) = page.last() else { break };
            from = [&last[..], &[0]].concat();
            for (key, value) in page {
                let (chunk, part) = Chunk::of_part(&key).ok_or(Malformed("a key of no form"))?;
                match &mut whole {
                    Some((begun, parts, bytes)) if *begun == chunk && *parts == part => {
                        *parts += 1;
                        bytes.extend_from_slice(&value);
                    }
                    _ if part == 0 => {
                        let before = whole.replace((chunk, 1, value));
                        before.map_or(Ok(()), |before| snapshot.read(&mut loading, before))?;
                    }
                    _ => return Err(Malformed("a part without those before it").into()),
                }
            }
        }
        whole.map_or(Ok(()), |last| snapshot.read(&mut loading, last))?;
        if snapshot.checksum() != checksum {
            return Err(Malformed("chunks of several snapshots").into());
        }
        Ok(Some((snapshot, loading.finish()?, stand)))
    }

    fn read(&mut self, loading: &mut Loading, (chunk, parts, bytes): Whole) -> Result<(), Malformed> {
        let (&checksum, holds) = bytes.split_first_chunk().ok_or(Malformed("a chunk without a checksum"))?;
        let checksum = u32::from_be_bytes(checksum);
        if checksum != chunk.checksum(holds) {
            return Err(Malformed("a chunk that isn't as it was written"));
        }
        self.chunks.insert(chunk, Stored { checksum, parts });
        loading.take(chunk, holds)
    }
}

fn record_chunk(number: u64) -> Chunk {
    Chunk { section: RECORDS, number: u32::try_from(number).expect("fewer than 2^40 records fit into memory") }
}

fn lens(pools: &Pools) -> [usize; 6] {
    let Pools { publishers, announcers, keys, parties, helpers, texts, handed: _ } = pools;
    [publishers.len(), announcers.len(), keys.len(), parties.len(), helpers.len(), texts.len()]
}

fn encode(book: &Book, chunk: Chunk) -> (Chunk, Vec<u8>) {
    fn values<T: Wire + Clone>(values: &[Option<T>], number: u32, to: &mut Put<'_>) {
        let first = number as usize * CHUNK as usize;
        values[first..values.len().min(first + CHUNK as usize)].iter().for_each(|value| value.put(to));
    }
    let mut to = Put::ids();
    to.bytes.extend_from_slice(&[0; 4]);
    let pools = &book.pools;
    match chunk.section {
        0 => values(pools.publishers.values(), chunk.number, &mut to),
        1 => values(pools.announcers.values(), chunk.number, &mut to),
        2 => values(pools.keys.values(), chunk.number, &mut to),
        3 => values(pools.parties.values(), chunk.number, &mut to),
        4 => values(pools.helpers.values(), chunk.number, &mut to),
        5 => values(pools.texts.values(), chunk.number, &mut to),
        _ => {
            let first = u64::from(chunk.number) * CHUNK;
            book.put_records(first..book.next().get().min(first + CHUNK), &mut to);
        }
    }
    let checksum = chunk.checksum(&to.bytes[4..]);
    to.bytes[..4].copy_from_slice(&checksum.to_be_bytes());
    (chunk, to.bytes)
}

/// A book that is being read, section after section.
struct Loading {
    stand: Stand,
    lens: [usize; 6],
    pools: Pools,
    /// From the first records on.
    book: Option<Book>,
    categories: Categories,
}

impl Loading {
    fn take(&mut self, chunk: Chunk, holds: &[u8]) -> Result<(), Malformed> {
        let number = chunk.number as usize;
        match chunk.section {
            0 => self.values(holds, number, |pools| &mut pools.publishers),
            1 => self.values(holds, number, |pools| &mut pools.announcers),
            2 => self.values(holds, number, |pools| &mut pools.keys),
            3 => self.values(holds, number, |pools| &mut pools.parties),
            4 => self.values(holds, number, |pools| &mut pools.helpers),
            5 => self.values(holds, number, |pools| &mut pools.texts),
            RECORDS => self.records(holds, u64::from(chunk.number)),
            _ => Err(Malformed("a section that there isn't")),
        }
    }

    fn values<T: ?Sized + Eq + std::hash::Hash>(&mut self, holds: &[u8], number: usize, pool: fn(&mut Pools) -> &mut Pool<T>) -> Result<(), Malformed>
    where
        std::sync::Arc<T>: Wire,
    {
        if pool(&mut self.pools).len() != number * CHUNK as usize {
            return Err(Malformed("values with a gap before them"));
        }
        let nothing = Pools::default();
        let mut from = Take::new(holds, &nothing, 0, &mut self.categories);
        while from.finish().is_err() {
            if !pool(&mut self.pools).restore(Wire::take(&mut from)?) {
                return Err(Malformed("a value twice"));
            }
        }
        Ok(())
    }

    fn book(&mut self) -> Result<&mut Book, Malformed> {
        if self.book.is_none() {
            if lens(&self.pools) != self.lens {
                return Err(Malformed("other values than were written"));
            }
            // A number that was altered reserves no more than a gigabyte or two; the checksums let none through.
            let room = usize::try_from(self.stand.next.get()).map_or(0, |next| next.min(1 << 22));
            self.book = Some(Book::with_room(mem::take(&mut self.pools), room));
        }
        Ok(self.book.as_mut().expect("it was made just now"))
    }

    fn records(&mut self, holds: &[u8], number: u64) -> Result<(), Malformed> {
        let next = self.stand.next.get();
        self.book()?;
        let book = self.book.as_mut().expect("it was made just now");
        let first = book.next().get();
        if first != number * CHUNK || first >= next {
            return Err(Malformed("records with a gap before them"));
        }
        book.take_records(CHUNK.min(next - first), next, holds, &mut self.categories)
    }

    fn finish(mut self) -> Result<Book, Malformed> {
        let next = self.stand.next;
        self.book()?;
        let mut book = self.book.expect("it was made just now");
        if book.next() != next {
            return Err(Malformed("fewer records than were written"));
        }
        book.work_out();
        Ok(book)
    }
}

#[derive(Debug)]
struct Head {
    stand: Stand,
    pools: [usize; 6],
    checksum: u32,
}

fn head(stand: Stand, pools: [usize; 6], checksum: u32) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.push(FORMAT);
    bytes.extend_from_slice(&stand.version.to_be_bytes());
    bytes.extend_from_slice(&stand.next.get().to_be_bytes());
    bytes.extend_from_slice(stand.root.as_bytes());
    for len in pools {
        bytes.extend_from_slice(&u32::try_from(len).expect("a pool has fewer than 2^32 values").to_be_bytes());
    }
    bytes.extend_from_slice(&checksum.to_be_bytes());
    let own = crc32c::crc32c(&bytes[4..]);
    bytes[..4].copy_from_slice(&own.to_be_bytes());
    bytes
}

fn read_head(bytes: &[u8]) -> Result<Head, Unusable> {
    if bytes.get(4).is_some_and(|&format| format != FORMAT) {
        return Err(Unusable(format!("it's of format {}, and this program reads {FORMAT}", bytes[4])));
    }
    let bytes: &[u8; HEAD_LEN] = bytes.try_into().map_err(|_| Malformed("a head of another length"))?;
    let u32_at = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if u32_at(0) != crc32c::crc32c(&bytes[4..]) {
        return Err(Malformed("a head that isn't as it was written").into());
    }
    let next = u64::from(u32_at(9)) << 32 | u64::from(u32_at(13));
    let root = Digest::from_bytes(*bytes[17..].first_chunk().expect("it's longer"));
    let stand = Stand { next: Position::new(next), root, version: u32_at(5) };
    let pools = std::array::from_fn(|pool| u32_at(49 + 4 * pool) as usize);
    Ok(Head { stand, pools, checksum: u32_at(HEAD_LEN - 4) })
}
