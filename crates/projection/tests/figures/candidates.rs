//! What may be one exchange and is kept as two: the real announcements, worked out by hand, and the rules.

use announcement::{Position, Publisher, Record};
use projection::{Against, Book, Candidate, Candidates, CandidatesQuery, For, Known, Pair, With, candidates};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    log::{KEY, Log, exact, headquarters, ministry, to_ukraine},
    properties::{log_of, steps},
    totals::real,
};

fn all(book: Known<'_>) -> Vec<Candidate> {
    candidates(book, &CandidatesQuery { limit: 1_000, ..CandidatesQuery::default() }).candidates
}

fn pairs(book: Known<'_>) -> Vec<String> {
    all(book).iter().map(|found| Pair { exchange: found.exchange.clone(), with: found.with.clone() }.to_string()).collect()
}

/// The real announcements and one more.
fn real_and(kind: &str, subject: Option<&str>, data: &Value) -> Book {
    let mut book = real();
    add(&mut book, kind, subject, data);
    book
}

fn add(book: &mut Book, kind: &str, subject: Option<&str>, data: &Value) {
    let id = format!("00000000-0000-8000-8000-{:012}", book.next().get());
    let mut event = json!({"specversion": "1.0", "id": id, "source": "urn:example:more", "type": format!("org.handover.{kind}.v1"), "data": data});
    if let Some(subject) = subject {
        event["subject"] = json!(subject);
    }
    let recorded = "2026-06-01T00:00:00Z".parse().unwrap();
    let event = event.to_string().into_bytes();
    book.apply(&Record { position: book.next(), recorded, publisher: Publisher::local(), event, removed: None }).unwrap();
}

fn both_ways(to_ukraine: u64, to_russia: u64) -> Value {
    json!([
        {"from": "RU", "to": "UA", "counts": exact("bodies", to_ukraine)},
        {"from": "UA", "to": "RU", "counts": exact("bodies", to_russia)},
    ])
}

#[test]
fn equal_counts_of_the_real_record_are_no_evidence() {
    // 909 bodies on 28 March, 18 April and 16 May 2025; 1,000 and 19 on 17 July and on 19 August 2025: three weeks and more lie between them.
    // Of the real exchanges of one kind none overlap or follow each other by a day, but the stages of one whole; June 2022 has two of other counts
    // (160 and 50), and one of 2023 has no first day. The 75 of June 2025 are taken out.
    assert_eq!(pairs(real().now()), [""; 0]);
}

#[test]
fn the_real_outlet_that_gives_another_day_without_a_key_makes_a_candidate() {
    // What an outlet says of 29 January 2026 (166), 1,000 and 38 on 30 January, as if it came without a key: its date and counts give 30 January.
    let said = json!({"announced": "2026-02-26", "announcer": null, "exchange": {"date": "2026-01-30"}, "transfers": both_ways(1000, 38)});
    let book = real_and("completed", None, &said);
    let found = all(book.now());
    assert_eq!(pairs(book.now()), ["ru-ua/bodies/2026-01-29~ru-ua/bodies/2026-01-30"]);
    let counts: Vec<_> = found[0].counts.iter().map(|count| (count.from.to_string(), count.exchange.low, count.with.low)).collect();
    assert_eq!(counts, [("RU".to_owned(), 1000, 1000), ("UA".to_owned(), 38, 38)]);
    assert_eq!(found[0].evidence_for, [For::SameCounts { directions: 2 }]);
    assert_eq!(found[0].against, [Against::DatesApart]);
    // A day later it's no candidate, whatever it counts.
    let said = json!({"announced": "2026-02-26", "announcer": null, "exchange": {"date": "2026-01-31"}, "transfers": both_ways(1000, 38)});
    assert_eq!(pairs(real_and("completed", None, &said).now()), [""; 0]);
}

