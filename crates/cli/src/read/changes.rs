use clap::Args;
use serde_json::Value;

use super::{as_of, days, figure, get, listed, more, text, things};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Changes {
    /// How figures are made: range, receiver, sender or both
    #[arg(long)]
    policy: Option<String>,
    /// From this record on
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    /// How many records are looked at, at most
    #[arg(long)]
    limit: Option<u32>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn changes(arguments: &Changes) -> Result<(), Failure> {
    let query = [
        ("policy", arguments.policy.clone()),
        ("from", arguments.from.map(|from| from.to_string())),
        ("limit", arguments.limit.map(|limit| limit.to_string())),
    ];
    let body = get(&arguments.reading, "/v1/changes", query)?;
    answer(&body, arguments.reading.asking.output, "changes", |page| {
        let mut rows = Rows::new(&["position", "announced", "kind", "acts_on", "exchange", "field", "from", "to", "category", "old", "new"]);
        rows.numbers = vec![9, 10];
        for change in things(page, "changes") {
            let record = [text(&change["position"]), text(&change["announced"]), text(&change["kind"]), listed(&change["acts_on"], " ")];
            let exchanges = things(change, "exchanges");
            if exchanges.is_empty() {
                rows.rows.push([&record[..], &["", "no figure", "", "", "", "", ""].map(str::to_owned)].concat());
            }
            for exchange in exchanges {
                let cells = differing(exchange);
                rows.rows.extend(cells.into_iter().map(|cells| [&record[..], &[text(&exchange["exchange"])], &cells].concat()));
            }
        }
        vec![(format!("What records changed, as of {}, policy {}{}", as_of(page), text(&page["policy"]), more(page, "--from")), rows)]
    })
}

/// What differs of an exchange, a row each: the field, the figure's direction and category, old and new.
fn differing(exchange: &Value) -> Vec<[String; 6]> {
    let state = |field: &str, shown: fn(&Value) -> String| {
        let of = &exchange[field];
        let value = |value: &Value| if value.is_null() { "none".to_owned() } else { shown(value) };
        let empty = String::new;
        (of["old"] != of["new"]).then(|| [field.to_owned(), empty(), empty(), empty(), value(&of["old"]), value(&of["new"])])
    };
    let figures = things(exchange, "figures").iter().map(|of| {
        let [from, to, category] = ["from", "to", "category"].map(|name| text(&of[name]));
        ["figure".to_owned(), from, to, category, figure(&of["old"]), figure(&of["new"])]
    });
    [state("status", text), state("date", days)].into_iter().flatten().chain(figures).collect()
}
