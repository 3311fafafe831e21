//! The page of one exchange: who claims what about it.

use announcement::ExchangeKey;
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::Uri,
    response::Html,
};
use maud::{Markup, html};
use projection::{Difference, Dossier, Helper};

use super::{
    claims, figures,
    figures::Cell,
    layout::{joined, page},
    overview::{as_of, status},
    past::Past,
    words,
};
use crate::{
    App,
    exchanges::{Found, Said, find, key, path_text, said},
    problem::Failure,
};

pub(crate) async fn exchange(State(app): State<App>, path: Result<Path<String>, PathRejection>, uri: Uri) -> Result<Html<String>, Failure> {
    let found = find(&app, &key(&path_text(path)?)?, &uri).await?;
    let said = said(&app, found.dossier.claims.iter().map(|claim| claim.position).collect()).await?;
    let rendering = app.scan(move || render(&found, &said).into_string());
    Ok(Html(rendering.await?))
}

fn render(Found { dossier, next, as_known }: &Found, said: &[Said]) -> Markup {
    let past = Past(*as_known);
    let exchange = &dossier.exchange;
    let (one, other) = exchange.key.parties();
    let date = exchange.date.map_or_else(|| "date not known".to_owned(), words::days);
    let title = format!("{}, {} and {}, {date}", words::what(exchange.what), words::party_of_key(one), words::party_of_key(other));
    let main = html! {
        h1 { (title) }
        p.quiet { "Exchange " code { (exchange.key) } " · " a href=(past.link(&format!("/v1/exchanges/{}", exchange.key))) { "as data" } }
        (past.notice(&format!("/exchanges/{}", exchange.key)))
        (as_of(dossier.as_of))
        dl {
            dt { "State, as announced" }
            dd { (status(exchange.status)) @if exchange.disputed { ", disputed" } }
            dt { "Statements" }
            dd { (exchange.statements) ", in " (words::count(exchange.reports as u64, "record", "records")) }
            @if !exchange.frameworks.is_empty() { dt { "Framework, as announced" } dd { (exchange.frameworks.join("; ")) } }
            @if !exchange.third_parties.is_empty() { dt { "Help credited to" } dd { (joined(exchange.third_parties.iter().map(helper), "; ")) } }
            @if let Some(whole) = &exchange.part_of { dt { "A stage of" } dd { (link(whole, past)) } }
            @if !exchange.stages.is_empty() { dt { "Its stages" } dd { (joined(exchange.stages.iter().map(|stage| link(stage, past)), ", ")) } }
            @if !dossier.also.is_empty() { dt { "Also announced as" } dd { (joined(dossier.also.iter().map(|key| html! { code { (key) } }), ", ")) } }
        }
        (numbers(dossier))
        (differences(&dossier.differences))
        (claims::section(dossier, said, *next, past))
    };
    page(&format!("{title} – Handover"), past, &main)
}

fn link(key: &ExchangeKey, past: Past) -> Markup {
    html! { a href=(past.link(&format!("/exchanges/{key}"))) { code { (key) } } }
}

fn helper(helper: &Helper) -> Markup {
    html! { (helper.name) " (" (helper.role) ")" }
}

fn numbers(dossier: &Dossier) -> Markup {
    let cells: Vec<Cell> = dossier.exchange.figures.iter().map(Cell::from).collect();
    let shown = |position| dossier.claims.iter().any(|claim| claim.position == position);
    let link = |position| if shown(position) { format!("#claim-{position}") } else { format!("/v1/records/{position}") };
    html! {
        section aria-labelledby="figures" {
            h2 id="figures" { "What the claims come to" }
            @if cells.is_empty() { p { "No claim says that something was handed over." } }
            @for pair in figures::pairs(cells.iter().map(|cell| (cell.from, cell.to))) {
                @let caption = format!("Handed over between {} and {}, as announced; policy “{}”", words::party(pair[0]), words::party(pair[1]), dossier.policy);
                (figures::table(&caption, pair, &cells, &link))
            }
        }
    }
}

fn differences(differences: &[Difference]) -> Markup {
    html! {
        @if !differences.is_empty() {
            section aria-labelledby="differences" {
                h2 id="differences" { "Where the claims differ" }
                ul.notes { @for difference in differences { li { (in_words(difference)) } } }
            }
        }
    }
}

fn in_words(difference: &Difference) -> Markup {
    let claims = joined(difference.claims.iter().map(|&position| html! { a href={ "#claim-" (position) } { (position) } }), ", ");
    let side = |figure: &Option<projection::FigureAnswer>| figure.as_ref().map_or_else(|| "nothing announced".to_owned(), |figure| Cell::from(figure).number());
    html! {
        @match (difference.from, difference.to, difference.category) {
            (Some(from), Some(to), Some(category)) => {
                "From " (words::party(from)) " to " (words::party(to)) ", " (words::short(category)) ": "
                "by the claims of the sending side, " (words::party(from)) ", " strong { (side(&difference.sender)) } "; "
                "by those of the receiving side, " (words::party(to)) ", " strong { (side(&difference.receiver)) } ". "
            },
            _ => "The date: these claims name another than the one above. ",
        }
        "Claims " (claims) "."
    }
}
