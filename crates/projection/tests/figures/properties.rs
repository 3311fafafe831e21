//! What holds for any log.

use std::collections::BTreeSet;

use announcement::{Data, Position, Record};
use projection::{
    Applied, ApplyError, AsKnown, Book, By, CandidatesQuery, ChangesQuery, ChannelsQuery, DiscrepanciesQuery, FrameworksQuery, Grouping, IdentityQuery,
    KnowledgeQuery, Known, Moment, OfficesQuery, Period, PlansQuery, Policy, ReconciliationQuery, ThirdPartiesQuery, TimelineQuery, Total, TotalsQuery, Valid,
    candidates, changes, channels, discrepancies, dossier, frameworks, identity, knowledge, lineage, offices, plans, reconciliation, third_parties, timeline,
    totals,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::log::{Log, headquarters, mediator, ministry, president, to_ukraine};

const KEYS: [&str; 4] = ["ru-ua/prisoners/2026-01-10", "ru-ua/prisoners/2026-01-11", "ru-ua/bodies/2026-01-12", "ru-ua/bodies/2026-02-12"];

/// A step of a random log: numbers that choose what is said, by whom, about what, and of which earlier record.
pub(crate) type Step = (u8, u8, u8, u16, u8);

/// The step that adds a stage of a longer exchange.
const STAGE: u8 = 13;

/// The step that merges two exchanges.
const MERGE: u8 = 4;

/// The step that corrects a claim.
const CORRECTION: u8 = 6;

/// When a claim is announced: before whatever is done to one.
fn day_of_claim(count: u16) -> String {
    format!("2026-01-{}", 10 + count % 9)
}

/// What is said of a channel, or in sum.
fn aside(log: &mut Log, of_a_channel: bool, announcer: &Value, key: &str, count: u16) -> Value {
    let mut said = json!({"announced": day_of_claim(count), "announcer": announcer});
    let (kind, more) = if of_a_channel {
        let status = ["open", "paused", "blocked"][usize::from(count % 3)];
        ("channel", json!({"channel": "bodies", "parties": ["UA", "RU"], "status": status}))
    } else {
        ("aggregate", json!({"period": "2026", "scope": null, "transfers": [], "scope_exchanges": [key]}))
    };
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    log.add(kind, None, said)
}

/// What a claim about an exchange says.
fn said_of(key: &str, announcer: &Value, count: u16) -> Value {
    let items = match count % 7 {
        0 => json!([{"category": "prisoners", "count": "unknown"}]),
        1 => json!([{"category": "people", "count": {"about": count}}]),
        2 => json!([{"category": "bodies", "count": {"at_least": count}}]),
        _ => json!([{"category": "prisoners", "count": {"exact": count}}, {"category": "civilians", "count": {"at_most": count}}]),
    };
    let mut transfers = to_ukraine(items);
    if count.is_multiple_of(4) {
        let back = json!({"from": "UA", "to": "RU", "counts": [{"category": "bodies", "count": {"exact": count / 4}}]});
        transfers.as_array_mut().unwrap().push(back);
    }
    let mut exchange = json!({"date": key.rsplit('/').next()});
    if !count.is_multiple_of(3) {
        exchange["framework"] = json!(["A", "B"][usize::from(count % 3) - 1]);
    }
    json!({"announced": day_of_claim(count), "announcer": announcer, "exchange": exchange, "transfers": transfers})
}

pub(crate) fn log_of(steps: &[Step]) -> Log {
    let mut log = Log::default();
    let mut ids: Vec<Value> = Vec::new();
    // Every record, and who announced each claim.
    let (mut all, mut announcers): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for &(what, who, key, count, earlier) in steps {
        let announcer = [ministry(), headquarters(), president(), mediator(), Value::Null][usize::from(who % 5)].clone();
        let key = KEYS[usize::from(key % 4)];
        let target = ids.get(usize::from(earlier) % ids.len().max(1)).cloned();
        // What is done to claims is announced in the order in which it's recorded.
        let later = format!("2026-01-{}", 20 + all.len() / 7);
        let said = said_of(key, &announcer, count);
        let about = |more: Value| {
            let mut data = json!({"announced": later, "announcer": null, "target": target});
            data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            data
        };
        let added = match (what % 17, &target) {
            (0, Some(_)) => log.add("retracted", None, about(json!({"reason": "r"}))),
            (1, Some(_)) => log.add("quarantined", None, about(json!({"reason": "r"}))),
            (2, Some(_)) => log.add("released", None, about(json!({"reason": "r"}))),
            (3, Some(_)) => log.add("linked", None, about(json!({"exchange_key": key}))),
            (MERGE, _) => log.add("merged", None, json!({"announced": later, "announcer": null, "from": key, "into": KEYS[usize::from(earlier % 4)]})),
            (5, Some(target)) => log.add("split", None, json!({"announced": later, "announcer": null, "targets": [target], "into": key})),
            (CORRECTION, Some(_)) => {
                log.add("corrected", None, about(json!({"reason": "r", "replacement": {"kind": "completed", "subject": key, "data": said}})))
            }
            (7, Some(_)) => log.add("disputed", None, about(json!({"reason": "r"}))),
            (8, Some(_)) => {
                let mut relay = said;
                let address = format!("https://example.org/{}", count % 3);
                let to_come = log.id(all.len() + usize::from(earlier) % (steps.len() - all.len()));
                let origin = [all[usize::from(earlier) % all.len()].clone(), json!(address), to_come][usize::from(count % 3)].clone();
                relay["report"] = json!({"url": address, "relays": [origin]});
                log.add("confirmed", Some(key), relay)
            }
            (9, Some(target)) => {
                let mut revising = said;
                (revising["announcer"], revising["revises"]) = (announcers[usize::from(earlier) % ids.len()].clone(), target.clone());
                if revising["announcer"].is_null() {
                    revising.as_object_mut().unwrap().remove("revises");
                }
                announcers.push(revising["announcer"].clone());
                ids.push(log.add("completed", Some(key), revising));
                ids[ids.len() - 1].clone()
            }
            (10 | 11, _) => aside(&mut log, what % 17 == 10, &announcer, key, count),
            (12, _) if !all.is_empty() => {
                let target = all[usize::from(earlier) % all.len()].clone();
                log.add("redacted", None, json!({"announced": later, "announcer": null, "target": target, "reason": "r"}))
            }
            (STAGE, _) => {
                let mut stage = said;
                stage["exchange"]["part_of"] = json!("ru-ua/bodies/2026-01");
                ids.push(log.add("completed", Some(key), stage));
                announcers.push(announcer);
                ids[ids.len() - 1].clone()
            }
            _ => {
                announcers.push(announcer);
                ids.push(log.add("completed", Some(key), said));
                ids[ids.len() - 1].clone()
            }
        };
        all.push(added);
    }
    log
}

/// The log without the payloads of the records that others redact, and the position of the last such one.
fn without_payloads(log: &Log) -> (Log, usize) {
    let mut records = log.records.clone();
    let mut last = 0;
    for record in &log.records {
        let Data::Redacted(redacts) = record.announcement().unwrap().data else { continue };
        let target = log.records.iter().position(|record| record.announcement().unwrap().envelope.id == redacts.target.id).unwrap();
        records[target] = records[target].redact(record.position).unwrap();
        last = usize::try_from(record.position.get()).unwrap();
    }
    (Log { records }, last)
}

fn answers(book: Known<'_>) -> String {
    let totals = Policy::ALL.map(|policy| totals(book, &TotalsQuery { policy, ..TotalsQuery::default() }));
    let timeline = timeline(book, &TimelineQuery { limit: 100, ..TimelineQuery::default() });
    let dossiers = KEYS.map(|key| dossier(book, &key.parse().unwrap(), Policy::Range));
    serde_json::to_string_pretty(&(totals, timeline, channels(book, &ChannelsQuery::default()), dossiers)).unwrap()
}

/// The models in which a repeat shows nowhere, whichever record they hold up to.
fn models(book: Known<'_>) -> Value {
    let of = |policy| {
        let reconciliation = reconciliation(book, &ReconciliationQuery { policy, party: None, after: None, limit: 1_000 });
        let plans = plans(book, &PlansQuery { policy, outcome: None, valid: Valid::default(), after: None, limit: 1_000 });
        let frameworks = frameworks(book, &FrameworksQuery { policy, framework: None });
        json!([reconciliation, plans, frameworks, identity(book, &IdentityQuery { policy, ..IdentityQuery::default() })])
    };
    let pairs = candidates(book, &CandidatesQuery { limit: 1_000, ..CandidatesQuery::default() });
    let others = json!([discrepancies(book, &DiscrepanciesQuery::default()), third_parties(book, &ThirdPartiesQuery::default()), pairs]);
    let mut models: Vec<Value> = Policy::ALL.iter().flat_map(|&policy| of(policy).as_array().cloned().unwrap()).collect();
    models.extend(others.as_array().cloned().unwrap());
    for model in &mut models {
        model.as_object_mut().unwrap().remove("as_of");
    }
    Value::Array(models)
}

/// What all models answer; why totals moved, since what was known then.
pub(crate) fn everything(book: Known<'_>, then: AsKnown) -> Vec<String> {
    let grouped: Vec<_> = groupings().into_iter().map(|(policy, by)| totals(book, &TotalsQuery { policy, by, ..TotalsQuery::default() })).collect();
    let feed = changes(book, &ChangesQuery { policy: Policy::Range, from: Position::new(0), limit: 1_000 });
    let moved = knowledge(book, &KnowledgeQuery { totals: TotalsQuery::default(), then, from: Position::new(0), limit: 1_000 });
    let others = (grouped, feed, moved, offices(book, &OfficesQuery::default()), KEYS.map(|key| lineage(book, &key.parse().unwrap())));
    let all = answers(book) + &serde_json::to_string_pretty(&models(book)).unwrap() + &serde_json::to_string_pretty(&others).unwrap();
    all.lines().map(str::to_owned).collect()
}

/// A moment early in a log.
pub(crate) const fn early(announced_until: Option<jiff::civil::Date>) -> AsKnown {
    AsKnown { at: Some(Moment::Position(Position::new(7))), announced_until }
}

/// The first line in which two answers differ, with what comes before.
fn differs(found: &[String], expected: &[String]) -> Option<String> {
    let without_day =
        |of: &[String]| of.iter().filter(|line| !line.contains("announced_until")).map(|line| line.trim_end_matches(',').to_owned()).collect::<Vec<_>>();
    let (found, expected) = (&without_day(found), &without_day(expected));
    let at = found
        .iter()
        .zip(expected)
        .position(|(found, expected)| found != expected)
        .or((found.len() != expected.len()).then_some(found.len().min(expected.len())))?;
    let lines = |of: &[String]| of[at.saturating_sub(30)..(at + 3).min(of.len())].join("\n");
    Some(format!("found\n{}\nexpected\n{}", lines(found), lines(expected)))
}

/// The log with records in the place of those that were announced after a day that say nothing of anything, and that nothing names.
fn announced_by(log: &Log, day: jiff::civil::Date) -> Log {
    let mut said = Log::default();
    for record in &log.records {
        let announcement = record.announcement().unwrap();
        let is_curation = matches!(announcement.kind().as_str(), "linked" | "merged" | "split" | "quarantined" | "released" | "redacted");
        if is_curation || announcement.data.announced().span().latest.unwrap() <= day {
            said.records.push(record.clone());
        } else {
            let nothing = json!({"source": "urn:example:nobody", "id": "00000000-0000-8000-8000-000000000000"});
            said.add("released", None, json!({"announced": "2026-01-20", "announcer": null, "target": nothing, "reason": "r"}));
            let unnamed = said.records.last_mut().unwrap();
            unnamed.event = String::from_utf8(unnamed.event.clone()).unwrap().replace("urn:example:log", "urn:example:unnamed").into_bytes();
        }
    }
    said
}

/// Adds a statement of any kind that the models are made of; `relays` makes it a report.
fn statement(log: &mut Log, what: u8, who: u8, count: u16, relays: Option<&Value>) -> Value {
    let announcer = [ministry(), headquarters(), president(), mediator(), Value::Null][usize::from(who % 5)].clone();
    let key = KEYS[usize::from(who / 5 % 4)];
    let transfers = to_ukraine(json!([{"category": "prisoners", "count": {"exact": count}}]));
    let exchange = json!({"date": key.rsplit('/').next(), "framework": "A"});
    let helpers = json!([{"name": "B", "party": "X-B1", "role": "host"}]);
    let (kind, more) = match what % 6 {
        0 => ("completed", json!({"exchange": exchange, "transfers": transfers, "third_parties": helpers})),
        1 => ("planned", json!({"exchange": exchange, "transfers": transfers, "third_parties": helpers})),
        2 => ("aggregate", json!({"period": "2026", "scope": "words", "transfers": transfers, "exchanges": {"exact": count}})),
        3 => ("agreement", json!({"framework": "A", "transfers": transfers, "third_parties": helpers})),
        4 => {
            let bodies = to_ukraine(json!([{"category": "bodies", "count": {"exact": count}, "identity": "confirmed"}]));
            ("identity", json!({"exchange": exchange, "transfers": bodies}))
        }
        _ => ("mediation", json!({"exchange": exchange, "third_parties": helpers})),
    };
    let mut said = json!({"announced": "2026-01-15", "announcer": announcer});
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    if let Some(origin) = relays {
        said["report"] = json!({"relays": [origin]});
    }
    let subject = (what % 6 != 2 && what % 6 != 3).then_some(key);
    log.add(kind, subject, said)
}

pub(crate) fn groupings() -> Vec<(Policy, Grouping)> {
    let groupings = [vec![], vec![By::Direction], vec![By::Framework], vec![By::Direction, By::Framework]].map(Grouping::of);
    Policy::ALL.into_iter().flat_map(|policy| groupings.clone().map(|by| (policy, by))).collect()
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    steps_up_to(40)
}

fn steps_up_to(most: usize) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(any::<Step>().prop_map(|(what, who, key, count, earlier)| (what, who, key, count % 500, earlier)), 0..most)
}

