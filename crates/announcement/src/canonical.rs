use crate::Digest;

/// Whether two events say the same: their canonical forms (RFC 8785) are equal.
#[must_use]
pub fn same_content(one: &[u8], other: &[u8]) -> bool {
    one == other || canonical(one).zip(canonical(other)).is_some_and(|(one, other)| one == other)
}

/// SHA-256 of an event's canonical form, where it has one.
pub(crate) fn content_digest(event: &[u8]) -> Option<Digest> {
    canonical(event).map(|canonical| Digest::of(&canonical))
}

fn canonical(event: &[u8]) -> Option<Vec<u8>> {
    serde_json_canonicalizer::to_vec(&serde_json::from_slice::<serde_json::Value>(event).ok()?).ok()
}
