mod discrepancies;
mod frameworks;
mod identity;
mod lineage;
mod offices;
mod plans;
mod reconciliation;
mod third_parties;

use serde_json::Value;

pub(crate) use discrepancies::{Discrepancies, discrepancies};
pub(crate) use frameworks::{Frameworks, frameworks};
pub(crate) use identity::{Identity, identity};
pub(crate) use lineage::{Lineage, lineage};
pub(crate) use offices::{Offices, offices};
pub(crate) use plans::{Plans, plans};
pub(crate) use reconciliation::{Reconciliation, reconciliation};
pub(crate) use third_parties::{ThirdParties, third_parties};

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

pub(crate) fn totals(arguments: &Totals) -> Result<(), Failure> {
    let query = [
        ("from", arguments.from.clone()),
        ("to", arguments.to.clone()),
        ("policy", arguments.policy.clone()),
        ("category", arguments.category.clone()),
        ("sender", arguments.sender.clone()),
        ("receiver", arguments.receiver.clone()),
        ("period", arguments.period.clone()),
        ("by", arguments.by.clone()),
    ];
    let body = get(&arguments.reading, "/v1/totals", query)?;
    answer(&body, arguments.reading.asking.output, "figures", |totals| {
        let rows = |list: &str| {
            let columns = ["period", "frameworks", "from", "to", "category", "low", "high", "exchanges", "without_number", "disputed", "one_sided", "claims"];
            let mut rows = Rows::new(&columns);
            for total in things(totals, list) {
                let [low, high] = ends(total);
                let between = listed(&total["between"], " and ");
                let way = if between.is_empty() { [text(&total["from"]), text(&total["to"])] } else { [between, "each other".to_owned()] };
                let [from, to] = way;
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
                    things(total, "claims").len().to_string(),
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

pub(crate) fn channels(arguments: &Channels) -> Result<(), Failure> {
    let body = get(&arguments.reading, "/v1/channels", [("channel", arguments.channel.clone())])?;
    answer(&body, arguments.reading.asking.output, "channels", |page| {
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

fn get<const N: usize>(reading: &Reading, path: &str, query: [(&str, Option<String>); N]) -> Result<Vec<u8>, Failure> {
    let rests_on = [
        ("at_least", reading.asking.at_least.map(|position| position.to_string())),
        ("as_known_at", reading.as_known_at.clone()),
        ("announced_until", reading.announced_until.clone()),
    ];
    fetch(&reading.asking.server, path, query.into_iter().chain(rests_on))
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

/// How the next page is asked for, where there is one.
fn more(page: &Value, option: &str) -> String {
    if page["next"].is_null() { String::new() } else { format!("; more with {option} {}", text(&page["next"])) }
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

/// Who says it; `null` is an outlet's own voice or an unnamed source.
fn voice(party: &Value) -> String {
    if party.is_null() { "unnamed".to_owned() } else { text(party) }
}

/// From whom to whom; a number without a direction is of both.
fn way(item: &Value) -> [String; 2] {
    [&item["from"], &item["to"]].map(|party| if party.is_null() { "both ways".to_owned() } else { text(party) })
}

/// A statement: when it was said, and its place in the ledger.
fn said(statement: &Value) -> String {
    format!("{} ({})", text(&statement["announced"]), text(&statement["position"]))
}

fn listed(values: &Value, separator: &str) -> String {
    values.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(separator)
}

/// How many. No number at all isn't 0, and neither is a number that wasn't given; nor is it a lower bound.
fn count(figure: &Value) -> String {
    match (&figure["low"], &figure["high"]) {
        _ if figure.is_null() => "nothing announced".to_owned(),
        (Value::Null, _) => "no number".to_owned(),
        (low, high) if low == high => text(low),
        (low, high) => between(low.as_i64().filter(|low| *low > 0), high.as_i64()),
    }
}

/// One count less another, or days between two; nothing where one of the two isn't known.
fn difference(gap: &Value) -> String {
    if gap.is_null() { String::new() } else { between(gap["low"].as_i64(), gap["high"].as_i64()) }
}

fn between(low: Option<i64>, high: Option<i64>) -> String {
    match (low, high) {
        (None, None) => "unknown".to_owned(),
        (Some(low), None) => format!("{low} or more"),
        (None, Some(high)) => format!("up to {high}"),
        (Some(low), Some(high)) if low == high => low.to_string(),
        (Some(low), Some(high)) => format!("{low} to {high}"),
    }
}

/// A sum of exchanges; one without claims is of nothing.
fn sum(sum: &Value) -> String {
    if things(sum, "claims").is_empty() { count(&Value::Null) } else { count(sum) }
}

fn figure_cells(item: &Value) -> [String; 6] {
    let disputed = match (item["disputed"] == true, item["one_sided"] == true) {
        (true, _) => "disputed",
        (false, true) => "one side only",
        (false, false) => "",
    };
    let claims = listed(&item["claims"], " ");
    [text(&item["from"]), text(&item["to"]), text(&item["category"]), count(item), disputed.to_owned(), claims]
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
        let shown = |low: Value, high: Value| count(&json!({"low": low, "high": high}));
        assert_eq!(shown(json!(0), json!(null)), "unknown");
        assert_eq!(shown(json!(0), json!(0)), "0");
        assert_eq!(shown(json!(0), json!(50)), "up to 50");
        assert_eq!(shown(json!(200), json!(null)), "200 or more");
        assert_eq!(shown(json!(1245), json!(1248)), "1245 to 1248");
        assert_eq!(shown(json!(null), json!(null)), "no number");
        assert_eq!(count(&Value::Null), "nothing announced");
        assert_eq!(item_words(&json!({"category": "prisoners", "count": "unknown"})), "an unknown number of prisoners");
        let total = |low: Value, high: Value, exchanges: u64| ends(&json!({"low": low, "high": high, "exchanges": exchanges}));
        assert_eq!(total(json!(0), json!(null), 2), ["unknown", "unknown"]);
        assert_eq!(total(json!(7), json!(null), 2), ["7", "no bound"]);
        assert_eq!(total(json!(0), json!(0), 0), ["no number", "no number"]);
    }

    #[test]
    fn a_sum_without_claims_is_of_nothing_announced() {
        let shown = |low: Value, high: Value, claims: Value| sum(&json!({"low": low, "high": high, "claims": claims}));
        assert_eq!(shown(json!(null), json!(null), json!([])), "nothing announced");
        assert_eq!(shown(json!(null), json!(null), json!([7])), "no number");
        assert_eq!(shown(json!(0), json!(null), json!([7])), "unknown");
    }

    #[test]
    fn a_difference_keeps_its_sign_and_is_shown_only_of_two_numbers() {
        let shown = |low: Value, high: Value| difference(&json!({"low": low, "high": high}));
        assert_eq!(shown(json!(-543), json!(660)), "-543 to 660");
        assert_eq!(shown(json!(0), json!(0)), "0");
        assert_eq!(shown(json!(-100), json!(null)), "-100 or more");
        assert_eq!(shown(json!(null), json!(null)), "unknown");
        assert_eq!(difference(&Value::Null), "");
    }
}
