//! The page of one exchange: who claims what about it.

use announcement::{ExchangeKey, Kind, Party, Position};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use maud::{Markup, html};
use projection::{AsKnown, Difference, Dossier, FigureAnswer, Helper, Lineages, Moment};

use super::{
    claims, figures,
    figures::Cell,
    forms,
    kept::answer,
    layout::{Page, data, folding, joined, records, scrolling},
    visit::{Here, Visit},
    words::Word,
};
use crate::{
    App,
    exchanges::{Found, Said, find, key, path_text, said},
    problem::Failure,
};

/// What the page is made from.
struct Told {
    dossier: Dossier,
    said: Vec<Said>,
    lineage: Option<Lineages>,
    next: Option<Position>,
}

pub(crate) async fn exchange(State(app): State<App>, path: Result<Path<String>, PathRejection>, visit: Visit) -> Result<Response, Failure> {
    let key = key(&path_text(path)?)?;
    let Visit { here, reading, .. } = visit;
    let address = here.api_query().to_string();
    let asked = address.parse().map_err(Failure::internal)?;
    app.reach(reading.at_least).await?;
    let Found { dossier, next, as_known } = find(&app, &key, &asked).await?;
    // The rest is asked at the same record, whatever came in between.
    let same = AsKnown { at: as_known.at.or(dossier.as_of.position.map(Moment::Position)), ..as_known };
    let lineage = app.ask(crate::parameters::Reading { as_known: same, ..reading }, move |known| projection::lineage(known, &key)).await?;
    let said = said(&app, dossier.claims.iter().map(|claim| claim.position).collect()).await?;
    let told = Told { dossier, said, lineage, next };
    app.scan(move || answer(told.page(&here).render(&here), &here)).await
}

impl Told {
    fn page(&self, here: &Here) -> Page {
        let (language, exchange) = (here.language, &self.dossier.exchange);
        let [one, other] = language.parties_of(&exchange.key);
        let title = language.fill(Word::ExchangeTitle, &[language.what(exchange.what).to_owned(), one, other, language.days_or_unknown(exchange.date)]);
        let as_of = self.dossier.as_of;
        let head = html! {
            p.quiet { (language.say(Word::ExchangeKey)) " " code { (exchange.key) } }
            (forms::past(here))
        };
        let body = html! {
            (data(&format!("/v1/exchanges/{}", exchange.key), &["csv", "json"], as_of, here))
            (differences(&self.dossier, here))
            (numbers(&self.dossier, here))
            (facts(&self.dossier, here))
            (claims::section(&self.dossier, &self.said, self.lineage.as_ref(), self.next, here))
            (plans(&self.dossier, here))
            (self.history(here))
            (proof(&self.dossier, here))
        };
        Page { title, head, body, as_of: Some(as_of) }
    }

    /// What later records did to the statements, one act a row.
    fn history(&self, here: &Here) -> Markup {
        let language = here.language;
        let claims = self.dossier.claims.iter().zip(&self.said);
        let mut acts: Vec<_> = claims.flat_map(|(claim, said)| claim.acts.iter().map(move |act| (act, claim, said))).collect();
        acts.sort_by_key(|(act, claim, _)| (act.position, claim.position));
        let columns = [Word::ByRecord, Word::DidWhat, Word::ToStatement].map(|word| language.say(word));
        let link =
            |position: Position| html! { a href=(here.link(&format!("/records/{position}"))) { (language.fill(Word::RecordIs, &[position.to_string()])) } };
        let body = html! {
            tbody role="rowgroup" {
                @for (act, claim, said) in &acts {
                    tr role="row" {
                        td role="cell" data-label=(columns[0]) { (link(act.position)) }
                        td role="cell" data-label=(columns[1]) {
                            (language.kind(act.kind))
                            @if let Some(reason) = said.reason.as_ref().filter(|_| claim.replaces.is_none() || act.kind != Kind::Corrected) { span.marks { (language.fill(Word::ReasonGiven, &[reason])) } }
                        }
                        th scope="row" role="rowheader" data-label=(columns[2]) {
                            (link(claim.position)) ", " (language.announcer(claim.announcer.as_ref()))
                            @for transfer in &claim.transfers {
                                span.marks { (language.direction(transfer.from, transfer.to)) ": " (claims::given(&claim.transfers, (transfer.from, transfer.to), here)) }
                            }
                        }
                    }
                }
            }
        };
        let caption = language.say(Word::HistoryCaption);
        html! {
            section aria-labelledby="history" {
                h2 id="history" { (language.say(Word::History)) }
                @if acts.is_empty() { p { (language.say(Word::HistoryNone)) } } @else { (scrolling(caption, &folding(&html! { (caption) }, &columns, &body))) }
            }
        }
    }
}

