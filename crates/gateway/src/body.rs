use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::sync::OwnedSemaphorePermit;

use crate::{App, Limits, problem::Failure};

/// A body that was read, and its share of [`MAX_BODIES_BYTES`](crate::MAX_BODIES_BYTES), given back when it's dropped.
pub(crate) struct Read {
    pub(crate) bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

/// Reads a request's body up to `most` bytes and within [`Limits::body`]. What lies beyond is never read.
pub(crate) async fn read(app: &App, headers: &HeaderMap, body: Body, most: usize) -> Result<Read, Failure> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_large(most));
    }
    tokio::time::timeout(app.limits.body, collect(app, body, most)).await.unwrap_or_else(|_| Err(too_slow(app.limits)))
}

/// A share grows with what has come, so that who sends slowly holds little.
async fn collect(app: &App, body: Body, most: usize) -> Result<Read, Failure> {
    let mut chunks = body.into_data_stream();
    let mut read = BytesMut::new();
    let mut share: Option<OwnedSemaphorePermit> = None;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(broken)?;
        if read.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        let more = u32::try_from(chunk.len()).expect("a chunk is below the largest body");
        let more = Arc::clone(app.bodies()).try_acquire_many_owned(more).map_err(|_| too_many())?;
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        read.extend_from_slice(&chunk);
    }
    Ok(Read { bytes: read.freeze(), _share: share })
}

fn too_many() -> Failure {
    Failure::unavailable("as many bodies are being taken as may be at once; nothing of this one was queued", "Send it again, unchanged, after a while.")
}

fn too_large(most: usize) -> Failure {
    Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large",
        format_args!("at most {most} bytes are taken here"),
        "Send fewer events at once as application/cloudevents-batch+json; one event is at most 61,440 bytes in its structured form.",
    )
}

fn too_slow(limits: Limits) -> Failure {
    Failure::new(
        StatusCode::REQUEST_TIMEOUT,
        "too-slow",
        "The body came too slowly",
        format_args!("it wasn't complete after {} s", limits.body.as_secs()),
        "Send it again, in smaller batches where the line is slow; nothing of it was queued.",
    )
}

fn broken(error: axum::Error) -> Failure {
    tracing::debug!(%error, "a request's body broke off");
    Failure::new(
        StatusCode::BAD_REQUEST,
        "broken-body",
        "The body could not be read",
        "it broke off, or its framing is wrong",
        "Send it again whole; nothing of it was queued.",
    )
}
