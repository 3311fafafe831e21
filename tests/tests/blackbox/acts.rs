//! What each act that concerns another statement changes in the read models of the running program, and that the past stays as it was.

use std::collections::{BTreeMap, BTreeSet};

use blackbox::{Handover, NatsServer, Serve, handover_command, http};
use serde_json::{Value, json};
use tempfile::TempDir;

const KEY: &str = "ru-ua/bodies/2026-01-29";
const OTHER_KEY: &str = "ru-ua/bodies/2026-01-30";

/// All models, with what tells each apart in an expectation; an exchange's own for [`KEY`].
const MODELS: [(&str, &str); 14] = [
    ("totals", "/v1/totals"),
    ("exchanges", "/v1/exchanges"),
    ("dossier", "/v1/exchanges/ru-ua/bodies/2026-01-29"),
    ("lineage", "/v1/exchanges/ru-ua/bodies/2026-01-29/lineage"),
    ("channels", "/v1/channels"),
    ("reconciliation", "/v1/reconciliation"),
    ("discrepancies", "/v1/discrepancies"),
    ("plans", "/v1/plans"),
    ("frameworks", "/v1/frameworks"),
    ("third-parties", "/v1/third-parties"),
    ("offices", "/v1/offices"),
    ("identity", "/v1/identity"),
    ("changes", "/v1/changes"),
    ("candidates", "/v1/candidates"),
];

fn id(position: u64) -> String {
    format!("00000000-0000-7000-8000-{position:012}")
}

fn target(position: u64) -> Value {
    json!({"publisher": "newsroom", "source": "urn:test", "id": id(position)})
}

fn bodies(from: &str, to: &str, count: u64) -> Value {
    json!([{"from": from, "to": to, "counts": [{"category": "bodies", "count": {"exact": count}}]}])
}

struct Published {
    nats: NatsServer,
    server: Handover,
    next: u64,
    /// What every model answered when this many records were in the ledger.
    pasts: BTreeMap<u64, Vec<String>>,
    data: TempDir,
}

impl Published {
    fn new() -> Self {
        let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
        let server = Serve::over(&nats, data.path()).start();
        Self { nats, server, next: 0, pasts: BTreeMap::new(), data }
    }

    fn publish(&mut self, publisher: &str, kind: &str, subject: Option<&str>, data: Value) {
        let mut event = json!({"specversion": "1.0", "id": id(self.next), "source": "urn:test", "type": format!("org.handover.{kind}.v1"), "data": data});
        if let Some(subject) = subject {
            event["subject"] = json!(subject);
        }
        let arguments = ["publish", "--to", &self.nats.url(), "--as", publisher, "-o", "jsonl", "-"];
        let ran = handover_command(&arguments, event.to_string().as_bytes());
        assert_eq!(ran.json()["position"], self.next, "{ran:?}");
        self.next += 1;
    }

    /// Somebody's claim that bodies were handed over.
    fn claim(&mut self, subject: Option<&str>, who: &Value, date: &str, transfers: Value, more: Value) {
        let mut data = json!({"announced": "2026-01-30", "announcer": who, "exchange": {"date": date}, "transfers": transfers});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.publish("newsroom", "completed", subject, data);
    }

    /// What a curator does.
    fn curate(&mut self, kind: &str, mut data: Value) {
        (data["announced"], data["announcer"]) = (json!("2026-02-02"), Value::Null);
        self.publish("desk", kind, None, data);
    }

