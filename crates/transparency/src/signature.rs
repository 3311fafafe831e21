use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{KeyId, KeyName, NoteFault};

/// A signature line of a note: `— name base64(id ‖ signature)` (C2SP signed-note).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    name: KeyName,
    id: KeyId,
    bytes: Vec<u8>,
}

/// Why a note can't be believed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignatureError {
    /// The key didn't sign it.
    #[error("not signed by {name}+{id}")]
    Unsigned {
        /// The key's name.
        name: KeyName,
        /// The key's id.
        id: KeyId,
    },
    /// It has a signature in the key's name that isn't of this text: the note was altered, or the signature forged.
    #[error("the signature by {name}+{id} isn't of this text: the note was altered, or the signature forged")]
    Invalid {
        /// The key's name.
        name: KeyName,
        /// The key's id.
        id: KeyId,
    },
}

impl Signature {
    pub(crate) const fn new(name: KeyName, id: KeyId, bytes: Vec<u8>) -> Self {
        Self { name, id, bytes }
    }

    /// Whose key it's said to be by.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key that it's said to be by.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The signature itself: 64 bytes where it's by Ed25519.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads a line without its end.
    pub(crate) fn parse(line: &str) -> Result<Self, NoteFault> {
        let (name, bytes) = line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(NoteFault::Signature)?;
        let name = name.parse().map_err(|_| NoteFault::Name)?;
        let bytes = STANDARD.decode(bytes).map_err(|_| NoteFault::Base64)?;
        match bytes.split_first_chunk() {
            Some((&id, signature)) if !signature.is_empty() => Ok(Self { name, id: KeyId::from_bytes(id), bytes: signature.to_vec() }),
            _ => Err(NoteFault::Base64),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.as_bytes(), self.bytes.as_slice()].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}
