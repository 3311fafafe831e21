//! Official totals beside the exchanges: the real announcements, worked out by hand, and the rules.

use announcement::{Bounds, Position};
use projection::{Known, Line, OtherScope, Policy, Reconciled, ReconciliationQuery, Verdict, reconciliation};
use serde_json::json;

use crate::{
    log::{Log, exact, headquarters, mediator, ministry, to_ukraine},
    totals::real,
};

fn all(policy: Policy) -> ReconciliationQuery {
    ReconciliationQuery { policy, party: None, after: None, limit: 1_000 }
}

fn aggregate(book: Known<'_>, position: u64) -> Reconciled {
    let found = reconciliation(book, &all(Policy::Range)).aggregates.into_iter().find(|aggregate| aggregate.position == Position::new(position));
    found.unwrap_or_else(|| panic!("no aggregate at {position}"))
}

fn line(of: &Reconciled, from: &str, category: &str) -> Line {
    let found = of.lines.iter().find(|line| line.from.is_some_and(|party| party.as_str() == from) && line.category.as_str() == category);
    found.cloned().unwrap()
}

/// `(low, high, exchanges)` of the ledger, the verdict, and the difference.
type Shown = ((Option<u64>, Option<u64>, usize), Verdict, Option<(Option<i64>, Option<i64>)>);

fn shown(line: &Line) -> Shown {
    let ledger = &line.ledger;
    ((ledger.low, ledger.high, ledger.exchanges), line.verdict, line.difference.map(|gap| (gap.low, gap.high)))
}

#[test]
fn the_real_totals_of_june_2025_fit_the_stages() {
    let book = real();
    // Stages of 11 to 16 June to Ukraine: 1,212 + 1,200 + 1,200 + 1,200 + (1,245 as Ukraine says, 1,248 as Russia says) = 6,057 to 6,060. Ukraine's total is 6,057, Russia's 6,060.
    let ukraine = shown(&line(&aggregate(book.now(), 101), "RU", "bodies"));
    assert_eq!(ukraine, ((Some(6057), Some(6060), 1), Verdict::Fits, Some((Some(-3), Some(0)))));
    let russia = aggregate(book.now(), 102);
    assert_eq!(shown(&line(&russia, "RU", "bodies")), ((Some(6057), Some(6060), 1), Verdict::Fits, Some((Some(0), Some(3)))));
    // To Russia: 27 + 51 = 78, as Russia's own total says; an outlet's 79 is one more.
    assert_eq!(shown(&line(&russia, "UA", "bodies")), ((Some(78), Some(78), 1), Verdict::Fits, Some((Some(0), Some(0)))));
    assert_eq!(shown(&line(&aggregate(book.now(), 103), "UA", "bodies")), ((Some(78), Some(78), 1), Verdict::Exceeds, Some((Some(1), Some(1)))));
    // "This week", 11 to 15 June, the defence minister's 4,812: the whole doesn't lie inside, four of its stages do: 1,212 + 1,200 + 1,200 + 1,200.
    assert_eq!(shown(&line(&aggregate(book.now(), 93), "RU", "bodies")), ((Some(4812), Some(4812), 4), Verdict::Fits, Some((Some(0), Some(0)))));
}

#[test]
fn a_real_total_in_all_to_date_is_found_to_begin_in_june_2025() {
    let of = aggregate(real().now(), 144);
    let found = line(&of, "UA", "bodies");
    // "In total, to date" (11 December 2025): 201 to Russia. From the last exchange back: 30 (20 November) + 31 (23 October) + 24 (18 September) + 19 (19 August) + 19 (17 July) = 123,
    // and 51 + 27 of 11 to 16 June make 201.
    assert_eq!((found.claimed, found.verdict), (Bounds::exact(201), Verdict::FallsShort));
    let since = found.hypotheses.iter().find_map(|hypothesis| match &hypothesis.scope {
        OtherScope::Since { day, exchange, or_since } => {
            Some((day.to_string(), exchange.to_string(), or_since.clone(), hypothesis.ledger.low, hypothesis.ledger.exchanges))
        }
        _ => None,
    });
    assert_eq!(since, Some(("2025-06-11".into(), "ru-ua/bodies/2025-06-11_2025-06-16".into(), None, Some(201), 6)));
    // At least 11,000 to Ukraine has no upper end: it fits, however much the ledger has.
    assert_eq!(line(&of, "RU", "bodies").verdict, Verdict::Fits);
}

