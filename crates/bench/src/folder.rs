use std::{
    env, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// A folder that goes with everything in it once it's dropped.
#[derive(Debug)]
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    /// In the given folder, or in the system's for temporary files.
    pub(crate) fn new(parent: Option<&Path>) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("handover-bench-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = parent.map_or_else(env::temp_dir, Path::to_owned).join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What can't be removed stays in a folder that says by its name what it is.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a ledger's files take on disk, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Disk {
    pub(crate) volumes: u64,
    pub(crate) journals: u64,
    /// How many journals there are: one, once all full volumes are sealed.
    pub(crate) journal_count: u64,
}

/// A ledger's folder as it's laid out by the crate `event-store`.
pub(crate) fn disk(dir: &Path) -> Disk {
    let mut disk = Disk::default();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with("journal-") {
            disk.journals += allocated(&path);
            disk.journal_count += 1;
        } else {
            disk.volumes += allocated(&path);
        }
    }
    disk
}

/// What the file system gave to a file, or to the files in a folder.
pub(crate) fn allocated(path: &Path) -> u64 {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::read_dir(path).into_iter().flatten().flatten().map(|entry| allocated(&entry.path())).sum(),
        Ok(metadata) => metadata.blocks() * 512,
        Err(_) => 0,
    }
}
