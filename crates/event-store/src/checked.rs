use durable::Folder;
use serde::{Serialize, de::DeserializeOwned};

use crate::BackupError;

/// A note's bytes: CRC-32C of the rest in hexadecimal, a space, JSON.
pub(crate) fn to_bytes(note: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(note).expect("a note is plain data");
    [format!("{:08x} ", crc32c::crc32c(&json)).as_bytes(), &json].concat()
}

/// `None` where they aren't what was written.
pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (crc, json) = bytes.split_at_checked(9)?;
    (crc == format!("{:08x} ", crc32c::crc32c(json)).as_bytes()).then(|| serde_json::from_slice(json).ok()).flatten()
}

/// What is noted under a name in a ledger's folder; `None` where nothing is, or it's damaged.
pub(crate) fn noted<T: DeserializeOwned>(folder: &Folder, name: &str) -> Result<Option<T>, BackupError> {
    let bytes = folder.note(name).map_err(BackupError::Note)?;
    Ok(bytes.and_then(|bytes| from_bytes(&bytes)))
}
