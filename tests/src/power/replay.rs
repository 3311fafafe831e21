use std::collections::HashMap;

use super::{Disk, trace::Entry};

/// Who is who in a trace: each file and folder with what happened to it, and each change of a name. Entries are numbered from 1; 0 is what was there before.
pub(super) struct Replay<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) namings: Vec<Naming<'a>>,
    /// The names as they are at the end.
    names: HashMap<(usize, &'a str), usize>,
    open: HashMap<i32, usize>,
    /// The syncs that haven't returned, with their nodes and the entries they began at.
    syncing: HashMap<u64, (usize, usize)>,
}

/// A file or a folder, whatever its names are.
pub(super) struct Node<'a> {
    /// What a file held before the trace; `None` for a folder.
    pub(super) before: Option<&'a [u8]>,
    pub(super) changes: Vec<(usize, Change<'a>)>,
    /// What was completed before this entry is on disk.
    pub(super) synced: usize,
}

impl Node<'_> {
    /// How many of its changes are on disk for certain.
    pub(super) fn synced_changes(&self) -> usize {
        self.changes.partition_point(|&(at, _)| at < self.synced)
    }
}

/// A change of a file's content.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Write { offset: usize, data: &'a [u8] },
    Resize { len: usize },
}

impl Change<'_> {
    /// The length of a file that had this one.
    pub(super) fn len_after(&self, len: usize) -> usize {
        match *self {
            Self::Write { offset, data } => len.max(offset + data.len()),
            Self::Resize { len } => len,
        }
    }
}

/// One step in which names are given and taken.
pub(super) struct Naming<'a> {
    pub(super) at: usize,
    /// Folder, name, and what has it afterwards.
    pub(super) sets: Vec<(usize, &'a str, Option<usize>)>,
}

pub(super) const ROOT: usize = 0;

impl<'a> Replay<'a> {
    /// # Panics
    /// The entries don't fit what was there: an operation isn't recorded.
    pub(super) fn new(before: &'a Disk, entries: &'a [Entry]) -> Self {
        let root = Node { before: None, changes: Vec::new(), synced: 1 };
        let mut replay = Self { nodes: vec![root], namings: Vec::new(), names: HashMap::new(), open: HashMap::new(), syncing: HashMap::new() };
        for (path, content) in &before.entries {
            replay.make(0, path, content.as_deref());
        }
        for (number, entry) in (1..).zip(entries) {
            replay.take(number, entry);
        }
        replay
    }

    fn take(&mut self, at: usize, entry: &'a Entry) {
        match entry {
            Entry::Start => {
                self.open.clear();
                self.syncing.clear();
            }
            Entry::Open { file, path, emptied } => {
                let node = self.find(path).unwrap_or_else(|| self.make(at, path, Some(&[])));
                self.open.insert(*file, node);
                if *emptied {
                    self.nodes[node].changes.push((at, Change::Resize { len: 0 }));
                }
            }
            Entry::Close { file } => drop(self.open.remove(file)),
            Entry::Dup { file, made } => drop(self.open.insert(*made, self.opened(*file))),
            Entry::Write { file, offset, data } => self.change(*file, at, Change::Write { offset: *offset, data }),
            Entry::Resize { file, len } => self.change(*file, at, Change::Resize { len: *len }),
            Entry::MakeFolder { path } => drop(self.make(at, path, None)),
            Entry::Remove { path } => self.name(at, vec![(path, None)]),
            Entry::Link { from, to } => self.name(at, vec![(to, Some(self.found(from)))]),
            Entry::Rename { from, to } => {
                let node = self.found(from);
                // Of two names of one file none goes.
                if self.find(to) != Some(node) {
                    self.name(at, vec![(from, None), (to, Some(node))]);
                }
            }
            Entry::Sync { file, number } => drop(self.syncing.insert(*number, (self.opened(*file), at))),
            Entry::Synced { number } => {
                let (node, begun) = self.syncing.remove(number).expect("a sync begins before it returns");
                self.nodes[node].synced = self.nodes[node].synced.max(begun);
            }
            Entry::Print { .. } | Entry::SyncRange => {}
        }
    }

    fn make(&mut self, at: usize, path: &'a str, before: Option<&'a [u8]>) -> usize {
        let node = self.nodes.len();
        self.nodes.push(Node { before, changes: Vec::new(), synced: 1 });
        self.name(at, vec![(path, Some(node))]);
        node
    }

    fn name(&mut self, at: usize, paths: Vec<(&'a str, Option<usize>)>) {
        let sets: Vec<_> = paths
            .into_iter()
            .map(|(path, node)| {
                let (folder, name) = path.rsplit_once('/').map_or((ROOT, path), |(folder, name)| (self.found(folder), name));
                (folder, name, node)
            })
            .collect();
        for &(folder, name, node) in &sets {
            match node {
                Some(node) => drop(self.names.insert((folder, name), node)),
                None => drop(self.names.remove(&(folder, name)).unwrap_or_else(|| panic!("{name} is removed, and its making isn't recorded"))),
            }
        }
        self.namings.push(Naming { at, sets });
    }

    fn change(&mut self, file: i32, at: usize, change: Change<'a>) {
        let node = self.opened(file);
        self.nodes[node].changes.push((at, change));
    }

    fn opened(&self, file: i32) -> usize {
        *self.open.get(&file).unwrap_or_else(|| panic!("the opening of file {file} isn't recorded"))
    }

    pub(super) fn find(&self, path: &str) -> Option<usize> {
        path.split('/').filter(|name| !name.is_empty()).try_fold(ROOT, |folder, name| self.names.get(&(folder, name)).copied())
    }

    fn found(&self, path: &str) -> usize {
        self.find(path).unwrap_or_else(|| panic!("the making of {path} isn't recorded"))
    }
}
