use clap::Args;
use serde_json::Value;

use super::{announcer, as_of, count, get, listed, text, things};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Lineage {
    /// The exchange's key: ru-ua/bodies/2026-02-26
    key: String,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn lineage(arguments: &Lineage) -> Result<(), Failure> {
    let body = get(&arguments.reading, &format!("/v1/exchanges/{}/lineage", arguments.key), [])?;
    answer(&body, arguments.reading.asking.output, "statements", |page| {
        let mut records = Rows::new(&["statement", "kind", "position", "announced", "announcer", "publisher", "is", "origin_out"]);
        let mut variants = Rows::new(&["statement", "from", "to", "category", "count", "claims"]);
        variants.numbers = vec![4];
        for (number, told) in (1..).zip(things(page, "statements")) {
            let number = i32::to_string(&number);
            for report in things(told, "reports") {
                records.rows.push(vec![
                    number.clone(),
                    text(&told["kind"]),
                    text(&report["position"]),
                    text(&report["announced"]),
                    announcer(&report["announcer"]),
                    text(&report["publisher"]),
                    role(told, report),
                    text(&told["origin_out"]),
                ]);
            }
            for variant in things(told, "variants") {
                let what = [text(&variant["from"]), text(&variant["to"]), text(&variant["category"]), count(&variant["count"])];
                variants.rows.push([&[number.clone()][..], &what, &[listed(&variant["claims"], " ")]].concat());
            }
        }
        let title = format!("Statements about {} and their reports, as of {}", text(&page["exchange"]), as_of(page));
        let mut tables = vec![(title, records)];
        if !variants.rows.is_empty() {
            tables.push(("Where reports of one statement give different counts".to_owned(), variants));
        }
        tables
    })
}

/// Whether a record is the statement itself, or of which it is a report.
fn role(told: &Value, report: &Value) -> String {
    match &told["origin"] {
        Value::Null => "report of a statement that isn't recorded".to_owned(),
        origin if *origin == report["position"] => "original".to_owned(),
        origin => format!("report of {origin}"),
    }
}
