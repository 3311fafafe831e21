//! What each record changed: the real announcements, worked out by hand, and what holds for any log.

use std::collections::BTreeMap;

use announcement::{Category, ExchangeKey, Kind, Party, Position};
use projection::{AsKnown, Change, ChangesQuery, Days, FigureAnswer, Known, OldAndNew, Policy, Status, TimelineQuery, changes, timeline};
use proptest::prelude::*;
use serde_json::json;

use crate::{
    log::{KEY, Log, exact, headquarters, ministry, to_ukraine},
    properties::{log_of, steps},
    totals::real,
};

fn looked_at(book: Known<'_>, from: u64, limit: usize) -> Vec<Change> {
    changes(book, &ChangesQuery { policy: Policy::Range, from: Position::new(from), limit }).changes
}

/// An exchange's figures without the record and with it, in a line each.
fn shown(change: &Change, key: &str) -> Vec<String> {
    let Some(found) = change.exchanges.iter().find(|found| found.exchange.as_str() == key) else { return Vec::new() };
    let one = |figure: &Option<FigureAnswer>| {
        let number = |number: Option<u64>| number.map_or("..".to_owned(), |number| number.to_string());
        figure.as_ref().map_or("nothing".to_owned(), |figure| {
            let bounds = if figure.low == figure.high { number(figure.low) } else { format!("{}/{}", number(figure.low), number(figure.high)) };
            if figure.disputed { bounds + " disputed" } else { bounds }
        })
    };
    let line = |change: &projection::FigureChange| {
        format!("{} to {} {}: {} -> {}", change.from, change.to, change.category.as_str(), one(&change.figure.old), one(&change.figure.new))
    };
    found.figures.iter().map(line).collect()
}

fn status_and_date(change: &Change, key: &str) -> (OldAndNew<Status>, OldAndNew<String>) {
    let found = change.exchanges.iter().find(|found| found.exchange.as_str() == key).unwrap();
    let days = |days: Option<Days>| days.map(|days| format!("{}/{}", days.earliest.unwrap(), days.latest.unwrap()));
    (found.status, OldAndNew { old: days(found.date.old), new: days(found.date.new) })
}

fn keys(change: &Change) -> Vec<&str> {
    change.exchanges.iter().map(|found| found.exchange.as_str()).collect()
}

const JUNE: &str = "ru-ua/bodies/2025-06-11_2025-06-16";

#[test]
fn a_claim_of_a_new_exchange_is_a_change_from_nothing_and_its_quarantine_one_to_nothing() {
    let book = real();
    let found = looked_at(book.now(), 95, 2);
    let key = "ru-ua/prisoners/2025-06";
    assert_eq!(
        found.iter().map(|change| (change.position.get(), change.kind, keys(change))).collect::<Vec<_>>(),
        [(95, Kind::Completed, vec![key]), (96, Kind::Quarantined, vec![key]),]
    );
    // An outlet's 75 for 75 of June 2025 (95), which a curator takes out (96).
    let of = |change: &str| ["RU to UA prisoners", "RU to UA people", "UA to RU prisoners", "UA to RU people"].map(|place| format!("{place}: {change}"));
    assert_eq!(shown(&found[0], key), of("nothing -> 75"));
    assert_eq!(shown(&found[1], key), of("75 -> nothing"));
    let june = Some("2025-06-01/2025-06-30".to_owned());
    let (completed, mentioned) = (Some(Status::Completed), Some(Status::Mentioned));
    assert_eq!(status_and_date(&found[0], key), (OldAndNew { old: None, new: completed }, OldAndNew { old: None, new: june.clone() }));
    assert_eq!(status_and_date(&found[1], key), (OldAndNew { old: completed, new: mentioned }, OldAndNew { old: june, new: None }));
    assert_eq!((found[0].acts_on.clone(), found[1].acts_on.clone()), (vec![], vec![Position::new(95)]));
    assert_eq!((found[1].announced.to_string(), found[1].recorded.to_string()), ("2025-06-15".to_owned(), "2026-06-01T00:00:00Z".to_owned()));
}

