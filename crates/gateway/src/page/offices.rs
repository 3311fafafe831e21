//! The page at `/offices`: what each office has said, by party and name.

use announcement::{Kind, Position};
use axum::{Extension, extract::State, response::Response};
use maud::{Markup, html};
use projection::{Office, Offices, OfficesQuery};

use super::{
    forms,
    forms::Field,
    kept::Pages,
    layout::{Page, data, folding, more, record, records, scrolling},
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, problem::Failure};

pub(crate) async fn offices(State(app): State<App>, Extension(pages): Extension<Pages>, mut visit: Visit) -> Result<Response, Failure> {
    let query = OfficesQuery { party: visit.parameters.value("party")? };
    pages.page(&app, visit, move |known, here| Ok(page(&projection::offices(known, &query), here))).await
}

fn page(offices: &Offices, here: &Here) -> Page {
    let language = here.language;
    let head = html! {
        p.lead { (language.say(Word::OfficesLead)) }
        (forms::form(Word::Filters, &[Field::Text("party", Word::PartyLabel, None)], Word::Show, here))
        (forms::past(here))
    };
    let columns =
        [Word::OfficeColumn, Word::StatementsLabel, Word::ReplacedColumn, Word::ContestedColumn, Word::ContradictedColumn].map(|word| language.say(word));
    let caption = language.say(Word::OfficesLead);
    let rows = html! { tbody role="rowgroup" { @for office in &offices.offices { (row(office, &columns, here)) } } };
    let body = html! {
        (data("/v1/offices", &["csv", "json"], offices.as_of, here))
        @if offices.offices.is_empty() { p { (language.say(Word::NoOffices)) } } @else { (scrolling(caption, &folding(&html! { span.unseen { (caption) } }, &columns, &rows))) }
    };
    Page { title: language.say(Word::OfficesPage).to_owned(), head, body, as_of: Some(offices.as_of) }
}

fn row(office: &Office, columns: &[&str; 5], here: &Here) -> Markup {
    let language = here.language;
    let by = |position: Position, by: &[Position]| language.weave(Word::ByRecords, &[record(position, here), records(by, 0, here)]);
    let left_out = |list: &str| office.more.get(list).copied().unwrap_or_default();
    let none = html! { span.marks { (language.say(Word::None)) } };
    html! {
        tr role="row" {
            th scope="row" role="rowheader" data-label=(columns[0]) {
                strong { (language.party(office.party)) }
                span.marks { (office.office.as_deref().unwrap_or(language.say(Word::PartyOnly))) }
                @if !office.names.is_empty() { span.marks { (language.say(Word::SpokenBy)) ": " (office.names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")) } }
            }
            td role="cell" data-label=(columns[1]) {
                @if office.statements.is_empty() { (none) }
                ul.plain { @for (kind, positions) in &office.statements { li { (kind_name(kind, here)) ": " (records(positions, left_out(kind), here)) } } }
            }
            td role="cell" data-label=(columns[2]) {
                @if office.replaced.is_empty() { (none) }
                ul.plain { @for replaced in &office.replaced { li { (by(replaced.position, &[replaced.by])) span.marks { (language.out(replaced.why)) } } } } (more(left_out("replaced"), language))
            }
            td role="cell" data-label=(columns[3]) {
                @if office.contested.is_empty() { (none) }
                ul.plain { @for contested in &office.contested { li { (by(contested.position, &contested.by)) } } } (more(left_out("contested"), language))
            }
            td role="cell" data-label=(columns[4]) {
                @if office.contradicted.is_empty() { (none) }
                ul.plain {
                    @for contradicted in &office.contradicted {
                        li { (by(contradicted.position, &contradicted.by)) span.marks { a href=(here.link(&format!("/exchanges/{}", contradicted.exchange))) { (contradicted.exchange) } } }
                    }
                }
                (more(left_out("contradicted"), language))
            }
        }
    }
}

fn kind_name(kind: &str, here: &Here) -> String {
    let known = Kind::ALL.iter().find(|known| known.as_str() == kind);
    known.map_or_else(|| kind.to_owned(), |known| here.language.kind(*known).to_owned())
}
