//! The matrix of claims about an exchange: announcer by what was given, when, under which agreement, and where it's in the ledger.

use std::collections::BTreeMap;

use announcement::{Count, Item, Party, Position, Relation, Report, Transfer};
use maud::{Markup, html};
use projection::{Dossier, Lineages, Out, Statement};

use super::{
    layout::{folding, joined, scrolling},
    visit::Here,
    words::Word,
    writing::linkable,
};
use crate::exchanges::Said;

/// A claim with what its record says in words.
type Row<'a> = (&'a Statement, &'a Said);

pub(super) fn section(dossier: &Dossier, said: &[Said], lineage: Option<&Lineages>, next: Option<Position>, here: &Here) -> Markup {
    let language = here.language;
    let of_claims = dossier.claims.iter().flat_map(|claim| &claim.transfers).map(|transfer| (transfer.from, transfer.to));
    let directions: Vec<(Party, Party)> = super::figures::pairs(of_claims).into_iter().flat_map(|[one, other]| [(one, other), (other, one)]).collect();
    let mut columns = vec![language.say(Word::Announcer).to_owned()];
    columns.extend(directions.iter().map(|(from, to)| language.direction(*from, *to)));
    columns.extend(
        [Word::OnWhichDay, Word::FrameworkLabel, Word::ReadWhere, Word::AnnouncedColumn, Word::RecordedColumn, Word::ProofColumn]
            .map(|word| language.say(word).to_owned()),
    );
    let rows = dossier.claims.iter().zip(said).collect::<Vec<Row<'_>>>();
    let heads = heads(dossier, lineage);
    let copies = |of: Position| rows.iter().filter(|(claim, _)| heads.get(&claim.position) == Some(&of)).copied().collect::<Vec<Row<'_>>>();
    let caption = language.say(Word::MatrixCaption);
    let body = html! {
        tbody role="rowgroup" {
            @for (claim, said) in rows.iter().filter(|(claim, _)| !heads.contains_key(&claim.position)) {
                (row(claim, said, &copies(claim.position), &directions, &columns, here))
            }
        }
    };
    let table = folding(&html! { (caption) }, &columns.iter().map(String::as_str).collect::<Vec<_>>(), &body);
    html! {
        section aria-labelledby="claims" {
            h2 id="claims" { (language.say(Word::MatrixTitle)) }
            (scrolling(caption, &table))
            @if let Some(next) = next { p { a href={ (here.with("after", next)) "#claims" } { (language.say(Word::LaterClaims)) } } }
        }
    }
}

/// The relays, each with the statement that it's folded under: what it repeats, or the first report of one that nobody recorded.
fn heads(dossier: &Dossier, lineage: Option<&Lineages>) -> BTreeMap<Position, Position> {
    let shown = |position: Position| dossier.claims.iter().any(|claim| claim.position == position);
    let mut heads: BTreeMap<Position, Position> = dossier.claims.iter().filter_map(|claim| Some((claim.position, claim.repeats?))).collect();
    for told in lineage.iter().flat_map(|lineage| &lineage.statements) {
        let head = told.origin.filter(|origin| shown(*origin)).unwrap_or(told.first.position);
        heads.extend(told.reports.iter().map(|report| report.said.position).filter(|position| *position != head).map(|position| (position, head)));
    }
    // What is folded under a relay, or under what isn't on this page, stands by itself.
    let known = heads.clone();
    heads.retain(|_, head| shown(*head) && !known.contains_key(head));
    heads
}

