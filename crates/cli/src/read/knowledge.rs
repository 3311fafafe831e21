use clap::Args;
use serde_json::Value;

use super::{as_of, count, figure, get, listed, moment, more, parties, text, things, totals::Selection};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Knowledge {
    /// Compared with what was known once the record at this position was taken in, at this instant (RFC 3339), or at the end of this day in UTC
    #[arg(long, value_name = "POSITION|INSTANT|DAY", required_unless_present = "then_announced_until")]
    then: Option<String>,
    /// Compared with what had been announced by the end of this day
    #[arg(long, value_name = "DAY")]
    then_announced_until: Option<String>,
    #[command(flatten)]
    selection: Selection,
    /// Of the records that moved the totals, those from this position on
    #[arg(long, value_name = "POSITION")]
    moves_from: Option<u64>,
    /// How many records are looked at for what moved the totals, at most
    #[arg(long)]
    limit: Option<u32>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn knowledge(arguments: &Knowledge) -> Result<(), Failure> {
    let then = [
        ("then", arguments.then.clone()),
        ("then_announced_until", arguments.then_announced_until.clone()),
        ("moves_from", arguments.moves_from.map(|from| from.to_string())),
        ("limit", arguments.limit.map(|limit| limit.to_string())),
    ];
    let body = get(&arguments.reading, "/v1/knowledge", arguments.selection.query().into_iter().chain(then))?;
    answer(&body, arguments.reading.asking.output, "figures", |page| {
        let title = format!("Totals then and now, policy {}; then is {}, now {}", text(&page["policy"]), moment(&page["then_as_of"]), as_of(page));
        let mut tables = vec![(title, totals(page, "figures"))];
        let possibly = totals(page, "possibly");
        if !possibly.rows.is_empty() {
            tables.push(("Exchanges that possibly lie in these days".to_owned(), possibly));
        }
        for (list, of) in [("figures", "the totals"), ("possibly", "what possibly lies in these days")] {
            let moves = moves(page, list);
            if !moves.rows.is_empty() {
                tables.push((format!("What moved {of}{}", more(page, "--moves-from")), moves));
            }
        }
        tables
    })
}

fn totals(page: &Value, list: &str) -> Rows {
    let mut rows = Rows::new(&["period", "frameworks", "from", "to", "category", "then", "now", "low_by", "high_by", "exchanges_by", "moves"]);
    for moved in things(page, list) {
        let gained = &moved["difference"];
        // Between two lower bounds of nothing known lies 0, which would say that the totals are alike.
        let is_unknown = ["then", "now"].into_iter().any(|at| count(&moved[at]) == "unknown");
        let low = if is_unknown { "unknown".to_owned() } else { signed(&gained["low"]) };
        let high = if gained["high"].is_null() { "unknown".to_owned() } else { signed(&gained["high"]) };
        let ends = [low, high, signed(&gained["exchanges"]), things(moved, "moves").len().to_string()];
        rows.rows.push([&heading(moved)[..], &[count(&moved["then"]), count(&moved["now"])], &ends].concat());
    }
    rows.numbers = (5..=10).collect();
    rows
}

fn moves(page: &Value, list: &str) -> Rows {
    let mut rows = Rows::new(&["period", "frameworks", "from", "to", "category", "position", "recorded", "announced", "kind", "exchange", "old", "new"]);
    for moved in things(page, list) {
        for step in things(moved, "moves") {
            let record = ["position", "recorded", "announced", "kind", "exchange"].map(|name| text(&step[name]));
            rows.rows.push([&heading(moved)[..], &record, &[part(&step["old"]), part(&step["new"])]].concat());
        }
    }
    rows.numbers = vec![10, 11];
    rows
}

fn heading(moved: &Value) -> [String; 5] {
    let [from, to] = parties(moved);
    [text(&moved["period"]), listed(&moved["frameworks"], "; "), from, to, text(&moved["category"])]
}

/// What an exchange adds to a total. Nothing where it isn't among its exchanges.
fn part(part: &Value) -> String {
    match part {
        Value::Null => "not in it".to_owned(),
        part if part["unknown"] == true => "unknown".to_owned(),
        part => figure(part),
    }
}

/// A number that says by how much something grew.
fn signed(number: &Value) -> String {
    match number.as_i64() {
        Some(number) if number > 0 => format!("+{number}"),
        _ => text(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_unknown_total_gained_is_unknown() {
        let row = |then: Value, now: Value, low: i64, high: Value| {
            let gained = json!({"low": low, "high": high, "exchanges": 1});
            let page = json!({"figures": [{"category": "bodies", "then": then, "now": now, "difference": gained, "moves": []}]});
            totals(&page, "figures").rows[0][5..10].to_vec()
        };
        let total = |low: u64, high: Value| json!({"low": low, "high": high, "exchanges": 1});
        assert_eq!(row(json!(null), total(0, json!(null)), 0, json!(null)), ["nothing announced", "unknown", "unknown", "unknown", "+1"]);
        assert_eq!(row(total(7, json!(7)), total(5, json!(9)), -2, json!(2)), ["7", "5 to 9", "-2", "+2", "+1"]);
    }
}
