//! One announcement of every kind ever released is still read, and what is written again is the same value.
#![allow(clippy::unwrap_used, reason = "a test may")]

use announcement::{Kind, parse};
use serde_json::{Value, json};

fn golden(kind: Kind) -> String {
    std::fs::read_to_string(format!("{}/golden/{}.json", env!("CARGO_MANIFEST_DIR"), kind.as_str())).unwrap()
}

fn validator(kind: Kind) -> jsonschema::Validator {
    jsonschema::draft202012::new(&serde_json::to_value(kind.event_schema()).unwrap()).unwrap()
}

#[test]
fn every_kind_is_read_written_again_as_the_same_value_and_valid_by_its_schema() {
    for &kind in Kind::ALL {
        let text = golden(kind);
        let announcement = parse(text.as_bytes()).unwrap_or_else(|problem| panic!("{}: {problem:?}", kind.as_str()));
        let event: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(announcement.kind(), kind);
        assert_eq!(serde_json::to_value(&announcement.data).unwrap(), event["data"], "{}", kind.as_str());
        let errors: Vec<String> = validator(kind).iter_errors(&event).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", kind.as_str());
    }
}

#[test]
fn every_real_announcement_is_valid_by_its_schema() {
    for name in ["reference-article", "public-record"] {
        let path = format!("{}/../../deploy/samples/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            let kind = Kind::from_event_type(event["type"].as_str().unwrap()).unwrap();
            assert!(validator(kind).is_valid(&event), "{line}");
        }
    }
}

#[test]
fn a_schema_refuses_what_the_parser_refuses_by_form() {
    let completed = validator(Kind::Completed);
    let event: Value = serde_json::from_str(&golden(Kind::Completed)).unwrap();
    let changes: [(&str, Value); 8] = [
        ("/data/announcer", json!(7)),
        ("/data/exchange/date", json!("2026-1-29")),
        ("/data/transfers/0/from", json!("Russia")),
        ("/data/transfers/0/counts/0/count", json!({"exact": 1, "about": 1})),
        ("/data/transfers/0/counts/0/count", json!({"exact": -1})),
        ("/data/transfers/0/counts/0/count", json!("none")),
        ("/data/third_parties/0/role", json!("helper")),
        ("/type", json!("org.handover.confirmed.v1")),
    ];
    for (pointer, value) in changes {
        let mut changed = event.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert!(!completed.is_valid(&changed), "{pointer}");
        assert!(pointer == "/type" || parse(changed.to_string().as_bytes()).is_err(), "{pointer}");
    }
    for required in ["announced", "announcer", "exchange", "transfers"] {
        let mut changed = event.clone();
        changed["data"].as_object_mut().unwrap().remove(required);
        assert!(!completed.is_valid(&changed), "{required}");
        let problem = parse(changed.to_string().as_bytes()).unwrap_err();
        assert_eq!(problem.pointer, Some(format!("/data/{required}")));
    }
    for at in ["/data/note", "/data/report", "/data/exchange/place", "/data/transfers/0/relation", "/data/third_parties", "/data/transfers/0/counts/0/of"] {
        let mut changed = event.clone();
        let (parent, name) = at.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[name] = Value::Null;
        assert!(!completed.is_valid(&changed), "{at}");
        let problem = parse(changed.to_string().as_bytes()).unwrap_err();
        assert_eq!(problem.pointer.as_deref(), Some(at), "what may be left out is never null");
    }
    let mut unnamed = event;
    unnamed["data"]["announcer"] = Value::Null;
    assert!(completed.is_valid(&unnamed));
}

#[test]
fn the_schema_of_a_correction_knows_what_a_replacement_is() {
    let corrected = validator(Kind::Corrected);
    let event: Value = serde_json::from_str(&golden(Kind::Corrected)).unwrap();
    for (at, value) in [
        ("/data/replacement/kind", json!("retracted")),
        ("/data/replacement/kind", json!("stock")),
        ("/data/replacement/colour", json!("red")),
        ("/data/replacement/subject", Value::Null),
        ("/data/replacement/data/announced", json!("soon")),
        ("/data/replacement/data/transfers/0/colour", json!("red")),
    ] {
        let mut changed = event.clone();
        let (parent, name) = at.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[name] = value;
        assert!(!corrected.is_valid(&changed), "{at}");
        assert!(parse(changed.to_string().as_bytes()).is_err(), "{at}");
    }
}
