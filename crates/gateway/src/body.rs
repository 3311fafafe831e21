use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use crate::{Limits, problem::Failure};

/// Reads a request's body up to `most` bytes and within [`Limits::body`]. What lies beyond is never read.
pub(crate) async fn read(headers: &HeaderMap, body: Body, most: usize, limits: Limits) -> Result<Bytes, Failure> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_large(most));
    }
    tokio::time::timeout(limits.body, collect(body, most)).await.unwrap_or_else(|_| Err(too_slow(limits)))
}

async fn collect(body: Body, most: usize) -> Result<Bytes, Failure> {
    let mut chunks = body.into_data_stream();
    let mut read = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(broken)?;
        if read.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.freeze())
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
