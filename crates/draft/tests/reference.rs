//! The reference article gives the announcements that people made of it.
#![allow(clippy::unwrap_used, reason = "a test may")]

use serde_json::Value;

const ARTICLE: &str = include_str!("data/reference.txt");
const EVENTS: &str = include_str!("data/reference.jsonl");

#[test]
fn the_reference_article_gives_its_ten_announcements() {
    let options = draft::Options { published: Some("2026-02".parse().unwrap()), outlet: Some("reference article"), ..draft::Options::default() };
    let drafted = draft::draft(ARTICLE, &options).unwrap();
    let plain = |mut event: Value| {
        for own in ["id", "source", "subject"] {
            event.as_object_mut().unwrap().remove(own);
        }
        event
    };
    let proposed: Vec<Value> = drafted.proposals.iter().map(|proposal| plain(proposal.event.clone())).collect();
    let expected: Vec<Value> = EVENTS.lines().map(|line| plain(serde_json::from_str(line).unwrap())).collect();
    assert_eq!(expected.len(), 10);
    assert_eq!(proposed, expected);
}

#[test]
fn a_day_of_publication_gives_the_same_announcements() {
    let options = draft::Options { published: Some("2026-02-26".parse().unwrap()), ..draft::Options::default() };
    let drafted = draft::draft(ARTICLE, &options).unwrap();
    let date = |number: usize, pointer: &str| drafted.proposals[number].event.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
    assert_eq!(drafted.proposals.len(), 10);
    assert_eq!(date(0, "/data/exchange/date").as_deref(), Some("2026-02-26"));
    assert_eq!(date(2, "/data/exchange/date").as_deref(), Some("2026-01-29"));
    assert_eq!(date(8, "/subject").as_deref(), Some("ru-ua/prisoners/2026-02-05"));
}
