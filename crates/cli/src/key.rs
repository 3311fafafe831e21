use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use transparency::{KeyName, SignerKey};

use crate::{
    arguments::{Key, KeyCommand},
    exit::{Code, Failure, say},
    output::print,
};

/// The key's file in the data folder.
const FILE: &str = "ledger.key";
/// Who alone may read it.
const MODE: u32 = 0o600;

pub(crate) fn run(arguments: &Key) -> Result<(), Failure> {
    match &arguments.command {
        KeyCommand::New { file, name } => {
            let key = create(file, name.as_deref())?;
            say(format_args!("{} holds the key: give it to all nodes of the ledger, and to nobody else", file.display()));
            print(format!("{}\n", key.verifier()).as_bytes())
        }
        KeyCommand::Show { data } => print(format!("{}\n", read(&of(&data.data))?.verifier()).as_bytes()),
    }
}

pub(crate) fn of(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// The key of a data folder, which is made where there is none.
pub(crate) fn load(data: &Path, given: Option<&Path>) -> Result<SignerKey, Failure> {
    if let Some(file) = given {
        return read(file);
    }
    let file = of(data);
    if file.exists() { read(&file) } else { create(&file, None) }
}

pub(crate) fn read(file: &Path) -> Result<SignerKey, Failure> {
    let wrong = |reason: String| Failure::new(Code::Configuration, format_args!("{}: {reason}", file.display()));
    let mode = fs::metadata(file).map_err(|error| wrong(error.to_string()))?.permissions().mode();
    // A group may be let in to read: that's how secrets are handed to a process that isn't their owner.
    if mode & 0o037 != 0 {
        return Err(wrong(format!("others may read it; chmod 600 {}", file.display())));
    }
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    text.trim_end().parse().map_err(|error| wrong(format!("not a key: {error}")))
}

fn create(file: &Path, name: Option<&str>) -> Result<SignerKey, Failure> {
    let failed = |reason: &dyn std::fmt::Display| Failure::new(Code::Configuration, format_args!("{}: {reason}", file.display()));
    let mut random = [0; 36];
    getrandom::fill(&mut random).map_err(|error| failed(&error))?;
    let (seed, rest) = random.split_first_chunk::<32>().expect("36 bytes");
    let name = name.map_or_else(|| format!("handover-{:08x}", u32::from_be_bytes(*rest.first_chunk().expect("four bytes"))), str::to_owned);
    let name: KeyName = name.parse().map_err(|error| Failure::new(Code::Usage, format_args!("--name: {error}")))?;
    let key = SignerKey::from_seed(name, seed);
    let write = || -> io::Result<()> {
        let mut opened = OpenOptions::new().write(true).create_new(true).mode(MODE).open(file)?;
        opened.write_all(format!("{}\n", key.to_secret_text()).as_bytes())?;
        opened.sync_all()
    };
    write().map_err(|error| failed(&error))?;
    Ok(key)
}
