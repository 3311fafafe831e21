//! Section 7 of the wire format, rule by rule. Expectations are worked out from its words.

use announcement::Bounds;
use projection::{Policy, settle};
use serde_json::{Value, json};

use crate::log::{KEY, Log, exact, headquarters, mediator, ministry, president, to_ukraine};

#[test]
fn claims_that_overlap_settle_to_what_they_share_and_others_to_their_cover() {
    let check = |claims: &[(u64, Option<u64>)], low: u64, high: Option<u64>, disputed: bool| {
        let claims: Vec<Bounds> = claims.iter().map(|&(low, high)| Bounds { low, high }).collect();
        let settled = settle(&claims).unwrap();
        assert_eq!((settled.bounds, settled.disputed), (Bounds { low, high }, disputed), "{claims:?}");
    };
    check(&[(1000, Some(1000))], 1000, Some(1000), false);
    check(&[(1000, None), (1080, Some(1320))], 1080, Some(1320), false);
    // Unknown is silence where another has a number.
    check(&[(0, None), (5, Some(5))], 5, Some(5), false);
    check(&[(0, None), (0, None)], 0, None, false);
    check(&[(1245, Some(1245)), (1248, Some(1248))], 1245, Some(1248), true);
    // [900, 1100] contains 1,000 and is left out; 1,000 and 1,200 are covered.
    check(&[(900, Some(1100)), (1000, Some(1000)), (1200, Some(1200))], 1000, Some(1200), true);
    check(&[(7, Some(7)), (100, None)], 7, None, true);
    assert_eq!(settle(&[]), None);
}

#[test]
fn a_lower_voice_is_heard_only_where_every_higher_one_is_silent() {
    let mut log = Log::default();
    log.claim(Value::Null, to_ukraine(exact("prisoners", 100)));
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(100), Some(100), false)));
    log.claim(mediator(), to_ukraine(exact("prisoners", 120)));
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(120), Some(120), false)));
    log.claim(ministry(), to_ukraine(exact("prisoners", 150)));
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(150), Some(150), false)));
    // A body that stands for a party speaks as the party does.
    log.claim(json!({"party": "X-ICRC", "for": "UA"}), to_ukraine(exact("prisoners", 151)));
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(150), Some(151), true)));
    let dossier = log.dossier(KEY, Policy::Range);
    assert_eq!(dossier.claims.len(), 4, "the others stay listed");
}

#[test]
fn a_policy_takes_its_partys_claims_and_the_others_where_it_is_silent() {
    let mut log = Log::default();
    log.claim(ministry(), to_ukraine(exact("bodies", 1248)));
    for policy in [Policy::Receiver, Policy::Sender] {
        assert_eq!(log.shown(policy, "bodies"), Some((Some(1248), Some(1248), false)), "{policy}");
    }
    let one_sided = log.figure(Policy::Both, "bodies").unwrap();
    assert_eq!((one_sided.low, one_sided.high, one_sided.one_sided, one_sided.disputed), (Some(1248), Some(1248), true, false));
    log.claim(headquarters(), to_ukraine(exact("bodies", 1245)));
    assert_eq!(log.shown(Policy::Receiver, "bodies"), Some((Some(1245), Some(1245), false)));
    assert_eq!(log.shown(Policy::Sender, "bodies"), Some((Some(1248), Some(1248), false)));
    assert_eq!(log.shown(Policy::Range, "bodies"), Some((Some(1245), Some(1248), true)));
    assert_eq!(log.shown(Policy::Both, "bodies"), Some((None, None, true)));
}

#[test]
fn both_is_what_the_parties_have_in_common_and_nobody_else_counts() {
    let mut log = Log::default();
    log.claim(mediator(), to_ukraine(exact("bodies", 1000)));
    assert_eq!(log.figure(Policy::Both, "bodies"), None);
    log.claim(ministry(), to_ukraine(json!([{"category": "bodies", "count": {"about": 1000}}])));
    log.claim(headquarters(), to_ukraine(json!([{"category": "bodies", "count": {"at_least": 1000}}])));
    // [900, 1100] and [1000, no bound].
    assert_eq!(log.shown(Policy::Both, "bodies"), Some((Some(1000), Some(1100), false)));
}

#[test]
fn two_unknowns_are_no_agreement_and_one_is_silence() {
    let unknown = || to_ukraine(json!([{"category": "prisoners", "count": "unknown"}]));
    let mut log = Log::default();
    log.claim(ministry(), unknown());
    log.claim(headquarters(), unknown());
    let figure = log.figure(Policy::Both, "prisoners").unwrap();
    assert!(figure.unknown && !figure.disputed && !figure.one_sided);
    log.claim(president(), to_ukraine(exact("prisoners", 5)));
    let figure = log.figure(Policy::Both, "prisoners").unwrap();
    assert_eq!((figure.low, figure.one_sided), (Some(5), true));
    assert_eq!(log.shown(Policy::Sender, "prisoners"), Some((Some(5), Some(5), false)));
}

#[test]
fn an_offices_latest_word_stands_but_under_range_all_count() {
    let mut log = Log::default();
    log.claim_about(KEY, headquarters(), "2026-01-10", to_ukraine(exact("prisoners", 150)));
    log.claim_about(KEY, headquarters(), "2026-01-12", to_ukraine(exact("prisoners", 157)));
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(150), Some(157), true)));
    assert_eq!(log.shown(Policy::Receiver, "prisoners"), Some((Some(157), Some(157), false)));
    // A later claim whose bounds contain the earlier one's doesn't replace it.
    log.claim_about(KEY, headquarters(), "2026-01-14", to_ukraine(json!([{"category": "prisoners", "count": {"more_than": 100}}])));
    assert_eq!(log.shown(Policy::Receiver, "prisoners"), Some((Some(157), Some(157), false)));
    // Claims of one day are settled.
    log.claim_about(KEY, headquarters(), "2026-01-12", to_ukraine(exact("prisoners", 159)));
    assert_eq!(log.shown(Policy::Receiver, "prisoners"), Some((Some(157), Some(159), true)));
    // Another office of the same party is another announcer.
    log.claim_about(KEY, president(), "2026-01-20", to_ukraine(exact("prisoners", 160)));
    assert_eq!(log.shown(Policy::Receiver, "prisoners"), Some((Some(157), Some(160), true)));
}

