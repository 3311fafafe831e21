use clap::Args;
use serde_json::Value;

use super::{Valid, as_of, count, days, get, listed, more, said, text, things, voice};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Discrepancies {
    /// Only of this exchange
    #[arg(long, value_name = "KEY")]
    exchange: Option<String>,
    /// Only open, resolved or disputed ones
    #[arg(long)]
    state: Option<String>,
    /// Only between sides, others, office or reports
    #[arg(long)]
    between: Option<String>,
    /// Of how many exchanges at most
    #[arg(long)]
    limit: Option<u32>,
    /// The last exchange of the page before
    #[arg(long, value_name = "KEY")]
    after: Option<String>,
    #[command(flatten)]
    valid: Valid,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn discrepancies(arguments: &Discrepancies) -> Result<(), Failure> {
    let query = [
        ("exchange", arguments.exchange.clone()),
        ("state", arguments.state.clone()),
        ("between", arguments.between.clone()),
        ("limit", arguments.limit.map(|limit| limit.to_string())),
        ("after", arguments.after.clone()),
    ];
    let body = get(&arguments.reading, "/v1/discrepancies", query.into_iter().chain(arguments.valid.query()))?;
    answer(&body, arguments.reading.asking.output, "discrepancies", |page| {
        let mut rows =
            Rows::new(&["exchange", "field", "between", "from", "to", "category", "party", "value", "claims", "state", "since", "resolved_by", "disputed_by"]);
        for found in things(page, "discrepancies") {
            let what = ["exchange", "field", "between", "from", "to", "category"].map(|name| text(&found[name]));
            let state = [text(&found["state"]), said(&found["since"]), text(&found["resolved_by"]), listed(&found["disputed_by"], " ")];
            for stated in things(found, "values") {
                rows.rows.push([&what[..], &[voice(&stated["party"]), value(stated), listed(&stated["claims"], " ")], &state].concat());
            }
        }
        vec![(format!("Discrepancies as of {}{}", as_of(page), more(page, "--after")), rows)]
    })
}

/// What one of them says; only the field that differs is given.
fn value(stated: &Value) -> String {
    if !stated["count"].is_null() {
        count(&stated["count"])
    } else if !stated["date"].is_null() {
        days(&stated["date"])
    } else if !stated["frameworks"].is_null() {
        listed(&stated["frameworks"], "; ")
    } else {
        listed(&stated["stages"], " ")
    }
}
