use serde::{Deserialize, Deserializer};

/// Reads a field that may be left out: where it's given it has a value, since `null` would be written again as nothing.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
