use std::sync::Arc;

use announcement::Digest;
use durable::{Batch, JournalReader, Volume, WriteError};

use crate::{
    Frontier, ReadError,
    block::{BLOCK, Decoder, Encoder, Records},
    entry::Entry,
    layout::{self, TILE},
    open::Fault,
    payload::{Part, parts},
    shelf::{SealedShelf, Shelf, blocks},
    store::Store,
    summary::{Summary, entries_of},
};

/// The size of a dictionary: what 65,536 bytes gain more is less than they cost.
const DICTIONARY: usize = 16 << 10;
/// One block in this many is a sample for the dictionary.
const SAMPLE: u64 = 16;
/// The most bytes of samples: some hundred times the dictionary are enough.
const MAX_SAMPLES: usize = 16 << 20;
/// How many blocks are written together.
const MAX_BATCH: usize = 256;
/// How many blocks one look brings while the volume is verified.
const STEP: usize = 64;

/// Writes a full volume anew out of its journal, in the form that stays, verifies it against the tree, and puts it in the place of the one that was written.
pub(crate) fn seal(store: &Store, number: u64) -> Result<(), Fault> {
    let dictionary = dictionary(store, number)?;
    let volume = store.folder.begin_sealed(number)?;
    let (nodes, entries) = write_blocks(store, number, &volume, dictionary.as_deref())?;
    let (summary, pages) = Summary::new(nodes, &entries);
    write_index(&volume, &summary, &pages)?;
    volume.sync()?;
    drop(volume);
    verify(store, number, &summary, entries.len())?;
    store.folder.finish_sealed(number, &summary.to_bytes(number))?;
    store.place(Shelf::Sealed(SealedShelf::new(number, summary, Arc::clone(&store.folder))));
    store.folder.remove_journal(number)?;
    tracing::info!(volume = number, "a full volume was sealed");
    Ok(())
}

fn each_part(reader: &mut JournalReader, mut each: impl FnMut(Part<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
    while let Some(frame) = reader.next_frame()? {
        for part in parts(&frame.payload) {
            each(part.ok_or_else(|| reader.damaged())?)?;
        }
    }
    Ok(())
}

/// A dictionary of what this volume's records have in common; none where they have nothing.
fn dictionary(store: &Store, number: u64) -> Result<Option<Vec<u8>>, Fault> {
    let mut reader = store.folder.open_journal(number, store.geometry.first_of(number))?;
    let mut samples = Samples::default();
    each_part(&mut reader, |part| {
        if let Part::Record(record) = part {
            samples.look_at(record);
        }
        Ok(())
    })?;
    Ok(samples.dictionary())
}

/// Some of a volume's records.
#[derive(Default)]
struct Samples {
    bytes: Vec<u8>,
    sizes: Vec<usize>,
    seen: u64,
}

impl Samples {
    fn look_at(&mut self, record: &[u8]) {
        if (self.seen / BLOCK).is_multiple_of(SAMPLE) && self.bytes.len() < MAX_SAMPLES {
            self.bytes.extend_from_slice(record);
            self.sizes.push(record.len());
        }
        self.seen += 1;
    }

    fn dictionary(&self) -> Option<Vec<u8>> {
        zstd::dict::from_continuous(&self.bytes, &self.sizes, DICTIONARY).ok()
    }
}

fn write_blocks(store: &Store, number: u64, volume: &Volume, dictionary: Option<&[u8]>) -> Result<(Vec<Digest>, Vec<Entry>), Fault> {
    let mut blocks = Blocks::begin(volume, store.geometry.first_of(number), dictionary);
    let mut reader = store.folder.open_journal(number, store.geometry.first_of(number))?;
    let (mut nodes, mut entries) = (Vec::new(), Vec::new());
    each_part(&mut reader, |part| {
        match part {
            Part::Record(record) => blocks.add(record.to_vec())?,
            Part::Entry(entry) => entries.push(entry),
            Part::Node(node) => nodes.push(node),
            Part::Put(..) | Part::Remove(_) | Part::State(_) => {}
        }
        Ok(())
    })?;
    blocks.finish()?;
    entries.sort_unstable();
    Ok((nodes, entries))
}

/// Writes a volume's records by blocks.
struct Blocks<'a> {
    volume: &'a Volume,
    encoder: Encoder,
    batch: Batch,
    tail: Vec<Vec<u8>>,
    first: u64,
    waiting: usize,
}

impl<'a> Blocks<'a> {
    fn begin(volume: &'a Volume, first: u64, dictionary: Option<&[u8]>) -> Self {
        let mut batch = Batch::new();
        dictionary.iter().for_each(|dictionary| batch.put(layout::DICTIONARY, dictionary));
        Self { volume, encoder: Encoder::new(dictionary), batch, tail: Vec::new(), first, waiting: 0 }
    }

