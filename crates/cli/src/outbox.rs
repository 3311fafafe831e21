use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use announcement::{Publisher, Receipt};
use clap::{Args, Subcommand};
use producer::{AcceptError, Accepted, Limits, Listed, OutboxError, Outgoing, SendError, Server, State, Waiting, Which};
use serde_json::{Value, json};

use crate::{
    arguments::{Format, Publish, ReceiptFormat, duration},
    connection::NatsAccess,
    exit::{Code, Failure, say},
    input::{Input, Inputs},
    output::{Rows, answer},
    publish::{Tally, refusal},
    read::text,
};

#[derive(Debug, Args)]
pub(crate) struct Outbox {
    #[command(subcommand)]
    pub(crate) command: OutboxCommand,
    /// The folder
    #[arg(long, env = "HANDOVER_OUTBOX", value_name = "DIR", global = true, default_value = "outbox")]
    pub(crate) outbox: PathBuf,
    /// How it's printed
    #[arg(short, long, default_value = "table", global = true)]
    pub(crate) output: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// What waits, what was refused and what is held because of it, and why
    List,
    /// Send what waits; exit code 75 where some is left, 65 where some is refused
    Flush {
        /// The NATS server
        #[arg(long, env = "HANDOVER_TO", value_name = "URL")]
        to: String,
        #[command(flatten)]
        nats_access: NatsAccess,
        /// How long: 10s, 5m
        #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration)]
        wait: Duration,
    },
    /// Drop announcements, and say which; what was held because of them is sent
    Drop {
        /// The one with this id
        #[arg(value_name = "ID", required_unless_present = "refused")]
        id: Option<String>,
        /// All that were refused
        #[arg(long, conflicts_with = "id")]
        refused: bool,
    },
}

pub(crate) fn run(arguments: &Outbox) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let outbox = producer::Outbox::open_existing(&arguments.outbox, Limits::default()).map_err(opening)?;
        match &arguments.command {
            OutboxCommand::List => print(&outbox.list().await.map_err(sending)?, arguments),
            OutboxCommand::Flush { to, nats_access, wait } => {
                nats(to)?;
                let server = nats_access.server(to, outbox.publisher().as_str())?;
                let mut tally = Tally::new(ReceiptFormat::Summary);
                let left = send(&outbox, &server, *wait, &HashMap::new(), &mut tally).await?;
                finish(tally, &left, &arguments.outbox)
            }
            OutboxCommand::Drop { id, .. } => {
                let which = id.clone().map_or(Which::Refused, Which::Id);
                let dropped = outbox.drop(which).await.map_err(sending)?;
                if dropped.is_empty() && id.is_some() {
                    return Err(Failure::new(Code::Failed, "no announcement in the outbox has this id; handover outbox list shows what is there"));
                }
                say(format_args!("{} dropped", dropped.len()));
                print(&dropped, arguments)
            }
        }
    })
}

/// Accepts the files' events, and sends for a bounded time what the outbox holds.
pub(crate) fn publish(arguments: &Publish, dir: &Path, publisher: Publisher) -> Result<(), Failure> {
    let server = arguments.nats_access.server(&arguments.to, publisher.as_str())?;
    runtime()?.block_on(async {
        let outbox = producer::Outbox::open(dir, publisher, Limits::default()).map_err(opening)?;
        let mut tally = Tally::new(arguments.output);
        let mut places = HashMap::new();
        for input in Inputs::of(&arguments.files) {
            let Input { place, event } = input?;
            match Outgoing::parse(event.clone()) {
                Ok(event) => {
                    accept(&outbox, &event, &place, (&server, arguments.wait), &mut tally).await?;
                    places.insert((event.source().to_owned(), event.id().to_owned()), place);
                }
                Err(problem) => tally.take(&place, &refusal(announcement::Digest::of(&event), problem))?,
            }
        }
        let left = send(&outbox, &server, arguments.wait, &places, &mut tally).await?;
        finish(tally, &left, dir)
    })
}

