//! The page at `/frameworks`: what was agreed, and how much of it is done.

use axum::{Extension, extract::State, response::Response};
use maud::{Markup, html};
use projection::{Framework, Frameworks, FrameworksQuery, Sum, Term};

use super::{
    forms,
    forms::Field,
    kept::Pages,
    layout::{Page, data, folding, joined, record, scrolling},
    totals::{bounds, sum},
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, answer::Address, problem::Failure};

pub(crate) async fn frameworks(State(app): State<App>, Extension(pages): Extension<Pages>, mut visit: Visit) -> Result<Response, Failure> {
    let parameters = &mut visit.parameters;
    let query = FrameworksQuery { policy: parameters.value("policy")?.unwrap_or_default(), framework: parameters.text("framework") };
    pages.page(&app, visit, move |known, here| Ok(page(&projection::frameworks(known, &query), here))).await
}

fn page(frameworks: &Frameworks, here: &Here) -> Page {
    let language = here.language;
    let head = html! {
        p.lead { (language.say(Word::FrameworksLead)) }
        (forms::form(Word::Filters, &[Field::Text("framework", Word::FrameworkLabel, None), forms::policy(here)], Word::Show, here))
        (forms::past(here))
    };
    let body = html! {
        (data("/v1/frameworks", &["csv", "json"], frameworks.as_of, here))
        @if frameworks.frameworks.is_empty() { p { (language.say(Word::NoFrameworks)) } }
        @for framework in &frameworks.frameworks { (section(framework, here)) }
    };
    Page { title: language.say(Word::FrameworksPage).to_owned(), head, body, as_of: Some(frameworks.as_of) }
}

fn section(framework: &Framework, here: &Here) -> Markup {
    let language = here.language;
    let columns = [Word::DirectionColumn, Word::Agreed, Word::Delivered, Word::Remaining].map(|word| language.say(word));
    let body = html! { tbody role="rowgroup" { @for term in &framework.terms { (row(term, &columns, here)) } } };
    let exchanges = Address::new("/exchanges".to_owned(), Default::default()).with("framework", &framework.framework).to_string();
    let said = framework.agreed_by.iter().map(|said| html! { (record(said.position, here)) " (" (language.date(&said.announced)) ")" });
    html! {
        section {
            h2 { (framework.framework) }
            @if !framework.agreed_by.is_empty() { p.quiet { (language.weave(Word::AgreedIn, &[joined(said, ", ")])) } }
            @if framework.terms.is_empty() { p { (language.say(Word::NoTerms)) } } @else { (scrolling(&framework.framework, &folding(&html! { span.unseen { (framework.framework) } }, &columns, &body))) }
            p { a href=(here.link(&exchanges)) { (language.say(Word::ExchangesUnderIt)) } }
        }
    }
}

fn row(term: &Term, columns: &[&str; 4], here: &Here) -> Markup {
    let language = here.language;
    html! {
        tr role="row" {
            th scope="row" role="rowheader" data-label=(columns[0]) { (language.direction(term.from, term.to)) span.marks { (language.category(term.category)) } }
            td role="cell" data-label=(columns[1]) {
                @match &term.agreed {
                    Some(agreed) => {
                        span.figure { (bounds(agreed.bounds, language)) }
                        @if agreed.disputed { span.marks { (language.say(Word::Disputed)) } }
                    },
                    None => span.marks { (language.say(Word::NumberNotGiven)) },
                }
                @if !term.claims.is_empty() { span.marks { (language.weave(Word::ClaimsAre, &[joined(term.claims.iter().map(|&position| record(position, here)), ", ")])) } }
            }
            td role="cell" data-label=(columns[2]) { (sum(&term.delivered, &Sum::default(), here)) }
            td role="cell" data-label=(columns[3]) { @match term.remaining { Some(gap) => (language.gap(gap)), None => span.marks { (language.say(Word::Unknown)) } } }
        }
    }
}
