//! The page at `/ledger`: what it stands at, how anyone checks it, and its records.

use announcement::{Position, Record};
use axum::{extract::State, response::Response};
use maud::{Markup, html};
use projection::AsOf;
use serde_json::Value;

use super::{
    forms,
    forms::Field,
    kept::answer,
    layout::{Page, folding, joined, record, scrolling},
    visit::{Here, Visit},
    words::Word,
};
use crate::{
    App,
    filter::{Concerns, Filter},
    problem::Failure,
    records::unreadable,
};

/// The records of one page.
const RECORDS: usize = 25;

pub(crate) async fn ledger(State(app): State<App>, mut visit: Visit) -> Result<Response, Failure> {
    let from = visit.parameters.position("from")?;
    let limit = visit.parameters.limit_or(RECORDS)?;
    let filter = Filter::of_records(&mut visit.parameters)?;
    visit.finish()?;
    app.reach_record(visit.reading.at_least).await?;
    let integrity = standing(&app).await?;
    let size = integrity["size"].as_u64().or_else(|| Some(integrity["as_of"]["position"].as_u64()? + 1)).unwrap_or(0);
    let from = from.unwrap_or_else(|| Position::new(size.saturating_sub(limit as u64)));
    let mut page = app.records.records(from, limit).await.map_err(unreadable)?;
    let next = page.records.last().map(|last| last.position.successor()).filter(|next| next.get() < page.size);
    page.records.retain(|record| filter.takes(&Concerns::of_record(record)));
    let here = visit.here;
    let listed = Listed { from, limit, next, records: page.records };
    app.scan(move || answer(render(&integrity, &listed, &here).render(&here), &here)).await
}

/// What the API says of the ledger's integrity.
pub(super) async fn standing(app: &App) -> Result<Value, Failure> {
    let integrity = crate::integrity::integrity(State(app.clone()), axum::http::Uri::from_static("/v1/integrity")).await?;
    serde_json::to_value(&integrity.0).map_err(Failure::internal)
}

/// An instant as JSON gives it.
pub(super) fn instant(value: &Value) -> Option<jiff::Timestamp> {
    value.as_str()?.parse().ok()
}

struct Listed {
    from: Position,
    limit: usize,
    next: Option<Position>,
    records: Vec<Record>,
}

fn render(integrity: &Value, listed: &Listed, here: &Here) -> Page {
    let language = here.language;
    let as_of = AsOf {
        position: integrity["as_of"]["position"].as_u64().map(Position::new),
        recorded: instant(&integrity["as_of"]["recorded"]),
        announced_until: None,
    };
    let body = html! {
        (stands(integrity, here))
        (checking(here))
        (downloads(as_of, here))
        (citing(integrity, as_of, here))
        (records(listed, here))
    };
    Page { title: language.say(Word::LedgerPage).to_owned(), head: html! { p.lead { (language.say(Word::LedgerLead)) } }, body, as_of: Some(as_of) }
}

fn stands(integrity: &Value, here: &Here) -> Markup {
    let language = here.language;
    let checkpoint = &integrity["checkpoint"];
    let handed_out = instant(&checkpoint["handed_out"]).map_or_else(|| language.say(Word::NotGiven).to_owned(), |instant| language.instant(instant));
    html! {
        dl {
            @if let Some(name) = integrity["ledger"].as_str() { dt { (language.say(Word::LedgerName)) } dd { code { (name) } } }
            @if let Some(size) = integrity["size"].as_u64() { dt { (language.say(Word::LedgerSize)) } dd { (language.number(size)) } }
            @if let Some(root) = integrity["root"].as_str() { dt { (language.say(Word::LedgerRoot)) } dd { code { (root) } } }
            @if let Some(epoch) = integrity["epoch"].as_u64() { dt { (language.say(Word::LedgerEpoch)) } dd { (epoch) } }
            @if let Some(recorded) = instant(&integrity["as_of"]["recorded"]) { dt { (language.say(Word::LastRecorded)) } dd { (language.instant(recorded)) } }
            dt { (language.say(Word::LastCheckpoint)) }
            dd {
                @match checkpoint["size"].as_u64() {
                    Some(size) => (language.fill(Word::CheckpointOf, &[language.number(size), handed_out])),
                    None => (language.say(Word::None)),
                }
            }
        }
    }
}

fn checking(here: &Here) -> Markup {
    let language = here.language;
    html! {
        section aria-labelledby="check" {
            h2 id="check" { (language.say(Word::HowToCheck)) }
            p { (language.say(Word::HowToCheckExplained)) }
            pre tabindex="0" { code { "handover checkpoint watch --to DIR\nhandover prove POSITION > proof.json\nhandover check-proof proof.json --checkpoint CHECKPOINT --key KEY" } }
            p { (language.say(Word::MProofText)) " " a href=(here.link("/methodology")) { (language.say(Word::MethodologyPage)) } }
        }
    }
}

