use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{Frame, FrameHead, Journal, JournalReader, OpenError, Volume, WriteError, error::at, lock::Lock};

/// A folder of volumes, held for one process: which journals and sleds there are, and their names.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    /// Guards nothing but time: while it's held no journal is removed, and nothing takes another's place.
    keeping: Mutex<()>,
    _lock: Lock,
}

const JOURNAL: &str = "journal-";
const ACTIVE: &str = "active-";
const SEALED: &str = "sealed-";
const UNFINISHED: &str = ".new";
/// Whole, and about to take the place of what has the name without this.
const NEXT: &str = ".next";
/// The sled of a volume that's made anew, until nobody reads it any more.
const AWAY: &str = ".away.new";
/// A sled that was closed in good order and can't be read any more.
const DAMAGED: &str = ".damaged-";
/// What a disk must have room for that isn't called full, in bytes: two segments of sled and a journal's frame.
const PROBE: usize = 2 << 20;

impl Folder {
    /// Takes a folder, or makes it. What an earlier process left unfinished is removed.
    ///
    /// # Errors
    /// [`OpenError::Locked`], [`OpenError::Old`] or [`OpenError::Io`].
    pub fn take(dir: &Path) -> Result<Self, OpenError> {
        make(dir).map_err(at(dir))?;
        let folder = Self { dir: dir.to_owned(), keeping: Mutex::new(()), _lock: Lock::take(dir)? };
        if dir.join("journal").exists() {
            return Err(OpenError::Old { dir: dir.to_owned() });
        }
        for name in folder.names()? {
            if name.ends_with(UNFINISHED) {
                remove(&dir.join(&name)).map_err(at(&dir.join(&name)))?;
            }
        }
        take_places(dir).map_err(at(dir))?;
        // A process that was killed may have named a journal or a volume and not come to sync the name, and this one builds on what it finds.
        folder.sync().map_err(at(dir))?;
        Ok(folder)
    }