#[test]
fn a_stage_changes_its_whole() {
    let book = real();
    // The first stage, 1,212 and 27, makes the whole completed, which was planned for 9 to 15 June (81) and put off (83).
    let first = &looked_at(book.now(), 87, 1)[0];
    assert_eq!(keys(first), ["ru-ua/bodies/2025-06-11", JUNE]);
    assert_eq!(first.exchanges[0].part_of.as_ref().map(ExchangeKey::as_str), Some(JUNE));
    assert_eq!(shown(first, JUNE), ["RU to UA bodies: nothing -> 1212", "UA to RU bodies: nothing -> 27"]);
    let (status, date) = status_and_date(first, JUNE);
    assert_eq!(status, OldAndNew { old: Some(Status::Postponed), new: Some(Status::Completed) });
    assert_eq!(date, OldAndNew { old: Some("2025-06-09/2025-06-15".to_owned()), new: Some("2025-06-11/2025-06-11".to_owned()) });
    // 16 June. Ukraine: 1,245 received (99). 1,212 + 1,200 (13) + 1,200 (14) + 1,200 (15) = 4,812; and 1,245 = 6,057.
    // Russia: 1,248 handed over (100): 1,245 to 1,248, so 6,057 to 6,060; and 51 received, 27 + 51 = 78.
    let last = looked_at(book.now(), 99, 2);
    assert_eq!(shown(&last[0], "ru-ua/bodies/2025-06-16"), ["RU to UA bodies: nothing -> 1245"]);
    assert_eq!(shown(&last[0], JUNE), ["RU to UA bodies: 4812 -> 6057"]);
    assert_eq!(shown(&last[1], "ru-ua/bodies/2025-06-16"), ["RU to UA bodies: 1245 -> 1245/1248 disputed", "UA to RU bodies: nothing -> 51"]);
    assert_eq!(shown(&last[1], JUNE), ["RU to UA bodies: 6057 -> 6057/6060 disputed", "UA to RU bodies: 27 -> 78"]);
}

#[test]
fn what_changes_no_figure_is_in_the_feed_only_if_it_acts_on_a_claim() {
    let book = real();
    // Nine reports of the statements of 26 February 2026 (171, 173 to 180) and an aggregate (172).
    assert_eq!(looked_at(book.now(), 171, 10), []);
    // An outlet that names another agreement (165), and one that gives another day (166): the best voices' day stays.
    assert_eq!(looked_at(book.now(), 165, 2), []);
    // Ukraine contests the plan of 2 June 2025 (81).
    let disputed = &looked_at(book.now(), 82, 1)[0];
    assert_eq!((disputed.kind, disputed.acts_on.clone(), keys(disputed)), (Kind::Disputed, vec![Position::new(81)], vec![]));
}

#[test]
fn a_page_says_where_the_next_begins_and_the_last_one_doesnt() {
    let book = real();
    let page = |from: u64, limit| changes(book.now(), &ChangesQuery { policy: Policy::Range, from: Position::new(from), limit });
    assert_eq!(page(0, 100).next, Some(Position::new(100)));
    // The real announcements are 189.
    assert_eq!((page(100, 89).next, page(100, 1_000).next, page(189, 10).next, page(5_000, 10).next), (None, None, None, None));
    let pages = [page(0, 100).changes, page(100, 100).changes].concat();
    assert_eq!(pages, page(0, 1_000).changes);
}

