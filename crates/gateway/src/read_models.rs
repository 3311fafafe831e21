//! The read models that are asked by their parameters alone: each address with its query.

use axum::{Json, extract::State, http::Uri};
use projection::{
    AsKnown, Candidates, CandidatesQuery, Changes, ChangesQuery, Channels, ChannelsQuery, Discrepancies, DiscrepanciesQuery, Frameworks, FrameworksQuery,
    Identity, IdentityQuery, Knowledge, KnowledgeQuery, Offices, OfficesQuery, Plans, PlansQuery, Reconciliation, ReconciliationQuery, ThirdParties,
    ThirdPartiesQuery, Totals, TotalsQuery,
};

use crate::{
    App,
    parameters::{Parameters, missing},
    problem::Failure,
};

type Answer<A> = Result<Json<A>, Failure>;

pub(crate) async fn totals(State(app): State<App>, uri: Uri) -> Answer<Totals> {
    app.answer(&uri, totals_query, projection::totals).await.map(Json)
}

fn totals_query(parameters: &mut Parameters) -> Result<TotalsQuery, Failure> {
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

pub(crate) async fn knowledge(State(app): State<App>, uri: Uri) -> Answer<Knowledge> {
    let query = |parameters: &mut Parameters| {
        let totals = totals_query(parameters)?;
        let then = AsKnown { at: parameters.value("then")?, announced_until: parameters.day("then_announced_until")? };
        if then == AsKnown::default() {
            let remedy = "Give then (a position, an instant or a day), then_announced_until (a day), or both: the moment that the total is compared with.";
            return Err(missing("then", remedy));
        }
        Ok(KnowledgeQuery { totals, then, from: parameters.position("moves_from")?.unwrap_or_default(), limit: parameters.limit()? })
    };
    app.answer(&uri, query, projection::knowledge).await.map(Json)
}

pub(crate) async fn changes(State(app): State<App>, uri: Uri) -> Answer<Changes> {
    let query = |parameters: &mut Parameters| {
        Ok(ChangesQuery {
            policy: parameters.value("policy")?.unwrap_or_default(),
            from: parameters.position("from")?.unwrap_or_default(),
            limit: parameters.limit()?,
        })
    };
    app.answer(&uri, query, projection::changes).await.map(Json)
}

pub(crate) async fn channels(State(app): State<App>, uri: Uri) -> Answer<Channels> {
    let query = |parameters: &mut Parameters| Ok(ChannelsQuery { channel: parameters.named("channel", "bodies, prisoners or civilians")? });
    app.answer(&uri, query, projection::channels).await.map(Json)
}

pub(crate) async fn reconciliation(State(app): State<App>, uri: Uri) -> Answer<Reconciliation> {
    let query = |parameters: &mut Parameters| {
        Ok(ReconciliationQuery {
            policy: parameters.value("policy")?.unwrap_or_default(),
            party: parameters.value("party")?,
            after: parameters.position("after")?,
            limit: parameters.limit()?,
        })
    };
    app.answer(&uri, query, projection::reconciliation).await.map(Json)
}

pub(crate) async fn discrepancies(State(app): State<App>, uri: Uri) -> Answer<Discrepancies> {
    let query = |parameters: &mut Parameters| {
        Ok(DiscrepanciesQuery {
            exchange: parameters.value("exchange")?,
            state: parameters.named("state", "open, resolved or disputed")?,
            between: parameters.named("between", "sides, others, office or reports")?,
            after: parameters.value("after")?,
            limit: Some(parameters.limit()?),
        })
    };
    app.answer(&uri, query, projection::discrepancies).await.map(Json)
}

pub(crate) async fn plans(State(app): State<App>, uri: Uri) -> Answer<Plans> {
    let query = |parameters: &mut Parameters| {
        Ok(PlansQuery {
            policy: parameters.value("policy")?.unwrap_or_default(),
            outcome: parameters.value("outcome")?,
            after: parameters.position("after")?,
            limit: parameters.limit()?,
        })
    };
    app.answer(&uri, query, projection::plans).await.map(Json)
}

pub(crate) async fn frameworks(State(app): State<App>, uri: Uri) -> Answer<Frameworks> {
    let query =
        |parameters: &mut Parameters| Ok(FrameworksQuery { policy: parameters.value("policy")?.unwrap_or_default(), framework: parameters.text("framework") });
    app.answer(&uri, query, projection::frameworks).await.map(Json)
}

pub(crate) async fn third_parties(State(app): State<App>, uri: Uri) -> Answer<ThirdParties> {
    let query = |parameters: &mut Parameters| Ok(ThirdPartiesQuery { party: parameters.value("party")? });
    app.answer(&uri, query, projection::third_parties).await.map(Json)
}

pub(crate) async fn offices(State(app): State<App>, uri: Uri) -> Answer<Offices> {
    let query = |parameters: &mut Parameters| Ok(OfficesQuery { party: parameters.value("party")? });
    app.answer(&uri, query, projection::offices).await.map(Json)
}

pub(crate) async fn identity(State(app): State<App>, uri: Uri) -> Answer<Identity> {
    let query = |parameters: &mut Parameters| {
        Ok(IdentityQuery {
            policy: parameters.value("policy")?.unwrap_or_default(),
            exchange: parameters.value("exchange")?,
            after: parameters.value("after")?,
            limit: Some(parameters.limit()?),
        })
    };
    app.answer(&uri, query, projection::identity).await.map(Json)
}

pub(crate) async fn candidates(State(app): State<App>, uri: Uri) -> Answer<Candidates> {
    let query = |parameters: &mut Parameters| Ok(CandidatesQuery { after: parameters.value("after")?, limit: parameters.limit()? });
    app.answer(&uri, query, projection::candidates).await.map(Json)
}
