//! `GET /v1/integrity`: what anyone may know of how whole the ledger is, and how far the read models have come.

use announcement::{Digest, Position};
use axum::{Json, extract::State, http::Uri};
use event_store::{Checkpoints, HandedOut, Head, Reader, Refusal, Verification, VerifiedBackup};
use jiff::Timestamp;
use projection::{AsKnown, AsOf, Folded, Source, State as Folding};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{App, parameters::Parameters, problem::Failure};

/// What is answered. On a node without a ledger of its own `null` is what it can't know; beside a ledger it's what there isn't.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Integrity {
    as_of: AsOf,
    /// Whether this node has the ledger, or asks one over NATS.
    node: Node,
    /// The ledger's name, which its checkpoints begin with.
    ledger: Option<String>,
    size: Option<u64>,
    root: Option<Digest>,
    epoch: Option<u64>,
    checkpoint: Option<LastCheckpoint>,
    verification: Option<LastVerification>,
    verified_backup: Option<LastBackup>,
    refusals: Refusals,
    read_models: Option<ReadModels>,
    merges_without_effect: Option<Vec<Position>>,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Node {
    Ledger,
    Reader,
}

/// The checkpoint that was handed out last.
#[derive(Debug, Serialize, JsonSchema)]
struct LastCheckpoint {
    origin: String,
    size: u64,
    root: Digest,
    #[schemars(with = "Option<announcement::Instant>")]
    handed_out: Option<Timestamp>,
}

/// The last time that the whole ledger was read and held against its tree.
#[derive(Debug, Serialize, JsonSchema)]
struct LastVerification {
    size: u64,
    root: Digest,
    /// How many parts weren't as they were recorded; 0 where the ledger was whole.
    damage: u64,
    #[schemars(with = "announcement::Instant")]
    verified: Timestamp,
}

/// The backup that was verified last; where it is kept is the operator's to know.
#[derive(Debug, Serialize, JsonSchema)]
struct LastBackup {
    size: u64,
    root: Digest,
    epoch: u64,
    #[schemars(with = "announcement::Instant")]
    verified: Timestamp,
}

/// How many refusals are kept. What was refused, and what its problem repeats of it, isn't public.
#[derive(Debug, Serialize, JsonSchema)]
struct Refusals {
    kept: Option<u64>,
    last: Option<LastRefusal>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LastRefusal {
    #[schemars(with = "announcement::Instant")]
    time: Timestamp,
    #[serde(rename = "type")]
    kind: String,
}

/// How far the read models have come.
#[derive(Debug, Serialize, JsonSchema)]
struct ReadModels {
    /// The last record that was folded.
    position: Option<Position>,
    /// How many records they lack.
    lag: Option<u64>,
    #[serde(flatten)]
    state: Folding,
}

/// What a ledger in this process keeps beside its records.
#[derive(Debug, Default)]
struct Kept {
    name: Option<String>,
    checkpoint: Option<LastCheckpoint>,
    verification: Option<LastVerification>,
    verified_backup: Option<LastBackup>,
    refusal: Option<LastRefusal>,
}

impl Kept {
    fn read(reader: &Reader, checkpoints: Option<&Checkpoints>) -> Result<Self, Failure> {
        Ok(Self {
            name: checkpoints.map(|checkpoints| checkpoints.key().name().to_string()),
            checkpoint: checkpoints.and_then(Checkpoints::last).map(LastCheckpoint::from),
            verification: reader.verification().map_err(Failure::internal)?.map(LastVerification::from),
            verified_backup: reader.verified_backup().map_err(Failure::internal)?.map(LastBackup::from),
            refusal: reader.last_refusal().map_err(Failure::internal)?.map(LastRefusal::from),
        })
    }
}

pub(crate) async fn integrity(State(app): State<App>, uri: Uri) -> Result<Json<Integrity>, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let at_least = parameters.at_least()?;
    parameters.finish()?;
    app.reach_record(at_least).await?;
    let folded = match app.projection {
        Some(_) => Some(folded(&app, at_least).await?),
        None => None,
    };
    let (node, head, kept) = match &app.records {
        Source::Ledger(reader) => {
            let (asked, checkpoints) = (reader.clone(), app.checkpoints.clone());
            let kept = app.scan(move || Kept::read(&asked, checkpoints.as_ref())).await??;
            (Node::Ledger, Some(reader.head()), kept)
        }
        Source::Nats(client) => (Node::Reader, event_store::nats::head(client).await, Kept::default()),
    };
    Ok(Json(Integrity::of(node, head.as_ref(), kept, folded)))
}

async fn folded(app: &App, at_least: Option<Position>) -> Result<(Folded, Folding), Failure> {
    let projection = app.reach(at_least).await?;
    app.scan(move || (projection.ask(AsKnown::default(), projection::folded), projection.progress().state)).await
}

impl Integrity {
    fn of(node: Node, head: Option<&Head>, kept: Kept, folded: Option<(Folded, Folding)>) -> Self {
        let size = head.map(|head| head.size);
        let folded_until = folded.as_ref().map(|(folded, _)| folded.as_of);
        let stands = head.map(|head| AsOf { position: head.size.checked_sub(1).map(Position::new), recorded: head.recorded, announced_until: None });
        let (merges_without_effect, read_models) = folded.map(|(folded, state)| (folded.merges_without_effect, read_models(folded.as_of, size, state))).unzip();
        Self {
            as_of: stands.or(folded_until).unwrap_or(AsOf { position: None, recorded: None, announced_until: None }),
            node,
            ledger: kept.name,
            size,
            root: head.map(|head| head.root),
            epoch: head.map(|head| head.epoch),
            checkpoint: kept.checkpoint,
            verification: kept.verification,
            verified_backup: kept.verified_backup,
            refusals: Refusals { kept: head.map(|head| head.refused), last: kept.refusal },
            read_models,
            merges_without_effect,
        }
    }
}

fn read_models(folded_until: AsOf, size: Option<u64>, state: Folding) -> ReadModels {
    let folded = folded_until.position.map_or(0, |last| last.get() + 1);
    ReadModels { position: folded_until.position, lag: size.map(|size| size.saturating_sub(folded)), state }
}

impl From<HandedOut> for LastCheckpoint {
    fn from(HandedOut { checkpoint, kept }: HandedOut) -> Self {
        Self { origin: checkpoint.origin().to_string(), size: checkpoint.size(), root: checkpoint.root(), handed_out: kept }
    }
}

impl From<Verification> for LastVerification {
    fn from(Verification { size, root, damage, verified }: Verification) -> Self {
        Self { size, root, damage, verified }
    }
}

impl From<VerifiedBackup> for LastBackup {
    fn from(VerifiedBackup { size, root, epoch, verified, .. }: VerifiedBackup) -> Self {
        Self { size, root, epoch, verified }
    }
}

impl From<Refusal> for LastRefusal {
    fn from(refusal: Refusal) -> Self {
        Self { time: refusal.time, kind: refusal.problem.kind }
    }
}
