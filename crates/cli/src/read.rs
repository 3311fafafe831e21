use serde_json::Value;

use crate::{
    arguments::{Channels, Exchange, Exchanges, Reading, Records, Totals},
    exit::{Code, Failure},
    output::{Rows, answer},
};

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
    answer(&body, arguments.reading.output, "exchanges", |page| {
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
        let more = if page["next"].is_null() { String::new() } else { format!("; more with --after {}", text(&page["next"])) };
        vec![(format!("Exchanges as of {}, policy {}{more}", as_of(page), text(&page["policy"])), rows)]
    })
}

pub(crate) fn exchange(arguments: &Exchange) -> Result<(), Failure> {
    let body = get(&arguments.reading, &format!("/v1/exchanges/{}", arguments.key), [("policy", arguments.policy.clone())])?;
    answer(&body, arguments.reading.output, "claims", |dossier| {
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

pub(crate) fn totals(arguments: &Totals) -> Result<(), Failure> {
    let query = [
        ("from", arguments.from.clone()),
        ("to", arguments.to.clone()),
        ("policy", arguments.policy.clone()),
        ("category", arguments.category.clone()),
        ("sender", arguments.sender.clone()),
        ("receiver", arguments.receiver.clone()),
        ("period", arguments.period.clone()),
    ];
    let body = get(&arguments.reading, "/v1/totals", query)?;
    answer(&body, arguments.reading.output, "figures", |totals| {
        let rows = |list: &str| {
            let mut rows = Rows::new(&["period", "from", "to", "category", "low", "high", "exchanges", "without_number", "disputed", "one_sided", "claims"]);
            for total in things(totals, list) {
                let none = total["exchanges"] == 0;
                let low = if none { "no number".to_owned() } else { text(&total["low"]) };
                let high = if none { "no number".to_owned() } else { bound(&total["high"]) };
                rows.rows.push(vec![
                    text(&total["period"]),
                    text(&total["from"]),
                    text(&total["to"]),
                    text(&total["category"]),
                    low,
                    high,
                    text(&total["exchanges"]),
                    text(&total["unknown"]),
                    text(&total["disputed"]),
                    text(&total["one_sided"]),
                    things(total, "claims").len().to_string(),
                ]);
            }
            rows.numbers = (4..=10).collect();
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

pub(crate) fn channels(arguments: &Channels) -> Result<(), Failure> {
    let body = get(&arguments.reading, "/v1/channels", [("channel", arguments.channel.clone())])?;
    answer(&body, arguments.reading.output, "channels", |page| {
        let mut rows = Rows::new(&["channel", "parties", "announcer", "announced", "status", "blames", "completed_since", "last_completed", "position"]);
        for channel in things(page, "channels") {
            let parties = things(channel, "parties").iter().map(text).collect::<Vec<_>>().join("–");
            for view in things(channel, "views") {
                for statement in things(view, "statements") {
                    rows.rows.push(vec![
                        text(&channel["channel"]),
                        parties.clone(),
                        announcer(&view["announcer"]),
                        text(&statement["announced"]),
                        text(&statement["status"]),
                        text(&statement["blames"]),
                        text(&statement["completed_since"]["key"]),
                        text(&channel["last_completed"]["key"]),
                        text(&statement["position"]),
                    ]);
                }
            }
        }
        vec![(format!("Channels as of {}", as_of(page)), rows)]
    })
}

pub(crate) fn records(arguments: &Records) -> Result<(), Failure> {
    let query = [("from", arguments.from.map(|from| from.to_string())), ("limit", arguments.limit.map(|limit| limit.to_string()))];
    let body = get(&arguments.reading, "/v1/records", query)?;
    answer(&body, arguments.reading.output, "records", |page| {
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
        let more = if page["next"].is_null() { String::new() } else { format!("; more with --from {}", text(&page["next"])) };
        vec![(format!("Records as of {}{more}", as_of(page)), rows)]
    })
}

fn get<const N: usize>(reading: &Reading, path: &str, query: [(&str, Option<String>); N]) -> Result<Vec<u8>, Failure> {
    let at_least = ("at_least", reading.at_least.map(|position| position.to_string()));
    fetch(&reading.server, path, query.into_iter().chain([at_least]))
}

/// A server's answer, or its problem as the failure.
pub(crate) fn fetch<'a>(server: &str, path: &str, query: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Result<Vec<u8>, Failure> {
    let unreachable = |error: ureq::Error| Failure::new(Code::Unreachable, format_args!("{server}: {error}"));
    let mut request = agent().get(format!("{}{path}", server.trim_end_matches('/')));
    for (name, value) in query {
        if let Some(value) = value {
            request = request.query(name, value);
        }
    }
    let mut response = request.call().map_err(unreachable)?;
    let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(unreachable)?;
    if response.status().is_success() {
        return Ok(body);
    }
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = match response.status().as_u16() {
        400 => Code::Usage,
        502..=504 => Code::Unreachable,
        _ => Code::Failed,
    };
    let parts = ["title", "detail", "remedy"].map(|part| text(&problem[part]));
    let reason = if parts[0].is_empty() { format!("the server answered {}", response.status()) } else { format!("{}: {}. {}", parts[0], parts[1], parts[2]) };
    Err(Failure::new(code, reason))
}

/// The largest answer that is read.
const MAX_ANSWER: u64 = 256 << 20;

/// An HTTP client that leaves statuses to the caller.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(std::time::Duration::from_secs(5)))
        .timeout_global(Some(std::time::Duration::from_secs(120)))
        .build()
        .into()
}

fn things<'a>(thing: &'a Value, name: &str) -> &'a [Value] {
    thing[name].as_array().map_or(&[], Vec::as_slice)
}

/// A value as it's shown; nothing for `null`.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn bound(high: &Value) -> String {
    if high.is_null() { "no bound".to_owned() } else { text(high) }
}

fn as_of(answer: &Value) -> String {
    if answer["as_of"]["position"].is_null() { "an empty ledger".to_owned() } else { format!("position {}", text(&answer["as_of"]["position"])) }
}

fn days(date: &Value) -> String {
    let end = |day: &Value| if day.is_null() { "..".to_owned() } else { text(day) };
    match date {
        Value::Null => String::new(),
        date if date["earliest"] == date["latest"] => text(&date["earliest"]),
        date => format!("{}/{}", end(&date["earliest"]), end(&date["latest"])),
    }
}

fn announcer(announcer: &Value) -> String {
    if announcer.is_null() {
        return "unnamed".to_owned();
    }
    [&announcer["party"], &announcer["office"], &announcer["name"]].into_iter().map(text).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn figure_cells(item: &Value) -> [String; 6] {
    let figure = if item["unknown"] == true {
        "unknown".to_owned()
    } else if item["low"].is_null() {
        "no number".to_owned()
    } else if item["high"].is_null() {
        format!("{} or more", text(&item["low"]))
    } else if item["low"] == item["high"] {
        text(&item["low"])
    } else {
        format!("{} to {}", text(&item["low"]), text(&item["high"]))
    };
    let disputed = match (item["disputed"] == true, item["one_sided"] == true) {
        (true, _) => "disputed",
        (false, true) => "one side only",
        (false, false) => "",
    };
    let claims = things(item, "claims").iter().map(text).collect::<Vec<_>>().join(" ");
    [text(&item["from"]), text(&item["to"]), text(&item["category"]), figure, disputed.to_owned(), claims]
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
    fn unknown_is_never_shown_as_zero_and_an_open_end_never_as_a_number() {
        let shown = |low: Value, high: Value, unknown: bool| figure_cells(&json!({"low": low, "high": high, "unknown": unknown, "claims": []}))[3].clone();
        assert_eq!(shown(json!(0), json!(null), true), "unknown");
        assert_eq!(shown(json!(200), json!(null), false), "200 or more");
        assert_eq!(shown(json!(1245), json!(1248), false), "1245 to 1248");
        assert_eq!(shown(json!(null), json!(null), false), "no number");
        assert_eq!(item_words(&json!({"category": "prisoners", "count": "unknown"})), "an unknown number of prisoners");
    }
}
