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
    for tag in ["<iframe", "<object", "<embed", "<style", " style=\"", " onclick", " onerror=\"", "<script>", "javascript:"] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(attributes(&page, "src").iter().all(|src| src == "/live.js"), "only our own script is run");
    assert!(page.matches("<script").count() <= 1);
    for link in page.split("<link ").skip(1) {
        let link = link.split('>').next().unwrap();
        assert!(link.contains("href=\"/"), "{link}");
    }
    for href in attributes(&page, "href") {
        let known = ["/", "#", "http://", "https://"].iter().any(|begin| href.starts_with(begin));
        assert!(known && !href.starts_with("//"), "{href}");
    }
}

/// Every page of the site; none is missing from its navigation.
const PAGES: [&str; 11] =
    ["/", "/exchanges", "/totals", "/then-and-now", "/channels", "/frameworks", "/offices", "/mediators", "/ledger", "/methodology", "/operations"];

/// How a browser asks.
async fn browse(server: &Server, path: &str, languages: &str) -> Answer {
    server.ask("GET", path, &[("accept", "text/html,*/*;q=0.8"), ("accept-language", languages)], b"").await
}

#[tokio::test]
async fn every_page_leads_to_all_others_and_says_its_language() {
    let server = Server::with_samples().await;
    for page in PAGES {
        let answer = server.get(page).await;
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_contained(&answer);
        let text = answer.text();
        let links = attributes(&text, "href");
        assert!(PAGES.iter().all(|other| links.iter().any(|link| link == other)), "{page}: {links:?}");
        assert!(text.contains("<html lang=\"en\">") && text.contains("aria-current=\"page\""), "{page}");
        assert_eq!(text.matches("<h1>").count(), 1, "{page}");
    }
}

#[tokio::test]
async fn the_overview_shows_what_is_known_over_time_sums_changes_and_what_is_blocked() {
    let server = Server::with_samples().await;
    let page = server.get("/").await.text();
    for text in ["From Russia to Ukraine", "From Ukraine to Russia", "As known at", "the claims differ", "blocked", "<caption>", "scope=\"col\""] {
        assert!(page.contains(text), "{text}");
    }
    assert!(attributes(&page, "href").iter().any(|href| href.starts_with("/records/")));
    assert_eq!(page.matches("<svg").count(), 4, "both directions of both main categories");
    assert_eq!(page.matches("The chart as a table").count(), 2);
}

#[tokio::test]
async fn a_chart_ends_at_the_sum_beside_it_under_each_policy() {
    let server = Server::with_samples().await;
    for policy in ["range", "receiver", "sender", "both"] {
        let page = server.get(&format!("/?policy={policy}")).await.text();
        let captions: Vec<&str> = page.split("<figcaption>").skip(1).map(|rest| rest.split("</strong>").next().unwrap()).collect();
        assert_eq!(captions.len(), 4, "{policy}");
        let sums = page.split("id=\"totals\"").nth(1).unwrap();
        for caption in captions {
            let sum = caption.rsplit('>').next().unwrap();
            assert!(sums.contains(&format!("<span class=\"figure\">{sum}</span>")), "{policy}: {caption}");
        }
    }
}

#[tokio::test]
async fn an_exchange_shows_each_claim_and_where_they_differ() {
    let server = Server::with_samples().await;
    let answer = server.get("/exchanges/ru-ua/bodies/2025-06-16").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_contained(&answer);
    let page = answer.text();
    let differs = "Russia says <strong>1,248</strong>, Ukraine says <strong>1,245</strong>.";
    for text in [differs, "the claims differ", "A stage of", "/v1/proof/inclusion?position=99", "handover check-proof"] {
        assert!(page.contains(text), "{text}");
    }
    let ids = attributes(&page, "id");
    for anchor in attributes(&page, "href").iter().filter_map(|href| href.strip_prefix("#claim-")) {
        assert!(ids.contains(&format!("claim-{anchor}")), "{anchor}");
    }
    assert_eq!(server.get("/exchanges/ru-ua/bodies/1999-01-01").await.status, 404);
}

#[tokio::test]
async fn relays_are_folded_under_what_they_repeat() {
    let server = Server::with_samples().await;
    let page = server.get("/exchanges/ru-ua/bodies/2026-02-26").await.text();
    let row = page.split("id=\"claim-169\"").nth(1).unwrap().split("</tr>").next().unwrap();
    let folded = row.split("<details").nth(1).unwrap();
    assert!(folded.contains("relays of this statement") && folded.contains("id=\"claim-173\""), "{row}");
    let ids = attributes(&page, "id");
    assert_eq!(ids.iter().filter(|id| *id == "claim-173").count(), 1, "a relay stands once");
}