    fn ask(&self, path: &str, parameter: &str, position: u64) -> String {
        let answer = http::get(&self.server.url(&format!("{path}{}{parameter}={position}", if path.contains('?') { '&' } else { '?' })));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// What every model answers now.
    fn all(&mut self) -> Vec<String> {
        let last = self.next - 1;
        let all: Vec<String> = MODELS.iter().map(|(_, path)| self.ask(path, "at_least", last)).collect();
        self.pasts.insert(last, all.clone());
        all
    }

    /// Asserts that an act changes exactly this, in the form of [`compare`], and that the models still answer as before for the past before it.
    #[track_caller]
    fn changes(&mut self, act: impl FnOnce(&mut Self), expected: &str) {
        let (before, position) = (self.all(), self.next - 1);
        act(self);
        let after = self.all();
        let mut found = BTreeSet::new();
        for ((name, _), (before, after)) in MODELS.iter().zip(before.iter().zip(&after)) {
            let [before, mut after] = [before, after].map(|text| serde_json::from_str::<Value>(text).unwrap());
            assert_eq!((&before["as_of"]["position"], &after["as_of"]["position"]), (&json!(position), &json!(self.next - 1)), "{name}");
            after["as_of"] = before["as_of"].clone();
            compare(&before, &after, name, &mut found);
        }
        let found: BTreeSet<String> = found.into_iter().map(|line| line.replace(KEY, "A").replace(OTHER_KEY, "B")).collect();
        let expected: BTreeSet<String> = expected.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let unexpected: Vec<_> = found.difference(&expected).collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        assert!(unexpected.is_empty() && missing.is_empty(), "changed, not expected: {unexpected:#?}\nexpected, not changed: {missing:#?}");
        assert_eq!(self.past(position), before, "as known at {position}");
    }

    /// Asserts what the feed of changes says of the last act: its kind, what it acts on, and line by line what it moved, old → new.
    #[track_caller]
    fn feeds(&self, kind: &str, acts_on: &[u64], expected: &[&str]) {
        let act = self.next - 1;
        let page: Value = serde_json::from_str(&self.ask(&format!("/v1/changes?from={act}&limit=1"), "at_least", act)).unwrap();
        let [change] = page["changes"].as_array().unwrap().as_slice() else { panic!("{page}") };
        assert_eq!((&change["position"], &change["kind"], &change["acts_on"]), (&json!(act), &json!(kind), &json!(acts_on)));
        let lines: Vec<String> = change["exchanges"].as_array().unwrap().iter().flat_map(moved).collect();
        assert_eq!(lines, expected, "{change}");
    }

    /// What every model answers as it was known at a position.
    fn past(&self, position: u64) -> Vec<String> {
        MODELS.iter().map(|(_, path)| self.ask(path, "as_known_at", position)).collect()
    }

    /// The same with another process on the same ledger.
    fn restarted(self) -> Self {
        assert_eq!(self.server.terminate(), Some(0));
        let server = Serve::over(&self.nats, self.data.path()).start();
        let again = Self { server, ..self };
        again.ask("/v1/totals", "at_least", again.next - 1);
        again
    }
}

/// What differs of an exchange, old → new.
fn moved(exchange: &Value) -> Vec<String> {
    let key = exchange["exchange"].as_str().unwrap().replace(KEY, "A").replace(OTHER_KEY, "B");
    let state = ["status", "date"].into_iter().filter(|field| exchange[field]["old"] != exchange[field]["new"]);
    let state = state.map(|field| format!("{key} {field}: {} → {}", exchange[field]["old"], exchange[field]["new"]));
    let side = |figure: &Value| match figure {
        Value::Null => "nothing".to_owned(),
        figure if figure["disputed"] == true => format!("{} to {} disputed", figure["low"], figure["high"]),
        figure => format!("{} to {}", figure["low"], figure["high"]),
    };
    let figures = exchange["figures"].as_array().unwrap().iter();
    let figures = figures.map(|of| {
        let way = ["from", "to", "category"].map(|name| of[name].as_str().unwrap()).join(" ");
        format!("{key} {way}: {} → {}", side(&of["old"]), side(&of["new"]))
    });
    state.chain(figures).collect()
}

/// Where two answers differ: `place: before → after` for what isn't an object, `place +` and `place -` for things that came or went. A list's things are told
/// apart by what names them, so that one that comes moves no other.
fn compare(before: &Value, after: &Value, place: &str, found: &mut BTreeSet<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            for name in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
                compare(&before[name], &after[name], &format!("{place}.{name}"), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.iter().chain(other).any(Value::is_object) => {
            let [one, other] = [one, other].map(|things| named(things));
            for name in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
                let place = format!("{place}[{name}]");
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => compare(one, other, &place, found),
                    (None, _) => drop(found.insert(format!("{place} +"))),
                    (_, None) => drop(found.insert(format!("{place} -"))),
                }
            }
        }
        _ if before == after => {}
        _ => drop(found.insert(format!("{place}: {before} → {after}"))),
    }
}

