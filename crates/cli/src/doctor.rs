//! `handover doctor`: what is wrong on this machine, and the next command.

mod folder;
mod machine;
mod server;
mod streams;

use std::{net::SocketAddr, path::PathBuf};

use announcement::Publisher;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;

use crate::{
    connection::NatsAccess,
    exit::{Code, Failure, say},
    output::print,
};

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The data folder
    #[arg(long, env = "HANDOVER_DATA", default_value = "data")]
    data: PathBuf,
    /// The nats-server that this machine's server uses, or a cluster's, with commas between
    #[arg(long, env = "HANDOVER_NATS", value_name = "URL")]
    nats: Option<String>,
    #[command(flatten)]
    nats_access: NatsAccess,
    /// The user that asks over NATS: an operator
    #[arg(long, env = "HANDOVER_NAME", value_name = "NAME", default_value = "operator")]
    name: Publisher,
    /// Where this machine's server listens
    #[arg(long, env = "HANDOVER_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How it's printed
    #[arg(short, long, default_value = "text")]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Something that's wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    /// A word for it.
    fault: &'static str,
    /// What is so.
    what: String,
    /// Why that matters.
    why: &'static str,
    /// The next command, or step.
    next: String,
}

/// How the server of a data folder answers.
enum Running {
    /// What its status is; a reader that holds no ledger has none.
    Yes(Option<serde_json::Value>),
    No,
}

pub(crate) fn run(arguments: &Doctor) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    let Doctor { data, nats, nats_access, name, listen, output } = arguments;
    let running = runtime.block_on(server::ask(data));
    let mut findings = machine::examine(data, *listen, &running);
    findings.extend(folder::examine(data, &running));
    if let Running::Yes(Some(status)) = &running {
        findings.extend(server::examine(status, jiff::Timestamp::now()));
    }
    if let Some(url) = nats {
        let server = nats_access.server(url, name.as_str())?;
        findings.extend(runtime.block_on(streams::examine(&server)));
    }
    match output {
        Format::Json => print(format!("{}\n", json!({"healthy": findings.is_empty(), "findings": findings})).as_bytes())?,
        Format::Text => {
            let told = |Finding { fault, what, why, next }: &Finding| format!("{fault}: {what}\n  why it matters: {why}\n  next: {next}\n");
            print(findings.iter().map(told).collect::<String>().as_bytes())?;
            if findings.is_empty() {
                say("nothing is wrong here");
            }
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Failure::said(Code::Unhealthy)) }
}
