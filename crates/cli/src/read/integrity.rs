use clap::Args;
use serde_json::Value;

use super::{as_of, fetch, listed, text};
use crate::{
    arguments::Asking,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Integrity {
    #[command(flatten)]
    asking: Asking,
}

pub(crate) fn integrity(Integrity { asking }: &Integrity) -> Result<(), Failure> {
    let body = fetch(&asking.server, "/v1/integrity", [("at_least", asking.at_least.map(|position| position.to_string()))])?;
    answer(&body, asking.output, "integrity", |found| {
        let mut rows = Rows::new(&["what", "value"]);
        rows.rows = facts(found).into_iter().map(|(what, value)| vec![what.to_owned(), value]).collect();
        vec![(format!("Integrity as of {}, as a {} knows it", as_of(found), node(found)), rows)]
    })
}

fn node(found: &Value) -> &'static str {
    if found["node"] == "ledger" { "node with a ledger" } else { "reader" }
}

fn facts(found: &Value) -> Vec<(&'static str, String)> {
    let is_ledger = found["node"] == "ledger";
    let known = |value: &Value, none: &str| match value {
        Value::Null if is_ledger => none.to_owned(),
        Value::Null => "not known here".to_owned(),
        value => text(value),
    };
    let (checkpoint, verification, backup, refusals) = (&found["checkpoint"], &found["verification"], &found["verified_backup"], &found["refusals"]);
    let models = &found["read_models"];
    let (folded, merges) = match models {
        Value::Null => ("none on this node".to_owned(), "not known here".to_owned()),
        models => (progress(models), listed(&found["merges_without_effect"], " ")),
    };
    vec![
        ("ledger", known(&found["ledger"], "unnamed")),
        ("epoch", known(&found["epoch"], "")),
        ("size", known(&found["size"], "")),
        ("root", known(&found["root"], "")),
        ("last checkpoint, size", known(&checkpoint["size"], "none")),
        ("last checkpoint, root", known(&checkpoint["root"], "none")),
        ("last checkpoint, handed out", known(&checkpoint["handed_out"], "none")),
        ("last verification, size", known(&verification["size"], "none")),
        ("last verification, root", known(&verification["root"], "none")),
        ("last verification, verified", known(&verification["verified"], "none")),
        ("last verification, damaged parts", known(&verification["damage"], "none yet")),
        ("last verified backup, size", known(&backup["size"], "none")),
        ("last verified backup, root", known(&backup["root"], "none")),
        ("last verified backup, verified", known(&backup["verified"], "none")),
        ("refusals kept", known(&refusals["kept"], "")),
        ("last refusal, time", known(&refusals["last"]["time"], "none")),
        ("last refusal, problem", known(&refusals["last"]["type"], "none")),
        ("read models", folded),
        ("merges without effect", if merges.is_empty() { "none".to_owned() } else { merges }),
    ]
}

/// How far the read models have come. How many records they lack is known only beside the ledger's size.
fn progress(models: &Value) -> String {
    let until = if models["position"].is_null() { "nothing folded".to_owned() } else { format!("folded up to position {}", text(&models["position"])) };
    let lag = match models["lag"].as_u64() {
        Some(0) => "at the head".to_owned(),
        Some(lag) => format!("{lag} records behind"),
        None => "the head isn't known".to_owned(),
    };
    let reason = if models["reason"].is_null() { String::new() } else { format!(" ({})", text(&models["reason"])) };
    format!("{until}, {lag}, {}{reason}", text(&models["state"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_reader_can_not_know_is_neither_none_nor_zero() {
        let models = json!({"position": 7, "lag": null, "state": "waiting", "reason": "alone"});
        let nothing = json!({"node": "reader", "refusals": {"kept": null, "last": null}, "read_models": models});
        let shown = facts(&nothing);
        let of = |what: &str| shown.iter().find(|(name, _)| *name == what).unwrap().1.as_str();
        assert_eq!((of("size"), of("refusals kept"), of("last checkpoint, size")), ("not known here", "not known here", "not known here"));
        assert_eq!(of("read models"), "folded up to position 7, the head isn't known, waiting (alone)");
        let ledger = json!({"node": "ledger", "size": 0, "refusals": {"kept": 0, "last": null}, "read_models": null});
        let shown = facts(&ledger);
        let of = |what: &str| shown.iter().find(|(name, _)| *name == what).unwrap().1.as_str();
        assert_eq!((of("size"), of("last refusal, time"), of("merges without effect")), ("0", "none", "not known here"));
    }
}
