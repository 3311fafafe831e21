//! What pages say and load.

use crate::{
    browser::{Browser, name},
    server::{PAGES, Site},
};

#[test]
fn every_page_loads_without_a_complaint_and_asks_nobody_else() {
    let (site, browser) = (Site::start(), Browser::start());
    browser.resize(1280, 900);
    for page in PAGES {
        browser.go(&site.url(page));
        assert_eq!(browser.run("return document.querySelectorAll('main h1').length"), 1, "{page}");
        assert_eq!(browser.run("return getComputedStyle(document.body).margin"), "0px", "the style sheet is there: {page}");
        let complaints = browser.complaints();
        assert!(complaints.is_empty(), "{page}: {complaints:?}");
        let asked = browser.requests();
        assert!(asked.iter().any(|url| *url == site.url(page)), "{page}: {asked:?}");
        for url in asked {
            assert!(url.starts_with(&site.url("/")) || url.starts_with("data:") || url.starts_with("chrome"), "{page} asks {url}");
        }
        browser.picture(&format!("{}-1280-light", name(page)));
    }
}

#[test]
fn a_discrepancy_is_read_in_words() {
    let (site, browser) = (Site::start(), Browser::start());
    browser.go(&site.url("/exchanges/ru-ua/bodies/2025-06-16"));
    let text = browser.text();
    assert!(text.contains("Russia says 1,248, Ukraine says 1,245."), "{text}");
    let folded = browser.run("return document.querySelector('#differences + ul').innerText");
    assert!(folded.as_str().is_some_and(|text| text.contains("99, 100")), "{folded}");
}

#[test]
fn without_scripts_every_page_says_the_same() {
    let (site, with, without) = (Site::start(), Browser::start(), Browser::without_scripts());
    for page in PAGES.iter().filter(|page| **page != "/operations") {
        with.go(&site.url(page));
        without.go(&site.url(page));
        assert_eq!(without.text(), with.text(), "{page}");
    }
    assert!(without.run("return document.documentElement.dataset.live").is_null(), "no script ran");
    without.go(&site.url("/exchanges?what=bodies&from=2025-06-16&to=2025-06-16"));
    assert!(without.text().contains("1,245 to 1,248"), "filters work");
}

#[test]
fn every_page_is_in_three_languages_and_the_switch_keeps_the_address() {
    let (site, browser) = (Site::start(), Browser::start());
    browser.resize(1280, 900);
    for page in PAGES {
        let titles: Vec<String> = ["en", "uk", "ru"]
            .iter()
            .map(|language| {
                let url = site.url(&format!("{page}{}lang={language}", if page.contains('?') { '&' } else { '?' }));
                browser.go(&url);
                assert_eq!(browser.run("return document.documentElement.lang"), *language, "{page}");
                if ["/", PAGES[2]].contains(&page) {
                    browser.picture(&format!("{}-1280-light-{language}", name(page)));
                }
                browser.run("return document.title").as_str().unwrap_or_default().to_owned()
            })
            .collect();
        assert!(titles[0] != titles[1] && titles[1] != titles[2], "{page}: {titles:?}");
    }
    browser.go(&site.url("/exchanges?what=bodies"));
    browser.run("document.querySelector('.languages a[lang=uk]').click()");
    assert_eq!(browser.run("return location.pathname + location.search"), "/exchanges?lang=uk&what=bodies");
    browser.run("document.querySelector('.site a').click()");
    assert_eq!(browser.run("return document.documentElement.lang"), "uk", "the language stays");
}
