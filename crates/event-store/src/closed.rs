use durable::{Folder, OpenError};
use serde::{Deserialize, Serialize};

use crate::{checked, follower::Marker, open::Place};

const NAME: &str = "clean";

/// Up to where the journals are known to have gone, before they're read: noted when the ledger was closed in good order, or by a sled, which never
/// has what its journal hasn't.
///
/// It stays until the ledger is open again: what it says of the journal's end holds through every attempt that fails. What it says of sled holds for the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    pub(crate) place: Place,
    /// The sled of that volume is whole: it was closed in good order, and nothing has opened it since.
    pub(crate) sound: bool,
}

impl Closed {
    /// What is known, before a sled is opened to be used.
    pub(crate) fn found(folder: &Folder) -> Result<Option<Self>, OpenError> {
        let bytes = folder.note(NAME)?;
        let noted: Option<Self> = bytes.as_deref().and_then(checked::from_bytes);
        if bytes.is_some() && noted.is_none() {
            tracing::warn!("the note of how the ledger was closed is damaged; what isn't sealed is made again from its journals");
        }
        if let Some(closed) = noted.filter(|closed| closed.sound) {
            Self { sound: false, ..closed }.put(folder)?;
            return Ok(noted);
        }
        let found = noted.into_iter().chain(followed(folder)?).max_by_key(|closed| closed.place);
        if found != noted {
            found.map_or(Ok(()), |closed| closed.put(folder))?;
        }
        Ok(found)
    }

    pub(crate) fn note(folder: &Folder, place: Place) -> Result<(), OpenError> {
        Self { place, sound: true }.put(folder)
    }

    pub(crate) fn forget(folder: &Folder) -> Result<(), OpenError> {
        folder.remove_note(NAME)
    }

    fn put(self, folder: &Folder) -> Result<(), OpenError> {
        folder.put_note(NAME, &checked::to_bytes(&self))
    }
}

/// How far the newest sled that says it had followed its journal. Nothing else is believed of a sled that wasn't closed in good order, and this can
/// only refuse a journal that lost its end.
fn followed(folder: &Folder) -> Result<Option<Closed>, OpenError> {
    let marker = |number| Marker::read(&folder.open_active(number).ok()??).ok()?;
    let place = |volume| marker(volume).map(|Marker { frames, .. }| Place { volume, frames });
    Ok(folder.active()?.into_iter().rev().find_map(place).map(|place| Closed { place, sound: false }))
}