fn named(things: &[Value]) -> BTreeMap<String, &Value> {
    const NAMES: [&str; 15] =
        ["position", "key", "exchange", "with", "framework", "field", "between", "party", "office", "by", "origin", "from", "to", "category", "evidence"];
    // A candidate is with another exchange or with a claim.
    let value = |value: &Value| ["exchange", "claim"].into_iter().map(|of| value[of].clone()).find(|of| !of.is_null()).unwrap_or_else(|| value.clone());
    let text = |value: Value| value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()));
    let name = |thing: &Value| NAMES.iter().filter_map(|name| text(value(&thing[name]))).collect::<Vec<_>>().join(" ");
    let named: BTreeMap<String, &Value> = things.iter().map(|thing| (name(thing), thing)).collect();
    assert_eq!(named.len(), things.len(), "two things of one name in {things:?}");
    named
}

/// Russia's 1,003 (1) becomes 1,000 (11): the two sides agree, and the sum of January is 2,000, so that its total of 2,003 no longer fits.
const CORRECTED: &str = r#"
candidates.candidates[A B].counts[RU UA bodies].exchange.high: 1003 → 1000
candidates.candidates[A B].for[same-counts] +
changes.changes[11] +
channels.channels[].views[].statements[8].completed_since.claims: [0,1] → [0,11]
discrepancies.discrepancies[A count sides RU UA bodies].resolved_by: null → 11
discrepancies.discrepancies[A count sides RU UA bodies].state: "open" → "resolved"
dossier.claims[11] +
dossier.claims[1].acts[11] +
dossier.claims[1].live: true → false
dossier.claims[1].out: null → {"by":11,"why":"corrected"}
dossier.differences[count RU UA bodies] -
dossier.disputed: true → false
dossier.figures[RU UA bodies].claims: [0,1] → [0,11]
dossier.figures[RU UA bodies].disputed: true → false
dossier.figures[RU UA bodies].high: 1003 → 1000
dossier.reports: 5 → 6
exchanges.exchanges[A].disputed: true → false
exchanges.exchanges[A].figures[RU UA bodies].claims: [0,1] → [0,11]
exchanges.exchanges[A].figures[RU UA bodies].disputed: true → false
exchanges.exchanges[A].figures[RU UA bodies].high: 1003 → 1000
exchanges.exchanges[A].reports: 5 → 6
frameworks.frameworks[F].terms[RU UA bodies].delivered.claims: [0,1] → [0,11]
frameworks.frameworks[F].terms[RU UA bodies].delivered.disputed: 1 → 0
frameworks.frameworks[F].terms[RU UA bodies].delivered.high: 1003 → 1000
frameworks.frameworks[F].terms[RU UA bodies].remaining.low: 1997 → 2000
identity.bodies[A RU UA].handed_over.claims: [0,1] → [0,11]
identity.bodies[A RU UA].handed_over.disputed: true → false
identity.bodies[A RU UA].handed_over.high: 1003 → 1000
lineage.statements[11] +
lineage.statements[1] -
offices.offices[RU ministry].replaced[1 11] +
offices.offices[RU ministry].statements.completed: [1,3] → [3,11]
offices.offices[UA headquarters].contradicted[0 A count] -
offices.offices[UA president].contradicted[8 A].by: [0,1] → [0,11]
plans.plans[6 A].claims: [0,1] → [0,11]
plans.plans[6 A].counts[RU UA bodies].difference.high: 3 → 0
plans.plans[6 A].counts[RU UA bodies].handed_over.claims: [0,1] → [0,11]
plans.plans[6 A].counts[RU UA bodies].handed_over.high: 1003 → 1000
reconciliation.aggregates[9].lines[RU UA bodies].difference.low: 0 → 3
reconciliation.aggregates[9].lines[RU UA bodies].ledger.claims: [0,1,3] → [0,3,11]
reconciliation.aggregates[9].lines[RU UA bodies].ledger.disputed: 1 → 0
reconciliation.aggregates[9].lines[RU UA bodies].ledger.high: 2003 → 2000
reconciliation.aggregates[9].lines[RU UA bodies].verdict: "fits" → "exceeds"
totals.figures[RU UA bodies].claims: [0,1,3] → [0,3,11]
totals.figures[RU UA bodies].disputed: 1 → 0
totals.figures[RU UA bodies].excluded[1] +
totals.figures[RU UA bodies].high: 2003 → 2000
"#;

