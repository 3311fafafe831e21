use std::{fmt, str::FromStr};

use crate::text::as_text;

/// Who published an event: a token of lower-case letters, digits and `-`, at most 64, or `<gateway>.<publisher>`; `local` without tokens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Publisher(String);

/// Not a publisher's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a publisher's name: lower-case letters, digits and -, at most 64, or <gateway>.<publisher>")]
pub struct PublisherError;

impl Publisher {
    /// The publisher where there are no tokens.
    #[must_use]
    pub fn local() -> Self {
        Self("local".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Publisher {
    type Err = PublisherError;

    fn from_str(text: &str) -> Result<Self, PublisherError> {
        let token =
            |token: &str| (1..=64).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let valid = match text.split_once('.') {
            Some((gateway, publisher)) => token(gateway) && token(publisher),
            None => token(text),
        };
        if valid { Ok(Self(text.to_owned())) } else { Err(PublisherError) }
    }
}

impl fmt::Display for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

as_text!(
    Publisher,
    "Publisher",
    r"^[a-z0-9-]{1,64}(\.[a-z0-9-]{1,64})?$",
    "a publisher's name: lower-case letters, digits and -, at most 64, or <gateway>.<publisher>"
);
