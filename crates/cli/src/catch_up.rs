use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};

use event_store::{
    Head,
    control::{Command, ControlError, call},
};
use indicatif::ProgressBar;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    arguments::{CatchUp, Source},
    exit::{Code, Failure, say},
    folder::{ledger_in, look_into},
    operate::{SOCKET, pretty},
};

/// How often the stream may not answer before it's given up.
const MAX_SILENT: u32 = 20;
/// How often it's asked at the stream's end whether another node is as far: they say where they are every two seconds.
const MAX_LOOKS: u32 = 10;
/// How often a running server is asked how far it is.
const LOOK: Duration = Duration::from_millis(500);

pub(crate) fn run(arguments: &CatchUp) -> Result<(), Failure> {
    let data = &arguments.data.data;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    match (arguments.from, &arguments.backup) {
        (Source::Backup, Some(backup)) => {
            if !matches!(runtime.block_on(call(&data.join(SOCKET), &Command::Status)), Err(ControlError::NotRunning { .. })) {
                return Err(Failure::new(Code::Configuration, "a server runs on this data folder; stop it first"));
            }
            from_backup(backup, data)
        }
        (_, Some(_)) => Err(Failure::new(Code::Usage, "a folder is given with --from backup only")),
        (Source::Stream, None) => runtime.block_on(from_stream(&data.join(SOCKET))),
        (Source::Ledger, None) => runtime.block_on(from_ledger(&data.join(SOCKET))),
        (Source::Backup, None) => Err(Failure::new(Code::Usage, "--from backup DIR: the folder is missing")),
    }
}

fn failed(error: ControlError) -> Failure {
    match error {
        ControlError::NotRunning { .. } => Failure::new(Code::Unreachable, format_args!("{error}; start it: handover serve")),
        error => Failure::new(Code::Failed, error),
    }
}

fn progress() -> ProgressBar {
    if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() }
}

/// The server takes the records over; it's asked meanwhile how far it is.
async fn from_ledger(socket: &Path) -> Result<(), Failure> {
    let progress = progress();
    let looking = async {
        loop {
            if let Ok(status) = call(socket, &Command::Status).await {
                let others = status["nodes"].as_array().into_iter().flatten().filter_map(|node| node["size"].as_u64());
                progress.set_length(others.max().unwrap_or(0));
                progress.set_position(status["head"]["size"].as_u64().unwrap_or(0));
            }
            sleep(LOOK).await;
        }
    };
    let done = tokio::select! {
        done = call(socket, &Command::CatchUp) => done.map_err(failed)?,
        () = looking => unreachable!("it looks until it's dropped"),
    };
    progress.finish_and_clear();
    say(format_args!(
        "{} records of node {} were taken over, and give its root; of its {} refusals those of messages that were never read here are only there",
        done["taken_over"],
        words(&done["node"]),
        done["refusals_there"]
    ));
    pretty(&done)
}

/// The intake reads the stream by itself; this shows how far it is, until it's at the end.
async fn from_stream(socket: &Path) -> Result<(), Failure> {
    let (progress, mut silent, mut at_the_end) = (progress(), 0, 0);
    let status = loop {
        let status = call(socket, &Command::Status).await.map_err(failed)?;
        let intake = &status["health"]["intake"];
        if intake["state"] == "stopped" {
            return Err(Failure::new(Code::Unhealthy, format_args!("the intake stopped: {}; {}", words(&intake["reason"]), words(&intake["remedy"]))));
        }
        if let (Some(last), Some(lag)) = (status["stream"]["last_sequence"].as_u64(), status["stream"]["lag"].as_u64()) {
            progress.set_length(last);
            progress.set_position(last - lag);
            silent = 0;
            at_the_end = if lag == 0 && intake["state"] == "running" { at_the_end + 1 } else { 0 };
            if at_the_end == MAX_LOOKS || at_the_end > 0 && as_far(&status).next().is_some() {
                break status;
            }
        } else if silent == MAX_SILENT {
            return Err(Failure::new(Code::Unreachable, "the stream doesn't answer, or the server runs without NATS: handover ledger status"));
        } else {
            silent += 1;
        }
        sleep(LOOK).await;
    };
    progress.finish_and_clear();
    compare(&status)?;
    pretty(&status["head"])
}

