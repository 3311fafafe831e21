use std::{
    hint::black_box,
    sync::RwLock,
    time::{Duration, Instant},
};

use announcement::{Digest, Position, Publisher, Record};
use generator::{Chronicle, SplitMix};
use jiff::civil;
use projection::{
    AsKnown, Book, CandidatesQuery, ChangesQuery, ChannelsQuery, DiscrepanciesQuery, FOLD_VERSION, FrameworksQuery, IdentityQuery, Input, KnowledgeQuery,
    Known, Moment, OfficesQuery, PlansQuery, Policy, ReconciliationQuery, Slot, Snapshots, ThirdPartiesQuery, TimelineQuery, TotalsQuery, Valid,
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
/// How long a model is asked again and again, and how often at most and at least; no more often than there are records.
const ASKING: Duration = Duration::from_secs(2);
const MOST: usize = 1_000;
const LEAST: usize = 3;
/// A page of an answer.
const PAGE: usize = 100;
/// What is asked for too as it had been announced by a day.
const BY_A_DAY: [&str; 2] = ["timeline", "totals"];
/// The most records of the ledger that read models follow, and how many there are of an exchange.
const MOST_FOLLOWED: u64 = 1_000_000;
const EACH: u64 = 20;

pub(crate) fn run(options: &Options, progress: fn(&str)) -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    for (records, exchanges) in SIZES.into_iter().filter(|&(records, _)| records <= options.records) {
        progress(&format!("fold: {records} announcements over {exchanges} exchanges"));
        figures.extend(in_child(&Order::Fold { records, exchanges })?);
    }
    let records = options.records.min(MOST_FOLLOWED);
    let exchanges = records.div_ceil(EACH);
    progress(&format!("fold: read models follow a ledger of {records} announcements over {exchanges} exchanges"));
    let folder = Temporary::new(options.data.as_deref())?;
    figures.extend(in_child(&Order::Follow { dir: folder.path().to_owned(), records, exchanges })?);
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
    figures.push(made_ahead(&book, records));
    let most = MOST.min(records as usize);
    for (model, ask) in models() {
        for when in When::ALL.into_iter().filter(|when| *when != When::AnnouncedUntil || BY_A_DAY.contains(&model)) {
            let mut samples = Vec::new();
            let begin = Instant::now();
            while samples.len() < LEAST || samples.len() < most && begin.elapsed() < ASKING {
                let record = if when == When::AsKnown { random.below(records) } else { records - 1 };
                let as_known = when.as_known(&chronicle, record, random.below(exchanges));
                let question = Question { chronicle: &chronicle, exchange: random.below(exchanges), last: record };
                let start = Instant::now();
                ask(book.as_known(as_known), question);
                samples.push(start.elapsed());
            }
            let count = samples.len() as u64;
            figures.push(Figure::new("fold", name(&format!("{model}, {}", when.name())), count).latency(percentiles(&mut samples)));
        }
    }
    Ok(figures)
}

/// As of when a model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Now,
    AsKnown,
    AnnouncedUntil,
}

impl When {
    const ALL: [Self; 3] = [Self::Now, Self::AsKnown, Self::AnnouncedUntil];

    const fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::AsKnown => "as known",
            Self::AnnouncedUntil => "announced until a day",
        }
    }

    /// Now, at a record, or by the day of an exchange.
    fn as_known(self, chronicle: &Chronicle, record: u64, exchange: u64) -> AsKnown {
        match self {
            Self::Now => AsKnown::default(),
            Self::AsKnown => AsKnown { at: Some(Moment::Position(Position::new(record))), announced_until: None },
            Self::AnnouncedUntil => AsKnown { at: None, announced_until: Some(day(&chronicle.key(exchange))) },
        }
    }
}

/// The day in the key of an exchange.
fn day(key: &str) -> civil::Date {
    let day = key.rsplit('/').next().and_then(|day| day.split('.').next());
    day.and_then(|day| day.parse().ok()).expect("a chronicle's keys end in a day")
}

/// What a model is asked about: an exchange, and the last record that is known.
#[derive(Clone, Copy)]
struct Question<'a> {
    chronicle: &'a Chronicle,
    exchange: u64,
    last: u64,
}

impl Question<'_> {
    fn key(self) -> String {
        self.chronicle.key(self.exchange)
    }
}

/// What it takes to make ahead what readers ask for, as the runner does when nothing else is to do.
fn made_ahead(book: &Book, records: u64) -> Figure {
    let start = Instant::now();
    let mut made = 0;
    loop {
        let more = book.now().warm(made, CHUNK);
        made += more;
        if more == 0 {
            break;
        }
    }
    Figure::new("fold", format!("made ahead for readers, {made} exchanges of {records} records"), made as u64).rate(start.elapsed().as_secs_f64(), 0).memory()
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

type Ask = fn(Known<'_>, Question<'_>);

/// Each model, asked for what a reader would ask.
fn models() -> Vec<(&'static str, Ask)> {
    vec![
        ("timeline", |known, of| {
            let after = of.key().parse().ok();
            drop(black_box(projection::timeline(known, &TimelineQuery { after, limit: PAGE, ..TimelineQuery::default() })));
        }),
        ("dossier", |known, of| {
            drop(black_box(projection::dossier(known, &of.key().parse().expect("a key"), Policy::Range)));
        }),
        ("totals", |known, _| drop(black_box(projection::totals(known, &TotalsQuery::default())))),
        ("reconciliation", |known, _| {
            drop(black_box(projection::reconciliation(known, &ReconciliationQuery { policy: Policy::Range, party: None, after: None, limit: PAGE })));
        }),
        ("discrepancies", |known, _| {
            drop(black_box(projection::discrepancies(known, &DiscrepanciesQuery { limit: Some(PAGE), ..DiscrepanciesQuery::default() })))
        }),
        ("plans", |known, _| {
            drop(black_box(projection::plans(known, &PlansQuery { policy: Policy::Range, outcome: None, valid: Valid::default(), after: None, limit: PAGE })));
        }),
        ("channels", |known, _| drop(black_box(projection::channels(known, &ChannelsQuery::default())))),
        ("third parties", |known, _| drop(black_box(projection::third_parties(known, &ThirdPartiesQuery::default())))),
        ("frameworks", |known, _| drop(black_box(projection::frameworks(known, &FrameworksQuery { policy: Policy::Range, framework: None })))),
        ("offices", |known, _| drop(black_box(projection::offices(known, &OfficesQuery::default())))),
        ("lineage", |known, of| drop(black_box(projection::lineage(known, &of.key().parse().expect("a key"))))),
        ("changes, first page", |known, _| {
            drop(black_box(projection::changes(known, &ChangesQuery { policy: Policy::Range, from: Position::new(0), limit: PAGE })));
        }),
        ("changes, last page", |known, of| {
            let from = Position::new((of.last + 1).saturating_sub(PAGE as u64));
            drop(black_box(projection::changes(known, &ChangesQuery { policy: Policy::Range, from, limit: PAGE })));
        }),
        ("knowledge since half of the records", |known, of| {
            let then = AsKnown { at: Some(Moment::Position(Position::new(of.last / 2))), announced_until: None };
            let query = KnowledgeQuery { totals: TotalsQuery::default(), then, from: Position::new(0), limit: PAGE };
            drop(black_box(projection::knowledge(known, &query)));
        }),
        ("candidates", |known, _| drop(black_box(projection::candidates(known, &CandidatesQuery { limit: PAGE, ..CandidatesQuery::default() })))),
        ("identity", |known, _| drop(black_box(projection::identity(known, &IdentityQuery { limit: Some(PAGE), ..IdentityQuery::default() })))),
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
