//! The page of one record: as people read it, in its own bytes, and with its proof.

use announcement::{Announcement, Data, ExchangeKey, Party, Position, Record};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    claims::{given, source},
    exchange::commands,
    kept::answer,
    layout::{Page, joined},
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, exchanges::said, problem::Failure, records};

pub(crate) async fn record(State(app): State<App>, path: Result<Path<String>, PathRejection>, mut visit: Visit) -> Result<Response, Failure> {
    visit.finish()?;
    app.reach_record(visit.reading.at_least).await?;
    let asked = path.as_ref().ok().and_then(|Path(text)| text.parse().ok()).map(Position::new);
    let found = match asked {
        Some(position) => app.records.record(position).await.map_err(records::unreadable)?,
        None => None,
    };
    let Some(found) = found.filter(|found| found.removed.is_none()) else {
        // What isn't there, or not any more, is said as the API says it.
        let parts = axum::http::Request::new(()).into_parts().0;
        return Ok(refusal(app, path, parts).await);
    };
    let said = said(&app, vec![found.position]).await?.pop().unwrap_or_default();
    let page =
        Shown { is_last: app.records.record(found.position.successor()).await.map_err(records::unreadable)?.is_none(), reason: said.reason, record: found };
    let here = visit.here;
    app.scan(move || answer(page.page(&here).render(&here), &here)).await
}

async fn refusal(app: App, path: Result<Path<String>, PathRejection>, parts: axum::http::request::Parts) -> Response {
    records::record(State(app), path, parts.uri).await.into_response()
}

struct Shown {
    record: Record,
    reason: Option<String>,
    is_last: bool,
}

impl Shown {
    fn page(&self, here: &Here) -> Page {
        let language = here.language;
        let position = self.record.position;
        let head = html! { @if let Ok(said) = self.record.announcement() { p.lead { (language.kind(said.kind())) } } };
        let body = html! {
            @if let Ok(said) = self.record.announcement() { (self.facts(&said, here)) }
            (self.bytes(here))
            section aria-labelledby="proof" {
                h2 id="proof" { (language.say(Word::ProofTitle)) }
                dl { dt { (language.say(Word::LeafLabel)) } dd { code { (self.record.leaf()) } } }
                p { (language.say(Word::ProofExplained)) }
                p { a href={ "/v1/proof/inclusion?position=" (position) } { (language.say(Word::Proof)) } }
                (commands(&position.to_string()))
            }
            (self.neighbours(here))
        };
        Page { title: language.fill(Word::RecordTitle, &[position.to_string()]), head, body, as_of: None }
    }

    fn facts(&self, said: &Announcement, here: &Here) -> Markup {
        let language = here.language;
        let data = &said.data;
        html! {
            dl {
                dt { (language.say(Word::Announcer)) } dd { (language.announcer(data.announcer())) }
                dt { (language.say(Word::AnnouncedColumn)) } dd { (language.date(data.announced())) }
                @if let Some(key) = said.key() { dt { (language.say(Word::ExchangeColumn)) } dd { (exchange(&key, here)) } }
                @if let Some(date) = data.exchange_date() { dt { (language.say(Word::OnWhichDay)) } dd { (language.date(date)) } }
                @if let Some(framework) = data.framework() { dt { (language.say(Word::FrameworkLabel)) } dd { (framework) } }
                @if let Some(whole) = data.part_of() { dt { (language.say(Word::StageOf)) } dd { (exchange(whole, here)) } }
                @if !data.transfers().is_empty() { dt { (language.say(Word::WhatWasAnnounced)) } dd { (transfers(data, here)) } }
                @if !data.third_parties().is_empty() {
                    dt { (language.say(Word::HelpCredited)) }
                    dd { (joined(data.third_parties().iter().map(projection::Helper::from).map(|helper| html! { (helper.name) " (" (language.role(helper.role)) ")" }), "; ")) }
                }
                (particular(data, here))
                @if let Some(reason) = &self.reason { dt { (language.say(Word::ReasonLabel)) } dd { (reason) } }
                @if let Some(note) = data.note() { dt { (language.say(Word::NoteLabel)) } dd { (note) } }
                dt { (language.say(Word::ReadWhere)) } dd { (source(data.report(), here)) }
                dt { (language.say(Word::RecordedColumn)) } dd { (language.instant(self.record.recorded)) }
                dt { (language.say(Word::PublisherLabel)) } dd { (self.record.publisher) }
            }
        }
    }

    fn bytes(&self, here: &Here) -> Markup {
        let language = here.language;
        let position = self.record.position;
        let text = String::from_utf8_lossy(&self.record.event);
        html! {
            section aria-labelledby="bytes" {
                h2 id="bytes" { (language.say(Word::OwnBytes)) }
                pre.bytes tabindex="0" { code { (text) } }
                p { a href={ "/v1/records/" (position) } { (language.say(Word::OwnBytesData)) } }
            }
        }
    }

    fn neighbours(&self, here: &Here) -> Markup {
        let language = here.language;
        let position = self.record.position.get();
        html! {
            nav.pages aria-label=(language.say(Word::Neighbours)) {
                @if let Some(before) = position.checked_sub(1) { a href=(here.link(&format!("/records/{before}"))) rel="prev" { (language.say(Word::PreviousRecord)) } }
                @if !self.is_last { a href=(here.link(&format!("/records/{}", position + 1))) rel="next" { (language.say(Word::NextRecord)) } }
            }
        }
    }
}

fn exchange(key: &ExchangeKey, here: &Here) -> Markup {
    html! { a href=(here.link(&format!("/exchanges/{key}"))) { code { (key) } } }
}

fn transfers(data: &Data, here: &Here) -> Markup {
    let language = here.language;
    let ways: Vec<(Party, Party)> = data.transfers().iter().map(|transfer| (transfer.from, transfer.to)).collect();
    html! { @for way in ways { span.way { (language.direction(way.0, way.1)) } (given(data.transfers(), way, here)) } }
}

/// What only one kind says.
fn particular(data: &Data, here: &Here) -> Markup {
    let language = here.language;
    html! {
        @match data {
            Data::Aggregate(data) => {
                dt { (language.say(Word::PeriodLabel)) } dd { (language.date(&data.period)) }
                @if let Some(scope) = &data.scope { dt { (language.say(Word::ScopeLabel)) } dd { (scope) } }
            },
            Data::Channel(data) => {
                dt { (language.say(Word::StatusLabel)) }
                dd { (language.channel(data.channel)) ": " (language.channel_status(data.status)) @if let Some(party) = data.blames { span.marks { (language.fill(Word::Attributes, &[language.party(party)])) } } }
            },
            Data::Disputed(data) => @if let Some(claim) = &data.claim { dt { (language.say(Word::ClaimLabel)) } dd { (claim) } },
            Data::Merged(data) => { dt { (language.say(Word::ExchangeColumn)) } dd { (exchange(&data.from, here)) " → " (exchange(&data.into, here)) } },
            Data::Linked(data) => { dt { (language.say(Word::ExchangeColumn)) } dd { (exchange(&data.exchange_key, here)) } },
            Data::Split(data) => { dt { (language.say(Word::ExchangeColumn)) } dd { (exchange(&data.into, here)) } },
            _ => {},
        }
        @if !data.targets().is_empty() {
            dt { (language.say(Word::ActsOn)) }
            dd { (joined(data.targets().iter().map(|target| html! { code { (target.source) " " (target.id) } }), ", ")) }
        }
    }
}
