//! Metrics, rules and dashboard, traces in the logs, and `handover status`: what an operator looks at.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use async_nats::{HeaderMap, jetstream};
use blackbox::{Generator, Handover, NatsServer, PATIENCE, Process, Ran, Serve, handover_command, http, wait_for};
use serde_json::{Value, json};
use tempfile::TempDir;

const PROMETHEUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/prometheus");
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/prometheus/handover.rules.yaml");
const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/grafana/handover.json");

/// The labels of each series, by its name.
fn series(server: &Handover) -> BTreeMap<String, Vec<String>> {
    let answer = http::get(&server.url("/metrics"));
    assert_eq!(answer.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for line in answer.body.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap_or_else(|error| panic!("{error} in {line}"));
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        found.entry(name.to_owned()).or_default().push(labels.trim_end_matches('}').to_owned());
    }
    found
}

/// Each metric that a text names, with what follows it up to the end of its labels.
fn named(text: &str) -> Vec<(String, String)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.match_indices("handover_")
        .filter(|(at, _)| !text[..*at].ends_with(|letter: char| is_part(letter) || letter == '.' || letter == '/'))
        .map(|(at, _)| {
            let (name, rest) = text[at..].split_at(text[at..].find(|letter| !is_part(letter)).unwrap_or(text.len() - at));
            let labels = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(labels, _)| labels);
            (name.to_owned(), labels.to_owned())
        })
        .collect()
}

/// The expressions of a dashboard, its variables' included.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let texts = ["expr", "query", "definition"].into_iter().filter_map(|name| members.get(name).and_then(Value::as_str));
            found.extend(texts.map(str::to_owned));
            members.values().for_each(|value| expressions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

#[test]
fn every_metric_that_a_rule_or_a_panel_names_exists_with_the_labels_that_it_names() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let begin = || Serve::over(&nats, data.path()).start();
    let server = begin();
    let lines: Vec<Vec<u8>> = Generator::new(1).take(50).map(|one| one.event).collect();
    assert_eq!(handover_command(&["publish", "--to", &nats.url(), "-"], &lines.join(b"\n".as_slice())).code, Some(0));
    assert_eq!(http::get(&server.url("/v1/totals?at_least=49")).status, 200);
    // A server that has saved its read models tells of it, and one that was asked something of requests.
    assert_eq!(server.terminate(), Some(0));
    let server = begin();
    assert_eq!(http::get(&server.url("/v1/totals?at_least=49")).status, 200);
    let told = wait_for("the streams to be looked at", PATIENCE, || Some(series(&server)).filter(|told| told.contains_key("handover_ledger_lag_seconds")));

    let mut panels = Vec::new();
    expressions(&serde_json::from_str(&fs::read_to_string(DASHBOARD).unwrap()).unwrap(), &mut panels);
    let texts = [fs::read_to_string(RULES).unwrap(), panels.join("\n")];
    let mut compared = BTreeSet::new();
    for (name, labels) in texts.iter().flat_map(|text| named(text)) {
        let found = told.get(&name).unwrap_or_else(|| panic!("{name} is named, and a server doesn't tell it"));
        for matcher in labels.split("\",").filter(|matcher| !matcher.is_empty()) {
            let (label, value) = matcher.trim().trim_end_matches('"').split_once(['=', '!']).unwrap();
            let is_own = label == "instance" || found.iter().all(|labels| labels.contains(&format!("{label}=\"")));
            assert!(is_own, "{name} has no label {label}");
            if let Some(exactly) = value.strip_prefix('"') {
                assert!(found.iter().any(|labels| labels.contains(&format!("{label}=\"{exactly}\""))), "{name} is never told with {label} {exactly}");
            }
        }
        compared.insert(name);
    }
    assert!(compared.len() > 30, "{compared:?}");
}

