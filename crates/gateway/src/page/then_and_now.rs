//! The page at `/then-and-now`: what was known at two moments, and what moved it.

use axum::{Extension, extract::State, response::Response};
use maud::{Markup, html};
use projection::{AsKnown, AsOf, Knowledge, KnowledgeQuery, Known, Move, Moved, Part, Total};

use super::{
    figures::claims,
    forms,
    forms::Field,
    kept::Pages,
    layout::{Page, data, folding, record, scrolling},
    totals::fields,
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, problem::Failure, read_models::totals_query};

/// The records of one page that are looked at for what moved a sum.
const MOVES: usize = 200;

pub(crate) async fn then_and_now(State(app): State<App>, Extension(pages): Extension<Pages>, mut visit: Visit) -> Result<Response, Failure> {
    let totals = totals_query(&mut visit.parameters)?;
    let parameters = &mut visit.parameters;
    let then = AsKnown { at: parameters.value("then")?, announced_until: parameters.day("then_announced_until")? };
    let asked = KnowledgeQuery { totals, then, from: parameters.position("moves_from")?.unwrap_or_default(), limit: parameters.limit_or(MOVES)? };
    pages.page(&app, visit, move |known, here| Ok(page(known, &asked, here))).await
}

fn page(known: Known<'_>, asked: &KnowledgeQuery, here: &Here) -> Page {
    let language = here.language;
    let mut all = vec![
        Field::Text("then", Word::ThenKnownAt, Some(Word::AsKnownAtHint)),
        Field::Day("then_announced_until", Word::ThenAnnouncedUntil),
        Field::Text("as_known_at", Word::NowKnownAt, Some(Word::AsKnownAtHint)),
        Field::Day("announced_until", Word::NowAnnouncedUntil),
    ];
    all.extend(fields(here));
    let head = html! {
        p.lead { (language.say(Word::ThenAndNowLead)) }
        (forms::form(Word::Compare, &all, Word::Compare, here))
    };
    let (body, as_of) = if asked.then == AsKnown::default() {
        (html! { p { (language.say(Word::ChooseThen)) } }, projection::folded(known).as_of)
    } else {
        let knowledge = projection::knowledge(known, asked);
        (compared(&knowledge, here), knowledge.as_of)
    };
    Page { title: language.say(Word::ThenAndNowPage).to_owned(), head, body, as_of: Some(as_of) }
}

fn compared(knowledge: &Knowledge, here: &Here) -> Markup {
    let language = here.language;
    let moved: Vec<&Moved> = knowledge.figures.iter().chain(&knowledge.possibly).filter(|moved| moved.then != moved.now || !moved.moves.is_empty()).collect();
    let columns = [Word::DirectionColumn, Word::Then, Word::Later, Word::DifferenceColumn].map(|word| language.say(word));
    let caption = language.fill(Word::MovedCaption, &[knowledge.policy.as_str()]);
    let all: Vec<&Moved> = knowledge.figures.iter().collect();
    let rows = html! { tbody role="rowgroup" { @for moved in &all { (row(moved, &columns, here)) } } };
    html! {
        (data("/v1/knowledge", &["csv", "json"], knowledge.as_of, here))
        p.quiet {
            (language.fill(Word::ThenStood, &[stood(knowledge.then_as_of, here)])) " · " (language.fill(Word::LaterStood, &[stood(knowledge.as_of, here)]))
        }
        @if all.is_empty() { p { (language.say(Word::NoCompleted)) } } @else { (scrolling(&caption, &folding(&html! { (caption) }, &columns, &rows))) }
        h2 { (language.say(Word::WhatMoved)) }
        @if moved.iter().all(|moved| moved.moves.is_empty()) { p { (language.say(Word::NothingMoved)) } }
        @for moved in moved.iter().filter(|moved| !moved.moves.is_empty()) { (moves(moved, here)) }
        @if let Some(next) = knowledge.next { p { a href=(here.with("moves_from", next)) { (language.say(Word::MoreMoves)) } } }
    }
}

fn stood(as_of: AsOf, here: &Here) -> String {
    let language = here.language;
    let position =
        as_of.position.map_or_else(|| language.say(Word::NothingRecorded).to_owned(), |position| language.fill(Word::PastPosition, &[position.to_string()]));
    let until = as_of.announced_until.map(|day| language.fill(Word::PastUntil, &[language.day(day)]));
    std::iter::once(position).chain(until).collect::<Vec<_>>().join(", ")
}

fn name(moved: &Moved, here: &Here) -> String {
    let language = here.language;
    let direction = language.direction_or_both(moved.from, moved.to);
    let period = moved.period.iter().cloned();
    [direction, language.short(moved.category).to_owned()].into_iter().chain(period).collect::<Vec<_>>().join(", ")
}

fn row(moved: &Moved, columns: &[&str; 4], here: &Here) -> Markup {
    let language = here.language;
    let link = |position| here.link(&format!("/records/{position}"));
    let cell = |total: &Option<Total>| match total {
        Some(total) => html! {
            span.figure { (language.range(total.low, total.high)) }
            span.marks { (language.count(total.exchanges as u64, Word::Exchanges)) }
            (claims(&total.into(), &link, language))
        },
        None => html! { span.marks { (language.say(Word::NothingAnnounced)) } },
    };
    let (low, high) = (moved.difference.low, moved.difference.high);
    html! {
        tr role="row" {
            th scope="row" role="rowheader" data-label=(columns[0]) { (name(moved, here)) }
            td role="cell" data-label=(columns[1]) { (cell(&moved.then)) }
            td role="cell" data-label=(columns[2]) { (cell(&moved.now)) }
            td role="cell" data-label=(columns[3]) {
                @if low == 0 && high == Some(0) { span.marks { (language.say(Word::Unchanged)) } } @else { (language.gap(projection::Gap { low: Some(low), high })) }
            }
        }
    }
}

/// What moved one sum, in the order of the records.
fn moves(moved: &Moved, here: &Here) -> Markup {
    let language = here.language;
    let columns = [Word::RecordColumn, Word::ExchangeColumn, Word::Before, Word::Now].map(|word| language.say(word));
    let caption = name(moved, here);
    let part = |part: &Option<Part>| match part {
        Some(part) if part.unknown => language.say(Word::NumberNotGiven).to_owned(),
        Some(part) => language.range(part.low, part.high),
        None => language.say(Word::NothingAnnounced).to_owned(),
    };
    let row = |step: &Move| {
        html! {
            tr role="row" {
                td role="cell" data-label=(columns[0]) { (record(step.position, here)) span.marks { (language.kind(step.kind)) ", " (language.date(&step.announced)) } }
                th scope="row" role="rowheader" data-label=(columns[1]) { a href=(here.link(&format!("/exchanges/{}", step.exchange))) { code { (step.exchange) } } }
                td role="cell" data-label=(columns[2]) { (part(&step.part.old)) }
                td role="cell" data-label=(columns[3]) { (part(&step.part.new)) }
            }
        }
    };
    let body = html! { tbody role="rowgroup" { @for step in &moved.moves { (row(step)) } } };
    html! { h3 { (caption) } (scrolling(&caption, &folding(&html! { span.unseen { (caption) } }, &columns, &body))) }
}