    /// The numbers of the journals, ascending.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn journals(&self) -> Result<Vec<u64>, OpenError> {
        self.numbered(JOURNAL)
    }

    /// The numbers of the sealed volumes, ascending.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn sealed(&self) -> Result<Vec<u64>, OpenError> {
        self.numbered(SEALED)
    }

    /// The numbers of the volumes that are written, ascending.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn active(&self) -> Result<Vec<u64>, OpenError> {
        self.numbered(ACTIVE)
    }

    /// Reads a journal whose first frame is at this position.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_journal(&self, number: u64, first_position: u64) -> Result<JournalReader, OpenError> {
        JournalReader::open(&self.path(JOURNAL, number), first_position)
    }

    /// The first frame of a journal, wherever it begins; `None` where there is none.
    ///
    /// # Errors
    /// [`OpenError::Format`] or [`OpenError::Io`].
    pub fn first_frame(&self, number: u64) -> Result<Option<Frame>, OpenError> {
        JournalReader::open(&self.path(JOURNAL, number), 0)?.first_frame()
    }

    /// Makes a journal that begins with these frames; it's on disk when this returns.
    ///
    /// # Errors
    /// See [`WriteError`]. There is no such journal then.
    pub fn create_journal(&self, number: u64, frames: &[(FrameHead, Vec<u8>)]) -> Result<Journal, WriteError> {
        Journal::create(&self.path(JOURNAL, number), frames)
    }

    /// That a journal isn't there though it must be.
    #[must_use]
    pub fn journal_missing(&self, number: u64, first_position: u64) -> OpenError {
        OpenError::JournalMissing { journal: self.path(JOURNAL, number), position: first_position }
    }

    /// Opens the sled of a volume that's written, as it was left; `None` where there is none.
    ///
    /// # Errors
    /// Why it can't be opened.
    pub fn open_active(&self, number: u64) -> Result<Option<Volume>, String> {
        let path = self.path(ACTIVE, number);
        path.exists().then(|| Volume::open(&path)).transpose()
    }

    /// An empty sled for a volume that's written. Nothing of one that has its name is left.
    ///
    /// # Errors
    /// [`OpenError::Sled`] or [`OpenError::Io`].
    pub fn create_active(&self, number: u64) -> Result<Volume, OpenError> {
        let path = self.path(ACTIVE, number);
        if path.exists() {
            // Half of it is never found under its name.
            self.put_away_active(number)?;
            self.remove_away(number)?;
        }
        Volume::open(&path).map_err(|reason| OpenError::Sled { dir: path, reason })
    }

    /// Puts a journal in the place of one: the same frames with the payloads that `each` makes of theirs, if it can. It's on disk when this returns; half of it is never found.
    ///
    /// # Errors
    /// See [`OpenError`]; the journal is as it was.
    pub fn rewrite_journal(&self, number: u64, first_position: u64, each: impl FnMut(&Frame) -> Option<Vec<u8>>) -> Result<(), OpenError> {
        let path = self.path(JOURNAL, number);
        Journal::rewrite(&path, JournalReader::open(&path, first_position)?, each)
    }

    /// Takes the name of a volume's sled from it, so that another can be made of its journal. Who has it open reads on; it's gone at the next opening, or with
    /// [`remove_away`](Self::remove_away).
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn put_away_active(&self, number: u64) -> Result<(), OpenError> {
        let path = self.path(ACTIVE, number);
        self.remove_away(number)?;
        if !path.exists() {
            return Ok(());
        }
        fs::rename(&path, self.away(number)).and_then(|()| self.sync()).map_err(at(&path))
    }

    /// Removes a sled that was put away.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn remove_away(&self, number: u64) -> Result<(), OpenError> {
        let away = self.away(number);
        if !away.exists() {
            return Ok(());
        }
        remove(&away).and_then(|()| self.sync()).map_err(at(&away))
    }

    fn away(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{ACTIVE}{number:08}{AWAY}"))
    }

    /// Removes the sleds that were set aside as damaged, and gives their names.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn remove_set_aside(&self) -> Result<Vec<String>, OpenError> {
        let mut names = self.names()?;
        names.retain(|name| name.starts_with(ACTIVE) && name.contains(DAMAGED));
        for name in &names {
            let path = self.dir.join(name);
            remove(&path).and_then(|()| self.sync()).map_err(at(&path))?;
        }
        Ok(names)
    }

    /// Puts the damaged sled of a volume aside, for whoever wants to look at it. Where nothing can be written that's why it can't be read either, and it stays.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn set_aside_active(&self, number: u64) -> Result<(), OpenError> {
        self.probe()?;
        let path = self.path(ACTIVE, number);
        let aside = (1_u32..).map(|n| PathBuf::from(format!("{}{DAMAGED}{n}", path.display()))).find(|path| !path.exists()).expect("fewer than 4 billion");
        fs::rename(&path, &aside).and_then(|()| self.sync()).map_err(at(&path))
    }

    fn probe(&self) -> Result<(), OpenError> {
        let path = self.dir.join("probe.new");
        let written = File::create(&path).and_then(|mut file| file.write_all(&vec![1; PROBE]).and_then(|()| file.sync_all()));
        let removed = fs::remove_file(&path);
        written.and(removed).map_err(at(&path))
    }

    /// An empty volume that becomes the sealed one with [`finish_sealed`](Self::finish_sealed).
    ///
    /// # Errors
    /// [`WriteError::Sled`].
    pub fn begin_sealed(&self, number: u64) -> Result<Volume, WriteError> {
        let path = self.unfinished(number);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|error| WriteError::Sled(error.to_string()))?;
        }
        Volume::open(&path).map_err(WriteError::Sled)
    }

    /// Opens the volume that's being sealed once more.
    ///
    /// # Errors
    /// [`WriteError::Sled`].
    pub fn reopen_unfinished(&self, number: u64) -> Result<Volume, WriteError> {
        Volume::open(&self.unfinished(number)).map_err(WriteError::Sled)
    }

    /// Makes the volume the sealed one, with its summary beside it. The volume is closed.
    ///
    /// # Errors
    /// [`WriteError::Sled`]: it isn't the sealed one.
    pub fn finish_sealed(&self, number: u64, summary: &[u8]) -> Result<(), WriteError> {
        self.finish(number, &[(SUMMARY, summary)], &self.path(SEALED, number))
    }

    /// Makes the volume the one that takes the sealed one's place next, with its summary beside it and a note of what was removed. The volume is closed.
    ///
    /// # Errors
    /// [`WriteError::Sled`]: it isn't.
    pub fn finish_next(&self, number: u64, summary: &[u8], removed: &[u8]) -> Result<(), WriteError> {
        self.finish(number, &[(SUMMARY, summary), (REMOVED, removed)], &self.next(number))
    }

    /// Puts the volume that was finished as the next one in the sealed one's place, which nobody has open.
    ///
    /// # Errors
    /// [`OpenError::Io`]: it's put there at the next opening.
    pub fn take_next(&self, number: u64) -> Result<(), OpenError> {
        take_place(&self.next(number)).map_err(at(&self.path(SEALED, number)))
    }

    fn next(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{SEALED}{number:08}{NEXT}"))
    }

    /// The note of what was removed from a sealed volume; `None` where nothing was.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn removed(&self, number: u64) -> Result<Option<Vec<u8>>, OpenError> {
        read(&self.path(SEALED, number).join(REMOVED))
    }

    fn finish(&self, number: u64, beside: &[(&str, &[u8])], to: &Path) -> Result<(), WriteError> {
        let from = self.unfinished(number);
        let finished = || -> io::Result<()> {
            for (name, bytes) in beside {
                write_synced(&from.join(name), bytes)?;
            }
            for entry in fs::read_dir(&from)? {
                let entry = entry?;
                if entry.file_type()?.is_file() {
                    File::open(entry.path())?.sync_all()?;
                }
            }
            File::open(&from)?.sync_all()?;
            fs::rename(&from, to)?;
            self.sync()
        };
        finished().map_err(|error| WriteError::Sled(format!("{}: {error}", to.display())))
    }

    /// Opens a sealed volume.
    ///
    /// # Errors
    /// Why it can't be.
    pub fn open_sealed(&self, number: u64) -> Result<Volume, String> {
        let path = self.path(SEALED, number);
        // sled would make them anew.
        for part in [path.clone(), path.join("conf"), path.join("db")] {
            if !part.exists() {
                return Err(format!("{} is missing", part.display()));
            }
        }
        Volume::open(&path).map_err(|reason| format!("{}: {reason}", path.display()))
    }

    /// The summary of a sealed volume; `None` where there is none.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn summary(&self, number: u64) -> Result<Option<Vec<u8>>, OpenError> {
        read(&self.path(SEALED, number).join(SUMMARY))
    }

    /// Writes the summary of a sealed volume anew.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn put_summary(&self, number: u64, summary: &[u8]) -> Result<(), OpenError> {
        let path = self.path(SEALED, number).join(SUMMARY);
        write_synced(&path, summary).map_err(at(&path))
    }

    /// Removes the journal and the written form of a volume that's sealed; what of it is there.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn remove_unsealed(&self, number: u64) -> Result<(), OpenError> {
        let there: Vec<PathBuf> = [self.path(JOURNAL, number), self.path(ACTIVE, number)].into_iter().filter(|path| path.exists()).collect();
        if there.is_empty() {
            return Ok(());
        }
        // The process that sealed it may have died before the name was on disk.
        self.sync().map_err(at(&self.dir))?;
        for path in there {
            remove(&path).map_err(at(&path))?;
        }
        self.sync().map_err(at(&self.dir))
    }

    /// Removes the journal of a volume that's sealed.
    ///
    /// # Errors
    /// [`WriteError::Journal`].
    pub fn remove_journal(&self, number: u64) -> Result<(), WriteError> {
        let _keeping = self.keep();
        fs::remove_file(self.path(JOURNAL, number)).and_then(|()| self.sync()).map_err(WriteError::Journal)
    }

    /// While this is held no journal is removed and nothing takes another's place.
    pub fn keep(&self) -> MutexGuard<'_, ()> {
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies a sealed volume into another folder, where it isn't there yet or more was removed from this one since; the copy is on disk when this returns. Gives how many
    /// bytes were copied.
    ///
    /// # Errors
    /// What the system says; half a copy has another name.
    pub fn copy_sealed(&self, number: u64, to: &Path) -> io::Result<u64> {
        let name = format!("{SEALED}{number:08}");
        let (from, target) = (self.path(SEALED, number), to.join(&name));
        take_places(to)?;
        if !target.exists() {
            return copy_folder(&from, &target);
        }
        let removed = |volume: &Path| fs::metadata(volume.join(REMOVED)).map_or(0, |note| note.len());
        if removed(&from) <= removed(&target) {
            return Ok(0);
        }
        let next = to.join(format!("{name}{NEXT}"));
        let copied = copy_folder(&from, &next)?;
        take_place(&next)?;
        Ok(copied)
    }

    /// Copies a journal into another folder, as far as it's written; the copy is on disk when this returns. Its last frame may be half a one.
    ///
    /// # Errors
    /// What the system says; half a copy has another name.
    pub fn copy_journal(&self, number: u64, to: &Path) -> io::Result<u64> {
        let target = to.join(format!("{JOURNAL}{number:08}"));
        let unfinished = target.with_extension("new");
        let copied = fs::copy(self.path(JOURNAL, number), &unfinished)?;
        File::open(&unfinished)?.sync_all()?;
        fs::rename(&unfinished, &target)?;
        File::open(to)?.sync_all()?;
        Ok(copied)
    }

    /// Copies the sled of a volume that's written into another folder, while nobody has it open.
    ///
    /// # Errors
    /// What the system says.
    pub fn copy_active(&self, number: u64, to: &Path) -> io::Result<u64> {
        copy_folder(&self.path(ACTIVE, number), &to.join(format!("{ACTIVE}{number:08}")))
    }

    /// Notes something that holds until it's taken back, on disk when this returns.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn put_note(&self, name: &str, bytes: &[u8]) -> Result<(), OpenError> {
        let path = self.dir.join(name);
        write_synced(&path, bytes).map_err(at(&path))
    }

    /// A note, if there is one.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, OpenError> {
        read(&self.dir.join(name))
    }

    /// Takes a note back; it's gone from the disk when this returns.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn remove_note(&self, name: &str) -> Result<(), OpenError> {
        let path = self.dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| self.sync()).map_err(at(&path)),
        }
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn path(&self, kind: &str, number: u64) -> PathBuf {
        self.dir.join(format!("{kind}{number:08}"))
    }

    fn unfinished(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{SEALED}{number:08}{UNFINISHED}"))
    }

    fn names(&self) -> Result<Vec<String>, OpenError> {
        let entries = fs::read_dir(&self.dir).map_err(at(&self.dir))?;
        entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()).map_err(at(&self.dir))).collect()
    }

    fn numbered(&self, kind: &str) -> Result<Vec<u64>, OpenError> {
        let mut numbers: Vec<u64> = self.names()?.iter().filter_map(|name| name.strip_prefix(kind)?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// Makes a folder and those above it that aren't there, with their names on disk when this returns.
pub(crate) fn make(dir: &Path) -> io::Result<()> {
    let above = dir.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = || File::open(above)?.sync_all();
    if dir.is_dir() {
        // A process that was killed may have made it and not come to sync it. Elsewhere it's of no concern that what is above can't be opened or synced.
        if let Err(error) = synced() {
            tracing::debug!(%error, dir = %above.display(), "the folder above wasn't synced");
        }
        return Ok(());
    }
    make(above)?;
    fs::create_dir_all(dir)?;
    synced()
}

/// Puts everything that was about to take another's place there.
fn take_places(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == &NEXT[1..]) {
            take_place(&path)?;
        }
    }
    Ok(())
}

/// What is next is whole and has its name on disk, so that what it replaces may go in any number of steps.
fn take_place(next: &Path) -> io::Result<()> {
    let place = next.with_extension("");
    if place.exists() {
        remove(&place)?;
    }
    fs::rename(next, &place)?;
    place.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

/// A sled's log, its configuration, the summary and the note of what was removed; a snapshot is made anew from the log.
fn copy_folder(from: &Path, target: &Path) -> io::Result<u64> {
    let unfinished = target.with_extension("new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    let mut bytes = 0;
    for name in ["conf", "db", SUMMARY, REMOVED] {
        match fs::copy(from.join(name), unfinished.join(name)) {
            Ok(copied) => bytes += copied,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        }
        File::open(unfinished.join(name))?.sync_all()?;
    }
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, target)?;
    target.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())?;
    Ok(bytes)
}

const SUMMARY: &str = "summary";
const REMOVED: &str = "removed";

/// Under another name first: half of it is never found.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(path.parent().unwrap_or(Path::new("")))?.sync_all()
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, OpenError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
