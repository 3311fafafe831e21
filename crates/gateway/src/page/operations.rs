//! The page at `/operations`: how the server does, errors first. It's answered on the server's own machine, or to who has a token for it, as it tells what an operator has to do.

use axum::{Extension, body::to_bytes, extract::State, http::Uri, response::Response};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use projection::{AsKnown, AsOf, Moment, State as Folding};
use serde_json::Value;

use super::{
    kept::answer,
    layout::{Page, folding, scrolling},
    ledger::{instant, standing},
    visit::{Here, Visit},
    words::Word,
};
use crate::{App, access::Asker, parameters::Reading, problem::Failure, projections, readiness};

/// The bytes of the answer that says whether each part does its work.
const MAX_ANSWER: usize = 64 * 1024;

/// What the page is made from.
struct Operations {
    parts: Value,
    models: Value,
    integrity: Value,
    taken_in: [Option<u64>; 3],
}

pub(crate) async fn operations(State(app): State<App>, Extension(Asker { caller, peer }): Extension<Asker>, mut visit: Visit) -> Result<Response, Failure> {
    visit.finish()?;
    app.access.may_operate(&caller).map_err(|denied| denied.refuse("/operations", peer))?;
    let operations = Operations::read(&app).await?;
    let here = visit.here;
    Ok(answer(operations.page(&here).render(&here), &here))
}

impl Operations {
    async fn read(app: &App) -> Result<Self, Failure> {
        let ready = readiness::ready(State(app.clone())).await;
        let parts = to_bytes(ready.into_body(), MAX_ANSWER).await.map_err(Failure::internal)?;
        let parts: Value = serde_json::from_slice(&parts).map_err(Failure::internal)?;
        let models = match &app.projection {
            Some(_) => {
                let models = projections::projections(State(app.clone()), Uri::from_static("/v1/projections")).await?.0;
                serde_json::to_value(&models).map_err(Failure::internal)?
            }
            None => Value::Null,
        };
        let now = Timestamp::now();
        let mut taken_in = [None; 3];
        for (taken, hours) in taken_in.iter_mut().zip([SignedDuration::from_mins(1), SignedDuration::from_hours(1), SignedDuration::from_hours(24)]) {
            *taken = since(app, now - hours).await?;
        }
        Ok(Self { parts: parts["parts"].clone(), models: models["projections"].clone(), integrity: standing(app).await?, taken_in })
    }

    fn page(&self, here: &Here) -> Page {
        let language = here.language;
        let body = html! {
            (self.errors(here))
            (self.parts(here))
            (self.standing(here))
            (self.models(here))
        };
        let as_of = AsOf {
            position: self.integrity["as_of"]["position"].as_u64().map(announcement::Position::new),
            recorded: instant(&self.integrity["as_of"]["recorded"]),
            announced_until: None,
        };
        Page { title: language.say(Word::OperationsPage).to_owned(), head: html! { p.lead { (language.say(Word::OperationsLead)) } }, body, as_of: Some(as_of) }
    }

    /// What an operator has to do something about.
    fn errors(&self, here: &Here) -> Markup {
        let language = here.language;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let stopped = self.parts.as_array().into_iter().flatten().filter(|part| part["ready"] == false);
        let mut errors: Vec<Markup> = stopped
            .map(|part| {
                html! {
                    strong { (language.fill(Word::PartNotReady, &[text(&part["part"]), text(&part["reason"])])) }
                    @if let Some(remedy) = part["remedy"].as_str() { span.marks { (language.fill(Word::RemedyIs, &[remedy])) } }
                }
            })
            .collect();
        let is_of_a_ledger = self.integrity["node"] == "ledger";
        if is_of_a_ledger && self.integrity["verified_backup"].is_null() {
            errors.push(html! { (language.say(Word::BackupNone)) });
        }
        let failed: std::collections::BTreeSet<&str> = self.models.as_array().into_iter().flatten().filter_map(|model| model["last_error"].as_str()).collect();
        errors.extend(failed.into_iter().map(|error| html! { (language.say(Word::ErrorColumn)) ": " span lang="en" { (error) } }));
        html! {
            section aria-labelledby="needs" {
                h2 id="needs" { (language.say(Word::NeedsOperator)) }
                @if errors.is_empty() { p { (language.say(Word::NothingNeeds)) } }
                @if !errors.is_empty() { ul.notes.needs { @for error in errors { li { (error) } } } }
            }
        }
    }

