use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::token::Token;

/// The tokens of one server. Each takes some 300 bytes.
pub const MAX_TOKENS: usize = 4_096;
/// The bytes of a file of tokens.
const MAX_BYTES: u64 = 4 << 20;

/// A file of tokens: JSON, `{"tokens": [Token, …]}`, open to its owner alone.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
}

/// Why a file of tokens can't be used. It's as it was.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It can't be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It isn't one.
    #[error("{path} isn't a file of tokens: {reason}; `handover token` makes and changes it")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Others than its owner may read or change it.
    #[error("{path} is open to others (mode {mode:o}): chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// There are too many.
    #[error("{path} has {MAX_TOKENS} tokens: forget those that were revoked, with `handover token forget`")]
    Full {
        /// The file.
        path: PathBuf,
    },
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    tokens: Vec<Token>,
}

/// By what a change of the file is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    file: u64,
    length: u64,
    changed: [(i64, i64); 2],
}

impl TokenFile {
    /// The file at this path, which needn't be there yet.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(ending);
        path.into()
    }

    /// The tokens, in the order in which they were made.
    ///
    /// # Errors
    /// See [`TokenFileError`].
    pub fn read(&self) -> Result<Vec<Token>, TokenFileError> {
        self.read_version().map(|(tokens, _)| tokens)
    }

    pub(crate) fn read_version(&self) -> Result<(Vec<Token>, Version), TokenFileError> {
        let io = |error| TokenFileError::Io { path: self.path.clone(), error };
        let file = File::open(&self.path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        let version = Version::of(&metadata);
        let mode = metadata.permissions().mode() & 0o777;
        // A group may be let in to read: that's how secrets are handed to a process that isn't their owner.
        if mode & 0o037 != 0 {
            return Err(TokenFileError::Open { path: self.path.clone(), mode });
        }
        let malformed = |reason: String| TokenFileError::Malformed { path: self.path.clone(), reason };
        if metadata.len() > MAX_BYTES {
            return Err(malformed(format!("it has more than {MAX_BYTES} bytes")));
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(io)?;
        let Kept { tokens } = serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
        if tokens.len() > MAX_TOKENS {
            return Err(malformed(format!("it has more than {MAX_TOKENS} tokens")));
        }
        if let Some(token) = tokens.iter().find(|token| token.publisher.as_str().contains('.')) {
            return Err(malformed(format!("{} has a publisher with a dot", token.id)));
        }
        Ok((tokens, version))
    }

    pub(crate) fn version(&self) -> io::Result<Version> {
        fs::metadata(&self.path).map(|metadata| Version::of(&metadata))
    }

    /// Changes the tokens; another process that changes them waits. The file is either as it was or as it must be, whatever happens.
    ///
    /// # Errors
    /// See [`TokenFileError`].
    pub fn change<T>(&self, change: impl FnOnce(&mut Vec<Token>) -> T) -> Result<T, TokenFileError> {
        let io = |error| TokenFileError::Io { path: self.path.clone(), error };
        if let Ok(linked) = fs::read_link(&self.path) {
            // Where it's a link the file that it leads to is what a server reads.
            let folder = self.path.parent().unwrap_or(Path::new(""));
            return Self::at(folder.join(linked)).change(change);
        }
        let lock = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.beside(".lock")).map_err(io)?;
        lock.lock().map_err(io)?;
        let mut tokens = if self.path.exists() { self.read()? } else { Vec::new() };
        let answer = change(&mut tokens);
        if tokens.len() > MAX_TOKENS {
            return Err(TokenFileError::Full { path: self.path.clone() });
        }
        let mut text = serde_json::to_vec_pretty(&Kept { tokens }).expect("tokens are plain data");
        text.push(b'\n');
        let unfinished = self.beside(".new");
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished).map_err(io)?;
        if let Ok(before) = fs::metadata(&self.path) {
            // Whoever was let in to read it, the server above all, still is.
            fchown(&file, Some(before.uid()), Some(before.gid())).map_err(io)?;
            file.set_permissions(fs::Permissions::from_mode(before.permissions().mode() & 0o640)).map_err(io)?;
        }
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(io)?;
        fs::rename(&unfinished, &self.path).map_err(io)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(answer)
    }
}

impl Version {
    fn of(metadata: &fs::Metadata) -> Self {
        Self { file: metadata.ino(), length: metadata.len(), changed: [(metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec())] }
    }
}

#[cfg(test)]
mod tests {
    use announcement::Publisher;
    use jiff::Timestamp;

    use super::*;
    use crate::access::token::{Scope, Secret};

    fn token() -> Token {
        Token::new(&Secret::random().unwrap(), "newsroom".parse().unwrap(), [Scope::Publish].into(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_was_changed_is_read_again_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = TokenFile::at(dir.path().join("tokens.json"));
        assert!(matches!(file.read(), Err(TokenFileError::Io { .. })));
        let (one, other) = (token(), token());
        file.change(|tokens| tokens.push(one.clone())).unwrap();
        let before = file.version().unwrap();
        file.change(|tokens| tokens.push(other.clone())).unwrap();
        assert_ne!(file.version().unwrap(), before);
        assert_eq!(file.read().unwrap(), [one, other]);
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_others_may_read_or_that_holds_something_else_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = TokenFile::at(dir.path().join("tokens.json"));
        file.change(|tokens| tokens.push(token())).unwrap();
        for (mode, allowed) in [(0o604, false), (0o620, false), (0o644, false), (0o440, true), (0o400, true)] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(matches!(file.read(), Err(TokenFileError::Open { .. })), !allowed, "{mode:o}");
        }
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).unwrap();
        let whole = fs::read_to_string(file.path()).unwrap();
        let dotted = whole.replace("\"newsroom\"", "\"gate.newsroom\"");
        for text in ["", "{", "[]", "{\"tokens\":[{}]}", &whole.replace("\"made\"", "\"born\""), &whole.replace("publish\"", "everything\""), &dotted] {
            fs::write(file.path(), text).unwrap();
            assert!(matches!(file.read(), Err(TokenFileError::Malformed { .. })), "{text}");
            assert!(file.change(|_| ()).is_err(), "what isn't understood isn't written over");
        }
    }

    #[test]
    fn a_link_is_followed_and_who_may_read_the_file_still_may() {
        let dir = tempfile::tempdir().unwrap();
        let file = TokenFile::at(dir.path().join("tokens.json"));
        file.change(|tokens| tokens.push(token())).unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("tokens.json", dir.path().join("link.json")).unwrap();
        let before = file.version().unwrap();
        TokenFile::at(dir.path().join("link.json")).change(|tokens| tokens[0].revoked = Some(Timestamp::UNIX_EPOCH)).unwrap();
        assert!(file.read().unwrap()[0].revoked.is_some() && fs::symlink_metadata(dir.path().join("link.json")).unwrap().is_symlink());
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o640);
        assert_ne!(file.version().unwrap(), before);
        let before = file.version().unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert_ne!(file.version().unwrap(), before, "who may read it is a change too");
    }

    #[test]
    fn there_are_never_too_many() {
        let dir = tempfile::tempdir().unwrap();
        let file = TokenFile::at(dir.path().join("tokens.json"));
        let one = token();
        file.change(|tokens| tokens.resize(MAX_TOKENS, one.clone())).unwrap();
        assert!(matches!(file.change(|tokens| tokens.push(one.clone())), Err(TokenFileError::Full { .. })));
        assert_eq!(file.read().unwrap().len(), MAX_TOKENS);
        let _: Publisher = one.publisher;
    }
}
