//! Listening: accepts connections within a bound, ends slow ones, and drains all of them when it stops.

mod client;
mod connection;
mod stall;
mod tls;

use std::{convert::Infallible, future, io, sync::Arc, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use crate::{App, Limits, router, stream::Streams};

pub(crate) use client::Client;
pub use tls::{Tls, TlsError};

/// How long accepting rests after it failed for want of resources: ending connections give file descriptors back.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Why serving ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener itself is broken. All connections were drained.
    #[error("the listening socket failed: {0}")]
    Listener(#[source] io::Error),
}

/// Where connections come in.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    tls: Option<Tls>,
}

impl Door {
    /// Speaks TLS only.
    #[must_use]
    pub fn with_tls(listener: TcpListener, tls: Tls) -> Self {
        Self { listener, tls: Some(tls) }
    }
}

impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None }
    }
}

/// Answers HTTP at `door` until `shutdown` is done; then takes no new connection, lets every request under way finish, and ends what is left after
/// [`Limits::drain`].
///
/// # Errors
/// [`ServeError::Listener`].
///
/// # Cancel safety
/// Dropped half-way, every connection ends at once; an announcement that was queued stays queued.
pub async fn serve(door: impl Into<Door>, app: App, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
    let door = door.into();
    let limits = app.limits;
    let stop = CancellationToken::new();
    let app = app.until(&stop);
    let mut connections = JoinSet::new();
    Streams::run(&app, &mut connections);
    let accepting = accept(&door, router::router(app), limits, &stop, &mut connections);
    let ended = tokio::select! {
        ended = accepting => ended,
        never = follow(door.tls.as_ref()) => match never {},
        () = shutdown => Ok(()),
    };
    drop(door);
    stop.cancel();
    drain(connections, limits.drain).await;
    ended
}

async fn follow(tls: Option<&Tls>) -> Infallible {
    match tls {
        Some(tls) => tls.follow().await,
        None => future::pending().await,
    }
}

async fn accept(door: &Door, router: Router, limits: Limits, stop: &CancellationToken, connections: &mut JoinSet<()>) -> Result<(), ServeError> {
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        let (socket, peer) = loop {
            match door.listener.accept().await {
                Ok(accepted) => break accepted,
                Err(error) if passes(&error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    time::sleep(ACCEPT_REST).await;
                }
                Err(error) => return Err(ServeError::Listener(error)),
            }
        };
        while connections.try_join_next().is_some() {}
        let client = Client::new(peer.ip(), place);
        let (tls, router, stop) = (door.tls.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            // An answer is written at once; waiting for more of it to send would only delay it.
            if let Err(error) = socket.set_nodelay(true) {
                tracing::debug!(%error, "nodelay could not be set");
            }
            match tls {
                None => connection::run(socket, client, router, limits, stop).await,
                Some(tls) => tokio::select! {
                    greeted = tls.accept(socket, limits.head) => match greeted {
                        Ok(socket) => connection::run(socket, client, router, limits, stop).await,
                        Err(error) => tracing::debug!(%error, "a client was not greeted over TLS"),
                    },
                    () = stop.cancelled() => {}
                },
            }
        });
    }
}

/// Whether accepting goes on after this error: the client went away, or resources are short for a while (EMFILE and ENFILE have no kind of their own).
fn passes(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    use io::ErrorKind as Kind;
    matches!(error.raw_os_error(), Some(EMFILE | ENFILE))
        || matches!(error.kind(), Kind::ConnectionAborted | Kind::ConnectionReset | Kind::ConnectionRefused | Kind::Interrupted | Kind::OutOfMemory)
}

async fn drain(mut connections: JoinSet<()>, within: Duration) {
    let all = async { while connections.join_next().await.is_some() {} };
    if time::timeout(within, all).await.is_err() {
        tracing::warn!(left = connections.len(), "connections were ended before their requests");
        connections.shutdown().await;
    }
}
