use std::sync::Arc;

use announcement::Digest;
use durable::{Batch, JournalReader, Volume, WriteError};

use crate::{
    Frontier,
    block::{BLOCK, Encoder},
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
    let (mut samples, mut sizes, mut count) = (Vec::new(), Vec::new(), 0_u64);
    each_part(&mut reader, |part| {
        if let Part::Record(record) = part {
            if (count / BLOCK).is_multiple_of(SAMPLE) && samples.len() < MAX_SAMPLES {
                samples.extend_from_slice(record);
                sizes.push(record.len());
            }
            count += 1;
        }
        Ok(())
    })?;
    Ok(zstd::dict::from_continuous(&samples, &sizes, DICTIONARY).ok())
}

fn write_blocks(store: &Store, number: u64, volume: &Volume, dictionary: Option<&[u8]>) -> Result<(Vec<Digest>, Vec<Entry>), Fault> {
    let mut batch = Batch::new();
    dictionary.iter().for_each(|dictionary| batch.put(layout::DICTIONARY, dictionary));
    let mut reader = store.folder.open_journal(number, store.geometry.first_of(number))?;
    let mut encoder = Encoder::new(dictionary);
    let (mut nodes, mut entries) = (Vec::new(), Vec::new());
    let (mut tail, mut first, mut waiting) = (Vec::new(), store.geometry.first_of(number), 0);
    each_part(&mut reader, |part| {
        match part {
            Part::Record(record) => tail.push(record.to_vec()),
            Part::Entry(entry) => entries.push(entry),
            Part::Node(node) => nodes.push(node),
            Part::Put(..) | Part::Remove(_) | Part::State(_) => {}
        }
        if tail.len() as u64 == BLOCK {
            batch.put(&layout::block(first), &encoder.encode(first, tail.iter().map(Vec::as_slice)));
            tail.clear();
            first += BLOCK;
            waiting += 1;
        }
        if waiting == MAX_BATCH {
            volume.apply(std::mem::take(&mut batch))?;
            waiting = 0;
        }
        Ok(())
    })?;
    volume.apply(batch)?;
    entries.sort_unstable();
    Ok((nodes, entries))
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
    let decoder = crate::block::Decoder::new(volume.get(layout::DICTIONARY).map_err(Fault::new)?);
    let first = store.geometry.first_of(number);
    let end = first + store.geometry.records();
    let known = store.nodes(usize::try_from(first / TILE).expect("few"), usize::try_from(end / TILE).expect("few"));
    if known != summary.nodes {
        return Err(Fault::new(format_args!("volume {number} can't be sealed: its journal has other roots of tiles than the ledger")));
    }
    let (mut tile, mut position, mut nodes) = (Frontier::default(), first, summary.nodes.iter());
    while position < end {
        let found = blocks(&volume, &decoder, position, STEP).map_err(Fault::new)?;
        for record in found.iter().flat_map(crate::block::Records::iter) {
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