#[test]
fn a_real_total_that_no_other_scope_explains_has_no_hypothesis() {
    let of = aggregate(real().now(), 140);
    // "This year" (13 November 2025): 143 to Russia. The ledger: 49 + 45 + 43 + 41 + 34 (January to May) + 78 (June) + 19 + 19 + 24 + 31 (July to October) = 383, 240 more.
    // From the last back: 31, 55, 74, 93, then 171 with June; said to follow the Istanbul agreements: 78 + 19 + 19 + 31 = 147.
    let found = line(&of, "UA", "bodies");
    assert_eq!(shown(&found), ((Some(383), Some(383), 10), Verdict::FallsShort, Some((Some(-240), Some(-240)))));
    assert_eq!(found.hypotheses, []);
}

#[test]
fn a_real_total_of_all_bodies_exceeds_what_is_recorded() {
    let of = aggregate(real().now(), 69);
    // To Ukraine until 16 May 2025: 160 + 50 (June 2022) + 62 + 4 + 42 + 61 + 80 + 79 + 51 + 50 (to October 2023) = 639; 100 + 121 + 99 + 140 + 212 + 254 + 250 + 501 + 563 + 502 + 503
    // (2024) = 3,245; 757 + 757 + 909 + 909 + 909 (2025) = 4,241: 8,125 in 26 exchanges. 9,744 are 1,619 more.
    let found = line(&of, "RU", "bodies");
    assert_eq!(shown(&found), ((Some(8125), Some(8125), 26), Verdict::Exceeds, Some((Some(1619), Some(1619)))));
    let exchanges = of.exchanges.unwrap();
    assert_eq!((exchanges.claimed, exchanges.ledger, exchanges.possibly, exchanges.verdict), (Bounds::exact(75), 26, 0, Verdict::Exceeds));
}

#[test]
fn a_real_total_of_both_directions_is_the_sum_of_the_two() {
    let of = aggregate(real().now(), 64);
    // 19 April 2025, 538: to Ukraine 246 + 31 = 277, to Russia 246 + 15 = 261.
    let found = &of.lines[0];
    assert_eq!((found.from, found.to, shown(found)), (None, None, ((Some(538), Some(538), 1), Verdict::Fits, Some((Some(0), Some(0))))));
}

#[test]
fn a_total_said_to_begin_too_late_is_found_to_begin_earlier() {
    let of = aggregate(real().now(), 159);
    // "Since July last year" (2 February 2026), at least 12,000 to Ukraine: July to December 6,000 to 6,003 and 1,000 on 29 January make at most 7,003.
    // With June's 6,057 to 6,060 it's 13,057 to 13,063; so it would from 16 May (909 more), and so on: the narrowest is from 11 June.
    let found = line(&of, "RU", "bodies");
    assert_eq!(shown(&found), ((Some(7000), Some(7003), 7), Verdict::Exceeds, Some((Some(4997), None))));
    let narrowest = found.hypotheses.iter().find_map(|hypothesis| match &hypothesis.scope {
        OtherScope::Since { or_since, .. } => or_since.as_ref().map(ToString::to_string),
        _ => None,
    });
    assert_eq!(narrowest.as_deref(), Some("ru-ua/bodies/2025-06-11_2025-06-16"));
}

fn total(log: &mut Log, period: &str, items: serde_json::Value) -> serde_json::Value {
    log.add("aggregate", None, json!({"announced": "2026-03-01", "announcer": ministry(), "period": period, "scope": null, "transfers": to_ukraine(items)}))
}

