//! What later records do to a claim: corrections, retractions, revisions, disputes, links, merges, splits, quarantine.

use projection::{Policy, TotalsQuery, Why};
use serde_json::{Value, json};

use crate::log::{KEY, Log, exact, headquarters, ministry, to_ukraine};

fn curation(target: &Value, more: Value) -> Value {
    let mut data = json!({"announced": "2026-01-20", "announcer": null, "target": target});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    data
}

fn correction(target: &Value, count: u64) -> Value {
    let data =
        json!({"announced": "2026-01-15", "announcer": ministry(), "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("prisoners", count))});
    curation(target, json!({"reason": "a misprint", "replacement": {"kind": "completed", "subject": KEY, "data": data}}))
}

fn low(log: &Log) -> Option<u64> {
    log.figure(Policy::Range, "prisoners").and_then(|figure| figure.low)
}

#[test]
fn a_correction_takes_the_claims_place_and_a_later_one_the_earlier_ones() {
    let mut log = Log::default();
    let claim = log.claim(ministry(), to_ukraine(exact("prisoners", 100)));
    log.add("corrected", None, correction(&claim, 110));
    assert_eq!(low(&log), Some(110));
    log.add("corrected", None, correction(&claim, 120));
    let figure = log.figure(Policy::Range, "prisoners").unwrap();
    assert_eq!((figure.low, figure.claims.iter().map(|claim| claim.get()).collect::<Vec<_>>()), (Some(120), vec![2]));
    let why: Vec<Option<Why>> = log.dossier(KEY, Policy::Range).claims.iter().map(|claim| claim.out.map(|out| out.why)).collect();
    assert_eq!(why, [Some(Why::Corrected), Some(Why::Corrected), None], "the old ones stay readable");
    log.add("retracted", None, curation(&claim, json!({"reason": "not stated"})));
    assert_eq!(log.figure(Policy::Range, "prisoners"), None, "what is retracted is out with its corrections");
}

#[test]
fn a_correction_that_revises_its_own_target_takes_its_place_once() {
    let mut log = Log::default();
    let claim = log.claim(ministry(), to_ukraine(exact("prisoners", 100)));
    let mut itself = correction(&claim, 110);
    itself["replacement"]["data"]["revises"] = claim.clone();
    log.add("corrected", None, itself);
    assert_eq!(low(&log), Some(110));
    log.add("retracted", None, curation(&claim, json!({"reason": "not stated"})));
    assert_eq!(low(&log), None);
}

#[test]
fn a_retraction_leaves_every_total_as_it_was_before_the_claim() {
    let mut log = Log::default();
    log.claim(ministry(), to_ukraine(exact("prisoners", 100)));
    let before = log.total(&TotalsQuery::default(), "prisoners").unwrap();
    let claim = log.claim(headquarters(), to_ukraine(exact("prisoners", 90)));
    assert_ne!(log.total(&TotalsQuery::default(), "prisoners").unwrap().low, before.low);
    log.add("retracted", None, curation(&claim, json!({"reason": "not stated"})));
    let after = log.total(&TotalsQuery::default(), "prisoners").unwrap();
    assert_eq!((after.low, after.high, after.claims), (before.low, before.high, before.claims));
    assert_eq!(after.excluded[0].why, Why::Retracted);
}

#[test]
fn a_revision_replaces_the_announcers_earlier_word_until_it_is_withdrawn() {
    let mut log = Log::default();
    let earlier = log.claim(ministry(), to_ukraine(exact("prisoners", 100)));
    let later = log.add_as(
        "other",
        "completed",
        Some(KEY),
        json!({
            "announced": "2026-01-12", "announcer": ministry(), "revises": {"publisher": "local", "source": earlier["source"], "id": earlier["id"]},
            "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("prisoners", 105)),
        }),
    );
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(105), Some(105), false)));
    log.add_as("other", "retracted", None, curation(&later, json!({"reason": "not stated"})));
    assert_eq!(low(&log), Some(100), "a revision that was withdrawn revises nothing");
}

#[test]
fn a_dispute_marks_a_claim_and_moves_no_figure() {
    let mut log = Log::default();
    let claim = log.claim(ministry(), to_ukraine(exact("prisoners", 100)));
    let dispute = json!({"announced": "2026-01-11", "announcer": headquarters(), "target": claim, "reason": "not stated"});
    let dispute = log.add("disputed", None, dispute);
    let dossier = log.dossier(KEY, Policy::Range);
    assert!(dossier.exchange.disputed && dossier.claims[0].live && dossier.claims[0].contested_by.len() == 1);
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(100), Some(100), false)));
    log.add("retracted", None, curation(&dispute, json!({"reason": "not stated"})));
    assert!(!log.dossier(KEY, Policy::Range).exchange.disputed);
}

