//! Messages of every sort, made of what the model holds.

use announcement::Digest;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    expected::{Model, OPERATOR, Sent, What},
    random::Random,
};
use crate::harness::id;

const PUBLISHERS: [&str; 3] = ["local", "alpha", "gate.beta"];

pub(super) fn claim(publisher: &'static str, number: u64, date: &str, whole: Option<String>) -> Sent {
    let mut exchange = json!({"date": date});
    if let Some(whole) = &whole {
        exchange["part_of"] = json!(whole);
    }
    let data = json!({"announced": "2026-01-29", "announcer": {"party": "RU"}, "exchange": exchange, "transfers": [transfer(number)]});
    let what = What::Claim { number, key: key(date), whole };
    Sent { publisher, body: event(number, "completed", &data), what }
}

fn key(date: &str) -> String {
    format!("ru-ua/bodies/{date}")
}

fn transfer(number: u64) -> Value {
    json!({"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": {"exact": number % 1_000}}]})
}

fn event(number: u64, kind: &str, data: &Value) -> Bytes {
    let kind = format!("org.handover.{kind}.v1");
    json!({"specversion": "1.0", "id": id(number), "source": "urn:example", "type": kind, "data": data}).to_string().into()
}

/// The next message; `number` is one that no other event has.
pub(super) fn any(random: &mut Random, model: &Model, number: u64) -> Sent {
    let publisher = PUBLISHERS[random.index(3)];
    let day = 1 + random.below(28);
    let recorded = (!model.records.is_empty()).then(|| random.index(model.records.len()));
    match (random.below(20), recorded) {
        (0, Some(position)) => {
            let Sent { publisher, ref body, .. } = model.records[position].sent;
            Sent { publisher, body: body.clone(), what: What::Again(position) }
        }
        (1, Some(position)) => in_other_bytes(random, model, position),
        (2, Some(position)) => {
            let Sent { publisher, .. } = model.records[position].sent;
            let data = json!({"announced": "2026-01-28", "announcer": {"party": "RU"}, "exchange": {"date": "2026-01-28"}, "transfers": [], "note": number.to_string()});
            Sent { publisher, body: event(model.records[position].number, "completed", &data), what: What::Bad { kept: true } }
        }
        (3, _) => bad(random, publisher, number),
        (4 | 5, Some(position)) => change(random, model, number, position).unwrap_or_else(|| claim(publisher, number, &format!("2026-01-{day:02}"), None)),
        (6, _) => {
            claim(publisher, number, &format!("2026-02-{:02}", 1 + day % 4), Some(key(&format!("2026-0{}-{:02}", 2 + random.below(2), 1 + random.below(4)))))
        }
        (7, _) if !model.refusals.is_empty() => model.refusals.values().nth(random.index(model.refusals.len())).unwrap().sent.clone(),
        _ => claim(publisher, number, &format!("2026-01-{day:02}"), None),
    }
}

/// An operator's redaction of the record at a position.
pub(super) fn redaction(model: &Model, number: u64, target: usize) -> Sent {
    let found = &model.records[target];
    let target_event = json!({"publisher": found.sent.publisher, "source": "urn:example", "id": id(found.number)});
    let data = json!({"announced": "2026-01-30", "announcer": null, "target": target_event, "reason": "it named a person"});
    Sent { publisher: OPERATOR, body: event(number, "redacted", &data), what: What::Redaction { number, target } }
}

fn in_other_bytes(random: &mut Random, model: &Model, position: usize) -> Sent {
    let Sent { publisher, ref body, .. } = model.records[position].sent;
    let space = [" ", "\n", "\t  ", "\r\n "][random.index(4)];
    let body = String::from_utf8(body.to_vec()).unwrap().replacen("\":", &format!("\"{space}:"), 1 + random.index(3));
    Sent { publisher, body: body.into(), what: What::Again(position) }
}

fn bad(random: &mut Random, publisher: &'static str, number: u64) -> Sent {
    if random.one_in(3) {
        let data = json!({"announced": "2026-01-28", "announcer": null, "exchange": {"date": "2026-01-28"}, "transfers": [], "note": format!("write to person{number}@example.org")});
        return Sent { publisher, body: event(number, "completed", &data), what: What::Bad { kept: false } };
    }
    let length = [1, 40, 7_000, 50_000][random.index(4)];
    let mut body = Digest::of(&number.to_be_bytes()).to_string().into_bytes();
    body.extend((0..length).map(|at| u8::try_from((at ^ number) % 251).unwrap()));
    Sent { publisher, body: body.into(), what: What::Bad { kept: true } }
}

fn change(random: &mut Random, model: &Model, number: u64, position: usize) -> Option<Sent> {
    let found = &model.records[position];
    let What::Claim { .. } = found.sent.what else { return None };
    let publisher = if random.one_in(5) { PUBLISHERS[random.index(3)] } else { found.sent.publisher };
    let retracts = random.one_in(2);
    let target = json!({"publisher": found.sent.publisher, "source": "urn:example", "id": id(found.number)});
    let mut data = json!({"announced": "2026-01-30", "announcer": {"party": "RU"}, "target": target, "reason": "a slip"});
    if !retracts {
        let replaced = json!({"announced": "2026-01-29", "announcer": {"party": "RU"}, "exchange": {"date": "2026-01-29"}, "transfers": [transfer(number)]});
        data["replacement"] = json!({"kind": "completed", "data": replaced});
    }
    let kind = if retracts { "retracted" } else { "corrected" };
    Some(Sent { publisher, body: event(number, kind, &data), what: What::Change { number, claim: position, retracts } })
}
