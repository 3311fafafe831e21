use announcement::Digest;
use sha2::{Digest as _, Sha256};
use xorf::{BinaryFuse32, Descriptor, DmaSerializable, Filter};

use crate::entry::Entry;

/// What is known of a sealed volume without opening it: a filter over its index, where its pages begin, and the roots of its tiles.
///
/// ```text
///  0   "HsU1"
///  4   CRC-32C of 8..           u32
///  8   number of the volume     u64
/// 16   number of tiles u32, of pages u32, of fingerprints u32
/// 28   the filter's seed u64, segment length u32, its mask u32, all segments' length u32
/// 48   SHA-256 of all entries as they stand in the pages
/// 80   tiles                    32 bytes each
///      first hash of each page  u64
///      fingerprints             u32 each: with fewer bits every 65,536th look-up of something new would open a volume for nothing
/// ```
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) nodes: Vec<Digest>,
    /// The digest of the index.
    pub(crate) entries: Digest,
    fences: Vec<u64>,
    filter: BinaryFuse32,
}

const MAGIC: &[u8; 4] = b"HsU1";
const HEAD: usize = 80;

/// How many entries a page of the index has: some 800 bytes. A look-up has sled read up to 16 pages together.
const PAGE: usize = 62;
/// The most that a page may have: volumes were once sealed with so many.
const MAX_PAGE: usize = 310;
const ENTRY: usize = 8 + 5;

impl Summary {
    /// The summary of sorted entries, and their pages.
    pub(crate) fn new(nodes: Vec<Digest>, entries: &[Entry]) -> (Self, Vec<Vec<u8>>) {
        let mut hashes: Vec<u64> = entries.iter().map(|entry| entry.hash).collect();
        hashes.dedup();
        let filter = BinaryFuse32::try_from(hashes.as_slice()).expect("a filter of different keys can be made");
        let (mut fences, mut pages, mut digest) = (Vec::new(), Vec::new(), Sha256::new());
        for (number, entries) in (0..).zip(entries.chunks(PAGE)) {
            let page = page_of(number, entries);
            digest.update(&page[PAGE_HEAD..]);
            fences.push(entries[0].hash);
            pages.push(page);
        }
        (Self { nodes, entries: Digest::from_bytes(digest.finalize().into()), fences, filter }, pages)
    }

    /// The numbers of the pages that may have this hash, ascending; none where no entry has it.
    pub(crate) fn pages(&self, hash: u64) -> std::ops::Range<usize> {
        if !self.filter.contains(&hash) {
            return 0..0;
        }
        let end = self.fences.partition_point(|&fence| fence <= hash);
        // The page before the first that begins with it may end with it.
        self.fences.partition_point(|&fence| fence < hash).saturating_sub(1)..end
    }

    pub(crate) fn page_count(&self) -> usize {
        self.fences.len()
    }

    pub(crate) fn to_bytes(&self, volume: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + 32 * self.nodes.len() + 8 * self.fences.len() + 4 * self.filter.fingerprints.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&volume.to_be_bytes());
        for count in [self.nodes.len(), self.fences.len(), self.filter.fingerprints.len()] {
            bytes.extend_from_slice(&u32::try_from(count).expect("fewer than 4 billion").to_be_bytes());
        }
        let Descriptor { seed, segment_length, segment_length_mask, segment_count_length } = self.filter.descriptor;
        bytes.extend_from_slice(&seed.to_be_bytes());
        for number in [segment_length, segment_length_mask, segment_count_length] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(self.entries.as_bytes());
        self.nodes.iter().for_each(|node| bytes.extend_from_slice(node.as_bytes()));
        self.fences.iter().for_each(|fence| bytes.extend_from_slice(&fence.to_be_bytes()));
        bytes.extend(
            self.filter.dma_fingerprints().chunks_exact(4).flat_map(|print| u32::from_ne_bytes([print[0], print[1], print[2], print[3]]).to_be_bytes()),
        );
        let crc = crc32c::crc32c(&bytes[8..]);
        bytes[4..8].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    /// `None` where the bytes aren't the summary of this volume.
    pub(crate) fn from_bytes(volume: u64, bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let u32_at = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) << 32 | u64::from(u32_at(at + 4));
        if head[..4] != *MAGIC || u32_at(4) != crc32c::crc32c(&bytes[8..]) || u64_at(8) != volume {
            return None;
        }
        let [nodes, fences, prints] = [16, 20, 24].map(|at| usize::try_from(u32_at(at)).unwrap_or(usize::MAX));
        let (nodes, rest) = rest.split_at_checked(nodes.checked_mul(32)?)?;
        let (fences, prints_bytes) = rest.split_at_checked(fences.checked_mul(8)?)?;
        if prints_bytes.len() != prints.checked_mul(4)? {
            return None;
        }
        let descriptor = Descriptor { seed: u64_at(28), segment_length: u32_at(36), segment_length_mask: u32_at(40), segment_count_length: u32_at(44) };
        Some(Self {
            entries: Digest::from_bytes(*head.last_chunk().expect("32 bytes")),
            nodes: nodes.as_chunks::<32>().0.iter().map(|node| Digest::from_bytes(*node)).collect(),
            fences: fences.as_chunks::<8>().0.iter().map(|fence| u64::from_be_bytes(*fence)).collect(),
            filter: BinaryFuse32 { descriptor, fingerprints: prints_bytes.as_chunks::<4>().0.iter().map(|print| u32::from_be_bytes(*print)).collect() },
        })
    }
}

