//! `POST /v1/announcements`: events come in, receipts go out.

mod answer;
mod batch;
mod format;

use announcement::{Digest, Duty, MAX_EVENT, Problem, Publisher, TraceContext};
use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::Response,
};
use bytes::Bytes;

use crate::{
    App, MAX_BATCH_BYTES,
    access::Asker,
    body,
    guard::trace_of,
    intake::{Accepted, Fate},
    parameters::Parameters,
    problem::Failure,
};
pub(crate) use answer::Receipts;
use answer::{Entry, Name, answer};
use format::Format;

/// Takes one event or a batch. A batch isn't atomic: each event is decided on its own, in the batch's order.
///
/// # Cancel safety
/// Where the client goes away, what was queued is decided all the same; sending it again gives `duplicate`.
pub(crate) async fn publish(
    State(app): State<App>,
    Extension(Asker { caller, peer }): Extension<Asker>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    // Before its body is read: who may not publish at all keeps nobody busy.
    app.access.may_publish(&caller, []).map_err(|denied| denied.refuse("publish", peer))?;
    Parameters::parse(uri.query())?.finish()?;
    let format = Format::of(&headers)?;
    let most = if format == Format::Batch { MAX_BATCH_BYTES } else { MAX_EVENT };
    let read = body::read(&app, &headers, body, most).await?;
    let checked = match format {
        Format::Structured => check(vec![read.bytes.clone()]),
        Format::Binary => match structured(&headers, &read.bytes) {
            Ok(event) => check(vec![event]),
            Err(problem) => Checked { entries: vec![Entry::refused(Digest::of(&read.bytes), problem)], accepted: Vec::new() },
        },
        Format::Batch => {
            let events = batch::events(&read.bytes)?;
            app.scan(move || check(events)).await?
        }
    };
    app.metrics.refused(checked.entries.iter().filter_map(Entry::problem));
    let duties = checked.accepted.iter().map(|(_, event)| Duty::of(event.announcement.kind()));
    let publisher = app.access.may_publish(&caller, duties).map_err(|denied| denied.refuse("publish", peer))?;
    app.access.count(&caller, checked.accepted.len())?;
    Ok(answer(&decide(&app, &publisher, checked, trace_of(&headers)).await))
}

/// The structured form of a binary-mode event, which is what is queued and what its digest is of.
fn structured(headers: &HeaderMap, data: &Bytes) -> Result<Bytes, Problem> {
    let attributes = headers.iter().filter(|(name, _)| name.as_str().starts_with("ce-"));
    let attributes = attributes.map(|(name, value)| Ok((name.as_str(), value.to_str().map_err(|_| not_text(name.as_str()))?)));
    let mut attributes: Vec<(&str, &str)> = attributes.collect::<Result<_, Problem>>()?;
    // The media type was looked at, with its charset; the attribute is the media type alone.
    attributes.push((header::CONTENT_TYPE.as_str(), "application/json"));
    announcement::from_binary(attributes, data).map(Bytes::from)
}

fn not_text(name: &str) -> Problem {
    let attribute = name.trim_start_matches("ce-");
    Problem::at(announcement::Fault::Envelope, format!("/{attribute}"), "the header isn't printable ASCII; percent-encode what isn't")
}

/// Events that were checked at the boundary.
struct Checked {
    /// An entry for each, in their order; those that passed aren't queued yet.
    entries: Vec<Entry>,
    /// Those that passed, with the places of their entries.
    accepted: Vec<(usize, Accepted)>,
}

fn check(events: Vec<Bytes>) -> Checked {
    let mut entries = Vec::with_capacity(events.len());
    let mut accepted = Vec::new();
    for event in events {
        let digest = Digest::of(&event);
        match announcement::parse(&event) {
            Ok(announcement) => {
                let place = entries.len();
                entries.push(Entry::NotQueued(Name::new(&announcement, digest)));
                accepted.push((place, Accepted { event, announcement }));
            }
            Err(problem) => entries.push(Entry::refused(digest, problem)),
        }
    }
    Checked { entries, accepted }
}

/// Hands what passed to the intake: an entry for each event, in their order.
async fn decide(app: &App, publisher: &Publisher, Checked { mut entries, accepted }: Checked, trace: Option<TraceContext>) -> Vec<Entry> {
    if accepted.is_empty() {
        return entries;
    }
    let (places, accepted): (Vec<usize>, Vec<Accepted>) = accepted.into_iter().unzip();
    let fates = app.intake.submit(publisher, accepted, trace, app.limits.receipt).await;
    for (place, fate) in places.into_iter().zip(fates) {
        let entry = &mut entries[place];
        match (fate, &*entry) {
            (Fate::Decided(receipt), _) => *entry = Entry::Decided(receipt),
            (Fate::Queued, Entry::NotQueued(name)) => *entry = Entry::Queued(name.clone()),
            (Fate::NotQueued(reason), _) => tracing::warn!(reason, "an announcement could not be queued"),
            (Fate::Queued, _) => {}
        }
    }
    entries
}
