//! Where statements about one exchange differ: the real announcements, worked out by hand, and the rules.

use announcement::{Bounds, Position};
use projection::{Between, DiscrepanciesQuery, Discrepancy, Field, Known, Standing, discrepancies};
use serde_json::{Value, json};

use crate::{
    log::{KEY, Log, exact, headquarters, mediator, ministry, president, to_ukraine},
    totals::real,
};

fn of(book: Known<'_>, key: &str) -> Vec<Discrepancy> {
    discrepancies(book, &DiscrepanciesQuery { exchange: Some(key.parse().unwrap()), ..DiscrepanciesQuery::default() }).discrepancies
}

/// What differs, between whom, and what each says.
fn shown(found: &[Discrepancy]) -> Vec<(Field, Between, String)> {
    let value = |value: &projection::Value| {
        let said = serde_json::to_value(value).unwrap();
        let what = ["count", "date", "frameworks", "stages"].into_iter().find_map(|field| said.get(field)).unwrap().to_string();
        let who = value.party.map_or("-".to_owned(), |party| party.to_string());
        format!("{who} {what} {:?}", value.claims.iter().map(|claim| claim.get()).collect::<Vec<_>>())
    };
    found.iter().map(|found| (found.field, found.between, found.values.iter().map(value).collect::<Vec<_>>().join("; "))).collect()
}

fn count(low: u64, high: u64) -> String {
    json!(Bounds::between(low, high)).to_string()
}

#[test]
fn the_real_sides_differ_by_three_bodies_on_16_june_2025() {
    let found = of(real().now(), "ru-ua/bodies/2025-06-16");
    // Ukraine received 1,245 (position 99), Russia handed over 1,248 (position 100), both said on 16 June; so they have differed since the second.
    assert_eq!(shown(&found), [(Field::Count, Between::Sides, format!("RU {} [100]; UA {} [99]", count(1248, 1248), count(1245, 1245)))]);
    let since = (found[0].since.position, found[0].since.announced.to_string());
    assert_eq!((since, found[0].state, found[0].resolved_by), ((Position::new(100), "2025-06-16".to_owned()), Standing::Open, None));
}

#[test]
fn the_real_sides_agree_on_157_people_and_differ_on_who_they_were() {
    let found = of(real().now(), "ru-ua/prisoners/2026-02-05");
    // To Ukraine: Russia says 157 prisoners (161), Ukraine 157 people, 150 of them service members and 7 civilians (163). The totals agree; 157 and 150 don't.
    // The article's own voice says 157 prisoners too (8). To Russia only Russia says 3 civilians; 157 prisoners both.
    let values = format!("RU {} [161]; UA {} [163]; - {} [8]", count(157, 157), count(150, 150), count(157, 157));
    assert_eq!(shown(&found), [(Field::Composition, Between::Sides, values)]);
}

#[test]
fn the_real_announcements_of_december_2025_differ_in_three_ways() {
    let found = of(real().now(), "ru-ua/bodies/2025-12-19");
    // To Ukraine: the presidential aide 1,003 (145) in one report and 1,000 (146) in another; Ukraine 1,003 (147); an outlet 1,000 (154), which isn't what Ukraine says.
    // To Russia: 26 and 26 by the aide, an outlet 25.
    let to_ukraine = format!("RU {} [145, 146]; UA {} [147]; - {} [154]", count(1000, 1003), count(1003, 1003), count(1000, 1000));
    let of_the_aide = format!("RU {} [145]; RU {} [146]", count(1003, 1003), count(1000, 1000));
    let to_russia = format!("RU {} [145, 146]; - {} [154]", count(26, 26), count(25, 25));
    let expected = [(Between::Others, to_ukraine), (Between::Office, of_the_aide), (Between::Others, to_russia)];
    assert_eq!(shown(&found), expected.map(|(between, values)| (Field::Count, between, values)));
}

#[test]
fn an_outlet_gives_january_2026_another_day_and_another_agreement() {
    let found = of(real().now(), "ru-ua/bodies/2026-01-29");
    let fields: Vec<_> = found.iter().map(|found| (found.field, found.between, found.since.position.get())).collect();
    // 30 January (166) against 29 January; the Abu Dhabi talks (165) against the Istanbul agreements.
    assert_eq!(fields, [(Field::Date, Between::Others, 166), (Field::Framework, Between::Others, 165)]);
}

