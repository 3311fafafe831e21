use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    OpenError, Volume, WriteError,
    error::at,
    folder::{make, write_synced},
    lock::Lock,
};

/// A folder of sleds by name, held for one process, for what can be made again from elsewhere: no journal is behind them.
///
/// Each sled has a numbered folder that is never used again, and a note says which name has which number. A folder that no name has is removed.
#[derive(Debug)]
pub struct Derived {
    dir: PathBuf,
    numbers: BTreeMap<String, u64>,
    _lock: Lock,
}

/// Which name has which number: a line each.
const NOTE: &str = "names";
const SLED: &str = "sled-";

impl Derived {
    /// Takes a folder, or makes it. What no name has is removed; where the note can't be read that's everything.
    ///
    /// # Errors
    /// [`OpenError::Locked`] or [`OpenError::Io`].
    pub fn take(dir: &Path) -> Result<Self, OpenError> {
        make(dir).map_err(at(dir))?;
        let lock = Lock::take(dir)?;
        let note = dir.join(NOTE);
        let text = if note.exists() { fs::read(&note).map_err(at(&note))? } else { Vec::new() };
        let numbers = numbers(&text).unwrap_or_else(|| {
            tracing::warn!(note = %note.display(), "the note of the sleds can't be read; they are made anew");
            BTreeMap::new()
        });
        let derived = Self { dir: dir.to_owned(), numbers, _lock: lock };
        derived.sweep();
        Ok(derived)
    }

    /// Opens the sled of a name; nothing where no sled has it.
    ///
    /// # Errors
    /// Why it can't be opened.
    pub fn open(&self, name: &str) -> Result<Option<Volume>, String> {
        let Some(&number) = self.numbers.get(name) else { return Ok(None) };
        let path = self.path(number);
        // sled would make them anew.
        for part in [path.join("conf"), path.join("db")] {
            if !part.exists() {
                return Err(format!("{} is missing", part.display()));
            }
        }
        Volume::open(&path).map(Some)
    }

    /// An empty sled that has no name yet, and its number.
    ///
    /// # Errors
    /// [`WriteError::Sled`].
    pub fn begin(&self) -> Result<(u64, Volume), WriteError> {
        let taken = self.folders().into_iter().chain(self.numbers.values().copied()).max();
        let number = taken.map_or(1, |last| last + 1);
        Ok((number, Volume::open(&self.path(number)).map_err(WriteError::Sled)?))
    }

    /// Gives a name to the sled of a number, which has been synced; on disk when this returns. Whoever had the name has none then.
    ///
    /// # Errors
    /// [`WriteError::Sled`]: it doesn't have the name.
    pub fn name(&mut self, name: &str, number: u64) -> Result<(), WriteError> {
        self.note(|numbers| {
            numbers.insert(name.to_owned(), number);
        })
    }

    /// Gives one name's sled another name; on disk when this returns. Whoever had that name has none then.
    ///
    /// # Errors
    /// [`WriteError::Sled`]: the names are as they were.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), WriteError> {
        self.note(|numbers| {
            if let Some(number) = numbers.remove(from) {
                numbers.insert(to.to_owned(), number);
            }
        })
    }

    /// Takes a name from its sled; on disk when this returns.
    ///
    /// # Errors
    /// [`WriteError::Sled`]: it has its name.
    pub fn forget(&mut self, name: &str) -> Result<(), WriteError> {
        self.note(|numbers| {
            numbers.remove(name);
        })
    }

    fn note(&mut self, change: impl FnOnce(&mut BTreeMap<String, u64>)) -> Result<(), WriteError> {
        let mut numbers = self.numbers.clone();
        change(&mut numbers);
        if numbers == self.numbers {
            return Ok(());
        }
        let text: String = numbers.iter().map(|(name, number)| format!("{name} {number}\n")).collect();
        let note = self.dir.join(NOTE);
        write_synced(&note, text.as_bytes()).map_err(|error| WriteError::Sled(format!("{}: {error}", note.display())))?;
        self.numbers = numbers;
        Ok(())
    }

    /// Removes the folders that no name has and nobody has open; what can't be removed stays for the next time.
    pub fn sweep(&self) {
        for number in self.folders() {
            if self.numbers.values().all(|&named| named != number)
                && let Err(error) = fs::remove_dir_all(self.path(number))
            {
                tracing::debug!(%error, number, "a sled that no name has stays for now");
            }
        }
    }

    /// What the sled of a name takes on disk, in bytes.
    #[must_use]
    pub fn disk_bytes(&self, name: &str) -> u64 {
        let Some(&number) = self.numbers.get(name) else { return 0 };
        let entries = fs::read_dir(self.path(number)).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
    }

    fn folders(&self) -> Vec<u64> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix(SLED)?.parse().ok()).collect()
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{SLED}{number}"))
    }
}

fn numbers(note: &[u8]) -> Option<BTreeMap<String, u64>> {
    let line = |line: &str| line.split_once(' ').and_then(|(name, number)| Some((name.to_owned(), number.parse().ok()?)));
    std::str::from_utf8(note).ok()?.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Batch;

    fn holding(derived: &Derived, value: &[u8]) -> u64 {
        let (number, volume) = derived.begin().unwrap();
        let mut batch = Batch::new();
        batch.put(b"a", value);
        volume.apply(batch).unwrap();
        volume.sync().unwrap();
        number
    }

    fn held(derived: &Derived, name: &str) -> Option<Vec<u8>> {
        derived.open(name).unwrap().and_then(|volume| volume.get(b"a").unwrap())
    }

    #[test]
    fn a_name_has_the_sled_that_was_given_it_last_and_what_no_name_has_goes() {
        let dir = tempfile::tempdir().unwrap();
        let mut derived = Derived::take(dir.path()).unwrap();
        assert!(derived.open("one").unwrap().is_none());
        let first = holding(&derived, b"first");
        derived.name("one", first).unwrap();
        let second = holding(&derived, b"second");
        derived.name("two", second).unwrap();
        let nameless = holding(&derived, b"nameless");
        assert_eq!((held(&derived, "one").unwrap(), held(&derived, "two").unwrap()), (b"first".to_vec(), b"second".to_vec()));
        drop(derived);

        let mut derived = Derived::take(dir.path()).unwrap();
        assert_eq!((derived.folders().contains(&nameless), held(&derived, "one").as_deref()), (false, Some(&b"first"[..])));
        derived.rename("two", "one").unwrap();
        derived.sweep();
        assert_eq!((derived.folders(), held(&derived, "one").as_deref(), held(&derived, "two")), (vec![second], Some(&b"second"[..]), None));
        derived.forget("one").unwrap();
        derived.sweep();
        assert_eq!(derived.folders(), []);
    }

    #[test]
    fn a_note_that_can_not_be_read_names_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut derived = Derived::take(dir.path()).unwrap();
        let number = holding(&derived, b"value");
        derived.name("one", number).unwrap();
        drop(derived);
        fs::write(dir.path().join(NOTE), b"one \xff\n").unwrap();
        let derived = Derived::take(dir.path()).unwrap();
        assert!(derived.open("one").unwrap().is_none());
        assert!(matches!(Derived::take(dir.path()), Err(OpenError::Locked { .. })));
    }
}
