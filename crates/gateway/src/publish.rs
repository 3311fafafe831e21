//! `POST /v1/announcements`: events come in, receipts go out.

mod answer;
mod batch;
mod format;

use announcement::{Digest, MAX_EVENT, Problem};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::Response,
};
use bytes::Bytes;

use crate::{
    App, MAX_BATCH_BYTES, body,
    intake::{Accepted, Fate},
    parameters::Parameters,
    problem::Failure,
};
use answer::{Entry, Name, answer};
use format::Format;

/// Takes one event or a batch. A batch isn't atomic: each event is decided on its own, in the batch's order.
///
/// # Cancel safety
/// Where the client goes away, what was queued is decided all the same; sending it again gives `duplicate`.
pub(crate) async fn publish(State(app): State<App>, uri: Uri, headers: HeaderMap, body: Body) -> Result<Response, Failure> {
    Parameters::parse(uri.query())?.finish()?;
    let entries = match Format::of(&headers)? {
        Format::Structured => decide(&app, vec![body::read(&headers, body, MAX_EVENT, app.limits).await?]).await,
        Format::Binary => {
            let data = body::read(&headers, body, MAX_EVENT, app.limits).await?;
            match structured(&headers, &data) {
                Ok(event) => decide(&app, vec![event]).await,
                Err(problem) => vec![Entry::refused(Digest::of(&data), problem)],
            }
        }
        Format::Batch => {
            let _place = app.batch_place()?;
            let batch = body::read(&headers, body, MAX_BATCH_BYTES, app.limits).await?;
            decide(&app, batch::events(&batch)?).await
        }
    };
    Ok(answer(&entries))
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

/// Checks each event at the boundary and hands what passes to the intake: an entry for each, in their order.
async fn decide(app: &App, events: Vec<Bytes>) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(events.len());
    let mut accepted = Vec::new();
    let mut places = Vec::new();
    for event in events {
        let digest = Digest::of(&event);
        match announcement::parse(&event) {
            Ok(announcement) => {
                places.push(entries.len());
                entries.push(Entry::NotQueued(Name::new(&announcement, digest)));
                accepted.push(Accepted { event, announcement });
            }
            Err(problem) => entries.push(Entry::refused(digest, problem)),
        }
    }
    let fates = if accepted.is_empty() { Vec::new() } else { app.intake.submit(accepted, app.limits.receipt).await };
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
