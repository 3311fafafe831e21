//! The page at `/`: what is known to have been announced, and by whom.

use announcement::ExchangeKey;
use axum::{extract::State, http::Uri, response::Html};
use maud::{Markup, html};
use projection::{AsOf, Channels, ChannelsQuery, Exchange, FigureAnswer, Status, Timeline, TimelineQuery, Totals, TotalsQuery};

use super::{
    channels, figures,
    figures::Cell,
    layout::{page, scrolling},
    words,
};
use crate::{App, parameters::Parameters, problem::Failure};

/// The exchanges of one page: more would be slow to load on a phone.
const EXCHANGES: usize = 200;

struct Overview {
    totals: Totals,
    timeline: Timeline,
    channels: Channels,
}

pub(crate) async fn overview(State(app): State<App>, uri: Uri) -> Result<Html<String>, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let after = parameters.value("after")?;
    let at_least = parameters.at_least()?;
    parameters.finish()?;
    app.reach(at_least).await?;
    let read = app.scan(move |app| (read(&app, after.clone()), after)).await?;
    let (overview, after) = read;
    Ok(Html(render(&overview, after.as_ref()).into_string()))
}

fn read(app: &App, after: Option<ExchangeKey>) -> Overview {
    Overview {
        totals: app.projection.totals(&TotalsQuery::default()),
        timeline: app.projection.timeline(&TimelineQuery { after, limit: EXCHANGES, ..TimelineQuery::default() }),
        channels: app.projection.channels(&ChannelsQuery::default()),
    }
}

fn render(overview: &Overview, after: Option<&ExchangeKey>) -> Markup {
    let main = html! {
        h1 { "Announced exchanges between warring parties" }
        p.lead { "A ledger of what officials and others announced about the handing over of the fallen, of prisoners and of civilians: who announced what, when, and what follows from it." }
        (as_of(overview.totals.as_of))
        (totals(&overview.totals))
        (timeline(&overview.timeline, after))
        (channels::section(&overview.channels.channels))
    };
    page("Handover: announced exchanges between warring parties", &main)
}

/// Up to which record a page holds.
pub(super) fn as_of(as_of: AsOf) -> Markup {
    html! {
        p.quiet {
            @match (as_of.position, as_of.recorded) {
                (Some(position), Some(recorded)) => {
                    "As known at " a href={ "/v1/records/" (position) } { "position " (position) } " of the ledger, recorded " (words::instant(recorded)) "."
                },
                _ => "Nothing is recorded yet.",
            }
        }
    }
}

fn totals(totals: &Totals) -> Markup {
    let cells: Vec<Cell> = totals.figures.iter().map(Cell::from).collect();
    let link = |position| format!("/v1/records/{position}");
    html! {
        section aria-labelledby="totals" {
            h2 id="totals" { "Totals" }
            p {
                "Sums over all exchanges that somebody announced as completed, under the policy “" (totals.policy) "”: where claims about an exchange agree, what they have in common; "
                "where they differ, from the lowest to the highest. An exchange without a number leaves the sum without an upper bound."
            }
            @if cells.is_empty() { p { "No completed exchange is recorded." } }
            @for pair in figures::pairs(cells.iter().map(|cell| (cell.from, cell.to))) {
                @let caption = format!("Handed over between {} and {}, as announced", words::party(pair[0]), words::party(pair[1]));
                (figures::table(&caption, pair, &cells, &link))
            }
            @if totals.unassigned > 0 {
                p.quiet { (words::count(totals.unassigned as u64, "statement", "statements")) " about no exchange that is known: in no figure." }
            }
        }
    }
}

fn timeline(timeline: &Timeline, after: Option<&ExchangeKey>) -> Markup {
    let caption = "Exchanges, the latest first: what was announced about each, under the same policy";
    let table = html! {
        table {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { "Date" }
                    th scope="col" { "Exchange" }
                    th scope="col" { "Handed over, as announced" }
                    th scope="col" { "State" }
                }
            }
            tbody { @for exchange in &timeline.exchanges { (row(exchange)) } }
        }
    };
    html! {
        section aria-labelledby="exchanges" {
            h2 id="exchanges" { "Exchanges" }
            @if timeline.exchanges.is_empty() { p { "No exchange is recorded" @if after.is_some() { " before this one" } "." } } @else { (scrolling(caption, &table)) }
            @if let Some(next) = &timeline.next { p { a href={ "/?after=" (next) "#exchanges" } { "Earlier exchanges" } } }
            @if after.is_some() { p { a href="/#exchanges" { "The latest exchanges" } } }
        }
    }
}

fn row(exchange: &Exchange) -> Markup {
    let (one, other) = exchange.key.parties();
    html! {
        tr {
            td { (exchange.date.map_or_else(|| "date not known".to_owned(), words::days)) }
            th scope="row" {
                a href={ "/exchanges/" (exchange.key) } { (words::what(exchange.what)) }
                span.marks { (words::party_of_key(one)) " and " (words::party_of_key(other)) }
            }
            td { (lines(&exchange.figures)) }
            td {
                (status(exchange.status))
                @if exchange.disputed { span.marks { "disputed" } }
                @if exchange.part_of.is_some() { span.marks { "a stage" } }
                @if !exchange.stages.is_empty() { span.marks { (words::count(exchange.stages.len() as u64, "stage", "stages")) } }
                span.marks { (words::count(exchange.statements as u64, "statement", "statements")) }
            }
        }
    }
}

/// An exchange's figures in lines: both directions, also where one has none.
fn lines(figures: &[FigureAnswer]) -> Markup {
    let pairs = figures::pairs(figures.iter().map(|figure| (figure.from, figure.to)));
    html! {
        @if pairs.is_empty() { span.marks { "no number announced" } }
        ul.plain {
            @for [one, other] in pairs {
                @for (from, to) in [(one, other), (other, one)] {
                    li {
                        "from " (words::party(from)) " to " (words::party(to)) ": "
                        @let own: Vec<&FigureAnswer> = figures.iter().filter(|figure| (figure.from, figure.to) == (from, to)).collect();
                        @if own.is_empty() { span.gone { "nothing announced" } }
                        @for (index, figure) in own.iter().enumerate() {
                            @if index > 0 { ", " }
                            span.figure { (Cell::from(*figure).number()) } " " (words::short(figure.category))
                            @if figure.disputed { " (disputed)" }
                        }
                    }
                }
            }
        }
    }
}

/// Where an exchange stands, in words.
pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::Completed => "announced as completed",
        Status::Cancelled => "announced as cancelled",
        Status::Postponed => "announced as postponed",
        Status::Planned => "announced as planned",
        Status::Mentioned => "mentioned",
    }
}