#[test]
fn what_only_may_lie_in_the_period_widens_the_upper_end_only() {
    let mut log = Log::default();
    log.claim_about("ru-ua/bodies/2026-01-20", headquarters(), "2026-01-20", to_ukraine(exact("bodies", 5)));
    log.claim_about("ru-ua/bodies/2026-01", headquarters(), "2026-02", to_ukraine(exact("bodies", 7)));
    for count in [4, 5, 12, 13] {
        total(&mut log, "2026-01-15/2026-02-15", exact("bodies", count));
    }
    // Certainly 5, possibly 7 more: 5 to 12.
    let verdicts: Vec<Verdict> = reconciliation(log.book().now(), &all(Policy::Range)).aggregates.iter().rev().map(|of| of.lines[0].verdict).collect();
    assert_eq!(verdicts, [Verdict::FallsShort, Verdict::Fits, Verdict::Fits, Verdict::Exceeds]);
    let first = aggregate(log.book().now(), 2);
    assert_eq!((first.lines[0].ledger.low, first.lines[0].possibly.low, first.lines[0].possibly.exchanges), (Some(5), Some(7), 1));
}

#[test]
fn where_the_ledger_has_no_figure_the_verdict_is_unknown_and_not_zero() {
    let mut log = Log::default();
    log.claim(headquarters(), to_ukraine(exact("prisoners", 5)));
    total(&mut log, "2026", exact("bodies", 9));
    let of = aggregate(log.book().now(), 1);
    assert_eq!(shown(&of.lines[0]), ((None, None, 0), Verdict::Unknown, None));
}

#[test]
fn an_exchange_without_a_number_or_of_one_side_only_leaves_the_upper_end_open() {
    let mut log = Log::default();
    log.claim(headquarters(), to_ukraine(exact("prisoners", 5)));
    log.claim_about("ru-ua/prisoners/2026-01-12", headquarters(), "2026-01-12", to_ukraine(json!([{"category": "prisoners", "count": "unknown"}])));
    total(&mut log, "2026", exact("prisoners", 1_000));
    assert_eq!(shown(&aggregate(log.book().now(), 2).lines[0]), ((Some(5), None, 2), Verdict::Fits, Some((None, Some(995)))));
    let both = &reconciliation(log.book().now(), &all(Policy::Both)).aggregates[0].lines[0];
    assert_eq!((both.ledger.low, both.ledger.high, both.ledger.one_sided, both.verdict), (None, None, 2, Verdict::Fits));
}

#[test]
fn named_exchanges_limit_the_sum_and_a_total_that_names_them_gets_no_hypothesis() {
    let mut log = Log::default();
    for (day, count) in [("2026-01-10", 5), ("2026-01-11", 7)] {
        log.claim_about(&format!("ru-ua/bodies/{day}"), headquarters(), day, to_ukraine(exact("bodies", count)));
    }
    let said = json!({"announced": "2026-03-01", "announcer": ministry(), "period": "2026", "scope": null, "transfers": to_ukraine(exact("bodies", 5)), "scope_exchanges": ["ru-ua/bodies/2026-01-11"]});
    log.add("aggregate", None, said);
    let found = &aggregate(log.book().now(), 2).lines[0];
    assert_eq!((shown(found), found.hypotheses.len()), (((Some(7), Some(7), 1), Verdict::FallsShort, Some((Some(-2), Some(-2)))), 0));
}

#[test]
fn one_year_one_agreement_and_a_later_beginning_are_offered_where_they_fit() {
    let mut log = Log::default();
    let about = |log: &mut Log, day: &str, count: u64, framework: Option<&str>| {
        let mut said = json!({"announced": day, "announcer": headquarters(), "exchange": {"date": day}, "transfers": to_ukraine(exact("bodies", count))});
        if let Some(framework) = framework {
            said["exchange"]["framework"] = json!(framework);
        }
        log.add("completed", None, said);
    };
    about(&mut log, "2025-12-01", 100, None);
    about(&mut log, "2026-01-01", 3, Some("A"));
    about(&mut log, "2026-02-01", 4, None);
    // In all 107. The 7 of 2026 are those since 1 January too; the 3 of agreement A are only that, for the last alone is 4.
    total(&mut log, "2025/2026", exact("bodies", 7));
    total(&mut log, "2025/2026", exact("bodies", 3));
    let scopes = |position| aggregate(log.book().now(), position).lines[0].hypotheses.iter().map(|hypothesis| hypothesis.scope.clone()).collect::<Vec<_>>();
    let since = OtherScope::Since { day: "2026-01-01".parse().unwrap(), exchange: "ru-ua/bodies/2026-01-01".parse().unwrap(), or_since: None };
    assert_eq!(scopes(3), [since, OtherScope::Year { year: 2026 }]);
    assert_eq!(scopes(4), [OtherScope::Framework { framework: "A".into() }]);
}

