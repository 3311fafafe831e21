//! The channels: each announcer's latest statement, beside what took place since.

use announcement::{ChannelOf, ChannelStatus};
use maud::{Markup, html};
use projection::{Channel, ChannelStatement, CompletedExchange};

use super::{layout::scrolling, past::Past, words};

pub(super) fn section(channels: &[Channel], past: Past) -> Markup {
    html! {
        section aria-labelledby="channels" {
            h2 id="channels" { "Channels" }
            p { "What announcers say of the state of the exchanges themselves. A statement is the announcer's; what took place afterwards stands beside it." }
            @if channels.is_empty() { p { "No statement about a channel is recorded." } }
            @for channel in channels { (table(channel, past)) }
        }
    }
}

fn table(channel: &Channel, past: Past) -> Markup {
    let name = match channel.channel {
        ChannelOf::Bodies => "Exchanges of bodies",
        ChannelOf::Prisoners => "Exchanges of prisoners",
        ChannelOf::Civilians => "Exchanges of civilians",
    };
    let caption = format!("{name} between {} and {}", words::party(channel.parties[0]), words::party(channel.parties[1]));
    let table = html! {
        table.stacked role="table" {
            caption {
                (caption) ". "
                @match &channel.last_completed {
                    Some(exchange) => { "Last exchange that somebody announced as completed: " (link(exchange, past)) "." },
                    None => "No completed exchange of this kind is recorded.",
                }
            }
            thead role="rowgroup" {
                tr role="row" {
                    th scope="col" role="columnheader" { "Who says so" }
                    th scope="col" role="columnheader" { "What" }
                    th scope="col" role="columnheader" { "Announced" }
                    th scope="col" role="columnheader" { "Completed since, as announced" }
                }
            }
            @for view in &channel.views {
                tbody role="rowgroup" {
                    @for (index, statement) in view.statements.iter().enumerate() {
                        tr role="row" {
                            @if index == 0 { th scope="rowgroup" role="rowheader" data-label="Who says so" rowspan=(view.statements.len()) { (words::announcer(view.announcer.as_ref())) } }
                            (row(statement, past))
                        }
                    }
                }
            }
        }
    };
    scrolling(&caption, &table)
}

fn row(statement: &ChannelStatement, past: Past) -> Markup {
    let status = match statement.status {
        ChannelStatus::Open => "open",
        ChannelStatus::Paused => "paused",
        ChannelStatus::Blocked => "blocked",
        ChannelStatus::Resuming => "resuming",
    };
    let stopped = matches!(statement.status, ChannelStatus::Blocked | ChannelStatus::Paused);
    html! {
        td role="cell" data-label="What" {
            (status)
            @if let Some(since) = &statement.since { ", since " (words::date(since)) }
            @if let Some(party) = statement.blames { span.marks { "attributes this to " (words::party(party)) } }
        }
        td role="cell" data-label="Announced" { (words::date(&statement.announced)) span.marks { a href={ "/v1/records/" (statement.position) } { "claim " (statement.position) } } }
        td role="cell" data-label="Completed since, as announced" {
            @match &statement.completed_since {
                Some(exchange) => (link(exchange, past)),
                None if stopped => span.marks { "none recorded" },
                None => span.marks { "not asked: exchanges are said to go on" },
            }
        }
    }
}

fn link(exchange: &CompletedExchange, past: Past) -> Markup {
    html! { a href=(past.link(&format!("/exchanges/{}", exchange.key))) { (words::days(exchange.date)) } }
}
