//! Lists that end, and answers limited to some days.

use announcement::Position;
use projection::{
    CandidatesQuery, ChannelsQuery, DiscrepanciesQuery, IdentityQuery, MAX_CITED, MAX_STATEMENTS, OfficesQuery, PlansQuery, Policy, ThirdPartiesQuery,
    TotalsQuery, Valid, candidates, channels, discrepancies, identity, offices, plans, third_parties, totals,
};
use serde_json::json;

use crate::log::{Log, exact, headquarters, mediator, ministry, to_ukraine};

/// More claims than are listed, about one exchange after another.
fn many(log: &mut Log, claims: usize) {
    for day in 0..claims {
        let (month, day) = (day / 28 % 12 + 1, day % 28 + 1);
        let key = format!("ru-ua/bodies/2025-{month:02}-{day:02}");
        log.claim_about(&key, ministry(), "2026-01-10", to_ukraine(exact("bodies", 2)));
    }
}

#[test]
fn a_total_of_very_many_claims_lists_the_first_and_the_next_ones_where_they_are_asked_for() {
    let mut log = Log::default();
    many(&mut log, MAX_CITED + 7);
    let book = log.book();
    let total = |claims_after: Option<Position>| totals(book.now(), &TotalsQuery { claims_after, ..TotalsQuery::default() }).figures.remove(0);
    let first = total(None);
    assert_eq!(first.claims, (0..MAX_CITED as u64).map(Position::new).collect::<Vec<_>>());
    assert_eq!((first.more_claims, first.low, first.exchanges), (7, Some(2 * 336), 336));
    let rest = total(first.claims.last().copied());
    assert_eq!(rest.claims, (MAX_CITED as u64..MAX_CITED as u64 + 7).map(Position::new).collect::<Vec<_>>());
    assert_eq!((rest.more_claims, rest.low, rest.exchanges), (0, first.low, first.exchanges), "it's the same total");
}

#[test]
fn an_office_of_very_many_statements_says_how_many_it_made() {
    let mut log = Log::default();
    many(&mut log, MAX_CITED + 7);
    let found = offices(log.book().now(), &OfficesQuery::default()).offices.remove(0);
    assert_eq!((found.statements["completed"].len(), found.more["completed"]), (MAX_CITED, 7));
}

#[test]
fn of_very_many_statements_on_a_channel_the_latest_are_listed() {
    let mut log = Log::default();
    for day in 0..MAX_STATEMENTS + 3 {
        let announced = format!("2026-{:02}-{:02}", day / 28 + 1, day % 28 + 1);
        let data = json!({"announced": announced, "announcer": headquarters(), "channel": "bodies", "parties": ["RU", "UA"], "status": "open"});
        log.add("channel", None, data);
    }
    let view = channels(log.book().now(), &ChannelsQuery::default()).channels.remove(0).views.remove(0);
    assert_eq!((view.statements.len(), view.older), (MAX_STATEMENTS, 3));
    assert_eq!(view.statements[0].position.get(), MAX_STATEMENTS as u64 + 2);
}

#[test]
fn answers_are_limited_to_exchanges_of_some_days() {
    let mut log = Log::default();
    for (month, mediated) in [("2026-01", "AE"), ("2026-02", "TR")] {
        let data = |count: u64, who: serde_json::Value| {
            json!({
                "announced": format!("{month}-10"), "announcer": who, "exchange": {"date": format!("{month}-10")},
                "transfers": [{"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": {"exact": count}, "identity": "confirmed"}]}],
                "third_parties": [{"name": "A mediator", "party": mediated, "role": "mediator"}],
            })
        };
        log.add("planned", None, data(5, ministry()));
        log.add("completed", None, data(5, ministry()));
        log.add("completed", None, data(6, headquarters()));
        // Of another key, and between the same parties on the same day.
        let key = format!("ru-ua/bodies/{month}-10.2");
        log.claim_about(&key, mediator(), &format!("{month}-11"), to_ukraine(exact("bodies", 5)));
    }
    // It names no exchange, so it's on no day.
    let unnamed = json!({"announced": "2026-02-11", "announcer": null, "exchange": {"date": "2026-02"}, "transfers": to_ukraine(exact("bodies", 5))});
    log.add("planned", None, unnamed);
    let (book, february) = (log.book(), "ru-ua/bodies/2026-02-10");
    let asked = [
        (Valid::default(), 2),
        (Valid { from: Some("2026-02-01".parse().unwrap()), to: None }, 1),
        (Valid { from: Some("2026-02-01".parse().unwrap()), to: Some("2026-02-28".parse().unwrap()) }, 1),
        (Valid { from: None, to: Some("2025-12-31".parse().unwrap()) }, 0),
    ];
    for (valid, exchanges) in asked {
        let planned = plans(book.now(), &PlansQuery { policy: Policy::Range, outcome: None, valid, after: None, limit: 10 }).plans;
        let differing = discrepancies(book.now(), &DiscrepanciesQuery { valid, ..DiscrepanciesQuery::default() }).discrepancies;
        let found = identity(book.now(), &IdentityQuery { valid, ..IdentityQuery::default() }).bodies;
        let helped = third_parties(book.now(), &ThirdPartiesQuery { party: None, valid }).third_parties;
        let pairs = candidates(book.now(), &CandidatesQuery { valid, limit: 10, ..CandidatesQuery::default() }).candidates;
        let of_no_day = usize::from(valid == Valid::default());
        let counts = [planned.len() - of_no_day, differing.len(), helped.len(), pairs.len(), found.len() / 2];
        assert_eq!(counts, [exchanges; 5], "{valid:?}");
        assert!(differing.iter().all(|found| valid == Valid::default() || found.exchange.as_str() == february));
    }
}
