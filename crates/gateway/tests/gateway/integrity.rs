//! `/v1/integrity` beside a ledger: what it has, what it lacks, and nothing of what was refused.

use gateway::App;
use serde_json::{Value, json};

use crate::harness::{Server, event};

async fn submit(server: &Server, subject: &str, event: &str) {
    server.ledger.submit(subject.to_owned(), Vec::new(), event.to_owned().into()).await.unwrap();
}

fn merge(number: u32, from: &str, into: &str) -> String {
    let data = json!({"announced": "2026-02-02", "announcer": null, "from": from, "into": into});
    let id = format!("00000000-0000-5000-8000-{number:012}");
    json!({"specversion": "1.0", "id": id, "source": "urn:test", "type": "org.handover.merged.v1", "data": data}).to_string()
}

#[tokio::test]
async fn an_empty_ledger_has_a_size_and_everything_else_is_null() {
    let server = Server::start().await;
    let found = server.get("/v1/integrity").await.json();
    assert_eq!((&found["size"], &found["refusals"]), (&json!(0), &json!({"kept": 0, "last": null})));
    assert_eq!((&found["as_of"]["position"], &found["checkpoint"], &found["verified_backup"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!((&found["read_models"]["position"], &found["read_models"]["lag"]), (&Value::Null, &json!(0)));
    // SHA-256 of nothing.
    assert_eq!(found["root"], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    server.get("/v1/integrity?as_known_at=1").await.problem(400);
}

#[tokio::test]
async fn the_last_refusal_is_told_by_its_time_and_problem_alone() {
    let server = Server::start().await;
    server.post_event(&event(1)).await;
    submit(&server, "handover.announce.local", "{").await;
    let mut personal = event(2);
    personal["data"]["note"] = json!("write to person.one@example.org");
    submit(&server, "handover.announce.local", &personal.to_string()).await;
    let begin = jiff::Timestamp::now();
    // What was refused first comes again, and so is the last.
    submit(&server, "handover.announce.local", "{").await;
    let answer = server.get("/v1/integrity?at_least=0").await;
    let found = answer.json();
    assert_eq!((&found["size"], &found["refusals"]["kept"], &found["read_models"]["position"]), (&json!(1), &json!(2), &json!(0)));
    assert_eq!(found["read_models"]["lag"], 0);
    let last = &found["refusals"]["last"];
    assert_eq!(last["type"], "urn:handover:problem:not-json");
    assert!(last["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() >= begin, "{last}");
    assert_eq!(last.as_object().unwrap().len(), 2);
    for private in ["person.one", "handover.announce", "digest"] {
        assert!(!answer.text().contains(private), "{found}");
    }
}

#[tokio::test]
async fn a_merge_that_would_close_a_circle_is_named() {
    let server = Server::start().await;
    let (one, other) = ("ru-ua/bodies/2026-01-01", "ru-ua/bodies/2026-01-02");
    for (number, from, into) in [(1, one, other), (2, other, one)] {
        submit(&server, "handover.curate.local", &merge(number, from, into)).await;
    }
    let found = server.get("/v1/integrity?at_least=1").await.json();
    assert_eq!((&found["merges_without_effect"], &found["read_models"]["state"]), (&json!([1]), &json!("following")));
}

#[tokio::test]
async fn a_node_without_read_models_knows_its_ledger_and_not_what_folds_tell() {
    let server = Server::of(App::without_read_models, None).await;
    server.post_event(&event(1)).await;
    let found = server.get("/v1/integrity?at_least=0").await.json();
    assert_eq!((&found["size"], &found["as_of"]["position"]), (&json!(1), &json!(0)));
    assert_eq!((&found["read_models"], &found["merges_without_effect"]), (&Value::Null, &Value::Null));
}