#[tokio::test]
async fn a_correction_is_a_visible_history() {
    let server = Server::start().await;
    server.post_event(&event(1)).await;
    let mut corrected = event(2);
    corrected["type"] = json!("org.handover.corrected.v1");
    corrected.as_object_mut().unwrap().remove("subject");
    let mut replacement = event(1)["data"].clone();
    replacement["transfers"][0]["counts"][0]["count"] = json!({ "exact": 997 });
    corrected["data"] = json!({
        "announced": "2026-01-02",
        "announcer": { "party": "UA", "office": "press office" },
        "target": { "source": "urn:test", "id": event(1)["id"] },
        "reason": "a slip of the pen",
        "replacement": { "kind": "completed", "subject": "ru-ua/bodies/2026-01-01", "data": replacement },
    });
    let answer = server.post_event(&corrected).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let page = server.get("/exchanges/ru-ua/bodies/2026-01-01?at_least=1").await.text();
    let history = page.split("id=\"history\"").nth(1).unwrap();
    for text in ["corrects a claim", "record 0", "record 1", "1,000"] {
        assert!(history.contains(text), "{text}: {history}");
    }
    assert!(page.contains("corrected by its publisher") && page.contains("a slip of the pen") && page.contains("<span class=\"figure\">997</span>"), "{page}");
}

#[tokio::test]
async fn pages_are_written_in_the_language_that_is_asked_for() {
    let server = Server::with_samples().await;
    let exchange = "/exchanges/ru-ua/bodies/2025-06-16";
    for (path, accepted, tag, words) in [
        (exchange.to_owned(), "uk-UA,uk;q=0.9", "uk", "Росія заявляє: <strong>1\u{a0}248</strong>, Україна заявляє: <strong>1\u{a0}245</strong>."),
        (format!("{exchange}?lang=ru"), "uk", "ru", "Россия заявляет: <strong>1\u{a0}248</strong>, Украина заявляет: <strong>1\u{a0}245</strong>."),
        (exchange.to_owned(), "de", "en", "16 June 2025"),
        ("/?lang=uk&policy=both".to_owned(), "en", "uk", "Оголошені обміни між сторонами конфлікту"),
        ("/totals?lang=ru&from=2025-01-01".to_owned(), "en", "ru", "Совпадают ли официальные итоги"),
    ] {
        let answer = browse(&server, &path, accepted).await;
        assert_eq!(answer.status, 200);
        let page = answer.text();
        assert!(page.contains(&format!("<html lang=\"{tag}\">")) && page.contains(words), "{path}: {page}");
        assert_eq!(answer.header("content-language"), Some(tag));
        assert!(answer.header("vary").unwrap().contains("accept-language"));
    }
    let page = browse(&server, "/exchanges?what=bodies&lang=uk", "en").await.text();
    let links = attributes(&page, "href");
    assert!(links.contains(&"/exchanges?lang=ru&amp;what=bodies".to_owned()), "the switch keeps the address: {links:?}");
    assert!(links.contains(&"/totals?lang=uk".to_owned()), "the language stays: {links:?}");
    server.get("/?lang=de").await.problem(400);
}

#[tokio::test]
async fn every_page_of_a_language_is_of_that_language_throughout() {
    let server = Server::with_samples().await;
    for page in PAGES.iter().filter(|page| **page != "/methodology") {
        for (language, absent) in [("uk", ["Handed over", "nothing announced", "Передаёт"]), ("ru", ["Handed over", "nothing announced", "Передає"])]
        {
            let text = server.get(&format!("{page}?lang={language}")).await.text();
            for words in absent {
                assert!(!text.contains(words), "{page} in {language} says {words}");
            }
        }
    }
}

