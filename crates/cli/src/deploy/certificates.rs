use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    net::IpAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use clap::Args;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::exit::{Code, Failure, say};

/// The authority's certificate, which everyone who connects is given.
const CA: &str = "ca.pem";
/// Its key, which signs further certificates and is needed for nothing else.
const CA_KEY: &str = "ca.key";
/// The authority's name in it.
const NAME: &str = "Handover";
/// How long the authority's certificate holds.
const CA_DAYS: u64 = 3_650;
/// Clocks differ: what was made just now must hold on a machine that is behind.
const BEFORE: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

#[derive(Debug, Args)]
pub(crate) struct Certificates {
    /// Where ca.pem, and NAME.pem with NAME.key, are written; an authority that is there signs the new ones
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The name of what the certificate is for: a node or a server
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,
    /// Where it's reached: host names and addresses
    #[arg(long, required = true, value_delimiter = ',', value_name = "HOSTS")]
    host: Vec<String>,
    /// How many days the certificate holds
    #[arg(long, default_value_t = 397, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=3_650))]
    days: u64,
}

fn name(text: &str) -> Result<String, String> {
    let is_name =
        !text.is_empty() && text != "ca" && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_name { Ok(text.to_owned()) } else { Err("expected lower-case letters, digits and -, at most 64, and not ca".to_owned()) }
}

pub(crate) fn run(arguments: &Certificates) -> Result<(), Failure> {
    let Certificates { dir, name, .. } = arguments;
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| Failure::new(Code::Configuration, format_args!("{}: {error}", path.display()))
    };
    let failed = |error: rcgen::Error| Failure::new(Code::Failed, format_args!("the certificate can't be made: {error}"));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(at(dir))?;
    let (ca, ca_key) = (dir.join(CA), dir.join(CA_KEY));
    if !ca.exists() {
        let key = KeyPair::generate().map_err(failed)?;
        let made = authority()?.self_signed(&key).map_err(failed)?;
        // Where this was interrupted before, a key is there that has signed nothing.
        replace(&ca_key, &key.serialize_pem(), 0o600).map_err(at(&ca_key))?;
        replace(&ca, &made.pem(), 0o644).map_err(at(&ca))?;
    }
    let issuer = {
        let key = fs::read_to_string(&ca_key).map_err(at(&ca_key))?;
        let key = KeyPair::from_pem(&key).map_err(failed)?;
        check(&ca, &key)?;
        // Its name and its key are all that a signature needs of an authority.
        Issuer::new(authority()?, key)
    };
    let key = KeyPair::generate().map_err(failed)?;
    let made = of(arguments)?.signed_by(&key, &issuer).map_err(failed)?;
    let (path, key_path) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
    // The key first: a server that looks between the two finds that they don't belong together, and looks again.
    replace(&key_path, &key.serialize_pem(), 0o600).map_err(at(&key_path))?;
    replace(&path, &made.pem(), 0o644).map_err(at(&path))?;
    say(format_args!("{} and its key are for {name}; everyone who connects to it is given {}, and nobody {}", path.display(), ca.display(), ca_key.display()));
    Ok(())
}

/// Whether the authority's certificate is of this key: what another signed would be believed by nobody who is given it.
fn check(ca: &Path, key: &KeyPair) -> Result<(), Failure> {
    let wrong = |reason: &dyn std::fmt::Display| {
        Failure::new(Code::Configuration, format_args!("{}: {reason}; remove it and {CA_KEY} for a new authority", ca.display()))
    };
    let certificate = CertificateDer::from_pem_file(ca).map_err(|error| wrong(&error))?;
    let public = key.public_key_raw();
    let is_of_it = certificate.windows(public.len()).any(|bytes| bytes == public) && certificate.windows(NAME.len()).any(|bytes| bytes == NAME.as_bytes());
    if is_of_it { Ok(()) } else { Err(wrong(&"it isn't the certificate of the key beside it")) }
}

fn authority() -> Result<CertificateParams, Failure> {
    let mut parameters = parameters(&[], NAME, CA_DAYS)?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(parameters)
}

/// A certificate that its holder shows as a server, and to a server that asks for one.
fn of(arguments: &Certificates) -> Result<CertificateParams, Failure> {
    let mut parameters = parameters(&arguments.host, &arguments.name, arguments.days)?;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    parameters.use_authority_key_identifier_extension = true;
    Ok(parameters)
}

fn parameters(hosts: &[String], name: &str, days: u64) -> Result<CertificateParams, Failure> {
    let wrong = |error: rcgen::Error| Failure::new(Code::Usage, format_args!("--host: {error}"));
    if let Some(host) = hosts.iter().find(|host| host.parse::<IpAddr>().is_err() && !is_host(host)) {
        return Err(Failure::new(Code::Usage, format_args!("--host: {host} is neither a host name nor an address")));
    }
    let mut parameters = CertificateParams::new(hosts.to_vec()).map_err(wrong)?;
    parameters.distinguished_name.push(DnType::CommonName, name);
    let now = SystemTime::now();
    parameters.not_before = (now - BEFORE).into();
    parameters.not_after = (now + DAY * u32::try_from(days).unwrap_or(u32::MAX)).into();
    Ok(parameters)
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.len() <= 253 && text.strip_prefix("*.").unwrap_or(text).split('.').all(label)
}

fn create(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut unfinished = path.to_owned().into_os_string();
    unfinished.push(".new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => create(Path::new(&unfinished), text, mode)?,
    }
    fs::rename(&unfinished, path)
}
