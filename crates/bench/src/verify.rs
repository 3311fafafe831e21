use std::{
    env,
    hint::black_box,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use announcement::Digest;
use bytes::Bytes;
use event_store::Ledger;
use futures::{StreamExt, TryStreamExt, stream};
use generator::Generator;
use jiff::Timestamp;

use crate::{
    BenchError, Figure, Options,
    events::{PUBLISHER, SEED},
    fill::sealed,
    folder::Temporary,
    measure::median_ratio,
    run::runtime,
};

/// As many as two volumes and a half: each is verified apart from the others.
const MAX_EVENTS: u64 = 655_360;
/// How many wait for their receipts together.
const WINDOW: usize = 4_096;
/// As many bytes as a record has, to hash as the reference does.
const PIECE: usize = 755;

/// `handover verify` of a ledger that was decided on, as it's run for good: a copy, and a process for each volume of it.
pub(crate) fn run(options: &Options, progress: fn(&str)) -> Result<Vec<Figure>, BenchError> {
    let records = options.records.min(MAX_EVENTS);
    let folder = Temporary::new(options.data.as_deref())?;
    progress(&format!("a ledger of {records} announcements is made"));
    let bytes = runtime()?.block_on(fill(&folder.path().join("ledger"), records))?;
    progress("verify");
    let start = Instant::now();
    let ended = Command::new(env::current_exe()?).arg("verify").arg("--data").arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let seconds = start.elapsed().as_secs_f64();
    if !ended.success() {
        return Err(BenchError::Failed(format!("the ledger that was made doesn't verify: {ended}")));
    }
    let hashed = hashed(bytes);
    let ratio = median_ratio(&[hashed], &[seconds]);
    Ok(vec![
        Figure::new("verify", "a copy, and every record, node and entry", records).rate(seconds, bytes).ratio("SHA-256 of the raw bytes", ratio),
        Figure::new("verify", "SHA-256 of the raw bytes in memory", records).rate(hashed, bytes),
    ])
}

/// Gives how many bytes the events have.
async fn fill(dir: &Path, records: u64) -> Result<u64, BenchError> {
    let ledger = Ledger::open(event_store::Options::new(dir.to_owned(), Timestamp::now)).map_err(BenchError::failed)?;
    let subject = format!("handover.announce.{PUBLISHER}");
    let mut bytes = 0;
    let events = Generator::new(SEED).take(usize::try_from(records).map_err(BenchError::failed)?).map(|generated| Bytes::from(generated.event));
    let taken = stream::iter(events.inspect(|event| bytes += event.len() as u64)).map(|event| ledger.submit(subject.clone(), Vec::new(), event));
    taken.buffer_unordered(WINDOW).try_for_each(|_| async { Ok(()) }).await.map_err(BenchError::failed)?;
    sealed(dir).await?;
    ledger.close().await;
    Ok(bytes)
}

/// The seconds that hashing as many bytes takes on one core, which is by far the most of what verifying must do.
fn hashed(bytes: u64) -> f64 {
    let piece = vec![7; PIECE];
    let start = Instant::now();
    for _ in 0..bytes.div_ceil(PIECE as u64) {
        black_box(Digest::of(black_box(&piece)));
    }
    start.elapsed().as_secs_f64()
}
