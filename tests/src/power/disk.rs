use std::{collections::BTreeMap, fmt, fs, os::unix::fs::FileExt, path::Path};

/// What a folder holds: its files with their content, and its folders, by their paths below it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Disk {
    /// Folders have no content, and stand before what is in them.
    pub(super) entries: BTreeMap<String, Option<Vec<u8>>>,
}

/// Zeros of this length, in bytes, make no data of their own on the disk.
const HOLE: usize = 1 << 16;

impl Disk {
    /// Reads a folder.
    ///
    /// # Panics
    /// It can't be read.
    #[must_use]
    pub fn read(dir: &Path) -> Self {
        let mut disk = Self::default();
        disk.add(dir, "");
        disk
    }

    fn add(&mut self, dir: &Path, below: &str) {
        for entry in fs::read_dir(dir).expect("a folder can be read") {
            let entry = entry.expect("a folder can be read");
            let path = format!("{below}{}", entry.file_name().to_str().expect("a test's files have plain names"));
            if entry.file_type().expect("an entry has a type").is_dir() {
                self.add(&entry.path(), &format!("{path}/"));
                self.entries.insert(path, None);
            } else {
                self.entries.insert(path, Some(fs::read(entry.path()).expect("a file can be read")));
            }
        }
    }

    /// Writes it into an empty folder, or makes it.
    ///
    /// # Panics
    /// It can't be written.
    pub fn write(&self, dir: &Path) {
        fs::create_dir_all(dir).expect("a folder can be made");
        for (path, content) in &self.entries {
            let path = dir.join(path);
            let Some(content) = content else {
                fs::create_dir(&path).expect("a folder can be made");
                continue;
            };
            let file = fs::File::create_new(&path).expect("a file can be made");
            file.set_len(content.len() as u64).expect("a file can be written");
            for (number, part) in (0..).zip(content.chunks(HOLE)) {
                if part.iter().any(|&byte| byte != 0) {
                    file.write_all_at(part, number * HOLE as u64).expect("a file can be written");
                }
            }
        }
    }

    /// The content of a file; `None` where there is none.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.entries.get(path)?.as_deref()
    }

    /// The paths of all files and folders, ascending.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is a file or a folder.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }
}

/// The paths and lengths: the contents are too long to be read.
impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries.iter().map(|(path, content)| (path, content.as_ref().map(Vec::len)))).finish()
    }
}
