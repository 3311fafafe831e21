//! What a disk may do to a folder's files while nobody has it open.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::random::Random;

/// The folders or files whose names begin so, ascending.
pub(super) fn named(dir: &Path, prefix: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect();
    found.retain(|path| !path.to_str().unwrap().contains("damaged"));
    found.sort();
    found
}

pub(super) fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// Puts a file or folder back as it was.
pub(super) fn put_back(copy: &Path, to: &Path) {
    if to.is_dir() {
        fs::remove_dir_all(to).unwrap();
    } else if to.exists() {
        fs::remove_file(to).unwrap();
    }
    fs::rename(copy, to).unwrap();
}

/// Flips a bit of a file, cuts it, or removes it. Says what it did.
pub(super) fn spoil(random: &mut Random, path: &Path) -> String {
    let mut bytes = fs::read(path).unwrap();
    if random.one_in(8) || bytes.is_empty() {
        fs::remove_file(path).unwrap();
        return format!("removed {}", path.display());
    }
    let at = random.index(bytes.len());
    if random.one_in(4) {
        bytes.truncate(at);
        fs::write(path, bytes).unwrap();
        return format!("cut {} at {at}", path.display());
    }
    let bit = random.below(8);
    bytes[at] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
    format!("flipped bit {bit} of byte {at} of {}", path.display())
}

/// The same for one of a folder's files, but for those with this name.
pub(super) fn spoil_one_of(random: &mut Random, dir: &Path, but: &str) -> String {
    let files: Vec<PathBuf> = named(dir, "").into_iter().filter(|path| path.is_file() && path.file_name().unwrap() != but).collect();
    let chosen = random.index(files.len());
    spoil(random, &files[chosen])
}
