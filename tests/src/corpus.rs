//! The real announcements.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::programs;

/// The announcements of one article.
#[must_use]
pub fn reference_article() -> PathBuf {
    sample("reference-article.jsonl")
}

/// The public record of 2022 to 2026.
#[must_use]
pub fn public_record() -> PathBuf {
    sample("public-record.jsonl")
}

/// A file's events, one a line.
///
/// # Panics
///
/// Where the file can't be read.
#[must_use]
pub fn events(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

fn sample(name: &str) -> PathBuf {
    programs::repository().join("deploy/samples").join(name)
}
