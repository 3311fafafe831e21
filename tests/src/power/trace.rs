use std::{collections::BTreeMap, fs, path::Path};

use generator::SplitMix;

/// What processes did to the files of one folder, and what they printed, one after the other.
#[derive(Debug, Default)]
pub struct Trace {
    pub(super) entries: Vec<Entry>,
}

/// One operation, completed. Files that are open go by their numbers, others by their paths below the folder.
#[derive(Debug)]
pub(super) enum Entry {
    /// A process begins, with nothing open.
    Start,
    Open {
        file: i32,
        path: String,
        emptied: bool,
    },
    Close {
        file: i32,
    },
    Dup {
        file: i32,
        made: i32,
    },
    Write {
        file: i32,
        offset: usize,
        data: Vec<u8>,
    },
    Print {
        text: Vec<u8>,
    },
    Resize {
        file: i32,
        len: usize,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        path: String,
    },
    MakeFolder {
        path: String,
    },
    Link {
        from: String,
        to: String,
    },
    /// A sync begins.
    Sync {
        file: i32,
        number: u64,
    },
    /// A sync has returned.
    Synced {
        number: u64,
    },
    /// `sync_file_range`, which promises nothing.
    SyncRange,
}

/// How many entries after a turn are soon after it.
const SOON: usize = 5;

impl Trace {
    /// Reads what a recorder wrote; nothing where there is no such file.
    ///
    /// # Panics
    /// It isn't of the recorder's form.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_default();
        let mut rest = &bytes[..];
        let mut entries = Vec::new();
        while !rest.is_empty() {
            entries.push(entry(&mut rest).expect("a trace ends with a whole entry"));
        }
        Self { entries }
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What had been printed once this many entries were completed.
    #[must_use]
    pub fn printed(&self, entries: usize) -> String {
        let texts = self.entries[..entries].iter().filter_map(|entry| if let Entry::Print { text } = entry { Some(&text[..]) } else { None });
        String::from_utf8_lossy(&texts.collect::<Vec<_>>().concat()).into_owned()
    }

    /// The moments, each after so many entries, at which something with these words in it has just been printed.
    #[must_use]
    pub fn prints(&self, words: &str) -> Vec<usize> {
        self.moments(|entry| matches!(entry, Entry::Print { text } if String::from_utf8_lossy(text).contains(words)))
    }

    /// The moments, each after so many entries, at which a file has just been opened.
    #[must_use]
    pub fn openings(&self, file: &str) -> Vec<usize> {
        self.moments(|entry| matches!(entry, Entry::Open { path, .. } if path == file))
    }

    /// The moments, each after so many entries, at which a name or a size has just been changed, a file opened, which may make it, or a sync has just begun. The recorder
    /// can kill the process at each.
    #[must_use]
    pub fn turns(&self) -> Vec<usize> {
        self.moments(|entry| entry.names().is_some() || matches!(entry, Entry::Open { .. } | Entry::Resize { .. } | Entry::Sync { .. }))
    }

    /// The moments, each after so many entries, at which a name has just been given or taken, by what was done to which name; files that differ in a
    /// number, which sled writes with the letters A to F, are alike.
    #[must_use]
    pub fn steps(&self) -> BTreeMap<String, Vec<usize>> {
        let mut steps: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, entry) in (1..).zip(&self.entries) {
            if let Some(names) = entry.names() {
                steps.entry(names.replace(|letter: char| letter.is_ascii_digit() || letter.is_ascii_uppercase(), "")).or_default().push(number);
            }
        }
        steps
    }

    /// A moment to cut the power at: most often anywhere, else at the end, or at one of the [`turns`](Self::turns), which are few, or soon after.
    pub fn moment(&self, random: &mut SplitMix) -> usize {
        let (end, turns) = (self.entries.len(), self.turns());
        match random.below(8) {
            0 => end,
            1..4 if !turns.is_empty() => (turns[random.index(turns.len())] + random.index(SOON)).min(end),
            _ => random.index(end + 1),
        }
    }

    fn moments(&self, of: impl Fn(&Entry) -> bool) -> Vec<usize> {
        (1..).zip(&self.entries).filter(|(_, entry)| of(entry)).map(|(number, _)| number).collect()
    }
}

impl Entry {
    /// What it does to which names, where it's sure to change one.
    fn names(&self) -> Option<String> {
        match self {
            Self::Rename { from, to } | Self::Link { from, to } => Some(format!("{from} {to}")),
            Self::Remove { path } => Some(format!("remove {path}")),
            Self::MakeFolder { path } => Some(format!("make {path}")),
            _ => None,
        }
    }
}

/// `struct head` and `enum kind` of recorder.c, numbers as this machine has them.
fn entry(rest: &mut &[u8]) -> Option<Entry> {
    let kind = u32::from_ne_bytes(taken(rest)?);
    let file = i32::from_ne_bytes(taken(rest)?);
    let number = u64::from_ne_bytes(taken(rest)?);
    let [text_len, data_len] = [u32::from_ne_bytes(taken(rest)?), u32::from_ne_bytes(taken(rest)?)];
    let text = rest.split_off(..usize::try_from(text_len).ok()?)?;
    let data = rest.split_off(..usize::try_from(data_len).ok()?)?;
    let path = || String::from_utf8(text.to_vec()).ok();
    let other = || String::from_utf8(data.to_vec()).ok();
    let size = usize::try_from(number).ok()?;
    Some(match kind {
        0 => Entry::Start,
        1 => Entry::Open { file, path: path()?, emptied: number == 1 },
        2 => Entry::Close { file },
        3 => Entry::Dup { file, made: i32::try_from(number).ok()? },
        4 => Entry::Write { file, offset: size, data: data.to_vec() },
        5 => Entry::Print { text: data.to_vec() },
        6 => Entry::Resize { file, len: size },
        7 => Entry::Rename { from: path()?, to: other()? },
        8 => Entry::Remove { path: path()? },
        9 => Entry::MakeFolder { path: path()? },
        10 => Entry::Link { from: path()?, to: other()? },
        11 => Entry::Sync { file, number },
        12 => Entry::Synced { number },
        13 => Entry::SyncRange,
        _ => return None,
    })
}

fn taken<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (found, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*found)
}
