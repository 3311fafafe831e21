use std::{
    hint::black_box,
    sync::RwLock,
    time::{Duration, Instant},
};

use announcement::{Digest, Position, Publisher, Record};
use generator::{Chronicle, SplitMix};
use projection::{
    AsKnown, Book, ChannelsQuery, DiscrepanciesQuery, FOLD_VERSION, FrameworksQuery, IdentityQuery, Input, Known, Moment, OfficesQuery, PlansQuery, Policy,
    ReconciliationQuery, Slot, Snapshots, ThirdPartiesQuery, TimelineQuery, TotalsQuery,
};

use crate::{
    BenchError, Figure, Options,
    child::{Order, in_child},
    events::SEED,
    folder::Temporary,
    measure::{memory, percentiles},
};

/// So many announcements, over so many exchanges.
const SIZES: [(u64, u64); 3] = [(250, 25), (100_000, 5_000), (1_000_000, 50_000)];
/// How many records are made before they're folded.
const CHUNK: usize = 8_192;
/// So many are folded a second time, decoding included; of more only one book is made, whose memory is told.
const MOST_TWICE: u64 = 100_000;
/// How long a model is asked again and again, and how often at most and at least.
const ASKING: Duration = Duration::from_secs(2);
const MOST: usize = 1_000;
const LEAST: usize = 3;
/// A page of an answer.
const PAGE: usize = 100;

pub(crate) fn run(options: &Options, progress: fn(&str)) -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    for (records, exchanges) in SIZES.into_iter().filter(|&(records, _)| records <= options.records) {
        progress(&format!("fold: {records} announcements over {exchanges} exchanges"));
        figures.extend(in_child(&Order::Fold { records, exchanges })?);
    }
    Ok(figures)
}

/// In a process of its own: folds, says what that takes, and asks every model.
pub(crate) fn fold(records: u64, exchanges: u64) -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    let chronicle = Chronicle::new(SEED, records, exchanges);
    let mut random = SplitMix::new(SEED);
    let (mut events, mut book, mut read_by) = (Records::of(chronicle.clone()), Book::default(), Book::default());
    let (mut decoded, mut reading, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    let before = memory("self").map_or(0.0, |memory| memory.rss_mib);
    loop {
        let chunk: Vec<Record> = events.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        bytes += chunk.iter().map(|record| record.event.len() as u64).sum::<u64>();
        let inputs = chunk.iter().map(Input::read).collect::<Result<Vec<_>, _>>().map_err(BenchError::failed)?;
        let start = Instant::now();
        for input in &inputs {
            book.take(input).map_err(BenchError::failed)?;
        }
        decoded += start.elapsed();
        if records <= MOST_TWICE {
            let start = Instant::now();
            for record in &chunk {
                read_by.apply(record).map_err(BenchError::failed)?;
            }
            reading += start.elapsed();
        }
    }
    drop(read_by);
    let taken = memory("self").map_or(0.0, |memory| memory.rss_mib) - before;
    let name = |what: &str| format!("{what}, {records} over {exchanges}");
    figures.push(Figure::new("fold", name("decoded records"), records).rate(decoded.as_secs_f64(), bytes).memory());
    if records <= MOST_TWICE {
        figures.push(Figure::new("fold", name("records"), records).rate(reading.as_secs_f64(), bytes));
    } else {
        figures.push(Figure::new("fold", format!("memory: {:.0} bytes a record", taken * 1_048_576.0 / records as f64), records));
    }
    let (book, saved) = saved(book, records)?;
    figures.extend(saved);
    for (model, ask) in models() {
        for (when, past) in [("now", false), ("as known", true)] {
            let mut samples = Vec::new();
            let begin = Instant::now();
            while samples.len() < LEAST || samples.len() < MOST && begin.elapsed() < ASKING {
                let at = past.then(|| Moment::Position(Position::new(random.below(records))));
                let exchange = random.below(exchanges);
                let start = Instant::now();
                ask(book.as_known(AsKnown { at, announced_until: None }), &chronicle, exchange);
                samples.push(start.elapsed());
            }
            let count = samples.len() as u64;
            figures.push(Figure::new("fold", name(&format!("{model}, {when}")), count).latency(percentiles(&mut samples)));
        }
    }
    Ok(figures)
}