#[test]
fn promtool_takes_the_rules_and_the_alerts_come_when_they_should() {
    let Some(promtool) = std::env::var_os("PROMTOOL").filter(|path| !path.is_empty()) else {
        println!("not checked: there is no promtool; tests/get-promtool gets it where Debian's packages can be had");
        return;
    };
    let run = |arguments: &[&str]| {
        let output = Command::new(&promtool).args(arguments).current_dir(PROMETHEUS).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    };
    run(&["check", "rules", "handover.rules.yaml"]);
    run(&["check", "config", "prometheus.yaml"]);
    run(&["test", "rules", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/blackbox/rules.test.yaml")]);
}

/// What a server logged so far: each line is one JSON object.
fn log(server: &Process) -> Vec<Value> {
    let text = server.stderr();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))).collect()
}

/// Whether a server has logged a link to a trace with this message.
fn links(server: &Handover, message: &str, trace: &str) -> bool {
    log(server.process()).iter().any(|line| line["fields"]["message"] == message && line["fields"]["link.trace_id"] == trace)
}

const RECORDED: &str = "an announcement of this trace was recorded";
const FOLDED: &str = "an announcement of this trace was folded";

#[tokio::test(flavor = "multi_thread")]
async fn a_publishers_trace_is_in_the_logs_of_the_ledger_that_records_and_of_the_reader_that_folds() {
    let (nats, ledger_data, reader_data) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let filter = "info,async_nats=warn,event_store=debug,projection=debug,gateway=debug";
    let ledger = Serve::over(&nats, ledger_data.path()).with(["--role", "ledger"]).logging(filter).start();
    let reader = Serve::over(&nats, reader_data.path()).with(["--role", "reader"]).logging(filter).start();
    let [over_nats, over_http, malformed] =
        ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c", "0AF7651916CD43DD8448EB211C80319D"].map(str::to_owned);
    let events: Vec<Vec<u8>> = Generator::new(2).take(3).map(|one| one.event).collect();
    let context = jetstream::new(async_nats::connect(nats.url()).await.unwrap());
    for (trace, event) in [(&over_nats, &events[0]), (&malformed, &events[1])] {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
        context.publish_with_headers("handover.announce.desk", headers, event.clone().into()).await.unwrap().await.unwrap();
    }
    let traceparent = format!("00-{over_http}-b7ad6b7169203331-01");
    let headers = [("traceparent", traceparent.as_str()), ("content-type", "application/cloudevents+json")];
    let answer = http::post_with(&reader.url("/v1/announcements"), &headers, &events[2]);
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(http::get(&reader.url("/v1/totals?at_least=2")).status, 200);

    for trace in [&over_nats, &over_http] {
        wait_for("the ledger's link", PATIENCE, || links(&ledger, RECORDED, trace).then_some(()));
        wait_for("the reader's link", PATIENCE, || links(&reader, FOLDED, trace).then_some(()));
    }
    let of_the_request = |line: &&Value| line["span"]["trace_id"] == over_http.as_str();
    let answered = wait_for("the request's line", PATIENCE, || log(reader.process()).iter().find(of_the_request).cloned());
    assert_eq!(
        (&answered["fields"]["message"], &answered["fields"]["status"], &answered["span"]["name"]),
        (&json!("answered"), &json!(201), &json!("request"))
    );
    // It's no part of a record, and what is malformed is nowhere.
    assert!(!http::get(&reader.url("/v1/records?limit=10")).body.contains(&over_nats));
    for server in [&ledger, &reader] {
        assert!(!server.process().stderr().to_lowercase().contains(&malformed.to_lowercase()));
        let lines = log(server.process());
        assert!(lines.len() > 3);
        for line in &lines {
            let message = line["fields"]["message"].as_str().unwrap_or_else(|| panic!("no message in {line}"));
            assert!(message.starts_with(char::is_lowercase) && !message.contains(|letter: char| letter.is_ascii_digit()), "{line}");
            assert!(["timestamp", "level", "target"].iter().all(|name| line[name].is_string()), "{line}");
        }
    }
}

fn status(arguments: &[&str]) -> (Ran, Value) {
    let ran = handover_command(&[&["status", "-o", "json"], arguments].concat(), b"");
    let found = serde_json::from_str(&ran.stdout).unwrap_or_default();
    (ran, found)
}

