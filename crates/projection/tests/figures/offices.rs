//! What an office has said, and which statements are copies: the real announcements, worked out by hand, and the rules.

use announcement::Position;
use projection::{Field, Known, Office, OfficesQuery, Told, Why, lineage, offices};
use serde_json::json;

use crate::{
    log::{KEY, Log, exact, headquarters, mediator, ministry, president, to_ukraine},
    totals::real,
};

fn office(book: Known<'_>, party: &str, name: &str) -> Office {
    let found = offices(book, &OfficesQuery { party: Some(party.parse().unwrap()) }).offices;
    found.into_iter().find(|office| office.office.as_deref() == Some(name)).unwrap()
}

fn at(positions: &[u64]) -> Vec<Position> {
    positions.iter().copied().map(Position::new).collect()
}

#[test]
fn the_real_commissioner_said_that_prisoners_were_blocked_and_an_exchange_followed() {
    let office = office(real().now(), "RU", "human rights commissioner");
    // Statements on the channel of prisoners: 6 (January, "blocked"), 149 and 150 (17 and 19 January, "blocked"), 151 (21 January, "resuming").
    assert_eq!(office.statements["channel"], at(&[6, 149, 150, 151]));
    // The first exchange since the three: 5 February, as positions 8, 9, 161 and 163 say. "Resuming" isn't contradicted by it.
    let contradicted: Vec<_> = office.contradicted.iter().map(|found| (found.position.get(), found.exchange.as_str(), found.by.clone(), found.field)).collect();
    let followed = |position| (position, "ru-ua/prisoners/2026-02-05", at(&[8, 9, 161, 163]), None);
    assert_eq!(contradicted, [followed(6), followed(149), followed(150)]);
    assert_eq!(office.names.into_iter().collect::<Vec<_>>(), ["Tatyana Moskalkova"]);
}

#[test]
fn what_others_say_later_contradicts_an_office_and_what_they_said_before_does_not() {
    let mut log = Log::default();
    log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    log.claim(ministry(), to_ukraine(exact("bodies", 7)));
    let of = |log: &Log, party: &str, name: &str| {
        office(log.book().now(), party, name).contradicted.iter().map(|found| (found.position.get(), found.by.clone(), found.field)).collect::<Vec<_>>()
    };
    assert_eq!(of(&log, "UA", "Coordination Headquarters"), [(0, at(&[1]), Some(Field::Count))]);
    assert_eq!(of(&log, "RU", "Ministry of Defence"), []);
}

#[test]
fn an_offices_replaced_and_contested_statements_are_listed_with_what_did_it() {
    let mut log = Log::default();
    let withdrawn = log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    let contested = log.claim_about("ru-ua/bodies/2026-01-11", headquarters(), "2026-01-11", to_ukraine(exact("bodies", 5)));
    log.add("retracted", None, json!({"announced": "2026-01-12", "announcer": null, "target": withdrawn, "reason": "r"}));
    log.add("disputed", None, json!({"announced": "2026-01-12", "announcer": president(), "target": contested, "reason": "r"}));
    let office = office(log.book().now(), "UA", "Coordination Headquarters");
    assert_eq!(office.statements["completed"], at(&[1]));
    assert_eq!(
        office.replaced.iter().map(|found| (found.position, found.why, found.by)).collect::<Vec<_>>(),
        [(Position::new(0), Why::Retracted, Position::new(2))]
    );
    assert_eq!(office.contested.iter().map(|found| (found.position, found.by.clone())).collect::<Vec<_>>(), [(Position::new(1), at(&[3]))]);
}

fn reports(told: &Told) -> Vec<u64> {
    told.reports.iter().map(|report| report.said.position.get()).collect()
}

fn of(book: Known<'_>, key: &str) -> Vec<Told> {
    lineage(book, &key.parse().unwrap()).unwrap().statements
}

#[test]
fn fourteen_real_records_of_26_february_2026_are_five_statements() {
    let told = of(real().now(), "ru-ua/bodies/2026-02-26");
    // The aide's statement (169) is repeated by 171 and 173 to 177; the headquarters' (170) by 178 to 180, 171 naming both. By themselves: the article's (0) and the two plans (1, 168).
    let shown: Vec<_> = told.iter().map(|told| (told.origin.map(Position::get), reports(told))).collect();
    let expected = [
        (Some(0), vec![0]),
        (Some(1), vec![1]),
        (Some(168), vec![168]),
        (Some(169), vec![169, 171, 173, 174, 175, 176, 177]),
        (Some(170), vec![170, 178, 179, 180]),
    ];
    assert_eq!(shown, expected);
    assert!(told.iter().all(|told| told.variants.is_empty()));
}

#[test]
fn reports_of_an_unrecorded_statement_are_one_and_show_their_variants() {
    let mut log = Log::default();
    let report = |log: &mut Log, relays: serde_json::Value, count: u64| {
        let said = json!({"announced": "2026-01-10", "announcer": headquarters(), "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("bodies", count)), "report": {"relays": relays}});
        log.add("completed", Some(KEY), said)
    };
    report(&mut log, json!(["https://example.org/a"]), 5);
    report(&mut log, json!(["https://example.org/b"]), 6);
    assert_eq!(of(log.book().now(), KEY).len(), 2);
    // It names both: the three are one.
    report(&mut log, json!(["https://example.org/a", "https://example.org/b"]), 5);
    let told = of(log.book().now(), KEY);
    assert_eq!((told.len(), told[0].origin, reports(&told[0])), (1, None, vec![0, 1, 2]));
    assert_eq!(
        told[0].variants.iter().map(|variant| (variant.count.unwrap().low, variant.claims.clone())).collect::<Vec<_>>(),
        [(5, at(&[0, 2])), (6, at(&[1]))]
    );
}

#[test]
fn reports_of_a_withdrawn_statement_say_so() {
    let mut log = Log::default();
    let origin = log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    let said = json!({"announced": "2026-01-10", "announcer": null, "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("bodies", 5)), "report": {"relays": [origin]}});
    log.add("completed", Some(KEY), said);
    log.add("retracted", None, json!({"announced": "2026-01-12", "announcer": null, "target": origin, "reason": "r"}));
    let told = of(log.book().now(), KEY);
    assert_eq!((told.len(), told[0].origin, told[0].origin_out, reports(&told[0])), (1, Some(Position::new(0)), Some(Why::Retracted), vec![1]));
}

#[test]
fn an_office_is_not_contradicted_by_what_it_says_again_nor_by_what_its_word_allows() {
    let mut log = Log::default();
    log.claim(mediator(), to_ukraine(json!([{"category": "bodies", "count": {"between": [5, 7]}}])));
    log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    log.claim(ministry(), to_ukraine(exact("bodies", 7)));
    let again = log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    let said = json!({"announced": "2026-01-10", "announcer": headquarters(), "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("bodies", 5)), "report": {"relays": [again]}});
    log.add("completed", Some(KEY), said);
    let of = |party: &str, name: &str| office(log.book().now(), party, name);
    let headquarters = of("UA", "Coordination Headquarters");
    assert_eq!(headquarters.statements["completed"], at(&[1, 3]), "a repeat is no statement of its own");
    assert_eq!(headquarters.contradicted.iter().map(|found| found.position.get()).collect::<Vec<_>>(), [1]);
    assert_eq!(of("AE", "Ministry of Foreign Affairs").contradicted, []);
}
