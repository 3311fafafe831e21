//! The control socket: what an operator asks of a running server, one line of JSON each way.

mod socket;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use async_nats::{Client, jetstream};
use futures::{StreamExt, stream::FuturesUnordered};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Ledger,
    nats::{STREAM, adopt},
};

/// The longest request, in bytes.
const MAX_REQUEST: u64 = 64 << 10;
/// The longest answer: a thousand refusals with the longest problems.
const MAX_ANSWER: u64 = 16 << 20;
/// How long a client may take to say what it wants, and to read the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an answer may take: an adoption asks the stream several times.
const ANSWER: Duration = Duration::from_secs(30);
/// How long the stream may take to say its end, before the status does without.
const STREAM_PATIENCE: Duration = Duration::from_secs(2);
/// How many operators are answered at once; further ones wait.
const MAX_CONNECTIONS: usize = 8;
/// After a connection that couldn't be accepted.
const PAUSE: Duration = Duration::from_millis(100);
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

/// Why a command had no answer.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No server listens there. Nothing was changed.
    #[error("no server runs on this data folder: {} ({source})", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The server said no. Nothing was changed, unless it says so.
    #[error("{0}")]
    Refused(String),
    /// The connection broke. What was asked may have been done.
    #[error("the server's answer could not be read: {0}")]
    Broken(String),
}

/// Listens on a socket that only the owner may use, until `stop`. Whoever calls holds the ledger's lock, so a socket that's there was left by a process that is gone.
///
/// # Errors
/// The socket can't be made: its folder can't be written, its path is too long, or something else is there.
pub async fn serve(path: &Path, ledger: Ledger, client: Option<Client>, stop: CancellationToken) -> io::Result<()> {
    let listener = socket::listen(path)?;
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(()) = connections.next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((connection, _)) => connections.push(attend(connection, &ledger, client.as_ref())),
                Err(error) => {
                    tracing::warn!(%error, "an operator's connection could not be accepted");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    std::fs::remove_file(path)
}

/// Asks a running server.
///
/// # Errors
/// See [`ControlError`].
///
/// # Cancel safety
/// Dropped half-way, what was asked may have been done.
pub async fn call(path: &Path, command: &Command) -> Result<Value, ControlError> {
    let connection = UnixStream::connect(path).await.map_err(|source| ControlError::NotRunning { path: path.to_owned(), source })?;
    let asked = timeout(ANSWER + PATIENCE, ask(connection, command)).await;
    let answer = asked.map_err(|_| ControlError::Broken("it took too long".to_owned()))?.map_err(|error| ControlError::Broken(error.to_string()))?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|error| ControlError::Broken(error.to_string()))?;
    match answer.get("error").and_then(Value::as_str) {
        Some(reason) => Err(ControlError::Refused(reason.to_owned())),
        None => Ok(answer),
    }
}

async fn ask(mut connection: UnixStream, command: &Command) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(command).expect("a command is plain data");
    line.push(b'\n');
    connection.write_all(&line).await?;
    let mut answer = Vec::new();
    connection.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

async fn attend(mut connection: UnixStream, ledger: &Ledger, client: Option<&Client>) {
    let attended = async {
        let mut line = Vec::new();
        let (read, _) = connection.split();
        let reading = BufReader::new(read.take(MAX_REQUEST)).read_until(b'\n', &mut line).await;
        reading.map(|_| line)
    };
    let Ok(Ok(line)) = timeout(PATIENCE, attended).await else {
        tracing::debug!("an operator's connection ended early");
        return;
    };
    let answered = match read(&line) {
        Ok(command) => timeout(ANSWER, answer(command, ledger, client)).await.unwrap_or_else(|_| Err("it took too long; ask for the status".to_owned())),
        Err(reason) => Err(reason),
    };
    let answer = answered.unwrap_or_else(|error| json!({"error": error}));
    let written = timeout(PATIENCE, async {
        connection.write_all(format!("{answer}\n").as_bytes()).await?;
        connection.shutdown().await
    });
    if !matches!(written.await, Ok(Ok(()))) {
        tracing::debug!("an operator did not read the answer");
    }
}

fn read(line: &[u8]) -> Result<Command, String> {
    if line.len() as u64 == MAX_REQUEST && line.last() != Some(&b'\n') {
        return Err(format!("not a command: longer than {MAX_REQUEST} bytes"));
    }
    serde_json::from_slice(line).map_err(|error| format!("not a command: {error}"))
}

async fn answer(command: Command, ledger: &Ledger, client: Option<&Client>) -> Result<Value, String> {
    match command {
        Command::Status => Ok(status(ledger, client).await),
        Command::Refusals { from } => {
            let refusals = ledger.reader().refusals(from, MAX_REFUSALS).map_err(|error| error.to_string())?;
            Ok(json!({"refusals": refusals}))
        }
        Command::AdoptStream => {
            let client = client.ok_or_else(|| "this server runs without NATS".to_owned())?;
            adopt(ledger, client).await.map(|epoch| json!(epoch)).map_err(|error| error.to_string())
        }
    }
}

async fn status(ledger: &Ledger, client: Option<&Client>) -> Value {
    let end = match client {
        Some(client) => timeout(STREAM_PATIENCE, stream_end(client)).await.ok().flatten(),
        None => None,
    };
    let head = ledger.head();
    let lag = end.map(|end| end.saturating_sub(head.stream_sequence));
    let health = ledger.health().borrow().clone();
    json!({"head": head, "health": health, "stream": {"last_sequence": end, "lag": lag}, "disk_bytes": ledger.disk_bytes()})
}

async fn stream_end(client: &Client) -> Option<u64> {
    let stream = jetstream::new(client.clone()).get_stream(STREAM).await.ok()?;
    Some(stream.cached_info().state.last_sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_is_one() {
        assert_eq!(read(b"{\"command\":\"status\"}\n"), Ok(Command::Status));
        assert_eq!(read(b"{\"command\":\"refusals\",\"from\":7}"), Ok(Command::Refusals { from: 7 }));
        assert_eq!(read(b"{\"command\":\"refusals\"}\n"), Ok(Command::Refusals { from: 0 }));
        assert_eq!(read(b"{\"command\":\"adopt-stream\"}\n"), Ok(Command::AdoptStream));
        for line in [&b""[..], b"\n", b"status\n", b"\xff\xfe\n", b"{\"command\":\"drop\"}\n", b"[[[[\n"] {
            assert!(read(line).unwrap_err().starts_with("not a command"));
        }
        assert!(read(&vec![b' '; MAX_REQUEST as usize]).unwrap_err().contains("longer"));
    }
}