/// Russia contests Ukraine's statement (0); no figure moves.
const DISPUTED: &str = r#"
changes.changes[12] +
discrepancies.discrepancies[A count sides RU UA bodies].disputed_by: [] → [12]
dossier.claims[0].acts[12] +
dossier.claims[0].contested_by: [] → [12]
dossier.claims[12] +
dossier.disputed: false → true
exchanges.exchanges[A].disputed: false → true
offices.offices[RU ministry].statements.disputed: null → [12]
offices.offices[UA headquarters].contested[0] +
"#;

/// Seven bodies to Russia (4) were of no exchange that is known; now they are of B.
const LINKED: &str = r#"
candidates.candidates[A 4] -
candidates.candidates[A B].against[UA own-claims] +
candidates.candidates[B 4] -
changes.changes[13] +
channels.channels[].last_completed.claims: [3] → [3,4]
exchanges.exchanges[B].figures[UA RU bodies] +
exchanges.exchanges[B].reports: 1 → 2
exchanges.exchanges[B].statements: 1 → 2
identity.bodies[B UA RU] +
totals.figures[UA RU bodies] +
totals.unassigned: 1 → 0
"#;

/// B is A: the 1,000 of B (3) are the 1,000 of A, so 2,000 become 1,000, on a day that the two sides give differently.
const MERGED: &str = r#"
candidates.candidates[A B] -
changes.changes[14] +
channels.channels[].last_completed.claims: [3,4] → [0,3,4,11]
channels.channels[].last_completed.date.earliest: "2026-01-30" → "2026-01-29"
channels.channels[].last_completed.date.latest: "2026-01-30" → "2026-01-29"
channels.channels[].last_completed.key: "B" → "A"
channels.channels[].views[].statements[8].completed_since.claims: [0,11] → [0,3,4,11]
discrepancies.discrepancies[A date sides] +
dossier.also: [] → ["B"]
dossier.claims[3] +
dossier.claims[4] +
dossier.differences[date] +
dossier.figures[RU UA bodies].claims: [0,11] → [0,3,11]
dossier.figures[UA RU bodies] +
dossier.merges[14 B] +
dossier.reports: 6 → 8
dossier.statements: 4 → 6
exchanges.exchanges[A].figures[RU UA bodies].claims: [0,11] → [0,3,11]
exchanges.exchanges[A].figures[UA RU bodies] +
exchanges.exchanges[A].reports: 6 → 8
exchanges.exchanges[A].statements: 4 → 6
exchanges.exchanges[B] -
frameworks.frameworks[F].terms[RU UA bodies].delivered.claims: [0,11] → [0,3,11]
frameworks.frameworks[F].terms[UA RU bodies] +
identity.bodies[A RU UA].handed_over.claims: [0,11] → [0,3,11]
identity.bodies[A UA RU] +
identity.bodies[B RU UA] -
identity.bodies[B UA RU] -
lineage.statements[3] +
lineage.statements[4] +
offices.offices[UA headquarters].contradicted[0 A date] +
offices.offices[UA president].contradicted[8 A].by: [0,11] → [0,3,4,11]
plans.plans[6 A].claims: [0,11] → [0,3,4,11]
plans.plans[6 A].counts[RU UA bodies].handed_over.claims: [0,11] → [0,3,11]
reconciliation.aggregates[9].lines[RU UA bodies].difference.high: 3 → 1003
reconciliation.aggregates[9].lines[RU UA bodies].difference.low: 3 → 1003
reconciliation.aggregates[9].lines[RU UA bodies].ledger.exchanges: 2 → 1
reconciliation.aggregates[9].lines[RU UA bodies].ledger.high: 2000 → 1000
reconciliation.aggregates[9].lines[RU UA bodies].ledger.low: 2000 → 1000
totals.figures[RU UA bodies].exchanges: 2 → 1
totals.figures[RU UA bodies].high: 2000 → 1000
totals.figures[RU UA bodies].low: 2000 → 1000
"#;

