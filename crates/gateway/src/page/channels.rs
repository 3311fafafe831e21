//! The page at `/channels`: each announcer's statements, the latest first, beside what took place since.

use announcement::ChannelStatus;
use axum::{Extension, extract::State, response::Response};
use maud::{Markup, html};
use projection::{Channel, ChannelStatement, Channels, ChannelsQuery, CompletedExchange};

use super::{
    forms,
    kept::Pages,
    layout::{Page, data, folding, more, record, scrolling},
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, problem::Failure};

pub(crate) async fn channels(State(app): State<App>, Extension(pages): Extension<Pages>, mut visit: Visit) -> Result<Response, Failure> {
    let query = ChannelsQuery { channel: visit.parameters.named("channel", "bodies, prisoners or civilians")? };
    pages.page(&app, visit, move |known, here| Ok(page(&projection::channels(known, &query), here))).await
}

fn page(channels: &Channels, here: &Here) -> Page {
    let language = here.language;
    let head = html! {
        p.lead { (language.say(Word::ChannelsLead)) }
        (forms::past(here))
    };
    let body = html! {
        (data("/v1/channels", &["csv", "json"], channels.as_of, here))
        @if channels.channels.is_empty() { p { (language.say(Word::NoChannels)) } }
        @for channel in &channels.channels { (table(channel, here)) }
    };
    Page { title: language.say(Word::ChannelsPage).to_owned(), head, body, as_of: Some(channels.as_of) }
}

fn table(channel: &Channel, here: &Here) -> Markup {
    let language = here.language;
    let [one, other] = channel.parties.map(|party| language.party(party));
    let name = language.fill(Word::ChannelCaption, &[language.channel(channel.channel).to_owned(), one, other]);
    let last = match &channel.last_completed {
        Some(exchange) => language.weave(Word::LastCompleted, &[link(exchange, here)]),
        None => html! { (language.say(Word::NoCompletedOfKind)) },
    };
    let columns = [Word::WhoSaysSo, Word::StatusLabel, Word::AnnouncedColumn, Word::CompletedSince].map(|word| language.say(word));
    let body = html! {
        @for view in &channel.views {
            tbody role="rowgroup" {
                @for (index, statement) in view.statements.iter().enumerate() {
                    tr role="row" {
                        @if index == 0 { th scope="rowgroup" role="rowheader" data-label=(columns[0]) rowspan=(view.statements.len()) { (language.announcer(view.announcer.as_ref())) (more(view.older, language)) } }
                        (cells(statement, &columns, here))
                    }
                }
            }
        }
    };
    html! {
        section { h2 { (name) } p { (last) } (scrolling(&name, &folding(&html! { span.unseen { (name) } }, &columns, &body))) }
    }
}

fn cells(statement: &ChannelStatement, columns: &[&str; 4], here: &Here) -> Markup {
    let language = here.language;
    let stopped = matches!(statement.status, ChannelStatus::Blocked | ChannelStatus::Paused);
    html! {
        td role="cell" data-label=(columns[1]) {
            (language.channel_status(statement.status))
            @if let Some(since) = &statement.since { ", " (language.fill(Word::Since, &[language.date(since)])) }
            @if let Some(party) = statement.blames { span.marks { (language.fill(Word::Attributes, &[language.party(party)])) } }
        }
        td role="cell" data-label=(columns[2]) {
            (language.date(&statement.announced))
            span.marks { (language.weave(Word::RecordIs, &[record(statement.position, here)])) }
        }
        td role="cell" data-label=(columns[3]) {
            @match &statement.completed_since {
                Some(exchange) => (link(exchange, here)),
                None if stopped => span.marks { (language.say(Word::NoneRecorded)) },
                None => span.marks { (language.say(Word::NotAsked)) },
            }
        }
    }
}

fn link(exchange: &CompletedExchange, here: &Here) -> Markup {
    html! { a href=(here.link(&format!("/exchanges/{}", exchange.key))) { (here.language.days(exchange.date)) } }
}
