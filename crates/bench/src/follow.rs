use std::{
    hint::black_box,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use announcement::{ExchangeKey, Outcome, Position, Publisher};
use event_store::{Ledger, Ready};
use futures::poll;
use generator::{Chronicle, Generated, Generator};
use jiff::Timestamp;
use projection::{AsKnown, Policy, Projection, Settings, Snapshots, Source};
use tokio::{
    sync::oneshot,
    task::{JoinHandle, JoinSet, spawn_blocking},
    time::interval,
};
use tokio_util::sync::CancellationToken;

use crate::{
    BenchError, Figure,
    events::{PUBLISHER, SEED},
    measure::percentiles,
};

/// The events of one commit of the ledger that's folded.
const BATCH: usize = 1_024;
/// How long the read models may take to come to a record.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Between two announcements: 1,000 a second.
const PACE: Duration = Duration::from_millis(1);
/// How many are published at that pace, at most.
const MAX_PACED: u64 = 10_000;
/// How many of them may be under way together: where more would be, the pace isn't kept, and the rate says so.
const WINDOW: usize = 256;

/// In a process of its own: read models that follow a ledger on disk as a server's do.
pub(crate) async fn follow(dir: &Path, records: u64, exchanges: u64) -> Result<Vec<Figure>, BenchError> {
    let chronicle = Chronicle::new(SEED, records, exchanges);
    let name = |what: &str| format!("{what}, {records} over {exchanges}");
    let first = chronicle.key(0).parse().expect("a key");
    let bytes = fill(&dir.join("ledger"), chronicle, records).await?;
    let ledger = open(&dir.join("ledger"))?;
    let kept = KeptUp::start(&ledger, settings(&dir.join("views"))?);
    let start = Instant::now();
    kept.reach(records).await?;
    let folded = Figure::new("fold", name("from a ledger on disk"), records).rate(start.elapsed().as_secs_f64(), bytes).memory();
    let rebuilt = Figure::new("fold", name("rebuild beside what is answered"), records).rate(kept.rebuild().await?.as_secs_f64(), bytes).memory();
    let count = records.min(MAX_PACED);
    let start = Instant::now();
    let mut waits = visible(&ledger, &kept.projection, Generator::new(SEED).take(count as usize).collect()).await?;
    let visible = Figure::new("fold", name("receipt to visible at 1,000/s"), count).rate(start.elapsed().as_secs_f64(), 0).latency(percentiles(&mut waits));
    kept.stop().await?;
    let asked = asked_while_saving(&ledger, &dir.join("saved"), first).await?;
    ledger.close().await;
    Ok(vec![folded, rebuilt, visible, asked])
}

fn open(dir: &Path) -> Result<Ledger, BenchError> {
    Ledger::open(event_store::Options::new(dir.to_owned(), Timestamp::now)).map_err(BenchError::failed)
}

fn settings(dir: &Path) -> Result<Settings, BenchError> {
    Ok(Settings { snapshots: Some(Snapshots::open(dir).map_err(BenchError::failed)?), ..Settings::default() })
}

/// Makes the ledger, and gives the bytes of its events.
async fn fill(dir: &Path, chronicle: Chronicle, records: u64) -> Result<u64, BenchError> {
    let ledger = open(dir)?;
    let (mut events, mut bytes) = (chronicle.map(ready), 0);
    loop {
        let batch = events.by_ref().take(BATCH).collect::<Result<Vec<_>, _>>()?;
        if batch.is_empty() {
            break;
        }
        bytes += batch.iter().map(|ready| ready.event.len() as u64).sum::<u64>();
        ledger.append(batch).await.map_err(BenchError::failed)?;
    }
    let size = ledger.head().size;
    ledger.close().await;
    if size == records { Ok(bytes) } else { Err(BenchError::Failed(format!("the ledger has {size} records of {records}"))) }
}

fn ready(generated: Generated) -> Result<Ready, BenchError> {
    let text = std::str::from_utf8(&generated.event).map_err(BenchError::failed)?;
    let announcement = announcement::decode(text).map_err(|problem| BenchError::Failed(problem.to_string()))?;
    let (key, source) = (announcement.key(), announcement.envelope.source);
    Ok(Ready { publisher: Publisher::local(), source, id: generated.id, key, event: generated.event.into() })
}

/// Read models that are kept up with a ledger.
struct KeptUp {
    projection: Projection,
    running: JoinHandle<()>,
    stop: CancellationToken,
}

impl KeptUp {
    fn start(ledger: &Ledger, settings: Settings) -> Self {
        let (projection, stop) = (Projection::with(settings), CancellationToken::new());
        let (folding, source, stopping) = (projection.clone(), Source::Ledger(ledger.reader()), stop.clone());
        let running = tokio::spawn(async move { folding.run(source, stopping).await });
        Self { projection, running, stop }
    }

    async fn reach(&self, records: u64) -> Result<(), BenchError> {
        let last = Position::new(records.saturating_sub(1));
        self.projection.at_least(last, PATIENCE).await.map_err(BenchError::failed)
    }

    /// How long it takes to fold everything anew beside what is answered, and to put it in its place.
    async fn rebuild(&self) -> Result<Duration, BenchError> {
        let mut progress = self.projection.watch();
        let start = Instant::now();
        self.projection.rebuild().await.map_err(BenchError::failed)?;
        let switched = tokio::time::timeout(PATIENCE, progress.wait_for(|progress| progress.rebuilt.is_some())).await.map_err(BenchError::failed)?;
        let differs = switched.map_err(BenchError::failed)?.rebuilt.clone().and_then(|rebuilt| rebuilt.differs);
        differs.map_or(Ok(start.elapsed()), |differs| Err(BenchError::Failed(format!("the rebuilt read models differ: {differs}"))))
    }

    /// Saves what isn't saved, and ends.
    async fn stop(self) -> Result<(), BenchError> {
        self.stop.cancel();
        self.running.await.map_err(BenchError::failed)?;
        let progress = self.projection.progress();
        if progress.saved == Some(progress.next) {
            Ok(())
        } else {
            Err(BenchError::Failed(format!("the read models weren't saved: {:?}", progress.last_error)))
        }
    }
}

/// How long after its receipt each announcement is in the read models, at [`PACE`].
async fn visible(ledger: &Ledger, projection: &Projection, events: Vec<Generated>) -> Result<Vec<Duration>, BenchError> {
    let (mut pace, mut waiting, mut waits) = (interval(PACE), JoinSet::new(), Vec::with_capacity(events.len()));
    for generated in events {
        pace.tick().await;
        if waiting.len() >= WINDOW
            && let Some(waited) = waiting.join_next().await
        {
            waits.push(waited.map_err(BenchError::failed)??);
        }
        let (ledger, projection) = (ledger.clone(), projection.clone());
        let mut one = Box::pin(async move {
            let receipt = ledger.submit(format!("handover.announce.{PUBLISHER}"), Vec::new(), generated.event.into()).await.map_err(BenchError::failed)?;
            let receipted = Instant::now();
            let Outcome::Recorded { position, .. } = receipt.outcome else { return Err(BenchError::Failed(format!("not recorded: {receipt:?}"))) };
            projection.at_least(position, PATIENCE).await.map_err(BenchError::failed)?;
            Ok(receipted.elapsed())
        });
        // Polled once it's sent, before the next one, which may act on it.
        match poll!(&mut one) {
            Poll::Ready(waited) => waits.push(waited?),
            Poll::Pending => drop(waiting.spawn(one)),
        }
    }
    while let Some(waited) = waiting.join_next().await {
        waits.push(waited.map_err(BenchError::failed)??);
    }
    Ok(waits)
}

/// How long a dossier takes while all that is known is saved; the longest is told as the seconds.
async fn asked_while_saving(ledger: &Ledger, dir: &Path, key: ExchangeKey) -> Result<Figure, BenchError> {
    // Nothing is saved before the stop.
    let kept = KeptUp::start(ledger, Settings { every_records: u64::MAX, every: PATIENCE, ..settings(dir)? });
    let records = ledger.head().size;
    kept.reach(records).await?;
    let (saved, asked) = (Arc::new(AtomicBool::new(false)), kept.projection.clone());
    let dossier = move || drop(black_box(asked.ask(AsKnown::default(), |known| projection::dossier(known, &key, Policy::Range))));
    let (is_over, (begun, begins)) = (Arc::clone(&saved), oneshot::channel());
    let reading = spawn_blocking(move || {
        dossier();
        // Who asked is gone where this fails, and then nobody is told.
        let _ = begun.send(());
        let mut waits = Vec::new();
        loop {
            let start = Instant::now();
            dossier();
            waits.push(start.elapsed());
            if is_over.load(Ordering::Relaxed) {
                return waits;
            }
        }
    });
    begins.await.map_err(BenchError::failed)?;
    let stopped = kept.stop().await;
    saved.store(true, Ordering::Relaxed);
    let mut waits = reading.await.map_err(BenchError::failed)?;
    stopped?;
    let longest = waits.iter().max().copied().unwrap_or_default();
    let figure = Figure::new("fold", format!("dossier while {records} records are saved; seconds: the longest"), waits.len() as u64);
    Ok(figure.took(longest.as_secs_f64()).latency(percentiles(&mut waits)))
}
