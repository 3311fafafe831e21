//! `GET /v1/stream` and `GET /v1/changes/stream`: records, and what they changed, as they come (server-sent events).
//!
//! An event's `id` is the record's position: who comes again with it as `Last-Event-ID` goes on after it, whichever server answers. Each event is read and written once; a batch is
//! shared by all who hear it, and only who is behind reads from the ledger.

mod batch;
mod feed;
mod hub;
mod reader;

use std::sync::Arc;

use announcement::Position;
use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    App,
    access::{Asker, Caller},
    filter::Filter,
    parameters::Parameters,
    problem::Failure,
    serve::Client,
};
use feed::Feed;
use hub::Hub;
use reader::{Reader, Stage};

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// Of a stream no further request comes on its connection.
const CLOSE: HeaderValue = HeaderValue::from_static("close");
const LAST_EVENT_ID: &str = "last-event-id";
/// A proxy that gathers an answer would hold events back.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Who follows, and what is handed to them.
#[derive(Debug)]
pub(crate) struct Streams {
    hubs: [Hub; Feed::ALL.len()],
    places: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Streams {
    /// At most so many at once, until `stop`.
    pub(crate) fn new(most: usize, stop: CancellationToken) -> Self {
        Self { hubs: Feed::ALL.map(Hub::new), places: Arc::new(Semaphore::new(most)), stop }
    }

    /// How many follow each: records, and changes under any policy.
    pub(crate) fn readers(&self) -> [(&'static str, usize); 2] {
        let count = |is_records: bool| self.hubs.iter().filter(|hub| (hub.feed == Feed::Records) == is_records).map(Hub::readers).sum();
        [("records", count(true)), ("changes", count(false))]
    }

    /// Hands on what comes until the stop.
    pub(crate) fn run(app: &App, tasks: &mut JoinSet<()>) {
        for hub in 0..Feed::ALL.len() {
            let app = app.clone();
            tasks.spawn(async move { app.streams.hubs[hub].run(&app, &app.streams.stop).await });
        }
    }
}

pub(crate) async fn records(
    State(app): State<App>,
    Extension(asker): Extension<Asker>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let filter = Filter::of_records(&mut parameters)?;
    follow(&app, Feed::Records, filter, parameters, &headers, (asker.caller, client))
}

pub(crate) async fn changes(
    State(app): State<App>,
    Extension(asker): Extension<Asker>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Failure> {
    let mut parameters = Parameters::parse(uri.query())?;
    let filter = Filter::of_changes(&mut parameters)?;
    let policy = parameters.value("policy")?.unwrap_or_default();
    app.reach(None).await?;
    follow(&app, Feed::Changes(policy), filter, parameters, &headers, (asker.caller, client))
}

fn follow(
    app: &App,
    feed: Feed,
    filter: Filter,
    mut parameters: Parameters,
    headers: &HeaderMap,
    (caller, client): (Caller, Option<Extension<Client>>),
) -> Result<Response, Failure> {
    let from = parameters.position("from")?;
    parameters.finish()?;
    let last = last_event_id(headers)?;
    let place = Arc::clone(&app.streams.places).try_acquire_owned().map_err(|_| too_many())?;
    if let Some(Extension(client)) = client {
        client.leave();
    }
    let hub = app.streams.hubs.iter().find(|hub| hub.feed == feed).expect("each feed has its hub").subscribe();
    let next = last.map(Position::successor).or(from).unwrap_or_else(|| feed.head(app));
    let (stop, now) = (app.streams.stop.clone(), Instant::now());
    let reader = Reader { app: app.clone(), feed, filter, next, hub, stop, stage: Stage::Begins, said: now, caller, admitted: now, _place: place };
    let told = stream::unfold(reader, async |mut reader| reader.advance().await.map(|told| (stream::iter(told), reader)));
    let body = Body::from_stream(told.flatten().map(Ok::<_, std::convert::Infallible>));
    let headers = [(header::CONTENT_TYPE, EVENT_STREAM), (header::CONNECTION, CLOSE), (BUFFERING, HeaderValue::from_static("no"))];
    Ok((headers, body).into_response())
}

/// The last event that the reader was given.
fn last_event_id(headers: &HeaderMap) -> Result<Option<Position>, Failure> {
    let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) else { return Ok(None) };
    let position = id.to_str().ok().and_then(|id| id.parse().ok()).filter(|position| *position < u64::MAX).map(Position::new);
    position.map(Some).ok_or_else(|| {
        Failure::new(
            StatusCode::BAD_REQUEST,
            "last-event-id",
            "The header Last-Event-ID is wrong",
            "expected the id of an event of this stream: a position",
            "Leave the header out, and give from, the first position that you want.",
        )
    })
}

fn too_many() -> Failure {
    Failure::unavailable("as many streams are open as may be at once", "Come again after a while, or ask /v1/records and /v1/changes, which have all of it.")
}
