//! What is refused without a look at a ledger: each with its fault and its place.
#![allow(clippy::unwrap_used, reason = "a test may")]

use announcement::{Fault, Kind, check_announced, parse};
use serde_json::{Value, json};

fn golden(kind: Kind) -> Value {
    let text = std::fs::read_to_string(format!("{}/golden/{}.json", env!("CARGO_MANIFEST_DIR"), kind.as_str())).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Puts a value at a pointer of a kind's golden event, or takes what is there away, and says what is to be refused where.
fn check(kind: Kind, at: &str, value: impl Into<Option<Value>>, fault: Fault, pointer: &str) {
    let mut event = golden(kind);
    let (parent, name) = at.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap();
    match (parent, value.into()) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
        (Value::Object(members), None) => drop(members.remove(name).unwrap()),
        (Value::Array(elements), Some(value)) if name == "-" => elements.push(value),
        (Value::Array(elements), Some(value)) => elements[name.parse::<usize>().unwrap()] = value,
        other => panic!("{at}: {other:?}"),
    }
    let problem = parse(event.to_string().as_bytes()).expect_err(at);
    assert!(problem.is(fault) && problem.pointer.as_deref() == Some(pointer), "{at}: expected {fault:?} at {pointer}, found {problem:?}");
    assert!(!problem.remedy.is_empty() && !problem.title.is_empty() && !problem.detail.is_empty());
}

#[test]
fn an_envelope_of_another_form_is_refused() {
    let kind = Kind::Completed;
    for (at, value, fault) in [
        ("/specversion", json!("0.3"), Fault::Envelope),
        ("/id", json!("F1733529-17E2-5B67-83D4-601658BC91A4"), Fault::Envelope),
        ("/id", json!("7"), Fault::Envelope),
        ("/source", json!(""), Fault::Envelope),
        ("/source", json!("two words"), Fault::Envelope),
        ("/source", json!("x".repeat(257)), Fault::Envelope),
        ("/type", json!("org.handover.moved.v1"), Fault::UnknownKind),
        ("/type", json!("org.handover.completed.v2"), Fault::UnknownKind),
        ("/subject", json!("ua-ru/bodies/2026-01-29"), Fault::Malformed),
        ("/subject", json!("ru-ua/bodies/2026-01-29.x"), Fault::Malformed),
        ("/subject", json!("ae-us/bodies/2026-01-29"), Fault::SubjectParties),
        ("/time", json!("yesterday"), Fault::Envelope),
        ("/datacontenttype", json!("text/plain"), Fault::Envelope),
        ("/dataschema", json!("no uri"), Fault::Envelope),
        ("/sequence", json!("1"), Fault::Envelope),
        ("/publisher", json!("me"), Fault::Envelope),
        ("/traceparent", json!("00-1-2-3"), Fault::Envelope),
        ("/extra", json!({"a": 1}), Fault::Envelope),
        ("/extra", json!(1.5), Fault::Envelope),
        ("/extra", json!(null), Fault::Envelope),
        ("/recordedtime", json!("2026-01-29T10:00:00Z"), Fault::Envelope),
        ("/abcdefghijklmnopqrstu", json!(1), Fault::UnknownField),
        ("/extra", json!("x".repeat(257)), Fault::Envelope),
        ("/Not_a_name", json!("x"), Fault::UnknownField),
        ("/extra", json!("one@example.org"), Fault::PersonalData),
    ] {
        check(kind, at, value, fault, at);
    }
    for at in ["/specversion", "/id", "/source", "/type", "/data"] {
        check(kind, at, None, Fault::MissingField, at);
    }
    let mut event = golden(kind);
    for number in 0..9 {
        event[format!("ext{number}")] = json!(number);
    }
    assert_eq!(parse(event.to_string().as_bytes()).unwrap_err().pointer.as_deref(), Some("/ext8"));
}

