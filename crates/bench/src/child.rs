use std::{
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde::{Deserialize, Serialize};

use crate::{BenchError, Figure, fill, fold, follow, open, read, replay, run::runtime};

/// What a process of its own measures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Make a ledger.
    Fill { dir: PathBuf, records: u64 },
    /// Open it and read.
    Open { dir: PathBuf, what: String },
    /// Append until it's killed; says a word once its journal is long.
    AppendForEver { dir: PathBuf },
    /// Read all of it, decoded.
    Scan { dir: PathBuf },
    /// Look events and exchanges up.
    LookUp { dir: PathBuf, records: u64 },
    /// Fold a chronicle, and ask the read models.
    Fold { records: u64, exchanges: u64 },
    /// Make a ledger of a chronicle, and have read models follow it.
    Follow { dir: PathBuf, records: u64, exchanges: u64 },
    /// Read all of it, raw.
    Replay { dir: PathBuf },
}

/// Does what the process was started for, and gives the figures as JSON. The program passes on what follows `bench child`.
///
/// # Errors
/// See [`BenchError`].
pub fn run_child(order: &str) -> Result<String, BenchError> {
    let order = serde_json::from_str(order).map_err(BenchError::failed)?;
    let figures = match order {
        Order::Fill { dir, records } => runtime()?.block_on(fill::fill(&dir, records)),
        Order::Open { dir, what } => runtime()?.block_on(open::open(&dir, &what)),
        Order::AppendForEver { dir } => runtime()?.block_on(open::append_for_ever(&dir)),
        Order::Scan { dir } => read::scan(&dir),
        Order::LookUp { dir, records } => read::look_up(&dir, records),
        Order::Fold { records, exchanges } => fold::fold(records, exchanges),
        Order::Follow { dir, records, exchanges } => runtime()?.block_on(follow::follow(&dir, records, exchanges)),
        Order::Replay { dir } => runtime()?.block_on(replay::replay(&dir)),
    }?;
    serde_json::to_string(&figures).map_err(BenchError::failed)
}

pub(crate) fn start(order: &Order) -> Result<Child, BenchError> {
    let order = serde_json::to_string(order).map_err(BenchError::failed)?;
    let mut command = Command::new(env::current_exe()?);
    Ok(command.args(["bench", "child", "--order", &order]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?)
}

/// Runs it to its end.
pub(crate) fn in_child(order: &Order) -> Result<Vec<Figure>, BenchError> {
    let ended = start(order)?.wait_with_output()?;
    if !ended.status.success() {
        return Err(BenchError::Failed(format!("the process that measured {order:?} ended with {}", ended.status)));
    }
    serde_json::from_slice(&ended.stdout).map_err(BenchError::failed)
}

/// Runs it until it says a word, and kills it.
pub(crate) fn kill_after_a_word(order: &Order) -> Result<(), BenchError> {
    let mut child = start(order)?;
    let said = child.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut String::new()));
    child.kill()?;
    child.wait()?;
    match said {
        Some(Ok(1..)) => Ok(()),
        _ => Err(BenchError::Failed(format!("the process of {order:?} ended early"))),
    }
}
