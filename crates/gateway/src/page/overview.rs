//! The page at `/`: what is known to have been announced, and by whom.

use announcement::{ChannelStatus, Position};
use axum::{Extension, extract::State, response::Response};
use maud::{Markup, html};
use projection::{Change, ChangesQuery, Channel, Channels, ChannelsQuery, Known, Policy, Timeline, TimelineQuery, Totals, TotalsQuery};

use super::{
    chart, figures, forms,
    kept::Pages,
    layout::{Page, data, folding, record, scrolling},
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, problem::Failure};

/// The records that are looked at for what changed last, at most.
const LOOKED_AT: u64 = 60;

/// The changes that are shown of them. What a record changed is worked out when it's asked for, so no more are than are shown.
const CHANGES: usize = 6;

struct Overview {
    totals: Totals,
    timeline: Timeline,
    changes: Vec<Change>,
    channels: Channels,
}

pub(crate) async fn overview(State(app): State<App>, Extension(pages): Extension<Pages>, mut visit: Visit) -> Result<Response, Failure> {
    let policy = visit.parameters.value("policy")?.unwrap_or_default();
    pages.page(&app, visit, move |known, here| Ok(page(&Overview::read(known, policy), here))).await
}

impl Overview {
    fn read(known: Known<'_>, policy: Policy) -> Self {
        let totals = projection::totals(known, &TotalsQuery { policy, ..TotalsQuery::default() });
        let records = totals.as_of.position.map_or(0, |last| last.get() + 1);
        Self {
            timeline: projection::timeline(known, &TimelineQuery { policy, limit: usize::MAX, ..TimelineQuery::default() }),
            changes: latest(known, policy, records),
            channels: projection::channels(known, &ChannelsQuery::default()),
            totals,
        }
    }
}

/// The latest records that changed an exchange, newest first.
fn latest(known: Known<'_>, policy: Policy, records: u64) -> Vec<Change> {
    let (mut found, mut end) = (Vec::new(), records);
    while end > 0 && records - end < LOOKED_AT && found.len() < CHANGES {
        let from = end.saturating_sub(CHANGES as u64);
        let query = ChangesQuery { policy, from: Position::new(from), limit: CHANGES.min(usize::try_from(end).unwrap_or(CHANGES)) };
        let changed = projection::changes(known, &query).changes.into_iter().rev().filter(|change| !change.exchanges.is_empty());
        found.extend(changed);
        end = from;
    }
    found.truncate(CHANGES);
    found
}

fn page(overview: &Overview, here: &Here) -> Page {
    let language = here.language;
    let head = html! {
        p.lead { (language.say(Word::OverviewLead)) }
        (forms::past(here))
        (forms::form(Word::PolicyLabel, &[forms::policy(here)], Word::Show, here))
    };
    let body = html! {
        (data("/v1/totals", &["csv", "json"], overview.totals.as_of, here))
        section aria-labelledby="over-time" {
            h2 id="over-time" { (language.say(Word::KnownOverTime)) }
            p { (language.say(Word::ChartExplained)) }
            (chart::charts(&overview.timeline.exchanges, language))
            @if overview.timeline.exchanges.iter().any(|exchange| exchange.date.is_none() && !exchange.figures.is_empty()) { p.quiet { (language.say(Word::ChartNoDate)) } }
        }
        (sums(&overview.totals, here))
        (changes(&overview.changes, here))
        (blocked(&overview.channels, here))
    };
    Page { title: language.say(Word::Subtitle).to_owned(), head, body, as_of: Some(overview.totals.as_of) }
}

fn sums(totals: &Totals, here: &Here) -> Markup {
    let language = here.language;
    html! {
        section aria-labelledby="totals" {
            h2 id="totals" { (language.say(Word::Sums)) }
            p { (language.fill(Word::SumsExplained, &[totals.policy.as_str(), language.policy(totals.policy)])) }
            @if totals.figures.is_empty() { p { (language.say(Word::NoCompleted)) } }
            (figures::totals(&totals.figures, totals.policy, here))
            @if totals.unassigned > 0 { p.quiet { (language.fill(Word::UnassignedAre, &[language.number(totals.unassigned as u64)])) } }
        }
    }
}