fn row(claim: &Statement, said: &Said, copies: &[Row<'_>], directions: &[(Party, Party)], columns: &[String], here: &Here) -> Markup {
    let language = here.language;
    let [day, framework, read, announced, recorded, proof] = [1, 2, 3, 4, 5, 6].map(|place| columns[directions.len() + place].as_str());
    html! {
        tr role="row" id={ "claim-" (claim.position) } {
            th scope="row" role="rowheader" data-label=(columns[0]) {
                (language.announcer(claim.announcer.as_ref()))
                span.marks { (language.kind(claim.kind)) }
                (state(claim, said, here))
                @if !copies.is_empty() { (relays(copies, here)) }
            }
            @for (place, direction) in directions.iter().enumerate() {
                td.gone[!claim.live] role="cell" data-label=(columns[place + 1]) { (given(&claim.transfers, *direction, here)) }
            }
            td role="cell" data-label=(day) { @match &claim.date { Some(date) => (language.date(date)), None => span.marks { (language.say(Word::NotGiven)) } } }
            td role="cell" data-label=(framework) { @match &claim.framework { Some(framework) => (framework), None => span.marks { (language.say(Word::NotGiven)) } } }
            td role="cell" data-label=(read) { (source(said.report.as_ref(), here)) @if let Some(note) = &said.note { span.marks { (note) } } }
            td role="cell" data-label=(announced) { (language.date(&claim.announced)) }
            td role="cell" data-label=(recorded) { (language.instant(claim.recorded)) }
            td role="cell" data-label=(proof) { (proofs(claim.position, here)) }
        }
    }
}

/// Where a claim is in the ledger, and what shows that it's there.
fn proofs(position: Position, here: &Here) -> Markup {
    let language = here.language;
    html! {
        a href=(here.link(&format!("/records/{position}"))) { (language.fill(Word::RecordIs, &[position.to_string()])) }
        span.marks { a href={ "/v1/proof/inclusion?position=" (position) } aria-label={ (language.say(Word::Proof)) " " (position) } { (language.say(Word::Proof)) } }
    }
}

/// The relays of a statement, folded under it.
fn relays(copies: &[Row<'_>], here: &Here) -> Markup {
    let language = here.language;
    html! {
        details.marks {
            summary { (language.count(copies.len() as u64, Word::Relays)) }
            ul.plain {
                @for (claim, said) in copies {
                    li id={ "claim-" (claim.position) } {
                        (source(said.report.as_ref(), here)) " · " (language.date(&claim.announced)) " · " (proofs(claim.position, here))
                        @if !claim.transfers.is_empty() {
                            (joined(claim.transfers.iter().map(|transfer| html! {
                                span.marks { (language.direction(transfer.from, transfer.to)) ": " (joined(transfer.counts.iter().map(|item| counted(item, here)), ", ")) }
                            }), ""))
                        }
                    }
                }
            }
        }
    }
}

/// What a claim says was handed over in one direction.
pub(super) fn given(transfers: &[Transfer], (from, to): (Party, Party), here: &Here) -> Markup {
    let language = here.language;
    let Some(transfer) = transfers.iter().find(|transfer| (transfer.from, transfer.to) == (from, to)) else {
        return html! { span.marks { (language.say(Word::NothingSaid)) } };
    };
    html! {
        ul.plain {
            @for item in &transfer.counts { li { (counted(item, here)) } }
            @match transfer.relation {
                Some(Relation::Equal) => li { (language.say(Word::SameNumber)) },
                Some(Relation::AboutEqual) => li { (language.say(Word::AboutSameNumber)) },
                None => @if transfer.counts.is_empty() { li { (language.say(Word::NumberNotGiven)) } },
            }
        }
    }
}

fn counted(item: &Item, here: &Here) -> Markup {
    let language = here.language;
    let details = [
        item.of.map(|of| language.fill(Word::PartOfThe, &[language.short(of)])),
        item.group.clone(),
        item.origin.as_ref().map(|origin| language.fill(Word::OriginIs, &[origin])),
        item.identity.map(|finding| language.finding(finding).to_owned()),
        item.stated.as_ref().map(|stated| language.fill(Word::InTheWords, &[stated])),
    ];
    let details: Vec<String> = details.into_iter().flatten().collect();
    let main: Option<&str> = item.category.main().map(|category| language.short(category));
    let name = main.unwrap_or(item.category.as_str());
    html! {
        (super::figures::counted(name, item.count != Count::Unknown, language.stated(item.count), language))
        @if !details.is_empty() { span.marks { (details.join("; ")) } }
    }
}

/// Where a statement was read.
pub(super) fn source(report: Option<&Report>, here: &Here) -> Markup {
    let language = here.language;
    let Some(report) = report else { return html! { span.marks { (language.say(Word::NotGiven)) } } };
    let name = report.outlet.as_deref().or_else(|| report.url.as_deref().map(host)).unwrap_or(language.say(Word::Report));
    html! {
        (address(report.url.as_deref(), name))
        @if let Some(published) = &report.published { span.marks { (language.fill(Word::Published, &[language.date(published)])) } }
        @if let Some(copy) = report.archived.as_deref() { span.marks { (address(Some(copy), language.say(Word::Copy))) } }
    }
}

/// A link to another site, where the address is one of the web; else its words alone.
fn address(address: Option<&str>, name: &str) -> Markup {
    html! {
        @match address.filter(|address| linkable(address)) {
            Some(address) => a.away href=(address) rel="noopener nofollow noreferrer" { (name) },
            None => (name),
        }
    }
}

fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// What later records made of a claim, where they did; that it stands needs no words.
fn state(claim: &Statement, said: &Said, here: &Here) -> Markup {
    let language = here.language;
    let record = |position: Position| html! { a href=(here.link(&format!("/records/{position}"))) { (position) } };
    let records = |positions: &[Position]| joined(positions.iter().copied().map(record), ", ");
    html! {
        @if let Some(Out { why, by }) = claim.out { span.marks { (language.weave(Word::ByRecords, &[html! { strong { (language.out(why)) } }, record(by)])) } }
        @if let Some(replaces) = claim.replaces { span.marks { (language.say(Word::KindCorrected)) " " (record(replaces)) } }
        @if let Some(reason) = &said.reason { span.marks { (language.fill(Word::ReasonGiven, &[reason])) } }
        @if let Some(contests) = claim.contests { span.marks { (language.say(Word::KindDisputed)) " " (record(contests)) } }
        @if !claim.contested_by.is_empty() { span.marks { (language.weave(Word::ByRecords, &[html! { (language.say(Word::ContestedColumn)) }, records(&claim.contested_by)])) } }
        @if let Some(linked) = claim.linked_by { span.marks { (language.say(Word::KindLinked)) " " (record(linked)) } }
    }
}
