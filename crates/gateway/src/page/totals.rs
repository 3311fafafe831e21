//! The page at `/totals`: the sums, and whether the official totals fit them.

use announcement::Bounds;
use axum::{Extension, extract::State, response::Response};
use maud::{Markup, html};
use projection::{ExchangesLine, Hypothesis, Line, OtherScope, Reconciled, Reconciliation, ReconciliationQuery, Sum, Total, Totals, Verdict};

use super::{
    figures,
    figures::claims,
    forms,
    forms::Field,
    kept::Pages,
    language::Language,
    layout::{Page, data, folding, joined, more, record, scrolling},
    timeline::category,
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, problem::Failure, read_models::totals_query};

/// The official totals of one page.
const OFFICIAL: usize = 40;

/// The rows of sums that a page has at most, grouped by days; the data has all.
const ROWS: usize = 400;

/// What of this page's address asks for sums.
const OF_SUMS: [&str; 11] = ["from", "to", "policy", "category", "sender", "receiver", "period", "by", "as_known_at", "announced_until", "lang"];

/// What of it asks for official totals.
const OF_OFFICIAL: [&str; 6] = ["policy", "party", "after", "as_known_at", "announced_until", "lang"];

pub(crate) async fn totals(State(app): State<App>, Extension(pages): Extension<Pages>, mut visit: Visit) -> Result<Response, Failure> {
    let query = totals_query(&mut visit.parameters)?;
    let parameters = &mut visit.parameters;
    let official = ReconciliationQuery {
        policy: query.policy,
        party: parameters.value("party")?,
        after: parameters.position("after")?,
        limit: parameters.limit_or(OFFICIAL)?,
    };
    pages.page(&app, visit, move |known, here| Ok(page(&projection::totals(known, &query), &projection::reconciliation(known, &official), here))).await
}

/// The fields that ask for sums.
pub(super) fn fields(here: &Here) -> Vec<Field> {
    vec![
        Field::Day("from", Word::FromDay),
        Field::Day("to", Word::ToDay),
        category(here.language),
        Field::Text("sender", Word::SenderLabel, None),
        Field::Text("receiver", Word::ReceiverLabel, None),
        forms::policy(here),
    ]
}

fn page(totals: &Totals, official: &Reconciliation, here: &Here) -> Page {
    let language = here.language;
    let head = html! {
        p.lead { (language.say(Word::TotalsLead)) }
        (forms::form(Word::Filters, &fields(here), Word::Show, here))
        (forms::past(here))
    };
    let body = html! {
        (sums(totals, here))
        (officials(official, totals, here))
    };
    Page { title: language.say(Word::TotalsPage).to_owned(), head, body, as_of: Some(totals.as_of) }
}

fn sums(totals: &Totals, here: &Here) -> Markup {
    let language = here.language;
    let is_plain = |figures: &[Total]| figures.iter().all(|total| total.from.is_some() && total.period.is_none() && total.frameworks.is_none());
    let shown = |figures: &[Total]| if is_plain(figures) { figures::totals(figures, totals.policy, here) } else { rows(figures, here) };
    html! {
        section aria-labelledby="sums" {
            h2 id="sums" { (language.say(Word::LedgerSums)) }
            p { (language.fill(Word::SumsExplained, &[totals.policy.as_str(), language.policy(totals.policy)])) }
            (data("/v1/totals", &["csv", "json"], totals.as_of, &here.only(&OF_SUMS)))
            @if totals.figures.is_empty() { p { (language.say(Word::NoCompleted)) } } @else { (shown(&totals.figures)) }
            @if !totals.possibly.is_empty() { h3 { (language.say(Word::PossiblySums)) } (shown(&totals.possibly)) }
            @if totals.unassigned > 0 { p.quiet { (language.fill(Word::UnassignedAre, &[language.number(totals.unassigned as u64)])) } }
        }
    }
}

