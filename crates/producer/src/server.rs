use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use announcement::Publisher;
use async_nats::ConnectOptions;

/// The longest seed of an nkey with its line end, in bytes; a file that has more holds something else.
const MAX_SEED: u64 = 256;

/// The nats-server, or a cluster's, and how this process proves there who it is.
///
/// ```
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use producer::Server;
///
/// let server = Server::at("tls://nats.example.org:4222").with_nkey("/run/credentials/newsroom.nk")?.trusting("/etc/handover/ca.pem");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    url: String,
    nkey: Option<String>,
    authorities: Option<PathBuf>,
    certificate: Option<(PathBuf, PathBuf)>,
    inbox: Option<String>,
}

/// A file doesn't hold the seed of an nkey.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// It can't be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It holds something else.
    #[error("{path} doesn't hold the seed of a user's nkey (one line that begins with SU); `handover deploy nats-config` makes one")]
    NoSeed {
        /// The file.
        path: PathBuf,
    },
}

impl Server {
    /// The server at this address (`nats://…`, `tls://…`), or a cluster's with commas between; nothing is proven to it.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), nkey: None, authorities: None, certificate: None, inbox: None }
    }

    /// Signs in with the seed of an nkey, from a file of one line.
    ///
    /// # Errors
    /// See [`SeedError`].
    pub fn with_nkey(self, path: impl AsRef<Path>) -> Result<Self, SeedError> {
        let path = path.as_ref();
        let unreadable = |error| SeedError::Unreadable { path: path.to_owned(), error };
        let length = fs::metadata(path).map_err(unreadable)?.len();
        let text = if length <= MAX_SEED { fs::read_to_string(path).map_err(unreadable)? } else { String::new() };
        let seed = text.trim();
        let is_seed = seed.starts_with("SU") && nkeys::KeyPair::from_seed(seed).is_ok();
        if !is_seed {
            return Err(SeedError::NoSeed { path: path.to_owned() });
        }
        Ok(Self { nkey: Some(seed.to_owned()), ..self })
    }

    /// Believes the server's certificate where one of the authorities in this file (PEM) has signed it, and speaks TLS only.
    #[must_use]
    pub fn trusting(self, authorities: impl Into<PathBuf>) -> Self {
        Self { authorities: Some(authorities.into()), ..self }
    }

    /// Shows the server a certificate of its own (PEM), for a server that asks for one.
    #[must_use]
    pub fn with_certificate(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: Some((certificate.into(), key.into())), ..self }
    }

    /// Hears answers on `_INBOX.<name>.…` only, which is what the permissions of the user with this name allow.
    #[must_use]
    pub fn answering_to(self, name: &str) -> Self {
        Self { inbox: Some(format!("_INBOX.{name}")), ..self }
    }

    /// The same, hearing answers as this publisher does unless another name was given.
    pub(crate) fn for_publisher(self, publisher: &Publisher) -> Self {
        let user = publisher.as_str().split('.').next().unwrap_or_default();
        if self.inbox.is_some() { self } else { self.answering_to(user) }
    }

    /// The addresses.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Each address.
    #[must_use]
    pub fn addresses(&self) -> Vec<&str> {
        self.url.split(',').map(str::trim).collect()
    }

    /// What a connection is made with.
    #[must_use]
    pub fn options(&self) -> ConnectOptions {
        let mut options = self.nkey.clone().map_or_else(ConnectOptions::new, ConnectOptions::with_nkey);
        if let Some(authorities) = &self.authorities {
            options = options.add_root_certificates(authorities.clone()).require_tls(true);
        }
        if let Some((certificate, key)) = &self.certificate {
            options = options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
        }
        match &self.inbox {
            Some(inbox) => options.custom_inbox_prefix(inbox),
            None => options,
        }
    }
}

impl<T: Into<String>> From<T> for Server {
    fn from(url: T) -> Self {
        Self::at(url)
    }
}

/// Without the seed.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, nkey, authorities, certificate, inbox } = self;
        f.debug_struct("Server")
            .field("url", url)
            .field("nkey", &nkey.as_ref().map(|_| "…"))
            .field("authorities", authorities)
            .field("certificate", certificate)
            .field("inbox", inbox)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_read_from_its_file_and_shown_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("newsroom.nk");
        let seed = nkeys::KeyPair::new_user().seed().unwrap();
        fs::write(&path, format!("{seed}\n")).unwrap();
        let server = Server::at("nats://127.0.0.1:4222").with_nkey(&path).unwrap();
        assert_eq!(server.nkey.as_deref(), Some(&*seed));
        assert!(!format!("{server:?}").contains(&seed));
        for other in [String::new(), "SU".to_owned(), nkeys::KeyPair::new_account().seed().unwrap(), seed[1..].to_owned(), seed.repeat(9)] {
            fs::write(&path, &other).unwrap();
            let error = Server::at("nats://127.0.0.1:4222").with_nkey(&path).unwrap_err();
            assert!(matches!(error, SeedError::NoSeed { .. }), "{other}");
            assert!(other.is_empty() || !error.to_string().contains(&format!("{other} ")));
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(Server::at("").with_nkey(&path), Err(SeedError::Unreadable { .. })));
    }

    #[test]
    fn a_gateway_hears_answers_under_its_own_name() {
        let inbox = |publisher: &str| Server::at("").for_publisher(&publisher.parse().unwrap()).inbox;
        assert_eq!(inbox("newsroom").as_deref(), Some("_INBOX.newsroom"));
        assert_eq!(inbox("gate.newsroom").as_deref(), Some("_INBOX.gate"));
        assert_eq!(Server::at("").answering_to("node").for_publisher(&Publisher::local()).inbox.as_deref(), Some("_INBOX.node"));
    }
}
