//! The page at `/`: what is known to have been announced, and by whom.

use announcement::{Category, ExchangeKey};
use axum::{extract::State, http::Uri, response::Html};
use maud::{Markup, html};
use projection::{AsOf, Channels, ChannelsQuery, Exchange, FigureAnswer, Known, Status, Timeline, TimelineQuery, Totals, TotalsQuery};

use super::{
    channels, figures,
    figures::Cell,
    layout::{joined, page, scrolling},
    past::Past,
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
    let reading = parameters.reading()?;
    parameters.finish()?;
    let past = Past(reading.as_known);
    let rendering = app.ask(reading, move |known| render(&read(known, after.clone()), after.as_ref(), past).into_string());
    Ok(Html(rendering.await?))
}

fn read(known: Known<'_>, after: Option<ExchangeKey>) -> Overview {
    let query = TimelineQuery { after, limit: EXCHANGES, ..TimelineQuery::default() };
    Overview {
        totals: projection::totals(known, &TotalsQuery::default()),
        timeline: projection::timeline(known, &query),
        channels: projection::channels(known, &ChannelsQuery::default()),
    }
}

fn render(overview: &Overview, after: Option<&ExchangeKey>, past: Past) -> Markup {
    let main = html! {
        h1 { "Announced exchanges between warring parties" }
        p.lead { "A ledger of what officials and others announced about the handing over of the fallen, of prisoners and of civilians: who announced what, when, and what follows from it." }
        (past.notice("/"))
        (as_of(overview.totals.as_of))
        (totals(&overview.totals))
        (timeline(&overview.timeline, after, past))
        (channels::section(&overview.channels.channels, past))
    };
    page("Handover: announced exchanges between warring parties", past, &main)
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
    let cells: Vec<Cell> = totals.figures.iter().filter_map(Cell::of_total).collect();
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

fn timeline(timeline: &Timeline, after: Option<&ExchangeKey>, past: Past) -> Markup {
    let caption = "Exchanges, the latest first: what was announced about each, under the same policy";
    let table = html! {
        table.stacked role="table" {
            caption { (caption) }
            thead role="rowgroup" {
                tr role="row" {
                    th scope="col" role="columnheader" { "Date" }
                    th scope="col" role="columnheader" { "Exchange" }
                    th scope="col" role="columnheader" { "Handed over, as announced" }
                    th scope="col" role="columnheader" { "State, as announced" }
                }
            }
            tbody role="rowgroup" { @for exchange in &timeline.exchanges { (row(exchange, past)) } }
        }
    };
    html! {
        section aria-labelledby="exchanges" {
            h2 id="exchanges" { "Exchanges" }
            @if timeline.exchanges.is_empty() { p { "No exchange is recorded" @if after.is_some() { " before this one" } "." } } @else { (scrolling(caption, &table)) }
            @if let Some(next) = &timeline.next { p { a href=(past.link(&format!("/?after={next}#exchanges"))) { "Earlier exchanges" } } }
            @if after.is_some() { p { a href=(past.link("/#exchanges")) { "The latest exchanges" } } }
        }
    }
}

fn row(exchange: &Exchange, past: Past) -> Markup {
    let (one, other) = exchange.key.parties();
    html! {
        tr role="row" {
            td role="cell" data-label="Date" { (exchange.date.map_or_else(|| "date not known".to_owned(), words::days)) }
            th scope="row" role="rowheader" data-label="Exchange" {
                a href=(past.link(&format!("/exchanges/{}", exchange.key))) { (words::what(exchange.what)) }
                span.marks { (words::party_of_key(one)) " and " (words::party_of_key(other)) }
            }
            td role="cell" data-label="Handed over, as announced" { (lines(&exchange.figures)) }
            td role="cell" data-label="State, as announced" {
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
                        (joined(phrases(&own), ", "))
                    }
                }
            }
        }
    }
}

/// The figures of one direction in phrases. The living come first and then what they were announced as, which says nothing new where it's all of them.
fn phrases(figures: &[&FigureAnswer]) -> Vec<Markup> {
    let phrase = |figure: &&FigureAnswer| {
        html! {
            span.figure { (Cell::from(*figure).number()) } @if figure.unknown { " number of" } " " (words::short(figure.category))
            @if figure.disputed { " (disputed)" }
        }
    };
    let parts: Vec<&&FigureAnswer> = figures.iter().filter(|figure| !matches!(figure.category, Category::Bodies | Category::People)).collect();
    let all = |living: &FigureAnswer| matches!(parts.as_slice(), [only] if (only.low, only.high) == (living.low, living.high));
    let wholes = figures.iter().filter(|figure| figure.category == Category::Bodies || figure.category == Category::People && !all(figure)).map(phrase);
    let mut phrases: Vec<Markup> = wholes.collect();
    let has_total = figures.iter().any(|figure| figure.category == Category::People && !all(figure));
    let parts = joined(parts.into_iter().map(phrase), " and ");
    match (parts.0.is_empty(), has_total) {
        (true, _) => {}
        (false, true) => phrases.push(html! { "of these " (parts) }),
        (false, false) => phrases.push(parts),
    }
    phrases
}

/// Where an exchange stands, in words.
pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::Completed => "completed",
        Status::Cancelled => "cancelled",
        Status::Postponed => "postponed",
        Status::Planned => "planned",
        Status::Mentioned => "mentioned",
    }
}