/// One that is full is emptied for as long as may be waited.
async fn accept(outbox: &producer::Outbox, event: &Outgoing, place: &str, (server, wait): (&Server, Duration), tally: &mut Tally) -> Result<(), Failure> {
    let mut accepted = outbox.publish(event).await;
    if matches!(accepted, Err(AcceptError::Full { .. })) {
        send(outbox, server, wait, &HashMap::new(), tally).await?;
        accepted = outbox.publish(event).await;
    }
    match accepted {
        Ok(Accepted::New | Accepted::Already) => Ok(()),
        Err(error @ AcceptError::Conflict { .. }) => tally.conflict(place, &error),
        Err(error @ (AcceptError::Full { .. } | AcceptError::DiskFull(_) | AcceptError::Disk(_))) => {
            Err(Failure::new(Code::Failed, format_args!("{place}: {error}; what came before it is in the outbox")))
        }
    }
}

async fn send(
    outbox: &producer::Outbox,
    server: &Server,
    wait: Duration,
    places: &HashMap<(String, String), String>,
    tally: &mut Tally,
) -> Result<Waiting, Failure> {
    let mut failed = None;
    let each = |receipt: &Receipt| {
        let name = receipt.source.clone().zip(receipt.id.clone());
        let place = name.as_ref().and_then(|name| places.get(name)).cloned();
        let place = place.unwrap_or_else(|| format!("outbox, {}", receipt.id.as_deref().unwrap_or_default()));
        if let Err(failure) = tally.take(&place, &json!(receipt)) {
            failed = Some(failure);
        }
    };
    let left = outbox.flush(server.clone(), wait, each).await.map_err(sending)?;
    failed.map_or(Ok(left), Err)
}

fn finish(tally: Tally, left: &Waiting, dir: &Path) -> Result<(), Failure> {
    let done = tally.finish();
    let dir = dir.display();
    if left.refused + left.held > 0 {
        say(format_args!("{} refused, {} held because of them: handover outbox list --outbox {dir}", left.refused, left.held));
    }
    if left.waiting > 0 {
        say(format_args!("{} wait for their receipts: handover outbox flush --outbox {dir}", left.waiting));
    }
    match (done, left.waiting, left.refused) {
        (Err(failure), ..) => Err(failure),
        (Ok(()), 0, 0) => Ok(()),
        (Ok(()), 0, _) => Err(Failure::said(Code::BadData)),
        (Ok(()), ..) => Err(Failure::said(Code::Waiting)),
    }
}

fn print(listed: &[Listed], arguments: &Outbox) -> Result<(), Failure> {
    let body = json!({"announcements": listed}).to_string();
    answer(body.as_bytes(), arguments.output, "announcements", |_| {
        let mut rows = Rows::new(&["id", "kind", "since", "state", "why"]);
        rows.rows = listed.iter().map(|one| row(&json!(one), &one.state)).collect();
        vec![(format!("{} announcements", listed.len()), rows)]
    })
}

fn row(one: &Value, state: &State) -> Vec<String> {
    let why = match state {
        State::Waiting { after: None } => "no receipt yet".to_owned(),
        State::Waiting { after: Some(id) } => format!("goes after {id}"),
        State::Held { target } => format!("{target}, on which it acts, was refused or is held"),
        State::Refused { problem } => format!("{problem}{}. {}", problem.pointer.as_deref().map_or_else(String::new, |at| format!(" at {at}")), problem.remedy),
    };
    let mut row = ["id", "kind", "since", "state"].map(|name| text(&one[name])).to_vec();
    row.push(why);
    row
}

pub(crate) fn nats(to: &str) -> Result<(), Failure> {
    let is_nats = to.starts_with("nats://") || to.starts_with("tls://");
    if is_nats { Ok(()) } else { Err(Failure::new(Code::Usage, "an outbox sends over NATS: --to expects nats://…")) }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))
}

fn opening(error: OutboxError) -> Failure {
    let code = match &error {
        OutboxError::Folder(error) if !error.is_configuration() => Code::Failed,
        OutboxError::Entry { .. } => Code::Failed,
        _ => Code::Configuration,
    };
    Failure::new(code, error)
}

fn sending(error: SendError) -> Failure {
    let code = match &error {
        SendError::Connect(_) => Code::Configuration,
        SendError::Disk(_) => Code::Failed,
    };
    Failure::new(code, error)
}