fn facts(dossier: &Dossier, here: &Here) -> Markup {
    let (language, exchange) = (here.language, &dossier.exchange);
    let link = |key: &ExchangeKey| html! { a href=(here.link(&format!("/exchanges/{key}"))) { code { (key) } } };
    let helper = |helper: &Helper| html! { (helper.name) " (" (language.role(helper.role)) ")" };
    html! {
        dl {
            dt { (language.say(Word::StateAsAnnounced)) }
            dd { (language.status(exchange.status)) @if exchange.disputed { "; " (language.say(Word::Disputed)) } }
            dt { (language.say(Word::StatementsLabel)) }
            dd {
                (language.fill(Word::StatementsAndReports, &[language.count(exchange.statements as u64, Word::Statements), language.count(exchange.reports as u64, Word::Records)]))
            }
            @if !exchange.frameworks.is_empty() { dt { (language.say(Word::FrameworkAsAnnounced)) } dd { (exchange.frameworks.join("; ")) } }
            @if !exchange.third_parties.is_empty() { dt { (language.say(Word::HelpCredited)) } dd { (joined(exchange.third_parties.iter().map(helper), "; ")) } }
            @if let Some(whole) = &exchange.part_of { dt { (language.say(Word::StageOf)) } dd { (link(whole)) } }
            @if !exchange.stages.is_empty() { dt { (language.say(Word::ItsStages)) } dd { (joined(exchange.stages.iter().map(link), ", ")) } }
            @if !dossier.also.is_empty() { dt { (language.say(Word::AlsoAs)) } dd { (joined(dossier.also.iter().map(|key| html! { code { (key) } }), ", ")) } }
            @if !dossier.mentioned_by.is_empty() { dt { (language.say(Word::MentionedBy)) } dd { (records(&dossier.mentioned_by, 0, here)) } }
        }
    }
}

fn numbers(dossier: &Dossier, here: &Here) -> Markup {
    let language = here.language;
    let cells: Vec<Cell> = dossier.exchange.figures.iter().map(|figure| Cell::of(figure, language)).collect();
    let shown = |position| dossier.claims.iter().any(|claim| claim.position == position);
    let link = |position| if shown(position) { format!("#claim-{position}") } else { here.link(&format!("/records/{position}")) };
    html! {
        section aria-labelledby="figures" {
            h2 id="figures" { (language.say(Word::ComeTo)) }
            @if cells.is_empty() { p { (language.say(Word::NothingHandedOver)) } }
            @for pair in figures::pairs(cells.iter().map(|cell| (cell.from, cell.to))) {
                @let caption = language.fill(Word::BetweenCaption, &[language.party(pair[0]), language.party(pair[1]), dossier.policy.to_string()]);
                (figures::table(&caption, pair, &cells, &link, language))
            }
        }
    }
}

fn differences(dossier: &Dossier, here: &Here) -> Markup {
    let language = here.language;
    let has_claims = dossier.claims.iter().filter(|claim| claim.live).count() > 1;
    html! {
        section aria-labelledby="differences" {
            h2 id="differences" { (language.say(Word::WhereDiffer)) }
            @if dossier.differences.is_empty() && has_claims { p { (language.say(Word::NoDifference)) } }
            @if dossier.differences.is_empty() && !has_claims { p { (language.fill(Word::StatementsAndReports, &[language.count(dossier.exchange.statements as u64, Word::Statements), language.count(dossier.exchange.reports as u64, Word::Records)])) "." } }
            @if !dossier.differences.is_empty() { ul.notes { @for difference in &dossier.differences { li { (in_words(difference, here)) } } } }
        }
    }
}

