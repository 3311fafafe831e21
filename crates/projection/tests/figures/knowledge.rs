//! Why totals moved between two moments: the real announcements, worked out by hand, and what holds for any log.

use std::collections::BTreeMap;

use announcement::{Category, ExchangeKey, Position};
use projection::{
    AsKnown, Gain, Knowledge, KnowledgeQuery, Known, Moment, Move, Moved, OldAndNew, Part, Period, Policy, Total, TotalsQuery, knowledge, totals,
};
use proptest::prelude::*;

use crate::{
    log::{KEY, Log, exact, headquarters, ministry, to_ukraine},
    properties::{groupings, log_of, steps},
    totals::real,
};

fn at(position: u64) -> AsKnown {
    AsKnown { at: Some(Moment::Position(Position::new(position))), announced_until: None }
}

fn until(day: &str) -> AsKnown {
    AsKnown { at: None, announced_until: Some(day.parse().unwrap()) }
}

fn since(now: Known<'_>, then: AsKnown, totals: TotalsQuery) -> Knowledge {
    knowledge(now, &KnowledgeQuery { totals, then, from: Position::new(0), limit: 1_000 })
}

fn row<'a>(rows: &'a [Moved], from: &str, category: Category) -> &'a Moved {
    rows.iter().find(|row| row.category == category && row.from == Some(from.parse().unwrap())).unwrap()
}

/// Low and high of a total then and now.
fn bounds(row: &Moved) -> [Option<(Option<u64>, Option<u64>)>; 2] {
    [&row.then, &row.now].map(|total| total.as_ref().map(|total| (total.low, total.high)))
}

/// Each move in a line.
fn shown(row: &Moved) -> Vec<String> {
    let one = |part: &Option<Part>| {
        let number = |number: Option<u64>| number.map_or("..".to_owned(), |number| number.to_string());
        part.as_ref().map_or("nothing".to_owned(), |part| format!("{}/{}{}", number(part.low), number(part.high), if part.disputed { " disputed" } else { "" }))
    };
    row.moves.iter().map(|moved| format!("{} {}: {} -> {}", moved.position, moved.exchange, one(&moved.part.old), one(&moved.part.new))).collect()
}

const JUNE: &str = "ru-ua/bodies/2025-06-11_2025-06-16";

#[test]
fn the_real_bodies_of_2025_moved_on_16_june_as_worked_out_by_hand() {
    let book = real();
    let bodies = TotalsQuery {
        from: Some("2025-01-01".parse().unwrap()),
        to: Some("2025-12-31".parse().unwrap()),
        category: Some(Category::Bodies),
        ..TotalsQuery::default()
    };
    let found = since(book.as_known(until("2025-06-16")), until("2025-06-15"), bodies);
    let to_ukraine = row(&found.figures, "RU", Category::Bodies);
    // By 15 June, to Ukraine: 757 + 757 + 3 × 909 = 4,241 until May; the stages of 11, 13 and 15 June: 1,212 + 1,200 + 1,200 = 3,612. In all 7,853.
    // By 16 June: Ukraine's 1,200 of 14 June (98), its 1,245 of 16 June (99), and Russia's 1,248 of the same (100).
    // 3,612 + 1,200 = 4,812; + 1,245 = 6,057; up to 1,248: 6,060. In all 10,298 to 10,301.
    assert_eq!(bounds(to_ukraine), [Some((Some(7_853), Some(7_853))), Some((Some(10_298), Some(10_301)))]);
    let moves =
        [format!("98 {JUNE}: 3612/3612 -> 4812/4812"), format!("99 {JUNE}: 4812/4812 -> 6057/6057"), format!("100 {JUNE}: 6057/6057 -> 6057/6060 disputed")];
    assert_eq!(shown(to_ukraine), moves);
    // 1,200 + 1,245 = 2,445, and 3 more at most. No exchange came: the three are stages of one.
    assert_eq!(to_ukraine.difference, Gain { low: 2_445, high: Some(2_448), exchanges: 0 });
    // To Russia: 49 + 45 + 43 + 41 + 34 = 212 until May, and 27 = 239; Russia received 51 more: 290.
    let to_russia = row(&found.figures, "UA", Category::Bodies);
    assert_eq!(bounds(to_russia), [Some((Some(239), Some(239))), Some((Some(290), Some(290)))]);
    assert_eq!((shown(to_russia), to_russia.difference), (vec![format!("100 {JUNE}: 27/27 -> 78/78")], Gain { low: 51, high: Some(51), exchanges: 0 }));
}