#[test]
fn a_real_claim_of_a_month_without_a_key_is_offered_with_the_exchange_that_it_fits() {
    // Russia's 99 and 23 of April 2024 (29) as if it came without a key. In April 2024 lie the 12th, 99 and 23, and the 26th, 140 to Ukraine.
    let group = json!({"party": "RU", "office": "State Duma, coordination group"});
    let said = json!({"announced": "2024-04", "announcer": group, "exchange": {"date": "2024-04"}, "transfers": both_ways(99, 23)});
    let mut book = real_and("completed", None, &said);
    let found = all(book.now());
    assert_eq!(pairs(book.now()), ["ru-ua/bodies/2024-04-12~189"]);
    let day = found[0].date;
    assert_eq!(found[0].evidence_for, [For::DatesOverlap { days: day }, For::SameCounts { directions: 2 }]);
    // Russia's own claim about the 12th is there already (29).
    assert_eq!(found[0].against, [Against::OwnClaims { party: "RU".parse().unwrap() }]);
    let target = json!({"source": "urn:example:more", "id": "00000000-0000-8000-8000-000000000189"});
    add(&mut book, "linked", None, &json!({"announced": "2026-03-01", "announcer": null, "target": target, "exchange_key": "ru-ua/bodies/2024-04-12"}));
    assert_eq!(pairs(book.now()), [""; 0]);
}

#[test]
fn evidence_is_given_for_and_against() {
    let other = "ru-ua/prisoners/2026-01-10.2";
    let mut log = Log::default();
    let claim = |log: &mut Log, key: &str, who: Value, items: Value| {
        let said = json!({"announced": "2026-01-10", "announcer": who, "exchange": {"date": "2026-01-10", "framework": "A"}, "transfers": to_ukraine(items)});
        log.add("completed", Some(key), said)
    };
    let items = |civilians: u64| json!([{"category": "prisoners", "count": {"exact": 5}}, {"category": "civilians", "count": {"exact": civilians}}]);
    claim(&mut log, KEY, ministry(), items(2));
    claim(&mut log, KEY, headquarters(), items(2));
    claim(&mut log, other, ministry(), items(3));
    claim(&mut log, other, headquarters(), items(3));
    let report = json!({"announced": "2026-01-10", "announcer": null, "exchange": {"date": "2026-01-10"}, "transfers": [], "report": {"relays": [log.id(0)]}});
    log.add("completed", Some(other), report);
    let found = all(log.book().now());
    let days = found[0].date;
    let framework = For::SameFramework { frameworks: vec!["A".to_owned()] };
    assert_eq!(found[0].evidence_for, [For::DatesOverlap { days }, framework, For::Named { claims: vec![Position::new(4)] }]);
    let own = |party: &str| Against::OwnClaims { party: party.parse().unwrap() };
    assert_eq!(found[0].against, [Against::OtherCounts, own("RU"), own("UA")]);
}

/// Two exchanges, each of one direction and a count.
fn of_two(one: (&str, Value), other: (&str, Value)) -> Log {
    let mut log = Log::default();
    for (key, transfers) in [one, other] {
        log.claim_about(key, Value::Null, "2026-01-12", transfers);
    }
    log
}

#[test]
fn days_that_follow_each_other_need_a_number_that_both_may_mean() {
    let [day, next, after] = ["ru-ua/bodies/2026-01-10", "ru-ua/bodies/2026-01-11", "ru-ua/bodies/2026-01-12"];
    let to_russia = json!([{"from": "UA", "to": "RU", "counts": exact("bodies", 5)}]);
    let unknown = to_ukraine(json!([{"category": "bodies", "count": "unknown"}]));
    let about = to_ukraine(json!([{"category": "bodies", "count": {"about": 5}}]));
    let five = || to_ukraine(exact("bodies", 5));
    let offered = |one, other| !pairs(of_two(one, other).book().now()).is_empty();
    assert!(offered((day, five()), (next, five())));
    assert!(offered((day, five()), (next, about)));
    assert!(!offered((day, five()), (after, five())));
    assert!(!offered((day, five()), (next, unknown.clone())));
    assert!(!offered((day, five()), (next, to_russia.clone())));
    // Days that overlap: each side may have told of what it received.
    assert!(offered((day, five()), ("ru-ua/bodies/2026-01", to_russia)));
    assert!(offered((day, five()), ("ru-ua/bodies/2026-01", unknown)));
    assert!(!offered((day, five()), ("ru-ua/bodies/2026-01", to_ukraine(exact("bodies", 6)))));
    assert!(!offered((day, five()), ("ru-ua/prisoners/2026-01-10", to_ukraine(exact("prisoners", 5)))));
    assert!(!offered((day, five()), ("az-ru/bodies/2026-01-10", json!([{"from": "RU", "to": "AZ", "counts": exact("bodies", 5)}]))));
}

