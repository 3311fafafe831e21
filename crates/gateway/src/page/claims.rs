//! The claims about an exchange: announcer by what was given.

use announcement::{Finding, Item, Kind, Party, Position, Relation, Report, Transfer};
use maud::{Markup, html};
use projection::{Dossier, Out, Statement};

use super::{
    layout::{joined, scrolling},
    past::Past,
    words,
};
use crate::exchanges::Said;

pub(super) fn section(dossier: &Dossier, said: &[Said], next: Option<Position>, past: Past) -> Markup {
    let of_claims = dossier.claims.iter().flat_map(|claim| &claim.transfers).map(|transfer| (transfer.from, transfer.to));
    let directions: Vec<(Party, Party)> = super::figures::pairs(of_claims).into_iter().flat_map(|[one, other]| [(one, other), (other, one)]).collect();
    let caption = "Every statement about this exchange, in the order in which it was recorded";
    let table = html! {
        table.stacked role="table" {
            caption { (caption) }
            thead role="rowgroup" {
                tr role="row" {
                    th scope="col" role="columnheader" { "Claim" }
                    th scope="col" role="columnheader" { "Who announced it" }
                    @for (from, to) in &directions { th scope="col" role="columnheader" { "from " (words::party(*from)) " to " (words::party(*to)) } }
                    th scope="col" role="columnheader" { "When" }
                    th scope="col" role="columnheader" { "Where it was read" }
                    th scope="col" role="columnheader" { "State" }
                }
            }
            tbody role="rowgroup" { @for (claim, said) in dossier.claims.iter().zip(said) { (row(claim, said, &directions)) } }
        }
    };
    html! {
        section aria-labelledby="claims" {
            h2 id="claims" { "Claims" }
            (scrolling(caption, &table))
            @if let Some(next) = next { p { a href=(past.link(&format!("/exchanges/{}?after={next}#claims", dossier.exchange.key))) { "Later claims" } } }
        }
    }
}

fn row(claim: &Statement, said: &Said, directions: &[(Party, Party)]) -> Markup {
    html! {
        tr role="row" id={ "claim-" (claim.position) } {
            td role="cell" data-label="Claim" { a href={ "/v1/records/" (claim.position) } { (claim.position) } }
            th scope="row" role="rowheader" data-label="Who announced it" {
                (words::announcer(claim.announcer.as_ref()))
                span.marks { (kind(claim.kind)) }
            }
            @for direction in directions { td.gone[!claim.live] role="cell" data-label={ "from " (words::party(direction.0)) " to " (words::party(direction.1)) } { (given(&claim.transfers, *direction)) } }
            td role="cell" data-label="When" {
                "announced " (words::date(&claim.announced))
                @if let Some(date) = &claim.date { span.marks { "of " (words::date(date)) } }
                span.marks { "recorded " (words::instant(claim.recorded)) }
            }
            td role="cell" data-label="Where it was read" { (source(said.report.as_ref())) @if let Some(note) = &said.note { span.marks { (note) } } }
            td role="cell" data-label="State" { (state(claim, said)) }
        }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Planned => "announced a plan",
        Kind::Completed => "announced as completed",
        Kind::Confirmed => "confirmed",
        Kind::Postponed => "announced as postponed",
        Kind::Cancelled => "announced as cancelled",
        Kind::Mediation => "credited help",
        Kind::Identity => "reported a finding on identity",
        Kind::Disputed => "contests a claim",
        other => other.as_str(),
    }
}

/// What a claim says was handed over in one direction.
fn given(transfers: &[Transfer], (from, to): (Party, Party)) -> Markup {
    let Some(transfer) = transfers.iter().find(|transfer| (transfer.from, transfer.to) == (from, to)) else {
        return html! { span.marks { "nothing said" } };
    };
    html! {
        ul.plain {
            @for item in &transfer.counts { li { (counted(item)) } }
            @match transfer.relation {
                Some(Relation::Equal) => li { "the same number as in the other direction" },
                Some(Relation::AboutEqual) => li { "about the same number as in the other direction" },
                None => @if transfer.counts.is_empty() { li { "number not given" } },
            }
        }
    }
}

fn counted(item: &Item) -> Markup {
    let details = [
        item.of.map(|of| format!("part of the {}", words::short(of))),
        item.group.clone(),
        item.origin.as_ref().map(|origin| format!("from {origin}")),
        item.identity.map(|finding| identity(finding).to_owned()),
        item.stated.as_ref().map(|stated| format!("in the words “{stated}”")),
    ];
    let details: Vec<String> = details.into_iter().flatten().collect();
    let main: Option<&str> = item.category.main().map(words::short);
    let name = main.unwrap_or(item.category.as_str());
    html! {
        span.figure { (words::stated(item.count)) } " " (name)
        @if !details.is_empty() { span.marks { (details.join("; ")) } }
    }
}

const fn identity(finding: Finding) -> &'static str {
    match finding {
        Finding::ClaimedBySender => "identity claimed by the sender",
        Finding::MayBelong => "may belong to the receiving side",
        Finding::ToBeVerified => "identity to be verified",
        Finding::Confirmed => "identity confirmed",
        Finding::FoundOtherSide => "found to be the other side’s",
        Finding::Returned => "returned",
    }
}

fn source(report: Option<&Report>) -> Markup {
    let Some(report) = report else { return html! { span.marks { "not given" } } };
    let name = report.outlet.as_deref().or_else(|| report.url.as_deref().map(host)).unwrap_or("report");
    html! {
        (address(report.url.as_deref(), name))
        @if let Some(published) = &report.published { span.marks { "published " (words::date(published)) } }
        @if let Some(copy) = report.archived.as_deref() { span.marks { (address(Some(copy), "copy")) } }
    }
}

/// A link to another site, where the address is one of the web; else its words alone.
fn address(address: Option<&str>, name: &str) -> Markup {
    html! {
        @match address.filter(|address| words::linkable(address)) {
            Some(address) => a href=(address) rel="noopener nofollow noreferrer" { (name) },
            None => (name),
        }
    }
}

fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

fn state(claim: &Statement, said: &Said) -> Markup {
    let record = |position: Position| html! { a href={ "/v1/records/" (position) } { "record " (position) } };
    html! {
        @match claim.out {
            None => "stands",
            Some(Out { why, by }) => { (words::out(why)) span.marks { "by " (record(by)) } },
        }
        @if let Some(replaces) = claim.replaces { span.marks { "in place of " (record(replaces)) } }
        @if let Some(reason) = &said.reason { span.marks { "reason given: " (reason) } }
        @if !claim.contested_by.is_empty() { span.marks { "contested by " (joined(claim.contested_by.iter().copied().map(record), ", ")) } }
        @if let Some(linked) = claim.linked_by { span.marks { "assigned here by " (record(linked)) } }
    }
}