fn changes(latest: &[Change], here: &Here) -> Markup {
    let language = here.language;
    let columns = [Word::RecordColumn, Word::ExchangeColumn, Word::ChangeColumn].map(|word| language.say(word));
    let caption = language.say(Word::ChangedLastExplained);
    let body = html! { tbody role="rowgroup" { @for change in latest { (changed(change, &columns, here)) } } };
    html! {
        section aria-labelledby="changes" {
            h2 id="changes" { (language.say(Word::ChangedLast)) }
            @if latest.is_empty() { p { (language.say(Word::NothingChanged)) } } @else { (scrolling(caption, &folding(&html! { (caption) }, &columns, &body))) }
        }
    }
}

/// A row for each exchange that a record changed.
fn changed(change: &Change, columns: &[&str; 3], here: &Here) -> Markup {
    let language = here.language;
    html! {
        @for exchange in &change.exchanges {
            tr role="row" {
                td role="cell" data-label=(columns[0]) {
                    (record(change.position, here))
                    span.marks { (language.kind(change.kind)) ", " (language.date(&change.announced)) }
                }
                th scope="row" role="rowheader" data-label=(columns[1]) { a href=(here.link(&format!("/exchanges/{}", exchange.exchange))) { code { (exchange.exchange) } } }
                td role="cell" data-label=(columns[2]) {
                    ul.plain {
                        @if exchange.status.old != exchange.status.new && let Some(status) = exchange.status.new { li { (language.fill(Word::BecameStatus, &[language.status(status)])) } }
                        @for figure in &exchange.figures {
                            @let name = format!("{}, {}", language.direction(figure.from, figure.to), language.short(figure.category));
                            @let number = |figure: &Option<projection::FigureAnswer>| figure.as_ref().map_or_else(|| language.say(Word::NothingAnnounced).to_owned(), |figure| language.range(figure.low, figure.high));
                            li { (language.fill(Word::FromOldToNew, &[name, number(&figure.figure.old), number(&figure.figure.new)])) }
                        }
                    }
                }
            }
        }
    }
}

/// The channels of which an announcer's latest statement says that they pause or are blocked.
fn blocked(channels: &Channels, here: &Here) -> Markup {
    let language = here.language;
    let stops = |channel: &Channel| {
        let latest = channel.views.iter().filter_map(|view| Some((view.announcer.clone(), view.statements.first()?.clone())));
        latest.filter(|(_, statement)| matches!(statement.status, ChannelStatus::Blocked | ChannelStatus::Paused)).collect::<Vec<_>>()
    };
    let blocked: Vec<_> = channels.channels.iter().map(|channel| (channel, stops(channel))).filter(|(_, stops)| !stops.is_empty()).collect();
    html! {
        section aria-labelledby="blocked" {
            h2 id="blocked" { (language.say(Word::Blocked)) }
            @if blocked.is_empty() { p { (language.say(Word::NothingBlocked)) } }
            ul.notes {
                @for (channel, stops) in &blocked {
                    @for (announcer, statement) in stops {
                        li {
                            strong { (language.channel(channel.channel)) ", " (language.channel_status(statement.status)) }
                            @if let Some(since) = &statement.since { ", " (language.fill(Word::Since, &[language.date(since)])) }
                            ": " (language.announcer(announcer.as_ref()))
                            ", " (language.date(&statement.announced)) ", " (language.weave(Word::RecordIs, &[record(statement.position, here)]))
                        }
                    }
                }
            }
            p { a href=(here.link("/channels")) { (language.say(Word::AllChannels)) } }
        }
    }
}