/// What acts on claims: each with its figures of [`KEY`] from Russia to Ukraine, and the records that it acts on.
#[test]
fn corrections_links_merges_and_splits_change_both_exchanges() {
    let other = "ru-ua/prisoners/2026-01-11";
    let mut log = Log::default();
    let curate = |log: &mut Log, kind: &str, more: serde_json::Value| {
        let mut said = json!({"announced": "2026-01-20", "announcer": null});
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        log.add(kind, None, said)
    };
    let claim = log.claim(headquarters(), to_ukraine(exact("prisoners", 5)));
    log.claim_about(other, ministry(), "2026-01-11", to_ukraine(exact("prisoners", 8)));
    let said =
        json!({"announced": "2026-01-12", "announcer": headquarters(), "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("prisoners", 6))});
    curate(&mut log, "corrected", json!({"target": claim, "reason": "r", "replacement": {"kind": "completed", "subject": KEY, "data": said}}));
    curate(&mut log, "linked", json!({"target": claim, "exchange_key": other}));
    curate(&mut log, "split", json!({"targets": [claim], "into": KEY}));
    curate(&mut log, "merged", json!({"from": KEY, "into": other}));
    // It would close a circle.
    curate(&mut log, "merged", json!({"from": other, "into": KEY}));
    curate(&mut log, "split", json!({"targets": [claim], "into": KEY}));
    let found = looked_at(log.book().now(), 2, 10);
    let prisoners = |change: &Change, key: &str| shown(change, key).into_iter().find_map(|line| line.strip_prefix("RU to UA prisoners: ").map(str::to_owned));
    let lines: Vec<_> = found.iter().map(|change| (change.kind, prisoners(change, KEY), prisoners(change, other))).collect();
    let line = |text: &str| Some(text.to_owned());
    assert_eq!(
        lines,
        [
            (Kind::Corrected, line("5 -> 6"), None),
            (Kind::Linked, line("6 -> nothing"), line("8 -> 6/8 disputed")),
            (Kind::Split, line("nothing -> 6"), line("6/8 disputed -> 8")),
            (Kind::Merged, line("6 -> nothing"), line("8 -> 6/8 disputed")),
            (Kind::Split, line("nothing -> 6"), line("6/8 disputed -> 8")),
        ]
    );
    assert_eq!(found.iter().map(|change| change.acts_on.len()).collect::<Vec<_>>(), [1, 1, 1, 0, 1]);
}

#[test]
fn a_report_of_what_is_recorded_later_leaves_its_exchange_when_its_origin_comes() {
    let other = "ru-ua/prisoners/2026-01-11";
    let mut log = Log::default();
    let report = |log: &mut Log, key: &str, origin: usize, count: u64| {
        let said = json!({"announced": "2026-01-11", "announcer": headquarters(), "exchange": {"date": "2026-01-11"},
            "transfers": to_ukraine(exact("bodies", count)), "report": {"relays": [log.id(origin)]}});
        log.add("completed", Some(key), said);
    };
    // A report of the next record, about another exchange, which in its turn reports the third; the third closes the circle.
    report(&mut log, KEY, 1, 5);
    report(&mut log, other, 2, 6);
    report(&mut log, other, 0, 7);
    let found = looked_at(log.book().now(), 0, 10);
    assert_eq!(shown(&found[0], KEY), ["RU to UA bodies: nothing -> 5"]);
    assert_eq!(
        (shown(&found[1], KEY), shown(&found[1], other)),
        (vec!["RU to UA bodies: 5 -> nothing".to_owned()], vec!["RU to UA bodies: nothing -> 6".to_owned()])
    );
    // The earliest of a circle repeats nobody.
    assert_eq!(
        (shown(&found[2], KEY), shown(&found[2], other)),
        (vec!["RU to UA bodies: nothing -> 5".to_owned()], vec!["RU to UA bodies: 6 -> nothing".to_owned()])
    );
}

#[test]
fn a_retracted_revision_brings_back_what_it_replaced_in_another_exchange() {
    let other = "ru-ua/prisoners/2026-01-11";
    let mut log = Log::default();
    let first = log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    let revise = |log: &mut Log, earlier: &serde_json::Value, count: u64| {
        let said = json!({"announced": "2026-01-11", "announcer": headquarters(), "exchange": {"date": "2026-01-11"},
            "transfers": to_ukraine(exact("bodies", count)), "revises": earlier});
        log.add("completed", Some(other), said)
    };
    let retract = |log: &mut Log, target: &serde_json::Value| {
        log.add("retracted", None, json!({"announced": "2026-01-12", "announcer": null, "target": target, "reason": "r"}));
    };
    let second = revise(&mut log, &first, 6);
    let third = revise(&mut log, &second, 7);
    retract(&mut log, &second);
    retract(&mut log, &third);
    let found = looked_at(log.book().now(), 1, 10);
    let bodies =
        |change: &Change| [KEY, other].map(|key| shown(change, key).first().and_then(|line| line.strip_prefix("RU to UA bodies: ").map(str::to_owned)));
    let line = |text: &str| Some(text.to_owned());
    assert_eq!(
        found.iter().map(bodies).collect::<Vec<_>>(),
        [[line("5 -> nothing"), line("nothing -> 6")], [None, line("6 -> 7")], [None, None], [line("nothing -> 5"), line("7 -> nothing")],]
    );
}

#[test]
fn a_revision_that_came_with_a_correction_is_undone_with_its_claim() {
    let other = "ru-ua/prisoners/2026-01-11";
    let mut log = Log::default();
    let first = log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    let second = log.claim_about(other, headquarters(), "2026-01-11", to_ukraine(exact("bodies", 6)));
    let said = json!({"announced": "2026-01-12", "announcer": headquarters(), "exchange": {"date": "2026-01-11"},
        "transfers": to_ukraine(exact("bodies", 7)), "revises": first});
    let replacement = json!({"kind": "completed", "subject": other, "data": said});
    log.add("corrected", None, json!({"announced": "2026-01-12", "announcer": null, "target": second, "reason": "r", "replacement": replacement}));
    log.add("retracted", None, json!({"announced": "2026-01-13", "announcer": null, "target": second, "reason": "r"}));
    let found = looked_at(log.book().now(), 2, 10);
    assert_eq!([shown(&found[0], KEY), shown(&found[1], KEY)], [["RU to UA bodies: 5 -> nothing"], ["RU to UA bodies: nothing -> 5"]]);
    // What it corrects, then what it revises.
    assert_eq!(found[0].acts_on, [Position::new(1), Position::new(0)]);
}

type Place = (Party, Party, Category);

/// What changes leave of an exchange.
#[derive(Clone, Debug, Default, PartialEq)]
struct Left {
    status: Option<Status>,
    date: Option<Days>,
    figures: BTreeMap<Place, Value>,
}

type Value = (Option<u64>, Option<u64>, bool, bool);

fn value(figure: &FigureAnswer) -> (Place, Value) {
    ((figure.from, figure.to, figure.category), (figure.low, figure.high, figure.disputed, figure.one_sided))
}

/// Replays old to new; fails where an old isn't what the changes before left.
fn replayed(changes: &[Change]) -> Result<BTreeMap<ExchangeKey, Left>, TestCaseError> {
    let mut left: BTreeMap<ExchangeKey, Left> = BTreeMap::new();
    for change in changes {
        for found in &change.exchanges {
            let of = left.entry(found.exchange.clone()).or_default();
            prop_assert_eq!((of.status, of.date), (found.status.old, found.date.old), "at {}", change.position);
            (of.status, of.date) = (found.status.new, found.date.new);
            for figure in &found.figures {
                let place = (figure.from, figure.to, figure.category);
                prop_assert_eq!(of.figures.get(&place).copied(), figure.figure.old.as_ref().map(|old| value(old).1), "at {}", change.position);
                of.figures.remove(&place);
                of.figures.extend(figure.figure.new.as_ref().map(value));
            }
        }
    }
    left.retain(|_, left| *left != Left::default());
    Ok(left)
}

fn present(book: Known<'_>, policy: Policy) -> BTreeMap<ExchangeKey, Left> {
    let lines = timeline(book, &TimelineQuery { policy, limit: 1_000, ..TimelineQuery::default() }).exchanges;
    let left = lines.into_iter().map(|line| (line.key, Left { status: Some(line.status), date: line.date, figures: line.figures.iter().map(value).collect() }));
    left.collect()
}

#[test]
fn the_real_changes_from_nothing_on_come_to_the_figures_of_now() {
    let book = real();
    for policy in Policy::ALL {
        let feed = changes(book.now(), &ChangesQuery { policy, from: Position::new(0), limit: 1_000 });
        assert_eq!(replayed(&feed.changes).unwrap(), present(book.now(), policy));
    }
}

proptest! {
    #[test]
    fn changes_from_nothing_on_come_to_the_figures_of_now(steps in steps(), day in 9_i8..27, is_limited: bool) {
        let book = log_of(&steps).book();
        let announced_until = is_limited.then(|| jiff::civil::date(2026, 1, day));
        let known = book.as_known(AsKnown { at: None, announced_until });
        for policy in Policy::ALL {
            let feed = changes(known, &ChangesQuery { policy, from: Position::new(0), limit: 1_000 });
            prop_assert_eq!(replayed(&feed.changes)?, present(known, policy));
        }
    }

    #[test]
    fn pages_of_changes_are_the_feed(steps in steps(), limit in 1_usize..7) {
        let book = log_of(&steps).book();
        let page = |from, limit| changes(book.now(), &ChangesQuery { policy: Policy::Range, from, limit });
        let (mut from, mut found) = (Position::new(0), Vec::new());
        loop {
            let page = page(from, limit);
            found.extend(page.changes);
            match page.next {
                Some(next) => from = next,
                None => break,
            }
        }
        prop_assert_eq!(found, page(Position::new(0), 1_000).changes);
    }
}
