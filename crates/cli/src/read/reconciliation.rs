use clap::Args;
use serde_json::Value;

use super::{announcer, as_of, count, difference, get, listed, more, sum, text, things, way};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Reconciliation {
    /// How the ledger's figures are made: range, receiver, sender or both
    #[arg(long)]
    policy: Option<String>,
    /// Only what this party said
    #[arg(long, value_name = "PARTY")]
    party: Option<String>,
    /// How many at most
    #[arg(long)]
    limit: Option<u32>,
    /// The last total of the page before
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn reconciliation(arguments: &Reconciliation) -> Result<(), Failure> {
    let query = [
        ("policy", arguments.policy.clone()),
        ("party", arguments.party.clone()),
        ("limit", arguments.limit.map(|limit| limit.to_string())),
        ("after", arguments.after.map(|after| after.to_string())),
    ];
    let body = get(&arguments.reading, "/v1/reconciliation", query)?;
    answer(&body, arguments.reading.asking.output, "aggregates", |page| {
        let mut totals = Rows::new(&[
            "position",
            "announced",
            "announcer",
            "period",
            "from",
            "to",
            "category",
            "claimed",
            "ledger",
            "possibly",
            "verdict",
            "difference",
            "scope",
        ]);
        totals.numbers = vec![7, 8, 9, 11];
        let mut others = Rows::new(&["position", "from", "to", "category", "scope", "ledger", "exchanges"]);
        others.numbers = vec![5, 6];
        for total in things(page, "aggregates") {
            let place = [text(&total["position"]), text(&total["announced"]), announcer(&total["announcer"]), text(&total["period"])];
            for line in things(total, "lines") {
                let [from, to] = way(line);
                let held = [count(&line["claimed"]), sum(&line["ledger"]), sum(&line["possibly"]), text(&line["verdict"]), difference(&line["difference"])];
                totals.rows.push([&place[..], &[from.clone(), to.clone(), text(&line["category"])], &held, &[scope(total)]].concat());
                for other in things(line, "hypotheses") {
                    let found = [other_scope(other), sum(&other["ledger"]), text(&other["ledger"]["exchanges"])];
                    others.rows.push([&[place[0].clone(), from.clone(), to.clone(), text(&line["category"])], &found[..]].concat());
                }
            }
            if !total["exchanges"].is_null() {
                totals.rows.push([&place[..], &exchanges(&total["exchanges"]), &[scope(total)]].concat());
            }
        }
        let title = format!("Official totals beside the ledger as of {}, policy {}{}", as_of(page), text(&page["policy"]), more(page, "--after"));
        let mut tables = vec![(title, totals)];
        if !others.rows.is_empty() {
            tables.push(("Other scopes in which a total would fit; found by search, no claim says so".to_owned(), others));
        }
        tables
    })
}

/// The cells of how many exchanges a total says it covers.
fn exchanges(line: &Value) -> [String; 8] {
    let is_none = line["ledger"] == 0 && line["possibly"] == 0;
    let [ledger, possibly] = [&line["ledger"], &line["possibly"]].map(|number| if is_none { count(&Value::Null) } else { text(number) });
    let empty = String::new;
    [empty(), empty(), "exchanges".to_owned(), count(&line["claimed"]), ledger, possibly, text(&line["verdict"]), empty()]
}

fn scope(total: &Value) -> String {
    [text(&total["scope"]), listed(&total["scope_exchanges"], " ")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn other_scope(other: &Value) -> String {
    match other["scope"].as_str() {
        Some("since") if other["or_since"].is_null() => format!("since {} ({})", text(&other["day"]), text(&other["exchange"])),
        Some("since") => format!("since {} ({}) or later, up to {}", text(&other["day"]), text(&other["exchange"]), text(&other["or_since"])),
        Some("framework") => text(&other["framework"]),
        _ => text(&other["year"]),
    }
}
