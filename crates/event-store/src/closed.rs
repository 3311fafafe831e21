use durable::{Folder, OpenError};
use serde::{Deserialize, Serialize};

use crate::{checked, open::Place};

const NAME: &str = "clean";

/// The note that a ledger was closed in good order, and where it stood.
///
/// It stays until the ledger is open again: what it says of the journal's end holds through every attempt that fails. What it says of sled holds for the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    pub(crate) place: Place,
    /// Nothing has opened sled since.
    pub(crate) sound: bool,
}

impl Closed {
    /// The note, if there is one, before sled is opened.
    pub(crate) fn found(folder: &Folder) -> Result<Option<Self>, OpenError> {
        let Some(bytes) = folder.note(NAME)? else { return Ok(None) };
        let found: Option<Self> = checked::from_bytes(&bytes);
        match found {
            Some(closed) if closed.sound => folder.put_note(NAME, &checked::to_bytes(&Self { sound: false, ..closed }))?,
            Some(_) => {}
            None => tracing::warn!("the note of how the ledger was closed is damaged; every record is held against its journal"),
        }
        Ok(found)
    }

    pub(crate) fn note(folder: &Folder, place: Place) -> Result<(), OpenError> {
        folder.put_note(NAME, &checked::to_bytes(&Self { place, sound: true }))
    }

    pub(crate) fn forget(folder: &Folder) -> Result<(), OpenError> {
        folder.remove_note(NAME)
    }
}