/// Sums that are grouped otherwise than by direction: one a row.
fn rows(figures: &[Total], here: &Here) -> Markup {
    let language = here.language;
    let columns = [Word::When, Word::DirectionColumn, Word::FrameworkLabel, Word::WhatColumn, Word::HandedOver].map(|word| language.say(word));
    let link = |position| here.link(&format!("/records/{position}"));
    let caption = language.say(Word::LedgerSums);
    let body = html! {
        tbody role="rowgroup" {
            @for total in figures.iter().take(ROWS) {
                tr role="row" {
                    th scope="row" role="rowheader" data-label=(columns[0]) { (total.period.as_deref().unwrap_or(language.say(Word::All))) }
                    td role="cell" data-label=(columns[1]) { (language.direction_or_both(total.from, total.to)) }
                    td role="cell" data-label=(columns[2]) { (total.frameworks.as_ref().map_or_else(|| language.say(Word::All).to_owned(), |names| names.join("; "))) }
                    td role="cell" data-label=(columns[3]) { (language.category(total.category)) }
                    td role="cell" data-label=(columns[4]) {
                        span.figure { (language.range(total.low, total.high)) }
                        @for mark in figures::marks(&figures::sum(total), language) { span.marks { (mark) } }
                        (claims(&total.into(), &link, language))
                    }
                }
            }
        }
    };
    html! {
        (scrolling(caption, &folding(&html! { (caption) }, &columns, &body)))
        @if figures.len() > ROWS { p { (more(figures.len() - ROWS, language)) } }
    }
}

fn officials(official: &Reconciliation, totals: &Totals, here: &Here) -> Markup {
    let language = here.language;
    let columns = [Word::Announcer, Word::PeriodAndScope, Word::Claimed, Word::LedgerHas, Word::VerdictColumn].map(|word| language.say(word));
    let caption = language.fill(Word::OfficialCaption, &[official.policy.as_str()]);
    let body = html! { @for aggregate in &official.aggregates { (reconciled(aggregate, &columns, here)) } };
    html! {
        section aria-labelledby="official" {
            h2 id="official" { (language.say(Word::Official)) }
            p { (language.say(Word::OfficialExplained)) }
            (forms::form(Word::Official, &[Field::Text("party", Word::PartyLabel, None)], Word::Show, here))
            (data("/v1/reconciliation", &["csv", "json"], totals.as_of, &here.only(&OF_OFFICIAL)))
            @if official.aggregates.is_empty() { p { (language.say(Word::NoOfficial)) } } @else { (scrolling(&caption, &folding(&html! { (caption) }, &columns, &body))) }
            @if let Some(next) = official.next { p { a href={ (here.with("after", next)) "#official" } { (language.say(Word::EarlierTotals)) } } }
        }
    }
}

/// An official total: a row for each of its figures.
fn reconciled(aggregate: &Reconciled, columns: &[&str; 5], here: &Here) -> Markup {
    let language = here.language;
    let rows = aggregate.lines.len() + usize::from(aggregate.exchanges.is_some());
    let lines = aggregate
        .lines
        .iter()
        .map(|line| line_cells(line, columns, here))
        .chain(aggregate.exchanges.iter().map(|line| exchanges_cells(line, columns, language)));
    html! {
        tbody role="rowgroup" {
            @for (index, cells) in lines.enumerate() {
                tr role="row" {
                    @if index == 0 {
                        th scope="rowgroup" role="rowheader" data-label=(columns[0]) rowspan=(rows) {
                            (language.announcer(aggregate.announcer.as_ref()))
                            span.marks { (language.date(&aggregate.announced)) ", " (language.weave(Word::RecordIs, &[record(aggregate.position, here)])) }
                        }
                        td role="cell" data-label=(columns[1]) rowspan=(rows) { (scope(aggregate, here)) }
                    }
                    (cells)
                }
            }
        }
    }
}

