use std::path::{Path, PathBuf, absolute};

use event_store::{Head, Manifest, VerifiedBackup, control::Command};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    arguments::{Backup, BackupCommand, Restore},
    exit::{Code, Failure, say},
    folder::{Folder, ledger_in, look_into},
    operate::pretty,
    verify,
};

pub(crate) fn backup(arguments: &Backup) -> Result<(), Failure> {
    if let Some(BackupCommand::Verify { dir, work }) = &arguments.command {
        return verify_backup(dir, work.as_deref(), &arguments.data.data);
    }
    let Some(to) = &arguments.dir else { return Err(Failure::new(Code::Usage, "handover backup DIR: the folder is missing")) };
    let to = absolute(to).map_err(|error| Failure::new(Code::Usage, format_args!("{}: {error}", to.display())))?;
    let folder = Folder::reach(&arguments.data.data)?;
    let done = folder.ask(&Command::Backup { to: to.clone() }, |_, ledger| ledger.backup(&to).map(|done| json!(done)).map_err(|error| error.to_string()));
    folder.close();
    pretty(&done?)
}

/// Restores it into a folder of its own, verifies that, and has the ledger note it.
fn verify_backup(dir: &Path, work: Option<&Path>, data: &Path) -> Result<(), Failure> {
    let bad = |error: &dyn std::fmt::Display| Failure::new(Code::BadData, error);
    let manifest = event_store::manifest(dir).map_err(|error| bad(&error))?;
    let work = verify::Work::begin(work, dir)?;
    event_store::restore(dir, &work.dir).map_err(|error| bad(&error))?;
    verify::copied(&work, Some((&manifest.head, "the backup's manifest")))?;
    let head = opened(&work.dir, &manifest)?;
    let dir = absolute(dir).map_err(|error| Failure::new(Code::Usage, format_args!("{}: {error}", dir.display())))?;
    let Head { size, root, epoch, stream_sequence, .. } = head;
    note(data, &VerifiedBackup { dir, size, root, epoch, stream_sequence, verified: Timestamp::now() });
    Ok(())
}

/// Where a ledger stands that's restored from the backup: what is noted is what it would go on from, and not what the manifest says.
fn opened(restored: &Path, manifest: &Manifest) -> Result<Head, Failure> {
    let says = &manifest.head;
    let (head, root) = look_into(restored, |ledger| {
        let root = ledger.reader().root_at(says.size).map_err(|error| Failure::new(Code::Unhealthy, error))?;
        Ok((ledger.head(), root))
    })?;
    if root != Some(says.root) || (head.epoch, head.stream_sequence) < (says.epoch, says.stream_sequence) {
        let reason = format_args!("the backup's manifest says {says:?}, and what is restored has {head:?}; make another backup in an empty folder");
        return Err(Failure::new(Code::Unhealthy, reason));
    }
    Ok(head)
}

/// Where the ledger can't be reached, that's said: the backup is verified all the same.
fn note(data: &Path, verified: &VerifiedBackup) {
    if !ledger_in(data).is_dir() {
        return say(format_args!("it isn't noted as verified: there is no ledger in {}; give --data its data folder", data.display()));
    }
    let noted = Folder::reach(data).and_then(|folder| {
        let noted = folder.ask(&Command::NoteVerified { verified: verified.clone() }, |_, ledger| {
            ledger.note_verified(verified).map(|()| json!(verified)).map_err(|error| error.to_string())
        });
        folder.close();
        noted
    });
    match noted {
        Ok(_) => say(format_args!("the ledger in {} noted it", data.display())),
        Err(failure) => say(format_args!("it isn't noted as verified by the ledger in {}: {failure}", data.display())),
    }
}

pub(crate) fn restore(arguments: &Restore) -> Result<(), Failure> {
    let to: PathBuf = ledger_in(&arguments.data.data);
    std::fs::create_dir_all(&arguments.data.data)
        .map_err(|error| Failure::new(Code::Configuration, format_args!("{}: {error}", arguments.data.data.display())))?;
    let manifest = event_store::restore(&arguments.dir, &to).map_err(|error| Failure::new(Code::BadData, error))?;
    say(format_args!("restored {} records into {}; handover verify reads them all", manifest.head.size, to.display()));
    pretty(&json!(manifest))
}