#[test]
fn what_came_and_was_taken_out_moved_a_total_by_nothing() {
    let book = real();
    let june = TotalsQuery { from: Some("2025-06-01".parse().unwrap()), to: Some("2025-06-08".parse().unwrap()), ..TotalsQuery::default() };
    // An outlet's 75 for 75 of June 2025 (95), taken out by a curator (96), may lie in the first week of June.
    let found = since(book.as_known(at(96)), at(94), june);
    let prisoners = row(&found.possibly, "RU", Category::Prisoners);
    let key = "ru-ua/prisoners/2025-06";
    assert_eq!(shown(prisoners), [format!("95 {key}: nothing -> 75/75"), format!("96 {key}: 75/75 -> nothing")]);
    assert_eq!((bounds(prisoners), prisoners.difference), ([None, None], Gain { low: 0, high: Some(0), exchanges: 0 }));
    assert_eq!((found.then_as_of.position, found.as_of.position), (Some(Position::new(94)), Some(Position::new(96))));
}

#[test]
fn a_correction_of_a_date_moves_an_exchange_from_one_month_to_another() {
    let mut log = Log::default();
    let claim = log.claim_about("ru-ua/bodies/2026-01", headquarters(), "2026-02-01", to_ukraine(exact("bodies", 5)));
    let transfers = to_ukraine(exact("bodies", 6));
    let said = serde_json::json!({"announced": "2026-02-03", "announcer": headquarters(), "exchange": {"date": "2026-02-01"}, "transfers": transfers});
    let replacement = serde_json::json!({"kind": "completed", "subject": "ru-ua/bodies/2026-01", "data": said});
    let data = serde_json::json!({"announced": "2026-02-03", "announcer": null, "target": claim, "reason": "r", "replacement": replacement});
    log.add("corrected", None, data);
    let found = since(log.book().now(), at(0), TotalsQuery { period: Some(Period::Month), ..TotalsQuery::default() });
    let lines: Vec<_> = found.figures.iter().map(|row| (row.period.clone().unwrap(), shown(row), row.difference)).collect();
    let key = "ru-ua/bodies/2026-01";
    assert_eq!(
        lines,
        [
            ("2026-01".to_owned(), vec![format!("1 {key}: 5/5 -> nothing")], Gain { low: -5, high: Some(-5), exchanges: -1 }),
            ("2026-02".to_owned(), vec![format!("1 {key}: nothing -> 6/6")], Gain { low: 6, high: Some(6), exchanges: 1 }),
        ]
    );
}

#[test]
fn a_whole_that_no_longer_lies_inside_leaves_its_place_to_its_stages() {
    let whole = "ru-ua/bodies/2026-01-10_2026-01-12";
    let mut log = Log::default();
    for (day, count) in [("2026-01-10", 400), ("2026-01-12", 500)] {
        let exchange = serde_json::json!({"date": day, "part_of": whole});
        let said = serde_json::json!({"announced": day, "announcer": ministry(), "exchange": exchange, "transfers": to_ukraine(exact("bodies", count))});
        log.add("completed", Some(&format!("ru-ua/bodies/{day}")), said);
    }
    let days = TotalsQuery { from: Some("2026-01-01".parse().unwrap()), to: Some("2026-01-11".parse().unwrap()), ..TotalsQuery::default() };
    // The second stage takes the whole out of the days that are asked for; the first one lies inside.
    let found = since(log.book().now(), at(0), days);
    let lines = ["1 ru-ua/bodies/2026-01-10: nothing -> 400/400".to_owned(), format!("1 {whole}: 400/400 -> nothing")];
    assert_eq!(shown(&found.figures[0]), lines);
    assert_eq!(found.figures[0].difference, Gain { low: 0, high: Some(0), exchanges: 0 });
}

