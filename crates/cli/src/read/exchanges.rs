use clap::Args;

use super::{as_of, days, figure_cells, get, more, text, things};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Exchanges {
    /// From this day on
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Up to this day
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// Mainly about bodies, prisoners, civilians or children
    #[arg(long)]
    what: Option<String>,
    /// With a figure of bodies, people, prisoners, civilians or children
    #[arg(long)]
    category: Option<String>,
    /// completed, cancelled, postponed, planned or mentioned
    #[arg(long)]
    status: Option<String>,
    /// The agreement that they follow
    #[arg(long)]
    framework: Option<String>,
    /// How figures are made: range, receiver, sender or both
    #[arg(long)]
    policy: Option<String>,
    /// How many at most
    #[arg(long)]
    limit: Option<u32>,
    /// The last exchange of the page before
    #[arg(long, value_name = "KEY")]
    after: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn exchanges(arguments: &Exchanges) -> Result<(), Failure> {
    let query = [
        ("from", arguments.from.clone()),
        ("to", arguments.to.clone()),
        ("what", arguments.what.clone()),
        ("category", arguments.category.clone()),
        ("status", arguments.status.clone()),
        ("framework", arguments.framework.clone()),
        ("policy", arguments.policy.clone()),
        ("limit", arguments.limit.map(|limit| limit.to_string())),
        ("after", arguments.after.clone()),
    ];
    let body = get(&arguments.reading, "/v1/exchanges", query)?;
    answer(&body, arguments.reading.asking.output, "exchanges", |page| {
        let mut rows = Rows::new(&["exchange", "date", "status", "from", "to", "category", "figure", "disputed", "claims"]);
        for exchange in things(page, "exchanges") {
            let place = [text(&exchange["key"]), days(&exchange["date"]), text(&exchange["status"])];
            let figures = things(exchange, "figures");
            if figures.is_empty() {
                rows.rows.push([&place[..], &["", "", "", "", "", ""].map(str::to_owned)].concat());
            }
            for item in figures {
                rows.rows.push([&place[..], &figure_cells(item)].concat());
            }
        }
        rows.numbers = vec![6];
        vec![(format!("Exchanges as of {}, policy {}{}", as_of(page), text(&page["policy"]), more(page, "--after")), rows)]
    })
}
