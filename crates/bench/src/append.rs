use std::{
    path::Path,
    time::{Duration, Instant},
};

use event_store::{Ledger, Ready};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::{
    BenchError, Figure, Options,
    events::{Events, SEED, bytes_of},
    fill::sealed,
    folder::Temporary,
    measure::{median, median_ratio, percentiles},
    plain_file::PlainFile,
    plain_sled::PlainSled,
    run::runtime,
};

/// How often ours and the references take turns, each going on where it was.
const SLICES: u64 = 16;
/// A batch's size has at most so many commits: more would tell nothing more.
const MAX_COMMITS: u64 = 4_096;
/// A batch's size has at most so many events.
const MAX_EVENTS: u64 = 600_000;
/// How many batches are under way together, but for batches of one, which stand for one publisher who waits.
const IN_FLIGHT: usize = 2;

/// One turn.
pub(crate) struct Slice {
    pub(crate) seconds: f64,
    pub(crate) latencies: Vec<Duration>,
}

/// All turns of one of them.
#[derive(Default)]
struct Turns {
    rates: Vec<f64>,
    latencies: Vec<Duration>,
}

impl Turns {
    fn add(&mut self, slice: Slice, events: u64) {
        self.rates.push(events as f64 / slice.seconds);
        self.latencies.extend(slice.latencies);
    }

    fn figure(&mut self, what: String, count: u64, bytes: u64) -> Figure {
        let seconds = count as f64 / median(self.rates.iter().copied()).unwrap_or(f64::INFINITY);
        Figure::new("append", what, count).rate(seconds, bytes).latency(percentiles(&mut self.latencies))
    }
}

pub(crate) fn run(options: &Options, progress: fn(&str)) -> Result<Vec<Figure>, BenchError> {
    let runtime = runtime()?;
    let mut figures = Vec::new();
    for &batch in &options.batches {
        progress(&format!("append, batches of {batch}"));
        figures.extend(runtime.block_on(of_batch(options, batch))?);
    }
    Ok(figures)
}

async fn of_batch(options: &Options, batch: usize) -> Result<Vec<Figure>, BenchError> {
    let most = options.records.min(MAX_COMMITS * batch as u64).min(MAX_EVENTS);
    let slice = most.div_ceil(SLICES).next_multiple_of(batch as u64);
    let folder = Temporary::new(options.data.as_deref())?;
    let mut events = Events::of(SEED);
    let mut file = PlainFile::create(folder.path())?;
    let mut sled = PlainSled::create(folder.path()).map_err(BenchError::failed)?;
    let dir = folder.path().join("ledger");
    let ledger = Ledger::open(event_store::Options::new(dir.clone(), Timestamp::now)).map_err(BenchError::failed)?;
    let (mut ours, mut of_file, mut of_sled) = (Turns::default(), Turns::default(), Turns::default());
    let (mut bytes, mut writing, mut sealing) = (0, 0.0, 0.0);
    for _ in 0..SLICES {
        let batches = events.batches(slice, batch);
        bytes += bytes_of(&batches);
        of_file.add(file.append(&batches)?, slice);
        of_sled.add(sled.append(&batches).map_err(BenchError::failed)?, slice);
        let one = append(&ledger, batches, if batch == 1 { 1 } else { IN_FLIGHT }).await?;
        writing += one.seconds;
        ours.add(one, slice);
        sealing += until_sealed(&dir).await?;
    }
    ledger.close().await;
    let count = slice * SLICES;
    let (over_file, over_sled) = (median_ratio(&ours.rates, &of_file.rates), median_ratio(&ours.rates, &of_sled.rates));
    Ok(vec![
        ours.figure(format!("{batch} a batch"), count, bytes).ratio("plain file", over_file).ratio("plain sled", over_sled),
        Figure::new("append", format!("{batch} a batch, sealing counted in full"), count).rate(writing + sealing, bytes),
        of_file.figure(format!("{batch} a batch, plain file"), count, bytes),
        of_sled.figure(format!("{batch} a batch, plain sled"), count, bytes),
    ])
}

async fn append(ledger: &Ledger, batches: Vec<Vec<Ready>>, in_flight: usize) -> Result<Slice, BenchError> {
    let start = Instant::now();
    let appended = stream::iter(batches).map(|batch| async {
        let begun = Instant::now();
        ledger.append(batch).await.map(|()| begun.elapsed())
    });
    let latencies = appended.buffered(in_flight).try_collect().await.map_err(BenchError::failed)?;
    Ok(Slice { seconds: start.elapsed().as_secs_f64(), latencies })
}

/// What is sealed meanwhile must not slow the references.
async fn until_sealed(dir: &Path) -> Result<f64, BenchError> {
    let start = Instant::now();
    sealed(dir).await?;
    Ok(start.elapsed().as_secs_f64())
}
