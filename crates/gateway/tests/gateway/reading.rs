use std::time::Duration;

use event_store::{Health, Part};
use gateway::{App, Limits};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    harness::{Server, event},
    read_models::{ROUTES, with},
};

#[tokio::test]
async fn totals_of_a_day_carry_the_positions_of_their_claims() {
    let server = Server::with_samples().await;
    let totals = server.get("/v1/totals?from=2026-01-29&to=2026-01-29").await.json();
    assert_eq!(totals["policy"], "range");
    let figure = |from: &str| totals["figures"].as_array().unwrap().iter().find(|figure| figure["from"] == from && figure["category"] == "bodies").unwrap();
    for (from, count) in [("RU", 1000), ("UA", 38)] {
        let figure = figure(from);
        assert_eq!((&figure["low"], &figure["high"]), (&json!(count), &json!(count)));
        for position in figure["claims"].as_array().unwrap() {
            assert_eq!(server.get(&format!("/v1/records/{position}")).await.status, 200);
        }
        assert!(!figure["claims"].as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn pages_of_exchanges_join_to_the_whole_timeline() {
    let server = Server::with_samples().await;
    let keys = |page: &Value| page["exchanges"].as_array().unwrap().iter().map(|exchange| exchange["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let whole = server.get("/v1/exchanges?limit=1000").await.json();
    assert_eq!(whole["next"], Value::Null);
    let mut joined = Vec::new();
    let mut path = "/v1/exchanges?limit=7".to_owned();
    loop {
        let page = server.get(&path).await.json();
        joined.extend(keys(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/exchanges?limit=7&after={next}");
    }
    assert_eq!(joined, keys(&whole));
    assert!(joined.len() > 50);
    let bodies = server.get("/v1/exchanges?what=bodies&from=2026-01-29&to=2026-01-29").await.json();
    assert_eq!(keys(&bodies), ["ru-ua/bodies/2026-01-29"]);
}

#[tokio::test]
async fn a_dossier_gives_the_words_of_each_claim() {
    let server = Server::with_samples().await;
    let dossier = server.get("/v1/exchanges/ru-ua/bodies/2026-01-29").await.json();
    assert_eq!(dossier["key"], "ru-ua/bodies/2026-01-29");
    let claims = dossier["claims"].as_array().unwrap();
    assert!(claims.iter().any(|claim| claim["announcer"]["name"] == "Vladimir Medinsky"));
    assert!(claims.iter().any(|claim| claim["report"].is_object()), "{claims:?}");
    server.get("/v1/exchanges/ru-ua/bodies/1999-01-01").await.problem(404);
}

#[tokio::test]
async fn channels_show_who_says_what() {
    let server = Server::with_samples().await;
    let channels = server.get("/v1/channels?channel=prisoners").await.json();
    let views = channels["channels"][0]["views"].as_array().unwrap();
    assert!(views.iter().flat_map(|view| view["statements"].as_array().unwrap()).any(|statement| statement["status"] == "blocked"));
}

#[tokio::test]
async fn records_are_given_as_cloudevents_with_their_place() {
    let server = Server::start().await;
    for number in 0..5 {
        server.post_event(&event(number)).await;
    }
    let page = server.get("/v1/records?from=1&limit=2&at_least=4").await.json();
    assert_eq!(page["as_of"]["position"], 4);
    assert!(page["as_of"]["recorded"].is_string());
    assert_eq!(page["next"], 3);
    let sequences: Vec<&Value> = page["records"].as_array().unwrap().iter().map(|record| &record["sequence"]).collect();
    assert_eq!(sequences, [&json!("00000000000000000001"), &json!("00000000000000000002")]);
    let record = server.get("/v1/records/3").await;
    assert_eq!(record.header("content-type"), Some("application/cloudevents+json"));
    let (mut given, sent) = (record.json(), event(3));
    assert_eq!((&given["publisher"], &given["sequence"]), (&json!("local"), &json!("00000000000000000003")));
    let members = given.as_object_mut().unwrap();
    members.retain(|member, _| !["publisher", "sequence", "recordedtime"].contains(&member.as_str()));
    assert_eq!(given, sent);
    let last = server.get("/v1/records?from=4").await.json();
    assert_eq!((&last["next"], last["records"].as_array().unwrap().len()), (&Value::Null, 1));
    assert_eq!(server.get("/v1/records?from=18446744073709551615").await.json()["records"], json!([]));
    server.get("/v1/records/5").await.problem(404);
}

#[tokio::test]
async fn an_empty_ledger_answers_with_nothing_rather_than_zero() {
    let server = Server::start().await;
    let nowhere = json!({ "position": null, "recorded": null });
    assert_eq!(server.get("/v1/records").await.json(), json!({ "as_of": nowhere, "records": [], "next": null }));
    assert_eq!(server.get("/v1/totals").await.json()["figures"], json!([]));
    assert_eq!(server.get("/v1/exchanges").await.json()["exchanges"], json!([]));
    assert_eq!(server.get("/v1/channels").await.json()["channels"], json!([]));
    assert_eq!(server.get("/").await.status, 200);
}

#[tokio::test]
async fn a_read_waits_for_the_position_that_it_must_rest_on() {
    let server = Server::with(Limits { at_least: Duration::from_millis(300), ..Limits::default() }, None).await;
    for number in 0..3 {
        let position = server.post_event(&event(number)).await.json()["receipts"][0]["position"].clone();
        let page = server.get(&format!("/v1/exchanges?at_least={position}")).await.json();
        assert_eq!(page["as_of"]["position"], position);
    }
    let digest = "0".repeat(64);
    let reads =
        ["/v1/exchanges?", "/v1/exchanges/ru-ua/bodies/2026-01-01?", "/v1/totals?", "/v1/channels?", "/v1/records?", "/v1/records/0?", "/v1/integrity?", "/?"];
    let more =
        ROUTES.map(|(route, _)| with(route, "")).into_iter().chain([format!("/v1/receipts/{digest}?"), "/exchanges/ru-ua/bodies/2026-01-01?".to_owned()]);
    for read in reads.iter().map(|read| (*read).to_owned()).chain(more) {
        let answer = server.get(&format!("{read}at_least=99")).await;
        answer.problem(503);
        assert!(answer.header("retry-after").is_some(), "{read}");
    }
}

#[tokio::test]
async fn every_error_is_a_problem_with_a_remedy() {
    let server = Server::start().await;
    let wrong = [
        "/v1/totals?form=2026-01-01",
        "/v1/totals?from=2026-13-01",
        "/v1/totals?policy=best",
        "/v1/totals?category=tanks",
        "/v1/totals?sender=XX",
        "/v1/totals?from=2026-01-01&from=2026-01-02",
        "/v1/exchanges?limit=0",
        "/v1/exchanges?limit=1001",
        "/v1/exchanges?after=nowhere",
        "/v1/exchanges?what=tanks",
        "/v1/channels?channel=%ff",
        "/v1/records?from=-1",
        "/v1/records?at_least=99999999999999999999",
        "/v1/records/-1",
        "/v1/records/%ff",
        "/v1/receipts/ABC",
        "/v1/exchanges/no-key",
        "/v1/exchanges/ru-ua/bodies/%ff",
        "/exchanges/ua-ru/bodies/2026-01-01",
        "/?color=red",
    ];
    for path in wrong {
        server.get(path).await.problem(400);
    }
    let unknown = server.get("/v1/totals?form=2026-01-01").await.problem(400);
    assert_eq!(unknown["parameter"], "form");
    assert!(unknown["remedy"].as_str().unwrap().contains("from"));
    for path in ["/nowhere", "/v1", "/v1/records/", "/v1/exchanges/", "/..%2f..%2fetc%2fpasswd"] {
        assert!(matches!(server.get(path).await.status, 400 | 404), "{path}");
    }
    server.get("/nowhere").await.problem(404);
    server.get(&format!("/v1/receipts/{}", "0".repeat(64))).await.problem(404);
    let answer = server.ask("DELETE", "/v1/records/0", &[], b"").await;
    answer.problem(405);
    assert!(answer.header("allow").unwrap().contains("GET"));
    server.get("/v1/announcements").await.problem(405);
}

#[tokio::test]
async fn a_node_without_read_models_says_so_and_gives_records() {
    let server = Server::of(App::without_read_models, None).await;
    server.post_event(&event(1)).await;
    assert_eq!(server.get("/v1/records?at_least=0").await.json()["records"].as_array().unwrap().len(), 1);
    for path in ["/", "/v1/totals", "/v1/exchanges", "/v1/channels", "/v1/exchanges/ru-ua/bodies/2026-01-01"].into_iter().chain(ROUTES.map(|(route, _)| route))
    {
        assert_eq!(server.get(path).await.problem(404)["type"], "urn:handover:problem:no-read-models");
    }
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn readiness_says_which_part_is_not_ready() {
    let (sender, health) = watch::channel(Health::running());
    let server = Server::with(Limits::default(), Some(health)).await;
    server.post_event(&event(1)).await;
    server.get("/v1/totals?at_least=0").await;
    assert_eq!(server.get("/livez").await.status, 200);
    let ready = server.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)));
    sender.send_modify(|health| {
        health.writer = Part::Stopped { cause: event_store::Cause::Disk, reason: "the disk is full".to_owned(), remedy: "make room".to_owned() }
    });
    let problem = server.get("/readyz").await.problem(503);
    let writer = &problem["parts"][0];
    assert_eq!(
        (&writer["part"], &writer["ready"], &writer["reason"], &writer["remedy"]),
        (&json!("writer"), &json!(false), &json!("the disk is full"), &json!("make room"))
    );
    assert_eq!(problem["parts"][2]["ready"], true);
    assert_eq!(server.get("/livez").await.status, 200);
}