#[test]
fn what_is_quarantined_is_out_until_it_is_released() {
    let mut log = Log::default();
    let claim = log.claim(Value::Null, to_ukraine(exact("prisoners", 75)));
    log.add("quarantined", None, curation(&claim, json!({"reason": "matches no announcement"})));
    assert_eq!(log.figure(Policy::Range, "prisoners"), None);
    assert_eq!(log.total(&TotalsQuery::default(), "prisoners"), None);
    assert_eq!(log.dossier(KEY, Policy::Range).claims[0].out.unwrap().why, Why::Quarantined);
    log.add("released", None, curation(&claim, json!({"reason": "it was found"})));
    assert_eq!(low(&log), Some(75));
}

#[test]
fn what_is_redacted_is_out_of_every_figure_for_the_first_record_that_says_so() {
    let mut log = Log::default();
    let claim = log.claim(ministry(), to_ukraine(exact("prisoners", 75)));
    for reason in ["it named a person", "said twice"] {
        log.add("redacted", None, curation(&claim, json!({"reason": reason})));
    }
    assert_eq!(log.figure(Policy::Range, "prisoners"), None);
    let statement = &log.dossier(KEY, Policy::Range).claims[0];
    assert_eq!(statement.out.map(|out| (out.why, out.by.get())), Some((Why::Redacted, 1)));
    assert!(statement.announcer.is_none() && statement.transfers.is_empty());
}

#[test]
fn a_link_gives_an_unassigned_claim_its_exchange_and_the_last_one_wins() {
    let mut log = Log::default();
    let loose = json!({"announced": "2026-01", "announcer": ministry(), "exchange": {"date": "2026-01"}, "transfers": to_ukraine(exact("prisoners", 100))});
    let loose = log.add("completed", None, loose);
    assert_eq!(projection::totals(log.book().now(), &TotalsQuery::default()).unassigned, 1);
    assert_eq!(log.total(&TotalsQuery::default(), "prisoners"), None);
    log.add("linked", None, curation(&loose, json!({"exchange_key": "ru-ua/prisoners/2026-01-20"})));
    log.add("linked", None, curation(&loose, json!({"exchange_key": KEY})));
    assert_eq!(projection::totals(log.book().now(), &TotalsQuery::default()).unassigned, 0);
    assert_eq!(low(&log), Some(100));
}

#[test]
fn a_merge_makes_two_keys_one_for_later_claims_too_and_a_circle_has_no_effect() {
    let other = "ru-ua/prisoners/2026-01-11";
    let merge = |from: &str, into: &str| json!({"announced": "2026-01-20", "announcer": null, "from": from, "into": into});
    let mut log = Log::default();
    let moved = log.claim_about(other, ministry(), "2026-01-11", to_ukraine(exact("prisoners", 100)));
    log.add("merged", None, merge(other, KEY));
    log.claim_about(other, headquarters(), "2026-01-12", to_ukraine(exact("prisoners", 110)));
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(100), Some(110), true)));
    log.add("merged", None, merge(KEY, other));
    assert!(!log.dossier(KEY, Policy::Range).merges[1].effect);
    assert_eq!(log.shown(Policy::Range, "prisoners"), Some((Some(100), Some(110), true)));
    // A split pins the claim to its old key; only merges recorded after it move it on.
    log.add("split", None, json!({"announced": "2026-01-21", "announcer": null, "targets": [moved], "into": other}));
    assert_eq!(log.figure_of(KEY, Policy::Range, "prisoners").unwrap().low, Some(110));
    let split = projection::dossier(log.book().now(), &KEY.parse().unwrap(), Policy::Range).unwrap();
    assert_eq!(split.claims.len(), 1);
}

#[test]
fn a_curators_target_may_name_the_publisher() {
    let mut log = Log::default();
    let claim = log.add_as(
        "newsroom",
        "completed",
        Some(KEY),
        json!({"announced": "2026-01-10", "announcer": null, "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("prisoners", 5))}),
    );
    let named = json!({"publisher": "newsroom", "source": claim["source"], "id": claim["id"]});
    log.add_as("curator", "quarantined", None, curation(&named, json!({"reason": "not stated"})));
    assert_eq!(log.figure(Policy::Range, "prisoners"), None);
}
