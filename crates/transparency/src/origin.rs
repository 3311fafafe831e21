use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::CheckpointFault;

/// Which log a checkpoint is of: one line of 1 to 256 bytes without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = CheckpointFault;

    fn from_str(text: &str) -> Result<Self, CheckpointFault> {
        if is_line(text) && text.len() <= 256 { Ok(Self(text.to_owned())) } else { Err(CheckpointFault::Origin) }
    }
}

impl TryFrom<String> for Origin {
    type Error = CheckpointFault;

    fn try_from(text: String) -> Result<Self, CheckpointFault> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether a text can be a line of a checkpoint.
pub(crate) fn is_line(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte >= b' ')
}
