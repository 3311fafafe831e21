//! Small screens, and dark ones.

use blackbox::{PATIENCE, wait_for};

use crate::{
    browser::{Browser, name},
    server::{PAGES, Site},
};

#[test]
fn no_page_scrolls_sideways_at_360_pixels() {
    let (site, browser) = (Site::start(), Browser::start());
    browser.resize(360, 740);
    for language in ["en", "uk", "ru"] {
        for page in PAGES {
            browser.go(&site.url(&format!("{page}{}lang={language}", if page.contains('?') { '&' } else { '?' })));
            wait_for("the style sheet", PATIENCE, || (browser.run("return getComputedStyle(document.body).margin") == "0px").then_some(()));
            let widths = browser.run("return [document.documentElement.scrollWidth, document.body.scrollWidth]");
            assert!(widths[0].as_u64() <= Some(360) && widths[1].as_u64() <= Some(360), "{page} in {language}: {widths}");
            // What is wider than the screen scrolls in a frame that the keyboard reaches.
            let frames = browser.run("return [...document.querySelectorAll('*')].filter((one) => one.scrollWidth > one.clientWidth + 1 && ['auto', 'scroll'].includes(getComputedStyle(one).overflowX) && one.tabIndex < 0).map((one) => one.outerHTML.slice(0, 80))");
            assert_eq!(frames, serde_json::json!([]), "{page} in {language}");
            if language == "en" {
                browser.picture(&format!("{}-360-light", name(page)));
            }
        }
    }
}

#[test]
fn a_dark_screen_gets_a_dark_page() {
    let (site, browser) = (Site::start(), Browser::start());
    let brightness = |property: &str| {
        let script = format!("return getComputedStyle(document.body).{property}.match(/\\d+/g).slice(0, 3).map(Number).reduce((sum, part) => sum + part)");
        browser.run(&script).as_u64().unwrap_or_default()
    };
    for (scheme, is_dark) in [("light", false), ("dark", true)] {
        browser.prefer(scheme);
        browser.go(&site.url("/"));
        assert_eq!(brightness("backgroundColor") < brightness("color"), is_dark, "{scheme}");
    }
    for (width, height) in [(1280, 900), (360, 740)] {
        browser.resize(width, height);
        for page in PAGES {
            browser.go(&site.url(page));
            browser.picture(&format!("{}-{width}-dark", name(page)));
        }
    }
}
