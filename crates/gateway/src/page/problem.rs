use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde_json::Value;

use super::{layout::Page, visit::Here, words::Word};
use crate::problem::PROBLEM_JSON;

/// The bytes of a problem: its texts are bounded, and so is what it repeats of an address.
const MAX_PROBLEM: usize = 64 * 1024;

/// Gives a browser a problem as a page, in its language. Who asks for anything else gets it as it is.
pub(crate) async fn as_pages(request: Request, next: Next) -> Response {
    let is_page = request.method() == Method::GET && !request.uri().path().starts_with("/v1/") && accepts_pages(request.headers());
    if !is_page {
        return next.run(request).await;
    }
    let here = Here::lost(request.uri(), request.headers());
    let response = next.run(request).await;
    if response.headers().get(header::CONTENT_TYPE) != Some(&PROBLEM_JSON) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let problem: Value = to_bytes(body, MAX_PROBLEM).await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    for (name, value) in [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_LANGUAGE, here.language.tag()), Here::vary()] {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(page(&problem, &here).render(&here))).into_response()
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}

/// The title and the remedy in the reader's language, by the problem's type; what is particular to it as the server says it, in English.
fn page(problem: &Value, here: &Here) -> Page {
    let language = here.language;
    let text = |member: &str| problem[member].as_str().unwrap_or_default();
    let (title, remedy) = match text("type").rsplit(':').next().unwrap_or_default() {
        "parameter" => (Word::ProblemParameter, Word::RemedyParameter),
        "not-found" => (Word::ProblemNotFound, Word::RemedyNotFound),
        "path" => (Word::ProblemPath, Word::RemedyNotFound),
        "redacted" => (Word::ProblemRedacted, Word::RemedyNotFound),
        "unavailable" | "not-ready" => (Word::ProblemUnavailable, Word::RemedyLater),
        "operator" => (Word::ProblemForbidden, Word::RemedyOperator),
        "no-ledger" | "no-read-models" => (Word::ProblemNotHere, Word::RemedyOther),
        _ => (Word::ProblemOther, Word::RemedyOther),
    };
    let field = ["parameter", "pointer"].into_iter().map(text).find(|field| !field.is_empty());
    let body = html! {
        dl {
            @if let Some(field) = field { dt { (language.say(Word::ProblemField)) } dd { code { (field) } } }
            dt { (language.say(Word::ProblemDetail)) }
            dd { (own(text("detail"))) @if let Some(reason) = problem["redacted"]["reason"].as_str() { span.marks { (language.fill(Word::ReasonGiven, &[reason])) } } }
            dt { (language.say(Word::ProblemRemedy)) }
            dd { (language.say(remedy)) span.marks { (own(text("remedy"))) } }
        }
        p { a href=(here.link_now("/")) { (language.say(Word::BackToOverview)) } }
    };
    Page { title: language.say(title).to_owned(), head: html! {}, body, as_of: None }
}

/// What the server says is in English.
fn own(text: &str) -> Markup {
    html! { span lang="en" { (text) } }
}
