//! The control socket: what an operator asks of a running server, one line of JSON each way.

mod socket;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use announcement::{Digest, Duty, Outcome, Position, Publisher, Receipt, Route};
use async_nats::{Client, jetstream};
use futures::{StreamExt, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Ledger, LostCheckpoint, RangeAnswer, ReadError, Refusal, Verification, VerifiedBackup,
    nats::{LOG_STREAM, STREAM, adopt, catch_up, new_epoch, renew_log, trim},
};

/// The longest request, in bytes.
const MAX_REQUEST: u64 = 64 << 10;
/// The longest answer: a thousand refusals with the longest problems.
const MAX_ANSWER: u64 = 16 << 20;
/// How long a client may take to say what it wants, and to read the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an answer may take: an adoption asks the stream several times.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a copy of everything may take.
const LONG: Duration = Duration::from_secs(12 * 3_600);
/// How long the stream may take to say its end, before the status does without.
const STREAM_PATIENCE: Duration = Duration::from_secs(2);
/// How many operators are answered at once; further ones wait.
const MAX_CONNECTIONS: usize = 8;
/// How long an event may take from the stream to this node's receipt.
const RECEIPT: Duration = Duration::from_secs(10);
/// Between two looks for it.
const RECEIPT_STEP: Duration = Duration::from_millis(20);
/// How long removing a payload may take before it's answered that it goes on.
const REMOVAL: Duration = Duration::from_secs(15);
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
    /// One refusal with the bytes that are kept of it.
    Refusal {
        /// Its number.
        number: u64,
    },
    /// Publish a refused message once more.
    ResubmitRefused {
        /// Its number.
        number: u64,
    },
    /// Drop the bytes of a refused message.
    DropRefused {
        /// Its number.
        number: u64,
        /// Why.
        reason: String,
    },
    /// A page of records from a position on.
    Records {
        /// The first position.
        from: u64,
        /// How many at most.
        limit: usize,
    },
    /// Copy the ledger into a folder.
    Backup {
        /// The folder, as the server names it.
        to: PathBuf,
    },
    /// Go on with the stream as it is.
    AdoptStream,
    /// Take from the stream what is older.
    Trim {
        /// How many seconds are kept.
        keep_s: u64,
    },
    /// Take another node's records over.
    CatchUp,
    /// Begin an epoch: the ledger doesn't hold what was handed out.
    NewEpoch {
        /// The checkpoint that was handed out, where it's known.
        lost: Option<LostCheckpoint>,
    },
    /// Note that a backup was verified.
    NoteVerified {
        /// The backup.
        verified: VerifiedBackup,
    },
    /// Note that the ledger was verified.
    NoteVerification {
        /// What was found.
        verification: Verification,
    },
    /// Record a redaction, and say whether the payload is gone.
    Redact {
        /// Who redacts: the name on `handover.operate.<operator>`.
        operator: Publisher,
        /// The event.
        event: String,
    },
    /// Make the stream of records anew, so that it's filled again without what was redacted.
    RenewLog,
}