/// What it takes to save the book, and to go on from there; and the book that was read.
fn saved(book: Book, records: u64) -> Result<(Book, Vec<Figure>), BenchError> {
    let name = |what: &str| format!("{what}, {records} records");
    let (dir, book, root) = (Temporary::new(None)?, RwLock::new(book), Digest::of(b"bench"));
    let mut snapshots = Snapshots::open(dir.path()).map_err(BenchError::failed)?;
    let start = Instant::now();
    snapshots.save(Slot::Served, &book, root, FOLD_VERSION).map_err(BenchError::failed)?;
    let (saving, bytes) = (start.elapsed(), snapshots.disk_bytes(Slot::Served));
    let mut figure = Figure::new("fold", name("snapshot"), records).rate(saving.as_secs_f64(), 0).memory();
    figure.disk_bytes_per_event = Some(bytes as f64 / records as f64);
    drop((snapshots, book));
    let start = Instant::now();
    let mut snapshots = Snapshots::open(dir.path()).map_err(BenchError::failed)?;
    let read = snapshots.load(Slot::Served).map_err(BenchError::failed)?;
    let restart = Figure::new("fold", name("restart from it"), records).rate(start.elapsed().as_secs_f64(), 0).memory();
    let (book, _) = read.ok_or_else(|| BenchError::Failed("the snapshot is gone".to_owned()))?;
    Ok((book, vec![figure, restart]))
}

type Ask = fn(Known<'_>, &Chronicle, u64);

/// Each model, asked for what a reader would ask.
fn models() -> Vec<(&'static str, Ask)> {
    vec![
        ("timeline", |known, chronicle, exchange| {
            let after = chronicle.key(exchange).parse().ok();
            drop(black_box(projection::timeline(known, &TimelineQuery { after, limit: PAGE, ..TimelineQuery::default() })));
        }),
        ("dossier", |known, chronicle, exchange| {
            drop(black_box(projection::dossier(known, &chronicle.key(exchange).parse().expect("a key"), Policy::Range)));
        }),
        ("totals", |known, _, _| drop(black_box(projection::totals(known, &TotalsQuery::default())))),
        ("reconciliation", |known, _, _| {
            drop(black_box(projection::reconciliation(known, &ReconciliationQuery { policy: Policy::Range, party: None, after: None, limit: PAGE })));
        }),
        ("discrepancies", |known, _, _| {
            drop(black_box(projection::discrepancies(known, &DiscrepanciesQuery { limit: Some(PAGE), ..DiscrepanciesQuery::default() })))
        }),
        ("plans", |known, _, _| {
            drop(black_box(projection::plans(known, &PlansQuery { policy: Policy::Range, outcome: None, after: None, limit: PAGE })));
        }),
        ("channels", |known, _, _| drop(black_box(projection::channels(known, &ChannelsQuery::default())))),
        ("third parties", |known, _, _| drop(black_box(projection::third_parties(known, &ThirdPartiesQuery::default())))),
        ("frameworks", |known, _, _| drop(black_box(projection::frameworks(known, &FrameworksQuery { policy: Policy::Range, framework: None })))),
        ("offices", |known, _, _| drop(black_box(projection::offices(known, &OfficesQuery::default())))),
        ("lineage", |known, chronicle, exchange| drop(black_box(projection::lineage(known, &chronicle.key(exchange).parse().expect("a key"))))),
        ("identity", |known, _, _| drop(black_box(projection::identity(known, &IdentityQuery { limit: Some(PAGE), ..IdentityQuery::default() })))),
    ]
}

/// A chronicle's announcements as a ledger has them.
struct Records {
    chronicle: Chronicle,
    next: Position,
    publisher: Publisher,
}

impl Records {
    fn of(chronicle: Chronicle) -> Self {
        Self { chronicle, next: Position::new(0), publisher: Publisher::local() }
    }
}

impl Iterator for Records {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let event = self.chronicle.next()?.event;
        let position = self.next;
        self.next = position.successor();
        let recorded = jiff::Timestamp::from_second(1_700_000_000 + position.get() as i64 * 60).expect("within bounds");
        Some(Record { position, recorded, publisher: self.publisher.clone(), event, removed: None })
    }
}
