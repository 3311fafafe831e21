use std::collections::{BTreeMap, BTreeSet};

use super::{
    cut::Luck,
    replay::{Change, Node},
};
use generator::SplitMix;

/// What the system brings to disk in one piece, unless it's torn.
const PAGE: usize = 4096;
/// What a disk writes in one piece, whatever happens.
const SECTOR: usize = 512;
const SECTORS: usize = PAGE / SECTOR;
/// One page in this many is torn, of those that may be.
const TORN: u64 = 4;

/// What a change leaves at its place: bytes, or as many zeros.
struct Touch<'a> {
    start: usize,
    len: usize,
    data: Option<&'a [u8]>,
}

impl Touch<'_> {
    fn pages(&self) -> std::ops::Range<usize> {
        self.start / PAGE..(self.start + self.len).div_ceil(PAGE)
    }

    /// Leaves it in these bytes of the file, as far as it reaches into them.
    fn leave(&self, bytes: &mut [u8], from: usize, to: usize) {
        let (from, to) = (from.max(self.start), to.min(self.start + self.len));
        if from < to {
            match self.data {
                Some(data) => bytes[from..to].copy_from_slice(&data[from - self.start..to - self.start]),
                None => bytes[from..to].fill(0),
            }
        }
    }
}

/// The content that a file may have on disk; `None` for a folder.
pub(super) fn content(node: &Node<'_>, luck: Luck, random: &mut SplitMix) -> Option<Vec<u8>> {
    let (synced, loose) = node.changes.split_at(node.synced_changes());
    let mut bytes = node.before?.to_vec();
    for &(_, change) in synced {
        bytes.resize(change.len_after(bytes.len()), 0);
        if let Change::Write { offset, data } = change {
            bytes[offset..offset + data.len()].copy_from_slice(data);
        }
    }
    let (touches, lengths) = touches(bytes.len(), loose.iter().map(|&(_, change)| change));
    bytes.resize(lengths.iter().copied().max().unwrap_or(0), 0);
    let mut pages: BTreeMap<usize, Page> = BTreeMap::new();
    for page in touches.iter().flat_map(Touch::pages) {
        pages.entry(page).or_default().touched += 1;
    }
    for (number, page) in pages.values_mut().enumerate() {
        page.decide(luck.of_page(number), random);
    }
    for touch in &touches {
        for number in touch.pages() {
            let page = pages.get_mut(&number).expect("it was counted");
            page.seen += 1;
            for (sector, _) in page.versions.iter().enumerate().filter(|&(_, &version)| page.seen <= version) {
                let from = number * PAGE + sector * SECTOR;
                touch.leave(&mut bytes, from, from + SECTOR);
            }
        }
    }
    bytes.truncate(lengths[luck.version(lengths.len() - 1, random)]);
    Some(bytes)
}

/// How many of a file's pages were changed and not synced.
pub(super) fn unsynced_pages(node: &Node<'_>) -> usize {
    let (synced, loose) = node.changes.split_at(node.synced_changes());
    let len = synced.iter().fold(node.before.map_or(0, <[u8]>::len), |len, (_, change)| change.len_after(len));
    let (touches, _) = touches(len, loose.iter().map(|&(_, change)| change));
    touches.iter().flat_map(Touch::pages).collect::<BTreeSet<_>>().len()
}

/// Where changes reach, and the lengths that the file has one after the other.
fn touches<'a>(len: usize, changes: impl Iterator<Item = Change<'a>>) -> (Vec<Touch<'a>>, Vec<usize>) {
    let (mut touches, mut lengths, mut len) = (Vec::new(), vec![len], len);
    for change in changes {
        match change {
            Change::Write { offset, data } => touches.push(Touch { start: offset, len: data.len(), data: Some(data) }),
            Change::Resize { len: to } if to < len => touches.push(Touch { start: to, len: len - to, data: None }),
            Change::Resize { .. } => {}
        }
        len = change.len_after(len);
        lengths.push(len);
    }
    (touches, lengths)
}

/// A page that was changed and not synced.
#[derive(Default)]
struct Page {
    touched: usize,
    /// Up to which change each sector has them.
    versions: [usize; SECTORS],
    seen: usize,
}

impl Page {
    fn decide(&mut self, luck: Luck, random: &mut SplitMix) {
        self.versions = [luck.version(self.touched, random); SECTORS];
        if luck.tears() && random.below(TORN) == 0 {
            self.versions = std::array::from_fn(|_| luck.version(self.touched, random));
        }
    }
}
