use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::past::Past;

/// A whole page: what every page begins and ends with.
pub(super) fn page(title: &str, past: Past, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="/icon.svg" type="image/svg+xml";
            }
            body {
                a.skip href="#main" { "To the content" }
                header {
                    nav aria-label="Site" {
                        a.name href=(past.link("/")) { "Handover" }
                        a href=(past.link("/#totals")) { "Totals" }
                        a href=(past.link("/#exchanges")) { "Exchanges" }
                        a href=(past.link("/#channels")) { "Channels" }
                    }
                }
                main id="main" { (main) }
                footer {
                    div {
                        p {
                            "Handover records what somebody announced, never what happened. It holds counts, never names of captives or of the fallen. "
                            "A figure is what the live claims allow; each opens to the claims that it rests on."
                        }
                        p {
                            "The same as data: " a href=(past.link("/v1/totals")) { "totals" } ", " a href=(past.link("/v1/exchanges")) { "exchanges" } ", "
                            a href=(past.link("/v1/channels")) { "channels" } ", " a href="/v1/records" { "records" } "."
                        }
                    }
                }
            }
        }
    }
}

/// A table that scrolls inside its own frame where the screen is too narrow for it; the keyboard reaches it.
pub(super) fn scrolling(label: &str, table: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(label) tabindex="0" { (table) } }
}

/// Joins what is inline with a separator.
pub(super) fn joined(parts: impl IntoIterator<Item = Markup>, separator: &str) -> Markup {
    let mut all = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            all.push_str(&html! { (separator) }.0);
        }
        all.push_str(&part.0);
    }
    PreEscaped(all)
}
