use serde::{Deserialize, Serialize};

/// A version of the rules that messages are decided by: parsing, the JSON profile, validation, the personal-data gate and the canonical form.
///
/// A change is a new version beside the old ones; none is ever altered or removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(crate) enum Rules {
    One,
}

/// A version that this program doesn't know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this program doesn't know version {0} of the rules")]
pub(crate) struct UnknownRules(pub(crate) u32);

impl Rules {
    /// What a new ledger begins with.
    pub(crate) const FIRST: Self = Self::One;
}

impl TryFrom<u32> for Rules {
    type Error = UnknownRules;

    fn try_from(version: u32) -> Result<Self, UnknownRules> {
        match version {
            1 => Ok(Self::One),
            unknown => Err(UnknownRules(unknown)),
        }
    }
}

impl From<Rules> for u32 {
    fn from(rules: Rules) -> Self {
        match rules {
            Rules::One => 1,
        }
    }
}
