//! Answers in the form that their reader wants, and not twice.

use std::io::Read;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, event};

/// An address of every read model.
pub(crate) const MODELS: [&str; 15] = [
    "/v1/exchanges",
    "/v1/exchanges/ru-ua/bodies/2026-01-29",
    "/v1/exchanges/ru-ua/bodies/2026-01-29/lineage",
    "/v1/totals?period=year",
    "/v1/knowledge?then=100",
    "/v1/changes?from=90&limit=20",
    "/v1/channels",
    "/v1/reconciliation",
    "/v1/discrepancies",
    "/v1/plans",
    "/v1/frameworks",
    "/v1/third-parties",
    "/v1/offices",
    "/v1/identity",
    "/v1/candidates",
];

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn accepting(server: &Server, path: &str, accept: &str) -> Answer {
    server.ask("GET", path, &[("accept", accept)], b"").await
}

fn rows(answer: &Answer) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(answer.body.as_slice());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn every_read_model_is_given_as_a_table_whose_rows_cite_their_claims_and_a_permanent_address() {
    let server = Server::with_samples().await;
    for path in MODELS.iter().chain(&["/v1/records?limit=30"]) {
        let answer = accepting(&server, path, "text/csv").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"), "{path}");
        let table = rows(&answer);
        let column = |name: &str| table[0].iter().position(|known| known == name).unwrap_or_else(|| panic!("no {name} in {path}"));
        assert!(table[1].iter().all(|tag| tag.starts_with('#')), "{path}: {:?}", table[1]);
        let (claims, source) = (column("claims"), column("source"));
        let data = &table[2..];
        // The public record has no two exchanges that may be one.
        assert_eq!(data.is_empty(), path.starts_with("/v1/candidates"), "{path}");
        assert!(data.is_empty() || data.iter().any(|row| !row[claims].is_empty()), "{path}: no row cites a claim");
        for row in data {
            assert!(row[claims].split(' ').all(|claim| claim.is_empty() || claim.parse::<u64>().is_ok()), "{path}: {row:?}");
        }
        for row in data.iter().step_by(data.len() / 3 + 1) {
            let found = accepting(&server, &row[source], "application/json").await;
            assert_eq!(found.status, 200, "{path}: {} {}", row[source], found.text());
        }
        let named = server.get(&format!("{path}{}format=csv", if path.contains('?') { '&' } else { '?' })).await;
        assert_eq!((named.status, named.body.len()), (200, answer.body.len()), "{path}");
    }
}

#[tokio::test]
async fn a_row_of_the_timeline_says_what_the_json_says() {
    let server = Server::with_samples().await;
    let path = "/v1/exchanges?from=2026-01-29&to=2026-01-29&what=bodies";
    let json = server.get(path).await.json();
    let figure = &json["exchanges"][0]["figures"][0];
    let table = rows(&accepting(&server, path, "text/csv").await);
    let cell = |name: &str| table[2][table[0].iter().position(|known| known == name).unwrap()].as_str();
    assert_eq!([cell("exchange"), cell("date"), cell("from"), cell("to"), cell("category")], ["ru-ua/bodies/2026-01-29", "2026-01-29", "RU", "UA", "bodies"]);
    assert_eq!([cell("low"), cell("high")], [figure["low"].to_string(), figure["high"].to_string()]);
    let claims: Vec<u64> = cell("claims").split(' ').map(|claim| claim.parse().unwrap()).collect();
    assert_eq!(json!(claims), figure["claims"]);
    assert_eq!(cell("source"), format!("/v1/exchanges/ru-ua/bodies/2026-01-29?as_known_at={}", json["as_of"]["position"]));
}

#[tokio::test]
async fn lines_are_the_things_of_the_document() {
    let server = Server::with_samples().await;
    for (path, list) in [("/v1/exchanges?limit=7", "exchanges"), ("/v1/records?limit=9&from=3", "records"), ("/v1/exchanges/ru-ua/bodies/2026-01-29", "claims")]
    {
        let document = server.get(path).await.json();
        let answer = accepting(&server, path, "application/jsonl").await;
        assert_eq!(answer.header("content-type"), Some("application/jsonl"));
        let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(json!(lines), document[list], "{path}");
    }
    let totals = server.get("/v1/totals?from=2022-01-01&to=2025-06-13&format=jsonl").await.text();
    let lists: Vec<Value> = totals.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["list"].clone()).collect();
    assert!(lists.contains(&json!("figures")) && lists.contains(&json!("possibly")), "{lists:?}");
}