#[test]
fn people_is_the_total_of_the_living_and_is_never_counted_twice() {
    let mut log = Log::default();
    // 150 + 7 = 157 by one side, 157 people by the other.
    log.claim(ministry(), to_ukraine(json!([{"category": "prisoners", "count": {"exact": 150}}, {"category": "civilians", "count": {"exact": 7}}])));
    assert_eq!(log.shown(Policy::Range, "people"), Some((Some(157), Some(157), false)));
    log.claim(
        headquarters(),
        to_ukraine(json!([
            {"category": "people", "count": {"exact": 157}},
            {"category": "service-members", "of": "people", "count": {"exact": 151}},
            {"category": "civilians", "of": "people", "count": {"exact": 6}},
        ])),
    );
    assert_eq!(log.shown(Policy::Range, "people"), Some((Some(157), Some(157), false)));
    // The parts differ: a discrepancy of composition, and the total doesn't move.
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(150), Some(151), true)));
    assert_eq!(log.shown(Policy::Range, "civilians"), Some((Some(6), Some(7), true)));
    assert_eq!(log.shown(Policy::Receiver, "people"), Some((Some(157), Some(157), false)));
    assert_eq!(log.figure(Policy::Range, "children"), None, "a category that nobody mentioned isn't 0");
}

#[test]
fn items_without_of_add_up_and_parts_do_not() {
    let mut log = Log::default();
    log.claim(
        ministry(),
        to_ukraine(json!([
            {"category": "prisoners", "count": {"exact": 246}},
            {"category": "prisoners", "group": "severely wounded, outside the exchange", "count": {"exact": 31}},
            {"category": "women", "of": "prisoners", "count": {"exact": 12}},
        ])),
    );
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(277), Some(277), false)));
}

#[test]
fn the_same_number_of_theirs_takes_the_other_directions_bounds() {
    let mut log = Log::default();
    log.claim(
        ministry(),
        json!([
            {"from": "UA", "to": "RU", "counts": [{"category": "prisoners", "count": {"exact": 250}}]},
            {"from": "RU", "to": "UA", "counts": [], "relation": "about-equal"},
        ]),
    );
    // A tenth either way.
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(225), Some(275), false)));
}

#[test]
fn reports_of_one_statement_are_one_and_a_recorded_origin_stands() {
    let post = "https://example.org/post";
    let report = |count: u64, relays: Value| json!({"announced": "2026-01-10", "announcer": null, "report": {"relays": relays}, "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("prisoners", count))});
    let mut log = Log::default();
    // Two outlets quote one post that isn't recorded, one of them with a misprint: one statement, [150, 157].
    log.add("completed", Some(KEY), report(157, json!([post])));
    log.add("completed", Some(KEY), report(150, json!([post])));
    log.add("completed", Some(KEY), report(157, json!(["https://example.org/other"])));
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(157), Some(157), false)));
    // The post is recorded: its counts stand, and the variant shows only in the dossier.
    let origin = log.add("completed", Some(KEY), json!({
        "announced": "2026-01-10", "announcer": ministry(), "report": {"url": post}, "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("prisoners", 158)),
    }));
    let figure = log.figure(Policy::Range, "prisoners").unwrap();
    assert_eq!((figure.low, figure.high, figure.claims.len()), (Some(158), Some(158), 1));
    // Relays of a retracted origin are out; the outlet that quotes something else is heard again.
    log.add("retracted", None, json!({"announced": "2026-01-11", "announcer": null, "target": origin, "reason": "not stated"}));
    let figure = log.figure(Policy::Range, "prisoners").unwrap();
    assert_eq!((figure.low, figure.claims.iter().map(|claim| claim.get()).collect::<Vec<_>>()), (Some(157), vec![2]));
}

#[test]
fn a_wholes_figure_settles_its_stages_with_the_claims_about_it() {
    let whole = "ru-ua/bodies/2026-01-10_2026-01-12";
    let mut log = Log::default();
    for (day, count) in [("2026-01-10", 400), ("2026-01-12", 500)] {
        log.add(
            "completed",
            Some(&format!("ru-ua/bodies/{day}")),
            json!({
                "announced": day, "announcer": headquarters(), "exchange": {"date": day, "part_of": whole}, "transfers": to_ukraine(exact("bodies", count)),
            }),
        );
    }
    let shown = |log: &Log| log.figure_of(whole, Policy::Range, "bodies").map(|figure| (figure.low, figure.high, figure.disputed));
    assert_eq!(shown(&log), Some((Some(900), Some(900), false)));
    log.claim_about(whole, ministry(), "2026-01-13", to_ukraine(json!([{"category": "bodies", "count": {"about": 900}}])));
    assert_eq!(shown(&log), Some((Some(900), Some(900), false)));
    log.claim_about(whole, ministry(), "2026-01-14", to_ukraine(exact("bodies", 1000)));
    // The stages' 900, [810, 990] and 1,000 don't meet, and [810, 990] contains 900.
    assert_eq!(shown(&log), Some((Some(900), Some(1_000), true)));
    assert_eq!(log.dossier(whole, Policy::Range).exchange.stages.len(), 2);
}