fn scope(aggregate: &Reconciled, here: &Here) -> Markup {
    let language = here.language;
    let link = |key: &announcement::ExchangeKey| html! { a href=(here.link(&format!("/exchanges/{key}"))) { code { (key) } } };
    html! {
        (aggregate.period.as_ref().map_or_else(|| language.say(Word::DateUnknown).to_owned(), |period| language.date(period)))
        @if let Some(words) = &aggregate.scope { span.marks { (language.fill(Word::ScopeIs, &[words])) } }
        @if !aggregate.scope_exchanges.is_empty() { span.marks { (joined(aggregate.scope_exchanges.iter().map(link), ", ")) } }
    }
}

fn line_cells(line: &Line, columns: &[&str; 5], here: &Here) -> Markup {
    let language = here.language;
    html! {
        td role="cell" data-label=(columns[2]) {
            (language.direction_or_both(line.from, line.to)) ", " (language.short(line.category)) ": "
            span.figure { (bounds(line.claimed, language)) }
        }
        td role="cell" data-label=(columns[3]) { (sum(&line.ledger, &line.possibly, here)) }
        td role="cell" data-label=(columns[4]) {
            (verdict(line.verdict, language))
            @if line.verdict != Verdict::Fits && let Some(gap) = line.difference { span.marks { (language.fill(Word::DifferenceIs, &[language.gap(gap)])) } }
            @if !line.hypotheses.is_empty() {
                details.marks {
                    summary { (language.say(Word::Hypotheses)) }
                    ul.plain { @for hypothesis in &line.hypotheses { li { (supposed(hypothesis, here)) } } }
                }
            }
        }
    }
}

fn exchanges_cells(line: &ExchangesLine, columns: &[&str; 5], language: Language) -> Markup {
    html! {
        td role="cell" data-label=(columns[2]) { (language.say(Word::ExchangesCounted)) ": " span.figure { (bounds(line.claimed, language)) } }
        td role="cell" data-label=(columns[3]) {
            span.figure { (language.number(line.ledger as u64)) }
            @if line.possibly > 0 { span.marks { (language.fill(Word::PossiblyToo, &[language.number(line.possibly as u64)])) } }
        }
        td role="cell" data-label=(columns[4]) { (verdict(line.verdict, language)) }
    }
}

/// A sum of the ledger's, with what may belong to it and the claims that it was made from.
pub(super) fn sum(sum: &Sum, possibly: &Sum, here: &Here) -> Markup {
    let language = here.language;
    let link = |position| here.link(&format!("/records/{position}"));
    html! {
        span.figure { @if sum.exchanges == 0 { (language.say(Word::NothingAnnounced)) } @else { (language.range(sum.low, sum.high)) } }
        @if sum.exchanges > 0 { @for mark in figures::marks(sum, language) { span.marks { (mark) } } }
        @if possibly.exchanges > 0 { span.marks { (language.fill(Word::PossiblyToo, &[language.range(possibly.low, possibly.high)])) } }
        (claims(&sum.into(), &link, language))
    }
}

pub(super) fn bounds(bounds: Bounds, language: Language) -> String {
    language.range(Some(bounds.low), bounds.high)
}

const fn verdict(verdict: Verdict, language: Language) -> &'static str {
    language.say(match verdict {
        Verdict::Fits => Word::Fits,
        Verdict::Exceeds => Word::Exceeds,
        Verdict::FallsShort => Word::FallsShort,
        Verdict::Unknown => Word::NoVerdict,
    })
}

fn supposed(hypothesis: &Hypothesis, here: &Here) -> Markup {
    let language = here.language;
    let scope = match &hypothesis.scope {
        OtherScope::Since { day, exchange, .. } => {
            language.weave(Word::HypothesisSince, &[html! { a href=(here.link(&format!("/exchanges/{exchange}"))) { (language.day(*day)) } }])
        }
        OtherScope::Framework { framework } => html! { (language.fill(Word::HypothesisFramework, &[framework])) },
        OtherScope::Year { year } => html! { (language.fill(Word::HypothesisYear, &[year.to_string()])) },
    };
    html! { (scope) ": " (language.range(hypothesis.ledger.low, hypothesis.ledger.high)) }
}
