//! `handover status`: all nodes of a deployment on one screen.

mod ledgers;
mod screen;
mod servers;

use std::time::Duration;

use announcement::Publisher;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;

use crate::{
    arguments::duration,
    connection::{HttpAccess, NatsAccess},
    exit::{Code, Failure},
    output::print,
};
use ledgers::Ledgers;
use servers::Server;

/// A part of its limit, in per cent, above which a stream counts as nearly full.
pub(crate) const NEARLY_FULL_PERCENT: u64 = 90;
/// How many messages a ledger, or records read models, may lag behind and still be healthy: as readiness has it.
pub(crate) const MAX_LAG: u64 = 1_024;

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The nats-server, or a cluster's, with commas between: every ledger node answers there
    #[arg(long, env = "HANDOVER_NATS", value_name = "URL")]
    nats: Option<String>,
    #[command(flatten)]
    nats_access: NatsAccess,
    /// The user that asks over NATS: an operator
    #[arg(long, env = "HANDOVER_NAME", value_name = "NAME", default_value = "operator")]
    name: Publisher,
    #[command(flatten)]
    access: HttpAccess,
    /// A server, a reader's above all; may be given many times
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", default_value_if("nats", clap::builder::ArgPredicate::IsPresent, None))]
    server: Vec<String>,
    /// How it's printed
    #[arg(short, long, default_value = "table")]
    output: Format,
    /// Again and again, until it's interrupted
    #[arg(long)]
    watch: bool,
    /// Between two times: 2s, 1m
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    interval: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

/// What was found in one round.
#[derive(Debug, Serialize)]
struct Deployment {
    healthy: bool,
    problems: Vec<String>,
    #[serde(flatten)]
    ledgers: Option<Ledgers>,
    servers: Vec<Server>,
}

pub(crate) fn run(arguments: &Status) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    loop {
        let deployment = runtime.block_on(look(arguments));
        let shown = match (&deployment, arguments.output) {
            (Ok(deployment), Format::Table) => screen::tables(deployment),
            (Ok(deployment), Format::Json) => format!("{}\n", json!(deployment)),
            (Err(failure), Format::Table) => format!("{failure}\n"),
            (Err(failure), Format::Json) => format!("{}\n", json!({"healthy": false, "problems": [failure.to_string()], "servers": []})),
        };
        if !arguments.watch {
            let deployment = deployment?;
            print(shown.as_bytes())?;
            return if deployment.healthy { Ok(()) } else { Err(Failure::said(Code::Unhealthy)) };
        }
        let clear = if arguments.output == Format::Table { CLEAR } else { "" };
        print(format!("{clear}{shown}").as_bytes())?;
        std::thread::sleep(arguments.interval);
    }
}

/// Clears a terminal and goes to its first line.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

async fn look(arguments: &Status) -> Result<Deployment, Failure> {
    let http = arguments.access.client()?;
    let asking = arguments.server.iter().cloned().map(|url| {
        let http = http.clone();
        tokio::task::spawn_blocking(move || Server::ask(&http, url))
    });
    let nats = arguments.nats.as_ref().map(|url| arguments.nats_access.server(url, arguments.name.as_str())).transpose()?;
    let over_nats = async {
        match &nats {
            Some(server) => Some(Ledgers::ask(server).await),
            None => None,
        }
    };
    let (ledgers, servers) = tokio::join!(over_nats, futures::future::join_all(asking));
    let servers: Vec<Server> = servers.into_iter().collect::<Result<_, _>>().map_err(|error| Failure::new(Code::Failed, error))?;
    let mut problems = Vec::new();
    let mut reached = servers.iter().any(|server| server.unreachable.is_none());
    let ledgers = match ledgers {
        Some(Ok(ledgers)) => {
            reached = true;
            problems.extend(ledgers.problems());
            Some(ledgers)
        }
        Some(Err(reason)) => {
            problems.push(reason);
            None
        }
        None => None,
    };
    problems.extend(servers.iter().flat_map(Server::problems));
    problems.extend(differing_roots(&servers, ledgers.as_ref()));
    if !reached {
        return Err(Failure::new(Code::Unreachable, problems.join("; ")));
    }
    Ok(Deployment { healthy: problems.is_empty(), problems, ledgers, servers })
}

/// Servers that say another root of as many records than others do.
fn differing_roots(servers: &[Server], ledgers: Option<&Ledgers>) -> Vec<String> {
    let of_servers = servers.iter().filter_map(|server| Some((server.url.as_str(), server.size?, server.root.as_deref()?)));
    let of_nodes = ledgers.iter().flat_map(|ledgers| ledgers.nodes.iter().map(|node| (node.name.as_str(), node.size, node.root.as_str())));
    let all: Vec<_> = of_servers.chain(of_nodes).collect();
    let differs = |&(name, size, root): &(&str, u64, &str)| {
        let (other, ..) = all.iter().find(|(other, at, said)| *at == size && *said != root && *other < name)?;
        Some(format!("{name} and {other} say different roots of {size} records: find out which is right with handover verify on both"))
    };
    all.iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, size: u64, root: &str) -> Server {
        Server { url: url.to_owned(), size: Some(size), root: Some(root.to_owned()), ..Server::default() }
    }

    #[test]
    fn roots_are_compared_where_they_are_of_as_many_records() {
        let same = [server("a", 3, "x"), server("b", 3, "x"), server("c", 4, "y")];
        assert!(differing_roots(&same, None).is_empty());
        let found = differing_roots(&[server("a", 3, "x"), server("b", 3, "y"), server("c", 4, "z")], None);
        assert!(found.len() == 1 && found[0].starts_with("b and a say different roots of 3 records"), "{found:?}");
    }
}
