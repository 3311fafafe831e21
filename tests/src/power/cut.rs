use std::collections::{BTreeMap, HashMap};

use super::{
    Disk, Trace,
    content::{content, unsynced_pages},
    replay::{Naming, ROOT, Replay},
};
use generator::SplitMix;

impl Trace {
    /// What the folder holds after all of it, while the power is on.
    ///
    /// # Panics
    /// The trace doesn't fit what was there before.
    #[must_use]
    pub fn outcome(&self, before: &Disk) -> Disk {
        disk(&Replay::new(before, &self.entries), Names::Lucky, |_, _| Luck::Everything, &mut SplitMix::new(0))
    }

    /// What the disk may hold where the power is cut after this many entries, and what was there before was all on it.
    ///
    /// # Panics
    /// The trace doesn't fit what was there before.
    #[must_use]
    pub fn cut(&self, before: &Disk, entries: usize, random: &mut SplitMix) -> Disk {
        let replay = Replay::new(before, &self.entries[..entries]);
        let nothing = random.below(4) == 0;
        disk(&replay, Names::Lucky, |_, random| if nothing { Luck::Nothing } else { Luck::draw(random) }, random)
    }

    /// What it holds at least then: nothing that wasn't synced.
    ///
    /// # Panics
    /// The trace doesn't fit what was there before.
    #[must_use]
    pub fn synced(&self, before: &Disk, entries: usize) -> Disk {
        disk(&Replay::new(before, &self.entries[..entries]), Names::Lucky, |_, _| Luck::Nothing, &mut SplitMix::new(0))
    }

    /// What it may hold then: the last change of a name overtook everything that wasn't synced.
    ///
    /// # Panics
    /// The trace doesn't fit what was there before.
    #[must_use]
    pub fn overtaken(&self, before: &Disk, entries: usize) -> Disk {
        disk(&Replay::new(before, &self.entries[..entries]), Names::Last, |_, _| Luck::Nothing, &mut SplitMix::new(0))
    }

    /// What it may hold then: every name and length, and zeros where content wasn't synced.
    ///
    /// # Panics
    /// The trace doesn't fit what was there before.
    #[must_use]
    pub fn hollow(&self, before: &Disk, entries: usize) -> Disk {
        disk(&Replay::new(before, &self.entries[..entries]), Names::Lucky, |_, _| Luck::Lengths, &mut SplitMix::new(0))
    }

    /// How many pages of a file aren't synced then; none where there is no such file.
    ///
    /// # Panics
    /// The trace doesn't fit what was there before.
    #[must_use]
    pub fn unsynced(&self, before: &Disk, entries: usize, file: &str) -> usize {
        let replay = Replay::new(before, &self.entries[..entries]);
        replay.find(file).map_or(0, |node| unsynced_pages(&replay.nodes[node]))
    }

    /// What it may hold then: everything but one page of a file, of the [`unsynced`](Self::unsynced) ones.
    ///
    /// # Panics
    /// The trace doesn't fit what was there before.
    #[must_use]
    pub fn holed(&self, before: &Disk, entries: usize, file: &str, page: usize) -> Disk {
        let luck = |path: &str, _: &mut SplitMix| if path == file { Luck::AllBut(page) } else { Luck::Everything };
        disk(&Replay::new(before, &self.entries[..entries]), Names::Lucky, luck, &mut SplitMix::new(0))
    }
}

/// Which changes of names that weren't synced reach the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Lucky,
    Last,
}

/// How much of what wasn't synced reaches the disk.
#[derive(Clone, Copy)]
pub(super) enum Luck {
    Nothing,
    /// All but one in so many in their last form, that one in an earlier form.
    ButOneIn(u64),
    /// One in so many in its last form, the rest in an earlier form.
    OneIn(u64),
    Everything,
    /// Names and lengths, and no content.
    Lengths,
    /// Everything but this one of the pages.
    AllBut(usize),
}

impl Luck {
    /// Most often nearly everything: a log with a few holes is the hardest to read.
    fn draw(random: &mut SplitMix) -> Self {
        [Self::Nothing, Self::OneIn(4), Self::ButOneIn(4), Self::ButOneIn(32), Self::ButOneIn(32), Self::ButOneIn(64), Self::Everything][random.index(7)]
    }

    /// How many of so many changes, one after the other, reach it.
    pub(super) fn version(self, changes: usize, random: &mut SplitMix) -> usize {
        let last = match self {
            Self::Nothing => return 0,
            Self::OneIn(many) => random.below(many) == 0,
            Self::ButOneIn(many) => random.below(many) != 0,
            Self::Everything | Self::Lengths | Self::AllBut(_) => true,
        };
        if last || changes == 0 { changes } else { random.index(changes) }
    }

    /// How much of one page reaches it, by its number among those that weren't synced.
    pub(super) const fn of_page(self, number: usize) -> Self {
        match self {
            Self::Lengths => Self::Nothing,
            Self::AllBut(page) if page == number => Self::Nothing,
            luck => luck,
        }
    }

    pub(super) const fn tears(self) -> bool {
        matches!(self, Self::OneIn(_) | Self::ButOneIn(_))
    }
}

/// `luck` is asked for the names, with no path, and for each file.
fn disk(replay: &Replay<'_>, which: Names, mut luck: impl FnMut(&str, &mut SplitMix) -> Luck, random: &mut SplitMix) -> Disk {
    let mut names = HashMap::new();
    let for_names = luck("", random);
    let last = replay.namings.last().map(|naming| naming.at);
    for naming in &replay.namings {
        let lucky = for_names.version(1, random) == 1 || (which == Names::Last && last == Some(naming.at));
        if lucky || is_synced(replay, naming) {
            for &(folder, name, node) in &naming.sets {
                match node {
                    Some(node) => drop(names.insert((folder, name), node)),
                    None => drop(names.remove(&(folder, name))),
                }
            }
        }
    }
    let mut folders: BTreeMap<usize, BTreeMap<&str, usize>> = BTreeMap::new();
    for ((folder, name), node) in names {
        folders.entry(folder).or_default().insert(name, node);
    }
    let mut disk = Disk::default();
    let mut left = vec![(String::new(), ROOT)];
    while let Some((below, folder)) = left.pop() {
        for (name, &node) in folders.get(&folder).into_iter().flatten() {
            let path = format!("{below}{name}");
            let content = content(&replay.nodes[node], luck(&path, random), random);
            if content.is_none() {
                left.push((format!("{path}/"), node));
            }
            disk.entries.insert(path, content);
        }
    }
    disk
}

/// All folders in which a name changes were synced since.
fn is_synced(replay: &Replay<'_>, naming: &Naming<'_>) -> bool {
    naming.sets.iter().all(|&(folder, ..)| naming.at < replay.nodes[folder].synced)
}
