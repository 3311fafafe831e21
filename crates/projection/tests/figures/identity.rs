//! What became of the bodies: the real announcements, worked out by hand, and the rules.

use announcement::{Finding, Position};
use projection::{Bodies, IdentityQuery, Known, identity};
use serde_json::{Value, json};

use crate::{
    log::{KEY, Log, exact, headquarters, ministry, to_ukraine},
    totals::real,
};

fn of(book: Known<'_>, key: &str) -> Bodies {
    let found = identity(book, &IdentityQuery { exchange: Some(key.parse().unwrap()), ..IdentityQuery::default() });
    found.bodies.into_iter().find(|bodies| bodies.from.as_str() == "RU").unwrap()
}

/// Who says what of how many.
type Shown = (Option<String>, Finding, u64, Option<u64>, Vec<u64>);

fn shown(bodies: &Bodies) -> Vec<Shown> {
    let found = bodies.findings.iter();
    let claims = |claims: &[Position]| claims.iter().map(|claim| claim.get()).collect();
    found.map(|found| (found.by.map(|by| by.to_string()), found.finding, found.count.bounds.low, found.count.bounds.high, claims(&found.claims))).collect()
}

#[test]
fn of_the_real_bodies_of_june_2025_at_least_20_were_found_to_be_the_senders_own() {
    let bodies = of(real().now(), "ru-ua/bodies/2025-06-11_2025-06-16");
    // 6,057 to 6,060 were handed over, whatever was found later. Ukraine's interior minister: an unknown number may belong to Ukraine (105); its president: 20 (110), at least 20 (111): 20.
    let handed_over = bodies.handed_over.clone().unwrap();
    assert_eq!((handed_over.low, handed_over.high), (Some(6057), Some(6060)));
    let ukraine = Some("UA".to_owned());
    assert_eq!(shown(&bodies), [(ukraine.clone(), Finding::MayBelong, 0, None, vec![105]), (ukraine, Finding::FoundOtherSide, 20, Some(20), vec![110, 111])]);
    // Three given back, of no exchange that is known (114).
    let found = identity(real().now(), &IdentityQuery::default()).unassigned;
    assert_eq!(found.iter().map(|found| (found.position.get(), found.finding, found.count.low)).collect::<Vec<_>>(), [(114, Finding::Returned, 3)]);
}

fn finding(log: &mut Log, who: Value, finding: &str, count: u64, key: Option<&str>) -> Value {
    let items = json!([{"category": "bodies", "count": {"exact": count}, "identity": finding}]);
    let mut said = json!({"announced": "2026-02-01", "announcer": who, "transfers": to_ukraine(items), "period": "2026-01"});
    if key.is_some() {
        said["exchange"] = json!({"date": "2026-01-10"});
        said.as_object_mut().unwrap().remove("period");
    }
    log.add("identity", key, said)
}

#[test]
fn each_voice_has_its_own_findings_and_they_move_no_figure() {
    let mut log = Log::default();
    log.claim(headquarters(), to_ukraine(exact("bodies", 9)));
    finding(&mut log, headquarters(), "confirmed", 5, Some(KEY));
    finding(&mut log, ministry(), "confirmed", 6, Some(KEY));
    let wrong = finding(&mut log, headquarters(), "confirmed", 7, Some(KEY));
    let of_each = |log: &Log| shown(&of(log.book().now(), KEY)).into_iter().map(|(by, _, low, high, _)| (by.unwrap(), low, high)).collect::<Vec<_>>();
    assert_eq!(of_each(&log), [("RU".to_owned(), 6, Some(6)), ("UA".to_owned(), 5, Some(7))]);
    assert!(of(log.book().now(), KEY).findings[1].count.disputed);
    log.add("retracted", None, json!({"announced": "2026-02-02", "announcer": null, "target": wrong, "reason": "r"}));
    assert_eq!(of_each(&log), [("RU".to_owned(), 6, Some(6)), ("UA".to_owned(), 5, Some(5))]);
    assert_eq!(of(log.book().now(), KEY).handed_over.map(|figure| (figure.low, figure.high)), Some((Some(9), Some(9))));
}

#[test]
fn a_finding_of_no_known_exchange_is_listed_until_a_curator_links_it() {
    let mut log = Log::default();
    log.claim(headquarters(), to_ukraine(exact("bodies", 9)));
    let target = finding(&mut log, headquarters(), "returned", 2, None);
    let unassigned = |log: &Log| identity(log.book().now(), &IdentityQuery::default()).unassigned.len();
    assert_eq!((unassigned(&log), shown(&of(log.book().now(), KEY)).len()), (1, 0));
    log.add("linked", None, json!({"announced": "2026-02-02", "announcer": null, "target": target, "exchange_key": KEY}));
    assert_eq!((unassigned(&log), shown(&of(log.book().now(), KEY)).len()), (0, 1));
}

#[test]
fn what_is_said_of_bodies_when_they_are_handed_over_is_a_finding_too() {
    let bodies = of(real().now(), "ru-ua/bodies/2026-02-26");
    // Ukraine (170): 1,000 that may belong to it. Its repeats (178 to 180) add nothing.
    assert_eq!(shown(&bodies), [(Some("UA".to_owned()), Finding::MayBelong, 1000, Some(1000), vec![170])]);
}