fn correct(log: &mut Log, target: &Value, who: Value, count: u64) -> Value {
    let replacement = json!({"kind": "completed", "subject": KEY, "data": {"announced": "2026-01-11", "announcer": who, "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("bodies", count))}});
    log.add("corrected", None, json!({"announced": "2026-01-11", "announcer": null, "target": target, "reason": "r", "replacement": replacement}))
}

#[test]
fn a_discrepancy_is_open_then_disputed_then_resolved_by_a_correction() {
    let mut log = Log::default();
    log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    let wrong = log.claim(ministry(), to_ukraine(exact("bodies", 7)));
    let state = |log: &Log| {
        of(log.book().now(), KEY)
            .iter()
            .map(|found| (found.state, found.resolved_by, found.disputed_by.clone(), found.since.position.get()))
            .collect::<Vec<_>>()
    };
    assert_eq!(state(&log), [(Standing::Open, None, vec![], 1)]);
    let dispute = log.add("disputed", None, json!({"announced": "2026-01-11", "announcer": president(), "target": wrong, "reason": "r"}));
    assert_eq!(state(&log), [(Standing::Disputed, None, vec![Position::new(2)], 1)]);
    log.add("retracted", None, json!({"announced": "2026-01-11", "announcer": null, "target": dispute, "reason": "r"}));
    assert_eq!(state(&log), [(Standing::Open, None, vec![], 1)]);
    correct(&mut log, &wrong, ministry(), 5);
    assert_eq!(state(&log), [(Standing::Resolved, Some(Position::new(4)), vec![], 1)]);
    assert_eq!(shown(&of(log.book().now(), KEY))[0].2, format!("RU {} [1]; UA {} [0]", count(7, 7), count(5, 5)));
    // It's open again, with the value of now, where the correction is corrected away from it.
    correct(&mut log, &wrong, ministry(), 8);
    assert_eq!(state(&log), [(Standing::Open, None, vec![], 5)]);
}

#[test]
fn what_overlaps_and_what_is_unknown_differs_from_nothing() {
    let mut log = Log::default();
    log.claim(headquarters(), to_ukraine(json!([{"category": "bodies", "count": {"at_least": 5}}])));
    log.claim(ministry(), to_ukraine(exact("bodies", 7)));
    log.claim(mediator(), to_ukraine(json!([{"category": "bodies", "count": "unknown"}])));
    assert_eq!(of(log.book().now(), KEY), []);
}

#[test]
fn reports_of_one_statement_differ_by_what_they_make_of_it() {
    let mut log = Log::default();
    let origin = log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    let report = |log: &mut Log, relays: Value, count: u64| {
        let said = json!({"announced": "2026-01-10", "announcer": headquarters(), "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("bodies", count)), "report": {"relays": relays}});
        log.add("completed", Some(KEY), said);
    };
    report(&mut log, json!([origin]), 5);
    assert_eq!(of(log.book().now(), KEY), []);
    report(&mut log, json!([origin]), 6);
    let values = format!("UA {} [0]; UA {} [1]; UA {} [2]", count(5, 5), count(5, 5), count(6, 6));
    assert_eq!(shown(&of(log.book().now(), KEY)), [(Field::Count, Between::Reports, values)]);
    // Of a statement that nobody recorded.
    let mut log = Log::default();
    report(&mut log, json!(["https://example.org/a"]), 5);
    report(&mut log, json!(["https://example.org/a"]), 6);
    assert_eq!(shown(&of(log.book().now(), KEY)), [(Field::Count, Between::Reports, format!("UA {} [0]; UA {} [1]", count(5, 5), count(6, 6)))]);
}

#[test]
fn the_sides_differ_in_date_and_in_which_stage_it_was() {
    let mut log = Log::default();
    for (who, date, stage) in [(headquarters(), "2026-01-10", 1), (ministry(), "2026-01-11", 2)] {
        let exchange = json!({"date": date, "part_of": "ru-ua/prisoners/2026-01", "stage": stage});
        log.add(
            "completed",
            Some(KEY),
            json!({"announced": "2026-01-12", "announcer": who, "exchange": exchange, "transfers": to_ukraine(exact("prisoners", 5))}),
        );
    }
    let found = of(log.book().now(), KEY);
    assert_eq!(found.iter().map(|found| (found.field, found.between)).collect::<Vec<_>>(), [(Field::Date, Between::Sides), (Field::Ordinal, Between::Sides)]);
    assert_eq!(shown(&found)[1].2, "RU [2] [1]; UA [1] [0]");
}

#[test]
fn unnamed_sources_are_not_known_to_be_one_and_differ_from_each_other() {
    let mut log = Log::default();
    for count in [5, 7, 5] {
        log.claim(Value::Null, to_ukraine(exact("bodies", count)));
    }
    let found = of(log.book().now(), KEY);
    assert_eq!((found.len(), found[0].between, found[0].values.len(), found[0].since.position), (1, Between::Others, 3, Position::new(1)));
}

#[test]
fn a_corrected_report_of_a_recorded_statement_was_no_discrepancy_of_the_sides() {
    let mut log = Log::default();
    let origin = log.claim(headquarters(), to_ukraine(exact("bodies", 5)));
    log.claim(ministry(), to_ukraine(exact("bodies", 5)));
    let said = json!({"announced": "2026-01-10", "announcer": headquarters(), "exchange": {"date": "2026-01-10"}, "transfers": to_ukraine(exact("bodies", 7)), "report": {"relays": [origin]}});
    let report = log.add("completed", Some(KEY), said);
    assert_eq!(of(log.book().now(), KEY).iter().map(|found| found.between).collect::<Vec<_>>(), [Between::Reports]);
    correct(&mut log, &report, headquarters(), 5);
    assert_eq!(of(log.book().now(), KEY), []);
}

#[test]
fn a_page_ends_with_an_exchange_and_the_next_begins_after_it() {
    let book = real();
    let all = discrepancies(book.now(), &DiscrepanciesQuery::default());
    assert_eq!(all.next, None);
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = discrepancies(book.now(), &DiscrepanciesQuery { after, limit: Some(2), ..DiscrepanciesQuery::default() });
        let mut exchanges: Vec<_> = page.discrepancies.iter().map(|found| &found.exchange).collect();
        exchanges.dedup();
        assert!(exchanges.len() <= 2 && !exchanges.is_empty(), "{exchanges:?}");
        assert!(page.next.is_none() || exchanges.len() == 2);
        pages.extend(page.discrepancies);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, all.discrepancies);
}
