use std::{fmt, str::FromStr};

use announcement::Digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The signature type of Ed25519 (C2SP signed-note).
pub(crate) const ED25519: u8 = 0x01;

/// Who a key belongs to: 1 to 256 bytes without white space, `+` and control characters (C2SP signed-note).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyName(String);

/// What recognises a key beside its name: the first four bytes of `SHA-256(name ‖ 0x0A ‖ type ‖ public key)`, written as 8 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId([u8; 4]);

/// Not a key that this program can use. No variant shows any of a key's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// The name can't stand in a note.
    #[error("expected a key's name: 1 to 256 bytes without white space, + and control characters")]
    Name,
    /// It isn't in three parts.
    #[error("expected name+id+key, after PRIVATE+KEY+ where it's a private one")]
    Form,
    /// The second part isn't an id.
    #[error("expected a key's id of 8 lower-case hexadecimal digits")]
    Id,
    /// The third part isn't a type and 32 bytes.
    #[error("expected the base64 of one byte for the type and 32 for the key")]
    Length,
    /// A key for another kind of signature.
    #[error("signature type {found} isn't supported: expected {ED25519}, Ed25519")]
    Type {
        /// The type.
        found: u8,
    },
    /// The 32 bytes aren't a public key, or one with which anyone can sign.
    #[error("the bytes aren't an Ed25519 public key")]
    Point,
    /// The id isn't that of the name and the key: one of the three was altered.
    #[error("the id isn't that of the name and the key: one of the three was altered")]
    Mismatch,
}

impl KeyName {
    const MAX: usize = 256;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let wrong = |character: char| character.is_whitespace() || character == '+' || character < ' ';
        let valid = (1..=Self::MAX).contains(&text.len()) && !text.contains(wrong);
        if valid { Ok(Self(text.to_owned())) } else { Err(KeyError::Name) }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl KeyId {
    /// The id of an Ed25519 key.
    #[must_use]
    pub fn of(name: &KeyName, public_key: &[u8; 32]) -> Self {
        let preimage = [name.as_str().as_bytes(), b"\n", &[ED25519], public_key].concat();
        let [a, b, c, d, ..] = *Digest::of(&preimage).as_bytes();
        Self([a, b, c, d])
    }

    /// An id that was read.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// Its four bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// Reads `name+id+base64(type ‖ key)`.
pub(crate) fn parts(text: &str) -> Result<(KeyName, KeyId, [u8; 32]), KeyError> {
    let (name, rest) = text.split_once('+').ok_or(KeyError::Form)?;
    let (id, key) = rest.split_once('+').ok_or(KeyError::Form)?;
    let name = name.parse()?;
    let digits = id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let id = u32::from_str_radix(id, 16).ok().filter(|_| digits).ok_or(KeyError::Id)?;
    let mut bytes = [0; 36];
    match STANDARD.decode_slice(key, &mut bytes) {
        Ok(33) => {}
        _ => return Err(KeyError::Length),
    }
    let [found, key @ ..] = bytes;
    if found != ED25519 {
        return Err(KeyError::Type { found });
    }
    let key = key.first_chunk().copied().ok_or(KeyError::Length)?;
    Ok((name, KeyId(id.to_be_bytes()), key))
}

/// Writes what [`parts`] reads.
pub(crate) fn text(name: &KeyName, id: KeyId, key: &[u8; 32]) -> String {
    let bytes = [&[ED25519], key.as_slice()].concat();
    format!("{name}+{id}+{}", STANDARD.encode(bytes))
}
