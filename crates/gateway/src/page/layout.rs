use announcement::Position;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use projection::{AsOf, Moment};

use super::{language::Language, visit::Here, words::Word};

/// The pages that every page leads to.
const SITE: [(&str, Word); 11] = [
    ("/", Word::Overview),
    ("/exchanges", Word::ExchangesPage),
    ("/totals", Word::TotalsPage),
    ("/then-and-now", Word::ThenAndNowPage),
    ("/channels", Word::ChannelsPage),
    ("/frameworks", Word::FrameworksPage),
    ("/offices", Word::OfficesPage),
    ("/mediators", Word::MediatorsPage),
    ("/ledger", Word::LedgerPage),
    ("/methodology", Word::MethodologyPage),
    ("/operations", Word::OperationsPage),
];

/// What a page says.
pub(super) struct Page {
    pub(super) title: String,
    /// Stands under the title; where what follows is kept up to date it isn't.
    pub(super) head: Markup,
    /// What is replaced when a record comes.
    pub(super) body: Markup,
    /// Up to which record it holds, where it's made from records.
    pub(super) as_of: Option<AsOf>,
}

impl Page {
    /// A whole page: what every page begins and ends with.
    pub(super) fn render(&self, here: &Here) -> String {
        let language = here.language;
        let name = language.say(Word::Handover);
        let title = if self.title == language.say(Word::Subtitle) { format!("{name}: {}", self.title) } else { format!("{} – {name}", self.title) };
        let position = self.as_of.and_then(|as_of| as_of.position);
        let live = position.filter(|_| here.is_now());
        let markup = html! {
            (DOCTYPE)
            html lang=(language.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    link rel="stylesheet" href="/style.css";
                    link rel="icon" href="/icon.svg" type="image/svg+xml";
                    @if live.is_some() { script src="/live.js" defer {} }
                }
                body {
                    a.skip href="#main" { (language.say(Word::ToContent)) }
                    (banner(here))
                    main id="main" tabindex="-1" {
                        h1 { (self.title) }
                        (notice(here))
                        (self.head)
                        @if live.is_some() { p.live id="updated" role="status" aria-live="polite" data-words=(language.say(Word::UpdatedAt)) {} }
                        div id="live" data-position=[live] data-follows=[live.map(|_| here.follows())] {
                            @if let Some(as_of) = self.as_of { (stands(as_of, here)) }
                            (self.body)
                        }
                    }
                    (footer(here))
                }
            }
        };
        markup.into_string()
    }
}

fn banner(here: &Here) -> Markup {
    let language = here.language;
    html! {
        header {
            div.masthead {
                p.name { a href=(here.link("/")) { (language.say(Word::Handover)) } }
                nav.languages aria-label=(language.say(Word::LanguageOfPage)) {
                    @for other in Language::ALL {
                        a href=(here.with("lang", other.tag())) lang=(other.tag()) hreflang=(other.tag()) aria-current=[(other == language).then_some("true")] { (other.own_name()) }
                    }
                }
            }
            nav.site aria-label=(language.say(Word::Pages)) {
                @for (address, word) in SITE { a href=(here.link(address)) aria-current=[here.is_at(address).then_some("page")] { (language.say(word)) } }
            }
        }
    }
}

fn footer(here: &Here) -> Markup {
    let language = here.language;
    let link = |address: &str, word| html! { a href=(here.link(address)) { (language.say(word)) } };
    html! {
        footer {
            p { (language.say(Word::FooterPromise)) }
            p { (language.weave(Word::FooterSame, &[link("/methodology", Word::MethodologyPage), link("/ledger", Word::LedgerPage)])) }
        }
    }
}

/// Says so where a past state is shown, with a link to what is known now.
fn notice(here: &Here) -> Markup {
    let language = here.language;
    let (at, until) = here.moment();
    let at = at.map(|moment| match moment {
        Moment::Position(position) => language.fill(Word::PastPosition, &[position.to_string()]),
        Moment::Instant(instant) => language.fill(Word::PastInstant, &[language.instant(instant)]),
    });
    let until = until.map(|day| language.fill(Word::PastUntil, &[language.day(day)]));
    html! {
        @if !here.is_now() {
            p.notice {
                strong { (language.say(Word::PastState)) }
                @for words in at.iter().chain(&until) { ", " (words) }
                ". " a href=(here.without(&["as_known_at", "announced_until"])) { (language.say(Word::KnownNow)) }
            }
        }
    }
}

/// Up to which record a page holds.
fn stands(as_of: AsOf, here: &Here) -> Markup {
    let language = here.language;
    html! {
        p.quiet {
            @match (as_of.position, as_of.recorded) {
                (Some(position), Some(recorded)) => (language.weave(Word::AsKnownAtPosition, &[
                    html! { a href=(here.link(&format!("/records/{position}"))) { (language.fill(Word::PositionIs, &[position.to_string()])) } },
                    html! { (language.instant(recorded)) },
                ])),
                _ => (language.say(Word::NothingRecorded)),
            }
        }
    }
}

/// The same as data, and where it can be read again as it is now.
pub(super) fn data(address: &str, forms: &[&str], as_of: AsOf, here: &Here) -> Markup {
    let language = here.language;
    let pinned = as_of.position.filter(|_| !matches!(here.moment().0, Some(Moment::Position(_)))).map(|position| here.with("as_known_at", position));
    let of = here.api_query().at(address);
    html! {
        p.data {
            (language.say(Word::Data)) ": "
            (joined(forms.iter().map(|form| html! { a href=(of.clone().with("format", form)) { (form.to_uppercase()) } }), ", "))
            @if let Some(pinned) = pinned { " · " a href=(pinned) { (language.say(Word::PermanentAddress)) } }
        }
    }
}

/// A record, as a link.
pub(super) fn record(position: Position, here: &Here) -> Markup {
    html! { a href=(here.link(&format!("/records/{position}"))) { (position) } }
}

/// Several of them; as many as a page shows, of those that are listed and those that the answer leaves out.
pub(super) fn records(positions: &[Position], left_out: usize, here: &Here) -> Markup {
    const MOST: usize = 40;
    let shown = positions.len().min(MOST);
    html! { (joined(positions[..shown].iter().map(|&position| record(position, here)), ", ")) (more(positions.len() - shown + left_out, here.language)) }
}

/// That there is more than a page shows.
pub(super) fn more(left_out: usize, language: Language) -> Markup {
    html! { @if left_out > 0 { " " (language.fill(Word::MoreInData, &[language.number(left_out as u64)])) } }
}

/// A table that scrolls inside its own frame where the screen is too narrow for it; the keyboard reaches it.
pub(super) fn scrolling(label: &str, table: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(label) tabindex="0" { (table) } }
}

/// A table that folds to one card a row where the screen is narrow: each cell is given with its column's name.
pub(super) fn folding(caption: &Markup, columns: &[&str], body: &Markup) -> Markup {
    html! {
        table.stacked role="table" {
            caption { (caption) }
            thead role="rowgroup" { tr role="row" { @for column in columns { th scope="col" role="columnheader" { (column) } } } }
            (body)
        }
    }
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
