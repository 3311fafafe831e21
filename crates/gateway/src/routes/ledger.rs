use announcement::{Digest, ExchangeKey, Publisher, Receipt};
use axum::routing::get;
use projection::Policy;

use super::Route;
use crate::{
    openapi::{
        Described, Parameter, at_least, of,
        values::{Consistency, Inclusion, KindName, Limit, Place, Proof, RecordedEvent, Records, Size, Text, TilePath, Uuid},
    },
    proofs, receipts, records, stream,
};

fn filter() -> [Parameter; 2] {
    [Parameter::query::<KindName>("kind", "Only of this kind."), Parameter::query::<ExchangeKey>("exchange", "Only of this exchange.")]
}

fn publisher() -> Parameter {
    Parameter::query::<Publisher>("publisher", "Only by this publisher.")
}

fn followed(path: &'static str, id: &'static str, about: &'static str) -> Described {
    Described::get(path, id, about)
        .takes(&filter())
        .takes(&[
            Parameter::query::<Place>("from", "The first position that is wanted; without it what comes."),
            Parameter::header::<Place>("Last-Event-ID", "The id of the last event that was read: it goes on after it."),
        ])
        .answers_as("200", "Server-sent events, until the reader goes, is too slow (event: dropped), or the server stops.", &[("text/event-stream", None)])
}

pub(super) fn routes() -> Vec<Route> {
    [recorded(), proven()].into_iter().flatten().collect()
}

fn recorded() -> Vec<Route> {
    let range = Described::cached::<Records>("/v1/records", "records", "What was recorded, in its own bytes").takes(&filter()).takes(&[
        publisher(),
        Parameter::query::<Place>("from", "The first record that is looked at; the next of the page before."),
        Parameter::query::<Limit>("limit", "How many are looked at, at most; 100 without it."),
    ]);
    let record = Described::get("/v1/records/{position}", "record", "One record")
        .takes(&[Parameter::path::<Place>("position", "Its position."), at_least()])
        .answers_as("200", "The record.", &[("application/cloudevents+json", Some(of::<RecordedEvent>()))])
        .problem("404", "There is none yet.")
        .problem("410", "It was redacted: by whom, when and why.");
    let receipt = Described::get("/v1/receipts/{digest}", "receipt", "What became of a message")
        .takes(&[Parameter::path::<Digest>("digest", "SHA-256 of the message's body."), at_least()])
        .answers::<Receipt>("200", "Its receipt.")
        .problem("404", "Nothing is known of it.");
    let changes = followed("/v1/changes/stream", "follow-changes", "What each record changes, as it comes")
        .takes(&[Parameter::query::<Policy>("policy", "How figures are made.")])
        .problem("404", "This node keeps no read models.");
    vec![
        Route::read("/v1/records", get(records::range), range),
        Route::read("/v1/records/{position}", get(records::record), record),
        Route::read("/v1/receipts/{digest}", get(receipts::receipt), receipt),
        Route::read("/v1/stream", get(stream::records), followed("/v1/stream", "follow-records", "Each record, as it comes").takes(&[publisher()])),
        Route::read("/v1/changes/stream", get(stream::changes), changes),
    ]
}

/// Something that is shown from the ledger's tree.
fn shown(path: &'static str, id: &'static str, about: &'static str) -> Described {
    Described::get(path, id, about).problem("404", "The ledger doesn't reach so far, or this node has none of its own.")
}

fn proven() -> Vec<Route> {
    let note = |path, id| shown(path, id, "What the ledger stands at, signed").answers_as("200", "A signed note.", &[("text/plain; charset=utf-8", None)]);
    let file = shown("/v1/proof", "proof", "All that shows offline that a record is in the ledger")
        .takes(&[
            Parameter::query::<Place>("position", "The record's position; or source and id."),
            Parameter::query::<Text>("source", "The event's source."),
            Parameter::query::<Uuid>("id", "The event's id."),
            Parameter::query::<Publisher>("publisher", "The event's publisher, where it isn't local."),
        ])
        .answers::<Proof>("200", "The proof.")
        .problem("410", "The record was redacted.");
    let inclusion = shown("/v1/proof/inclusion", "inclusion", "That a record is in a tree of a size")
        .takes(&[Parameter::required::<Place>("position", "The record."), Parameter::query::<Size>("size", "The tree; without it the ledger of now.")])
        .answers::<Inclusion>("200", "The proof.");
    let consistency = shown("/v1/proof/consistency", "consistency", "That one tree extends another")
        .takes(&[Parameter::required::<Size>("from", "The smaller."), Parameter::query::<Size>("to", "The larger; without it the ledger of now.")])
        .answers::<Consistency>("200", "The proof.");
    let tile = shown("/v1/log/tile/{path}", "tile", "Hashes and entries, as C2SP tlog-tiles has them")
        .takes(&[Parameter::path::<TilePath>("path", "The tile, with its slashes as they are.")])
        .answers_as("200", "The tile.", &[("application/octet-stream", None)])
        .problem("410", "An entry of the bundle was redacted.");
    vec![
        Route::read("/v1/checkpoint", get(proofs::checkpoint), note("/v1/checkpoint", "checkpoint")),
        Route::read("/v1/log/checkpoint", get(proofs::checkpoint), note("/v1/log/checkpoint", "log-checkpoint")),
        Route::read("/v1/proof", get(proofs::file), file),
        Route::read("/v1/proof/inclusion", get(proofs::inclusion), inclusion),
        Route::read("/v1/proof/consistency", get(proofs::consistency), consistency),
        Route::read("/v1/log/tile/{*path}", get(proofs::tile), tile),
    ]
}
