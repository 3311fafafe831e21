use announcement::Digest;
use sha2::{Digest as _, Sha256};

/// The hash of an entry (RFC 6962, 2.1): `H(0x00 ‖ entry)`.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update([0x00]);
    hash.update(entry);
    Digest::from_bytes(hash.finalize().into())
}

/// The hash of two subtrees side by side (RFC 6962, 2.1): `H(0x01 ‖ left ‖ right)`.
#[must_use]
pub fn node_hash(left: Digest, right: Digest) -> Digest {
    let mut preimage = [0x01; 65];
    preimage[1..33].copy_from_slice(left.as_bytes());
    preimage[33..].copy_from_slice(right.as_bytes());
    Digest::of(&preimage)
}