/// The claim of B (3) is of B again. What was linked to B before the merge (4) stays with A.
const SPLIT: &str = r#"
changes.changes[15] +
channels.channels[].last_completed.claims: [0,3,4,11] → [3]
channels.channels[].last_completed.date.earliest: "2026-01-29" → "2026-01-30"
channels.channels[].last_completed.date.latest: "2026-01-29" → "2026-01-30"
channels.channels[].last_completed.key: "A" → "B"
channels.channels[].views[].statements[8].completed_since.claims: [0,3,4,11] → [0,4,11]
discrepancies.discrepancies[A date sides] -
dossier.also: ["B"] → []
dossier.claims[3] -
dossier.differences[date] -
dossier.figures[RU UA bodies].claims: [0,3,11] → [0,11]
dossier.reports: 8 → 7
dossier.statements: 6 → 5
exchanges.exchanges[A].figures[RU UA bodies].claims: [0,3,11] → [0,11]
exchanges.exchanges[A].reports: 8 → 7
exchanges.exchanges[A].statements: 6 → 5
exchanges.exchanges[B] +
frameworks.frameworks[F].terms[RU UA bodies].delivered.claims: [0,3,11] → [0,11]
identity.bodies[A RU UA].handed_over.claims: [0,3,11] → [0,11]
identity.bodies[B RU UA] +
lineage.statements[3] -
offices.offices[UA headquarters].contradicted[0 A date] -
offices.offices[UA president].contradicted[8 A].by: [0,3,4,11] → [0,4,11]
plans.plans[6 A].claims: [0,3,4,11] → [0,4,11]
plans.plans[6 A].counts[RU UA bodies].handed_over.claims: [0,3,11] → [0,11]
reconciliation.aggregates[9].lines[RU UA bodies].difference.high: 1003 → 3
reconciliation.aggregates[9].lines[RU UA bodies].difference.low: 1003 → 3
reconciliation.aggregates[9].lines[RU UA bodies].ledger.exchanges: 1 → 2
reconciliation.aggregates[9].lines[RU UA bodies].ledger.high: 1000 → 2000
reconciliation.aggregates[9].lines[RU UA bodies].ledger.low: 1000 → 2000
totals.figures[RU UA bodies].exchanges: 1 → 2
totals.figures[RU UA bodies].high: 1000 → 2000
totals.figures[RU UA bodies].low: 1000 → 2000
"#;

