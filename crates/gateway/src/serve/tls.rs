use std::{
    convert::Infallible,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    crypto::ring,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{net::TcpStream, time};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How often the files are looked at: a certificate is renewed days before the old one expires.
const LOOK: Duration = Duration::from_secs(2);

/// The certificate that HTTPS is served with, read again when its files change.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
}

/// A certificate or its key can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct TlsError {
    path: PathBuf,
    reason: String,
}

#[derive(Debug)]
struct Current {
    certificate: PathBuf,
    key: PathBuf,
    /// Guards what new connections are shown.
    shown: RwLock<Arc<CertifiedKey>>,
}

impl Tls {
    /// Reads a certificate with those that signed it, and its key, both in PEM.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn open(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let (certificate, key) = (certificate.into(), key.into());
        let shown = RwLock::new(read(&certificate, &key)?);
        let current = Arc::new(Current { certificate, key, shown });
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("the provider has their algorithms");
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), current })
    }

    /// Greets a client within a time.
    pub(super) async fn accept(&self, socket: TcpStream, within: Duration) -> io::Result<TlsStream<TcpStream>> {
        time::timeout(within, self.acceptor.accept(socket)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    /// Reads the files again when they change, for as long as it's polled. What can't be used is told, and what was shown before goes on.
    pub(super) async fn follow(&self) -> Infallible {
        let mut seen = self.current.changed();
        loop {
            time::sleep(LOOK).await;
            let now = self.current.changed();
            if now == seen {
                continue;
            }
            let current = Arc::clone(&self.current);
            let again = tokio::task::spawn_blocking(move || read(&current.certificate, &current.key)).await;
            match again {
                Ok(Ok(certificate)) => {
                    *self.current.shown.write().unwrap_or_else(PoisonError::into_inner) = certificate;
                    tracing::info!(path = %self.current.certificate.display(), "the certificate was read again");
                    seen = now;
                }
                // Perhaps only one of the two was written yet: they are looked at again.
                Ok(Err(error)) => tracing::error!(%error, "the certificate can't be read again; connections are shown the one before"),
                Err(error) => tracing::error!(%error, "the certificate could not be read again"),
            }
        }
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.current.certificate).finish_non_exhaustive()
    }
}

impl Current {
    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let wrong = |path: &Path, reason: &dyn std::fmt::Display| TlsError { path: path.to_owned(), reason: reason.to_string() };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(|error| wrong(certificate, &error))?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|error| wrong(certificate, &error))?;
    if chain.is_empty() {
        return Err(wrong(certificate, &"there is no certificate in PEM in it"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let certified = CertifiedKey::from_der(chain, secret, &ring::default_provider());
    certified.map(Arc::new).map_err(|error| wrong(key, &format_args!("it isn't the key of {}: {error}", certificate.display())))
}
