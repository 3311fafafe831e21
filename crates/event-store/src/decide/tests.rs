use announcement::{Outcome, Record};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    Message,
    bench::{Bench, message},
    commit::Taken,
};

/// What became of a message in a few characters: `3`, `again 3`, `target /data/target`.
fn shown(taken: &Taken) -> String {
    match taken {
        Taken::Decided { receipt, .. } => match &receipt.outcome {
            Outcome::Recorded { position, .. } => position.to_string(),
            Outcome::Duplicate { position } => format!("again {position}"),
            Outcome::Refused { problem } => {
                format!("{} {}", problem.kind.trim_start_matches("urn:handover:problem:"), problem.pointer.as_deref().unwrap_or_default())
            }
        },
        Taken::Silent => "silent".to_owned(),
        Taken::Before => "before".to_owned(),
        Taken::Stop { reason, .. } => format!("stop: {reason}"),
    }
}

/// The decisions are the same in one commit, in a commit a message, and where each record loses its payload as soon as it's recorded.
#[track_caller]
fn check(messages: &[(&str, String, &str)]) {
    let sent: Vec<Message> = messages.iter().map(|(subject, body, _)| message(subject, body.clone())).collect();
    let expected: Vec<&str> = messages.iter().map(|(_, _, expected)| *expected).collect();
    let (mut together, mut apart) = (Bench::new(), Bench::new());
    let shown_all = |taken: Vec<Taken>| taken.iter().map(shown).collect::<Vec<_>>();
    assert_eq!(shown_all(together.commit(&sent)), expected);
    assert_eq!(sent.iter().flat_map(|message| shown_all(apart.commit(std::slice::from_ref(message)))).collect::<Vec<_>>(), expected);
    assert_eq!(together.state, apart.state);
    let mut bare = Bench::new();
    let without_payloads = |message: &Message| {
        let shown = shown_all(bare.commit(std::slice::from_ref(message)));
        bare.remove_all();
        shown
    };
    assert_eq!(sent.iter().flat_map(without_payloads).collect::<Vec<_>>(), expected);
    assert_eq!(together.state, bare.state);
}

fn id(number: u8) -> String {
    format!("00000000-0000-7000-8000-0000000000{number:02x}")
}

fn event(number: u8, kind: &str, subject: Option<&str>, more: Value) -> String {
    let mut data = json!({"announced": "2026-02-26", "announcer": {"party": "RU", "office": "ministry"}});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut event = json!({"specversion": "1.0", "id": id(number), "source": "urn:example", "type": format!("org.handover.{kind}.v1"), "data": data});
    if let Some(subject) = subject {
        event["subject"] = json!(subject);
    }
    event.to_string()
}

fn transfers(count: u32) -> Value {
    json!([{"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": {"exact": count}}]}])
}

fn claim(number: u8) -> String {
    event(number, "completed", None, json!({"exchange": {"date": "2026-02-26"}, "transfers": transfers(1000)}))
}

fn stage(number: u8, key: &str, whole: &str) -> String {
    event(number, "completed", Some(key), json!({"exchange": {"date": "2026-02-26", "part_of": whole}, "transfers": transfers(10)}))
}

fn target(number: u8) -> Value {
    json!({"source": "urn:example", "id": id(number)})
}

fn of(publisher: &str, number: u8) -> Value {
    json!({"publisher": publisher, "source": "urn:example", "id": id(number)})
}

fn corrected(number: u8, target: Value) -> String {
    let data = json!({"announced": "2026-02-26", "announcer": null, "exchange": {"date": "2026-02-26"}, "transfers": transfers(999)});
    event(number, "corrected", None, json!({"target": target, "reason": "a slip", "replacement": {"kind": "completed", "data": data}}))
}

fn with_reason(number: u8, kind: &str, target: Value) -> String {
    event(number, kind, None, json!({"target": target, "reason": "a slip"}))
}

fn linked(number: u8, target: Value) -> String {
    event(number, "linked", None, json!({"target": target, "exchange_key": "ru-ua/bodies/2026-02-26"}))
}

const A: &str = "announce.a";
const B: &str = "announce.b";
const CURATOR: &str = "curate.c";
const OPERATOR: &str = "operate.o";

#[test]
fn an_identity_is_recorded_once_and_belongs_to_its_publisher() {
    let other = claim(1).replace("1000", "1001");
    let spaced = claim(1).replace(":{", " : { ");
    check(&[
        (A, claim(1), "0"),
        (A, claim(1), "again 0"),
        (A, spaced, "again 0"),
        (A, other.clone(), "conflict /id"),
        (A, other.clone(), "conflict /id"),
        (B, other, "1"),
        ("announce.gate.a", claim(1), "2"),
    ]);
}