fn words(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The other nodes that have as many records.
fn as_far(status: &Value) -> impl Iterator<Item = &Value> {
    status["nodes"].as_array().into_iter().flatten().filter(|node| node["size"] == status["head"]["size"])
}

/// Holds the root against that of a node of the same size.
fn compare(status: &Value) -> Result<(), Failure> {
    let head = &status["head"];
    if let Some(other) = as_far(status).find(|node| node["root"] != head["root"]) {
        let reason =
            format_args!("node {} has root {} of as many records, and this one {}; handover verify on both", other["node"], other["root"], head["root"]);
        return Err(Failure::new(Code::Unhealthy, reason));
    }
    match as_far(status).count() {
        0 => say("the stream was read to its end; no other node that's as far was heard to compare with"),
        same => say(format_args!("the stream was read to its end; {same} other nodes have the same root")),
    }
    Ok(())
}

/// Puts a backup in the place of a ledger that it goes on from; the rest comes from the stream.
fn from_backup(backup: &Path, data: &Path) -> Result<(), Failure> {
    let (dir, restored) = (ledger_in(data), data.join("ledger.catching-up"));
    let bad = |reason: &dyn std::fmt::Display| Failure::new(Code::BadData, reason);
    if restored.exists() {
        std::fs::remove_dir_all(&restored).map_err(|error| Failure::new(Code::Configuration, format_args!("{}: {error}", restored.display())))?;
    }
    std::fs::create_dir_all(data).map_err(|error| Failure::new(Code::Configuration, format_args!("{}: {error}", data.display())))?;
    if !dir.is_dir() {
        event_store::restore(backup, &dir).map_err(|error| bad(&error))?;
        return done(&look_into(&dir, |ledger| Ok(ledger.head()))?, None);
    }
    let own = look_into(&dir, |ledger| Ok(ledger.head()))?;
    event_store::restore(backup, &restored).map_err(|error| bad(&error))?;
    let head = goes_on(&restored, &own).inspect_err(|_| drop(std::fs::remove_dir_all(&restored)))?;
    let aside = event_store::exchange(&restored, &dir).map_err(|error| Failure::new(Code::Failed, error))?;
    done(&head, Some(aside))
}

/// That a restored ledger goes on from another one.
fn goes_on(restored: &Path, own: &Head) -> Result<Head, Failure> {
    let (head, root) = look_into(restored, |ledger| {
        let root = ledger.reader().root_at(own.size).map_err(|error| Failure::new(Code::BadData, error))?;
        Ok((ledger.head(), root))
    })?;
    let reason = match root {
        Some(root) if root != own.root => format!("it has other records among its first {}", own.size),
        Some(_) if (head.epoch, head.stream_sequence) > (own.epoch, own.stream_sequence) => return Ok(head),
        _ => "it isn't further than that".to_owned(),
    };
    Err(Failure::new(
        Code::BadData,
        format_args!(
            "the backup has {} records and has read epoch {} of the stream up to message {}, and the ledger has {} and epoch {} up to message {}: {reason}; use a newer backup",
            head.size, head.epoch, head.stream_sequence, own.size, own.epoch, own.stream_sequence
        ),
    ))
}

fn done(head: &Head, aside: Option<PathBuf>) -> Result<(), Failure> {
    if let Some(aside) = aside {
        say(format_args!("what was there is {}, and may be removed", aside.display()));
    }
    say(format_args!("{} records; the rest comes from the stream: handover serve, and handover ledger catch-up --from stream shows how far it is", head.size));
    pretty(&serde_json::json!(head))
}
