//! Plans and agreements beside what took place, and what is credited to third parties: the real announcements, worked out by hand, and the rules.

use std::collections::BTreeSet;

use announcement::{Bounds, Kind, Position};
use projection::{Frameworks, FrameworksQuery, Known, Plan, PlansQuery, Policy, Status, Term, ThirdPartiesQuery, Valid, frameworks, plans, third_parties};
use serde_json::json;

use crate::{
    log::{KEY, Log, exact, headquarters, mediator, ministry, to_ukraine},
    totals::real,
};

fn all() -> PlansQuery {
    PlansQuery { policy: Policy::Range, outcome: None, valid: Valid::default(), after: None, limit: 1_000 }
}

fn plan(book: Known<'_>, position: u64) -> Plan {
    plans(book, &all()).plans.into_iter().find(|plan| plan.position == Position::new(position)).unwrap()
}

/// Low and high of what was handed over less what was planned, of each count.
fn differences(plan: &Plan) -> Vec<(Option<i64>, Option<i64>)> {
    plan.counts.iter().map(|count| count.difference.map_or((None, None), |gap| (gap.low, gap.high))).collect()
}

#[test]
fn the_real_plan_of_june_2025_was_put_off_contested_and_carried_out() {
    let plan = plan(real().now(), 81);
    // Planned on 2 June for 9 to 15 June, about 6,000 (5,400 to 6,600) to Ukraine. Took place from 11 to 16 June: at least 15 to 11 June, 4 days early, at most 9 to 16 June, 7 days late.
    // Handed over 6,057 to 6,060: from 6,057 - 6,600 = -543 to 6,060 - 5,400 = 660 more than planned.
    assert_eq!((plan.outcome, plan.lag_days.map(|lag| (lag.low, lag.high))), (Status::Completed, Some((Some(-4), Some(7)))));
    assert_eq!((plan.counts[0].planned, differences(&plan)), (Bounds::between(5400, 6600), vec![(Some(-543), Some(660))]));
    assert_eq!(plan.put_off.iter().map(|off| (off.said.position.get(), off.kind)).collect::<Vec<_>>(), [(83, Kind::Postponed)]);
    assert_eq!(plan.contested_by, [Position::new(82)]);
}

#[test]
fn the_real_plan_of_19_march_2025_had_one_wounded_prisoner_fewer() {
    let plan = plan(real().now(), 56);
    // To Ukraine 175 + 23 = 198 planned, 175 + 22 = 197 handed over; to Russia 175 and 175. On its day.
    assert_eq!((differences(&plan), plan.lag_days.map(|lag| (lag.low, lag.high))), (vec![(Some(-1), Some(-1)), (Some(0), Some(0))], Some((Some(0), Some(0)))));
}

#[test]
fn the_real_plan_of_both_directions_is_held_against_the_sum_of_the_two() {
    let plan = plan(real().now(), 160);
    // 314 in both directions; handed over 157 to Ukraine and 157 + 3 civilians to Russia: 317.
    let handed_over = plan.counts[0].handed_over.clone().unwrap();
    assert_eq!((plan.counts[0].from, handed_over.low, handed_over.high, differences(&plan)), (None, Some(317), Some(317), vec![(Some(3), Some(3))]));
}

fn planned(log: &mut Log, date: &str, subject: Option<&str>) {
    log.add(
        "planned",
        subject,
        json!({"announced": "2026-01-01", "announcer": ministry(), "exchange": {"date": date}, "transfers": to_ukraine(exact("prisoners", 9))}),
    );
}

#[test]
fn a_plan_that_nothing_came_of_has_no_lag_and_no_number_handed_over() {
    let mut log = Log::default();
    planned(&mut log, "2026-01-10", None);
    planned(&mut log, "2026-01", None);
    let book = log.book();
    let open = plan(book.now(), 0);
    assert_eq!((open.outcome, open.took_place, open.lag_days, open.counts[0].handed_over.clone()), (Status::Planned, None, None, None));
    assert_eq!((open.exchange.map(|key| key.to_string()).as_deref(), plan(book.now(), 1).exchange), (Some(KEY), None));
    log.add("cancelled", Some(KEY), json!({"announced": "2026-01-09", "announcer": headquarters(), "exchange": {"date": "2026-01-10"}, "reason": "r"}));
    assert_eq!((plan(log.book().now(), 0).outcome, plan(log.book().now(), 0).lag_days), (Status::Cancelled, None));
    let cancelled = plans(log.book().now(), &PlansQuery { outcome: Some(Status::Cancelled), ..all() });
    assert_eq!(cancelled.plans.len(), 1);
}

#[test]
fn a_lag_across_a_month_and_a_leap_day_is_a_difference_of_days() {
    let mut log = Log::default();
    let key = "ru-ua/prisoners/2024-02-28";
    planned(&mut log, "2024-02-28", Some(key));
    log.add(
        "completed",
        Some(key),
        json!({"announced": "2024-03-01", "announcer": headquarters(), "exchange": {"date": "2024-03-01"}, "transfers": to_ukraine(exact("prisoners", 9))}),
    );
    // 28 February to 1 March 2024: 29 February lies between, so 2 days.
    assert_eq!(plan(log.book().now(), 0).lag_days.map(|lag| (lag.low, lag.high)), Some((Some(2), Some(2))));
}

