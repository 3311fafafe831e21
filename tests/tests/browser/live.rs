//! Pages that are brought up to date while they're read.

use blackbox::{PATIENCE, Serve, wait_for};

use crate::{
    browser::Browser,
    server::{Site, exchange_on, publish},
};

#[track_caller]
fn wait_for_position(browser: &Browser, position: u64) {
    let words = format!("Updated at position {position}");
    wait_for(&words, PATIENCE, || browser.run("return document.getElementById('updated').textContent").as_str().filter(|text| *text == words).map(|_| ()));
}

#[track_caller]
fn wait_until_it_follows(browser: &Browser) {
    wait_for("the stream", PATIENCE, || (browser.run("return document.documentElement.dataset.live") == "on").then_some(()));
}

#[test]
fn a_page_is_brought_up_to_date_when_a_record_comes_also_after_the_server_was_away() {
    let (site, browser) = (Site::start(), Browser::start());
    browser.go(&site.url("/exchanges"));
    wait_until_it_follows(&browser);
    browser.run("window.stays = true; document.getElementById('from').value = '2020-01-01'");
    let first = publish(&site.server, &[exchange_on("2026-05-04", 1)]);
    wait_for_position(&browser, first);
    assert!(browser.text().contains("4 May 2026"));
    assert_eq!(
        browser.run("return [window.stays, document.getElementById('from').value]"),
        serde_json::json!([true, "2020-01-01"]),
        "only the data is replaced"
    );
    assert_eq!(browser.run("return document.querySelector('#updated').getAttribute('aria-live')"), "polite");

    let Site { server, data } = site;
    let address = server.address().to_owned();
    server.kill();
    let server = Serve::embedded(data.path()).with(["--listen", &address]).start();
    let second = publish(&server, &[exchange_on("2026-05-05", 2)]);
    wait_for_position(&browser, second);
    wait_until_it_follows(&browser);
    let third = publish(&server, &[exchange_on("2026-05-06", 3)]);
    wait_for_position(&browser, third);
    assert!(browser.text().contains("5 May 2026") && browser.text().contains("6 May 2026"));
}

#[test]
fn the_overview_and_an_exchange_follow_too_and_what_was_opened_stays_open() {
    let (site, overview, exchange) = (Site::start(), Browser::start(), Browser::start());
    overview.go(&site.url("/"));
    exchange.go(&site.url("/exchanges/ru-ua/bodies/2026-02-26"));
    for browser in [&overview, &exchange] {
        wait_until_it_follows(browser);
        browser.run("document.querySelector('#live details').open = true");
    }
    let position = publish(&site.server, &[exchange_on("2026-02-26", 4)]);
    for browser in [&overview, &exchange] {
        wait_for_position(browser, position);
        assert_eq!(browser.run("return document.querySelector('#live details').open"), true);
    }
    assert!(exchange.text().contains("press office"));
    assert!(overview.text().contains("Where the claims differ") || overview.text().contains("where the claims differ"));
}

/// A browser opens six connections to a server, and keeps pages for the way back.
#[test]
fn pages_that_were_left_hold_no_connection_and_follow_again_when_the_reader_comes_back() {
    let (site, browser) = (Site::start(), Browser::start());
    for number in 1..=10 {
        browser.go(&site.url(&format!("/exchanges?limit={number}")));
        wait_until_it_follows(&browser);
    }
    browser.go(&site.url("/methodology"));
    let position = publish(&site.server, &[exchange_on("2026-05-07", 5)]);
    browser.run("history.back()");
    wait_for("the page before", PATIENCE, || (browser.run("return location.pathname") == "/exchanges").then_some(()));
    wait_for("the new exchange", PATIENCE, || browser.text().contains(&format!("position {position}")).then_some(()));
}

#[test]
fn a_past_state_stays_as_it_is() {
    let (site, browser) = (Site::start(), Browser::start());
    browser.go(&site.url("/?as_known_at=100"));
    assert_eq!(browser.run("return document.scripts.length"), 0);
    assert!(browser.text().contains("as known at position 100"));
}