/// A page: CRC-32C u32 of its number and its entries, then each entry: hash u64, position u40.
fn page_of(number: u64, entries: &[Entry]) -> Vec<u8> {
    let mut page = vec![0; PAGE_HEAD];
    for entry in entries {
        page.extend_from_slice(&entry.hash.to_be_bytes());
        page.extend_from_slice(&entry.position.to_be_bytes()[3..]);
    }
    let crc = page_checksum(number, &page);
    page[..PAGE_HEAD].copy_from_slice(&crc.to_be_bytes());
    page
}

const PAGE_HEAD: usize = 4;

fn page_checksum(number: u64, page: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_be_bytes()), &page[PAGE_HEAD..])
}

/// The entries of the page with this number; `None` where it isn't what was written.
pub(crate) fn entries_of(number: u64, page: &[u8]) -> Option<Vec<Entry>> {
    let crc = u32::from_be_bytes(*page.first_chunk::<PAGE_HEAD>()?);
    if page_checksum(number, page) != crc {
        return None;
    }
    let (entries, rest) = page[PAGE_HEAD..].as_chunks::<ENTRY>();
    let entry = |bytes: &[u8; ENTRY]| {
        let hash = u64::from_be_bytes(*bytes.first_chunk().expect("eight bytes"));
        Entry { hash, position: bytes[8..].iter().fold(0, |position, &byte| position << 8 | u64::from(byte)) }
    };
    (rest.is_empty() && entries.len() <= MAX_PAGE).then(|| entries.iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_entry_is_found_on_the_pages_that_the_summary_names(mut entries in prop::collection::vec((0..900_u64, 0..1_u64 << 40), 1..2_000)) {
            entries.sort_unstable();
            let entries: Vec<Entry> = entries.iter().map(|&(hash, position)| Entry { hash, position }).collect();
            let nodes = vec![Digest::of(b"a"), Digest::of(b"b")];
            let (summary, pages) = Summary::new(nodes.clone(), &entries);
            let bytes = summary.to_bytes(7);
            let summary = Summary::from_bytes(7, &bytes).unwrap();
            prop_assert_eq!(&summary.nodes, &nodes);
            prop_assert_eq!(summary.page_count(), pages.len());
            prop_assert!(Summary::from_bytes(8, &bytes).is_none());
            for hash in 0..901 {
                let found: Vec<Entry> = summary.pages(hash).flat_map(|number| entries_of(number as u64, &pages[number]).unwrap()).filter(|entry| entry.hash == hash).collect();
                let expected: Vec<Entry> = entries.iter().filter(|entry| entry.hash == hash).copied().collect();
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn a_flipped_bit_is_noticed_and_no_bytes_make_it_panic(at in any::<usize>(), bit in 0..8_u8, cut in any::<usize>()) {
            let entries: Vec<Entry> = (0..50).map(|hash| Entry { hash, position: hash }).collect();
            let mut bytes = Summary::new(vec![Digest::of(b"a")], &entries).0.to_bytes(7);
            let at = at % bytes.len();
            prop_assert!(Summary::from_bytes(7, &bytes[..cut % bytes.len()]).is_none());
            bytes[at] ^= 1 << bit;
            prop_assert!(Summary::from_bytes(7, &bytes).is_none());
        }
    }
}
