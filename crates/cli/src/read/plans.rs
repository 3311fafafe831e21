use clap::Args;
use serde_json::Value;

use super::{Valid, announcer, as_of, count, days, difference, get, listed, more, said, text, things, way};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Plans {
    /// How the figures of what took place are made: range, receiver, sender or both
    #[arg(long)]
    policy: Option<String>,
    /// Only plans whose exchange is completed, cancelled, postponed, planned or mentioned
    #[arg(long)]
    outcome: Option<String>,
    /// How many at most
    #[arg(long)]
    limit: Option<u32>,
    /// The last plan of the page before
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    #[command(flatten)]
    valid: Valid,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn plans(arguments: &Plans) -> Result<(), Failure> {
    let query = [
        ("policy", arguments.policy.clone()),
        ("outcome", arguments.outcome.clone()),
        ("limit", arguments.limit.map(|limit| limit.to_string())),
        ("after", arguments.after.map(|after| after.to_string())),
    ];
    let body = get(&arguments.reading, "/v1/plans", query.into_iter().chain(arguments.valid.query()))?;
    answer(&body, arguments.reading.asking.output, "plans", |page| {
        let mut rows = Rows::new(&[
            "position",
            "announced",
            "announcer",
            "exchange",
            "due",
            "outcome",
            "took_place",
            "lag_days",
            "from",
            "to",
            "category",
            "planned",
            "handed_over",
            "difference",
            "claims",
            "put_off",
            "contested_by",
        ]);
        rows.numbers = vec![7, 11, 12, 13];
        for plan in things(page, "plans") {
            let begin = [
                text(&plan["position"]),
                text(&plan["announced"]),
                announcer(&plan["announcer"]),
                text(&plan["exchange"]),
                text(&plan["due"]),
                text(&plan["outcome"]),
                days(&plan["took_place"]),
                difference(&plan["lag_days"]),
            ];
            let end = [listed(&plan["claims"], " "), put_off(plan), listed(&plan["contested_by"], " ")];
            let counts = things(plan, "counts");
            if counts.is_empty() {
                rows.rows.push([&begin[..], &["", "", "", "no number", "", ""].map(str::to_owned), &end].concat());
            }
            for of in counts {
                let [from, to] = way(of);
                let held = [from, to, text(&of["category"]), count(&of["planned"]), count(&of["handed_over"]), difference(&of["difference"])];
                rows.rows.push([&begin[..], &held, &end].concat());
            }
        }
        vec![(format!("Plans as of {}, policy {}{}", as_of(page), text(&page["policy"]), more(page, "--after")), rows)]
    })
}

fn put_off(plan: &Value) -> String {
    things(plan, "put_off").iter().map(|off| format!("{} {}", text(&off["kind"]), said(off))).collect::<Vec<_>>().join("; ")
}
