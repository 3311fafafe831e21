use std::{fmt, str::FromStr};

use ed25519_dalek::{Signer as _, SigningKey};

use crate::{
    KeyError, KeyName, Signature, VerifierKey,
    key::{parts, text},
};

/// A private key that signs. Nothing but [`SignerKey::to_secret_text`] shows it.
#[derive(Clone)]
pub struct SignerKey {
    key: SigningKey,
    verifier: VerifierKey,
}

/// What the text of a private key begins with, so that it's never taken for a public one.
const PRIVATE: &str = "PRIVATE+KEY+";

impl SignerKey {
    /// The key that 32 random bytes make.
    #[must_use]
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key());
        Self { key, verifier }
    }

    /// The public key that checks its signatures.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The key as its file has it: `PRIVATE+KEY+name+id+base64(type ‖ seed)`. Whoever reads it can sign.
    #[must_use]
    pub fn to_secret_text(&self) -> String {
        format!("{PRIVATE}{}", text(self.verifier.name(), self.verifier.id(), self.key.as_bytes()))
    }

    pub(crate) fn sign(&self, text: &str) -> Signature {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        Signature::new(self.verifier.name().clone(), self.verifier.id(), signature.to_vec())
    }
}

impl FromStr for SignerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, seed) = parts(text.strip_prefix(PRIVATE).ok_or(KeyError::Form)?)?;
        let read = Self::from_seed(name, &seed);
        if read.verifier.id() == id { Ok(read) } else { Err(KeyError::Mismatch) }
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the documentation of Go's `golang.org/x/mod/sumdb/note`.
    const PETER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

    #[test]
    fn a_private_key_is_read_and_written_as_the_same() {
        let key: SignerKey = PETER.parse().unwrap();
        assert_eq!(key.to_secret_text(), PETER);
        assert_eq!(key.verifier().to_string(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    }

    #[test]
    fn a_private_key_with_a_flipped_bit_is_refused() {
        for bit in 0..8 * PETER.len() {
            let mut bytes = PETER.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(text) = String::from_utf8(bytes) {
                assert!(text.parse::<SignerKey>().is_err(), "{bit}");
            }
        }
        assert_eq!(PETER.strip_prefix(PRIVATE).unwrap().parse::<SignerKey>().unwrap_err(), KeyError::Form);
        assert_eq!(PETER.parse::<VerifierKey>(), Err(KeyError::Id));
    }

    #[test]
    fn a_private_key_isnt_shown() {
        let key: SignerKey = PETER.parse().unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("PeterNeumann"), "{shown}");
        let (_, _, seed) = parts(PETER.strip_prefix(PRIVATE).unwrap()).unwrap();
        for secret in [format!("{seed:?}"), hex::encode(seed), PETER[33..].to_owned()] {
            assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
