//! Totals: which exchanges lie inside, which possibly, by period and direction; and the real announcements, worked out by hand.

use announcement::{Category, Position, Publisher, Record};
use projection::{AsKnown, Book, By, Excluded, Grouping, Moment, Period, Policy, Total, TotalsQuery, Why, totals};

use crate::log::{KEY, Log, exact, headquarters, ministry, to_ukraine};

fn days(from: &str, to: &str) -> TotalsQuery {
    TotalsQuery { from: Some(from.parse().unwrap()), to: Some(to.parse().unwrap()), ..TotalsQuery::default() }
}

pub(crate) fn real() -> Book {
    let mut book = Book::default();
    for name in ["reference-article", "public-record"] {
        let path = format!("{}/../../deploy/samples/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
        for event in std::fs::read_to_string(path).unwrap().lines() {
            let recorded = "2026-06-01T00:00:00Z".parse().unwrap();
            book.apply(&Record { position: book.next(), recorded, publisher: Publisher::local(), event: event.into(), removed: None }).unwrap();
        }
    }
    book
}

#[test]
fn an_exchange_counts_where_its_days_lie_inside_and_possibly_where_they_only_overlap() {
    let mut log = Log::default();
    log.claim_about("ru-ua/bodies/2026-01", ministry(), "2026-02", to_ukraine(exact("bodies", 7)));
    log.claim_about("ru-ua/bodies/2026-01-20", ministry(), "2026-02", to_ukraine(exact("bodies", 5)));
    let found = totals(log.book().now(), &days("2026-01-15", "2026-02-15"));
    assert_eq!((found.figures[0].low, found.figures[0].exchanges), (Some(5), 1));
    assert_eq!((found.possibly[0].low, found.possibly[0].exchanges), (Some(7), 1));
    let all = totals(log.book().now(), &TotalsQuery::default());
    assert_eq!((all.figures[0].low, all.possibly.len()), (Some(12), 0));
}

#[test]
fn a_whole_counts_once_where_it_lies_inside_and_else_its_stages_do() {
    let whole = "ru-ua/bodies/2026-01-10_2026-01-12";
    let mut log = Log::default();
    for (day, count) in [("2026-01-10", 400), ("2026-01-12", 500)] {
        let stage = serde_json::json!({"announced": day, "announcer": headquarters(), "exchange": {"date": day, "part_of": whole}, "transfers": to_ukraine(exact("bodies", count))});
        log.add("completed", Some(&format!("ru-ua/bodies/{day}")), stage);
    }
    log.claim_about(whole, headquarters(), "2026-01-13", to_ukraine(exact("bodies", 900)));
    let total = |from: &str, to: &str| log.total(&days(from, to), "bodies").map(|total| (total.low, total.high, total.exchanges));
    assert_eq!(total("2026-01-01", "2026-01-31"), Some((Some(900), Some(900), 1)));
    assert_eq!(total("2026-01-11", "2026-01-31"), Some((Some(500), Some(500), 1)));
    assert_eq!(total("2026-01-10", "2026-01-11"), Some((Some(400), Some(400), 1)));
}

#[test]
fn an_unknown_leaves_the_upper_end_open_and_a_figure_of_one_side_is_not_in_the_sum() {
    let mut log = Log::default();
    log.claim(ministry(), to_ukraine(exact("prisoners", 5)));
    log.claim_about("ru-ua/prisoners/2026-01-12", ministry(), "2026-01-12", to_ukraine(serde_json::json!([{"category": "prisoners", "count": "unknown"}])));
    let total = log.total(&TotalsQuery::default(), "prisoners").unwrap();
    assert_eq!((total.low, total.high, total.exchanges, total.unknown), (Some(5), None, 2, 1));
    let both = log.total(&TotalsQuery { policy: Policy::Both, ..TotalsQuery::default() }, "prisoners").unwrap();
    assert_eq!((both.low, both.high, both.exchanges, both.one_sided), (None, None, 0, 2));
}

#[test]
fn a_group_by_period_names_it_and_what_may_lie_in_several_is_possibly_in_each() {
    let mut log = Log::default();
    log.claim(ministry(), to_ukraine(exact("bodies", 5)));
    log.claim_about("ru-ua/bodies/2026", ministry(), "2026-12", to_ukraine(exact("bodies", 9)));
    let found = totals(log.book().now(), &TotalsQuery { period: Some(Period::Month), ..TotalsQuery::default() });
    assert_eq!((found.figures[0].period.as_deref(), found.figures[0].low), (Some("2026-01"), Some(5)));
    assert_eq!((found.possibly[0].period.as_deref(), found.possibly[0].low), (Some("2026-01/2026-12"), Some(9)));
    let year = totals(log.book().now(), &TotalsQuery { period: Some(Period::Year), ..TotalsQuery::default() });
    assert_eq!((year.figures[0].period.as_deref(), year.figures[0].low), (Some("2026"), Some(14)));
}

#[test]
fn the_real_announcements_come_to_what_was_worked_out_by_hand() {
    let book = real();
    let total = |query: &TotalsQuery, from: &str, category: &str| {
        let found =
            totals(book.now(), query).figures.into_iter().find(|total| total.from == Some(from.parse().unwrap()) && total.category.as_str() == category);
        found.map(|total| (total.low, total.high, total.exchanges))
    };
    let january = days("2026-01-29", "2026-01-29");
    assert_eq!(total(&january, "RU", "bodies"), Some((Some(1000), Some(1000), 1)));
    assert_eq!(total(&january, "UA", "bodies"), Some((Some(38), Some(38), 1)));
    // Bodies to Ukraine in the first quarter of 2025: 757 (24 January) + 757 (14 February) + 909 (28 March).
    assert_eq!(total(&days("2025-01-01", "2025-03-31"), "RU", "bodies"), Some((Some(2423), Some(2423), 3)));
    // Bodies to Russia: 49 + 45 + 43.
    assert_eq!(total(&days("2025-01-01", "2025-03-31"), "UA", "bodies"), Some((Some(137), Some(137), 3)));
    // From July 2025 on, to Ukraine: 1,000 (July, August, September, October, November) and 1,000 to 1,003 (19 December).
    assert_eq!(total(&days("2025-07-01", "2025-12-31"), "RU", "bodies"), Some((Some(6000), Some(6003), 6)));
    // The stages of 23, 24 and 25 May 2025: 390 + 307 + 303 = 1,000 people each way.
    assert_eq!(total(&days("2025-05-23", "2025-05-25"), "RU", "people"), Some((Some(1000), Some(1000), 1)));
    assert_eq!(total(&days("2025-05-23", "2025-05-25"), "UA", "people"), Some((Some(1000), Some(1000), 1)));
    // 5 and 6 March 2026: 200 + 300 prisoners, and 2 civilians to Ukraine; 3 civilians to Russia are an exchange of their own.
    assert_eq!(total(&days("2026-03-01", "2026-03-31"), "RU", "people"), Some((Some(502), Some(502), 1)));
    assert_eq!(total(&days("2026-03-01", "2026-03-31"), "UA", "people"), Some((Some(503), Some(503), 2)));
    let positions: Vec<Position> = totals(book.now(), &january).figures[0].claims.clone();
    assert_eq!(positions, [2, 156, 157, 158].map(Position::new));
}

/// Low, high and exchanges of the bodies of a year, by what is asked for: each row's key beside.
fn bodies(year: i16, by: Grouping) -> Vec<(String, Option<u64>, Option<u64>, usize)> {
    let query = TotalsQuery { category: Some(Category::Bodies), by, ..days(&format!("{year}-01-01"), &format!("{year}-12-31")) };
    let key = |total: &Total| {
        let way = total.between.map_or_else(|| format!("{} to {}", total.from.unwrap(), total.to.unwrap()), |[one, other]| format!("{one} and {other}"));
        total.frameworks.iter().fold(way, |key, frameworks| format!("{key}, {}", frameworks.join(" + ")))
    };
    totals(real().now(), &query).figures.iter().map(|total| (key(total), total.low, total.high, total.exchanges)).collect()
}

#[test]
fn the_real_bodies_of_both_directions_come_to_what_was_worked_out_by_hand() {
    // 2025, to Ukraine: 757 + 757 + 3 × 909 = 4,241 until May; 1,212 + 3 × 1,200 + (1,245 to 1,248) = 6,057 to 6,060 in June; 6,000 to 6,003 from July on.
    // 4,241 + 6,057 + 6,000 = 16,298; 4,241 + 6,060 + 6,003 = 16,304.
    // To Russia: 49 + 45 + 43 + 41 + 34 = 212; 27 + 51 = 78; 19 + 19 + 24 + 31 + 30 + 26 = 149. 212 + 78 + 149 = 439.
    // Exchanges: 5 until May, the one of June in its five stages, 6 from July on.
    let one_way = |way: &str, low: u64, high: u64| (way.to_owned(), Some(low), Some(high), 12);
    assert_eq!(bodies(2025, Grouping::default()), [one_way("RU to UA", 16_298, 16_304), one_way("UA to RU", 439, 439)]);
    // 16,298 + 439 and 16,304 + 439.
    assert_eq!(bodies(2025, Grouping::of([])), [one_way("RU and UA", 16_737, 16_743)]);
    // 2024, to Ukraine: 100 + 121 + 99 + 140 + 212 + 254 + 250 + 501 + 563 + 502 + 503 = 3,245.
    // To Russia in five of these eleven: 23 + 45 + 32 + 38 + 89 = 227. In the six others nobody said how many, or that none: at least 3,472, and no upper bound.
    assert_eq!(bodies(2024, Grouping::of([])), [("RU and UA".to_owned(), Some(3_472), None, 11)]);
}

#[test]
fn the_real_bodies_by_agreement_come_to_what_was_worked_out_by_hand() {
    let by = || Grouping::of([By::Direction, By::Framework]);
    let row = |key: &str, low: u64, high: u64, exchanges: usize| (key.to_owned(), Some(low), Some(high), exchanges);
    // Said to follow the Istanbul agreements: June (6,057 to 6,060), 17 July, 19 August, 23 October (1,000 each), 19 December (1,000 to 1,003).
    // 6,057 + 4 × 1,000 = 10,057; 6,060 + 3,000 + 1,003 = 10,063. To Russia: 78 + 19 + 19 + 31 + 26 = 173.
    // Of the others nobody says so: 4,241 until May, 18 September and 20 November (1,000 each) = 6,241. To Russia: 212 + 24 + 30 = 266.
    // 10,057 + 6,241 = 16,298 and 173 + 266 = 439, as above.
    let istanbul = "Istanbul agreements (2025)";
    let expected = [
        row("RU to UA, ", 6_241, 6_241, 7),
        row("UA to RU, ", 266, 266, 7),
        row(&format!("RU to UA, {istanbul}"), 10_057, 10_063, 5),
        row(&format!("UA to RU, {istanbul}"), 173, 173, 5),
    ];
    assert_eq!(bodies(2025, by()), expected);
    // An outlet says that 29 January 2026 follows the Abu Dhabi talks, others the Istanbul agreements: a row of its own, so nobody is counted twice.
    // 26 February: nobody names any.
    let both = format!("Abu Dhabi talks (2026) + {istanbul}");
    let expected = [
        row("RU to UA, ", 1_000, 1_000, 1),
        row("UA to RU, ", 35, 35, 1),
        row(&format!("RU to UA, {both}"), 1_000, 1_000, 1),
        row(&format!("UA to RU, {both}"), 38, 38, 1),
    ];
    assert_eq!(bodies(2026, by()), expected);
}

#[test]
fn a_real_whole_follows_the_agreement_that_its_stages_follow() {
    // Of 23 to 25 May 2025 only the stages are claimed, each of them under the Istanbul agreements: 390 + 307 + 303 = 1,000 people each way.
    let query = TotalsQuery { category: Some(Category::People), by: Grouping::of([By::Framework]), ..days("2025-05-23", "2025-05-25") };
    let found = totals(real().now(), &query).figures;
    let shown: Vec<_> = found.iter().map(|total| (total.frameworks.clone(), total.low, total.high, total.exchanges)).collect();
    assert_eq!(shown, [(Some(vec!["Istanbul agreements (2025)".to_owned()]), Some(2_000), Some(2_000), 1)]);
}

#[test]
fn where_only_one_direction_is_asked_for_no_row_is_of_both() {
    let mut log = Log::default();
    let transfers = serde_json::json!([
        {"from": "RU", "to": "UA", "counts": exact("bodies", 5)},
        {"from": "UA", "to": "RU", "counts": exact("bodies", 2)},
    ]);
    log.claim(ministry(), transfers);
    let of = |sender: Option<&str>| {
        let query = TotalsQuery { sender: sender.map(|party| party.parse().unwrap()), by: Grouping::of([]), ..TotalsQuery::default() };
        let found = totals(log.book().now(), &query).figures;
        found.iter().map(|total| (total.from.map(|from| from.to_string()), total.between.is_some(), total.low, total.exchanges)).collect::<Vec<_>>()
    };
    assert_eq!(of(None), [(None, true, Some(7), 1)]);
    assert_eq!(of(Some("UA")), [(Some("UA".to_owned()), false, Some(2), 1)]);
}

#[test]
fn a_claim_left_out_of_a_row_of_both_directions_is_named_there() {
    let mut log = Log::default();
    log.claim(ministry(), to_ukraine(exact("bodies", 5)));
    let wrong = log.claim(ministry(), to_ukraine(exact("bodies", 6)));
    log.add("retracted", None, serde_json::json!({"announced": "2026-01-11", "announcer": null, "target": wrong, "reason": "r"}));
    let found = totals(log.book().now(), &TotalsQuery { by: Grouping::of([By::Framework]), ..TotalsQuery::default() }).figures;
    let shown: Vec<_> = found.iter().map(|total| (total.low, total.high, total.excluded.clone())).collect();
    assert_eq!(shown, [(Some(5), None, vec![Excluded { position: Position::new(1), why: Why::Retracted }])]);
}

#[test]
fn a_grouping_is_read_from_its_names() {
    let read = |text: &str| text.parse::<Grouping>().map(|by| by.to_string());
    assert_eq!(read("direction"), Ok("direction,category".to_owned()));
    assert_eq!(read("framework,category"), Ok("category,framework".to_owned()));
    assert!(read("").is_err() && read("direction,").is_err() && read("place").is_err());
    assert_eq!(Grouping::default().to_string(), "direction,category");
}

#[test]
fn a_claim_of_which_it_is_open_whether_it_was_announced_by_a_day_is_left_out_and_named() {
    let mut log = Log::default();
    log.claim_about(KEY, ministry(), "2026-01-10", to_ukraine(exact("prisoners", 100)));
    log.claim_about(KEY, headquarters(), "2026-01", to_ukraine(exact("prisoners", 120)));
    let book = log.book();
    let until = |day: &str| AsKnown { at: None, announced_until: Some(day.parse().unwrap()) };
    let shown = |as_known: AsKnown| {
        let prisoners = TotalsQuery { category: Some(Category::Prisoners), ..TotalsQuery::default() };
        let found = totals(book.as_known(as_known), &prisoners).figures;
        let shown = found.iter().map(|total| (total.low, total.high, total.claims.len(), total.excluded.iter().map(|out| out.why).collect::<Vec<_>>()));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(shown(until("2026-01-09")), [], "on the ninth nothing had been said, which isn't 0");
    assert_eq!(shown(until("2026-01-30")), [(Some(100), Some(100), 1, vec![Why::MaybeLater])]);
    assert_eq!(shown(until("2026-01-31")), [(Some(100), Some(120), 2, vec![])]);
}

#[test]
fn a_moment_is_a_position_an_instant_or_a_day() {
    let read = |text: &str| text.parse::<Moment>().ok();
    assert_eq!(read("17"), Some(Moment::Position(Position::new(17))));
    assert_eq!(read("2026-01-29T10:00:00Z"), Some(Moment::Instant("2026-01-29T10:00:00Z".parse().unwrap())));
    assert_eq!(read("2026-01-29"), Some(Moment::Instant("2026-01-29T23:59:59.999999Z".parse().unwrap())));
    for text in ["", "-1", "+1", "2026", "2026-01", "2026-02-30", "yesterday", "18446744073709551616"] {
        let expected = (text == "2026").then_some(Moment::Position(Position::new(2026)));
        assert_eq!(read(text), expected, "{text}");
    }
}
