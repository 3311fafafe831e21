//! The read models that are asked by their parameters alone: each address with its query.

use axum::{extract::State, response::Response};
use projection::{
    AsKnown, CandidatesQuery, ChangesQuery, ChannelsQuery, DiscrepanciesQuery, FrameworksQuery, IdentityQuery, KnowledgeQuery, Known, OfficesQuery, PlansQuery,
    ReconciliationQuery, ThirdPartiesQuery, TotalsQuery,
};

use crate::{
    App,
    answer::{Asked, CANDIDATES, CHANGES, CHANNELS, DISCREPANCIES, FRAMEWORKS, IDENTITY, KNOWLEDGE, OFFICES, PLANS, RECONCILIATION, THIRD_PARTIES, TOTALS},
    filter::{Concerns, Filter},
    parameters::{Parameters, missing},
    problem::Failure,
};

type Answer = Result<Response, Failure>;

pub(crate) async fn totals(State(app): State<App>, asked: Asked) -> Answer {
    app.answered(asked, &TOTALS, totals_query, projection::totals).await
}

/// Which totals are asked for.
pub(crate) fn totals_query(parameters: &mut Parameters) -> Result<TotalsQuery, Failure> {
    Ok(TotalsQuery {
        from: parameters.day("from")?,
        to: parameters.day("to")?,
        policy: parameters.value("policy")?.unwrap_or_default(),
        category: parameters.value("category")?,
        sender: parameters.value("sender")?,
        receiver: parameters.value("receiver")?,
        period: parameters.value("period")?,
        by: parameters.value("by")?.unwrap_or_default(),
        claims_after: parameters.position("claims_after")?,
    })
}

pub(crate) async fn knowledge(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| {
        let totals = totals_query(parameters)?;
        let then = AsKnown { at: parameters.value("then")?, announced_until: parameters.day("then_announced_until")? };
        if then == AsKnown::default() {
            let remedy = "Give then (a position, an instant or a day), then_announced_until (a day), or both: the moment that the total is compared with.";
            return Err(missing("then", remedy));
        }
        Ok(KnowledgeQuery { totals, then, from: parameters.position("moves_from")?.unwrap_or_default(), limit: parameters.limit()? })
    };
    app.answered(asked, &KNOWLEDGE, query, projection::knowledge).await
}

pub(crate) async fn changes(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| {
        let filter = Filter::of_changes(parameters)?;
        let policy = parameters.value("policy")?.unwrap_or_default();
        Ok((filter, ChangesQuery { policy, from: parameters.position("from")?.unwrap_or_default(), limit: parameters.limit()? }))
    };
    let model = |known: Known<'_>, (filter, query): &(Filter, ChangesQuery)| {
        let mut found = projection::changes(known, query);
        found.changes.retain(|change| filter.takes(&Concerns::of_change(change)));
        found
    };
    app.answered(asked, &CHANGES, query, model).await
}

pub(crate) async fn channels(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| Ok(ChannelsQuery { channel: parameters.named("channel", "bodies, prisoners or civilians")? });
    app.answered(asked, &CHANNELS, query, projection::channels).await
}

pub(crate) async fn reconciliation(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| {
        Ok(ReconciliationQuery {
            policy: parameters.value("policy")?.unwrap_or_default(),
            party: parameters.value("party")?,
            after: parameters.position("after")?,
            limit: parameters.limit()?,
        })
    };
    app.answered(asked, &RECONCILIATION, query, projection::reconciliation).await
}

pub(crate) async fn discrepancies(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| {
        Ok(DiscrepanciesQuery {
            exchange: parameters.value("exchange")?,
            state: parameters.named("state", "open, resolved or disputed")?,
            between: parameters.named("between", "sides, others, office or reports")?,
            valid: parameters.valid()?,
            after: parameters.value("after")?,
            limit: Some(parameters.limit()?),
        })
    };
    app.answered(asked, &DISCREPANCIES, query, projection::discrepancies).await
}

pub(crate) async fn plans(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| {
        Ok(PlansQuery {
            policy: parameters.value("policy")?.unwrap_or_default(),
            outcome: parameters.value("outcome")?,
            valid: parameters.valid()?,
            after: parameters.position("after")?,
            limit: parameters.limit()?,
        })
    };
    app.answered(asked, &PLANS, query, projection::plans).await
}

pub(crate) async fn frameworks(State(app): State<App>, asked: Asked) -> Answer {
    let query =
        |parameters: &mut Parameters| Ok(FrameworksQuery { policy: parameters.value("policy")?.unwrap_or_default(), framework: parameters.text("framework") });
    app.answered(asked, &FRAMEWORKS, query, projection::frameworks).await
}

pub(crate) async fn third_parties(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| Ok(ThirdPartiesQuery { party: parameters.value("party")?, valid: parameters.valid()? });
    app.answered(asked, &THIRD_PARTIES, query, projection::third_parties).await
}

pub(crate) async fn offices(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| Ok(OfficesQuery { party: parameters.value("party")? });
    app.answered(asked, &OFFICES, query, projection::offices).await
}

pub(crate) async fn identity(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| {
        Ok(IdentityQuery {
            policy: parameters.value("policy")?.unwrap_or_default(),
            exchange: parameters.value("exchange")?,
            valid: parameters.valid()?,
            after: parameters.value("after")?,
            limit: Some(parameters.limit()?),
        })
    };
    app.answered(asked, &IDENTITY, query, projection::identity).await
}

pub(crate) async fn candidates(State(app): State<App>, asked: Asked) -> Answer {
    let query = |parameters: &mut Parameters| Ok(CandidatesQuery { valid: parameters.valid()?, after: parameters.value("after")?, limit: parameters.limit()? });
    app.answered(asked, &CANDIDATES, query, projection::candidates).await
}
