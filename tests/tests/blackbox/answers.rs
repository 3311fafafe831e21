//! What the real announcements come to, worked out by hand from the files, and what publishing them again does.

use blackbox::{Handover, NatsServer, Ran, Serve, corpus, handover_command, http};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Published {
    server: Handover,
    nats: NatsServer,
    _data: TempDir,
}

fn publish(to: &str) -> Ran {
    let files = [corpus::reference_article(), corpus::public_record()].map(|file| file.into_os_string().into_string().unwrap());
    handover_command(&["publish", "--to", to, &files[0], &files[1]], b"")
}

fn published() -> Published {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    let ran = publish(&nats.url());
    assert!(ran.code == Some(0) && ran.stderr.contains("189 recorded, 0 duplicate, 0 refused"), "{ran:?}");
    let published = Published { server, nats, _data: data };
    published.ask("/v1/totals?at_least=188");
    published
}

impl Published {
    fn ask(&self, path: &str) -> Value {
        let answer = http::get(&self.server.url(path));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    fn figure(&self, path: &str, from: &str, category: &str) -> Value {
        let answer = self.ask(path);
        let figures = answer["figures"].as_array().unwrap();
        figures.iter().find(|figure| figure["from"] == from && figure["category"] == category).cloned().unwrap_or_default()
    }
}

#[test]
fn the_public_record_answers_what_its_announcements_say() {
    let ledger = published();

    // 1,245 by the Coordination Headquarters (receiver), 1,248 by the Ministry of Defence (sender).
    let stage = "/v1/exchanges/ru-ua/bodies/2025-06-16";
    let by = |policy: &str| ledger.figure(&format!("{stage}?policy={policy}"), "RU", "bodies");
    assert_eq!((by("receiver")["low"].clone(), by("receiver")["high"].clone()), (json!(1245), json!(1245)));
    assert_eq!((by("sender")["low"].clone(), by("sender")["high"].clone()), (json!(1248), json!(1248)));
    assert_eq!((by("range")["low"].clone(), by("range")["high"].clone(), by("range")["disputed"].clone()), (json!(1245), json!(1248), json!(true)));
    assert_eq!((by("both")["low"].clone(), by("both")["disputed"].clone()), (Value::Null, json!(true)));
    let stage = ledger.ask(stage);
    assert_eq!((&stage["disputed"], &stage["part_of"]), (&json!(true), &json!("ru-ua/bodies/2025-06-11_2025-06-16")));
    // 1,212 + 1,200 + 1,200 + 1,200 + [1,245, 1,248], and 27 + 51.
    let whole = "/v1/exchanges/ru-ua/bodies/2025-06-11_2025-06-16";
    let (to_ukraine, to_russia) = (ledger.figure(whole, "RU", "bodies"), ledger.figure(whole, "UA", "bodies"));
    assert_eq!((to_ukraine["low"].clone(), to_ukraine["high"].clone(), to_russia["low"].clone()), (json!(6057), json!(6060), json!(78)));

    let december = ledger.ask("/v1/exchanges/ru-ua/bodies/2025-12-19");
    let claimed: Vec<&Value> = december["claims"].as_array().unwrap().iter().map(|claim| &claim["transfers"][0]["counts"][0]["count"]["exact"]).collect();
    assert!(claimed.contains(&&json!(1003)) && claimed.contains(&&json!(1000)), "{claimed:?}");

    // "75 each", quarantined by a curator: readable, and in no figure.
    let doubtful = ledger.ask("/v1/exchanges/ru-ua/prisoners/2025-06");
    assert_eq!(doubtful["figures"], json!([]));
    assert_eq!(
        (&doubtful["claims"][0]["transfers"][0]["counts"][0]["count"]["exact"], &doubtful["claims"][0]["out"]["why"]),
        (&json!(75), &json!("quarantined"))
    );

    // One record and its relays on 26 February 2026 are one statement; the figure rests on the originals.
    let february = ledger.figure("/v1/exchanges/ru-ua/bodies/2026-02-26", "UA", "bodies");
    assert_eq!((february["low"].clone(), february["high"].clone()), (json!(35), json!(35)));
    assert_eq!(february["claims"].as_array().unwrap().len(), 2, "{february}");

    // 246 in the exchange and 31 severely wounded outside it: 277.
    let april = ledger.figure("/v1/exchanges/ru-ua/prisoners/2025-04-19", "RU", "people");
    assert_eq!((april["low"].clone(), april["high"].clone()), (json!(277), json!(277)));
    // 157 prisoners and 3 civilians of Kursk region.
    let swap = ledger.figure("/v1/exchanges/ru-ua/prisoners/2026-02-05", "UA", "people");
    assert_eq!((swap["low"].clone(), swap["high"].clone()), (json!(160), json!(160)));
    assert_eq!(ledger.server.terminate(), Some(0));
    drop(ledger.nats);
}

#[test]
fn a_blocked_channel_is_shown_beside_the_exchange_that_came_after() {
    let ledger = published();
    let channels = ledger.ask("/v1/channels?channel=prisoners");
    let views = channels["channels"][0]["views"].as_array().unwrap();
    let moskalkova = views.iter().find(|view| view["announcer"]["name"] == "Tatyana Moskalkova").unwrap();
    let blocked: Vec<&Value> = moskalkova["statements"].as_array().unwrap().iter().filter(|statement| statement["status"] == "blocked").collect();
    assert_eq!(blocked.len(), 3, "the article's of January 2026, and those of 17 and 19 January");
    for statement in blocked {
        assert_eq!(statement["completed_since"]["key"], "ru-ua/prisoners/2026-02-05", "{statement}");
    }
    assert_eq!(channels["channels"][0]["last_completed"]["key"], "ru-ua/prisoners/2026-03-06");
}

#[test]
fn an_aggregate_is_in_no_total() {
    let ledger = published();
    let records = ledger.ask("/v1/records?limit=500");
    let aggregates: Vec<u64> = records["records"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .filter(|(_, record)| record["type"] == "org.handover.aggregate.v1")
        .map(|(at, _)| at as u64)
        .collect();
    assert_eq!(aggregates.len(), 32);
    for policy in ["range", "receiver", "sender", "both"] {
        let totals = ledger.ask(&format!("/v1/totals?policy={policy}"));
        for total in totals["figures"].as_array().unwrap().iter().chain(totals["possibly"].as_array().unwrap()) {
            let claims = total["claims"].as_array().unwrap();
            assert!(claims.iter().all(|claim| !aggregates.contains(&claim.as_u64().unwrap())), "{total}");
            assert!(total["low"] != 1801, "{total}");
        }
    }
}

#[test]
fn the_same_files_again_add_nothing_and_a_changed_byte_is_a_conflict() {
    let ledger = published();
    let again = publish(&ledger.nats.url());
    assert!(again.code == Some(0) && again.stderr.contains("0 recorded, 189 duplicate, 0 refused"), "{again:?}");
    let over_http = publish(&ledger.server.url(""));
    assert!(over_http.code == Some(0) && over_http.stderr.contains("0 recorded, 189 duplicate, 0 refused"), "{over_http:?}");
    assert_eq!(ledger.ask("/v1/records?limit=1")["as_of"]["position"], 188);

    let first = std::fs::read_to_string(corpus::reference_article()).unwrap().lines().next().unwrap().replace("\"exact\":35", "\"exact\":36");
    for to in [ledger.nats.url(), ledger.server.url("")] {
        let ran = handover_command(&["publish", "--to", &to, "-"], first.as_bytes());
        assert!(ran.code == Some(65) && ran.stderr.contains("0 recorded, 0 duplicate, 1 refused"), "{ran:?}");
        assert!(ran.stderr.contains("/id") && ran.stderr.contains("position 0"), "{ran:?}");
    }
    let posted = http::post(&ledger.server.url("/v1/announcements"), "application/cloudevents+json", first.as_bytes());
    assert_eq!((posted.status, posted.header("content-type")), (409, Some("application/problem+json")), "{posted:?}");
    assert_eq!(ledger.ask("/v1/records?limit=1")["as_of"]["position"], 188);
}

/// Each read model's command with all its options, and the address that it asks.
const COMMANDS: [(&str, &str); 15] = [
    ("totals --policy receiver --category bodies --period year", "/v1/totals?policy=receiver&category=bodies&period=year&"),
    ("exchanges --what prisoners --limit 3", "/v1/exchanges?what=prisoners&limit=3&"),
    ("exchange ru-ua/bodies/2025-06-16 --policy sender", "/v1/exchanges/ru-ua/bodies/2025-06-16?policy=sender&"),
    ("channels --channel bodies", "/v1/channels?channel=bodies&"),
    ("reconciliation --policy sender --party UA --limit 2 --after 140", "/v1/reconciliation?policy=sender&party=UA&limit=2&after=140&"),
    (
        "discrepancies --exchange ru-ua/bodies/2025-12-19 --state open --between office",
        "/v1/discrepancies?exchange=ru-ua/bodies/2025-12-19&state=open&between=office&",
    ),
    ("plans --policy receiver --outcome completed --limit 1 --after 160", "/v1/plans?policy=receiver&outcome=completed&limit=1&after=160&"),
    ("frameworks --policy sender --framework Istanbul", "/v1/frameworks?policy=sender&framework=Istanbul&"),
    ("third-parties --party AE", "/v1/third-parties?party=AE&"),
    ("offices --party UA", "/v1/offices?party=UA&"),
    ("identity --policy sender --exchange ru-ua/bodies/2025-06-16", "/v1/identity?policy=sender&exchange=ru-ua/bodies/2025-06-16&"),
    ("lineage ru-ua/bodies/2025-06-16", "/v1/exchanges/ru-ua/bodies/2025-06-16/lineage?"),
    ("changes --policy receiver --from 95 --limit 20", "/v1/changes?policy=receiver&from=95&limit=20&"),
    (
        "knowledge --then 80 --then-announced-until 2025-06-12 --from 2025-01-01 --to 2025-12-31 --policy sender --category bodies --sender RU --receiver UA \
         --period month --by direction,category --moves-from 90 --limit 100",
        "/v1/knowledge?then=80&then_announced_until=2025-06-12&from=2025-01-01&to=2025-12-31&policy=sender&category=bodies&sender=RU&receiver=UA&\
         period=month&by=direction,category&moves_from=90&limit=100&",
    ),
    (
        "candidates --limit 2 --after ru-ua/bodies/2026-01-28~ru-ua/bodies/2026-01-29",
        "/v1/candidates?limit=2&after=ru-ua/bodies/2026-01-28~ru-ua/bodies/2026-01-29&",
    ),
];

fn run(server: &Handover, command: &str) -> String {
    let address = server.url("");
    let arguments: Vec<&str> = command.split(' ').chain(["--server", &address]).collect();
    let ran = handover_command(&arguments, b"");
    assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
    ran.stdout
}

#[test]
fn every_read_model_has_a_command_that_prints_the_servers_answer_of_now_and_of_a_past() {
    let ledger = published();
    for (command, path) in COMMANDS {
        let pasts = [("", ""), (" --as-known-at 150", "as_known_at=150&"), (" --announced-until 2025-06-16", "announced_until=2025-06-16&")];
        let answers = pasts.map(|(options, parameters)| {
            let answer = http::get(&ledger.server.url(&format!("{path}{parameters}at_least=188")));
            assert_eq!(answer.status, 200, "{path}{parameters}");
            assert_eq!(run(&ledger.server, &format!("{command}{options} --at-least 188 -o json")), format!("{}\n", answer.body), "{command}{options}");
            for format in ["table", "csv", "jsonl"] {
                run(&ledger.server, &format!("{command}{options} -o {format}"));
            }
            answer.body
        });
        assert_ne!(answers[0], answers[1], "{command}");
    }
    let wrong = handover_command(&["plans", "--as-known-at", "yesterday", "--server", &ledger.server.url("")], b"");
    assert!(wrong.code == Some(2) && wrong.stderr.contains("as_known_at: expected a position, an instant"), "{wrong:?}");
    let nothing = handover_command(&["lineage", "ru-ua/bodies/1999-01-01", "--server", &ledger.server.url("")], b"");
    assert!(nothing.code == Some(1) && nothing.stderr.contains("no claim is about ru-ua/bodies/1999-01-01"), "{nothing:?}");
}

/// The real announcements in one batch, so that the positions are the order of the files.
struct InOrder {
    server: Handover,
    _data: TempDir,
}

impl InOrder {
    fn new() -> Self {
        let data = TempDir::new().unwrap();
        let server = Serve::embedded(data.path()).start();
        let events = [corpus::reference_article(), corpus::public_record()].map(|file| corpus::events(&file)).concat();
        let posted = http::post(&server.url("/v1/announcements"), "application/cloudevents-batch+json", format!("[{}]", events.join(",")).as_bytes());
        assert_eq!(posted.status, 201, "{posted:?}");
        Self { server, _data: data }
    }

    /// What a command prints as CSV, which must have these rows.
    #[track_caller]
    fn has(&self, command: &str, rows: &[&str]) -> String {
        let csv = run(&self.server, &format!("{command} --at-least 188 -o csv"));
        for row in rows {
            assert!(csv.lines().any(|line| line == *row), "{command}: {row} isn't in\n{csv}");
        }
        csv
    }
}

#[test]
fn tables_have_both_sides_alike_and_never_show_unknown_as_zero() {
    let ledger = InOrder::new();
    let has = |command: &str, rows: &[&str]| ledger.has(command, rows);
    let header = "exchange,field,between,from,to,category,party,value,claims,state,since,resolved_by,disputed_by";
    let side = |said: &str| format!("ru-ua/bodies/2025-06-16,count,sides,RU,UA,bodies,{said},open,2025-06-16 (100),,");
    let both = format!("{header}\n{}\n{}\n", side("RU,1248,100"), side("UA,1245,99"));
    assert_eq!(has("discrepancies --exchange ru-ua/bodies/2025-06-16", &[]), both);

    // On 19 April 2025 to Ukraine 246 and 31 severely wounded, to Russia 246 and 15: 538, as the mediator says of both directions.
    let reconciliation = has(
        "reconciliation --limit 100",
        &[
            "101,2025-06-16,\"UA, Coordination Headquarters for the Treatment of POWs\",2025-06-11/2025-06-16,RU,UA,bodies,6057,6057 to 6060,nothing announced,\
             fits,-3 to 0,under the Istanbul agreements",
            "64,2025-04-19,\"AE, Ministry of Foreign Affairs\",2025-04-19,both ways,both ways,people,538,538,nothing announced,fits,0,\
             ru-ua/prisoners/2025-04-19",
            "155,2026-01-29,unnamed,2025,,,exchanges,14,12,0,exceeds,,2025",
        ],
    );
    assert!(reconciliation.starts_with("position,announced,announcer,period,from,to,category,claimed,ledger,possibly,verdict,difference,scope\n"));
    has(
        "plans",
        &[
            "81,2025-06-02,\"RU, presidential aide, Vladimir Medinsky\",ru-ua/bodies/2025-06-11_2025-06-16,2025-06-09/2025-06-15,completed,\
             2025-06-11/2025-06-16,-4 to 7,RU,UA,bodies,5400 to 6600,6057 to 6060,-543 to 660,87 89 92 98 99 100,postponed 2025-06-07 (83),82",
            "168,2026-02-26,\"RU, State Duma, coordination group, Shamsail Saraliyev\",ru-ua/bodies/2026-02-26,2026-02-26,completed,2026-02-26,\
             0,,,,no number,,,0 169 170,,",
        ],
    );
    has(
        "frameworks",
        &[
            "Istanbul agreements (2025),RU,UA,bodies,5400 to 6600,97,11057 to 11063,6,0,2,0,18,-5663 to -4457",
            "Istanbul agreements (2025),UA,RU,bodies,5400 to 6600,97,211,6,0,0,0,11,5189 to 6389",
            "Abu Dhabi talks (2026),UA,RU,bodies,nothing announced,,38,1,0,0,0,3,",
        ],
    );
    has("third-parties --party US", &["US,United States,RU,mediator,2,0,162 184", "US,United States,unnamed,facilitator,0,1,4"]);
    has("offices --party RU", &["RU,human rights commissioner,Tatyana Moskalkova,3 aggregate; 4 channel; 3 completed; 1 contact; 1 stock,0,0,3"]);
    let key = "ru-ua/bodies/2025-06-11_2025-06-16";
    has(
        &format!("identity --exchange {key}"),
        &[&format!("{key},RU,UA,6057 to 6060,UA,may-belong,unknown,,105"), &format!("{key},UA,RU,78,,nothing announced,,,")],
    );
    has(
        "lineage ru-ua/bodies/2026-02-26",
        &["4,completed,169,2026-02-26,\"RU, presidential aide, Vladimir Medinsky\",local,original,", "4,completed,171,2026-02-26,unnamed,local,report of 169,"],
    );
    // Of 9 June 2025 both sides say that prisoners were exchanged, and neither how many.
    let unknown = run(&ledger.server, "totals --from 2025-06-09 --to 2025-06-09 -o csv");
    assert!(unknown.contains(",RU,UA,prisoners,unknown,unknown,1,1,") && !unknown.contains(",0,no bound"), "{unknown}");
}

#[test]
fn tables_of_changes_and_knowledge_show_old_and_new() {
    let ledger = InOrder::new();
    let has = |command: &str, rows: &[&str]| ledger.has(command, rows);
    // Ukraine's 1,245 (99) and Russia's 1,248 and 51 (100); June was 6,057 with 99, and 27 the other way. Help for no exchange (4) changes nothing.
    let feed = has(
        "changes --from 100 --limit 1",
        &[
            "100,2025-06-16,completed,,ru-ua/bodies/2025-06-16,figure,RU,UA,bodies,1245,1245 to 1248 (disputed)",
            "100,2025-06-16,completed,,ru-ua/bodies/2025-06-16,figure,UA,RU,bodies,nothing announced,51",
            "100,2025-06-16,completed,,ru-ua/bodies/2025-06-11_2025-06-16,figure,UA,RU,bodies,27,78",
        ],
    );
    assert!(feed.starts_with("position,announced,kind,acts_on,exchange,field,from,to,category,old,new\n") && feed.lines().count() == 5, "{feed}");
    has("changes --from 96 --limit 1", &["96,2025-06-15,quarantined,95,ru-ua/prisoners/2025-06,figure,RU,UA,prisoners,75,nothing announced"]);
    has("changes --from 95 --limit 1", &["95,2025-06,completed,,ru-ua/prisoners/2025-06,status,,,,none,completed"]);
    let day = "knowledge --then 99 --as-known-at 100 --from 2025-06-16 --to 2025-06-16 --category bodies";
    has(day, &[",,RU,UA,bodies,1245,1245 to 1248,0,+3,0,1", ",,UA,RU,bodies,nothing announced,51,+51,+51,+1,1"]);
    let moves = run(&ledger.server, day);
    assert!(moves.contains("then is position 99, now position 100") && moves.contains("What moved the totals") && moves.contains("not in it"), "{moves}");
    let missing = handover_command(&["knowledge", "--server", &ledger.server.url("")], b"");
    assert!(missing.code == Some(2) && missing.stderr.contains("--then"), "{missing:?}");
}

#[test]
fn the_table_of_candidates_has_the_evidence_in_words() {
    let ledger = InOrder::new();
    // An outlet gives 30 January for what both sides have on the 29th.
    let way = |from: &str, to: &str, count: u64| json!({"from": from, "to": to, "counts": [{"category": "bodies", "count": {"exact": count}}]});
    let said = json!({
        "specversion": "1.0", "id": "00000000-0000-5000-8000-000000000001", "source": "urn:test", "type": "org.handover.completed.v1",
        "data": {
            "announced": "2026-02-26", "announcer": null, "exchange": {"date": "2026-01-30"},
            "transfers": [way("RU", "UA", 1000), way("UA", "RU", 38)],
        },
    });
    assert_eq!(http::post(&ledger.server.url("/v1/announcements"), "application/cloudevents+json", said.to_string().as_bytes()).status, 201);
    let pair = run(&ledger.server, "candidates --at-least 189 -o csv");
    let row = "ru-ua/bodies/2026-01-29,ru-ua/bodies/2026-01-30,2026-01-29,2026-01-30,same counts both ways,a day apart,\
               \"RU to UA, bodies: 1000 and 1000; UA to RU, bodies: 38 and 38\"";
    assert!(pair.lines().any(|line| line == row), "{pair}");
}