#[test]
fn a_refusal_does_not_occupy_an_identity() {
    let wrong = claim(1).replace("RU\",\"to\":\"UA", "RU\",\"to\":\"RU");
    check(&[(A, wrong.clone(), "transfers /data/transfers/0/to"), (A, claim(1), "0"), (A, wrong, "transfers /data/transfers/0/to")]);
    check(&[(A, corrected(2, target(1)), "target /data/target"), (A, claim(1), "0"), (A, corrected(2, target(1)), "1")]);
}

#[test]
fn what_is_no_announcement_is_refused() {
    check(&[
        (A, String::new(), "not-json "),
        (A, "not JSON".to_owned(), "not-json "),
        (A, "[]".to_owned(), "not-json "),
        ("announce.A", claim(1), "wrong-subject "),
        ("announce.a.b.c", claim(1), "wrong-subject "),
        ("announce.>", claim(1), "wrong-subject "),
        ("query.head", claim(1), "wrong-subject "),
        (A, format!("{}{}", claim(1), " ".repeat(61_441)), "too-large "),
    ]);
}

#[test]
fn a_kind_is_taken_on_its_own_subject_only() {
    check(&[
        (A, claim(1), "0"),
        (CURATOR, claim(2), "wrong-subject /type"),
        (OPERATOR, claim(2), "wrong-subject /type"),
        (A, linked(3, target(1)), "wrong-subject /type"),
        (CURATOR, linked(3, target(1)), "1"),
        (CURATOR, with_reason(4, "redacted", target(1)), "wrong-subject /type"),
        (A, with_reason(4, "redacted", target(1)), "wrong-subject /type"),
        (OPERATOR, with_reason(4, "redacted", target(1)), "2"),
    ]);
}

#[test]
fn announced_is_at_most_a_day_after_the_message_reached_the_queue() {
    let announced = |number: u8, day: &str| claim(number).replace("\"announced\":\"2026-02-26\"", &format!("\"announced\":\"{day}\""));
    let corrects = corrected(9, target(2)).replace("\"announced\":\"2026-02-26\",\"announcer\":null", "\"announced\":\"2026-03-05\",\"announcer\":null");
    check(&[
        (A, announced(1, "2026-03-01"), "0"),
        (A, announced(2, "2026-03-02"), "1"),
        (A, announced(3, "2026-03-03"), "future /data/announced"),
        (A, announced(4, "2026-03"), "2"),
        (A, announced(5, "2027"), "future /data/announced"),
        (A, corrects, "future /data/replacement/data/announced"),
    ]);
}

#[test]
fn a_target_is_the_senders_own_or_the_only_one_or_named() {
    check(&[
        (CURATOR, linked(9, target(1)), "target /data/target"),
        (A, claim(1), "0"),
        (CURATOR, linked(9, target(1)), "1"),
        (B, claim(1), "2"),
        (CURATOR, linked(10, target(1)), "target /data/target"),
        (CURATOR, linked(10, of("b", 1)), "3"),
        (CURATOR, linked(11, of("nobody", 1)), "target /data/target"),
        (B, with_reason(12, "retracted", target(1)), "4"),
        (A, corrected(12, target(1)), "5"),
    ]);
}

#[test]
fn only_the_publisher_corrects_and_retracts_and_nothing_after_a_retraction() {
    check(&[
        (A, claim(1), "0"),
        (B, corrected(2, target(1)), "authority /data/target"),
        (B, with_reason(2, "retracted", target(1)), "authority /data/target"),
        (A, corrected(2, target(1)), "1"),
        (A, corrected(3, target(1)), "2"),
        (A, corrected(4, target(3)), "target-state /data/target"),
        (A, with_reason(4, "retracted", target(3)), "target-state /data/target"),
        (A, with_reason(4, "retracted", target(1)), "3"),
        (A, corrected(5, target(1)), "target-state /data/target"),
        (A, with_reason(5, "retracted", target(1)), "target-state /data/target"),
        (A, with_reason(6, "disputed", target(1)), "4"),
    ]);
}