#[test]
fn what_a_curator_has_told_apart_or_made_one_and_the_stages_of_one_whole_are_not_offered() {
    let [one, other] = ["ru-ua/bodies/2026-01-10", "ru-ua/bodies/2026-01-10.2"];
    let two = || of_two((one, to_ukraine(exact("bodies", 5))), (other, to_ukraine(exact("bodies", 5))));
    assert_eq!(pairs(two().book().now()), [format!("{one}~{other}")]);
    let mut merged = two();
    merged.add("merged", None, json!({"announced": "2026-01-20", "announcer": null, "from": one, "into": other}));
    assert_eq!(pairs(merged.book().now()), [""; 0]);
    let mut split = two();
    let said = split.claim_about(one, Value::Null, "2026-01-12", to_ukraine(exact("bodies", 5)));
    split.add("split", None, json!({"announced": "2026-01-20", "announcer": null, "targets": [said], "into": other}));
    assert_eq!(pairs(split.book().now()), [""; 0]);
    let mut stages = Log::default();
    for day in ["2026-01-10", "2026-01-11"] {
        let exchange = json!({"date": day, "part_of": "ru-ua/bodies/2026-01-10_2026-01-11"});
        stages.add("completed", None, json!({"announced": day, "announcer": null, "exchange": exchange, "transfers": to_ukraine(exact("bodies", 5))}));
    }
    assert_eq!(pairs(stages.book().now()), [""; 0]);
}

#[test]
fn a_page_ends_with_a_pair_that_is_read_from_its_text() {
    let mut log = Log::default();
    for key in ["ru-ua/bodies/2026-01-10", "ru-ua/bodies/2026-01-10.2", "ru-ua/bodies/2026-01-10.3"] {
        log.claim_about(key, Value::Null, "2026-01-12", to_ukraine(exact("bodies", 5)));
    }
    let book = log.book();
    let page = |after: Option<&str>| {
        candidates(book.now(), &CandidatesQuery { after: after.map(|after| after.parse().unwrap()), limit: 2, ..CandidatesQuery::default() })
    };
    let first = page(None);
    let next = first.next.as_ref().map(Pair::to_string);
    assert_eq!((first.candidates.len(), next.as_deref()), (2, Some("ru-ua/bodies/2026-01-10~ru-ua/bodies/2026-01-10.3")));
    assert_eq!(json!(first)["next"], "ru-ua/bodies/2026-01-10~ru-ua/bodies/2026-01-10.3");
    let last = page(next.as_deref());
    assert_eq!((last.candidates.len(), last.next), (1, None));
    assert_eq!("ru-ua/bodies/2026-01-10~17".parse().map(|pair: Pair| pair.with), Ok(With::Claim(Position::new(17))));
    for text in ["", "ru-ua/bodies/2026-01-10", "ru-ua/bodies/2026-01-10~", "17~ru-ua/bodies/2026-01-10"] {
        assert!(text.parse::<Pair>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn pages_of_candidates_are_all_and_a_merge_takes_a_pair_off_the_list(steps in steps(), limit in 1_usize..4, which in any::<proptest::sample::Index>()) {
        let mut log = log_of(&steps);
        let book = log.book();
        let page = |after: Option<Pair>| -> Candidates { candidates(book.now(), &CandidatesQuery { after, limit, ..CandidatesQuery::default() }) };
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let page = page(after);
            found.extend(page.candidates);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        prop_assert_eq!(&found, &all(book.now()));
        let exchanges: Vec<_> = found.iter().filter_map(|found| match &found.with {
            With::Exchange(with) => Some((&found.exchange, with)),
            With::Claim(_) => None,
        }).collect();
        if exchanges.is_empty() {
            return Ok(());
        }
        let (exchange, with) = exchanges[which.index(exchanges.len())];
        log.add("merged", None, json!({"announced": "2026-01-27", "announcer": null, "from": exchange, "into": with}));
        let merged = Pair { exchange: exchange.clone(), with: With::Exchange(with.clone()) }.to_string();
        prop_assert!(!pairs(log.book().now()).contains(&merged));
    }
}
