use std::{collections::BTreeSet, fmt, str::FromStr};

use announcement::{Digest, Duty, Publisher};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a token begins with, so that one that was published by mistake is recognised.
const PREFIX: &str = "handover_";
/// The random bytes of a token.
const SECRET_BYTES: usize = 32;
/// How much of its digest a token is known by, in hexadecimal digits: enough to name one of a thousand, too little to find it.
const ID_DIGITS: usize = 12;

/// What the bearer of a token may do. Whoever holds one may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Read, where reading isn't open to everyone.
    Read,
    /// Say what was announced.
    Publish,
    /// Link, merge, split, quarantine.
    Curate,
    /// Redact, and see the operations.
    Operate,
}

/// Not a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected read, publish, curate or operate")]
pub struct ScopeError;

impl Scope {
    /// What publishing an event of this duty needs.
    pub(crate) const fn of(duty: Duty) -> Self {
        match duty {
            Duty::Announce => Self::Publish,
            Duty::Curate => Self::Curate,
            Duty::Operate => Self::Operate,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Curate => "curate",
            Self::Operate => "operate",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        [Self::Read, Self::Publish, Self::Curate, Self::Operate].into_iter().find(|scope| scope.as_str() == text).ok_or(ScopeError)
    }
}

/// What is kept of a token: whose it is, what it allows, and its digest. The token itself is shown once, when it's made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// What it's called by in lists and logs.
    pub id: String,
    /// Whose it is: what is published with it is published by `<gateway>.<publisher>`.
    pub publisher: Publisher,
    /// What it allows.
    pub scopes: BTreeSet<Scope>,
    /// SHA-256 of the token.
    pub sha256: Digest,
    /// When it was made.
    pub made: Timestamp,
    /// From when on it's refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Since when it's refused because somebody revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// How many announcements a second its publisher may send, instead of what the server says; 0 is without a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
    /// How many announcements its publisher may send in a day (UTC), instead of what the server says; 0 is without a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u64>,
}

/// A token as its bearer has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(PREFIX.to_owned() + &hex::encode(bytes)))
    }

    /// To be shown to its bearer, once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Token {
    /// What is kept of a new token.
    #[must_use]
    pub fn new(secret: &Secret, publisher: Publisher, scopes: BTreeSet<Scope>, made: Timestamp) -> Self {
        let sha256 = secret.digest();
        let id = sha256.to_string().chars().take(ID_DIGITS).collect();
        Self { id, publisher, scopes, sha256, made, expires: None, revoked: None, per_second: None, per_day: None }
    }

    /// Why it's refused now.
    pub(crate) fn refused_at(&self, now: Timestamp) -> Option<&'static str> {
        if self.revoked.is_some() {
            return Some("the token was revoked");
        }
        self.expires.filter(|expires| *expires <= now).map(|_| "the token has expired")
    }
}
