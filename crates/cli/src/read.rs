mod candidates;
mod changes;
mod channels;
mod discrepancies;
mod exchange;
mod exchanges;
mod frameworks;
mod identity;
mod integrity;
mod knowledge;
mod lineage;
mod offices;
mod plans;
mod reconciliation;
mod records;
mod third_parties;
mod totals;

use clap::Args;
use serde_json::Value;

pub(crate) use candidates::{Candidates, candidates};
pub(crate) use changes::{Changes, changes};
pub(crate) use channels::{Channels, channels};
pub(crate) use discrepancies::{Discrepancies, discrepancies};
pub(crate) use exchange::{Exchange, exchange};
pub(crate) use exchanges::{Exchanges, exchanges};
pub(crate) use frameworks::{Frameworks, frameworks};
pub(crate) use identity::{Identity, identity};
pub(crate) use integrity::{Integrity, integrity};
pub(crate) use knowledge::{Knowledge, knowledge};
pub(crate) use lineage::{Lineage, lineage};
pub(crate) use offices::{Offices, offices};
pub(crate) use plans::{Plans, plans};
pub(crate) use reconciliation::{Reconciliation, reconciliation};
pub(crate) use records::{Records, records};
pub(crate) use third_parties::{ThirdParties, third_parties};
pub(crate) use totals::{Totals, totals};

use crate::{
    arguments::{Reading, Server},
    exit::{Code, Failure},
};

/// On which days exchanges took place.
#[derive(Debug, Args)]
struct Valid {
    /// Only of exchanges that may have taken place on this day or later
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Only of exchanges that may have taken place on this day or earlier
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
}

impl Valid {
    fn query(&self) -> [(&'static str, Option<String>); 2] {
        [("from", self.from.clone()), ("to", self.to.clone())]
    }
}

fn get<'a>(reading: &Reading, path: &str, query: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Result<Vec<u8>, Failure> {
    let rests_on = [
        ("at_least", reading.asking.at_least.map(|position| position.to_string())),
        ("as_known_at", reading.as_known_at.clone()),
        ("announced_until", reading.announced_until.clone()),
    ];
    fetch(&reading.asking.server, path, query.into_iter().chain(rests_on))
}

/// A server's answer, or its problem as the failure.
pub(crate) fn fetch<'a>(server: &Server, path: &str, query: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Result<Vec<u8>, Failure> {
    let Server { server, access } = server;
    let unreachable = |error: ureq::Error| Failure::new(Code::Unreachable, format_args!("{server}: {error}"));
    let http = access.client()?;
    let mut request = http.authorized(http.agent.get(format!("{}{path}", server.trim_end_matches('/'))));
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
        401 | 403 => Code::Configuration,
        502..=504 => Code::Unreachable,
        _ => Code::Failed,
    };
    let parts = ["title", "detail", "remedy"].map(|part| text(&problem[part]));
    let reason = if parts[0].is_empty() { format!("the server answered {}", response.status()) } else { format!("{}: {}. {}", parts[0], parts[1], parts[2]) };
    Err(Failure::new(code, reason))
}

/// The largest answer that is read.
const MAX_ANSWER: u64 = 256 << 20;

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

/// How the next page is asked for, where there is one.
fn more(page: &Value, option: &str) -> String {
    if page["next"].is_null() { String::new() } else { format!("; more with {option} {}", text(&page["next"])) }
}

fn as_of(answer: &Value) -> String {
    moment(&answer["as_of"])
}

/// What something rests on.
fn moment(as_of: &Value) -> String {
    let known = if as_of["position"].is_null() { "an empty ledger".to_owned() } else { format!("position {}", text(&as_of["position"])) };
    if as_of["announced_until"].is_null() { known } else { format!("{known}, announced until {}", text(&as_of["announced_until"])) }
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

/// The same of a total, which names the two parties where it's of both directions.
fn parties(total: &Value) -> [String; 2] {
    let between = listed(&total["between"], " and ");
    if between.is_empty() { ["from", "to"].map(|party| text(&total[party])) } else { [between, "each other".to_owned()] }
}

/// A statement: when it was said, and its place in the ledger.
fn said(statement: &Value) -> String {
    format!("{} ({})", text(&statement["announced"]), text(&statement["position"]))
}

fn listed(values: &Value, separator: &str) -> String {
    values.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(separator)
}

/// A list, and how many more there are than it has.
fn listed_of(of: &Value, list: &str) -> String {
    match more_of(of, list) {
        0 => listed(&of[list], " "),
        more => format!("{} and {more} more", listed(&of[list], " ")),
    }
}

/// How many there are in all.
fn length(of: &Value, list: &str) -> String {
    (things(of, list).len() as u64 + more_of(of, list)).to_string()
}

fn more_of(of: &Value, list: &str) -> u64 {
    of[format!("more_{list}")].as_u64().unwrap_or_default()
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

/// How many, and whether the claims behind it agree.
fn figure(figure: &Value) -> String {
    let words = agreement(figure);
    if words.is_empty() { count(figure) } else { format!("{} ({words})", count(figure)) }
}

/// Whether the claims behind a figure agree; nothing where they do.
fn agreement(figure: &Value) -> &'static str {
    match (figure["disputed"] == true, figure["one_sided"] == true) {
        (true, _) => "disputed",
        (false, true) => "one side only",
        (false, false) => "",
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
    let claims = listed_of(item, "claims");
    [text(&item["from"]), text(&item["to"]), text(&item["category"]), count(item), agreement(item).to_owned(), claims]
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
