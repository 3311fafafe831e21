use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use event_store::{Damage, Head, Verification, Verified, VolumeReport, control};
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    arguments::{Verify, VerifyVolume},
    exit::{Code, Failure, say},
    folder::ledger_in,
    operate::pretty,
    output::print,
};

/// A folder for a copy, removed in the end.
pub(crate) struct Work {
    /// The copy itself.
    pub(crate) dir: PathBuf,
    around: PathBuf,
}

impl Work {
    /// Under `work`, or else beside what is copied: a copy takes as much room as the ledger.
    pub(crate) fn begin(work: Option<&Path>, beside: &Path) -> Result<Self, Failure> {
        let parent = work.or(beside.parent()).filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let around = parent.join(format!("verify-{}", std::process::id()));
        std::fs::create_dir_all(&around)
            .map_err(|error| Failure::new(Code::Configuration, format_args!("{}: {error}; give --work a folder with room for a copy", around.display())))?;
        Ok(Self { dir: around.join("ledger"), around })
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.around) {
            say(format_args!("{} could not be removed: {error}", self.around.display()));
        }
    }
}

/// Copies the ledger and verifies the copy, since opening sled writes, and may panic at damage. What was found is noted in the ledger's folder.
pub(crate) fn run(arguments: &Verify) -> Result<(), Failure> {
    let data = &arguments.data.data;
    let work = Work::begin(arguments.work.as_deref(), &ledger_in(data))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    let to = std::path::absolute(&work.dir).map_err(|error| Failure::new(Code::Failed, error))?;
    let asked = runtime.block_on(control::call(&data.join(crate::operate::SOCKET), &control::Command::Backup { to }));
    let verified = match asked {
        Ok(done) => {
            let head: Head = serde_json::from_value(done["head"].clone()).map_err(|error| Failure::new(Code::Failed, error))?;
            read(&work, Some((&head, "the running server")))?
        }
        Err(control::ControlError::NotRunning { .. }) => {
            event_store::copy(&ledger_in(data), &work.dir).map_err(|error| Failure::new(Code::Failed, error))?;
            read(&work, None)?
        }
        Err(error) => return Err(Failure::new(Code::Failed, error)),
    };
    if let Err(reason) = noted(&runtime, data, &Verification::of(&verified, Timestamp::now())) {
        say(format_args!("the verification isn't noted in {}, and integrity doesn't tell of it: {reason}", data.display()));
    }
    tell(&verified)
}

/// Verifies a copy, and says what was found.
pub(crate) fn copied(work: &Work, says: Option<(&Head, &str)>) -> Result<(), Failure> {
    tell(&read(work, says)?)
}

/// By the server that runs on the folder; where none does, beside the ledger, which isn't opened for it.
fn noted(runtime: &Runtime, data: &Path, verification: &Verification) -> Result<(), String> {
    let command = control::Command::NoteVerification { verification: verification.clone() };
    match runtime.block_on(control::call(&data.join(crate::operate::SOCKET), &command)) {
        Ok(_) => Ok(()),
        Err(control::ControlError::NotRunning { .. }) => event_store::note_verification(&ledger_in(data), verification).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a copy, volume by volume, each in a process of its own.
pub(crate) fn read(work: &Work, says: Option<(&Head, &str)>) -> Result<Verified, Failure> {
    let (volumes, volume_records) = event_store::volumes(&work.dir).map_err(|error| Failure::new(Code::Unhealthy, error))?;
    let progress = if std::io::stderr().is_terminal() { ProgressBar::new(volumes.len() as u64) } else { ProgressBar::hidden() };
    let mut reports = Vec::with_capacity(volumes.len());
    for volume in volumes {
        reports.push(in_a_process(&work.dir, volume, volume_records)?);
        progress.inc(1);
    }
    progress.finish_and_clear();
    let mut verified = Verified::of(reports);
    if let Some((head, whose)) = says {
        verified.compare(head.size, head.root, whose);
    }
    Ok(verified)
}

fn tell(verified: &Verified) -> Result<(), Failure> {
    pretty(&json!(verified))?;
    match verified.damage.len() {
        0 => {
            let redacted = if verified.redacted == 0 { String::new() } else { format!(", but for the payloads of {} redacted ones", verified.redacted) };
            say(format_args!("every record, tile, index entry and root of {} records is as it was written{redacted}", verified.size));
            Ok(())
        }
        found => Err(Failure::new(Code::Unhealthy, format_args!("{found} parts aren't as they were written: see damage"))),
    }
}

fn in_a_process(dir: &Path, volume: u64, volume_records: u64) -> Result<VolumeReport, Failure> {
    let failed = |error: std::io::Error| Failure::new(Code::Failed, error);
    let output = Command::new(std::env::current_exe().map_err(failed)?)
        .arg("verify-volume")
        .arg(dir)
        .args([volume.to_string(), volume_records.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(failed)?;
    if output.status.success() {
        return serde_json::from_slice(&output.stdout).map_err(|error| Failure::new(Code::Failed, error));
    }
    let last = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("without a word").to_owned();
    let first = volume * volume_records;
    let damage = Damage {
        what: format!("volume {volume} can't be read; reading it ended with {}: {last}", output.status),
        positions: Some([first, first + volume_records - 1]),
        remedy: "restore the folder from a backup: handover restore".to_owned(),
    };
    Ok(VolumeReport {
        volume,
        sealed: false,
        positions: [first, first],
        recorded: None,
        entries: 0,
        tiles: Vec::new(),
        leaves: Vec::new(),
        says: None,
        removed: Vec::new(),
        redacts: Vec::new(),
        damage: vec![damage],
    })
}

/// The process of its own.
pub(crate) fn volume(arguments: &VerifyVolume) -> Result<(), Failure> {
    let report = event_store::verify_volume(&arguments.dir, arguments.volume, arguments.volume_records).map_err(|error| Failure::new(Code::Failed, error))?;
    print(&serde_json::to_vec(&report).expect("a report is plain data"))
}
