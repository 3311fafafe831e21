use std::{
    io::{self, Write},
    path::Path,
    time::Instant,
};

use announcement::Position;
use event_store::Ledger;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::{
    BenchError, Figure,
    child::{Order, in_child, kill_after_a_word},
    events::Events,
    fill::Filled,
};

/// How many records a volume that's written has before the ledger is killed, so that almost the longest journal is read: nine tenths of a volume.
const LONG: u64 = 235_930;
const VOLUME: u64 = 262_144;
const BATCH: usize = 256;

pub(crate) fn run(filled: &Filled, progress: fn(&str)) -> Result<Vec<Figure>, BenchError> {
    progress("open");
    let open = |what: &str| in_child(&Order::Open { dir: filled.dir.clone(), what: what.to_owned() });
    let mut figures = open("after a clean stop")?;
    kill_after_a_word(&Order::AppendForEver { dir: filled.dir.clone() })?;
    figures.extend(open("after kill -9, a long journal")?);
    figures.extend(open("after a clean stop, a long journal")?);
    Ok(figures)
}

/// From nothing to the first and the last record read.
pub(crate) async fn open(dir: &Path, what: &str) -> Result<Vec<Figure>, BenchError> {
    let start = Instant::now();
    let ledger = Ledger::open(event_store::Options::new(dir.to_owned(), Timestamp::now)).map_err(BenchError::failed)?;
    let (reader, size) = (ledger.reader(), ledger.head().size);
    for position in [size.saturating_sub(1), 0] {
        reader.record(Position::new(position)).map_err(BenchError::failed)?;
    }
    let figure = Figure::new("open", format!("to first read {what}"), size).took(start.elapsed().as_secs_f64()).memory();
    ledger.close().await;
    Ok(vec![figure])
}

/// Two batches in flight, until it's killed.
pub(crate) async fn append_for_ever(dir: &Path) -> Result<Vec<Figure>, BenchError> {
    let ledger = Ledger::open(event_store::Options::new(dir.to_owned(), Timestamp::now)).map_err(BenchError::failed)?;
    // Others than in the ledger, whatever it was killed with before.
    let mut events = Events::of(ledger.head().size);
    loop {
        let batches = stream::iter(events.batches(VOLUME - LONG, BATCH)).map(|batch| ledger.append(batch));
        batches.buffered(2).try_collect::<()>().await.map_err(BenchError::failed)?;
        if ledger.head().size % VOLUME >= LONG {
            let mut stdout = io::stdout().lock();
            stdout.write_all(b"long\n")?;
            stdout.flush()?;
        }
    }
}
