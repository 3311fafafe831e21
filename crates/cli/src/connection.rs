use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use announcement::Publisher;
use clap::Args;
use producer::Server;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::exit::{Code, Failure};

/// Has every TLS connection of this process use one implementation of its algorithms.
pub(crate) fn prepare_tls() {
    // Fails only where it was done before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Refuses a file with a secret that everyone on the machine may read. A group may: that's how secrets are handed to a process that isn't their owner.
pub(crate) fn check_private(file: &Path) -> Result<(), Failure> {
    let wrong = |reason: &dyn std::fmt::Display| Failure::new(Code::Configuration, format_args!("{}: {reason}", file.display()));
    let mode = fs::metadata(file).map_err(|error| wrong(&error))?.permissions().mode();
    if mode & 0o007 == 0 { Ok(()) } else { Err(wrong(&format_args!("everyone may read it; chmod 600 {}", file.display()))) }
}

/// The longest file with a token, in bytes.
const MAX_TOKEN: u64 = 1_024;

/// How this process proves to nats-server who it is, and whom it believes.
#[derive(Clone, Debug, Args)]
pub(crate) struct NatsAccess {
    /// The file with the seed of the nkey that this process signs in with
    #[arg(long, env = "HANDOVER_NATS_NKEY", value_name = "FILE")]
    nats_nkey: Option<PathBuf>,
    /// The file (PEM) with the authority that signed nats-server's certificate; then only TLS is spoken
    #[arg(long, env = "HANDOVER_NATS_CA", value_name = "FILE")]
    nats_ca: Option<PathBuf>,
    /// The file (PEM) with this process's own certificate, for a nats-server that asks for one
    #[arg(long, env = "HANDOVER_NATS_CERT", value_name = "FILE", requires = "nats_key")]
    nats_cert: Option<PathBuf>,
    /// The file (PEM) with the key of that certificate
    #[arg(long, env = "HANDOVER_NATS_KEY", value_name = "FILE", requires = "nats_cert")]
    nats_key: Option<PathBuf>,
}

impl NatsAccess {
    /// Whether nats-server is told who this process is.
    pub(crate) const fn signs_in(&self) -> bool {
        self.nats_nkey.is_some()
    }

    /// The server at an address, as the user with this name.
    pub(crate) fn server(&self, url: &str, user: &str) -> Result<Server, Failure> {
        let mut server = Server::at(url).answering_to(user);
        for file in [&self.nats_ca, &self.nats_cert, &self.nats_key].into_iter().flatten() {
            fs::File::open(file).map_err(|error| Failure::new(Code::Configuration, format_args!("{}: {error}", file.display())))?;
        }
        for secret in [&self.nats_nkey, &self.nats_key].into_iter().flatten() {
            check_private(secret)?;
        }
        if let Some(file) = &self.nats_nkey {
            server = server.with_nkey(file).map_err(|error| Failure::new(Code::Configuration, error))?;
        }
        if let Some(file) = &self.nats_ca {
            server = server.trusting(file);
        }
        match (&self.nats_cert, &self.nats_key) {
            (Some(certificate), Some(key)) => Ok(server.with_certificate(certificate, key)),
            (None, None) => Ok(server),
            (Some(_), None) | (None, Some(_)) => Err(Failure::new(Code::Configuration, "--nats-cert and --nats-key go together")),
        }
    }
}

/// The nats-server that an operator's command looks at.
#[derive(Debug, Args)]
pub(crate) struct OperatorNats {
    /// The nats-server, or a cluster's, with commas between
    #[arg(long, env = "HANDOVER_NATS", value_name = "URL")]
    nats: Option<String>,
    #[command(flatten)]
    access: NatsAccess,
    /// The user that asks there: an operator
    #[arg(long, env = "HANDOVER_NAME", value_name = "NAME", default_value = "operator")]
    name: Publisher,
}

impl OperatorNats {
    /// The server; nothing where none is looked at.
    pub(crate) fn server(&self) -> Result<Option<Server>, Failure> {
        self.nats.as_ref().map(|url| self.access.server(url, self.name.as_str())).transpose()
    }
}

/// How a server of ours is asked over HTTP.
#[derive(Clone, Debug, Args)]
pub(crate) struct HttpAccess {
    /// The file with the token that the server's operator gave
    #[arg(long, env = "HANDOVER_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The file (PEM) with the authority that signed the server's certificate, where that isn't one of the system's
    #[arg(long, env = "HANDOVER_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// A client that leaves statuses to the caller, and the header that its requests carry.
#[derive(Clone)]
pub(crate) struct Http {
    pub(crate) agent: ureq::Agent,
    /// Nothing where there is no token.
    authorization: Option<String>,
}

impl HttpAccess {
    pub(crate) fn client(&self) -> Result<Http, Failure> {
        let wrong = |file: &PathBuf, reason: &dyn std::fmt::Display| Failure::new(Code::Configuration, format_args!("{}: {reason}", file.display()));
        let authorization = match &self.token_file {
            Some(file) => Some(format!("Bearer {}", token(file).map_err(|error| wrong(file, &error))?)),
            None => None,
        };
        let roots = match &self.ca {
            Some(file) => certificates(file).map_err(|error| wrong(file, &error))?,
            None => rustls_native_certs::load_native_certs().certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect(),
        };
        let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots))).build();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(Duration::from_secs(120)))
            // A token goes to the server that was named, and to no other.
            .max_redirects(0)
            .tls_config(tls)
            .build()
            .into();
        Ok(Http { agent, authorization })
    }
}

impl Http {
    /// A request with the token, where there is one.
    pub(crate) fn authorized<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        }
    }
}

fn token(file: &PathBuf) -> io::Result<String> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "it doesn't hold a token: one line, as `handover token new` printed it");
    if fs::metadata(file)?.len() > MAX_TOKEN {
        return Err(malformed());
    }
    let text = fs::read_to_string(file)?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed());
    }
    Ok(token.to_owned())
}

fn certificates(file: &PathBuf) -> io::Result<Vec<Certificate<'static>>> {
    let malformed = |reason: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidData, format!("not a certificate in PEM: {reason}"));
    let read = CertificateDer::pem_file_iter(file).map_err(|error| malformed(&error))?;
    let read: Vec<_> = read.collect::<Result<_, _>>().map_err(|error| malformed(&error))?;
    if read.is_empty() {
        return Err(malformed(&"there is none in it"));
    }
    Ok(read.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect())
}