/// Ukraine's statement (0) is in no figure, and neither is its report (2); nothing is left for Russia to contest or to differ from, and nobody credits help.
const QUARANTINED: &str = r#"
changes.changes[16] +
channels.channels[].views[].statements[8].completed_since.claims: [0,4,11] → [4,11]
discrepancies.discrepancies[A count sides RU UA bodies] -
dossier.claims[0].acts[16] +
dossier.claims[0].live: true → false
dossier.claims[0].out: null → {"by":16,"why":"quarantined"}
dossier.disputed: true → false
dossier.figures[RU UA bodies].claims: [0,11] → [11]
dossier.statements: 5 → 4
dossier.third_parties[X-ICRC] -
exchanges.exchanges[A].disputed: true → false
exchanges.exchanges[A].figures[RU UA bodies].claims: [0,11] → [11]
exchanges.exchanges[A].statements: 5 → 4
exchanges.exchanges[A].third_parties[X-ICRC] -
frameworks.frameworks[F].terms[RU UA bodies].delivered.claims: [0,11] → [11]
identity.bodies[A RU UA].handed_over.claims: [0,11] → [11]
lineage.statements[0].first.position: 0 → 2
lineage.statements[0].origin_out: null → "quarantined"
lineage.statements[0].reports[0] -
offices.offices[UA headquarters].contested[0] -
offices.offices[UA headquarters].replaced[0 16] +
offices.offices[UA headquarters].statements.completed: [0,4,5] → [4,5]
offices.offices[UA president].contradicted[8 A].by: [0,4,11] → [4,11]
plans.plans[6 A].claims: [0,4,11] → [4,11]
plans.plans[6 A].counts[RU UA bodies].handed_over.claims: [0,11] → [11]
reconciliation.aggregates[9].lines[RU UA bodies].ledger.claims: [0,3,11] → [3,11]
third-parties.third_parties[X-ICRC] -
totals.figures[RU UA bodies].claims: [0,3,11] → [3,11]
totals.figures[RU UA bodies].excluded[0] +
"#;

/// All of that is undone but the acts themselves.
const RELEASED: &str = r#"
changes.changes[17] +
channels.channels[].views[].statements[8].completed_since.claims: [4,11] → [0,4,11]
discrepancies.discrepancies[A count sides RU UA bodies] +
dossier.claims[0].acts[17] +
dossier.claims[0].live: false → true
dossier.claims[0].out: {"by":16,"why":"quarantined"} → null
dossier.disputed: false → true
dossier.figures[RU UA bodies].claims: [11] → [0,11]
dossier.statements: 4 → 5
dossier.third_parties[X-ICRC] +
exchanges.exchanges[A].disputed: false → true
exchanges.exchanges[A].figures[RU UA bodies].claims: [11] → [0,11]
exchanges.exchanges[A].statements: 4 → 5
exchanges.exchanges[A].third_parties[X-ICRC] +
frameworks.frameworks[F].terms[RU UA bodies].delivered.claims: [11] → [0,11]
identity.bodies[A RU UA].handed_over.claims: [11] → [0,11]
lineage.statements[0].first.position: 2 → 0
lineage.statements[0].origin_out: "quarantined" → null
lineage.statements[0].reports[0] +
offices.offices[UA headquarters].contested[0] +
offices.offices[UA headquarters].replaced[0 16] -
offices.offices[UA headquarters].statements.completed: [4,5] → [0,4,5]
offices.offices[UA president].contradicted[8 A].by: [4,11] → [0,4,11]
plans.plans[6 A].claims: [4,11] → [0,4,11]
plans.plans[6 A].counts[RU UA bodies].handed_over.claims: [11] → [0,11]
reconciliation.aggregates[9].lines[RU UA bodies].ledger.claims: [3,11] → [0,3,11]
third-parties.third_parties[X-ICRC] +
totals.figures[RU UA bodies].claims: [3,11] → [0,3,11]
totals.figures[RU UA bodies].excluded[0] -
"#;

