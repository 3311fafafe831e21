use serde_json::Value;

use crate::{Announcer, Data, Exchange, Fault, Item, Origin, Place, Problem, Report, ThirdParty, personal, problem::escape};

/// The most characters of `note`, `reason` and `claim`.
const LONG: usize = 500;
/// The most characters of every other text.
const SHORT: usize = 200;
/// The longest address, in bytes.
const MAX_ADDRESS: usize = 2_048;

/// Every free text of an event: its length, and that it names no protected person.
pub(super) fn check(data: &Data, base: &str) -> Result<(), Problem> {
    let at = |field: &str| format!("{base}/{field}");
    data.announcer().map_or(Ok(()), |announcer| check_announcer(announcer, || at("announcer")))?;
    data.report().map_or(Ok(()), |report| check_report(report, || at("report")))?;
    optional(data.note(), || at("note"), LONG)?;
    data.ext().map_or(Ok(()), |ext| check_ext(ext, &at("ext")))?;
    data.exchange().map_or(Ok(()), |exchange| check_exchange(exchange, || at("exchange")))?;
    for (number, helper) in data.third_parties().iter().enumerate() {
        check_third_party(helper, || at(&format!("third_parties/{number}")))?;
    }
    for (number, transfer) in data.transfers().iter().enumerate() {
        for (item_number, item) in transfer.counts.iter().enumerate() {
            check_item(item, || at(&format!("transfers/{number}/counts/{item_number}")))?;
        }
    }
    check_of_kind(data, base)
}

fn check_of_kind(data: &Data, base: &str) -> Result<(), Problem> {
    let at = |field: &str| format!("{base}/{field}");
    let reason = |reason: &str| text(reason, || at("reason"), LONG);
    match data {
        Data::Planned(data) => {
            let exchange = &data.exchange;
            check_place(exchange.place.as_ref(), || at("exchange/place"))?;
            optional(exchange.framework.as_deref(), || at("exchange/framework"), SHORT)?;
            exchange.by.as_ref().map_or(Ok(()), |by| check_announcer(by, || at("exchange/by")))
        }
        Data::Postponed(data) => reason(&data.reason),
        Data::Cancelled(data) => reason(&data.reason),
        Data::Aggregate(data) => optional(data.scope.as_deref(), || at("scope"), SHORT),
        Data::Contact(data) => {
            data.with.iter().enumerate().try_for_each(|(number, with)| check_announcer(with, || at(&format!("with/{number}"))))?;
            check_place(data.place.as_ref(), || at("place"))?;
            optional(data.topic.as_deref(), || at("topic"), SHORT)
        }
        Data::Agreement(data) => text(&data.framework, || at("framework"), SHORT),
        Data::Disputed(data) => {
            optional(data.claim.as_deref(), || at("claim"), LONG)?;
            reason(&data.reason)
        }
        Data::Corrected(data) => reason(&data.reason),
        Data::Retracted(data) => reason(&data.reason),
        Data::Quarantined(data) => reason(&data.reason),
        Data::Released(data) => reason(&data.reason),
        Data::Redacted(data) => reason(&data.reason),
        _ => Ok(()),
    }
}

fn check_announcer(announcer: &Announcer, base: impl Fn() -> String) -> Result<(), Problem> {
    optional(announcer.office.as_deref(), || base() + "/office", SHORT)?;
    let Some(name) = &announcer.name else { return Ok(()) };
    let pointer = || base() + "/name";
    if announcer.office.is_none() {
        return Err(Problem::at(Fault::PersonalData, pointer(), "a name stands only beside the public office that its holder speaks in"));
    }
    plain(name, pointer, SHORT)?;
    personal::check_holder(name, pointer)
}

fn check_report(report: &Report, base: impl Fn() -> String) -> Result<(), Problem> {
    let base = &base;
    optional(report.outlet.as_deref(), || base() + "/outlet", SHORT)?;
    for (field, address) in [("url", &report.url), ("archived", &report.archived)] {
        address.as_deref().map_or(Ok(()), |address| check_address(address, || format!("{}/{field}", base())))?;
    }
    if let Some(language) = &report.language {
        let tag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if language.len() > 35 || !language.split('-').all(tag) {
            return Err(Problem::at(Fault::Malformed, base() + "/language", "expected a language tag such as en, uk or ru"));
        }
    }
    let relays = report.relays.as_deref();
    if relays.is_some_and(<[Origin]>::is_empty) {
        return Err(Problem::at(Fault::MissingField, base() + "/relays", "the list is empty"));
    }
    for (number, origin) in relays.unwrap_or_default().iter().enumerate() {
        if let Origin::Address(address) = origin {
            check_address(address, || format!("{}/relays/{number}", base()))?;
        }
    }
    Ok(())
}

