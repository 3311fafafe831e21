//! What holds for every request: who may read, how often, and in which coding.

use std::io::Read;

use gateway::Limits;

use crate::harness::Server;

#[tokio::test]
async fn a_page_of_another_site_may_read_and_not_publish() {
    let server = Server::with_samples().await;
    for path in ["/v1/totals", "/v1/records/0", "/v1/totals?form=1", "/v1/proof/consistency?from=1", "/v1/integrity"] {
        let answer = server.ask("GET", path, &[("origin", "https://example.org")], b"").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        let exposed = answer.header("access-control-expose-headers").unwrap().to_lowercase();
        assert!(["etag", "link", "last-modified", "retry-after"].iter().all(|header| exposed.contains(header)), "{exposed}");
        let asked = [("origin", "https://example.org"), ("access-control-request-method", "GET"), ("access-control-request-headers", "last-event-id")];
        let before = server.ask("OPTIONS", path, &asked, b"").await;
        assert_eq!((before.status, before.header("access-control-allow-methods")), (200, Some("GET,HEAD,OPTIONS")), "{path}");
        assert!(before.header("access-control-allow-headers").unwrap().contains("last-event-id"));
    }
    let asked = [("origin", "https://example.org"), ("access-control-request-method", "POST")];
    let before = server.ask("OPTIONS", "/v1/announcements", &asked, b"").await;
    assert_eq!((before.status, before.header("access-control-allow-origin")), (405, None));
    assert_eq!(server.get("/").await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_again() {
    let server = Server::with(Limits { rate: 5, ..Limits::default() }, None).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let answer = server.get("/v1/totals").await;
        statuses.push(answer.status);
        if answer.status == 429 {
            answer.problem(429);
            assert_eq!((answer.header("retry-after"), answer.header("cache-control")), (Some("1"), Some("no-cache")));
        }
    }
    assert!(statuses.starts_with(&[200; 5]) && statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn a_page_is_compressed_for_who_takes_it() {
    let server = Server::with_samples().await;
    let plain = server.get("/").await;
    let packed = server.ask("GET", "/", &[("accept-encoding", "gzip"), ("connection", "close")], b"").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.header("vary").is_some_and(|vary| vary.contains("accept-encoding")));
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(crate::harness::unchunked(&packed.body).as_slice()).read_to_end(&mut body).unwrap();
    assert_eq!(body, plain.body);
}