impl Command {
    /// How long an answer may take.
    const fn patience(&self) -> Duration {
        match self {
            Self::Backup { .. } | Self::CatchUp => LONG,
            _ => ANSWER,
        }
    }
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

/// Listens on a socket that only the owner may use, until `stop`; what `answer` says to the line of a request is the answer, or why there is none. For a ledger's commands
/// that's [`answer`].
///
/// # Errors
/// The socket can't be made: its folder can't be written, its path is too long, a process listens there, or something else is there.
pub async fn serve<F>(path: &Path, answer: impl Fn(Vec<u8>) -> F, stop: CancellationToken) -> io::Result<()>
where
    F: Future<Output = Result<String, String>>,
{
    let listener = socket::listen(path)?;
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(()) = connections.next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((connection, _)) => connections.push(attend(connection, &answer)),
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
    let answer = call_for_bytes(path, command).await?;
    serde_json::from_slice(&answer).map_err(|error| ControlError::Broken(error.to_string()))
}

/// Asks a running server for an answer whose bytes matter: a [`RangeAnswer`].
///
/// # Errors
/// See [`ControlError`].
///
/// # Cancel safety
/// As [`call`].
pub async fn call_for_bytes(path: &Path, command: &Command) -> Result<Vec<u8>, ControlError> {
    call_within(path, command, command.patience()).await
}

/// Asks a running server for something else than a ledger's command.
///
/// # Errors
/// See [`ControlError`].
///
/// # Cancel safety
/// As [`call`].
pub async fn call_other(path: &Path, command: &impl Serialize) -> Result<Value, ControlError> {
    let answer = call_within(path, command, ANSWER).await?;
    serde_json::from_slice(&answer).map_err(|error| ControlError::Broken(error.to_string()))
}

async fn call_within(path: &Path, command: &impl Serialize, patience: Duration) -> Result<Vec<u8>, ControlError> {
    let connection = UnixStream::connect(path).await.map_err(|source| ControlError::NotRunning { path: path.to_owned(), source })?;
    let asked = timeout(patience + PATIENCE, ask(connection, command)).await;
    let answer = asked.map_err(|_| ControlError::Broken("it took too long".to_owned()))?.map_err(|error| ControlError::Broken(error.to_string()))?;
    match serde_json::from_slice(&answer) {
        Ok(Failed { error }) => Err(ControlError::Refused(error)),
        Err(_) => Ok(answer),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    error: String,
}

async fn ask(mut connection: UnixStream, command: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(command).expect("a command is plain data");
    line.push(b'\n');
    connection.write_all(&line).await?;
    let mut answer = Vec::new();
    connection.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

async fn attend<F>(mut connection: UnixStream, answer: &impl Fn(Vec<u8>) -> F)
where
    F: Future<Output = Result<String, String>>,
{
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
    let answer = answer(line).await.unwrap_or_else(|error| json!(Failed { error }).to_string());
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

/// Answers a line that is a [`Command`] to a ledger.
///
/// # Errors
/// Why there is no answer.
///
/// # Cancel safety
/// Dropped half-way, what was asked may have been done.
pub async fn answer(line: &[u8], ledger: &Ledger, client: Option<&Client>) -> Result<String, String> {
    let command = read(line)?;
    timeout(command.patience(), carry_out(command, ledger, client)).await.unwrap_or_else(|_| Err("it took too long; ask for the status".to_owned()))
}

async fn carry_out(command: Command, ledger: &Ledger, client: Option<&Client>) -> Result<String, String> {
    let value = match command {
        // In a value the members of an event would lose their order.
        Command::Records { from, limit } => {
            let (reader, from) = (ledger.reader(), Position::new(from));
            let page = blocking(move || RangeAnswer::read(&reader, from, limit).map_err(|error| error.to_string())).await?;
            return serde_json::to_string(&page).map_err(|error| error.to_string());
        }
        Command::Status => Ok(status(ledger, client).await),
        Command::Refusals { from } => {
            let refusals = ledger.reader().refusals(from, MAX_REFUSALS).map_err(|error| error.to_string())?;
            Ok(json!({"refusals": refusals}))
        }
        Command::Refusal { number } => refusal(ledger, number),
        Command::ResubmitRefused { number } => resubmit(ledger, client, number).await,
        Command::DropRefused { number, reason } => {
            let dropped = ledger.drop_refused(number, reason).await.map_err(|error| error.to_string())?;
            dropped.map(|refusal| json!(refusal)).ok_or_else(|| no_refusal(number))
        }
        Command::Backup { to } => {
            let ledger = ledger.clone();
            blocking(move || ledger.backup(&to).map(|done| json!(done)).map_err(|error| error.to_string())).await
        }
        Command::AdoptStream => adopt(ledger, nats(client)?).await.map(|epoch| json!(epoch)).map_err(|error| error.to_string()),
        Command::Redact { operator, event } => redact(ledger, client, operator, event).await,
        Command::RenewLog => renew_log(ledger, nats(client)?).await.map(|renewed| json!(renewed)).map_err(|error| error.to_string()),
        Command::Trim { keep_s } => {
            let trimmed = trim(ledger, nats(client)?, Duration::from_secs(keep_s)).await;
            trimmed.map(|trimmed| json!(trimmed)).map_err(|error| error.to_string())
        }
        Command::CatchUp => catch_up(ledger, nats(client)?).await.map(|caught_up| json!(caught_up)).map_err(|error| error.to_string()),
        Command::NewEpoch { lost } => {
            let epoch = match client {
                Some(client) => new_epoch(ledger, client, lost.as_ref()).await.map_err(|error| error.to_string()),
                None => ledger.new_epoch(lost.as_ref()).await.map_err(|error| error.to_string()),
            };
            epoch.map(|epoch| json!({"epoch": epoch, "head": ledger.head()}))
        }
        Command::NoteVerified { verified } => {
            let ledger = ledger.clone();
            blocking(move || ledger.note_verified(&verified).map(|()| json!(verified)).map_err(|error| error.to_string())).await
        }
        Command::NoteVerification { verification } => {
            let ledger = ledger.clone();
            blocking(move || ledger.note_verification(&verification).map(|()| json!(verification)).map_err(|error| error.to_string())).await
        }
    };
    value.map(|value: Value| value.to_string())
}

fn nats(client: Option<&Client>) -> Result<&Client, String> {
    client.ok_or_else(|| "this server runs without NATS".to_owned())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
}

fn no_refusal(number: u64) -> String {
    format!("there is no refusal {number}")
}

fn kept(ledger: &Ledger, number: u64) -> Result<(Refusal, Vec<u8>), String> {
    let failed = |error: ReadError| error.to_string();
    let refusal = ledger.reader().refusal(number).map_err(failed)?.ok_or_else(|| no_refusal(number))?;
    let bytes = ledger.reader().refused_bytes(number).map_err(failed)?.unwrap_or_default();
    Ok((refusal, bytes))
}

fn refusal(ledger: &Ledger, number: u64) -> Result<Value, String> {
    let (refusal, bytes) = kept(ledger, number)?;
    let body = match String::from_utf8(bytes) {
        Ok(text) => json!({"body": text}),
        Err(error) => json!({"body_hex": hex::encode(error.into_bytes())}),
    };
    Ok(json!({"refusal": refusal, "kept": body}))
}

/// To the stream where there is one: it's decided on like any other message, and an accepted one takes the refusal's place.
async fn resubmit(ledger: &Ledger, client: Option<&Client>, number: u64) -> Result<Value, String> {
    let (refusal, bytes) = kept(ledger, number)?;
    if refusal.kept == 0 {
        return Err(format!("nothing is kept of refusal {number}; its publisher can send it again"));
    }
    let Some(client) = client else {
        let receipt = ledger.submit(refusal.subject, refusal.headers, bytes.into()).await.map_err(|error| error.to_string())?;
        return Ok(json!({"receipt": receipt}));
    };
    let mut headers = async_nats::HeaderMap::new();
    for (name, value) in &refusal.headers {
        headers.insert(name.as_str(), value.as_str());
    }
    let published = jetstream::new(client.clone()).publish_with_headers(refusal.subject, headers, bytes.into()).await.map_err(|error| error.to_string())?;
    let acknowledged = published.await.map_err(|error| error.to_string())?;
    Ok(json!({"published": {"stream_sequence": acknowledged.sequence}}))
}

/// To the stream where there is one, like any other event; then it's waited for on this node.
async fn redact(ledger: &Ledger, client: Option<&Client>, operator: Publisher, event: String) -> Result<Value, String> {
    let (digest, subject) = (Digest::of(event.as_bytes()), Route { duty: Duty::Operate, publisher: operator.clone() }.to_string());
    let receipt = match client {
        None => ledger.submit(subject, Vec::new(), event.into()).await.map_err(|error| error.to_string())?,
        Some(client) => {
            let published = jetstream::new(client.clone()).publish(subject, event.into()).await.map_err(|error| error.to_string())?;
            published.await.map_err(|error| error.to_string())?;
            receipt(ledger, operator, digest).await?
        }
    };
    let removed = matches!(receipt.outcome, Outcome::Refused { .. }) || ledger.redactions_removed(REMOVAL).await;
    Ok(json!({"receipt": receipt, "removed": removed}))
}

async fn receipt(ledger: &Ledger, publisher: Publisher, digest: Digest) -> Result<Receipt, String> {
    let deadline = tokio::time::Instant::now() + RECEIPT;
    while tokio::time::Instant::now() < deadline {
        let (reader, publisher) = (ledger.reader(), publisher.clone());
        if let Some(receipt) = blocking(move || reader.receipt(&publisher, digest, None).map_err(|error| error.to_string())).await? {
            return Ok(receipt);
        }
        sleep(RECEIPT_STEP).await;
    }
    Err("it's on the stream, and this node hasn't come to it yet; ask for the status".to_owned())
}

async fn status(ledger: &Ledger, client: Option<&Client>) -> Value {
    let head = ledger.head();
    let (lag, log_end) = match client {
        Some(client) => tokio::join!(within(lag(client, head.stream_sequence, ledger.clock())), within(log_end(client))),
        None => (None, None),
    };
    let health = ledger.health().borrow().clone();
    let log_lag = log_end.map(|end| head.size.saturating_sub(end));
    json!({
        "head": head,
        "health": health,
        "stream": lag,
        "log": {"last_sequence": log_end, "lag": log_lag},
        "node": ledger.nodes().name(),
        "nodes": ledger.heard(),
        "verified_backup": ledger.verified_backup().ok().flatten(),
        "verification": ledger.verification().ok().flatten(),
        "pending_redactions": ledger.pending_redactions().unwrap_or_default(),
        "disk_bytes": ledger.disk_bytes(),
    })
}

async fn within<T>(answer: impl Future<Output = Option<T>>) -> Option<T> {
    timeout(STREAM_PATIENCE, answer).await.ok().flatten()
}

async fn log_end(client: &Client) -> Option<u64> {
    let stream = jetstream::new(client.clone()).get_stream(LOG_STREAM).await.ok()?;
    Some(stream.cached_info().state.last_sequence)
}

/// How far the ledger is behind the stream: in messages, and how long the oldest one that it hasn't read has waited.
async fn lag(client: &Client, read: u64, clock: fn() -> Timestamp) -> Option<Value> {
    let stream = jetstream::new(client.clone()).get_stream(STREAM).await.ok()?;
    let last = stream.cached_info().state.last_sequence;
    let lag = last.saturating_sub(read);
    let mut waited = SignedDuration::ZERO;
    if lag > 0 {
        let oldest = stream.get_first_raw_message_by_subject(">", read + 1).await.ok()?;
        let published = Timestamp::from_nanosecond(oldest.time.unix_timestamp_nanos()).ok()?;
        waited = clock().duration_since(published).max(SignedDuration::ZERO);
    }
    Some(json!({"last_sequence": last, "lag": lag, "lag_s": waited.as_secs()}))
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
