use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use announcement::Digest;
use durable::Folder;
use jiff::Timestamp;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};

use crate::{Head, ReadError, shelf::Shelf, state::FORMAT, store::Store};

/// What a backup says of itself. Its folder has the sealed volumes, and the journals of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the layout.
    pub format: u32,
    /// How many records a volume has.
    pub volume_records: u64,
    /// When it was begun.
    pub made: Timestamp,
    /// Where the ledger stood then. The backup holds at least that.
    pub head: Head,
}

/// What a backup did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Where the ledger stood.
    pub head: Head,
    /// How many volumes were copied; those that were there already are left out.
    pub copied_volumes: u64,
    /// How many bytes were copied.
    pub copied_bytes: u64,
}

/// Why there is no backup, or no restored folder.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder holds something else. Nothing was changed.
    #[error("{} is not empty, and holds no backup; give an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// The folder holds no backup.
    #[error("{} holds no backup: {reason}", dir.display())]
    None {
        /// The folder.
        dir: PathBuf,
        /// Why.
        reason: String,
    },
    /// The folder holds a backup of another ledger, or of more than this ledger has. Nothing was changed.
    #[error("{} holds a backup of {size} records with root {root}, which this ledger doesn't have; give an empty folder", dir.display())]
    Other {
        /// The folder.
        dir: PathBuf,
        /// The backup's size.
        size: u64,
        /// The backup's root.
        root: Digest,
    },
    /// The ledger can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The folder's notes can't be read.
    #[error(transparent)]
    Note(durable::OpenError),
    /// The system said no. What was copied before is whole; the manifest is the old one.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

const MANIFEST: &str = "backup.json";

fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Io { path, source }
}

/// Copies what a ledger holds while it goes on. Sealed volumes that are there already are left as they are, unless a payload was removed from one since.
pub(crate) fn backup(store: &Store, head: Head, made: Timestamp, to: &Path) -> Result<Backup, BackupError> {
    fs::create_dir_all(to).map_err(at(to))?;
    match read_manifest(to)? {
        Some(Manifest { head: Head { size, root, .. }, .. }) if size > head.size || store.root_at(size)? != root => {
            return Err(BackupError::Other { dir: to.to_owned(), size, root });
        }
        Some(_) => {}
        None if fs::read_dir(to).map_err(at(to))?.next().is_some() && !is_begun(to)? => return Err(BackupError::NotEmpty(to.to_owned())),
        None => {}
    }
    let (_backing_up, _keeping) = (store.backing_up(), store.folder.keep());
    let mut done = Backup { head: head.clone(), copied_volumes: 0, copied_bytes: 0 };
    for shelf in store.shelves() {
        let number = shelf.number();
        let copied = match &*shelf {
            Shelf::Sealed(_) => store.folder.copy_sealed(number, to).and_then(|copied| {
                let journal = to.join(format!("journal-{number:08}"));
                if journal.exists() { fs::remove_file(journal).map(|()| copied) } else { Ok(copied) }
            }),
            Shelf::Open(_) => store.folder.copy_journal(number, to),
        };
        let copied = copied.map_err(at(to))?;
        done.copied_bytes += copied;
        done.copied_volumes += u64::from(copied > 0);
    }
    write_manifest(to, &Manifest { format: FORMAT, volume_records: store.geometry.records(), made, head })?;
    Ok(done)
}

/// Whether a backup was begun there and not finished: nothing but volumes.
fn is_begun(dir: &Path) -> Result<bool, BackupError> {
    let names = fs::read_dir(dir).map_err(at(dir))?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<io::Result<Vec<_>>>().map_err(at(dir))?;
    Ok(names.iter().all(|name| name.starts_with("sealed-") || name.starts_with("journal-")))
}

fn read_manifest(dir: &Path) -> Result<Option<Manifest>, BackupError> {
    let path = dir.join(MANIFEST);
    match fs::read(&path) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map(Some).map_err(|error| BackupError::None { dir: dir.to_owned(), reason: format!("{MANIFEST}: {error}") })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(&path)(error)),
    }
}

fn write_manifest(dir: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let (unfinished, path) = (dir.join("backup.json.new"), dir.join(MANIFEST));
    let write = || -> io::Result<()> {
        let mut file = File::create(&unfinished)?;
        file.write_all(&serde_json::to_vec_pretty(manifest).expect("a manifest is plain data"))?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(at(&path))
}

/// The manifest of a backup.
///
/// # Errors
/// [`BackupError::None`] where the folder holds no backup, [`BackupError::Io`].
pub fn manifest(dir: &Path) -> Result<Manifest, BackupError> {
    read_manifest(dir)?.ok_or_else(|| BackupError::None { dir: dir.to_owned(), reason: format!("{MANIFEST} is missing") })
}

/// Puts a backup into a folder that's empty or isn't there, as the folder of a ledger; it's on disk when this returns. The sled of the volume that's written is made at its opening.
///
/// # Errors
/// See [`BackupError`]; the folder is as it was.
pub fn restore(from: &Path, to: &Path) -> Result<Manifest, BackupError> {
    let manifest = manifest(from)?;
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BackupError::NotEmpty(to.to_owned()));
    }
    let unfinished = to.with_extension("restoring");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(at(&unfinished))?;
    }
    let restored = || -> io::Result<()> {
        copy_all(from, &unfinished)?;
        if to.exists() {
            fs::remove_dir(to)?;
        }
        fs::rename(&unfinished, to)?;
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()
    };
    restored().map_err(at(to))?;
    Ok(manifest)
}

/// Puts a restored folder in the place of a ledger's, in one step; both are closed. Gives where the other one is then.
///
/// # Errors
/// [`BackupError::Io`]: the system can't exchange them.
pub fn exchange(restored: &Path, dir: &Path) -> Result<PathBuf, BackupError> {
    let aside = (1_u32..).map(|n| dir.with_extension(format!("behind-{n}"))).find(|path| !path.exists()).expect("fewer than 4 billion");
    let exchanged = || -> io::Result<()> {
        renameat_with(CWD, restored, CWD, dir, RenameFlags::EXCHANGE)?;
        fs::rename(restored, &aside)?;
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()
    };
    exchanged().map_err(at(dir))?;
    Ok(aside)
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else if entry.file_name() != MANIFEST {
            fs::copy(entry.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    File::open(to)?.sync_all()
}

/// Copies a folder that nobody has open, everything that [`verify_volume`](crate::verify_volume) reads.
///
/// # Errors
/// The folder is in use or can't be read, or the copy can't be written.
pub fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    let folder = Folder::take(from).map_err(|error| BackupError::None { dir: from.to_owned(), reason: error.to_string() })?;
    let numbers = |found: Result<Vec<u64>, durable::OpenError>| found.map_err(|error| BackupError::None { dir: from.to_owned(), reason: error.to_string() });
    fs::create_dir_all(to).map_err(at(to))?;
    for number in numbers(folder.sealed())? {
        folder.copy_sealed(number, to).map_err(at(to))?;
    }
    for number in numbers(folder.journals())? {
        folder.copy_journal(number, to).map_err(at(to))?;
    }
    for number in numbers(folder.active())? {
        folder.copy_active(number, to).map_err(at(to))?;
    }
    Ok(())
}
