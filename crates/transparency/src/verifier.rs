use std::{fmt, str::FromStr};

use ed25519_dalek::VerifyingKey;

use crate::{
    KeyError, KeyId, KeyName,
    key::{parts, text},
};

/// A public key that checks signatures, written `name+id+base64(type ‖ key)` (C2SP signed-note).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    key: VerifyingKey,
}

impl VerifierKey {
    pub(crate) fn new(name: KeyName, key: VerifyingKey) -> Self {
        let id = KeyId::of(&name, key.as_bytes());
        Self { name, id, key }
    }

    /// Whose key it is.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Whether these bytes are this key's signature of the text: strict as RFC 8032, 5.1.7 allows, so that no signature has a second form.
    pub(crate) fn signed(&self, text: &str, signature: &[u8]) -> bool {
        signature.try_into().is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, key) = parts(text)?;
        let key = VerifyingKey::from_bytes(&key).ok().filter(|key| !key.is_weak()).ok_or(KeyError::Point)?;
        let read = Self::new(name, key);
        if read.id == id { Ok(read) } else { Err(KeyError::Mismatch) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.name, self.id, self.key.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of the documentation of Go's `golang.org/x/mod/sumdb/note`.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn a_key_is_read_and_written_as_the_same() {
        let key: VerifierKey = PETER.parse().unwrap();
        assert_eq!(key.name().as_str(), "PeterNeumann");
        assert_eq!(key.id(), KeyId::from_bytes([0xc7, 0x4f, 0x20, 0xa3]));
        assert_eq!(key.to_string(), PETER);
    }

    #[test]
    fn a_key_with_a_flipped_bit_or_a_part_missing_is_refused() {
        for bit in 0..8 * PETER.len() {
            let mut bytes = PETER.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(text) = String::from_utf8(bytes) {
                assert!(text.parse::<VerifierKey>().is_err(), "{text}");
            }
        }
        for end in 0..PETER.len() {
            assert!(PETER[..end].parse::<VerifierKey>().is_err());
            assert!(PETER[end + 1..].parse::<VerifierKey>().is_err());
        }
    }

    /// The last two ids are right: `hashlib.sha256(…).digest()[:4]`. With the first of those keys anyone can sign, and the second isn't on the curve.
    #[test]
    fn a_key_that_cant_be_used_says_why() {
        for (text, expected) in [
            ("PeterNeumann", KeyError::Form),
            ("PeterNeumann+c74f20a3", KeyError::Form),
            ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Name),
            ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Name),
            ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
            ("PeterNeumann++74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
            ("PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
            ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWAA==", KeyError::Length),
            ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T\n", KeyError::Length),
            ("PeterNeumann+c74f20a3+AQ==", KeyError::Length),
            ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Mismatch),
            ("PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Mismatch),
            ("PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Type { found: 4 }),
            ("anyone+1800fb01+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", KeyError::Point),
            ("anyone+daaa859c+AQIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", KeyError::Point),
        ] {
            assert_eq!(text.parse::<VerifierKey>(), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "([a-z+ ]{0,9}\\+)?[0-9a-f]{8}\\+[A-Za-z0-9+/=]{0,60}|.{0,60}") {
            if let Ok(key) = text.parse::<VerifierKey>() {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
