//! The page at `/mediators`: whom statements credit with help, and who says so.

use axum::{Extension, extract::State, response::Response};
use maud::{Markup, html};
use projection::{Credited, ThirdParties, ThirdPartiesQuery};

use super::{
    forms,
    forms::Field,
    kept::Pages,
    layout::{Page, data, folding, joined, more, records, scrolling},
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, problem::Failure};

/// As many exchanges of one credit are listed; the data has all.
const MANY: usize = 40;

pub(crate) async fn mediators(State(app): State<App>, Extension(pages): Extension<Pages>, mut visit: Visit) -> Result<Response, Failure> {
    let query = ThirdPartiesQuery { party: visit.parameters.value("party")?, valid: visit.parameters.valid()? };
    pages.page(&app, visit, move |known, here| Ok(page(&projection::third_parties(known, &query), here))).await
}

fn page(parties: &ThirdParties, here: &Here) -> Page {
    let language = here.language;
    let head = html! {
        p.lead { (language.say(Word::MediatorsLead)) }
        (forms::form(Word::Filters, &[Field::Text("party", Word::PartyLabel, None)], Word::Show, here))
        (forms::past(here))
    };
    let columns = [Word::ThirdParty, Word::WhoSaysSo, Word::AsWhat, Word::InExchanges, Word::StatementsLabel].map(|word| language.say(word));
    let caption = language.say(Word::MediatorsLead);
    let rows = html! { @for credited in &parties.third_parties { (group(credited, &columns, here)) } };
    let body = html! {
        (data("/v1/third-parties", &["csv", "json"], parties.as_of, here))
        @if parties.third_parties.is_empty() { p { (language.say(Word::NoMediators)) } } @else { (scrolling(caption, &folding(&html! { span.unseen { (caption) } }, &columns, &rows))) }
    };
    Page { title: language.say(Word::MediatorsPage).to_owned(), head, body, as_of: Some(parties.as_of) }
}

fn group(credited: &Credited, columns: &[&str; 5], here: &Here) -> Markup {
    let language = here.language;
    let code = credited.party.map(|party| language.party(party));
    let names = credited.names.iter().filter(|name| Some(*name) != code.as_ref()).map(String::as_str).collect::<Vec<_>>().join("; ");
    html! {
        tbody role="rowgroup" {
            @for (index, credit) in credited.credits.iter().enumerate() {
                tr role="row" {
                    @if index == 0 {
                        th scope="rowgroup" role="rowheader" data-label=(columns[0]) rowspan=(credited.credits.len()) {
                            strong { (code.as_ref().unwrap_or(&names)) }
                            @if code.is_some() && !names.is_empty() { span.marks { (names) } }
                        }
                    }
                    td role="cell" data-label=(columns[1]) { (language.voice(credit.by)) }
                    td role="cell" data-label=(columns[2]) { (language.role(credit.role)) }
                    td role="cell" data-label=(columns[3]) {
                        (joined(credit.exchanges.iter().take(MANY).map(|key| html! { a href=(here.link(&format!("/exchanges/{key}"))) { code { (key) } } }), ", "))
                        (more(credit.exchanges.len().saturating_sub(MANY) + credit.more_exchanges, language))
                        @if !credit.without_exchange.is_empty() { span.marks { (language.weave(Word::WithoutExchange, &[records(&credit.without_exchange, credit.more_without_exchange, here)])) } }
                    }
                    td role="cell" data-label=(columns[4]) { (records(&credit.claims, credit.more_claims, here)) }
                }
            }
        }
    }
}
