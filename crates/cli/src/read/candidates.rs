use clap::Args;
use serde_json::Value;

use super::{Valid, as_of, count, days, get, listed, more, text, things};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Candidates {
    /// How many pairs at most
    #[arg(long)]
    limit: Option<u32>,
    /// The last pair of the page before
    #[arg(long, value_name = "PAIR")]
    after: Option<String>,
    #[command(flatten)]
    valid: Valid,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn candidates(arguments: &Candidates) -> Result<(), Failure> {
    let query = [("limit", arguments.limit.map(|limit| limit.to_string())), ("after", arguments.after.clone())];
    let body = get(&arguments.reading, "/v1/candidates", query.into_iter().chain(arguments.valid.query()))?;
    answer(&body, arguments.reading.asking.output, "candidates", |page| {
        let mut rows = Rows::new(&["exchange", "with", "date", "with_date", "for", "against", "counts"]);
        for pair in things(page, "candidates") {
            rows.rows.push(vec![
                text(&pair["exchange"]),
                with(&pair["with"]),
                days(&pair["date"]),
                days(&pair["with_date"]),
                words(pair, "for"),
                words(pair, "against"),
                things(pair, "counts").iter().map(compared).collect::<Vec<_>>().join("; "),
            ]);
        }
        vec![(format!("Pairs that may be one exchange, for a curator to look at, as of {}{}", as_of(page), more(page, "--after")), rows)]
    })
}

/// Another exchange, or a claim about none that is known.
fn with(other: &Value) -> String {
    if other["claim"].is_null() { text(&other["exchange"]) } else { format!("claim {}", text(&other["claim"])) }
}

fn words(pair: &Value, side: &str) -> String {
    things(pair, side).iter().map(evidence).collect::<Vec<_>>().join("; ")
}

fn evidence(found: &Value) -> String {
    match text(&found["evidence"]).as_str() {
        "dates-overlap" => format!("both possible on {}", days(&found["days"])),
        "dates-apart" => "a day apart".to_owned(),
        "same-counts" if found["directions"] == 1 => "same counts one way".to_owned(),
        "same-counts" => "same counts both ways".to_owned(),
        "same-framework" => format!("same agreement: {}", listed(&found["frameworks"], ", ")),
        "named" => format!("named together by {}", listed(&found["claims"], " ")),
        "own-claims" => format!("{} has claims of its own about both", text(&found["party"])),
        other => other.replace('-', " "),
    }
}

/// One count as each of the two gives it.
fn compared(counts: &Value) -> String {
    let [from, to, category] = ["from", "to", "category"].map(|name| text(&counts[name]));
    format!("{from} to {to}, {category}: {} and {}", count(&counts["exchange"]), count(&counts["with"]))
}