#[test]
fn pages_of_plans_end_where_the_next_begins() {
    let mut log = Log::default();
    planned(&mut log, "2026-01-10", None);
    planned(&mut log, "2026-01", None);
    let page = |after| plans(log.book().now(), &PlansQuery { after, limit: 1, ..all() });
    let (one, two) = (page(None), page(Some(Position::new(1))));
    assert_eq!((one.plans[0].position, one.next), (Position::new(1), Some(Position::new(1))));
    assert_eq!((two.plans[0].position, two.next), (Position::new(0), None));
}

fn term(found: &Frameworks, from: &str, category: &str) -> Term {
    found.frameworks[0].terms.iter().find(|term| term.from.as_str() == from && term.category.as_str() == category).cloned().unwrap()
}

#[test]
fn the_real_istanbul_agreements_promised_about_6000_bodies_each_way() {
    let found = frameworks(real().now(), &FrameworksQuery { framework: Some("Istanbul agreements (2025)".into()), ..FrameworksQuery::default() });
    let shown = |term: &Term| {
        let agreed = term.agreed.map(|agreed| agreed.bounds);
        (agreed, (term.delivered.low, term.delivered.high, term.delivered.exchanges), term.remaining.map(|gap| (gap.low, gap.high)))
    };
    // About 6,000: 5,400 to 6,600. To Ukraine under its name: June 6,057 to 6,060, 1,000 each on 17 July, 19 August and 23 October, 1,000 to 1,003 on 19 December, 1,000 on 29 January:
    // 11,057 to 11,063, so from 5,400 - 11,063 = -5,663 to 6,600 - 11,057 = -4,457 remain: more was delivered.
    let agreed = Some(Bounds::between(5400, 6600));
    assert_eq!(shown(&term(&found, "RU", "bodies")), (agreed, (Some(11057), Some(11063), 6), Some((Some(-5663), Some(-4457)))));
    // To Russia: 78 + 19 + 19 + 31 + 26 + 38 = 211.
    assert_eq!(shown(&term(&found, "UA", "bodies")), (agreed, (Some(211), Some(211), 6), Some((Some(5189), Some(6389)))));
    // 1,000 people each way were agreed in May.
    assert_eq!(term(&found, "RU", "people").agreed.map(|agreed| agreed.bounds), Some(Bounds::exact(1000)));
}

#[test]
fn what_is_agreed_and_not_delivered_is_not_delivered_as_zero() {
    let mut log = Log::default();
    log.add("agreement", None, json!({"announced": "2026-01-01", "announcer": mediator(), "framework": "A", "transfers": to_ukraine(exact("prisoners", 9))}));
    let found = frameworks(log.book().now(), &FrameworksQuery::default());
    let term = term(&found, "RU", "prisoners");
    assert_eq!((term.delivered.low, term.delivered.exchanges, term.remaining, term.claims), (None, 0, None, vec![Position::new(0)]));
}

#[test]
fn what_is_credited_to_the_emirates_is_told_apart_by_who_says_so() {
    let found = third_parties(real().now(), &ThirdPartiesQuery { party: Some("AE".parse().unwrap()), ..ThirdPartiesQuery::default() });
    let credits = &found.third_parties[0].credits;
    let of =
        |by: Option<&str>, role: &str| credits.iter().find(|credit| credit.by.map(|party| party.to_string()).as_deref() == by && credit.role == role).unwrap();
    let exchanges = |by, role| of(by, role).exchanges.iter().map(|key| key.as_str().trim_start_matches("ru-ua/prisoners/").to_owned()).collect::<Vec<_>>();
    // Russia: positions 51, 58, 67, 130, 162 and 184; Ukraine: 48, 50, 59, 62, 66, 126 and 131; the United States' envoy: 160; an outlet: 186, and with no exchange 4.
    assert_eq!(exchanges(Some("RU"), "mediator"), ["2025-02-05", "2025-03-19", "2025-05-06", "2025-08-24", "2026-02-05", "2026-03-06"]);
    assert_eq!(exchanges(Some("UA"), "mediator"), ["2025-01-15", "2025-02-05", "2025-03-19", "2025-04-19", "2025-05-06", "2025-08-14", "2025-08-24"]);
    assert_eq!((exchanges(Some("US"), "mediator"), exchanges(None, "mediator")), (vec!["2026-02-05".to_owned()], vec!["2026-03-06".to_owned()]));
    assert_eq!((of(None, "facilitator").without_exchange.as_slice(), of(None, "facilitator").exchanges.len()), (&[Position::new(4)][..], 0));
    let by: Vec<_> = credits.iter().map(|credit| credit.by.map(|party| party.to_string())).collect();
    assert_eq!(by, [Some("RU"), Some("UA"), Some("US"), None, None].map(|party| party.map(str::to_owned)));
}

#[test]
fn third_parties_with_a_code_are_one_by_code_and_others_by_name() {
    let mut log = Log::default();
    for (name, party) in [("ICRC", json!("X-ICRC")), ("Red Cross", json!("X-ICRC")), ("A", json!(null)), ("B", json!(null))] {
        log.add(
            "mediation",
            None,
            json!({"announced": "2026-01-01", "announcer": ministry(), "third_parties": [{"name": name, "party": party, "role": "host"}]}),
        );
    }
    let names: Vec<BTreeSet<String>> =
        third_parties(log.book().now(), &ThirdPartiesQuery::default()).third_parties.into_iter().map(|found| found.names).collect();
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names, [set(&["ICRC", "Red Cross"]), set(&["A"]), set(&["B"])]);
}