/// Russia's statement is withdrawn, with the correction that stood in its place (11).
const RETRACTED: &str = r#"
changes.changes[18] +
channels.channels[].views[].statements[8].completed_since.claims: [0,4,11] → [0,4]
discrepancies.discrepancies[A count sides RU UA bodies] -
dossier.claims[11].live: true → false
dossier.claims[11].out: null → {"by":18,"why":"retracted"}
dossier.claims[1].acts[18] +
dossier.claims[1].out.by: 11 → 18
dossier.claims[1].out.why: "corrected" → "retracted"
dossier.figures[RU UA bodies].claims: [0,11] → [0]
dossier.statements: 5 → 4
exchanges.exchanges[A].figures[RU UA bodies].claims: [0,11] → [0]
exchanges.exchanges[A].statements: 5 → 4
frameworks.frameworks[F].terms[RU UA bodies].delivered.claims: [0,11] → [0]
identity.bodies[A RU UA].handed_over.claims: [0,11] → [0]
lineage.statements[11] -
offices.offices[RU ministry].replaced[1 11] -
offices.offices[RU ministry].replaced[1 18] +
offices.offices[RU ministry].replaced[11 18] +
offices.offices[RU ministry].statements.completed: [3,11] → [3]
offices.offices[UA president].contradicted[8 A].by: [0,4,11] → [0,4]
plans.plans[6 A].claims: [0,4,11] → [0,4]
plans.plans[6 A].counts[RU UA bodies].handed_over.claims: [0,11] → [0]
reconciliation.aggregates[9].lines[RU UA bodies].ledger.claims: [0,3,11] → [0,3]
totals.figures[RU UA bodies].claims: [0,3,11] → [0,3]
totals.figures[RU UA bodies].excluded[11] +
totals.figures[RU UA bodies].excluded[1].why: "corrected" → "retracted"
"#;

/// The statements that the acts are about, and one that none is about (5).
fn base() -> Published {
    let mut ledger = Published::new();
    let headquarters = json!({"party": "UA", "office": "headquarters"});
    let ministry = json!({"party": "RU", "office": "ministry"});
    // The two sides (0, 1) and a report (2) on A; Russia on B (3); no exchange that is known (4); prisoners (5).
    let helped = json!({"third_parties": [{"name": "ICRC", "party": "X-ICRC", "role": "observer"}]});
    ledger.claim(Some(KEY), &headquarters, "2026-01-29", bodies("RU", "UA", 1000), helped);
    ledger.claim(Some(KEY), &ministry, "2026-01-29", bodies("RU", "UA", 1003), json!({}));
    let relays = json!({"report": {"outlet": "an outlet", "relays": [target(0)]}});
    ledger.claim(Some(KEY), &Value::Null, "2026-01-29", bodies("RU", "UA", 1000), relays);
    ledger.claim(Some(OTHER_KEY), &ministry, "2026-01-30", bodies("RU", "UA", 1000), json!({}));
    ledger.claim(None, &headquarters, "2026-01", bodies("UA", "RU", 7), json!({}));
    let prisoners = json!([{"from": "RU", "to": "UA", "counts": [{"category": "prisoners", "count": {"exact": 5}}]}]);
    ledger.claim(Some("ru-ua/prisoners/2026-01-10"), &headquarters, "2026-01-10", prisoners, json!({}));
    // The plan of A (6), the agreement that it follows (7), a channel said to be blocked the day before (8), the total of January (9), a finding (10).
    let exchange = json!({"date": "2026-01-29", "framework": "F"});
    let plan = json!({"announced": "2026-01-20", "announcer": ministry, "exchange": exchange, "transfers": bodies("RU", "UA", 1000)});
    ledger.publish("newsroom", "planned", Some(KEY), plan);
    let agreement = json!({"announced": "2026-01-10", "announcer": {"party": "QA"}, "framework": "F", "transfers": bodies("RU", "UA", 3000)});
    ledger.publish("newsroom", "agreement", None, agreement);
    let president = json!({"party": "UA", "office": "president"});
    let blocked = json!({"announced": "2026-01-28", "announcer": president, "channel": "bodies", "parties": ["RU", "UA"], "status": "blocked"});
    ledger.publish("newsroom", "channel", None, blocked);
    let total = json!({"announced": "2026-02-01", "announcer": ministry, "period": "2026-01", "scope": null, "transfers": bodies("RU", "UA", 2003)});
    ledger.publish("newsroom", "aggregate", None, total);
    let mut found = bodies("RU", "UA", 300);
    found[0]["counts"][0]["identity"] = json!("confirmed");
    let found = json!({"announced": "2026-02-01", "announcer": headquarters, "exchange": {"date": "2026-01-29"}, "transfers": found});
    ledger.publish("newsroom", "identity", Some(KEY), found);
    ledger
}

