//! `/metrics`: what is told, under which labels, and past which limits.

use std::collections::BTreeSet;

use event_store::Ledger;
use gateway::{App, Limits};
use serde_json::json;

use crate::{
    events::Events,
    harness::{Server, event},
};

/// The value of a series, as the text has it.
async fn told(server: &Server, series: &str) -> Option<f64> {
    let text = server.get("/metrics").await.text();
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')).map(|value| value.parse().unwrap())
}

fn measuring(limits: Limits) -> impl FnOnce(App, &Ledger) -> App {
    move |app, ledger| app.with_limits(limits).measuring(ledger.clone())
}

#[tokio::test]
async fn what_was_published_refused_and_asked_is_counted_once_under_bounded_labels() {
    let server = Server::measured(measuring(Limits::default())).await;
    assert_eq!(server.post_event(&event(1)).await.status, 201);
    assert_eq!(server.post_event(&event(1)).await.status, 200);
    let mut conflicting = event(1);
    conflicting["data"]["note"] = json!("another");
    assert_eq!(server.post_event(&conflicting).await.status, 409);
    let mut unknown = event(2);
    unknown["data"]["colour"] = json!("red");
    assert_eq!(server.post_event(&unknown).await.status, 422);
    assert_eq!(server.get("/v1/totals?at_least=0").await.status, 200);
    for number in 0..30 {
        assert_eq!(server.get(&format!("/v1/exchanges/ru-ua/bodies/2020-01-{number:02}")).await.status / 100, 4);
        assert_eq!(server.get(&format!("/{number}/\"}}\\n{{")).await.status, 404);
    }
    let answer = server.get("/metrics").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/openmetrics-text; version=1.0.0; charset=utf-8")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.text().ends_with("\n# EOF\n"));
    for (series, value) in [
        ("handover_http_requests_total{route=\"/v1/announcements\",status=\"2xx\"}", 2.0),
        ("handover_http_requests_total{route=\"/v1/announcements\",status=\"4xx\"}", 2.0),
        ("handover_http_requests_total{route=\"/v1/exchanges/{*key}\",status=\"4xx\"}", 30.0),
        ("handover_http_requests_total{route=\"none\",status=\"4xx\"}", 30.0),
        ("handover_http_request_duration_seconds_count{route=\"/v1/announcements\"}", 4.0),
        ("handover_http_refusals_total{problem=\"unknown-field\"}", 1.0),
        ("handover_http_refusals_total{problem=\"conflict\"}", 0.0),
        ("handover_ledger_receipts_total{status=\"recorded\"}", 1.0),
        ("handover_ledger_receipts_total{status=\"duplicate\"}", 1.0),
        ("handover_ledger_receipts_total{status=\"refused\"}", 1.0),
        ("handover_ledger_refusals_total{problem=\"conflict\"}", 1.0),
        ("handover_ledger_records", 1.0),
        ("handover_ledger_refusals_kept", 1.0),
        ("handover_ledger_state{part=\"writer\",state=\"running\"}", 1.0),
        ("handover_ledger_state{part=\"writer\",state=\"disk\"}", 0.0),
        ("handover_projection_records", 1.0),
        ("handover_projection_folded_records_total", 1.0),
        ("handover_projection_lag_records", 0.0),
        ("handover_projection_lag_seconds", 0.0),
        ("handover_projection_state{state=\"following\"}", 1.0),
        ("handover_http_requests_under_way", 1.0),
    ] {
        assert_eq!(told(&server, series).await, Some(value), "{series}");
    }
    assert_eq!(told(&server, "handover_ledger_commit_records_count").await, told(&server, "handover_ledger_sync_duration_seconds_count").await);
    // A ledger without a stream has no lag behind one.
    assert_eq!(told(&server, "handover_ledger_lag_messages").await, None);
    let routes: BTreeSet<String> = answer.text().lines().filter_map(|line| Some(line.split_once("route=\"")?.1.split_once('"')?.0.to_owned())).collect();
    assert!(routes.iter().all(|route| route == "none" || (route.starts_with('/') && !route.contains("2020"))) && routes.len() < 10, "{routes:?}");
}

#[tokio::test]
async fn whoever_scrapes_is_never_told_to_come_again_and_others_who_are_are_counted() {
    let server = Server::measured(measuring(Limits { rate: 2, ..Limits::default() })).await;
    let mut refused = 0;
    for _ in 0..10 {
        refused += u32::from(server.get("/livez").await.status == 429);
    }
    assert!(refused > 0);
    for _ in 0..10 {
        assert_eq!(server.get("/metrics").await.status, 200);
    }
    assert_eq!(told(&server, "handover_http_rate_limited_requests_total").await, Some(f64::from(refused)));
}

#[tokio::test]
async fn who_follows_is_counted_while_they_do() {
    let server = Server::measured(measuring(Limits::default())).await;
    let series = "handover_http_stream_readers{feed=\"records\"}";
    assert_eq!(told(&server, series).await, Some(0.0));
    let reader = Events::follow(&server, "/v1/stream", None).await;
    assert_eq!(told(&server, series).await, Some(1.0));
    drop(reader);
    let gone = async {
        while told(&server, series).await != Some(0.0) {
            // A server notices that its reader went once it has something to say.
            let number = server.ledger.head().size;
            server.post_event(&event(u32::try_from(number).unwrap() + 1)).await;
        }
    };
    tokio::time::timeout(crate::harness::PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn a_node_without_read_models_or_without_a_ledger_tells_of_what_it_has() {
    let ledger_alone = Server::measured(|app, ledger| app.without_read_models().measuring(ledger.clone())).await;
    assert!(told(&ledger_alone, "handover_projection_records").await.is_none() && told(&ledger_alone, "handover_ledger_records").await == Some(0.0));
    let reader = Server::start().await;
    assert!(told(&reader, "handover_projection_records").await == Some(0.0) && told(&reader, "handover_ledger_records").await.is_none());
}
