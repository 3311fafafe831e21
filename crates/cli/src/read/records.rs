use clap::Args;

use super::{announcer, as_of, fetch, more, text, things};
use crate::{
    arguments::Asking,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Records {
    /// From this position on
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    /// How many at most
    #[arg(long)]
    limit: Option<u32>,
    #[command(flatten)]
    asking: Asking,
}

pub(crate) fn records(arguments: &Records) -> Result<(), Failure> {
    let Records { from, limit, asking } = arguments;
    let query = [("from", *from), ("limit", limit.map(u64::from)), ("at_least", asking.at_least)];
    let body = fetch(&asking.server, "/v1/records", query.map(|(name, number)| (name, number.map(|number| number.to_string()))))?;
    answer(&body, asking.output, "records", |page| {
        let mut rows = Rows::new(&["position", "recorded", "publisher", "kind", "subject", "announced", "announcer"]);
        for record in things(page, "records") {
            let kind = text(&record["type"]);
            let kind = kind.strip_prefix("org.handover.").and_then(|kind| kind.strip_suffix(".v1")).unwrap_or(&kind).to_owned();
            rows.rows.push(vec![
                text(&record["sequence"]).trim_start_matches('0').parse::<u64>().unwrap_or_default().to_string(),
                text(&record["recordedtime"]),
                text(&record["publisher"]),
                kind,
                text(&record["subject"]),
                text(&record["data"]["announced"]),
                announcer(&record["data"]["announcer"]),
            ]);
        }
        vec![(format!("Records as of {}{}", as_of(page), more(page, "--from")), rows)]
    })
}
