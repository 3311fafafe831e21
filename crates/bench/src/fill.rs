use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use event_store::Ledger;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    BenchError, Figure, Options,
    child::{Order, in_child},
    events::{Events, SEED, bytes_of},
    folder::{Temporary, disk},
    measure::percentiles,
};

/// The events of one commit of the ledger that's read.
const BATCH: usize = 1_024;
/// How many events are made before they're appended.
const CHUNK: u64 = 16_384;
/// How long sealing what is full may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A ledger to read from: made for this run, or found in the folder that was given.
pub(crate) struct Filled {
    pub(crate) dir: PathBuf,
    pub(crate) raw: Raw,
    /// What making it took; none where it was found.
    pub(crate) figures: Vec<Figure>,
    _folder: Option<Temporary>,
}

/// What was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Raw {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) seed: u64,
}

const NOTE: &str = "filled.json";

impl Filled {
    pub(crate) fn get(options: &Options, progress: fn(&str)) -> Result<Self, BenchError> {
        let folder = if options.data.is_none() { Some(Temporary::new(None)?) } else { None };
        let parent = folder.as_ref().map(|folder| folder.path().to_owned()).or_else(|| options.data.clone()).unwrap_or_default();
        let dir = parent.join(format!("ledger-of-{}", options.records));
        let note = parent.join(format!("{}.{NOTE}", options.records));
        let found = fs::read(&note).ok().and_then(|note| serde_json::from_slice::<Raw>(&note).ok()).filter(|raw| raw.seed == SEED);
        if let Some(raw) = found {
            return Ok(Self { dir, raw, figures: Vec::new(), _folder: folder });
        }
        progress(&format!("a ledger of {} records is made", options.records));
        let _ = fs::remove_dir_all(&dir);
        let figures = in_child(&Order::Fill { dir: dir.clone(), records: options.records })?;
        let bytes = figures.iter().find_map(|figure| figure.mb_per_s.zip(figure.seconds)).map_or(0, |(rate, seconds)| (rate * seconds * 1e6).round() as u64);
        let raw = Raw { records: options.records, bytes, seed: SEED };
        fs::write(note, serde_json::to_vec(&raw).map_err(BenchError::failed)?)?;
        Ok(Self { dir, raw, figures, _folder: folder })
    }
}

/// In a process of its own: appends that many events, waits until all that is full is sealed, closes.
pub(crate) async fn fill(dir: &Path, records: u64) -> Result<Vec<Figure>, BenchError> {
    let ledger = Ledger::open(event_store::Options::new(dir.to_owned(), Timestamp::now)).map_err(BenchError::failed)?;
    let mut events = Events::of(SEED);
    let (mut bytes, mut writing, mut latencies, mut left) = (0, Duration::ZERO, Vec::new(), records);
    while left > 0 {
        let batches = events.batches(left.min(CHUNK), BATCH);
        left -= left.min(CHUNK);
        bytes += bytes_of(&batches);
        let start = Instant::now();
        let appended = stream::iter(batches).map(|batch| async {
            let begun = Instant::now();
            ledger.append(batch).await.map(|()| begun.elapsed())
        });
        latencies.extend(appended.buffered(2).try_collect::<Vec<_>>().await.map_err(BenchError::failed)?);
        writing += start.elapsed();
    }
    let written = Figure::new("append", format!("{BATCH} a batch, the whole ledger"), records).rate(writing.as_secs_f64(), bytes);
    let written = written.latency(percentiles(&mut latencies)).memory();
    sealed(dir).await?;
    ledger.close().await;
    let taken = disk(dir);
    let mut kept = Figure::new("disk", "all that is full is sealed", records).ratio("raw bytes", Some(taken.volumes as f64 / bytes as f64));
    kept.disk_bytes_per_event = Some(taken.volumes as f64 / records as f64);
    kept.journal_bytes = Some(taken.journals);
    Ok(vec![written, kept])
}

/// Waits until each full volume is sealed.
pub(crate) async fn sealed(dir: &Path) -> Result<(), BenchError> {
    let start = Instant::now();
    while disk(dir).journal_count > 1 {
        if start.elapsed() > PATIENCE {
            return Err(BenchError::Failed("a full volume wasn't sealed in time".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
