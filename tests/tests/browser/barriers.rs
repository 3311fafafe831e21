//! Barriers that axe-core finds: WCAG 2.2 at level AA, and what its authors hold to be good practice.

use std::fs;

use serde_json::Value;

use crate::{
    browser::{Browser, path_from},
    server::{PAGES, Site},
};

fn check(browser: &Browser, axe: &str, of: &str) {
    let found = browser.run_promise(&format!("{axe}; return (await axe.run({{ resultTypes: ['violations'] }})).violations;"));
    let barriers = found.as_array().expect("a list").iter().map(|one| {
        let places = one["nodes"].as_array().into_iter().flatten().take(3);
        let places: Vec<&Value> = places.map(|node| &node["html"]).collect();
        format!("{}: {} {places:?}", one["id"], one["help"])
    });
    let barriers: Vec<String> = barriers.collect();
    assert!(barriers.is_empty(), "{of}: {barriers:#?}");
}

#[test]
fn no_page_has_a_barrier_that_axe_finds() {
    let axe = fs::read_to_string(path_from("get-axe")).expect("axe-core is there");
    let (site, browser) = (Site::start(), Browser::start());
    let pages = PAGES.iter().copied().chain(["/exchanges?from=yesterday", "/?lang=uk&as_known_at=100", "/exchanges?lang=ru"]);
    for page in pages {
        for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 360)] {
            browser.resize(width, 900);
            browser.prefer(scheme);
            browser.go(&site.url(page));
            check(&browser, &axe, &format!("{page}, {scheme}, {width}"));
        }
    }
}
