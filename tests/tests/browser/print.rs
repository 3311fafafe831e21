//! What is printed.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    browser::Browser,
    server::{PAGES, Site},
};

/// How often a name of a structure element is in a tagged PDF, whose objects are written uncompressed.
fn tagged(pdf: &str, name: &str) -> usize {
    let with_end = |begin: &str| pdf.split(begin).skip(1).filter(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric())).count();
    with_end(&format!("/S /{name}"))
}

#[test]
fn a_printed_page_has_its_tables_whole() {
    let (site, browser) = (Site::start(), Browser::start());
    for page in PAGES {
        browser.go(&site.url(page));
        let rows = browser.run("return document.querySelectorAll('tr').length").as_u64().unwrap_or_default();
        let tables = browser.run("return document.querySelectorAll('table').length").as_u64().unwrap_or_default();
        let printed = browser.devtools("Page.printToPDF", &json!({ "generateTaggedPDF": true, "paperWidth": 8.27, "paperHeight": 11.69 }));
        let pdf = STANDARD.decode(printed["data"].as_str().expect("a PDF")).expect("a PDF in Base64");
        let pdf: String = pdf.iter().map(|&byte| char::from(byte)).collect();
        assert!(pdf.starts_with("%PDF-"), "{page}");
        assert_eq!(tagged(&pdf, "Table") as u64, tables, "{page}");
        assert_eq!(tagged(&pdf, "TR") as u64, rows, "{page}: what is folded on the screen is printed too");
    }
}

#[test]
fn on_paper_nothing_is_cut_off_and_links_to_other_sites_say_where_to() {
    let (site, browser) = (Site::start(), Browser::start());
    browser.resize(720, 1000);
    browser.devtools("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    for page in PAGES {
        browser.go(&site.url(page));
        let cut = browser.run("return [...document.querySelectorAll('.scroll, pre')].filter((one) => getComputedStyle(one).overflowX !== 'visible').length");
        assert_eq!(cut, 0, "{page}");
        assert_eq!(browser.run("return [...document.querySelectorAll('nav, form')].filter((one) => one.offsetHeight > 0).length"), 0, "{page}");
    }
    browser.go(&site.url("/exchanges/ru-ua/bodies/2025-06-16"));
    let shown = browser.run("return getComputedStyle(document.querySelector('a.away'), '::after').content");
    assert!(shown.as_str().is_some_and(|content| content.contains("https://")), "{shown}");
}
