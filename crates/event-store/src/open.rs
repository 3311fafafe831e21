use announcement::{Digest, Position};
use durable::{FrameHead, Store, StoreReader};

use crate::{OpenError, ReadError, layout, state::State};

/// Opens the store and reads its state, which the journal's last frame and the last record must agree with.
pub(crate) fn open(dir: &std::path::Path) -> Result<(Store, StoreReader, State), OpenError> {
    let (store, opened) = Store::open(dir)?;
    let reader = store.reader();
    let state = match reader.get(layout::STATE).map_err(ReadError::Store)? {
        Some(bytes) => State::read(&bytes)?,
        None => State::default(),
    };
    check_journal(&state, opened.last.as_ref())?;
    check_records(&state, &reader)?;
    Ok((store, reader, state))
}

fn check_journal(state: &State, last: Option<&FrameHead>) -> Result<(), OpenError> {
    let (size, root) = (state.tree.size(), state.tree.root());
    let journal = last.map_or_else(|| (0, State::default().tree.root()), |last| (last.size, Digest::from_bytes(last.root)));
    if (size, root) == journal {
        return Ok(());
    }
    Err(OpenError::Altered { size, root, journal_size: journal.0, journal_root: journal.1 })
}

fn check_records(state: &State, reader: &StoreReader) -> Result<(), OpenError> {
    let last = reader.last(&layout::record(Position::new(0)), &layout::record(Position::new(u64::MAX))).map_err(ReadError::Store)?;
    let found = last.map_or(0, |(key, _)| layout::number(&key).map_or(0, |position| position + 1));
    let size = state.tree.size();
    if found == size {
        return Ok(());
    }
    Err(OpenError::Records { size, found })
}