#[test]
fn a_whole_that_becomes_a_stage_itself_leaves_its_stages_to_count_by_themselves() {
    let [stage, whole, longer] = ["ru-ua/bodies/2026-01-10", "ru-ua/bodies/2026-01-10_2026-01-12", "ru-ua/bodies/2026-01"];
    let mut log = Log::default();
    let said = |part_of: &str, date: &str, count: u64| {
        let exchange = serde_json::json!({"date": date, "part_of": part_of});
        serde_json::json!({"announced": "2026-01-13", "announcer": ministry(), "exchange": exchange, "transfers": to_ukraine(exact("bodies", count))})
    };
    log.add("completed", Some(stage), said(whole, "2026-01-10", 400));
    let wrong = log.add("completed", Some(whole), said(longer, "2026-01-10/2026-01-12", 900));
    log.add("retracted", None, serde_json::json!({"announced": "2026-01-14", "announcer": null, "target": wrong, "reason": "r"}));
    let found = since(log.book().now(), at(0), TotalsQuery::default());
    // There is one level: a stage of what is a stage has no whole. 400 in the whole; then 900 in the longer one and 400 by themselves; then 400 again.
    let lines = [
        format!("1 {longer}: nothing -> 900/900"),
        format!("1 {stage}: nothing -> 400/400"),
        format!("1 {whole}: 400/400 -> nothing"),
        format!("2 {longer}: 900/900 -> nothing"),
        format!("2 {stage}: 400/400 -> nothing"),
        format!("2 {whole}: nothing -> 400/400"),
    ];
    assert_eq!(shown(&found.figures[0]), lines);
}

#[test]
fn a_total_in_whose_sum_there_was_no_exchange_has_gained_all_of_it() {
    let mut log = Log::default();
    log.claim(ministry(), to_ukraine(exact("bodies", 5)));
    log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    let found = since(log.book().now(), at(0), TotalsQuery { policy: Policy::Both, ..TotalsQuery::default() });
    // Where only one party spoke, its number isn't in the sum.
    assert_eq!(bounds(&found.figures[0]), [Some((None, None)), Some((Some(5), Some(5)))]);
    assert_eq!(found.figures[0].difference, Gain { low: 5, high: Some(5), exchanges: 1 });
    assert_eq!(shown(&found.figures[0]), [format!("1 {KEY}: ../.. -> 5/5")]);
}

#[test]
fn an_unbounded_total_moves_without_an_upper_bound_and_then_is_never_later_than_now() {
    let mut log = Log::default();
    log.claim(ministry(), to_ukraine(exact("bodies", 5)));
    log.claim_about("ru-ua/bodies/2026-01-12", ministry(), "2026-01-12", to_ukraine(serde_json::json!([{"category": "bodies", "count": {"at_least": 7}}])));
    let book = log.book();
    let found = since(book.now(), at(0), TotalsQuery::default());
    assert_eq!(found.figures[0].difference, Gain { low: 7, high: None, exchanges: 1 });
    assert_eq!(shown(&found.figures[0]), ["1 ru-ua/bodies/2026-01-12: nothing -> 7/.."]);
    let backwards = since(book.as_known(at(0)), at(1), TotalsQuery::default());
    assert_eq!(
        (backwards.then_as_of, backwards.figures[0].difference, backwards.figures[0].moves.len()),
        (backwards.as_of, Gain { high: Some(0), ..Gain::default() }, 0)
    );
}

fn part(moved: &Option<Part>) -> (i64, Option<i64>, i64) {
    let number = |number: u64| i64::try_from(number).unwrap();
    match moved.as_ref().filter(|part| part.low.is_some()) {
        None => (0, Some(0), 0),
        Some(part) => (number(part.low.unwrap()), part.high.map(number), 1),
    }
}

/// What the moves come to.
fn sum(moves: &[Move]) -> Gain {
    let mut sum = Gain { low: 0, high: Some(0), exchanges: 0 };
    for OldAndNew { old, new } in moves.iter().map(|moved| &moved.part) {
        let (old, new) = (part(old), part(new));
        sum.low += new.0 - old.0;
        sum.high = sum.high.zip(old.1.zip(new.1)).map(|(sum, (old, new))| sum + new - old);
        sum.exchanges += new.2 - old.2;
    }
    sum
}

