use clap::Args;

use super::{Valid, as_of, count, get, listed, more, text, things, voice};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Identity {
    /// How the figures of what was handed over are made: range, receiver, sender or both
    #[arg(long)]
    policy: Option<String>,
    /// Only of this exchange
    #[arg(long, value_name = "KEY")]
    exchange: Option<String>,
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

pub(crate) fn identity(arguments: &Identity) -> Result<(), Failure> {
    let query = [
        ("policy", arguments.policy.clone()),
        ("exchange", arguments.exchange.clone()),
        ("limit", arguments.limit.map(|limit| limit.to_string())),
        ("after", arguments.after.clone()),
    ];
    let body = get(&arguments.reading, "/v1/identity", query.into_iter().chain(arguments.valid.query()))?;
    answer(&body, arguments.reading.asking.output, "bodies", |page| {
        let mut rows = Rows::new(&["exchange", "from", "to", "handed_over", "found_by", "finding", "count", "disputed", "claims"]);
        rows.numbers = vec![3, 6];
        for bodies in things(page, "bodies") {
            let place = [text(&bodies["exchange"]), text(&bodies["from"]), text(&bodies["to"]), count(&bodies["handed_over"])];
            let findings = things(bodies, "findings");
            if findings.is_empty() {
                rows.rows.push([&place[..], &["", "nothing announced", "", "", ""].map(str::to_owned)].concat());
            }
            for found in findings {
                let disputed = if found["disputed"] == true { "disputed" } else { "" };
                let cells = [voice(&found["by"]), text(&found["finding"]), count(found), disputed.to_owned(), listed(&found["claims"], " ")];
                rows.rows.push([&place[..], &cells].concat());
            }
        }
        let mut tables = vec![(format!("Findings on bodies as of {}, policy {}{}", as_of(page), text(&page["policy"]), more(page, "--after")), rows)];
        let mut unassigned = Rows::new(&["position", "period", "scope_exchanges", "from", "to", "found_by", "finding", "count"]);
        unassigned.numbers = vec![7];
        for found in things(page, "unassigned") {
            let when = [text(&found["position"]), text(&found["period"]), listed(&found["scope_exchanges"], " ")];
            let what = [text(&found["from"]), text(&found["to"]), voice(&found["by"]), text(&found["finding"]), count(&found["count"])];
            unassigned.rows.push([&when[..], &what].concat());
        }
        if !unassigned.rows.is_empty() {
            tables.push(("Findings that no exchange is known of".to_owned(), unassigned));
        }
        tables
    })
}
