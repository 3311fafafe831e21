//! The page at `/exchanges`: the timeline, with filters that live in the address.

use announcement::{Category, What};
use axum::{Extension, extract::State, response::Response};
use maud::{Markup, html};
use projection::{Exchange, Status, Timeline};

use super::{
    figures::lines,
    forms,
    forms::Field,
    kept::Pages,
    language::Language,
    layout::{Page, data, folding, scrolling},
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, exchanges::timeline_query, problem::Failure};

/// The exchanges of one page where nothing else is asked: more would be slow to load on a phone.
const EXCHANGES: usize = 50;

pub(crate) async fn exchanges(State(app): State<App>, Extension(pages): Extension<Pages>, mut visit: Visit) -> Result<Response, Failure> {
    let query = timeline_query(&mut visit.parameters, EXCHANGES)?;
    pages.page(&app, visit, move |known, here| Ok(page(&projection::timeline(known, &query), query.after.is_some(), here))).await
}

fn page(timeline: &Timeline, is_later: bool, here: &Here) -> Page {
    let language = here.language;
    let head = html! {
        p.lead { (language.say(Word::ExchangesLead)) }
        (forms::form(Word::Filters, &filters(here), Word::Show, here))
        (forms::past(here))
    };
    let caption = format!("{}; {}", language.say(Word::ExchangesPage), language.fill(Word::PolicyIs, &[timeline.policy.as_str()]));
    let columns = [Word::DateColumn, Word::ExchangeColumn, Word::HandedOverAsAnnounced, Word::StateAsAnnounced].map(|word| language.say(word));
    let rows = html! { tbody role="rowgroup" { @for exchange in &timeline.exchanges { (row(exchange, &columns, here)) } } };
    let body = html! {
        (data("/v1/exchanges", &["csv", "json"], timeline.as_of, here))
        @if timeline.exchanges.is_empty() { p { (language.say(Word::NoExchangeFound)) } } @else { (scrolling(&caption, &folding(&html! { (caption) }, &columns, &rows))) }
        nav.pages aria-label=(language.say(Word::ExchangesPage)) {
            @if is_later { a href=(here.without(&["after"])) rel="first" { (language.say(Word::LatestExchanges)) } }
            @if let Some(next) = &timeline.next { a href=(here.with("after", next)) rel="next" { (language.say(Word::EarlierExchanges)) } }
        }
    };
    Page { title: language.say(Word::ExchangesPage).to_owned(), head, body, as_of: Some(timeline.as_of) }
}

fn filters(here: &Here) -> Vec<Field> {
    let language = here.language;
    let all = ("", language.say(Word::All).to_owned());
    let what = [(What::Bodies, "bodies"), (What::Prisoners, "prisoners"), (What::Civilians, "civilians"), (What::Children, "children")];
    let statuses = [Status::Completed, Status::Cancelled, Status::Postponed, Status::Planned, Status::Mentioned];
    let names = ["completed", "cancelled", "postponed", "planned", "mentioned"];
    vec![
        Field::Day("from", Word::FromDay),
        Field::Day("to", Word::ToDay),
        Field::Choice("what", Word::WhatColumn, std::iter::once(all.clone()).chain(what.map(|(what, name)| (name, language.what(what).to_owned()))).collect()),
        category(language),
        Field::Choice(
            "status",
            Word::StatusLabel,
            std::iter::once(all).chain(names.into_iter().zip(statuses.map(|status| language.status(status).to_owned()))).collect(),
        ),
        Field::Text("framework", Word::FrameworkLabel, None),
        forms::policy(here),
    ]
}

/// Which category's figures are asked for.
pub(super) fn category(language: Language) -> Field {
    let categories = [
        (Category::Bodies, "bodies"),
        (Category::People, "people"),
        (Category::Prisoners, "prisoners"),
        (Category::Civilians, "civilians"),
        (Category::Children, "children"),
    ];
    let all = ("", language.say(Word::All).to_owned());
    Field::Choice(
        "category",
        Word::CategoryLabel,
        std::iter::once(all).chain(categories.map(|(category, name)| (name, language.short(category).to_owned()))).collect(),
    )
}

fn row(exchange: &Exchange, columns: &[&str; 4], here: &Here) -> Markup {
    let language = here.language;
    let [one, other] = language.parties_of(&exchange.key);
    html! {
        tr role="row" {
            td role="cell" data-label=(columns[0]) { (language.days_or_unknown(exchange.date)) }
            th scope="row" role="rowheader" data-label=(columns[1]) {
                a href=(here.link(&format!("/exchanges/{}", exchange.key))) { (language.what(exchange.what)) }
                span.marks { (language.fill(Word::Between, &[one, other])) }
            }
            td role="cell" data-label=(columns[2]) { (lines(&exchange.figures, language)) }
            td role="cell" data-label=(columns[3]) {
                (language.status(exchange.status))
                @if exchange.disputed { span.marks { (language.say(Word::Disputed)) } }
                @if let Some(whole) = &exchange.part_of { span.marks { a href=(here.link(&format!("/exchanges/{whole}"))) { (language.say(Word::AStage)) } } }
                @if !exchange.stages.is_empty() { span.marks { (language.count(exchange.stages.len() as u64, Word::Stages)) } }
                span.marks { (language.count(exchange.statements as u64, Word::Statements)) }
            }
        }
    }
}
