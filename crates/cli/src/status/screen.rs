use event_store::{Health, Part};
use jiff::Timestamp;

use super::{
    Deployment,
    ledgers::{Ledgers, Node, Stream},
    servers::Server,
};
use crate::output::Rows;

/// How much of a root is shown.
const ROOT: usize = 12;

/// The whole screen.
pub(super) fn tables(deployment: &Deployment) -> String {
    let mut shown = String::new();
    if let Some(ledgers) = &deployment.ledgers {
        shown += &format!("{}\n{}", agreement(ledgers), nodes(&ledgers.nodes));
        shown += &format!("Streams\n{}", streams(&ledgers.streams));
    }
    if !deployment.servers.is_empty() {
        shown += &format!("Servers\n{}", servers(&deployment.servers));
    }
    match &deployment.problems[..] {
        [] => shown + "All is well\n",
        problems => shown + "Not well:\n" + &problems.iter().map(|problem| format!("- {problem}\n")).collect::<String>(),
    }
}

fn agreement(ledgers: &Ledgers) -> String {
    let count = ledgers.nodes.len();
    let roots = match ledgers.roots_agree {
        _ if count < 2 => String::new(),
        Some(true) => format!(", with the same root at {} records", ledgers.compared),
        Some(false) => format!(", with DIFFERENT ROOTS at {} records", ledgers.compared),
        None => ", not all of which say their root".to_owned(),
    };
    format!("Ledger nodes: {count}{roots}")
}

fn nodes(nodes: &[Node]) -> String {
    if nodes.is_empty() {
        return String::new();
    }
    let header = ["node", "records", "root", "epoch", "read_up_to", "behind", "takes_in", "refused", "verified_backup", "verified"];
    let mut rows = Rows::new(&header);
    rows.numbers = vec![1, 3, 4, 5, 7];
    for node in nodes {
        rows.rows.push(vec![
            node.name.clone(),
            node.size.to_string(),
            shortened(&node.root),
            node.epoch.to_string(),
            node.stream_sequence.to_string(),
            number(node.lag),
            node.health.as_ref().map_or_else(|| "not said".to_owned(), health),
            number(node.refused),
            node.verified_backup.map_or_else(|| "none".to_owned(), minute),
            node.verification.map_or_else(|| "never".to_owned(), minute),
        ]);
    }
    rows.table()
}

/// What the worst part does.
fn health(health: &Health) -> String {
    let parts = [("writer", &health.writer), ("intake", &health.intake), ("LEDGER", &health.log)];
    let stopped = parts.iter().find(|(_, part)| matches!(part, Part::Stopped { .. }));
    match stopped.or_else(|| parts.iter().find(|(_, part)| matches!(part, Part::Waiting { .. }))) {
        None => "yes".to_owned(),
        Some((name, Part::Waiting { .. })) => format!("{name} waits"),
        Some((name, part)) => format!("{name} stopped ({})", part.as_str()),
    }
}

fn streams(streams: &[Stream]) -> String {
    let mut rows = Rows::new(&["stream", "last_message", "bytes", "of_at_most", "full", "replicas"]);
    rows.numbers = vec![1, 2, 3, 4, 5];
    for Stream { stream, level, .. } in streams {
        let cells = match level {
            Some(level) => [
                level.last_sequence.to_string(),
                level.bytes.to_string(),
                level.max_bytes.to_string(),
                level.percent().map_or_else(String::new, |percent| format!("{percent} %")),
                level.replicas.to_string(),
            ],
            None => ["missing", "", "", "", ""].map(str::to_owned),
        };
        rows.rows.push([stream.clone()].into_iter().chain(cells).collect());
    }
    rows.table()
}

fn servers(servers: &[Server]) -> String {
    let header = ["server", "ready", "node", "records", "root", "read_models", "folded_up_to", "behind", "behind_s", "refused"];
    let mut rows = Rows::new(&header);
    rows.numbers = vec![3, 6, 7, 8, 9];
    for server in servers {
        let models = server.read_models.as_ref();
        let ready = match server.unreachable {
            Some(_) => "unreachable",
            None if server.ready => "yes",
            None => "no",
        };
        rows.rows.push(vec![
            server.url.clone(),
            ready.to_owned(),
            server.node.clone().unwrap_or_default(),
            number(server.size),
            server.root.as_deref().map(shortened).unwrap_or_default(),
            models.map_or_else(|| "none here".to_owned(), |models| models.state.clone()),
            number(models.and_then(|models| models.position)),
            number(models.and_then(|models| models.lag)),
            models.and_then(|models| models.lag_s).map(|seconds| format!("{seconds:.1}")).unwrap_or_default(),
            number(server.refused),
        ]);
    }
    rows.table()
}

fn number(number: Option<u64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn shortened(root: &str) -> String {
    root.chars().take(ROOT).collect()
}

fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%MZ").to_string()
}
