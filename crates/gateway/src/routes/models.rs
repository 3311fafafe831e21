use announcement::{Category, Day, ExchangeKey, Party, What};
use axum::routing::get;
use projection::{
    Between, Candidates, Changes, Channels, Discrepancies, Frameworks, Identity, Knowledge, Lineages, Offices, Pair, Plans, Policy, Reconciliation, Standing,
    Status, ThirdParties, Timeline, Totals,
};

use super::Route;
use crate::{
    exchanges::{self, Answered},
    openapi::{
        Described, Parameter,
        values::{Channel, Grouping, KindName, Limit, Moment, Period, Place, Text},
    },
    read_models,
};

fn policy() -> Parameter {
    Parameter::query::<Policy>("policy", "How figures are made.")
}

fn limit() -> Parameter {
    Parameter::query::<Limit>("limit", "How many at most; 100 without it.")
}

fn after_key() -> Parameter {
    Parameter::query::<ExchangeKey>("after", "The next of the page before.")
}

fn after_position() -> Parameter {
    Parameter::query::<Place>("after", "The next of the page before.")
}

fn key() -> Parameter {
    Parameter::path::<ExchangeKey>("key", "The exchange's key, with its slashes as they are.")
}

fn days() -> [Parameter; 2] {
    [Parameter::query::<Day>("from", "The first day."), Parameter::query::<Day>("to", "The last day.")]
}

fn party(about: &'static str) -> Parameter {
    Parameter::query::<Party>("party", about)
}

fn selection() -> Vec<Parameter> {
    let own = [
        policy(),
        Parameter::query::<Place>("claims_after", "Lists only the claims after this position; the sums stay whole."),
        Parameter::query::<Category>("category", "Only this category."),
        Parameter::query::<Party>("sender", "Only from this party."),
        Parameter::query::<Party>("receiver", "Only to this party."),
        Parameter::query::<Period>("period", "Grouped by it."),
        Parameter::query::<Grouping>("by", "What else there is a row for each of."),
    ];
    days().into_iter().chain(own).collect()
}

pub(super) fn routes() -> Vec<Route> {
    [exchanges(), sums(), statements()].into_iter().flatten().collect()
}

fn exchanges() -> Vec<Route> {
    let timeline = Described::model::<Timeline>("/v1/exchanges", "exchanges", "What happened, newest first").takes(&days()).takes(&[
        Parameter::query::<What>("what", "What they are mainly about."),
        Parameter::query::<Category>("category", "Only those with a figure of this category."),
        Parameter::query::<Status>("status", "Only those that stand there."),
        Parameter::query::<Text>("framework", "Only those that are said to follow this agreement."),
        policy(),
        after_key(),
        limit(),
    ]);
    let dossier = Described::model::<Answered>("/v1/exchanges/{key}", "exchange", "Who said what about one exchange").takes(&[
        key(),
        policy(),
        after_position(),
        limit(),
    ]);
    let lineage =
        Described::model::<Lineages>("/v1/exchanges/{key}/lineage", "lineage", "Which statements about it are independent, which are copies").takes(&[key()]);
    let mut one = Route::read("/v1/exchanges/{*key}", get(exchanges::exchange), dossier);
    one.described.push(lineage);
    let identity = Described::model::<Identity>("/v1/identity", "identity", "What became of the bodies").takes(&days()).takes(&[
        policy(),
        Parameter::query::<ExchangeKey>("exchange", "Only those of this exchange."),
        after_key(),
        limit(),
    ]);
    let candidates = Described::model::<Candidates>("/v1/candidates", "candidates", "What may be one exchange and is kept as two")
        .takes(&days())
        .takes(&[Parameter::query::<Pair>("after", "The next of the page before."), limit()]);
    vec![
        Route::read("/v1/exchanges", get(exchanges::timeline), timeline),
        one,
        Route::read("/v1/identity", get(read_models::identity), identity),
        Route::read("/v1/candidates", get(read_models::candidates), candidates),
    ]
}

fn sums() -> Vec<Route> {
    let totals = Described::model::<Totals>("/v1/totals", "totals", "How many, by direction and category").takes(&selection());
    let knowledge = Described::model::<Knowledge>("/v1/knowledge", "knowledge", "Why a total moved between two moments").takes(&selection()).takes(&[
        Parameter::query::<Moment>("then", "The moment that is compared with; this, then_announced_until, or both."),
        Parameter::query::<Day>("then_announced_until", "What had been announced by the end of this day is compared with."),
        Parameter::query::<Place>("moves_from", "The first record that is looked at; the next of the page before."),
        limit(),
    ]);
    let reconciliation = Described::model::<Reconciliation>("/v1/reconciliation", "reconciliation", "Do official totals fit the exchanges that they cover")
        .takes(&[policy(), party("Only those of this party."), after_position(), limit()]);
    let frameworks = Described::model::<Frameworks>("/v1/frameworks", "frameworks", "How much of what was agreed is done")
        .takes(&[policy(), Parameter::query::<Text>("framework", "Only this agreement.")]);
    vec![
        Route::read("/v1/totals", get(read_models::totals), totals),
        Route::read("/v1/knowledge", get(read_models::knowledge), knowledge),
        Route::read("/v1/reconciliation", get(read_models::reconciliation), reconciliation),
        Route::read("/v1/frameworks", get(read_models::frameworks), frameworks),
    ]
}

fn statements() -> Vec<Route> {
    let changes = Described::model::<Changes>("/v1/changes", "changes", "What each record changed, old and new").takes(&[
        Parameter::query::<KindName>("kind", "Only by records of this kind."),
        Parameter::query::<ExchangeKey>("exchange", "Only of this exchange, or its stages."),
        policy(),
        Parameter::query::<Place>("from", "The first record that is looked at; the next of the page before."),
        limit(),
    ]);
    let channels = Described::model::<Channels>("/v1/channels", "channels", "Are exchanges blocked, and who says so")
        .takes(&[Parameter::query::<Channel>("channel", "Only these.")]);
    let discrepancies = Described::model::<Discrepancies>("/v1/discrepancies", "discrepancies", "Where do statements differ, since when, and does it stand")
        .takes(&days())
        .takes(&[
            Parameter::query::<ExchangeKey>("exchange", "Only those of this exchange."),
            Parameter::query::<Standing>("state", "Only those that stand so."),
            Parameter::query::<Between>("between", "Only those between these."),
            after_key(),
            limit(),
        ]);
    let plans = Described::model::<Plans>("/v1/plans", "plans", "Were the plans carried out").takes(&days()).takes(&[
        policy(),
        Parameter::query::<Status>("outcome", "Only those whose exchange stands there."),
        after_position(),
        limit(),
    ]);
    let third_parties = Described::model::<ThirdParties>("/v1/third-parties", "third-parties", "Whom do statements credit with help")
        .takes(&days())
        .takes(&[party("Only this one.")]);
    let offices = Described::model::<Offices>("/v1/offices", "offices", "What has each office said, and what contradicts it since")
        .takes(&[party("Only those of this party.")]);
    vec![
        Route::read("/v1/changes", get(read_models::changes), changes),
        Route::read("/v1/channels", get(read_models::channels), channels),
        Route::read("/v1/discrepancies", get(read_models::discrepancies), discrepancies),
        Route::read("/v1/plans", get(read_models::plans), plans),
        Route::read("/v1/third-parties", get(read_models::third_parties), third_parties),
        Route::read("/v1/offices", get(read_models::offices), offices),
    ]
}
