use clap::Args;
use serde_json::Value;

use super::{announcer, as_of, days, figure_cells, get, text, things};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Exchange {
    /// Its key: ru-ua/bodies/2026-01-29
    key: String,
    /// How figures are made: range, receiver, sender or both
    #[arg(long)]
    policy: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn exchange(arguments: &Exchange) -> Result<(), Failure> {
    let body = get(&arguments.reading, &format!("/v1/exchanges/{}", arguments.key), [("policy", arguments.policy.clone())])?;
    answer(&body, arguments.reading.asking.output, "claims", |dossier| {
        let mut claims = Rows::new(&["position", "kind", "announced", "announcer", "from", "to", "stated", "in_figures", "link"]);
        for claim in things(dossier, "claims") {
            let place = [text(&claim["position"]), text(&claim["kind"]), text(&claim["announced"]), announcer(&claim["announcer"])];
            let state = if claim["live"] == true { "yes".to_owned() } else { format!("no: {} at {}", text(&claim["out"]["why"]), text(&claim["out"]["by"])) };
            let end = [state, text(&claim["report"]["url"])];
            let transfers = things(claim, "transfers");
            if transfers.is_empty() {
                claims.rows.push([&place[..], &["", "", ""].map(str::to_owned), &end[..]].concat());
            }
            for transfer in transfers {
                let stated = things(transfer, "counts").iter().map(item_words).collect::<Vec<_>>().join("; ");
                claims.rows.push([&place[..], &[text(&transfer["from"]), text(&transfer["to"]), stated], &end[..]].concat());
            }
        }
        let mut figures = Rows::new(&["from", "to", "category", "figure", "disputed", "claims"]);
        figures.rows = things(dossier, "figures").iter().map(|item| figure_cells(item).to_vec()).collect();
        figures.numbers = vec![3];
        let title = format!("Exchange {} of {}, {}", text(&dossier["key"]), days(&dossier["date"]), text(&dossier["status"]));
        vec![
            ("Claims".to_owned(), claims),
            (format!("Figures, policy {}", text(&dossier["policy"])), figures),
            (format!("{title}, as of {}", as_of(dossier)), Rows::new(&[])),
        ]
    })
}

/// An item of a transfer in words: `1000 bodies`, `at least 200 prisoners`.
fn item_words(item: &Value) -> String {
    let count = &item["count"];
    let words = match count.as_object().and_then(|count| count.iter().next()) {
        None => "an unknown number of".to_owned(),
        Some((form, number)) => match form.as_str() {
            "exact" => text(number),
            "between" => format!("{} to {}", text(&number[0]), text(&number[1])),
            form => format!("{} {}", form.replace('_', " "), text(number)),
        },
    };
    let of = if item["of"].is_null() { String::new() } else { format!(" of the {}", text(&item["of"])) };
    let group = if item["group"].is_null() { String::new() } else { format!(" ({})", text(&item["group"])) };
    format!("{words} {}{of}{group}", text(&item["category"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_count_has_no_number() {
        assert_eq!(item_words(&json!({"category": "prisoners", "count": "unknown"})), "an unknown number of prisoners");
    }
}
