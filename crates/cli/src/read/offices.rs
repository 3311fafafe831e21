use clap::Args;
use serde_json::Value;

use super::{as_of, get, listed, text, things};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Offices {
    /// Only those of this party
    #[arg(long, value_name = "PARTY")]
    party: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn offices(arguments: &Offices) -> Result<(), Failure> {
    let body = get(&arguments.reading, "/v1/offices", [("party", arguments.party.clone())])?;
    answer(&body, arguments.reading.asking.output, "offices", |page| {
        let mut offices = Rows::new(&["party", "office", "names", "statements", "replaced", "contested", "contradicted"]);
        offices.numbers = vec![4, 5, 6];
        let mut became = Rows::new(&["party", "office", "statement", "became", "by", "exchange", "field"]);
        for office in things(page, "offices") {
            let name = [text(&office["party"]), text(&office["office"])];
            let numbers = ["replaced", "contested", "contradicted"].map(|list| number(office, list, things(office, list).len()));
            offices.rows.push([&name[..], &[listed(&office["names"], "; "), statements(office)], &numbers].concat());
            let mut push = |of: &Value, words: String, by: String, field: String| {
                became.rows.push([&name[..], &[text(&of["position"]), words, by, text(&of["exchange"]), field]].concat());
            };
            things(office, "replaced").iter().for_each(|of| push(of, text(&of["why"]), text(&of["by"]), String::new()));
            things(office, "contested").iter().for_each(|of| push(of, "contested".to_owned(), listed(&of["by"], " "), String::new()));
            for of in things(office, "contradicted") {
                let field = if of["field"].is_null() { "channel".to_owned() } else { text(&of["field"]) };
                push(of, "contradicted".to_owned(), listed(&of["by"], " "), field);
            }
        }
        let mut tables = vec![(format!("Offices as of {}", as_of(page)), offices)];
        if !became.rows.is_empty() {
            tables.push(("What became of their statements".to_owned(), became));
        }
        tables
    })
}

/// How many live statements of each kind.
fn statements(office: &Value) -> String {
    let kinds = office["statements"].as_object().into_iter().flatten();
    kinds.map(|(kind, positions)| format!("{} {kind}", number(office, kind, positions.as_array().map_or(0, Vec::len)))).collect::<Vec<_>>().join("; ")
}

/// How many there are of a list, of which so many are listed.
fn number(office: &Value, list: &str, listed: usize) -> String {
    (listed as u64 + office["more"][list].as_u64().unwrap_or_default()).to_string()
}
