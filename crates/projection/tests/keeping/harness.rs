use std::{path::Path, time::Duration};

use announcement::{Outcome, Record};
use event_store::{Ledger, Options};
use futures::{StreamExt, stream};
use generator::{Chronicle, Generated};
use jiff::Timestamp;
use projection::{AsKnown, Book, Progress, Projection, Settings, Snapshots, Source, TimelineQuery, TotalsQuery, timeline, totals};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Nothing that a test waits for takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A ledger with the announcements of a chronicle, and a folder for snapshots.
pub(crate) struct Node {
    pub(crate) dir: TempDir,
    pub(crate) ledger: Ledger,
    events: Chronicle,
}

impl Node {
    pub(crate) fn new(seed: u64) -> Self {
        let dir = TempDir::new().unwrap();
        let ledger = Ledger::open(Options::new(dir.path().join("ledger"), Timestamp::now)).unwrap();
        Self { dir, ledger, events: Chronicle::new(seed, 1 << 20, 1 << 14) }
    }

    /// Records so many more.
    pub(crate) async fn record(&mut self, count: usize) {
        let size = self.ledger.head().size + count as u64;
        let submitted = stream::iter(self.events.by_ref().take(count))
            .map(|generated| self.ledger.submit(subject(&generated).to_owned(), Vec::new(), generated.event.into()));
        let receipts: Vec<_> = submitted.buffered(256).collect().await;
        let refused = receipts.iter().find(|receipt| !matches!(receipt, Ok(receipt) if matches!(receipt.outcome, Outcome::Recorded { .. })));
        assert!(refused.is_none(), "{refused:?}");
        self.ledger.reader().wait_for(size, PATIENCE).await.unwrap();
    }

    pub(crate) fn views(&self) -> std::path::PathBuf {
        self.dir.path().join("views")
    }

    pub(crate) fn settings(&self) -> Settings {
        settings(&self.views())
    }

    pub(crate) fn source(&self) -> Source {
        Source::Ledger(self.ledger.reader())
    }

    /// What a fold of all records gives.
    pub(crate) fn folded(&self) -> Book {
        let mut book = Book::default();
        for record in records(&self.ledger) {
            book.apply(&record).unwrap();
        }
        book
    }
}

/// Where an announcement is published: a curator's elsewhere than a publisher's.
pub(crate) fn subject(generated: &Generated) -> &'static str {
    let is_curation = ["linked", "merged", "quarantined", "released"].contains(&generated.kind);
    if is_curation { "handover.curate.local" } else { "handover.announce.local" }
}

pub(crate) fn records(ledger: &Ledger) -> Vec<Record> {
    let (reader, mut records) = (ledger.reader(), Vec::new());
    while (records.len() as u64) < ledger.head().size {
        records.extend(reader.range(announcement::Position::new(records.len() as u64), 1_024).unwrap());
    }
    records
}

pub(crate) fn settings(views: &Path) -> Settings {
    Settings { snapshots: Some(Snapshots::open(views).unwrap()), ..Settings::default() }
}

/// A projection that runs.
pub(crate) struct Running {
    pub(crate) projection: Projection,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(settings: Settings, source: Source) -> Self {
        let (projection, stop) = (Projection::with(settings), CancellationToken::new());
        let (folding, stopping) = (projection.clone(), stop.clone());
        Self { projection, stop, task: tokio::spawn(async move { folding.run(source, stopping).await }) }
    }

    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Progress) -> bool) -> Progress {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let progress = self.projection.progress();
            if is_so(&progress) {
                return progress;
            }
            assert!(tokio::time::Instant::now() < deadline, "waited for {what}: {progress:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(crate) async fn caught_up(&self, ledger: &Ledger) -> Progress {
        let size = ledger.head().size;
        self.until("the last record", |progress| progress.next.get() == size).await
    }

    pub(crate) fn answers(&self) -> String {
        self.projection.ask(AsKnown::default(), answers)
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// As a kill does: nothing more is saved.
    pub(crate) async fn abort(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

pub(crate) fn answers(known: projection::Known<'_>) -> String {
    let timeline = timeline(known, &TimelineQuery { limit: 1_000, ..TimelineQuery::default() });
    serde_json::to_string(&(timeline, totals(known, &TotalsQuery::default()))).unwrap()
}