#[test]
fn a_page_ends_where_the_next_begins_and_repeats_are_no_totals_of_their_own() {
    let mut log = Log::default();
    let first = total(&mut log, "2026", exact("bodies", 7));
    total(&mut log, "2026", exact("bodies", 8));
    let said = json!({"announced": "2026-03-01", "announcer": mediator(), "period": "2026", "scope": null, "transfers": to_ukraine(exact("bodies", 7)), "report": {"relays": [first]}});
    log.add("aggregate", None, said);
    let page = |after| reconciliation(log.book().now(), &ReconciliationQuery { after, limit: 1, ..all(Policy::Range) });
    let one = page(None);
    assert_eq!((one.aggregates[0].position, one.next), (Position::new(1), Some(Position::new(1))));
    let two = page(one.next);
    assert_eq!((two.aggregates[0].position, two.next), (Position::new(0), None));
}

#[test]
fn what_took_place_and_is_not_in_the_sum_leaves_its_upper_end_open() {
    let mut log = Log::default();
    for who in [headquarters(), ministry()] {
        log.claim_about("ru-ua/bodies/2026-01-10", who, "2026-01-10", to_ukraine(exact("bodies", 5)));
    }
    log.claim_about("ru-ua/bodies/2026-01-11", headquarters(), "2026-01-11", to_ukraine(exact("bodies", 7)));
    total(&mut log, "2026", exact("bodies", 12));
    // Under `both` the 5 of 10 January are agreed; the 7 of 11 January are one side's word, so 12 is no contradiction.
    let both = &reconciliation(log.book().now(), &all(Policy::Both)).aggregates[0].lines[0];
    assert_eq!((both.ledger.low, both.ledger.high, both.ledger.one_sided, both.verdict), (Some(5), None, 1, Verdict::Fits));
}

#[test]
fn a_total_of_both_directions_has_no_upper_end_where_only_one_is_spoken_of() {
    let mut log = Log::default();
    log.claim_about("ru-ua/bodies/2026-01-10", headquarters(), "2026-01-10", to_ukraine(exact("bodies", 5)));
    let both_ways = json!({"category": "bodies", "count": {"exact": 8}});
    log.add(
        "aggregate",
        None,
        json!({"announced": "2026-03-01", "announcer": ministry(), "period": "2026", "scope": null, "transfers": [], "both_ways": both_ways}),
    );
    assert_eq!(shown(&aggregate(log.book().now(), 1).lines[0]), ((Some(5), None, 1), Verdict::Fits, Some((None, Some(3)))));
}

#[test]
fn a_scope_with_an_exchange_without_a_number_is_no_hypothesis_and_hides_none() {
    let mut log = Log::default();
    log.claim_about("ru-ua/bodies/2026-01-10", headquarters(), "2026-01-10", to_ukraine(json!([{"category": "bodies", "count": "unknown"}])));
    log.claim_about("ru-ua/bodies/2026-01-11", headquarters(), "2026-01-11", to_ukraine(exact("bodies", 100)));
    log.claim_about("ru-ua/bodies/2026-01-12", headquarters(), "2026-01-12", to_ukraine(exact("bodies", 7)));
    total(&mut log, "2026-01-12", json!([{"category": "bodies", "count": {"at_least": 50}}]));
    // 7 on 12 January; from 11 January on 107; from 10 January on anything.
    let found = &aggregate(log.book().now(), 3).lines[0];
    let since = OtherScope::Since { day: "2026-01-11".parse().unwrap(), exchange: "ru-ua/bodies/2026-01-11".parse().unwrap(), or_since: None };
    assert_eq!(found.hypotheses.iter().map(|hypothesis| &hypothesis.scope).collect::<Vec<_>>(), [&since]);
}