#[tokio::test]
async fn filters_live_in_the_address_and_what_is_left_empty_is_no_filter() {
    let server = Server::with_samples().await;
    let page = server.get("/exchanges?from=2025-06-01&to=2025-06-30&what=bodies&status=&framework=&policy=&category=").await.text();
    assert!(page.contains("/exchanges/ru-ua/bodies/2025-06-16") && !page.contains("/exchanges/ru-ua/bodies/2025-07-17") && !page.contains("/ru-ua/prisoners/"));
    assert!(page.contains("value=\"2025-06-01\"") && page.contains("<option value=\"bodies\" selected"), "{page}");
    assert!(page.contains("/v1/exchanges?format=csv&amp;from=2025-06-01&amp;to=2025-06-30&amp;what=bodies"), "{page}");
    let first = server.get("/exchanges?limit=2").await.text();
    let next = attributes(&first, "href").into_iter().find(|href| href.contains("after=")).unwrap();
    let second = server.get(&next.replace("&amp;", "&")).await.text();
    assert!(second.contains("The latest exchanges"), "{second}");
    let keys = |page: &str| page.split("data-label=\"Exchange\"><a href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(&first).len(), 2);
    assert!(keys(&first).iter().all(|key| !keys(&second).contains(key)));
}

#[tokio::test]
async fn an_official_total_stands_beside_the_sum_with_its_verdict_in_words() {
    let server = Server::with_samples().await;
    let page = server.get("/totals").await.text();
    for text in [
        "It fits: the two have numbers in common.",
        "It’s above the ledger’s sum",
        "hypotheses, found by search; nobody said so",
        "scope, in its words: “since June 2025",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let grouped = server.get("/totals?period=year&by=framework&category=bodies").await.text();
    assert!(grouped.contains("both directions together") && grouped.contains(">2025<"), "{grouped}");
}

#[tokio::test]
async fn two_moments_show_which_records_moved_the_sums() {
    let server = Server::with_samples().await;
    let page = server.get("/then-and-now?then=100&as_known_at=118&category=bodies").await.text();
    for text in ["Then: as known at position 100", "Later: as known at position 118", "href=\"/records/117?as_known_at=118\"", "+1,000"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(server.get("/then-and-now").await.text().contains("Give the earlier moment"));
}

#[tokio::test]
async fn a_record_is_shown_as_people_read_it_and_in_its_own_bytes() {
    let server = Server::with_samples().await;
    let answer = server.get("/records/100").await;
    assert_contained(&answer);
    let page = answer.text();
    let record = server.record(100).await;
    for text in [
        "Russia, Ministry of Defence",
        "<span class=\"figure\">1,248</span>",
        "ICRC (observer)",
        &record.leaf().to_string(),
        "/v1/proof/inclusion?position=100",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let shown = page.split("<pre class=\"bytes\" tabindex=\"0\"><code>").nth(1).unwrap().split("</code>").next().unwrap();
    assert_eq!(shown.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").into_bytes(), record.event);
    server.get("/records/100000").await.problem(404);
    server.get("/records/x").await.problem(400);
}

#[tokio::test]
async fn a_problem_is_a_page_for_a_browser_and_data_for_a_program() {
    let server = Server::with_samples().await;
    for (path, status, title) in [
        ("/exchanges?from=yesterday", 400, "Частина адреси неправильна"),
        ("/exchanges/ru-ua/bodies/1999-01-01", 404, "Тут нічого немає"),
        ("/exchanges/x", 400, "Адреса має неправильну форму"),
        ("/nowhere", 404, "Тут нічого немає"),
        ("/records/99999", 404, "Тут нічого немає"),
    ] {
        let answer = browse(&server, path, "uk").await;
        assert_eq!((answer.status, answer.header("content-type")), (status, Some("text/html; charset=utf-8")), "{path}");
        assert_contained(&answer);
        let page = answer.text();
        assert!(page.contains(title) && page.contains("Що допоможе") && page.contains("<html lang=\"uk\">"), "{path}: {page}");
        server.get(path).await.problem(status);
    }
    let page = browse(&server, "/exchanges?from=yesterday", "en").await.text();
    assert!(page.contains("<code>from</code>") && page.contains("expected a day such as 2026-01-29"), "{page}");
    let attack = browse(&server, "/exchanges?%3Cscript%3E=1", "en").await.text();
    assert!(!attack.contains("<script>"), "{attack}");
}

#[tokio::test]
async fn operations_name_what_an_operator_has_to_do_first() {
    let server = Server::with_samples().await;
    let page = server.get("/operations").await.text();
    let (first, second) = (page.find("No backup was verified").unwrap(), page.find("Read models").unwrap());
    assert!(first < second, "{page}");
    assert!(page.contains("189 in the last minute") && page.contains("kept: 0"), "{page}");
}

#[tokio::test]
async fn a_page_that_was_rendered_is_rendered_anew_when_a_record_comes() {
    let server = Server::start().await;
    server.post_event(&event(1)).await;
    let first = server.get("/exchanges?at_least=0").await.text();
    assert_eq!(server.get("/exchanges").await.text(), first);
    let mut sent = event(2);
    sent["subject"] = json!("ru-ua/bodies/2026-01-02");
    sent["data"]["exchange"]["date"] = json!("2026-01-02");
    sent["data"]["announced"] = json!("2026-01-02");
    server.post_event(&sent).await;
    assert!(server.get("/exchanges?at_least=1").await.text().contains("/exchanges/ru-ua/bodies/2026-01-02"));
    assert!(server.get("/exchanges?lang=uk").await.text().contains("Обміни"), "another language is another page");
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
    for path in ["/?at_least=0", "/exchanges/ru-ua/bodies/2026-01-01", "/exchanges", "/frameworks", "/offices", "/mediators", "/ledger", "/records/0"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("<script>") && !answer.text().contains("<img"), "{path}");
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
        ("as_known_at=160", ", as known at position 160. "),
        ("announced_until=2026-02-04", ", of what had been announced by 4 February 2026. "),
        ("announced_until=2026-02-04&as_known_at=2100-01-31", ", as known at 31 January 2100, 23:59:59 UTC, of what had been announced by 4 February 2026. "),
    ];
    for (query, words) in cases {
        for page in ["/", "/exchanges", "/totals", "/exchanges/ru-ua/bodies/2025-06-11_2025-06-16", "/exchanges/ru-ua/bodies/2025-06-16"] {
            let answer = server.get(&format!("{page}?{query}")).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_contained(&answer);
            let text = answer.text();
            assert!(text.contains("<strong>A past state</strong>") && text.contains(words), "{page} {words}: {text}");
            assert!(text.contains(&format!("<a href=\"{page}\">What is known now</a>")), "{page}");
            assert!(!text.contains("/live.js"), "the past isn't kept up to date");
            let own = |href: &&String| href.starts_with('/') && !["/style.css", "/icon.svg"].contains(&href.as_str()) && !href.starts_with("/v1/proof");
            let links = attributes(&text, "href").into_iter().filter(|href| own(&href) && href != page).collect::<Vec<_>>();
            assert!(links.iter().any(|href| href.starts_with("/exchanges/") || href.starts_with("/records/")), "{links:?}");
            for href in links {
                let (address, anchor) = href.split_once('#').unwrap_or((&href, ""));
                let kept = query.split('&').all(|parameter| address.contains(parameter)) || address.contains("as_known_at=");
                assert!(kept && !anchor.contains('?'), "{page}: {href}");
                assert_eq!(server.get(&address.replace("&amp;", "&")).await.status, 200, "{href}");
            }
        }
    }
    let overview = server.get("/exchanges?as_known_at=160").await.text();
    assert!(!overview.contains("/exchanges/ru-ua/prisoners/2026-03-06"), "what was recorded later isn't there");
    assert!(server.get("/exchanges").await.text().contains("/exchanges/ru-ua/prisoners/2026-03-06"));
    for page in ["/", "/?at_least=160", "/exchanges/ru-ua/bodies/2025-06-16"] {
        let text = server.get(page).await.text();
        assert!(!text.contains("A past state") && text.contains("/live.js"), "{page}");
        assert!(attributes(&text, "href").contains(&format!("{}?as_known_at=188", page.split('?').next().unwrap())), "it has a permanent address: {page}");
    }
    let later = server.get("/exchanges/ru-ua/bodies/2026-02-26?limit=2&as_known_at=180").await.text();
    assert!(later.contains("href=\"/exchanges/ru-ua/bodies/2026-02-26?after=1&amp;as_known_at=180&amp;limit=2#claims\""), "{later}");
    server.get("/exchanges/ru-ua/bodies/2026-02-26?announced_until=2026-01-31").await.problem(404);
}

#[tokio::test]
async fn the_overview_stays_small_however_many_announcements_there_are() {
    const MANY: usize = 10_000;
    const BATCH: usize = 1_000;
    let server = Server::start().await;
    let events: Vec<String> = generator::Generator::new(1).take(MANY).map(|one| String::from_utf8(one.event).unwrap()).collect();
    let mut last = 0;
    for batch in events.chunks(BATCH) {
        let answer = server.post("application/cloudevents-batch+json", format!("[{}]", batch.join(",")).as_bytes()).await;
        let receipts = answer.json()["receipts"].as_array().unwrap().clone();
        last = receipts.iter().filter_map(|receipt| receipt["position"].as_u64()).chain([last]).max().unwrap();
    }
    server.get(&format!("/v1/totals?at_least={last}&category=children")).await;
    for page in ["/", "/exchanges", "/totals", "/ledger"] {
        let answer = server.ask("GET", page, &[("accept-encoding", "gzip")], b"").await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")), "{page}");
        assert!(answer.body.len() <= 60 * 1024, "{page}: {} bytes", answer.body.len());
    }
}