#[test]
fn each_kind_acts_on_what_it_can_act_on() {
    check(&[
        (A, claim(1), "0"),
        (B, with_reason(2, "disputed", target(1)), "1"),
        (CURATOR, linked(3, target(1)), "2"),
        (B, with_reason(4, "disputed", of("c", 3)), "target-state /data/target"),
        (B, with_reason(4, "disputed", target(2)), "target-state /data/target"),
        (CURATOR, linked(4, target(2)), "target-state /data/target"),
        (CURATOR, with_reason(4, "quarantined", target(3)), "target-state /data/target"),
        (CURATOR, with_reason(4, "quarantined", target(2)), "3"),
        (CURATOR, with_reason(5, "released", target(2)), "4"),
        (B, with_reason(6, "retracted", target(2)), "5"),
        (CURATOR, event(7, "split", None, json!({"targets": [of("a", 1), of("b", 2)], "into": "ru-ua/bodies/2026-02-27"})), "target-state /data/targets/1"),
        (CURATOR, event(7, "split", None, json!({"targets": [of("a", 1), of("b", 9)], "into": "ru-ua/bodies/2026-02-27"})), "target /data/targets/1"),
        (CURATOR, event(7, "split", None, json!({"targets": [of("a", 1)], "into": "ru-ua/bodies/2026-02-27"})), "6"),
        (OPERATOR, with_reason(8, "redacted", of("c", 3)), "7"),
    ]);
}

#[test]
fn a_statement_is_revised_by_its_own_office_whoever_published_it() {
    let revising = |number: u8, announcer: Value, revised: Value| {
        let more = json!({"announcer": announcer, "revises": revised, "exchange": {"date": "2026-02-26"}, "transfers": transfers(990)});
        event(number, "completed", None, more)
    };
    let office = json!({"party": "RU", "office": "ministry", "name": "Person One"});
    let corrects = |number: u8, announcer: Value, revised: Value| {
        let data = json!({"announced": "2026-02-26", "announcer": announcer, "revises": revised, "exchange": {"date": "2026-02-26"}, "transfers": []});
        event(number, "corrected", None, json!({"target": of("b", 2), "reason": "a slip", "replacement": {"kind": "completed", "data": data}}))
    };
    check(&[
        (A, claim(1), "0"),
        (B, revising(2, office.clone(), target(9)), "target /data/revises"),
        (B, revising(2, json!({"party": "RU", "office": "another"}), target(1)), "authority /data/revises"),
        (B, revising(2, json!({"party": "UA", "office": "ministry"}), target(1)), "authority /data/revises"),
        (B, revising(2, json!(null), target(1)), "authority /data/revises"),
        (B, revising(2, office.clone(), target(2)), "target /data/revises"),
        (B, revising(2, office.clone(), target(1)), "1"),
        (B, corrects(3, json!({"party": "UA"}), target(1)), "authority /data/replacement/data/revises"),
        (B, corrects(3, office.clone(), target(9)), "target /data/replacement/data/revises"),
        (B, corrects(3, office.clone(), target(1)), "2"),
        (B, revising(4, office, target(3)), "target-state /data/revises"),
    ]);
}

const WHOLE: &str = "ru-ua/bodies/2026-02-20_2026-02-26";
const STAGE: &str = "ru-ua/bodies/2026-02-26";
const OTHER: &str = "ru-ua/bodies/2026-02-25";

#[test]
fn a_stage_has_no_stages() {
    check(&[
        (A, stage(1, STAGE, WHOLE), "0"),
        (B, stage(2, OTHER, WHOLE), "1"),
        (B, stage(3, OTHER, STAGE), "stage /data/exchange/part_of"),
        (A, stage(3, WHOLE, "ru-ua/bodies/2026-02"), "stage /data/exchange/part_of"),
        (A, stage(3, STAGE, STAGE), "stage /data/exchange/part_of"),
        (A, stage(3, STAGE, "ru-ua/bodies/2026-02"), "2"),
    ]);
}

#[test]
fn what_a_claim_said_of_stages_ends_with_the_claim() {
    let corrects = |number: u8, part_of: Option<&str>| {
        let mut exchange = json!({"date": "2026-02-26"});
        if let Some(whole) = part_of {
            exchange["part_of"] = json!(whole);
        }
        let data = json!({"announced": "2026-02-26", "announcer": null, "exchange": exchange, "transfers": transfers(999)});
        event(number, "corrected", None, json!({"target": target(1), "reason": "a slip", "replacement": {"kind": "completed", "subject": STAGE, "data": data}}))
    };
    check(&[
        (A, stage(1, STAGE, WHOLE), "0"),
        (B, stage(2, WHOLE, OTHER), "stage /data/exchange/part_of"),
        (A, corrects(3, None), "1"),
        (B, stage(2, WHOLE, OTHER), "2"),
        (A, corrects(4, Some(WHOLE)), "stage /data/replacement/data/exchange/part_of"),
        (B, with_reason(5, "retracted", target(2)), "3"),
        (A, corrects(4, Some(WHOLE)), "4"),
        (B, stage(6, WHOLE, OTHER), "stage /data/exchange/part_of"),
        (A, with_reason(7, "retracted", target(1)), "5"),
        (B, stage(6, WHOLE, OTHER), "6"),
    ]);
}