    fn parts(&self, here: &Here) -> Markup {
        let language = here.language;
        let columns = [Word::PartColumn, Word::ReadyColumn, Word::LagColumn].map(|word| language.say(word));
        let caption = language.say(Word::PartsTitle);
        let body = html! {
            tbody role="rowgroup" {
                @for part in self.parts.as_array().into_iter().flatten() {
                    tr role="row" {
                        th scope="row" role="rowheader" data-label=(columns[0]) { code { (part["part"].as_str().unwrap_or_default()) } }
                        td role="cell" data-label=(columns[1]) { (language.say(if part["ready"] == true { Word::Yes } else { Word::No })) }
                        td role="cell" data-label=(columns[2]) { @if let Some(lag) = part["lag"].as_u64() { (language.count(lag, Word::Records)) } @else { "–" } }
                    }
                }
            }
        };
        html! { section { h2 { (caption) } (scrolling(caption, &folding(&html! { span.unseen { (caption) } }, &columns, &body))) } }
    }

    fn standing(&self, here: &Here) -> Markup {
        let language = here.language;
        let (refusals, backup) = (&self.integrity["refusals"], &self.integrity["verified_backup"]);
        let known = |count: Option<u64>| count.map_or_else(|| language.say(Word::Unknown).to_owned(), |count| language.number(count));
        let node = if self.integrity["node"] == "ledger" { Word::NodeLedger } else { Word::NodeReader };
        let stream = |address: &str| html! { code { (address) } };
        html! {
            dl {
                dt { (language.say(Word::NodeTitle)) } dd { (language.say(node)) }
                dt { (language.say(Word::TakenIn)) }
                dd {
                    @for (count, word) in self.taken_in.iter().zip([Word::LastMinute, Word::LastHour, Word::LastDay]) { div { (known(*count)) " " (language.say(word)) } }
                }
                dt { (language.say(Word::RefusalsTitle)) }
                dd {
                    (language.fill(Word::RefusalsKept, &[known(refusals["kept"].as_u64())]))
                    @if let Some(time) = instant(&refusals["last"]["time"]) { span.marks { (language.fill(Word::LastRefusal, &[language.instant(time), refusals["last"]["type"].as_str().unwrap_or_default().to_owned()])) } }
                }
                dt { (language.say(Word::BackupTitle)) }
                dd {
                    @match backup["size"].as_u64().zip(instant(&backup["verified"])) {
                        Some((size, verified)) => (language.fill(Word::BackupIs, &[language.count(size, Word::Records), language.instant(verified)])),
                        None => (language.say(Word::None)),
                    }
                }
                dt { (language.say(Word::StreamsTitle)) }
                dd { (language.weave(Word::StreamsText, &[stream("/v1/stream"), stream("/v1/changes/stream")])) }
            }
        }
    }

    fn models(&self, here: &Here) -> Markup {
        let language = here.language;
        let columns =
            [Word::ModelColumn, Word::StatusLabel, Word::FoldedTo, Word::LagColumn, Word::SnapshotColumn, Word::FoldColumn].map(|word| language.say(word));
        let caption = language.say(Word::ProjectionsTitle);
        let number = |value: &Value| value.as_u64().map_or_else(|| "–".to_owned(), |number| language.number(number));
        let body = html! {
            tbody role="rowgroup" {
                @for model in self.models.as_array().into_iter().flatten() {
                    tr role="row" {
                        th scope="row" role="rowheader" data-label=(columns[0]) { code { (model["name"].as_str().unwrap_or_default()) } }
                        td role="cell" data-label=(columns[1]) { code { (model["state"].as_str().unwrap_or_default()) } @if let Some(reason) = model["reason"].as_str() { span.marks { (reason) } } }
                        td role="cell" data-label=(columns[2]) { (number(&model["position"])) }
                        td role="cell" data-label=(columns[3]) { (number(&model["lag"])) }
                        td role="cell" data-label=(columns[4]) { (number(&model["snapshot"])) }
                        td role="cell" data-label=(columns[5]) { (number(&model["fold_version"])) }
                    }
                }
            }
        };
        html! { @if self.models.is_array() { section { h2 { (caption) } (scrolling(caption, &folding(&html! { span.unseen { (caption) } }, &columns, &body))) } } }
    }
}

/// How many records were taken in since an instant, where the read models know.
async fn since(app: &App, then: Timestamp) -> Result<Option<u64>, Failure> {
    let Some(projection) = &app.projection else { return Ok(None) };
    if matches!(projection.progress().state, Folding::Stopped { .. }) {
        return Ok(None);
    }
    let records = async |as_known| {
        let as_of = app.ask(Reading { at_least: None, as_known }, |known| projection::folded(known).as_of).await?;
        Ok::<_, Failure>(as_of.position.map_or(0, |last| last.get() + 1))
    };
    let now = records(AsKnown::default()).await?;
    let before = records(AsKnown { at: Some(Moment::Instant(then)), announced_until: None }).await?;
    Ok(Some(now.saturating_sub(before)))
}