#[test]
fn a_field_that_is_missing_unknown_or_malformed_is_refused() {
    let kind = Kind::Completed;
    check(kind, "/data/colour", json!("red"), Fault::UnknownField, "/data/colour");
    check(kind, "/data/exchange/colour", json!("red"), Fault::UnknownField, "/data/exchange/colour");
    check(kind, "/data/transfers/0/counts/0/colour", json!("red"), Fault::UnknownField, "/data/transfers/0/counts/0/colour");
    check(kind, "/data/transfers/1/to", None, Fault::MissingField, "/data/transfers/1/to");
    check(kind, "/data/announced", json!("2026-13"), Fault::Malformed, "/data/announced");
    check(kind, "/data/announced", json!("2026-02-30"), Fault::Malformed, "/data/announced");
    check(kind, "/data/exchange/date", json!("2026-02/2026-01"), Fault::Malformed, "/data/exchange/date");
    check(kind, "/data/exchange/date", json!("../.."), Fault::Malformed, "/data/exchange/date");
    check(kind, "/data/transfers/0/from", json!("ZZ"), Fault::Malformed, "/data/transfers/0/from");
    check(kind, "/data/transfers/0/counts/0/category", json!("Bodies"), Fault::Malformed, "/data/transfers/0/counts/0/category");
    check(kind, "/data/transfers/0/counts/0/category", json!("wounded"), Fault::Malformed, "/data/transfers/0/counts/0/category");
    for count in [
        json!({"exact": -1}),
        json!({"exact": 1.0}),
        json!({"exact": 10_000_001}),
        json!({"exact": 1, "about": 2}),
        json!({}),
        json!("none"),
        json!({"unknown": null}),
    ] {
        let mut event = golden(kind);
        event["data"]["transfers"][0]["counts"][0]["count"] = count;
        let problem = parse(event.to_string().as_bytes()).unwrap_err();
        assert!(problem.pointer.as_deref().unwrap().starts_with("/data/transfers/0/counts/0/count"), "{problem:?}");
    }
    check(kind, "/data/report/url", json!("ftp://example.org"), Fault::Malformed, "/data/report/url");
    check(kind, "/data/report/url", json!("https://example.org/\"x"), Fault::Malformed, "/data/report/url");
    for address in [format!("https://example.org/{}", "x".repeat(2_029)), "https://".into(), "https://example.org/a b".into(), "javascript:alert(1)".into()] {
        check(kind, "/data/report/archived", json!(address), Fault::Malformed, "/data/report/archived");
        check(kind, "/data/report/relays/0", json!(address), Fault::Malformed, "/data/report/relays/0");
    }
    check(kind, "/data/report/relays", json!([]), Fault::MissingField, "/data/report/relays");
    check(kind, "/data/report/language", json!("a language"), Fault::Malformed, "/data/report/language");
    check(kind, "/data/report/relays/0", json!(7), Fault::Malformed, "/data/report/relays/0");
    check(kind, "/data/ext/plain", json!(1), Fault::UnknownField, "/data/ext/plain");
    check(kind, "/data/exchange/place/code", json!("no code"), Fault::Malformed, "/data/exchange/place/code");
    check(Kind::Planned, "/data/exchange/date", None, Fault::MissingField, "/data/exchange/date");
    check(Kind::Aggregate, "/data/scope", None, Fault::MissingField, "/data/scope");
}

#[test]
fn an_array_in_an_objects_place_or_an_object_in_a_names_place_is_refused() {
    let kind = Kind::Completed;
    for (kind, at, value) in [
        (kind, "/data", json!(["2026-01-29", null, {"date": "2026-01-29"}, []])),
        (kind, "/data/exchange", json!(["2026-01-29"])),
        (kind, "/data/announcer", json!(["RU"])),
        (kind, "/data/transfers/0", json!(["RU", "UA", []])),
        (kind, "/data/transfers/0/counts/0", json!(["bodies", "unknown"])),
        (kind, "/data/third_parties/0", json!(["Example", null, "host"])),
        (kind, "/data/third_parties/0/role", json!({"host": null})),
        (kind, "/data/exchange/place/precision", json!({"stated": null})),
        (Kind::Stock, "/data/held/0", json!(["UA", "RU", "civilians", "unknown"])),
        (Kind::Channel, "/data/status", json!({"open": null})),
        (Kind::Retracted, "/data/target", json!(["local", "urn:example:golden", "f60c244a-53b8-5ae5-8aaf-d4f60133fdbb"])),
        (Kind::Corrected, "/data/replacement", json!(["completed", "ru-ua/bodies/2026-01-29", {}])),
        (Kind::Corrected, "/data/replacement/kind", json!({"completed": null})),
        (Kind::Corrected, "/data/replacement/data/exchange", json!(["2026-01-29"])),
    ] {
        check(kind, at, value, Fault::Malformed, at);
    }
}

