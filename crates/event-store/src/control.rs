//! The control socket: what an operator asks of a running server, one line of JSON each way.

use std::{
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use async_nats::{Client, jetstream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{Epoch, Ledger, Part, nats::STREAM, writer::Request};

/// The longest request.
const MAX_REQUEST: u64 = 64 << 10;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many refusals one answer lists.
const MAX_REFUSALS: usize = 1_000;

/// What an operator asks of a running server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Where the ledger stands, and whether it takes records in.
    Status,
    /// The refusals from a number on.
    Refusals {
        /// The first number.
        #[serde(default)]
        from: u64,
    },
    /// Go on with the stream as it is.
    AdoptStream,
}

/// Why a command had no answer. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No server listens there.
    #[error("no server runs on this data folder: {} ({source})", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The server said no.
    #[error("{0}")]
    Refused(String),
    /// The connection broke.
    #[error("the server's answer could not be read: {0}")]
    Broken(String),
}

/// Listens on a socket that only the owner may use, until `stop`.
///
/// # Errors
/// The socket can't be made.
pub async fn serve(path: &Path, ledger: Ledger, client: Option<Client>, stop: CancellationToken) -> io::Result<()> {
    // The ledger's lock is held, so a socket that's there was left by a process that is gone.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => {
                if let Ok((connection, _)) = accepted {
                    let answered = timeout(PATIENCE, answer(connection, &ledger, client.as_ref())).await;
                    if !matches!(answered, Ok(Ok(()))) {
                        tracing::debug!("an operator's connection ended early");
                    }
                }
            }
        }
    }
    std::fs::remove_file(path)
}

/// Asks a running server.
///
/// # Errors
/// See [`ControlError`].
pub async fn call(path: &Path, command: &Command) -> Result<Value, ControlError> {
    let broken = |error: &dyn std::fmt::Display| ControlError::Broken(error.to_string());
    let mut connection = UnixStream::connect(path).await.map_err(|source| ControlError::NotRunning { path: path.to_owned(), source })?;
    let mut line = serde_json::to_vec(command).expect("a command is plain data");
    line.push(b'\n');
    connection.write_all(&line).await.map_err(|error| broken(&error))?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.map_err(|error| broken(&error))?;
    let answer: Value = serde_json::from_str(&answer).map_err(|error| broken(&error))?;
    match answer.get("error").and_then(Value::as_str) {
        Some(reason) => Err(ControlError::Refused(reason.to_owned())),
        None => Ok(answer),
    }
}

async fn answer(connection: UnixStream, ledger: &Ledger, client: Option<&Client>) -> io::Result<()> {
    let (read, mut write) = connection.into_split();
    let mut line = String::new();
    BufReader::new(read).take(MAX_REQUEST).read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Err(error) => Err(format!("not a command: {error}")),
        Ok(Command::Status) => Ok(status(ledger)),
        Ok(Command::Refusals { from }) => {
            let refusals = ledger.reader().refusals(from, MAX_REFUSALS).map_err(|error| error.to_string());
            refusals.map(|refusals| json!({"refusals": refusals}))
        }
        Ok(Command::AdoptStream) => match client {
            Some(client) => adopt(ledger, client).await,
            None => Err("this server runs without NATS".to_owned()),
        },
    };
    let answer = answer.unwrap_or_else(|error| json!({"error": error}));
    write.write_all(answer.to_string().as_bytes()).await?;
    write.shutdown().await
}

fn status(ledger: &Ledger) -> Value {
    let health = ledger.health().borrow().clone();
    json!({"head": ledger.head(), "health": health, "disk_bytes": ledger.disk_bytes()})
}

/// Begins an epoch: says on the stream that this ledger goes on with it, and goes on.
async fn adopt(ledger: &Ledger, client: &Client) -> Result<Value, String> {
    if !matches!(ledger.health().borrow().intake, Part::Stopped { .. }) {
        return Err("the intake runs; there is nothing to adopt".to_owned());
    }
    let context = jetstream::new(client.clone());
    let stream = context.get_stream(STREAM).await.map_err(|error| error.to_string())?;
    let head = ledger.head();
    let first = stream.cached_info().state.first_sequence.max(1);
    let epoch = Epoch { epoch: head.epoch + 1, size: head.size, root: head.root, from_sequence: first };
    let body = serde_json::to_vec(&epoch).expect("an epoch is plain data");
    let acknowledged = context.publish("handover.operate.epoch", body.into()).await.map_err(|error| error.to_string())?;
    acknowledged.await.map_err(|error| error.to_string())?;
    let (done, adopted) = tokio::sync::oneshot::channel();
    let adopt = Request::Adopt { epoch: epoch.epoch, from_sequence: first, done };
    ledger.request(adopt).await.map_err(|error| error.to_string())?;
    adopted.await.map_err(|_| "the writer stopped".to_owned())?;
    ledger.request(Request::Restart).await.map_err(|error| error.to_string())?;
    Ok(json!(epoch))
}
