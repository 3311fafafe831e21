use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use announcement::{ExchangeKey, Position};
use event_store::{Ledger, MAX_PAGE, Reader};
use generator::Generator;
use jiff::Timestamp;

use crate::{
    BenchError, Figure,
    child::{Order, in_child},
    events::{SEED, publisher},
    fill::Filled,
    measure::percentiles,
    run::runtime,
};

/// How many look-ups a fresh process makes, each of another event.
const COLD: u64 = 1_000;
/// How many a warm one makes.
const WARM: u64 = 100_000;
/// How many positions of an exchange's events are asked for.
const PAGE: usize = 10;

pub(crate) fn run(filled: &Filled, progress: fn(&str)) -> Result<Vec<Figure>, BenchError> {
    progress("read");
    let mut figures = in_child(&Order::Scan { dir: filled.dir.clone() })?;
    figures.extend(in_child(&Order::LookUp { dir: filled.dir.clone(), records: filled.raw.records })?);
    Ok(figures)
}

fn opened(dir: &Path, measure: impl FnOnce(&Reader) -> Result<Vec<Figure>, BenchError>) -> Result<Vec<Figure>, BenchError> {
    let ledger = Ledger::open(event_store::Options::new(dir.to_owned(), Timestamp::now)).map_err(BenchError::failed)?;
    let figures = measure(&ledger.reader());
    runtime()?.block_on(ledger.close());
    figures
}

/// Every record, decoded to a typed announcement, on one thread.
pub(crate) fn scan(dir: &Path) -> Result<Vec<Figure>, BenchError> {
    opened(dir, |reader| {
        let (mut next, mut bytes) = (Position::new(0), 0);
        let start = Instant::now();
        loop {
            let page = reader.range(next, MAX_PAGE).map_err(BenchError::failed)?;
            let Some(last) = page.last() else { break };
            next = last.position.successor();
            for record in &page {
                bytes += record.event.len() as u64;
                let event = std::str::from_utf8(&record.event).map_err(BenchError::failed)?;
                black_box(announcement::decode(event).map_err(|problem| BenchError::Failed(problem.to_string()))?);
            }
        }
        Ok(vec![Figure::new("read", "scan, decoded", next.get()).rate(start.elapsed().as_secs_f64(), bytes).memory()])
    })
}

/// Single events by identity and pages by key: first as the process comes, then again.
pub(crate) fn look_up(dir: &Path, records: u64) -> Result<Vec<Figure>, BenchError> {
    opened(dir, |reader| {
        let mut numbers = Numbers(SEED);
        let mut cold = Vec::new();
        let figure = |what: &str, mut samples: Vec<Duration>| Figure::new("read", what, samples.len() as u64).latency(percentiles(&mut samples));
        for _ in 0..COLD {
            cold.push(find(reader, SEED, numbers.below(records), true)?);
        }
        let cold = figure("by identity, cold", cold);
        // Once without the clock: what fits in memory is there then.
        for _ in 0..WARM {
            find(reader, SEED, numbers.below(records), true)?;
        }
        let mut one = || (0..WARM).map(|_| find(reader, SEED, numbers.below(records), true)).collect::<Result<Vec<_>, _>>();
        let warm = figure("by identity, warm", one()?);
        let few: Vec<u64> = (0..64).map(|_| numbers.below(records)).collect();
        let again = (0..WARM).map(|number| find(reader, SEED, few[number as usize % few.len()], true)).collect::<Result<Vec<_>, _>>()?;
        let again = figure("by identity, warm, the same 64 events", again);
        let misses = (0..WARM).map(|number| find(reader, SEED + 1, number, false)).collect::<Result<Vec<_>, _>>()?;
        let misses = figure("by identity, misses", misses);
        let by_key = figure("by key, 10 positions, warm", about(reader, "x_north-x_south/bodies/2025-03-11", &mut numbers, records, 200)?);
        let no_key = figure("by key, misses", about(reader, "x_north-x_south/bodies/2019-03-11", &mut numbers, records, WARM)?);
        Ok(vec![cold, warm, again, misses, by_key, no_key.memory()])
    })
}

fn find(reader: &Reader, seed: u64, number: u64, expected: bool) -> Result<Duration, BenchError> {
    let events = Generator::new(seed);
    let (publisher, source, id) = (publisher(), events.source(), events.id(number));
    let start = Instant::now();
    let found = reader.find(&publisher, &source, id).map_err(BenchError::failed)?;
    let took = start.elapsed();
    if found == expected.then(|| Position::new(number)) { Ok(took) } else { Err(BenchError::Failed(format!("event {number} is at {found:?}"))) }
}

fn about(reader: &Reader, key: &str, numbers: &mut Numbers, records: u64, count: u64) -> Result<Vec<Duration>, BenchError> {
    let key: ExchangeKey = key.parse().map_err(BenchError::failed)?;
    let one = |from: u64| {
        let start = Instant::now();
        black_box(reader.about(&key, Position::new(from), PAGE).map_err(BenchError::failed)?);
        Ok(start.elapsed())
    };
    (0..count).map(|_| one(numbers.below(records))).collect()
}

/// Numbers as if by chance, the same in every run (xorshift64*).
struct Numbers(u64);

impl Numbers {
    const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % bound
    }
}
