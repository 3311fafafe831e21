use std::path::{Path, PathBuf, absolute};

use event_store::control::Command;
use serde_json::json;

use crate::{
    arguments::{Backup, BackupCommand, Restore},
    exit::{Code, Failure, say},
    folder::{Folder, ledger_in},
    operate::pretty,
    verify,
};

pub(crate) fn backup(arguments: &Backup) -> Result<(), Failure> {
    if let Some(BackupCommand::Verify { dir, work }) = &arguments.command {
        return verify_backup(dir, work.as_deref());
    }
    let Some(to) = &arguments.dir else { return Err(Failure::new(Code::Usage, "handover backup DIR: the folder is missing")) };
    let to = absolute(to).map_err(|error| Failure::new(Code::Usage, format_args!("{}: {error}", to.display())))?;
    let folder = Folder::reach(&arguments.data.data)?;
    let done = folder.ask(&Command::Backup { to: to.clone() }, |_, ledger| ledger.backup(&to).map(|done| json!(done)).map_err(|error| error.to_string()));
    folder.close();
    pretty(&done?)
}

/// Restores it into a folder of its own and verifies that.
fn verify_backup(dir: &Path, work: Option<&Path>) -> Result<(), Failure> {
    let failed = |error: event_store::BackupError| Failure::new(Code::BadData, error);
    let manifest = event_store::manifest(dir).map_err(failed)?;
    let work = verify::Work::begin(work, dir)?;
    event_store::restore(dir, &work.dir).map_err(failed)?;
    verify::copied(&work, Some((&manifest.head, "the backup's manifest")))
}

pub(crate) fn restore(arguments: &Restore) -> Result<(), Failure> {
    let to: PathBuf = ledger_in(&arguments.data.data);
    std::fs::create_dir_all(&arguments.data.data)
        .map_err(|error| Failure::new(Code::Configuration, format_args!("{}: {error}", arguments.data.data.display())))?;
    let manifest = event_store::restore(&arguments.dir, &to).map_err(|error| Failure::new(Code::BadData, error))?;
    say(format_args!("restored {} records into {}; handover verify reads them all", manifest.head.size, to.display()));
    pretty(&json!(manifest))
}
