use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How a figure is made from several claims; the reader names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// The settled claims of all heard voices.
    #[default]
    Range,
    /// The receiving party's own claims; where it's silent the other party's, then third parties', then unnamed sources'.
    Receiver,
    /// The sending party's own claims, and so on.
    Sender,
    /// What both parties' claims have in common.
    Both,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Range, Self::Receiver, Self::Sender, Self::Both];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Receiver => "receiver",
            Self::Sender => "sender",
            Self::Both => "both",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Policy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == text).ok_or("expected one of range, receiver, sender, both")
    }
}
