//! One connection, from its first byte to its last.

use std::pin::Pin;

use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    time,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{client::Client, stall::Stall};
use crate::{Limits, MAX_HEAD_BYTES};

/// The bytes that are thrown away after a refusal; who sends more doesn't read our answer anyway.
const MAX_LINGER_BYTES: usize = 16 * 1024 * 1024;

pub(super) async fn run<S>(socket: S, client: Client, router: Router, limits: Limits, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(client.clone());
        request
    });
    let service = TowerToHyperService::new(service);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(Stall::new(socket, limits.stall)), service);
    let by_itself = tokio::select! {
        ended = &mut connection => Some(ended),
        () = stop.cancelled() => None,
    };
    let ended = match by_itself {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    match ended {
        Ok(()) => linger(connection.into_parts().io.into_inner().into_inner(), limits).await,
        Err(error) => tracing::debug!(%error, "a connection ended early"),
    }
}

/// Takes what the client still sends, for a while: closing a socket with unread bytes resets it, and the client might lose the answer that says why it was refused.
async fn linger(mut socket: impl AsyncRead + Unpin, limits: Limits) {
    let mut scratch = [0; 8 * 1024];
    let mut left = MAX_LINGER_BYTES;
    let reading = async {
        while left > 0 {
            match socket.read(&mut scratch).await {
                Ok(0) | Err(_) => break,
                Ok(read) => left = left.saturating_sub(read),
            }
        }
    };
    let _ = time::timeout(limits.linger, reading).await;
}
