use std::{
    collections::HashMap,
    io,
    sync::{Arc, PoisonError, RwLock},
};

use announcement::Digest;

use super::{
    token::Token,
    token_file::{TokenFile, TokenFileError, Version},
};

/// The tokens of a file, as it is now.
#[derive(Debug)]
pub(super) struct Tokens {
    file: TokenFile,
    /// Guards what was read of it; held for a look-up, or while it's read again.
    read: RwLock<Read>,
}

#[derive(Debug)]
struct Read {
    /// Nothing where it can't be looked at.
    version: Option<Version>,
    by_digest: HashMap<Digest, Arc<Token>>,
}

impl Tokens {
    pub(super) fn open(file: TokenFile) -> Result<Self, TokenFileError> {
        let (tokens, version) = file.read_version()?;
        Ok(Self { file, read: RwLock::new(Read::of(tokens, version)) })
    }

    /// The token with this secret. The file is looked at each time, so that one that was revoked is refused at once; one that can't be read any more lets nobody in.
    pub(super) fn find(&self, secret: &str) -> Option<Arc<Token>> {
        self.with_digest(Digest::of(secret.as_bytes()))
    }

    /// The token with this digest, as the file is now.
    pub(super) fn with_digest(&self, digest: Digest) -> Option<Arc<Token>> {
        let version = self.file.version();
        {
            let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
            if version.as_ref().ok() == read.version.as_ref() {
                return read.by_digest.get(&digest).cloned();
            }
        }
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        *read = self.read_again(version);
        read.by_digest.get(&digest).cloned()
    }

    fn read_again(&self, version: io::Result<Version>) -> Read {
        match self.file.read_version() {
            Ok((tokens, version)) => {
                tracing::info!(tokens = tokens.len(), path = %self.file.path().display(), "the tokens were read again");
                Read::of(tokens, version)
            }
            Err(error) => {
                tracing::error!(%error, "the tokens can't be read; no token is taken until they can");
                Read { version: version.ok().filter(|_| !matches!(error, TokenFileError::Io { .. })), by_digest: HashMap::new() }
            }
        }
    }
}

impl Read {
    fn of(tokens: Vec<Token>, version: Version) -> Self {
        Self { version: Some(version), by_digest: tokens.into_iter().map(|token| (token.sha256, Arc::new(token))).collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::Timestamp;

    use super::*;
    use crate::access::token::{Scope, Secret};

    #[test]
    fn a_token_is_found_once_it_is_in_the_file_and_until_the_file_is_away() {
        let dir = tempfile::tempdir().unwrap();
        let file = || TokenFile::at(dir.path().join("tokens.json"));
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        let made = |secret: &Secret| Token::new(secret, "newsroom".parse().unwrap(), [Scope::Publish].into(), Timestamp::UNIX_EPOCH);
        assert!(Tokens::open(file()).is_err());
        file().change(|tokens| tokens.push(made(&one))).unwrap();
        let tokens = Tokens::open(file()).unwrap();
        assert!(tokens.find(one.expose()).is_some() && tokens.find(other.expose()).is_none());
        assert!(tokens.find(&one.digest().to_string()).is_none(), "what is kept of a token isn't one");
        file().change(|tokens| tokens.push(made(&other))).unwrap();
        assert!(tokens.find(other.expose()).is_some());
        file().change(|tokens| tokens[0].revoked = Some(Timestamp::UNIX_EPOCH)).unwrap();
        assert!(tokens.find(one.expose()).unwrap().refused_at(Timestamp::UNIX_EPOCH).is_some());
        let whole = fs::read(file().path()).unwrap();
        fs::write(file().path(), b"{").unwrap();
        assert!(tokens.find(other.expose()).is_none(), "what isn't understood lets nobody in");
        fs::remove_file(file().path()).unwrap();
        assert!(tokens.find(other.expose()).is_none());
        fs::write(file().path(), whole).unwrap();
        assert!(tokens.find(other.expose()).is_none(), "it's open to others");
        file().change(|_| ()).unwrap_err();
    }
}