fn check_exchange(exchange: &Exchange, base: impl Fn() -> String) -> Result<(), Problem> {
    check_place(exchange.place.as_ref(), || base() + "/place")?;
    optional(exchange.framework.as_deref(), || base() + "/framework", SHORT)?;
    exchange.by.as_ref().map_or(Ok(()), |by| check_announcer(by, || base() + "/by"))
}

fn check_place(place: Option<&Place>, base: impl Fn() -> String) -> Result<(), Problem> {
    let Some(place) = place else { return Ok(()) };
    optional(place.text.as_deref(), || base() + "/text", SHORT)?;
    let code = |code: &str| (2..=12).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if place.code.as_deref().is_some_and(|text| !code(text)) {
        return Err(Problem::at(Fault::Malformed, base() + "/code", "expected a code of ISO 3166-2 or UN/LOCODE, such as UA-18"));
    }
    Ok(())
}

fn check_third_party(helper: &ThirdParty, base: impl Fn() -> String) -> Result<(), Problem> {
    text(&helper.name, || base() + "/name", SHORT)
}

fn check_item(item: &Item, base: impl Fn() -> String) -> Result<(), Problem> {
    if item.of.is_some() {
        text(item.category.as_str(), || base() + "/category", SHORT)?;
    }
    optional(item.group.as_deref(), || base() + "/group", SHORT)?;
    optional(item.origin.as_deref(), || base() + "/origin", SHORT)?;
    optional(item.stated.as_deref(), || base() + "/stated", SHORT)
}

/// Reverse-DNS names at the top; every text below is looked at.
fn check_ext(ext: &serde_json::Map<String, Value>, base: &str) -> Result<(), Problem> {
    for (name, value) in ext {
        let pointer = format!("{base}/{}", escape(name));
        let label = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !name.contains('.') || !name.split('.').all(label) {
            return Err(Problem::at(Fault::UnknownField, pointer, "a name under ext is reverse-DNS, such as org.example.note"));
        }
        check_value(value, &pointer)?;
    }
    Ok(())
}

/// The JSON profile bounds the depth.
fn check_value(value: &Value, pointer: &str) -> Result<(), Problem> {
    match value {
        Value::String(text) => personal::check(text, || pointer.to_owned()),
        Value::Array(values) => values.iter().enumerate().try_for_each(|(number, value)| check_value(value, &format!("{pointer}/{number}"))),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            let pointer = format!("{pointer}/{}", escape(name));
            personal::check(name, || pointer.clone())?;
            check_value(value, &pointer)
        }),
        _ => Ok(()),
    }
}

fn check_address(address: &str, pointer: impl Fn() -> String) -> Result<(), Problem> {
    let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let printable = |character: char| !character.is_whitespace() && !character.is_control() && !"<>\"`\\".contains(character);
    let valid =
        address.len() <= MAX_ADDRESS && host.is_some_and(|host| host.chars().next().is_some_and(char::is_alphanumeric)) && address.chars().all(printable);
    if valid { Ok(()) } else { Err(Problem::at(Fault::Malformed, pointer(), "expected an http or https address of at most 2,048 bytes")) }
}

fn optional(found: Option<&str>, pointer: impl Fn() -> String, most: usize) -> Result<(), Problem> {
    found.map_or(Ok(()), |found| text(found, pointer, most))
}

fn text(found: &str, pointer: impl Fn() -> String, most: usize) -> Result<(), Problem> {
    plain(found, &pointer, most)?;
    personal::check(found, pointer)
}

fn plain(found: &str, pointer: impl Fn() -> String, most: usize) -> Result<(), Problem> {
    let count = found.chars().count();
    if found.trim().is_empty() || count > most {
        return Err(Problem::at(Fault::TextLength, pointer(), format_args!("{count} characters; expected 1 to {most}")));
    }
    if found.chars().any(char::is_control) {
        return Err(Problem::at(Fault::Malformed, pointer(), "a control character in a text"));
    }
    Ok(())
}
