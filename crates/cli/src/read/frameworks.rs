use clap::Args;

use super::{as_of, count, difference, get, length, listed, sum, text, things};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Frameworks {
    /// How the figures of what was delivered are made: range, receiver, sender or both
    #[arg(long)]
    policy: Option<String>,
    /// Only this agreement
    #[arg(long, value_name = "NAME")]
    framework: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn frameworks(arguments: &Frameworks) -> Result<(), Failure> {
    let query = [("policy", arguments.policy.clone()), ("framework", arguments.framework.clone())];
    let body = get(&arguments.reading, "/v1/frameworks", query)?;
    answer(&body, arguments.reading.asking.output, "frameworks", |page| {
        let mut rows = Rows::new(&[
            "framework",
            "from",
            "to",
            "category",
            "agreed",
            "agreed_by",
            "delivered",
            "exchanges",
            "without_number",
            "disputed",
            "one_sided",
            "claims",
            "remaining",
        ]);
        rows.numbers = vec![4, 6, 7, 8, 9, 10, 11, 12];
        for framework in things(page, "frameworks") {
            let name = text(&framework["framework"]);
            let terms = things(framework, "terms");
            if terms.is_empty() {
                rows.rows.push([&[name.clone()][..], &[""; 12].map(str::to_owned)].concat());
            }
            for term in terms {
                let delivered = &term["delivered"];
                rows.rows.push(vec![
                    name.clone(),
                    text(&term["from"]),
                    text(&term["to"]),
                    text(&term["category"]),
                    count(&term["agreed"]),
                    listed(&term["claims"], " "),
                    sum(delivered),
                    text(&delivered["exchanges"]),
                    text(&delivered["unknown"]),
                    text(&delivered["disputed"]),
                    text(&delivered["one_sided"]),
                    length(delivered, "claims"),
                    difference(&term["remaining"]),
                ]);
            }
        }
        vec![(format!("Agreements as of {}, policy {}", as_of(page), text(&page["policy"])), rows)]
    })
}
