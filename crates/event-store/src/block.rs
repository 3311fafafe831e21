use std::sync::{Arc, Mutex, PoisonError};

use zstd::bulk::{Compressor, Decompressor};

/// How many records are compressed together: enough for the dictionary to do the rest, few enough that one record is read in microseconds.
pub(crate) const BLOCK: u64 = 16;
/// zstd's level with a dictionary: the higher ones gain a tenth and cost four times the time.
const LEVEL: i32 = 3;
/// The level without one, for what is written anew when its volume is sealed: two thirds of the time of level 3.
const FAST_LEVEL: i32 = -1;
/// The most that a block's records take: what sixteen of the largest events do, and some more.
const MAX_RAW: usize = 2 << 20;
const HEAD: usize = 10;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const ZSTD_DICTIONARY: u8 = 2;

/// Makes blocks of records.
pub(crate) struct Encoder {
    plain: Compressor<'static>,
    with_dictionary: Option<Compressor<'static>>,
    raw: Vec<u8>,
}

impl Encoder {
    pub(crate) fn new(dictionary: Option<&[u8]>) -> Self {
        let with_dictionary = dictionary.map(|dictionary| Compressor::with_dictionary(LEVEL, dictionary).expect("zstd takes any bytes as a dictionary"));
        Self { plain: Compressor::new(FAST_LEVEL).expect("a level that zstd has"), with_dictionary, raw: Vec::new() }
    }

    /// The block of these records, the first of which has this position.
    pub(crate) fn encode<'a>(&mut self, first: u64, records: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        self.raw.clear();
        let mut count = 0;
        for record in records {
            self.raw.extend_from_slice(&length(record.len()).to_be_bytes());
            self.raw.extend_from_slice(record);
            count += 1;
        }
        let (kind, compressed) = match &mut self.with_dictionary {
            Some(compressor) => (ZSTD_DICTIONARY, compressor.compress(&self.raw)),
            None => (ZSTD, self.plain.compress(&self.raw)),
        };
        let (kind, data) = match compressed {
            Ok(compressed) if compressed.len() < self.raw.len() => (kind, compressed),
            _ => (PLAIN, self.raw.clone()),
        };
        let mut block = Vec::with_capacity(HEAD + data.len());
        block.extend_from_slice(&[0; 4]);
        block.extend_from_slice(&[count, kind]);
        block.extend_from_slice(&length(self.raw.len()).to_be_bytes());
        block.extend_from_slice(&data);
        let crc = checksum(first, &block);
        block[..4].copy_from_slice(&crc.to_be_bytes());
        block
    }
}

fn length(len: usize) -> u32 {
    u32::try_from(len).expect("a block's records take less than 4 GiB")
}

/// The block's place is part of what is checked.
fn checksum(first: u64, block: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&first.to_be_bytes()), &block[4..])
}

/// Reads the blocks of one volume.
#[derive(Debug)]
pub(crate) struct Decoder {
    dictionary: Option<Vec<u8>>,
    /// Guards decompressors that nobody uses at the moment: making one with a dictionary takes longer than a block does.
    idle: Mutex<Vec<Pair>>,
}

struct Pair {
    plain: Decompressor<'static>,
    with_dictionary: Option<Decompressor<'static>>,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("decompressors")
    }
}

/// How many decompressors are kept for the next reader.
const MAX_IDLE: usize = 4;

impl Decoder {
    pub(crate) const fn new(dictionary: Option<Vec<u8>>) -> Self {
        Self { dictionary, idle: Mutex::new(Vec::new()) }
    }

    pub(crate) fn dictionary(&self) -> Option<&[u8]> {
        self.dictionary.as_deref()
    }

    /// The records of a block; `None` where it isn't what was written.
    pub(crate) fn decode(&self, first: u64, block: &[u8]) -> Option<Records> {
        let (head, data) = block.split_first_chunk::<HEAD>()?;
        let crc = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let raw_len = usize::try_from(u32::from_be_bytes([head[6], head[7], head[8], head[9]])).ok().filter(|&len| len <= MAX_RAW)?;
        if checksum(first, block) != crc {
            return None;
        }
        let raw = match head[5] {
            PLAIN => data.to_vec(),
            kind => self.decompress(kind, data, raw_len)?,
        };
        (raw.len() == raw_len).then(|| Records::new(raw, usize::from(head[4]))).flatten()
    }

    fn decompress(&self, kind: u8, data: &[u8], raw_len: usize) -> Option<Vec<u8>> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut pair = kept.map_or_else(|| self.pair(), Some)?;
        let raw = match kind {
            ZSTD => pair.plain.decompress(data, raw_len).ok(),
            ZSTD_DICTIONARY => pair.with_dictionary.as_mut()?.decompress(data, raw_len).ok(),
            _ => None,
        };
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(pair);
        }
        raw
    }

    fn pair(&self) -> Option<Pair> {
        let with_dictionary = self.dictionary.as_deref().map(Decompressor::with_dictionary).transpose().ok()?;
        Some(Pair { plain: Decompressor::new().ok()?, with_dictionary })
    }
}

/// Records that follow one another, as they're kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    bytes: Arc<[u8]>,
    /// Where each ends, its length's bytes left out of account.
    ends: Arc<[u32]>,
}

impl Records {
    fn new(raw: Vec<u8>, count: usize) -> Option<Self> {
        let mut ends = Vec::with_capacity(count);
        let mut at = 0;
        for _ in 0..count {
            let len = raw.get(at..)?.first_chunk::<4>()?;
            at = at.checked_add(4)?.checked_add(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
            ends.push(u32::try_from(at).ok()?);
        }
        (at == raw.len()).then(|| Self { bytes: raw.into(), ends: ends.into() })
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, number: usize) -> Option<&[u8]> {
        let end = usize::try_from(*self.ends.get(number)?).ok()?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.bytes.get(start + 4..end)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|number| self.get(number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_records() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..17)
    }

    proptest! {
        #[test]
        fn a_block_gives_its_records_at_its_place_only(records in any_records(), dictionary in prop::option::of(prop::collection::vec(any::<u8>(), 0..500)), flip in any::<(usize, u8)>()) {
            let decoder = Decoder::new(dictionary.clone());
            let mut block = Encoder::new(dictionary.as_deref()).encode(48, records.iter().map(Vec::as_slice));
            let found = decoder.decode(48, &block).unwrap();
            prop_assert_eq!(found.iter().map(<[u8]>::to_vec).collect::<Vec<_>>(), records);
            prop_assert!(decoder.decode(64, &block).is_none());
            let at = flip.0 % block.len();
            block[at] ^= 1 << (flip.1 % 8);
            prop_assert!(decoder.decode(48, &block).is_none());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), count in any::<u8>()) {
            let _ = Decoder::new(None).decode(0, &bytes);
            let _ = Records::new(bytes, usize::from(count));
        }
    }
}