    fn add(&mut self, record: Vec<u8>) -> Result<(), WriteError> {
        self.tail.push(record);
        if self.tail.len() as u64 == BLOCK {
            self.batch.put(&layout::block(self.first), &self.encoder.encode(self.first, self.tail.iter().map(Vec::as_slice)));
            self.tail.clear();
            self.first += BLOCK;
            self.waiting += 1;
        }
        if self.waiting == MAX_BATCH {
            self.waiting = 0;
            self.volume.apply(std::mem::take(&mut self.batch))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), WriteError> {
        self.volume.apply(self.batch)
    }
}

/// Writes a sealed volume anew beside the one that's read, each record as `each` gives it, and verifies it: the one that takes its place next. Its dictionary is made anew too,
/// since a dictionary is made of pieces of records.
pub(crate) fn write_next(store: &Store, shelf: &SealedShelf, removed: &[u8], each: impl Fn(u64, &[u8]) -> Result<Vec<u8>, Fault>) -> Result<(), Fault> {
    let number = shelf.number;
    let mut samples = Samples::default();
    each_record(store, shelf, |position, record| {
        samples.look_at(&each(position, record)?);
        Ok(())
    })?;
    let dictionary = samples.dictionary();
    let volume = store.folder.begin_sealed(number)?;
    let mut blocks = Blocks::begin(&volume, store.geometry.first_of(number), dictionary.as_deref());
    each_record(store, shelf, |position, record| Ok(blocks.add(each(position, record)?)?))?;
    blocks.finish()?;
    let entries = entries(shelf)?;
    let (summary, pages) = Summary::new(shelf.summary.nodes.clone(), &entries);
    if summary.entries != shelf.summary.entries {
        return Err(Fault::new(ReadError::Index { volume: number }));
    }
    write_index(&volume, &summary, &pages)?;
    volume.sync()?;
    drop(volume);
    verify(store, number, &summary, entries.len())?;
    Ok(store.folder.finish_next(number, &summary.to_bytes(number), removed)?)
}

fn each_record(store: &Store, shelf: &SealedShelf, mut each: impl FnMut(u64, &[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
    let opened = shelf.open().map_err(Fault::new)?;
    let mut position = store.geometry.first_of(shelf.number);
    let end = position + store.geometry.records();
    while position < end {
        let found = blocks(&opened.volume, &opened.decoder, position, STEP).map_err(Fault::new)?;
        if found.is_empty() {
            return Err(Fault::new(ReadError::Unreadable { position: announcement::Position::new(position) }));
        }
        for record in found.iter().flat_map(Records::iter) {
            each(position, record)?;
            position += 1;
        }
    }
    Ok(())
}

fn entries(shelf: &SealedShelf) -> Result<Vec<Entry>, Fault> {
    let opened = shelf.open().map_err(Fault::new)?;
    let mut entries = Vec::new();
    for number in 0..shelf.summary.page_count() as u64 {
        let page = opened.volume.get(&layout::page(number)).map_err(Fault::new)?;
        entries.extend(page.and_then(|page| entries_of(number, &page)).ok_or_else(|| Fault::new(ReadError::Index { volume: shelf.number }))?);
    }
    Ok(entries)
}

fn write_index(volume: &Volume, summary: &Summary, pages: &[Vec<u8>]) -> Result<(), WriteError> {
    for (number, pages) in (0..).step_by(MAX_BATCH).zip(pages.chunks(MAX_BATCH)) {
        let mut batch = Batch::new();
        for (number, page) in (number..).zip(pages) {
            batch.put(&layout::page(number), page);
        }
        volume.apply(batch)?;
    }
    let mut batch = Batch::new();
    batch.put(layout::NODES, &summary.nodes.iter().chain([&summary.entries]).flat_map(|digest| *digest.as_bytes()).collect::<Vec<u8>>());
    volume.apply(batch)
}

/// Opens what was written once more, and holds every record against the tree and every entry against its place.
fn verify(store: &Store, number: u64, summary: &Summary, entries: usize) -> Result<(), Fault> {
    let volume = store.folder.reopen_unfinished(number)?;
    let decoder = Decoder::new(volume.get(layout::DICTIONARY).map_err(Fault::new)?);
    let first = store.geometry.first_of(number);
    let end = first + store.geometry.records();
    let known = store.nodes(usize::try_from(first / TILE).expect("few"), usize::try_from(end / TILE).expect("few"));
    if known != summary.nodes {
        return Err(Fault::new(format_args!("volume {number} can't be sealed: its journal has other roots of tiles than the ledger")));
    }
    let (mut tile, mut position, mut nodes) = (Frontier::default(), first, summary.nodes.iter());
    while position < end {
        let found = blocks(&volume, &decoder, position, STEP).map_err(Fault::new)?;
        for record in found.iter().flat_map(Records::iter) {
            if let Some(root) = tile.append(layout::leaf(position, record)) {
                if nodes.next() != Some(&root) {
                    return Err(Fault::new(format_args!(
                        "volume {number} can't be sealed: the records before position {} aren't the ones recorded",
                        position + 1
                    )));
                }
                tile = Frontier::default();
            }
            position += 1;
        }
        if found.is_empty() {
            return Err(Fault::new(format_args!("volume {number} can't be sealed: position {position} is missing")));
        }
    }
    let mut counted = 0;
    for page in 0..summary.page_count() {
        let found = volume.get(&layout::page(page as u64)).map_err(Fault::new)?;
        counted += found.and_then(|found| entries_of(page as u64, &found)).map_or(0, |entries| entries.len());
    }
    if counted != entries || volume.has_blobs() {
        return Err(Fault::new(format_args!("volume {number} can't be sealed: its index has {counted} of {entries} entries")));
    }
    Ok(())
}
