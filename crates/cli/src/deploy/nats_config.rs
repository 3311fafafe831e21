use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use announcement::Publisher;
use clap::Args;
use nkeys::KeyPair;

use super::permissions::{MANY_ANSWERS, Permissions, Role, SERVICES, STREAMS};
use crate::exit::{Code, Failure, say};

/// The file that nats-server's configuration includes.
const USERS: &str = "users.conf";
/// The account that has the streams, and the ledger nodes in it.
const STREAMS_ACCOUNT: &str = "HANDOVER";
/// The folder of the seeds.
const KEYS: &str = "keys";
/// Names whose subjects mean something else.
const TAKEN: [&str; 3] = ["local", "rules", "epoch"];

#[derive(Debug, Args)]
pub(crate) struct NatsConfig {
    /// Where users.conf and the folder keys, with a seed for each name, are written; seeds that are there stay as they are
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Who announces on handover.announce.NAME; a name may have several roles
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    publisher: Vec<Publisher>,
    /// Servers that publish for the holders of their tokens, on handover.announce.NAME.*
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    gateway: Vec<Publisher>,
    /// Who links, merges, splits and quarantines
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    curator: Vec<Publisher>,
    /// Who redacts, and sees how the nodes do
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    operator: Vec<Publisher>,
    /// Ledger nodes
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    ledger: Vec<Publisher>,
    /// Who follows the records and the read models' bucket
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    reader: Vec<Publisher>,
    /// Who writes the read models' bucket (serve --views)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    views: Vec<Publisher>,
}

impl NatsConfig {
    fn users(&self) -> Result<BTreeMap<&str, BTreeSet<Role>>, Failure> {
        let mut users: BTreeMap<&str, BTreeSet<Role>> = BTreeMap::new();
        let lists = [
            (&self.publisher, Role::Publisher),
            (&self.gateway, Role::Gateway),
            (&self.curator, Role::Curator),
            (&self.operator, Role::Operator),
            (&self.ledger, Role::Ledger),
            (&self.reader, Role::Reader),
            (&self.views, Role::Views),
        ];
        for (names, role) in lists {
            for name in names.iter().map(Publisher::as_str) {
                if name.contains('.') || TAKEN.contains(&name) {
                    let reason = format_args!("{name} isn't a name for a user: give one without a dot, other than {}", TAKEN.join(", "));
                    return Err(Failure::new(Code::Usage, reason));
                }
                users.entry(name).or_default().insert(role);
            }
        }
        if users.is_empty() {
            return Err(Failure::new(Code::Usage, "there are no users: give names with --publisher, --gateway, --ledger, …"));
        }
        Ok(users)
    }
}

pub(crate) fn run(arguments: &NatsConfig) -> Result<(), Failure> {
    let users = arguments.users()?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| Failure::new(Code::Configuration, format_args!("{}: {error}", path.display()))
    };
    let keys = arguments.dir.join(KEYS);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&keys).map_err(failed(&keys))?;
    let mut text = "# Who may do what. Written by `handover deploy nats-config`: run it again with all names to change it, then have nats-server read it (kill -HUP, or --signal reload).\n".to_owned();
    let mut keyed = Vec::new();
    for (name, roles) in &users {
        let path = keys.join(format!("{name}.nk"));
        keyed.push(User { name, roles, public: key(&path).map_err(failed(&path))?.public_key() });
    }
    write_accounts(&mut text, &keyed);
    let path = arguments.dir.join(USERS);
    // Nothing in it is secret, and nats-server may run as another user.
    replace(&path, text.as_bytes(), 0o644).map_err(failed(&path))?;
    say(format_args!("{} has {} users; give each its seed in {}, and nothing else of that folder", path.display(), users.len(), keys.display()));
    for entry in fs::read_dir(&keys).map_err(failed(&keys))?.flatten() {
        let file = entry.file_name();
        let name = Path::new(&file).file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !users.contains_key(&*name) {
            say(format_args!("{} is nobody's any more: its user isn't admitted; remove the file", entry.path().display()));
        }
    }
    Ok(())
}

struct User<'a> {
    name: &'a str,
    roles: &'a BTreeSet<Role>,
    public: String,
}

/// The account of the streams with its ledger nodes, and one for everyone else. A string takes what is written to it.
fn write_accounts(text: &mut String, users: &[User<'_>]) {
    let (nodes, others): (Vec<&User<'_>>, Vec<_>) = users.iter().partition(|user| user.roles.contains(&Role::Ledger));
    let _ = writeln!(text, "accounts {{\n  {STREAMS_ACCOUNT}: {{\n    jetstream: enabled\n    users: [");
    nodes.iter().for_each(|node| write_user(text, node));
    let _ = writeln!(text, "    ]\n    exports: [");
    SERVICES.iter().for_each(|subject| text.push_str(&format!("      {{ service: \"{subject}\" }}\n")));
    let _ = writeln!(text, "      {{ service: \"{MANY_ANSWERS}\", response_type: stream }}");
    STREAMS.iter().for_each(|subject| text.push_str(&format!("      {{ stream: \"{subject}\" }}\n")));
    let _ = writeln!(text, "    ]\n  }}");
    for user in others {
        let permissions = Permissions::of(user.name, user.roles);
        let _ = writeln!(text, "  \"{}\": {{\n    users: [", user.name);
        write_user(text, user);
        let _ = writeln!(text, "    ]\n    imports: [");
        let mut import = |what: &str, subject: &str| text.push_str(&format!("      {{ {what}: {{ account: {STREAMS_ACCOUNT}, subject: \"{subject}\" }} }}\n"));
        permissions.services().into_iter().for_each(|subject| import("service", subject));
        permissions.subscribe.iter().for_each(|subject| import("stream", subject));
        let _ = writeln!(text, "    ]\n  }}");
    }
    let _ = writeln!(text, "}}");
}

fn write_user(text: &mut String, User { name, roles, public }: &User<'_>) {
    let Permissions { publish, subscribe } = Permissions::of(name, roles);
    let roles: Vec<String> = roles.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
    let list = |subjects: &BTreeSet<String>| subjects.iter().map(|subject| format!("\"{subject}\"")).collect::<Vec<_>>().join(", ");
    let _ = writeln!(text, "      # {name}: {}", roles.join(", "));
    let _ = writeln!(text, "      {{ nkey: {public}, permissions: {{");
    let _ = writeln!(text, "          publish: {{ allow: [{}] }}", list(&publish));
    let _ = writeln!(text, "          subscribe: {{ allow: [{}] }}", list(&subscribe));
    let _ = writeln!(text, "      }} }}");
}

/// The key in a file, which is made where there is none.
fn key(path: &Path) -> io::Result<KeyPair> {
    let malformed =
        |reason: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidData, format!("not the seed of a user: {reason}; remove the file for a new one"));
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().starts_with("SU") => Err(malformed(&"it doesn't begin with SU")),
        Ok(text) => KeyPair::from_seed(text.trim()).map_err(|error| malformed(&error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::new_user();
            let seed = key.seed().map_err(|error| malformed(&error))?;
            replace(path, format!("{seed}\n").as_bytes(), 0o600)?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

/// The file is as it was or as it must be: nats-server may read it at any moment, and this process end at any.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}
