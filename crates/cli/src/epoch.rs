use std::path::{Path, PathBuf};

use event_store::{LostCheckpoint, control::Command};
use serde_json::json;

use crate::{
    arguments::NewEpoch,
    exit::{Code, Failure, say},
    folder::Folder,
    key,
    operate::pretty,
};

/// The last checkpoint that was handed out, in the data folder.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// Begins an epoch, and then puts the checkpoint aside that the ledger doesn't hold: in this order, so that none is handed out in the old one.
pub(crate) fn begin(arguments: &NewEpoch) -> Result<(), Failure> {
    let data = &arguments.data.data;
    let path = data.join(CHECKPOINT);
    let lost = if path.exists() { read(arguments, &path)? } else { None };
    match &lost {
        Some(lost) => say(format_args!("a checkpoint of {} records with root {} was handed out in epoch {}", lost.size, lost.root, lost.epoch)),
        None => say(format_args!("no checkpoint is kept in {}: what was handed out isn't known here", path.display())),
    }
    if !arguments.yes {
        return Err(Failure::new(Code::Usage, "an epoch that begins is seen by everyone who has a checkpoint, and can't be taken back; say it with --yes"));
    }
    let folder = Folder::reach(data)?;
    let begun = folder.ask(&Command::NewEpoch { lost: lost.clone() }, |runtime, ledger| {
        let epoch = runtime.block_on(ledger.new_epoch(lost.as_ref())).map_err(|error| error.to_string())?;
        Ok(json!({"epoch": epoch, "head": ledger.head()}))
    });
    folder.close();
    let begun = begun?;
    if let Some(LostCheckpoint { epoch, .. }) = lost {
        let aside = put_aside(&path, epoch)?;
        say(format_args!("the checkpoint that the ledger doesn't hold is kept in {}", aside.display()));
    }
    pretty(&begun)
}

fn read(arguments: &NewEpoch, path: &Path) -> Result<Option<LostCheckpoint>, Failure> {
    let key = key::load(&arguments.data.data, arguments.key.as_deref())?;
    LostCheckpoint::read(path, &key).map_err(|error| Failure::new(Code::Configuration, error))
}

fn put_aside(path: &Path, epoch: u64) -> Result<PathBuf, Failure> {
    let names = (1_u32..).map(|n| path.with_extension(if n == 1 { format!("epoch-{epoch}") } else { format!("epoch-{epoch}-{n}") }));
    let aside = names.into_iter().find(|path| !path.exists()).expect("fewer than 4 billion");
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let put = std::fs::rename(path, &aside).and_then(|()| std::fs::File::open(folder)?.sync_all());
    put.map_err(|error| Failure::new(Code::Failed, format_args!("{}: {error}", path.display())))?;
    Ok(aside)
}