#[test]
fn a_problem_names_the_field_and_never_repeats_what_it_holds() {
    let kind = Kind::Completed;
    check(kind, "/data/a`b, `c", json!(1), Fault::UnknownField, "/data/a`b, `c");
    check(kind, "/data/exchange/a`, expected d", json!(1), Fault::UnknownField, "/data/exchange/a`, expected d");
    check(Kind::Corrected, "/data/replacement/a`b", json!(1), Fault::UnknownField, "/data/replacement/a`b");
    for at in [
        "/data/announced",
        "/data/announcer",
        "/data/exchange/stage",
        "/data/transfers",
        "/data/transfers/0/from",
        "/data/transfers/0/counts/0/count",
        "/data/third_parties/0/role",
    ] {
        let mut event = golden(kind);
        let (parent, name) = at.rsplit_once('/').unwrap();
        let text = json!("Person \", expected `Onesson`, expected ".repeat(100));
        match event.pointer_mut(parent).unwrap() {
            Value::Array(elements) => elements[name.parse::<usize>().unwrap()] = text,
            members => members[name] = text,
        }
        let problem = parse(event.to_string().as_bytes()).unwrap_err();
        assert!(!problem.detail.contains("Person") && problem.detail.len() < 300, "{at}: {problem:?}");
    }
}

#[test]
fn counts_and_transfers_that_contradict_themselves_are_refused() {
    let kind = Kind::Completed;
    let count = "/data/transfers/0/counts/0/count";
    check(kind, count, json!({"between": [2, 1]}), Fault::Range, count);
    check(kind, count, json!({"less_than": 0}), Fault::Range, count);
    let part = "/data/transfers/0/counts/1";
    check(kind, &format!("{part}/count"), json!({"exact": 1001}), Fault::Range, &format!("{part}/count"));
    check(kind, &format!("{part}/of"), json!("prisoners"), Fault::Range, &format!("{part}/of"));
    check(kind, "/data/transfers/0/to", json!("RU"), Fault::Transfers, "/data/transfers/0/to");
    check(kind, "/data/transfers/1/from", json!("BY"), Fault::Transfers, "/data/transfers/1/from");
    let again = golden(kind)["data"]["transfers"][0].clone();
    check(kind, "/data/transfers/-", again, Fault::Transfers, "/data/transfers/2");
    let item = golden(kind)["data"]["transfers"][0]["counts"][0].clone();
    check(kind, "/data/transfers/0/counts/-", item, Fault::Transfers, "/data/transfers/0/counts/2");
    check(Kind::Confirmed, "/data/transfers/0/counts/0/identity", json!("confirmed"), Fault::Transfers, "/data/transfers/0/counts/0/identity");
    let alone = json!([{"from": "RU", "to": "UA", "counts": [], "relation": "equal"}]);
    check(kind, "/data/transfers", alone, Fault::Transfers, "/data/transfers/0/relation");
    check(kind, "/data/exchange/part_of", json!("ru-ua/bodies/2026-01-29"), Fault::Stage, "/data/exchange/part_of");
    check(kind, "/data/exchange/part_of", json!("ae-us/bodies/2026"), Fault::SubjectParties, "/data/exchange/part_of");
    check(Kind::Aggregate, "/data/scope_exchanges/0", json!("ae-us/bodies/2026"), Fault::SubjectParties, "/data/scope_exchanges/0");
}

#[test]
fn what_a_kind_asks_for_is_refused_without_it() {
    check(Kind::Channel, "/data/parties/1", json!("RU"), Fault::Transfers, "/data/parties/1");
    check(Kind::Contact, "/data/with", json!([]), Fault::MissingField, "/data/with");
    check(Kind::Mediation, "/data/third_parties", json!([]), Fault::MissingField, "/data/third_parties");
    check(Kind::Stock, "/data/held", json!([]), Fault::MissingField, "/data/held");
    check(Kind::Split, "/data/targets", json!([]), Fault::MissingField, "/data/targets");
    check(Kind::Merged, "/data/into", json!("ru-ua/bodies/2026-01-30"), Fault::Malformed, "/data/into");
    check(Kind::Identity, "/data/exchange", json!({"date": "2026"}), Fault::Malformed, "/data/exchange");
    check(Kind::Identity, "/data/period", None, Fault::MissingField, "/data/period");
    check(Kind::Identity, "/data/scope_exchanges", None, Fault::MissingField, "/data/scope_exchanges");
    check(Kind::Identity, "/data/scope_exchanges", json!([]), Fault::MissingField, "/data/scope_exchanges");
    check(Kind::Identity, "/data/scope_exchanges/0", json!("ae-us/bodies/2026"), Fault::SubjectParties, "/data/scope_exchanges/0");
    check(Kind::Aggregate, "/data/scope_exchanges", json!([]), Fault::MissingField, "/data/scope_exchanges");
    check(Kind::Offered, "/data/transfers", json!([]), Fault::MissingField, "/data/transfers");
    check(Kind::Stock, "/data/held/0/count", json!({"between": [2, 1]}), Fault::Range, "/data/held/0/count");
    check(Kind::Planned, "/data/both_ways/count", json!({"less_than": 0}), Fault::Range, "/data/both_ways/count");
    check(Kind::Aggregate, "/data/exchanges", json!({"between": [2, 1]}), Fault::Range, "/data/exchanges");
    check(Kind::Disputed, "/data/transfers/0/to", json!("RU"), Fault::Transfers, "/data/transfers/0/to");
    check(Kind::Identity, "/data/transfers/0/counts/0/identity", None, Fault::MissingField, "/data/transfers/0/counts/0/identity");
    check(Kind::Disputed, "/data/target", None, Fault::MissingField, "/data/target");
    check(Kind::Disputed, "/data/claim", json!("these words"), Fault::Malformed, "/data/claim");
    check(Kind::Retracted, "/data/target/id", json!("7"), Fault::Malformed, "/data/target/id");
    check(Kind::Corrected, "/data/replacement/kind", json!("linked"), Fault::Malformed, "/data/replacement");
    let deep = "/data/replacement/data/transfers/0/counts/0";
    check(Kind::Corrected, &format!("{deep}/colour"), json!(1), Fault::UnknownField, &format!("{deep}/colour"));
    check(Kind::Corrected, &format!("{deep}/count"), json!({"between": [2, 1]}), Fault::Range, &format!("{deep}/count"));
    check(Kind::Corrected, "/data/replacement/subject", json!("ae-us/bodies/2026"), Fault::SubjectParties, "/data/replacement/subject");
}