#[test]
fn a_correction_may_turn_a_stage_round() {
    let data = json!({"announced": "2026-02-26", "announcer": null, "exchange": {"date": "2026-02-26", "part_of": STAGE}, "transfers": transfers(999)});
    let turned =
        event(2, "corrected", None, json!({"target": target(1), "reason": "a slip", "replacement": {"kind": "completed", "subject": WHOLE, "data": data}}));
    check(&[(A, stage(1, STAGE, WHOLE), "0"), (A, turned, "1"), (A, stage(3, STAGE, OTHER), "stage /data/exchange/part_of")]);
}

#[test]
fn operators_messages_are_for_the_stream() {
    check(&[
        ("operate.rules", "{\"rules\":1}".to_owned(), "wrong-subject "),
        ("operate.epoch", "{\"epoch\":1,\"size\":0,\"root\":\"\",\"from_sequence\":1}".to_owned(), "wrong-subject "),
    ]);
    let mut bench = Bench::new();
    let root = bench.state.tree.root();
    let of_stream = |sequence: u64, subject: &str, body: String| Message { sequence: Some(sequence), ..message(subject, body) };
    let taken = bench.commit(&[
        of_stream(1, "operate.rules", "{\"rules\":1}".to_owned()),
        of_stream(2, "operate.rules", "{\"rules\":\"1\"}".to_owned()),
        of_stream(3, "operate.epoch", format!("{{\"epoch\":4,\"size\":0,\"root\":\"{root}\",\"from_sequence\":1}}")),
        of_stream(4, "operate.epoch", format!("{{\"epoch\":4,\"size\":7,\"root\":\"{root}\",\"from_sequence\":1}}")),
        of_stream(4, A, claim(1)),
        of_stream(5, A, claim(1)),
    ]);
    assert_eq!(taken.iter().map(shown).collect::<Vec<_>>(), ["silent", "malformed ", "silent", "silent", "before", "0"]);
    assert_eq!((bench.state.epoch, bench.state.checkpoint.as_ref().unwrap().sequence), (4, 5));
    for (message, reason) in [
        (of_stream(6, "operate.rules", "{\"rules\":2}".to_owned()), "version 2 of the rules"),
        (of_stream(6, "operate.epoch", format!("{{\"epoch\":5,\"size\":7,\"root\":\"{root}\",\"from_sequence\":1}}")), "begun by a ledger of 7 records"),
        (of_stream(8, A, claim(2)), "messages 6 to 7 of the stream are missing"),
    ] {
        let state = bench.state.clone();
        let stopped = shown(&bench.commit(&[message])[0]);
        assert!(stopped.starts_with("stop: ") && stopped.contains(reason), "{stopped}");
        assert_eq!(bench.state, state, "the intake stops before the message");
    }
}

