use serde_json::json;

use crate::harness::{Answer, Server, event};

/// Every value of an attribute in a page.
fn attributes(page: &str, name: &str) -> Vec<String> {
    let begin = format!(" {name}=\"");
    page.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

fn assert_contained(answer: &Answer) {
    let page = answer.text();
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for tag in ["<script", "<iframe", "<object", "<embed", "<form", "<style", " style=\"", " onclick", " onerror=\""] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(attributes(&page, "src").is_empty());
    for link in page.split("<link ").skip(1) {
        let link = link.split('>').next().unwrap();
        assert!(link.contains("href=\"/"), "{link}");
    }
    for href in attributes(&page, "href") {
        let known = ["/", "#", "http://", "https://"].iter().any(|begin| href.starts_with(begin));
        assert!(known && !href.starts_with("//"), "{href}");
    }
}

#[tokio::test]
async fn the_overview_shows_totals_exchanges_and_channels_with_links_to_their_claims() {
    let server = Server::with_samples().await;
    let answer = server.get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_contained(&answer);
    let page = answer.text();
    for text in ["from Russia to Ukraine", "from Ukraine to Russia", "As known at", "29 January 2026", "disputed", "blocked", "<caption>", "scope=\"col\""] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("href=\"/exchanges/ru-ua/bodies/2026-01-29\""));
    assert!(attributes(&page, "href").iter().any(|href| href.starts_with("/v1/records/")));
}

#[tokio::test]
async fn an_exchange_shows_each_claim_and_where_they_differ() {
    let server = Server::with_samples().await;
    let answer = server.get("/exchanges/ru-ua/bodies/2025-06-16").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_contained(&answer);
    let page = answer.text();
    for text in ["1,245", "1,248", "disputed", "by the claims of the sending side", "by those of the receiving side", "A stage of"] {
        assert!(page.contains(text), "{text}");
    }
    let ids = attributes(&page, "id");
    for anchor in attributes(&page, "href").iter().filter_map(|href| href.strip_prefix("#claim-")) {
        assert!(ids.contains(&format!("claim-{anchor}")), "{anchor}");
    }
    assert!(!ids.is_empty());
    assert_eq!(server.get("/exchanges/ru-ua/bodies/1999-01-01").await.status, 404);
}

#[tokio::test]
async fn every_exchange_of_the_samples_has_a_page() {
    let server = Server::with_samples().await;
    let exchanges = server.get("/v1/exchanges?limit=1000").await.json();
    for exchange in exchanges["exchanges"].as_array().unwrap() {
        let answer = server.get(&format!("/exchanges/{}", exchange["key"].as_str().unwrap())).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_contained(&answer);
    }
}

#[tokio::test]
async fn hostile_texts_are_shown_as_text() {
    let server = Server::start().await;
    let attack = "\"><script>alert(1)</script><img src=x onerror=\"alert(1)\">";
    let mut sent = event(1);
    sent["data"]["note"] = json!(attack);
    sent["data"]["announcer"]["office"] = json!(attack);
    sent["data"]["exchange"]["framework"] = json!(attack);
    sent["data"]["third_parties"] = json!([{ "name": attack, "party": null, "role": "mediator" }]);
    sent["data"]["transfers"][0]["counts"][0]["stated"] = json!(attack);
    sent["data"]["report"] = json!({ "outlet": attack, "url": "https://example.org/?q='onmouseover='alert(1)'&lt;" });
    let answer = server.post_event(&sent).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    for path in ["/?at_least=0", "/exchanges/ru-ua/bodies/2026-01-01"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("<script") && !answer.text().contains("<img"), "{path}");
        assert_contained(&answer);
    }
}