#[test]
fn texts_are_short_and_name_no_protected_person() {
    let kind = Kind::Completed;
    check(kind, "/data/note", json!(""), Fault::TextLength, "/data/note");
    check(kind, "/data/note", json!(" \u{2009}"), Fault::TextLength, "/data/note");
    check(kind, "/data/announcer/name", json!("Person Onesson, Person Twosson"), Fault::PersonalData, "/data/announcer/name");
    check(Kind::Contact, "/data/with/0/office", json!("born 12.03.1991"), Fault::PersonalData, "/data/with/0/office");
    check(kind, "/data/transfers/0/counts/1/category", json!("x".repeat(33)), Fault::Malformed, "/data/transfers/0/counts/1/category");
    check(kind, "/data/note", json!("x".repeat(501)), Fault::TextLength, "/data/note");
    check(kind, "/data/note", json!("two\u{7}"), Fault::Malformed, "/data/note");
    check(kind, "/data/exchange/framework", json!("x".repeat(201)), Fault::TextLength, "/data/exchange/framework");
    check(kind, "/data/announcer/office", None, Fault::PersonalData, "/data/announcer/name");
    for at in [
        "/data/note",
        "/data/exchange/framework",
        "/data/report/outlet",
        "/data/third_parties/0/name",
        "/data/transfers/0/counts/0/stated",
        "/data/transfers/1/counts/0/origin",
        "/data/ext/org.example.desk",
    ] {
        check(kind, at, json!("Person Onesson, Person Twosson"), Fault::PersonalData, at);
    }
    check(Kind::Retracted, "/data/reason", json!("born 12.03.1991"), Fault::PersonalData, "/data/reason");
    check(Kind::Aggregate, "/data/scope", json!("call +380 44 123 45 67"), Fault::PersonalData, "/data/scope");
    check(Kind::Contact, "/data/topic", json!("passport 123456"), Fault::PersonalData, "/data/topic");
    let refused = parse(
        {
            let mut event = golden(kind);
            event["data"]["note"] = json!("write to person.one@example.org");
            event
        }
        .to_string()
        .as_bytes(),
    );
    assert!(!format!("{:?}", refused.unwrap_err()).contains("person.one"));
}

#[test]
fn what_is_announced_more_than_a_day_after_it_is_recorded_is_refused() {
    let announced = |date: &str| {
        let mut event = golden(Kind::Completed);
        event["data"]["announced"] = json!(date);
        parse(event.to_string().as_bytes()).unwrap()
    };
    let recorded = "2026-01-29T23:59:59.999999Z".parse().unwrap();
    for date in ["2026-01-30", "2026-01", "2026", "2026-01-30/2026-02-20", "../2027"] {
        check_announced(&announced(date), recorded).unwrap();
    }
    for date in ["2026-01-31", "2026-02", "2027~"] {
        let problem = check_announced(&announced(date), recorded).unwrap_err();
        assert!(problem.is(Fault::Future) && problem.pointer.as_deref() == Some("/data/announced"));
    }
}

#[test]
fn an_event_larger_than_a_record_may_be_is_refused() {
    let mut event = golden(Kind::Completed);
    event["data"]["ext"] = json!({"org.example.padding": "x ".repeat(31_000)});
    assert!(parse(event.to_string().as_bytes()).unwrap_err().is(Fault::TooLarge));
}