#[test]
fn recorded_never_goes_back_and_has_whole_microseconds() {
    let mut bench = Bench::new();
    let at = |number: u8, time: &str| Message { time: time.parse().unwrap(), ..message(A, claim(number)) };
    let times = ["2026-03-01T12:00:00.123456789Z", "2026-03-01T11:00:00Z", "2026-03-01T12:00:00.123457Z"];
    let taken = bench.commit(&[at(1, times[0]), at(2, times[1]), at(3, times[2])]);
    let recorded: Vec<String> = taken
        .iter()
        .map(|taken| match taken {
            Taken::Decided { receipt, .. } => match &receipt.outcome {
                Outcome::Recorded { recorded, .. } => recorded.to_string(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(recorded, ["2026-03-01T12:00:00.123456Z", "2026-03-01T12:00:00.123456Z", "2026-03-01T12:00:00.123457Z"]);
}

#[test]
fn a_binary_mode_event_is_recorded_in_its_structured_form() {
    let mut bench = Bench::new();
    let event: Value = serde_json::from_str(&claim(1)).unwrap();
    let text = |name: &str| event[name].as_str().unwrap().to_owned();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        header("ce-type", &text("type")),
        header("Ce-Specversion", "1.0"),
        header("ce-id", &text("id")),
        header("ce-source", "urn:example"),
        header("content-type", "application/json"),
        header("Nats-Msg-Id", "ignored"),
    ];
    let binary = Message { headers, ..message(A, event["data"].to_string()) };
    let missing = Message { headers: binary.headers.iter().filter(|(name, _)| name != "ce-source").cloned().collect(), ..binary.clone() };
    let taken = bench.commit(&[missing, binary.clone(), binary, message(A, claim(1))]);
    let shown: Vec<String> = taken.iter().map(shown).collect();
    // Without datacontenttype the structured one is another content.
    assert_eq!(shown, ["missing-field /source", "0", "again 0", "conflict /id"]);
}

fn revising(number: u8, revised: Value) -> String {
    event(number, "completed", None, json!({"revises": revised, "exchange": {"date": "2026-02-26"}, "transfers": transfers(7)}))
}

fn any_message() -> impl Strategy<Value = Message> {
    let event = (0..6_u8, 0..6_u8, 0..11_u8).prop_map(|(number, target_number, kind)| match kind {
        0 | 1 => (A, claim(number)),
        2 => (B, claim(number)),
        3 => (A, corrected(number, target(target_number))),
        4 => (A, with_reason(number, "retracted", target(target_number))),
        5 => (B, with_reason(number, "disputed", target(target_number))),
        6 => (CURATOR, linked(number, target(target_number))),
        8 => (OPERATOR, with_reason(number, "redacted", target(target_number))),
        9 => (B, revising(number, target(target_number))),
        7 => (A, stage(number, [WHOLE, STAGE, OTHER][usize::from(target_number) % 3], [WHOLE, STAGE, OTHER][usize::from(number) % 3])),
        _ => (A, "nothing".to_owned()),
    });
    (event, 0..100_i64).prop_map(|((subject, body), seconds)| {
        let sent = message(subject, body);
        Message { time: sent.time + SignedDuration::from_secs(seconds), ..sent }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Which messages share a commit depends on the load of a machine; what is recorded doesn't.
    #[test]
    fn decisions_do_not_depend_on_where_commits_end(messages in prop::collection::vec(any_message(), 1..40), cuts in prop::collection::vec(1..8_usize, 40)) {
        let (mut together, mut cut) = (Bench::new(), Bench::new());
        let expected: Vec<String> = together.commit(&messages).iter().map(shown).collect();
        let mut rest = &messages[..];
        let mut found = Vec::new();
        for length in cuts {
            let (now, later) = rest.split_at(length.min(rest.len()));
            found.extend(cut.commit(now).iter().map(shown));
            rest = later;
        }
        prop_assert_eq!(found, expected);
        prop_assert_eq!(&together.state, &cut.state);
        prop_assert_eq!(together.contents(), cut.contents());
    }

    /// When a node comes to remove a payload depends on the machine and on what it was restored from; what is recorded doesn't.
    #[test]
    fn decisions_do_not_depend_on_when_payloads_are_removed(messages in prop::collection::vec(any_message(), 1..25), removed in prop::collection::vec(any::<bool>(), 25)) {
        let (mut whole, mut bare) = (Bench::new(), Bench::new());
        for (message, remove) in messages.iter().zip(removed) {
            let message = std::slice::from_ref(message);
            prop_assert_eq!(shown(&whole.commit(message)[0]), shown(&bare.commit(message)[0]));
            prop_assert_eq!(&whole.state, &bare.state);
            if remove {
                bare.remove_all();
            }
        }
        prop_assert_eq!(whole.contents().keys, bare.contents().keys);
        let leaves = |bench: &Bench| bench.contents().records.iter().map(Record::leaf).collect::<Vec<_>>();
        prop_assert_eq!(leaves(&whole), leaves(&bare));
    }

    /// At least once in, exactly once recorded.
    #[test]
    fn what_was_recorded_is_a_duplicate_for_ever(messages in prop::collection::vec(any_message(), 1..40)) {
        let mut bench = Bench::new();
        let first = bench.commit(&messages);
        let mut next = 0;
        let mut last = Timestamp::MIN;
        for taken in &first {
            if let Taken::Decided { receipt, .. } = taken && let Outcome::Recorded { position, recorded, .. } = receipt.outcome {
                prop_assert_eq!(position.get(), next);
                prop_assert!(recorded >= last);
                (next, last) = (next + 1, recorded);
            }
        }
        for (message, taken) in messages.iter().zip(&first) {
            if let Taken::Decided { receipt, .. } = taken && let Outcome::Recorded { position, .. } = receipt.outcome {
                prop_assert_eq!(shown(&bench.commit(std::slice::from_ref(message))[0]), format!("again {position}"));
            }
        }
        prop_assert_eq!(bench.state.tree.size(), next);
    }
}