#[test]
fn each_act_changes_exactly_what_it_should_and_nothing_of_the_past() {
    let mut ledger = base();
    let ministry = json!({"party": "RU", "office": "ministry"});
    let said = json!({"announced": "2026-02-02", "announcer": ministry, "exchange": {"date": "2026-01-29"}, "transfers": bodies("RU", "UA", 1000)});
    let replacement = json!({"kind": "completed", "subject": KEY, "data": said});
    let corrected = json!({"announced": "2026-02-02", "announcer": ministry, "target": target(1), "reason": "a misprint", "replacement": replacement});
    ledger.changes(|ledger| ledger.publish("newsroom", "corrected", None, corrected), CORRECTED);
    ledger.feeds("corrected", &[1], &["A RU UA bodies: 1000 to 1003 disputed → 1000 to 1000"]);
    let disputed = json!({"announced": "2026-02-02", "announcer": ministry, "target": target(0), "reason": "not stated"});
    ledger.changes(|ledger| ledger.publish("newsroom", "disputed", None, disputed), DISPUTED);
    ledger.feeds("disputed", &[0], &[]);
    ledger.changes(|ledger| ledger.curate("linked", json!({"target": target(4), "exchange_key": OTHER_KEY})), LINKED);
    ledger.feeds("linked", &[4], &["B UA RU bodies: nothing → 7 to 7"]);
    ledger.changes(|ledger| ledger.curate("merged", json!({"from": OTHER_KEY, "into": KEY})), MERGED);
    let gone = [
        "A UA RU bodies: nothing → 7 to 7",
        "B status: \"completed\" → null",
        "B date: {\"earliest\":\"2026-01-30\",\"latest\":\"2026-01-30\"} → null",
        "B RU UA bodies: 1000 to 1000 → nothing",
        "B UA RU bodies: 7 to 7 → nothing",
    ];
    ledger.feeds("merged", &[], &gone);
    ledger.changes(|ledger| ledger.curate("split", json!({"targets": [target(3)], "into": OTHER_KEY})), SPLIT);
    let back =
        ["B status: null → \"completed\"", "B date: null → {\"earliest\":\"2026-01-30\",\"latest\":\"2026-01-30\"}", "B RU UA bodies: nothing → 1000 to 1000"];
    ledger.feeds("split", &[3], &back);
    ledger.changes(|ledger| ledger.curate("quarantined", json!({"target": target(0), "reason": "in doubt"})), QUARANTINED);
    ledger.feeds("quarantined", &[0], &[]);
    ledger.changes(|ledger| ledger.curate("released", json!({"target": target(0), "reason": "found"})), RELEASED);
    ledger.feeds("released", &[0], &[]);
    let retracted = json!({"announced": "2026-02-03", "announcer": null, "target": target(1), "reason": "published twice"});
    ledger.changes(|ledger| ledger.publish("newsroom", "retracted", None, retracted), RETRACTED);
    ledger.feeds("retracted", &[1], &[]);

    let ledger = ledger.restarted();
    assert_eq!(ledger.pasts.keys().copied().collect::<Vec<_>>(), (10..=18).collect::<Vec<_>>());
    for (&position, past) in &ledger.pasts {
        assert_eq!(ledger.past(position), *past, "as known at {position}, by a server that read it all anew");
    }
}
