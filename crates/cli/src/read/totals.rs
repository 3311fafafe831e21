use clap::Args;
use serde_json::Value;

use super::{as_of, get, length, listed, parties, text, things};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Totals {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    reading: Reading,
}

/// Which totals are asked for.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// The first day
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The last day
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// How figures are made: range, receiver, sender or both
    #[arg(long)]
    policy: Option<String>,
    /// Only bodies, people, prisoners, civilians or children
    #[arg(long)]
    category: Option<String>,
    /// Only from this party
    #[arg(long, value_name = "PARTY")]
    sender: Option<String>,
    /// Only to this party
    #[arg(long, value_name = "PARTY")]
    receiver: Option<String>,
    /// Grouped by day, month or year
    #[arg(long)]
    period: Option<String>,
    /// What else there is a row for each of: some of direction, category, framework, with commas between them; without direction both are summed up
    #[arg(long, value_name = "LIST")]
    by: Option<String>,
    /// List only claims after this one, for what is more than one answer lists
    #[arg(long, value_name = "POSITION")]
    claims_after: Option<u64>,
}

impl Selection {
    pub(super) fn query(&self) -> [(&'static str, Option<String>); 9] {
        [
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("policy", self.policy.clone()),
            ("category", self.category.clone()),
            ("sender", self.sender.clone()),
            ("receiver", self.receiver.clone()),
            ("period", self.period.clone()),
            ("by", self.by.clone()),
            ("claims_after", self.claims_after.map(|position| position.to_string())),
        ]
    }
}

pub(crate) fn totals(arguments: &Totals) -> Result<(), Failure> {
    let body = get(&arguments.reading, "/v1/totals", arguments.selection.query())?;
    answer(&body, arguments.reading.asking.output, "figures", |totals| {
        let rows = |list: &str| {
            let columns = ["period", "frameworks", "from", "to", "category", "low", "high", "exchanges", "without_number", "disputed", "one_sided", "claims"];
            let mut rows = Rows::new(&columns);
            for total in things(totals, list) {
                let [low, high] = ends(total);
                let [from, to] = parties(total);
                rows.rows.push(vec![
                    text(&total["period"]),
                    listed(&total["frameworks"], "; "),
                    from,
                    to,
                    text(&total["category"]),
                    low,
                    high,
                    text(&total["exchanges"]),
                    text(&total["unknown"]),
                    text(&total["disputed"]),
                    text(&total["one_sided"]),
                    length(total, "claims"),
                ]);
            }
            rows.numbers = (5..=11).collect();
            rows
        };
        let title =
            format!("Totals as of {}, policy {}; {} claims are about no known exchange", as_of(totals), text(&totals["policy"]), text(&totals["unassigned"]));
        let mut tables = vec![(title, rows("figures"))];
        if !things(totals, "possibly").is_empty() {
            tables.push(("Exchanges that possibly lie in these days".to_owned(), rows("possibly")));
        }
        tables
    })
}

/// A total's low and high. Where no exchange is in the sum it has neither, and where no exchange in it has a number neither is known.
fn ends(total: &Value) -> [String; 2] {
    let is_unknown = total["low"] == 0 && total["high"].is_null();
    match &total["high"] {
        _ if total["exchanges"] == 0 => ["no number", "no number"].map(str::to_owned),
        _ if is_unknown => ["unknown", "unknown"].map(str::to_owned),
        Value::Null => [text(&total["low"]), "no bound".to_owned()],
        high => [text(&total["low"]), text(high)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_total_is_never_shown_as_zero() {
        let shown = |low: Value, high: Value, exchanges: u64| ends(&json!({"low": low, "high": high, "exchanges": exchanges}));
        assert_eq!(shown(json!(0), json!(null), 2), ["unknown", "unknown"]);
        assert_eq!(shown(json!(7), json!(null), 2), ["7", "no bound"]);
        assert_eq!(shown(json!(0), json!(0), 0), ["no number", "no number"]);
    }
}
