use std::{
    fs::OpenOptions,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use announcement::Record;
use async_nats::{Client, HeaderMap};
use indicatif::ProgressBar;
use jiff::Timestamp;
use tokio::runtime::Runtime;

use crate::{
    arguments::Replay,
    exit::{Code, Failure, say},
    export::PAGE,
    folder::Folder,
    output::print,
};

/// Where the records go.
enum Into {
    Stdout,
    File(std::fs::File),
    Nats { client: Client, subject: String },
}

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Speed {
    Max,
    Realtime,
    PerSecond(f64),
}

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "max" => Ok(Self::Max),
            "realtime" => Ok(Self::Realtime),
            rate => {
                let number = rate.strip_suffix("/s").and_then(|number| number.parse::<f64>().ok()).filter(|number| number.is_finite() && *number > 0.0);
                number.map(Self::PerSecond).ok_or_else(|| "expects max, realtime, or a rate like 100/s".to_owned())
            }
        }
    }
}

pub(crate) fn run(arguments: &Replay) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    let folder = Folder::reach(&arguments.data.data)?;
    let mut next = begin(arguments)?;
    let mut into = open(arguments, &runtime)?;
    let end = arguments.to.map_or(u64::MAX, |last| last.saturating_add(1));
    let progress = if std::io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
    let (mut clock, mut count) = (Clock::new(arguments.speed), 0_u64);
    while next < end {
        let page = folder.records(next, PAGE)?;
        progress.set_length(page.head.size.min(end));
        let Some(last) = page.records.last() else { break };
        let after = last.position.successor().get();
        for answer in page.records {
            let place = answer.position;
            let record =
                answer.into_record().ok_or_else(|| Failure::new(Code::Failed, format_args!("the record at position {place} isn't as it was recorded")))?;
            if record.position.get() < end && wanted(arguments, &record) {
                clock.wait(&runtime, record.recorded);
                into.put(&runtime, &record)?;
                count += 1;
            }
        }
        next = after.min(end);
        into.flush(&runtime)?;
        note(arguments.resume.as_deref(), next)?;
        progress.set_position(next);
    }
    progress.finish_and_clear();
    folder.close();
    say(format_args!("{count} records replayed, up to position {next}"));
    Ok(())
}

/// Where it begins: where an earlier replay ended, if it noted that.
fn begin(arguments: &Replay) -> Result<u64, Failure> {
    let noted = match arguments.resume.as_deref().map(std::fs::read_to_string) {
        Some(Ok(text)) => Some(text.trim().parse().map_err(|_| Failure::new(Code::BadData, "--resume: the file doesn't hold a position"))?),
        Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => return Err(Failure::new(Code::Failed, error)),
        _ => None,
    };
    Ok(noted.or(arguments.from).unwrap_or(0))
}

/// Under another name first: half a note is never found.
fn note(path: Option<&Path>, next: u64) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let unfinished: PathBuf = path.with_extension("new");
    std::fs::write(&unfinished, format!("{next}\n"))
        .and_then(|()| std::fs::rename(&unfinished, path))
        .map_err(|error| Failure::new(Code::Failed, format_args!("{}: {error}", path.display())))
}

fn wanted(arguments: &Replay, record: &Record) -> bool {
    let kind = || std::str::from_utf8(&record.event).ok().and_then(|event| announcement::decode(event).ok()).map(|event| event.kind().as_str());
    arguments.since.is_none_or(|since| record.recorded >= since)
        && arguments.until.is_none_or(|until| record.recorded <= until)
        && arguments.publisher.as_ref().is_none_or(|publisher| record.publisher.as_str() == publisher)
        && arguments.kind.as_ref().is_none_or(|wanted| kind() == Some(wanted.as_str()))
}

fn open(arguments: &Replay, runtime: &Runtime) -> Result<Into, Failure> {
    let into = arguments.into.as_str();
    if into == "stdout" {
        return Ok(Into::Stdout);
    }
    if let Some(path) = into.strip_prefix("file:") {
        let file =
            OpenOptions::new().append(true).create(true).open(path).map_err(|error| Failure::new(Code::Configuration, format_args!("{path}: {error}")))?;
        return Ok(Into::File(file));
    }
    let Some(subject) = into.strip_prefix("nats:").filter(|subject| !subject.is_empty()) else {
        return Err(Failure::new(Code::Usage, "--into expects stdout, file:PATH or nats:SUBJECT"));
    };
    if subject == "handover" || subject.starts_with("handover.") {
        return Err(Failure::new(Code::Usage, "--into nats:SUBJECT: subjects under handover are the ledger's own; give another one"));
    }
    let url = arguments.nats.as_deref().ok_or_else(|| Failure::new(Code::Usage, "--into nats:SUBJECT needs --nats URL"))?;
    let server = arguments.nats_access.server(url, "replay")?;
    let client = runtime
        .block_on(server.options().connect(server.addresses()))
        .map_err(|error| Failure::new(Code::Unreachable, format_args!("nats-server can't be reached at {url}: {error}")))?;
    Ok(Into::Nats { client, subject: subject.to_owned() })
}

impl Into {
    fn put(&mut self, runtime: &Runtime, record: &Record) -> Result<(), Failure> {
        let line = || [record.to_cloudevent().as_slice(), b"\n"].concat();
        let failed = |error: &dyn std::fmt::Display| Failure::new(Code::Failed, error);
        match self {
            Self::Stdout => print(&line()),
            Self::File(file) => file.write_all(&line()).map_err(|error| failed(&error)),
            Self::Nats { client, subject } => {
                let mut headers = HeaderMap::new();
                headers.insert("content-type", "application/cloudevents+json");
                headers.insert("Handover-Position", record.position.to_string());
                headers.insert("Handover-Leaf", record.leaf().to_string());
                runtime.block_on(client.publish_with_headers(subject.clone(), headers, record.to_cloudevent().into())).map_err(|error| failed(&error))
            }
        }
    }

    fn flush(&mut self, runtime: &Runtime) -> Result<(), Failure> {
        match self {
            Self::Stdout => Ok(()),
            Self::File(file) => file.sync_data().map_err(|error| Failure::new(Code::Failed, error)),
            Self::Nats { client, .. } => runtime.block_on(client.flush()).map_err(|error| Failure::new(Code::Unreachable, error)),
        }
    }
}

/// Lets each record wait for its time.
struct Clock {
    speed: Speed,
    began: std::time::Instant,
    first: Option<Timestamp>,
    count: u64,
}

impl Clock {
    fn new(speed: Speed) -> Self {
        Self { speed, began: std::time::Instant::now(), first: None, count: 0 }
    }

    fn wait(&mut self, runtime: &Runtime, recorded: Timestamp) {
        let first = *self.first.get_or_insert(recorded);
        let after = match self.speed {
            Speed::Max => return,
            Speed::Realtime => Duration::try_from(recorded.duration_since(first)).unwrap_or_default(),
            Speed::PerSecond(rate) => Duration::from_secs_f64(self.count as f64 / rate),
        };
        self.count += 1;
        let due = self.began + after;
        runtime.block_on(async { tokio::time::sleep_until(due.into()).await });
    }
}