#[test]
fn the_status_shows_every_node_and_says_what_is_not_well() {
    let (mut nats, one, other, third) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let ledger = Serve::over(&nats, one.path()).start();
    let second = Serve::over(&nats, other.path()).with(["--role", "ledger"]).start();
    let reader = Serve::over(&nats, third.path()).with(["--role", "reader"]).start();
    let lines: Vec<Vec<u8>> = Generator::new(3).take(40).map(|one| one.event).collect();
    assert_eq!(handover_command(&["publish", "--to", &nats.url(), "-"], &lines.join(b"\n".as_slice())).code, Some(0));
    let head = http::get(&ledger.url("/v1/integrity?at_least=39")).json();
    assert_eq!(http::get(&reader.url("/v1/totals?at_least=39")).status, 200);

    let url = nats.url();
    let everything = ["--nats", &url, "--server", &ledger.url(""), "--server", &reader.url("")];
    let (ran, found) = wait_for("both nodes to be as far", PATIENCE, || {
        let (ran, found) = status(&everything);
        (found["nodes"].as_array().is_some_and(|nodes| nodes.iter().all(|node| node["size"] == 40))).then_some((ran, found))
    });
    assert_eq!((ran.code, &found["healthy"], &found["problems"]), (Some(0), &json!(true), &json!([])), "{found}");
    assert_eq!((found["nodes"].as_array().unwrap().len(), &found["roots_agree"], &found["compared"]), (2, &json!(true), &json!(40)));
    for node in found["nodes"].as_array().unwrap() {
        assert_eq!(
            (&node["root"], &node["lag"], &node["refused"], &node["health"]["intake"]["state"]),
            (&head["root"], &json!(0), &json!(0), &json!("running"))
        );
    }
    assert_eq!((&found["streams"][0]["stream"], &found["streams"][0]["last_sequence"]), (&json!("ANNOUNCEMENTS"), &json!(40)));
    let [of_ledger, of_reader] = [0, 1].map(|server| &found["servers"][server]);
    assert_eq!((&of_ledger["node"], &of_reader["node"], &of_reader["root"]), (&json!("ledger"), &json!("reader"), &head["root"]));
    assert_eq!(
        (&of_reader["read_models"]["state"], &of_reader["read_models"]["lag"], &of_reader["read_models"]["lag_s"]),
        (&json!("following"), &json!(0), &json!(0.0))
    );
    let table = handover_command(&[&["status"], &everything[..]].concat(), b"");
    for text in ["Ledger nodes: 2, with the same root at 40 records", "ANNOUNCEMENTS", "LEDGER", "following", "All is well"] {
        assert!(table.stdout.contains(text), "{text} isn't in\n{}", table.stdout);
    }

    // Watched, it comes again until it's interrupted.
    let watching = Process::start(&blackbox::handover(), &["status", "--watch", "--interval", "1s", "-o", "json", "--server", &ledger.url("")]);
    wait_for("three rounds", PATIENCE, || (watching.stdout().lines().filter(|line| line.contains("\"healthy\":true")).count() >= 3).then_some(()));
    drop(watching);

    // A server that's gone and a stream that was lost: it says so, and what comes next.
    let gone = reader.url("");
    reader.kill();
    let (ran, found) = status(&["--server", &ledger.url(""), "--server", &gone]);
    assert!(ran.code == Some(10) && found["problems"][0].as_str().unwrap().starts_with(&gone) && found["servers"][0]["ready"] == true, "{found}");
    assert_eq!(status(&["--server", &gone]).0.code, Some(69));
    assert_eq!(second.terminate(), Some(0));
    nats.lose_store();
    nats.restart();
    let found = wait_for("the intake's trouble", PATIENCE, || {
        let (ran, found) = status(&["--nats", &url]);
        let says = |words: &str| found["problems"].as_array().is_some_and(|problems| problems.iter().any(|problem| problem.as_str().unwrap().contains(words)));
        (ran.code == Some(10) && says("there is no stream ANNOUNCEMENTS") && says("the intake waits")).then_some(found)
    });
    assert_eq!(found["healthy"], false);
    nats.stop();
    assert_eq!(status(&["--nats", &url]).0.code, Some(69));
}