#[tokio::test]
async fn a_text_of_a_publisher_is_never_a_formula() {
    let server = Server::start().await;
    let mut hostile = event(1);
    hostile["data"]["announcer"]["office"] = json!("press office");
    hostile["data"]["exchange"]["framework"] = json!("=HYPERLINK(\"http://example.org\",\"open\")");
    assert_eq!(server.post_event(&hostile).await.status, 201);
    let table = rows(&server.get("/v1/exchanges?format=csv&at_least=0").await);
    assert!(table[2].iter().any(|cell| cell == "'=HYPERLINK(\"http://example.org\",\"open\")"), "{:?}", table[2]);
    assert!(!table.iter().flatten().any(|cell| cell.starts_with('=')));
}

#[tokio::test]
async fn a_browser_is_shown_the_page_of_what_it_asks_for() {
    let server = Server::with_samples().await;
    for (path, page) in [
        ("/v1/exchanges?what=bodies&format=", None),
        ("/v1/exchanges?what=bodies", Some("/exchanges?what=bodies")),
        ("/v1/exchanges/ru-ua/bodies/2026-01-29?policy=both", Some("/exchanges/ru-ua/bodies/2026-01-29?policy=both")),
        ("/v1/third-parties", Some("/mediators")),
        ("/v1/totals?by=category%2Cdirection", Some("/totals?by=category,direction")),
    ] {
        let answer = accepting(&server, path, BROWSER).await;
        assert_eq!(answer.header("location"), page, "{path}");
        assert_eq!(answer.status, if page.is_some() { 303 } else { 400 }, "{path}");
    }
    assert_eq!(accepting(&server, "/v1/candidates", BROWSER).await.header("content-type"), Some("application/json"));
    assert_eq!(accepting(&server, "/v1/totals?format=json", BROWSER).await.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn an_accept_that_nothing_matches_is_refused_by_name() {
    let server = Server::with_samples().await;
    for path in MODELS {
        let problem = accepting(&server, path, "image/png").await.problem(406);
        assert!(problem["remedy"].as_str().unwrap().contains("text/csv"), "{problem}");
    }
    server.get("/v1/totals?format=xlsx").await.problem(400);
}

#[tokio::test]
async fn what_a_reader_has_isnt_sent_again_until_something_was_recorded() {
    let server = Server::with_samples().await;
    for path in MODELS.iter().chain(&["/v1/records"]) {
        for accept in ["application/json", "text/csv"] {
            let first = accepting(&server, path, accept).await;
            let tag = first.header("etag").unwrap_or_else(|| panic!("no tag: {path}")).to_owned();
            assert_eq!(first.header("cache-control"), Some("no-cache"));
            assert_eq!(first.header("vary"), Some("accept, accept-encoding"));
            assert!(first.header("last-modified").is_some_and(|instant| instant.ends_with(" GMT")));
            let again = server.ask("GET", path, &[("accept", accept), ("if-none-match", &format!("\"other\", W/{tag}"))], b"").await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            assert_eq!(again.header("etag"), Some(tag.as_str()));
            let whole = accepting(&server, path, accept).await;
            assert_eq!((whole.header("etag"), &whole.body), (Some(tag.as_str()), &first.body), "{path}");
            let other = server.ask("GET", path, &[("accept", "application/jsonl"), ("if-none-match", &tag)], b"").await;
            assert_eq!(other.status, 200, "{path}: another form is another answer");
        }
    }
    let before = server.get("/v1/totals").await;
    let recorded = server.post_event(&event(1)).await.json()["receipts"][0]["position"].clone();
    let tag = before.header("etag").unwrap();
    let after = server.ask("GET", &format!("/v1/totals?at_least={recorded}"), &[("if-none-match", tag)], b"").await;
    assert_eq!(after.status, 200);
    let after = server.ask("GET", "/v1/totals", &[("if-none-match", tag)], b"").await;
    assert_eq!((after.status, after.json()["as_of"]["position"].clone()), (200, recorded));
}

#[tokio::test]
async fn a_question_in_another_order_has_the_same_tag_and_a_wrong_one_has_none() {
    let server = Server::with_samples().await;
    let [one, other] = [server.get("/v1/totals?from=2025-01-01&policy=both").await, server.get("/v1/totals?policy=both&from=2025%2D01-01").await];
    assert_eq!(one.header("etag"), other.header("etag"));
    assert_ne!(one.header("etag"), server.get("/v1/totals?from=2025-01-01&policy=range").await.header("etag"));
    let tag = one.header("etag").unwrap();
    server.ask("GET", "/v1/totals?from=2025-01-01&policy=none", &[("if-none-match", tag)], b"").await.problem(400);
}

#[tokio::test]
async fn an_answer_is_compressed_for_who_takes_it() {
    let server = Server::with_samples().await;
    for path in ["/v1/exchanges", "/v1/records"] {
        let plain = server.get(path).await;
        let packed = server.ask("GET", path, &[("accept-encoding", "br, gzip")], b"").await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        assert!(packed.body.len() * 3 < plain.body.len());
        assert_ne!(packed.header("etag"), plain.header("etag"));
        let mut body = Vec::new();
        flate2::read::GzDecoder::new(packed.body.as_slice()).read_to_end(&mut body).unwrap();
        assert_eq!(body, plain.body);
        assert_eq!(server.ask("GET", path, &[("accept-encoding", "gzip;q=0")], b"").await.header("content-encoding"), None);
    }
}

#[tokio::test]
async fn a_page_links_to_the_next_one_with_every_other_parameter() {
    let server = Server::with_samples().await;
    for (path, list) in [
        ("/v1/exchanges?limit=40&policy=both", "exchanges"),
        ("/v1/records?limit=70", "records"),
        ("/v1/changes?limit=60", "changes"),
        ("/v1/plans?limit=3", "plans"),
    ] {
        let (base, _) = path.split_once('?').unwrap();
        let (mut at, mut found) = (path.to_owned(), Vec::new());
        loop {
            let page = server.get(&at).await;
            found.extend(page.json()[list].as_array().unwrap().clone());
            assert_eq!(page.header("link").is_some(), !page.json()["next"].is_null());
            let Some(link) = page.header("link") else { break };
            let query = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
            at = format!("{base}{query}");
        }
        let whole = server
            .get(&path.replace("limit=40", "limit=1000").replace("limit=70", "limit=1000").replace("limit=60", "limit=1000").replace("limit=3", "limit=1000"))
            .await;
        assert_eq!(json!(found), whole.json()[list], "{path}");
        assert!(path.starts_with("/v1/changes") || at.contains("limit="), "{at}");
    }
    let link = server.get("/v1/exchanges?policy=both&limit=1&format=csv").await.header("link").unwrap().to_owned();
    assert!(link.contains("policy=both") && link.contains("limit=1") && link.contains("format=csv"), "{link}");
}

#[tokio::test]
async fn records_are_asked_for_by_kind_publisher_and_exchange() {
    let server = Server::with_samples().await;
    let all = server.get("/v1/records?limit=1000").await.json()["records"].as_array().unwrap().clone();
    let asked = async |query: &str| server.get(&format!("/v1/records?limit=1000&{query}")).await.json()["records"].as_array().unwrap().clone();
    let of_type = |kind: &str| all.iter().filter(|record| record["type"] == format!("org.handover.{kind}.v1")).cloned().collect::<Vec<_>>();
    assert_eq!(asked("kind=retracted").await, of_type("retracted"));
    assert!(!of_type("aggregate").is_empty() && asked("kind=aggregate").await == of_type("aggregate"));
    assert_eq!(asked("publisher=local").await.len(), all.len());
    assert_eq!(asked("publisher=somebody").await.len(), 0);
    let of_one = asked("exchange=ru-ua/bodies/2026-01-29").await;
    assert!(!of_one.is_empty() && of_one.iter().all(|record| record["subject"] == "ru-ua/bodies/2026-01-29"), "{of_one:?}");
    server.get("/v1/records?kind=none").await.problem(400);
    let changes = server.get("/v1/changes?limit=1000&exchange=ru-ua/bodies/2026-01-29").await.json();
    assert!(!changes["changes"].as_array().unwrap().is_empty());
    for change in changes["changes"].as_array().unwrap() {
        assert!(change["exchanges"].as_array().unwrap().iter().any(|exchange| exchange["exchange"] == "ru-ua/bodies/2026-01-29"), "{change}");
    }
}

#[tokio::test]
async fn a_table_says_how_many_claims_a_long_list_leaves_out() {
    let server = Server::start().await;
    for chunk in (0..1_003).map(event).collect::<Vec<_>>().chunks(250) {
        let posted = server.post("application/cloudevents-batch+json", json!(chunk).to_string().as_bytes()).await;
        assert_eq!(posted.status, 201);
    }
    let table = rows(&server.get("/v1/totals?format=csv&at_least=1002").await);
    let of = |row: &[String], name: &str| row[table[0].iter().position(|known| known == name).unwrap()].clone();
    let row = table[2..].iter().find(|row| !of(row, "claims").is_empty()).unwrap();
    assert_eq!((of(row, "claims").split(' ').count(), of(row, "more_claims")), (1_000, "3".to_owned()));
}
