use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use announcement::Digest;
use transparency::{Checkpoint, ProofFile, VerifierKey, verify_consistency};

use crate::{
    arguments::{CheckProof, CheckpointCommand, Prove, Server, Watch},
    exit::{Code, Failure, say},
    output::print,
    read::fetch,
};

/// Asks a server for everything that shows that a record is in its ledger.
pub(crate) fn prove(arguments: &Prove) -> Result<(), Failure> {
    let event = || Some(arguments.event.clone());
    let query = match &arguments.source {
        Some(source) => [("source", Some(source.clone())), ("id", event()), ("publisher", arguments.publisher.clone())],
        None if arguments.event.parse::<u64>().is_ok() => [("position", event()), ("", None), ("", None)],
        None => return Err(Failure::new(Code::Usage, "handover prove expects a position, or an event's id with --source")),
    };
    print(&[fetch(&arguments.server, "/v1/proof", query)?.trim_ascii_end(), b"\n"].concat())
}

/// Checks a proof with nothing but a checkpoint that came another way.
pub(crate) fn check(arguments: &CheckProof) -> Result<(), Failure> {
    let read = |path: &Path| fs::read(path).map_err(|error| Failure::new(Code::BadData, format_args!("{}: {error}", path.display())));
    let proof: ProofFile = serde_json::from_slice(&read(&arguments.proof)?)
        .map_err(|error| Failure::new(Code::BadData, format_args!("{}: not a proof: {error}", arguments.proof.display())))?;
    let key = key(arguments.key.as_deref())?;
    proof.check(&read(&arguments.checkpoint)?, key.as_ref()).map_err(|error| Failure::new(Code::Unhealthy, error))?;
    if key.is_none() {
        say("the checkpoint's signature was not checked: give --key");
    }
    say(format_args!(
        "the record at position {}, as it stands in the proof, is in the ledger of this checkpoint; whether what it says is true, no proof shows",
        proof.position
    ));
    Ok(())
}

fn key(text: Option<&str>) -> Result<Option<VerifierKey>, Failure> {
    text.map(|text| text.parse().map_err(|error| Failure::new(Code::Usage, format_args!("--key: {error}")))).transpose()
}

pub(crate) fn checkpoint(command: &CheckpointCommand) -> Result<(), Failure> {
    match command {
        CheckpointCommand::Show { server } => print(&fetch(server, "/v1/checkpoint", [])?),
        CheckpointCommand::Watch(arguments) => watch(arguments),
    }
}

/// Keeps every checkpoint in a folder, and stops at one that isn't an extension of the one before.
fn watch(arguments: &Watch) -> Result<(), Failure> {
    let key = key(arguments.key.as_deref())?;
    fs::create_dir_all(&arguments.to).map_err(|error| Failure::new(Code::Configuration, format_args!("{}: {error}", arguments.to.display())))?;
    let mut last = newest(&arguments.to, key.as_ref())?;
    loop {
        match look(arguments, key.as_ref(), last.as_ref()) {
            Ok(Some(checkpoint)) => {
                say(format_args!("{} records, root {}", checkpoint.size(), checkpoint.root()));
                last = Some(checkpoint);
            }
            Ok(None) => {}
            Err(failure) if failure.code() == Code::Unreachable && !arguments.once => say(format_args!("{failure}; it's asked again")),
            Err(failure) => return Err(failure),
        }
        if arguments.once {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(arguments.every_s));
    }
}

fn look(arguments: &Watch, key: Option<&VerifierKey>, last: Option<&Checkpoint>) -> Result<Option<Checkpoint>, Failure> {
    let bytes = fetch(&arguments.server, "/v1/checkpoint", [])?;
    let found = Checkpoint::open(&bytes, key).map_err(|error| Failure::new(Code::Unhealthy, error))?;
    if let Some(last) = last {
        if (last.size(), last.root()) == (found.size(), found.root()) {
            return Ok(None);
        }
        extends(&arguments.server, last, &found)?;
    }
    let path = arguments.to.join(name(&found));
    let unfinished = path.with_extension("new");
    let kept = fs::File::create(&unfinished).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)
    });
    kept.map_err(|error| Failure::new(Code::Failed, format_args!("{}: {error}", path.display())))?;
    Ok(Some(found))
}

fn name(checkpoint: &Checkpoint) -> PathBuf {
    format!("checkpoint-{:020}", checkpoint.size()).into()
}

fn newest(dir: &Path, key: Option<&VerifierKey>) -> Result<Option<Checkpoint>, Failure> {
    let failed = |error: std::io::Error| Failure::new(Code::Failed, format_args!("{}: {error}", dir.display()));
    let mut names: Vec<PathBuf> = fs::read_dir(dir).map_err(failed)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.retain(|path| path.extension().is_none() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("checkpoint-")));
    names.sort();
    let Some(path) = names.pop() else { return Ok(None) };
    let bytes = fs::read(&path).map_err(failed)?;
    Checkpoint::open(&bytes, key).map(Some).map_err(|error| Failure::new(Code::BadData, format_args!("{}: {error}", path.display())))
}

#[derive(serde::Deserialize)]
struct Consistency {
    consistency: Vec<Digest>,
}

/// The server has to prove that what it stands at goes on from what it stood at.
fn extends(server: &Server, last: &Checkpoint, found: &Checkpoint) -> Result<(), Failure> {
    let forked = |reason: &dyn std::fmt::Display| {
        let (size, root) = (last.size(), last.root());
        Failure::new(
            Code::Unhealthy,
            format_args!(
                "this isn't an extension of the ledger of {size} records with root {root}: {reason}; keep both checkpoints, and ask the ledger's operator"
            ),
        )
    };
    if last.origin() != found.origin() {
        return Err(forked(&format_args!("it's {} and was {}", found.origin(), last.origin())));
    }
    if found.size() <= last.size() {
        return Err(forked(&format_args!("it has {} records with root {}", found.size(), found.root())));
    }
    let sizes = [("from", Some(last.size().to_string())), ("to", Some(found.size().to_string()))];
    let proof = fetch(server, "/v1/proof/consistency", sizes)?;
    let Consistency { consistency } = serde_json::from_slice(&proof).map_err(|error| forked(&error))?;
    verify_consistency(last.size(), last.root(), found.size(), found.root(), &consistency).map_err(|error| forked(&error))
}