fn value(part: &Part) -> (Option<u64>, Option<u64>, bool, bool, bool) {
    (part.low, part.high, part.unknown, part.disputed, part.one_sided)
}

/// The moves explain the difference, and each begins where the one before of its exchange ended.
fn explained(found: &Knowledge) -> Result<(), TestCaseError> {
    for row in found.figures.iter().chain(&found.possibly) {
        let sum = sum(&row.moves);
        prop_assert_eq!((sum.low, sum.exchanges), (row.difference.low, row.difference.exchanges), "{:?}", row);
        if let Some(high) = sum.high {
            prop_assert!(row.difference.high.is_none_or(|found| found == high), "{:?}", row);
        }
        let mut last: BTreeMap<&ExchangeKey, Option<&Part>> = BTreeMap::new();
        for moved in &row.moves {
            if let Some(earlier) = last.insert(&moved.exchange, moved.part.new.as_ref()) {
                prop_assert_eq!(earlier.map(value), moved.part.old.as_ref().map(value), "{:?}", moved);
            }
        }
    }
    Ok(())
}

#[test]
fn the_real_moves_explain_every_difference_from_nothing_on() {
    let book = real();
    for (policy, by) in groupings() {
        for period in [None, Some(Period::Month), Some(Period::Year)] {
            let query = TotalsQuery { policy, period, by: by.clone(), ..TotalsQuery::default() };
            explained(&since(book.now(), at(0), query.clone())).unwrap();
            explained(&since(book.as_known(until("2026-01-31")), until("2025-06-30"), query)).unwrap();
        }
    }
}

fn as_known() -> impl Strategy<Value = AsKnown> {
    let at = proptest::option::of(0_u64..40).prop_map(|at| at.map(|at| Moment::Position(Position::new(at))));
    let until = proptest::option::of(9_i8..27).prop_map(|day| day.map(|day| jiff::civil::date(2026, 1, day)));
    (at, until).prop_map(|(at, announced_until)| AsKnown { at, announced_until })
}

proptest! {
    #[test]
    fn moves_explain_the_difference_of_any_total_between_any_two_moments(
        steps in steps(),
        (then, now) in (as_known(), as_known()),
        (which, period) in (0_usize..16, proptest::option::of(0_usize..3)),
        (from, to) in (proptest::option::of(9_i8..14), proptest::option::of(9_i8..14)),
    ) {
        let book = log_of(&steps).book();
        let (policy, by) = groupings().swap_remove(which);
        let period = period.map(|period| [Period::Day, Period::Month, Period::Year][period]);
        let [from, to] = [from, to].map(|day| day.map(|day| jiff::civil::date(2026, 1, day)));
        let query = TotalsQuery { policy, by, period, from, to, ..TotalsQuery::default() };
        let now = book.as_known(now);
        let found = since(now, then, query.clone());
        explained(&found)?;
        let of_now = |rows: &[Moved]| rows.iter().filter_map(|row| row.now.clone()).collect::<Vec<Total>>();
        let expected = totals(now, &query);
        prop_assert_eq!((of_now(&found.figures), of_now(&found.possibly)), (expected.figures, expected.possibly));
    }

    #[test]
    fn pages_of_moves_are_all_moves(steps in steps(), then in as_known(), limit in 1_usize..7) {
        let book = log_of(&steps).book();
        let page = |from, limit| knowledge(book.now(), &KnowledgeQuery { totals: TotalsQuery::default(), then, from, limit });
        let moves = |page: &Knowledge| {
            let moved = page.figures.iter().chain(&page.possibly).flat_map(|row| row.moves.clone());
            moved.map(|moved| (moved.position, moved.exchange)).collect::<Vec<_>>()
        };
        let (mut from, mut found) = (Position::new(0), Vec::new());
        loop {
            let page = page(from, limit);
            found.extend(moves(&page));
            match page.next {
                Some(next) => from = next,
                None => break,
            }
        }
        let mut all = moves(&page(Position::new(0), 1_000));
        found.sort();
        all.sort();
        prop_assert_eq!(found, all);
    }
}