fn downloads(as_of: AsOf, here: &Here) -> Markup {
    let language = here.language;
    let links =
        [("/v1/records?format=jsonl", Word::DownloadRecords), ("/v1/checkpoint", Word::DownloadCheckpoint), ("/v1/log/checkpoint", Word::DownloadTiles)];
    let reports = [("totals", Word::TotalsPage), ("exchanges", Word::ExchangesPage), ("reconciliation", Word::Official)];
    let pinned = as_of.position.map_or_else(String::new, |position| format!("&as_known_at={position}"));
    html! {
        section aria-labelledby="downloads" {
            h2 id="downloads" { (language.say(Word::Downloads)) }
            ul.notes {
                @for (address, word) in links { li { a href=(address) { (language.say(word)) } } }
                @for (model, word) in reports {
                    li {
                        (language.say(word)) ": "
                        (joined(["csv", "json"].map(|form| html! { a href={ "/v1/" (model) "?format=" (form) (pinned) } aria-label={ (language.say(word)) " " (form.to_uppercase()) } { (form.to_uppercase()) } }), ", "))
                    }
                }
            }
        }
    }
}

fn citing(integrity: &Value, as_of: AsOf, here: &Here) -> Markup {
    let language = here.language;
    let Some((position, recorded)) = as_of.position.zip(as_of.recorded) else { return html! {} };
    let name = integrity["ledger"].as_str().unwrap_or(language.say(Word::NotGiven)).to_owned();
    let address = format!("/?as_known_at={position}");
    html! {
        section aria-labelledby="cite" {
            h2 id="cite" { (language.say(Word::HowToCite)) }
            p { (language.say(Word::HowToCiteExplained)) }
            p.citation { (language.fill(Word::Citation, &[name, position.to_string(), language.instant(recorded), String::new()]).trim_end_matches(", ")) ", " a href=(address) { (address) } }
        }
    }
}

fn records(listed: &Listed, here: &Here) -> Markup {
    let language = here.language;
    let columns = [Word::RecordColumn, Word::KindColumn, Word::Announcer, Word::AnnouncedColumn, Word::RecordedColumn, Word::PublisherLabel]
        .map(|word| language.say(word));
    let caption = language.fill(Word::RecordsCaption, &[listed.from.to_string()]);
    let before = listed.from.get().checked_sub(1).map(|_| listed.from.get().saturating_sub(listed.limit as u64));
    let body = html! { tbody role="rowgroup" { @for one in &listed.records { (row(one, &columns, here)) } } };
    html! {
        section aria-labelledby="records" {
            h2 id="records" { (language.say(Word::RecordsTitle)) }
            (forms::form(Word::RecordsTitle, &[Field::Text("from", Word::FromPosition, None)], Word::Show, here))
            @if listed.records.is_empty() { p { (language.say(Word::NoRecordsFrom)) } } @else { (scrolling(&caption, &folding(&html! { (caption) }, &columns, &body))) }
            nav.pages aria-label=(language.say(Word::RecordsTitle)) {
                @if let Some(before) = before { a href={ (here.with("from", before)) "#records" } rel="prev" { (language.say(Word::EarlierRecords)) } }
                @if let Some(next) = listed.next { a href={ (here.with("from", next)) "#records" } rel="next" { (language.say(Word::MoreRecords)) } }
            }
        }
    }
}

fn row(one: &Record, columns: &[&str; 6], here: &Here) -> Markup {
    let language = here.language;
    let announcement = one.announcement().ok().filter(|_| one.removed.is_none());
    html! {
        tr role="row" {
            th scope="row" role="rowheader" data-label=(columns[0]) { (record(one.position, here)) }
            @match &announcement {
                Some(said) => {
                    td role="cell" data-label=(columns[1]) {
                        (language.kind(said.kind()))
                        @if let Some(key) = said.key() { span.marks { a href=(here.link(&format!("/exchanges/{key}"))) { code { (key) } } } }
                    }
                    td role="cell" data-label=(columns[2]) { (language.announcer(said.data.announcer())) }
                    td role="cell" data-label=(columns[3]) { (language.date(said.data.announced())) }
                },
                None => {
                    td role="cell" data-label=(columns[1]) colspan="3" { (language.say(Word::WhyRedacted)) }
                },
            }
            td role="cell" data-label=(columns[4]) { (language.instant(one.recorded)) }
            td role="cell" data-label=(columns[5]) { (one.publisher) }
        }
    }
}
