//! The keyboard alone.

use crate::{
    browser::{Browser, ENTER, TAB},
    server::Site,
};

/// The element that has the focus, in a few words, and whether it can be seen that it has.
fn focused(browser: &Browser) -> (String, bool) {
    let script = "const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect(); \
        return [one.name || one.className || one.id || one.tagName, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.left >= 0 && box.width > 0]";
    let answer = browser.run(script);
    (answer[0].as_str().unwrap_or_default().to_owned(), answer[1] == true)
}

#[test]
fn the_first_stop_is_a_link_past_what_every_page_begins_with() {
    let (site, browser) = (Site::start(), Browser::start());
    browser.go(&site.url("/exchanges"));
    browser.press(TAB);
    assert_eq!(focused(&browser), ("skip".to_owned(), true));
    browser.press(ENTER);
    blackbox::wait_for("the content", blackbox::PATIENCE, || (browser.run("return document.activeElement.id") == "main").then_some(()));
    browser.press(TAB);
    assert_eq!(focused(&browser).0, "from", "what follows is the first filter");
}

#[test]
fn the_keyboard_reaches_every_filter_sees_where_it_is_and_asks() {
    let (site, browser) = (Site::start(), Browser::start());
    browser.resize(1280, 900);
    browser.go(&site.url("/exchanges"));
    let mut reached = Vec::new();
    for _ in 0..60 {
        browser.press(TAB);
        let (name, is_seen) = focused(&browser);
        assert!(is_seen, "it can't be seen that {name} has the focus, after {reached:?}");
        reached.push(name.clone());
        if name == "framework" {
            break;
        }
    }
    for filter in ["from", "to", "what", "category", "status", "framework"] {
        assert!(reached.iter().any(|name| name == filter), "{filter} isn't reached: {reached:?}");
    }
    for letter in "Istanbul agreements (2025)".chars() {
        browser.press(&letter.to_string());
    }
    browser.press(ENTER);
    blackbox::wait_for("the filtered page", blackbox::PATIENCE, || {
        browser.run("return location.search").as_str().filter(|search| search.contains("framework=Istanbul")).map(|_| ())
    });
    assert!(browser.text().contains("16 June 2025"));
    assert_eq!(browser.run("return document.getElementById('framework').value"), "Istanbul agreements (2025)", "the filter stays in its field");
}
