use std::{io, path::PathBuf};

use crate::{Machine, Report, append, fill::Filled, fold, ingest, open, read, replay, verify};

/// What is measured, and with how much.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many records the ledger has; single cases take fewer where more would tell nothing more.
    pub records: u64,
    /// The sizes of the batches that are appended.
    pub batches: Vec<usize>,
    /// Where it's written: a folder whose ledger stays for the next run. Without one everything is removed.
    pub data: Option<PathBuf>,
    /// The nats-server, where it isn't `nats-server` on the path.
    pub nats_server: PathBuf,
}

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// The store alone.
    Append,
    /// From the publisher over NATS to the receipt.
    Ingest,
    /// Scans and look-ups.
    Read,
    /// Every record as it's kept.
    Replay,
    /// `handover verify`.
    Verify,
    /// The read models.
    Fold,
    /// Time to the first read.
    Open,
    /// All of them.
    All,
}

/// Why nothing was measured. What was written is removed.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Something that's needed is missing: see to it and run it again.
    #[error("{0}")]
    Configuration(String),
    /// It failed on the way.
    #[error("{0}")]
    Failed(String),
}

impl BenchError {
    pub(crate) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<io::Error> for BenchError {
    fn from(error: io::Error) -> Self {
        Self::failed(error)
    }
}

/// Measures a case, and says what it's at. The program must answer `bench child --order JSON` with [`run_child`](crate::run_child), and run `serve` and `verify`.
///
/// # Errors
/// See [`BenchError`].
pub fn run(case: Case, options: &Options, progress: fn(&str)) -> Result<Report, BenchError> {
    let machine = Machine::this();
    let wanted = |one: Case| case == one || case == Case::All;
    let mut figures = Vec::new();
    if wanted(Case::Append) {
        figures.extend(append::run(options, progress)?);
    }
    if wanted(Case::Ingest) {
        figures.extend(ingest::run(options, progress)?);
    }
    if wanted(Case::Read) || wanted(Case::Replay) || wanted(Case::Open) {
        let mut filled = Filled::get(options, progress)?;
        figures.append(&mut filled.figures);
        if wanted(Case::Read) {
            figures.extend(read::run(&filled, progress)?);
        }
        if wanted(Case::Replay) {
            figures.extend(replay::run(&filled, progress)?);
        }
        if wanted(Case::Open) {
            figures.extend(open::run(&filled, progress)?);
        }
    }
    if wanted(Case::Verify) {
        figures.extend(verify::run(options, progress)?);
    }
    if wanted(Case::Fold) {
        figures.extend(fold::run(options, progress)?);
    }
    Ok(Report { machine, records: options.records, figures })
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, BenchError> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