proptest! {
    #[test]
    fn a_fold_is_total_and_records_that_come_again_change_nothing(steps in steps()) {
        let log = log_of(&steps);
        let once = log.book();
        let mut again = Book::default();
        for (place, record) in log.records.iter().enumerate() {
            prop_assert_eq!(again.apply(record), Ok(Applied::Now));
            for earlier in &log.records[..=place] {
                prop_assert_eq!(again.apply(earlier), Ok(Applied::Already));
            }
            if let Some(later) = log.records.get(place + 2) {
                let gap = ApplyError::Gap { expected: Position::new(place as u64 + 1), found: later.position };
                prop_assert_eq!(again.apply(later), Err(gap));
            }
        }
        prop_assert_eq!(&once, &again);
        prop_assert_eq!((answers(once.now()), models(once.now())), (answers(again.now()), models(again.now())));
    }

    /// Whoever folds the log after the payloads were removed knows as much as who had folded it before.
    #[test]
    fn a_fold_without_the_payloads_gives_the_same_from_the_redaction_on(steps in steps()) {
        let log = log_of(&steps);
        let (bare, last) = without_payloads(&log);
        let (mut before, mut after) = (Book::default(), Book::default());
        for (place, (whole, left)) in log.records.iter().zip(&bare.records).enumerate() {
            prop_assert_eq!((before.apply(whole), after.apply(left)), (Ok(Applied::Now), Ok(Applied::Now)));
            if place >= last {
                prop_assert_eq!(answers(before.now()), answers(after.now()));
            }
        }
        prop_assert_eq!(differs(&everything(before.now(), early(None)), &everything(after.now(), early(None))), None);
        prop_assert_eq!(before.difference(&after), None);
    }

    #[test]
    fn as_known_at_a_moment_is_the_fold_of_the_records_up_to_there(steps in steps(), at in any::<proptest::sample::Index>()) {
        let whole = log_of(&steps);
        let (bare, _) = without_payloads(&whole);
        prop_assume!(!bare.records.is_empty());
        let last = &bare.records[at.index(bare.records.len())];
        let moments = [Moment::Position(last.position), Moment::Instant(last.recorded)];
        for moment in moments {
            let known = |record: &&Record| match moment {
                Moment::Position(position) => record.position <= position,
                Moment::Instant(instant) => record.recorded <= instant,
            };
            let prefix = Log { records: bare.records.iter().filter(known).cloned().collect() };
            let expected = everything(prefix.book().now(), early(None));
            let as_known = AsKnown { at: Some(moment), announced_until: None };
            prop_assert_eq!(differs(&everything(bare.book().as_known(as_known), early(None)), &expected), None);
            prop_assert_eq!(differs(&everything(whole.book().as_known(as_known), early(None)), &expected), None);
        }
    }

    #[test]
    fn what_was_announced_by_a_day_is_the_fold_of_it_and_of_all_curation(steps in steps(), day in 9_i8..27, at in any::<proptest::sample::Index>()) {
        let (log, _) = without_payloads(&log_of(&steps));
        let day = jiff::civil::date(2026, 1, day);
        let said = announced_by(&log, day);
        let expected = everything(said.book().now(), early(None));
        prop_assert_eq!(differs(&everything(log.book().as_known(AsKnown { at: None, announced_until: Some(day) }), early(Some(day))), &expected), None);
        let at = Some(Moment::Position(Position::new(at.index(log.records.len() + 1) as u64)));
        let found = everything(log.book().as_known(AsKnown { at, announced_until: Some(day) }), early(Some(day)));
        prop_assert_eq!(differs(&found, &everything(said.book().as_known(AsKnown { at, announced_until: None }), early(None))), None);
    }

    #[test]
    fn low_is_at_most_high_and_no_figure_is_without_claims(steps in steps()) {
        let book = log_of(&steps).book();
        for policy in Policy::ALL {
            for total in totals(book.now(), &TotalsQuery { policy, ..TotalsQuery::default() }).figures {
                prop_assert!(total.low.zip(total.high).is_none_or(|(low, high)| low <= high));
                prop_assert!(!total.claims.is_empty());
                prop_assert_eq!(total.low.is_none(), total.exchanges == 0);
            }
        }
    }

    #[test]
    fn months_add_up_to_the_year_however_totals_are_grouped(mut steps in steps()) {
        // A whole may lie in its year and only its stages in their months.
        steps.retain(|&(what, ..)| what % 17 != STAGE);
        let book = log_of(&steps).book();
        for (policy, by) in groupings() {
            let of = |period: Period| totals(book.now(), &TotalsQuery { policy, period: Some(period), by: by.clone(), ..TotalsQuery::default() });
            let (months, years) = (of(Period::Month), of(Period::Year));
            for year in &years.figures {
                let row = |total: &Total| (total.from, total.between, total.category, total.frameworks.clone());
                let parts: Vec<_> = months.figures.iter().filter(|month| row(month) == row(year)).collect();
                prop_assert_eq!(parts.iter().map(|part| part.exchanges).sum::<usize>(), year.exchanges);
                prop_assert_eq!(parts.iter().filter_map(|part| part.low).sum::<u64>(), year.low.unwrap_or(0));
            }
        }
    }

    /// Rows never share an exchange, so finer rows add up to the coarser; of both directions there's no upper bound where one wasn't spoken of.
    #[test]
    fn rows_add_up_however_totals_are_grouped(steps in steps()) {
        let book = log_of(&steps).book();
        for (policy, by) in groupings() {
            let of = |by: &Grouping| totals(book.now(), &TotalsQuery { policy, by: by.clone(), ..TotalsQuery::default() }).figures;
            let (finest, coarser) = (of(&Grouping::of([By::Direction, By::Framework])), of(&by));
            for row in &coarser {
                let is_in = |part: &&Total| {
                    part.category == row.category
                        && (row.between.is_some() || part.from == row.from)
                        && (row.frameworks.is_none() || part.frameworks == row.frameworks)
                };
                let parts: Vec<_> = finest.iter().filter(is_in).collect();
                prop_assert_eq!(parts.iter().filter_map(|part| part.low).sum::<u64>(), row.low.unwrap_or(0));
                let high = parts.iter().filter(|part| part.exchanges > 0).map(|part| part.high).sum::<Option<u64>>();
                prop_assert!(row.high.is_none() || row.high == high, "{:?} isn't {:?}", row.high, high);
                if row.between.is_none() {
                    prop_assert_eq!(parts.iter().map(|part| part.exchanges).sum::<usize>(), row.exchanges);
                    prop_assert_eq!(row.high, high.filter(|_| row.exchanges > 0));
                }
            }
            let claims = |rows: &[Total]| rows.iter().flat_map(|row| row.claims.clone()).collect::<BTreeSet<_>>();
            prop_assert_eq!(claims(&finest), claims(&coarser));
        }
    }

    #[test]
    fn a_claim_and_its_retraction_leave_every_total_as_it_was(steps in steps(), who in 0_u8..5, count in 0_u16..500) {
        let mut log = log_of(&steps);
        let numbers = |log: &Log| {
            let of = |policy| totals(log.book().now(), &TotalsQuery { policy, ..TotalsQuery::default() }).figures;
            Policy::ALL.map(|policy| of(policy).into_iter().map(|total| (total.from, total.category, total.low, total.high, total.claims)).collect::<Vec<_>>())
        };
        let before = numbers(&log);
        let announcer = [ministry(), headquarters(), president(), mediator(), Value::Null][usize::from(who)].clone();
        let claim = log.claim(announcer, to_ukraine(json!([{"category": "prisoners", "count": {"exact": count}}])));
        log.add("retracted", None, json!({"announced": "2026-01-20", "announcer": null, "target": claim, "reason": "r"}));
        prop_assert_eq!(numbers(&log), before);
    }

    #[test]
    fn what_is_withdrawn_taken_out_or_removed_is_in_no_model(steps in steps(), what in 0_u8..6, who in 0_u8..20, count in 0_u16..500, how in 0_usize..3) {
        let mut log = log_of(&steps);
        let before = models(log.book().now());
        let target = statement(&mut log, what, who, count, None);
        prop_assert_ne!(models(log.book().now()), before.clone(), "it's in no model while it stands");
        let kind = ["retracted", "quarantined", "redacted"][how];
        log.add(kind, None, json!({"announced": "2026-01-20", "announcer": null, "target": target, "reason": "r"}));
        prop_assert_eq!(models(log.book().now()), before);
    }

    #[test]
    fn a_report_of_a_recorded_statement_changes_no_model(steps in steps(), what in 0_u8..6, who in 0_u8..20, count in 0_u16..500) {
        let mut log = log_of(&steps);
        let origin = statement(&mut log, what, who, count, None);
        let before = models(log.book().now());
        statement(&mut log, what, who, count, Some(&origin));
        prop_assert_eq!(models(log.book().now()), before);
    }

    #[test]
    fn a_merge_and_the_split_of_all_that_it_moved_leave_every_total_as_it_was(mut steps in steps(), from in 0_usize..4, into in 0_usize..4) {
        // Where a key was merged before, a merge moves what is about its root; and a split takes all versions of a claim along, whichever exchange each named.
        steps.retain(|&(what, ..)| ![MERGE, CORRECTION].contains(&(what % 17)));
        let mut log = log_of(&steps);
        let (from, into) = (KEYS[from], KEYS[into]);
        let numbers = |log: &Log| {
            let of = |(policy, by)| totals(log.book().now(), &TotalsQuery { policy, by, ..TotalsQuery::default() });
            groupings().into_iter().map(of).map(|totals| (totals.figures, totals.possibly)).collect::<Vec<_>>()
        };
        let before = numbers(&log);
        let moved = dossier(log.book().now(), &from.parse().unwrap(), Policy::Range).map(|found| (found.exchange.key, found.claims));
        let Some((key, claims)) = moved else { return Ok(()) };
        log.add("merged", None, json!({"announced": "2026-01-27", "announcer": null, "from": key, "into": into}));
        let moved = claims.iter().filter(|claim| claim.contests.is_none()).map(|claim| usize::try_from(claim.position.get()).unwrap());
        let targets: Vec<Value> = moved.map(|position| log.id(position)).collect();
        log.add("split", None, json!({"announced": "2026-01-27", "announcer": null, "targets": targets, "into": key}));
        prop_assert_eq!(numbers(&log), before);
    }

    #[test]
    fn a_merge_that_would_close_a_circle_changes_nothing(steps in steps(), from in 0_usize..4, into in 0_usize..4) {
        let mut log = log_of(&steps);
        let merge = |log: &mut Log, from: &str, into: &str| {
            log.add("merged", None, json!({"announced": "2026-01-27", "announcer": null, "from": from, "into": into}));
        };
        merge(&mut log, KEYS[from], KEYS[into]);
        let next = Position::new(log.records.len() as u64);
        let before = log.book();
        merge(&mut log, KEYS[into], KEYS[from]);
        let after = log.book();
        prop_assert_eq!(models(after.now()), models(before.now()));
        for (policy, by) in groupings() {
            let of = |book: &Book| {
                let totals = totals(book.now(), &TotalsQuery { policy, by: by.clone(), ..TotalsQuery::default() });
                (totals.figures, totals.possibly, totals.unassigned)
            };
            prop_assert_eq!(of(&after), of(&before));
        }
        let lines = |book: &Book| timeline(book.now(), &TimelineQuery { limit: 100, ..TimelineQuery::default() }).exchanges;
        prop_assert_eq!(lines(&after), lines(&before));
        prop_assert_eq!(changes(after.now(), &ChangesQuery { policy: Policy::Range, from: next, limit: 10 }).changes, []);
    }
}

proptest! {
    // Each case asks every model after every record.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 8))]

    /// What was worked out for an answer is kept until a record changes it, and no longer.
    #[test]
    fn a_book_that_is_asked_after_each_record_answers_as_one_that_never_was(steps in steps_up_to(16), at in any::<proptest::sample::Index>()) {
        let log = log_of(&steps);
        let mut asked = Book::default();
        let then = |place: usize| AsKnown { at: Some(Moment::Position(Position::new(place as u64 / 2))), announced_until: None };
        let past = |book: &Book, place: usize| {
            let at = Moment::Position(Position::new(at.index(place + 1) as u64));
            everything(book.as_known(AsKnown { at: Some(at), announced_until: None }), then(place))
        };
        for (place, record) in log.records.iter().enumerate() {
            asked.apply(record).unwrap();
            let fresh = Log { records: log.records[..=place].to_vec() }.book();
            prop_assert_eq!(differs(&everything(asked.now(), then(place)), &everything(fresh.now(), then(place))), None);
            prop_assert_eq!(differs(&past(&asked, place), &past(&fresh, place)), None);
        }
    }
}