#[tokio::test]
async fn an_address_that_is_not_of_the_web_is_never_a_link() {
    let server = Server::start().await;
    for (number, address) in ["javascript:alert(1)", "data:text/html,x", "vbscript:x", " https://example.org", "//example.org/x"].into_iter().enumerate() {
        let mut sent = event(u32::try_from(number).unwrap());
        sent["data"]["report"] = json!({ "url": address, "archived": address });
        server.post_event(&sent).await;
    }
    server.post_event(&event(99)).await;
    let page = server.get("/exchanges/ru-ua/bodies/2026-01-01").await;
    assert_contained(&page);
}

#[tokio::test]
async fn an_exchange_without_a_number_is_unknown_and_not_zero() {
    let server = Server::start().await;
    let mut silent = event(1);
    silent["data"]["transfers"] = json!([]);
    server.post_event(&silent).await;
    let mut sent = event(2);
    sent["data"]["transfers"][0]["counts"][0]["count"] = json!("unknown");
    server.post_event(&sent).await;
    for path in ["/?at_least=1", "/exchanges/ru-ua/bodies/2026-01-01"] {
        let page = server.get(path).await.text();
        assert!(page.contains(">unknown<"), "{path}");
        assert!(page.contains("nothing announced"), "the other direction has its place: {path}");
        assert!(!page.contains("class=\"figure\">0"), "{path}");
    }
}

#[tokio::test]
async fn a_past_state_says_so_and_its_links_stay_in_it() {
    let server = Server::with_samples().await;
    let cases = [
        ("as_known_at=160", "as known at position 160. ", "as_known_at=160"),
        ("announced_until=2026-02-04", ", of what had been announced by 4 February 2026. ", "announced_until=2026-02-04"),
        (
            "as_known_at=2100-01-31&announced_until=2026-02-04",
            ", as known at 31 January 2100, 23:59:59 UTC, of what had been announced by 4 February 2026. ",
            "as_known_at=2100-01-31T23:59:59.999999Z&amp;announced_until=2026-02-04",
        ),
    ];
    for (query, words, kept) in cases {
        for page in ["/", "/exchanges/ru-ua/bodies/2025-06-11_2025-06-16", "/exchanges/ru-ua/bodies/2025-06-16"] {
            let answer = server.get(&format!("{page}?{query}")).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_contained(&answer);
            let text = answer.text();
            assert!(text.contains("<strong>A past state</strong>") && text.contains(words), "{page} {words}: {text}");
            assert!(text.contains(&format!("<a href=\"{page}\">What is known now</a>")), "{page}");
            let of_models = |href: &&String| href.starts_with('/') && !["/style.css", "/icon.svg"].contains(&href.as_str()) && !href.starts_with("/v1/records");
            let links = attributes(&text, "href").into_iter().filter(|href| of_models(&href) && href != page).collect::<Vec<_>>();
            assert!(links.iter().any(|href| href.starts_with("/exchanges/")), "{links:?}");
            for href in links {
                let (address, anchor) = href.split_once('#').unwrap_or((&href, ""));
                assert!(address.ends_with(kept) && !anchor.contains('?'), "{page}: {href}");
                assert_eq!(server.get(&address.replace("&amp;", "&")).await.status, 200, "{href}");
            }
        }
    }
    let overview = server.get("/?as_known_at=160").await.text();
    assert!(!overview.contains("/exchanges/ru-ua/prisoners/2026-03-06"), "what was recorded later isn't there");
    assert!(server.get("/").await.text().contains("/exchanges/ru-ua/prisoners/2026-03-06"));
    for page in ["/", "/?at_least=160", "/exchanges/ru-ua/bodies/2025-06-16"] {
        let text = server.get(page).await.text();
        assert!(!text.contains("A past state") && !text.contains("as_known_at") && !text.contains("announced_until"), "{page}");
    }
    let later = server.get("/exchanges/ru-ua/bodies/2026-02-26?limit=2&as_known_at=180").await.text();
    assert!(later.contains("href=\"/exchanges/ru-ua/bodies/2026-02-26?after=1&amp;as_known_at=180#claims\""), "{later}");
    server.get("/exchanges/ru-ua/bodies/2026-02-26?announced_until=2026-01-31").await.problem(404);
}