/// `From Russia to Ukraine, bodies: Russia says 1,248, Ukraine says 1,245.` The two sides in the order of their codes.
fn in_words(difference: &Difference, here: &Here) -> Markup {
    let language = here.language;
    let claims = joined(difference.claims.iter().map(|&position| html! { a href={ "#claim-" (position) } { (position) } }), ", ");
    let says = |party: Party, figure: Option<&FigureAnswer>| match figure {
        Some(figure) => language.weave(Word::Says, &[html! { (language.party(party)) }, html! { strong { (language.range(figure.low, figure.high)) } }]),
        None => html! { (language.fill(Word::SilentSide, &[language.party(party)])) },
    };
    let of = match (difference.from, difference.to, difference.category) {
        (Some(from), Some(to), Some(category)) => {
            let mut sides = [(from, difference.sender.as_ref()), (to, difference.receiver.as_ref())];
            sides.sort_by_key(|(party, _)| *party);
            let [one, other] = sides.map(|(party, figure)| says(party, figure));
            html! { (language.direction(from, to)) ", " (language.short(category)) ": " (one) ", " (other) "." }
        }
        _ => html! { (language.say(Word::DateDiffers)) "." },
    };
    html! { (of) " (" (language.weave(Word::ClaimsAre, &[claims])) ")" }
}

/// What was announced beforehand, beside what is known now.
fn plans(dossier: &Dossier, here: &Here) -> Markup {
    let language = here.language;
    let plans: Vec<_> =
        dossier.claims.iter().filter(|claim| matches!(claim.kind, Kind::Planned | Kind::Postponed | Kind::Cancelled) && claim.repeats.is_none()).collect();
    let columns = [Word::Announcer, Word::DueColumn, Word::PlannedColumn, Word::OutcomeColumn].map(|word| language.say(word));
    let body = html! {
        tbody role="rowgroup" {
            @for (index, plan) in plans.iter().enumerate() {
                tr role="row" {
                    th scope="row" role="rowheader" data-label=(columns[0]) {
                        (language.announcer(plan.announcer.as_ref()))
                        span.marks { (language.kind(plan.kind)) ", " (language.date(&plan.announced)) }
                    }
                    td role="cell" data-label=(columns[1]) { @match &plan.date { Some(date) => (language.date(date)), None => span.marks { (language.say(Word::NotGiven)) } } }
                    td role="cell" data-label=(columns[2]) {
                        @if plan.transfers.is_empty() { span.marks { (language.say(Word::NumberNotGiven)) } }
                        @for transfer in &plan.transfers {
                            span.way { (language.direction(transfer.from, transfer.to)) } (claims::given(&plan.transfers, (transfer.from, transfer.to), here))
                        }
                    }
                    @if index == 0 {
                        td role="cell" data-label=(columns[3]) rowspan=(plans.len()) {
                            (language.status(dossier.exchange.status))
                            @if !dossier.exchange.figures.is_empty() { (figures::lines(&dossier.exchange.figures, language)) }
                        }
                    }
                }
            }
        }
    };
    let caption = language.say(Word::PlansCaption);
    html! {
        @if !plans.is_empty() {
            section aria-labelledby="plans" {
                h2 id="plans" { (language.say(Word::PlansAndOutcome)) }
                (scrolling(caption, &folding(&html! { (caption) }, &columns, &body)))
            }
        }
    }
}

/// How anyone checks that the claims are in the ledger.
fn proof(dossier: &Dossier, here: &Here) -> Markup {
    let language = here.language;
    let example = dossier.claims.first().map_or_else(|| "POSITION".to_owned(), |claim| claim.position.to_string());
    html! {
        section aria-labelledby="proof" {
            h2 id="proof" { (language.say(Word::ProofTitle)) }
            p { (language.say(Word::ProofExplained)) }
            (commands(&example))
        }
    }
}

/// The commands that get a record's proof and check it.
pub(super) fn commands(position: &str) -> Markup {
    html! {
        pre tabindex="0" { code { "handover prove " (position) " > proof.json\nhandover check-proof proof.json --checkpoint CHECKPOINT --key KEY" } }
    }
}
