mod ledger;
mod publishing;

use std::{process::Command, time::Duration};

use bytes::Bytes;
use generator::Generator;

use crate::{
    BenchError, Figure, Options,
    events::{PUBLISHER, SEED},
    folder::Temporary,
    measure::{median, median_ratio, percentiles},
    nats_server::NatsServer,
    run::runtime,
};
use ledger::LedgerProcess;
use publishing::Publishing;

/// How many announcements are under way together.
const WINDOW: usize = 4_096;
/// How often ours and the references take turns.
const ROUNDS: usize = 7;
/// A round has at most so many announcements.
const MAX_EVENTS: u64 = 40_000;
/// The same in each round where the server syncs each message.
const MAX_SYNCED: usize = 2_048;
/// For the latency at [`PACE`].
const MAX_PACED: usize = 10_000;
/// Between two announcements: 1,000 a second.
const PACE: Duration = Duration::from_millis(1);

/// An announcement with the id under which the queue knows it.
#[derive(Clone)]
pub(crate) struct Outgoing {
    id: String,
    event: Bytes,
}

pub(crate) fn run(options: &Options, progress: fn(&str)) -> Result<Vec<Figure>, BenchError> {
    // The thread that starts the servers is this one, which outlives them.
    let folder = Temporary::new(options.data.as_deref())?;
    let data = options.data.as_deref();
    let server = NatsServer::start(&options.nats_server, "", data)?;
    let syncing = NatsServer::start(&options.nats_server, "sync_interval: always", data)?;
    let ledger = LedgerProcess::start(&server.url, &folder.path().join("ledger"))?;
    runtime()?.block_on(async {
        let ours = Publishing::connect(&server.url, WINDOW).await?;
        let synced = Publishing::connect(&syncing.url, WINDOW).await?;
        let mut events = outgoing();
        progress("ingest");
        let mut figures = at_full_speed(options, &mut events, &ours, &synced, &ledger).await?;
        progress("ingest, receipt latency");
        let paced = MAX_PACED.min(options.records as usize);
        figures.extend(at_a_pace(events.by_ref().take(paced).collect(), &ours, &folder).await?);
        Ok(figures)
    })
}

fn outgoing() -> impl Iterator<Item = Outgoing> {
    let subject = format!("handover.announce.{PUBLISHER}");
    Generator::new(SEED).map(move |generated| {
        let id = announcement::Digest::of(&[subject.as_bytes(), &generated.event].concat()).to_string();
        Outgoing { id, event: generated.event.into() }
    })
}

async fn at_full_speed(
    options: &Options,
    events: &mut impl Iterator<Item = Outgoing>,
    ours: &Publishing,
    synced: &Publishing,
    ledger: &LedgerProcess,
) -> Result<Vec<Figure>, BenchError> {
    let count = usize::try_from(options.records.clamp(1, MAX_EVENTS)).map_err(BenchError::failed)?;
    // Everything is warm, and the intake has begun, once these have their receipts.
    ours.receipted(events.by_ref().take(count.min(WINDOW)).collect()).await?;
    let mut recorded = count.min(WINDOW) as u64;
    ours.caught_up(recorded).await?;
    let mut caught_up = Vec::new();
    let (mut own, mut theirs, mut always, mut consumed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut receipt, mut acknowledgement) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let round: Vec<Outgoing> = events.by_ref().take(count).collect();
        bytes = round.iter().map(|outgoing| outgoing.event.len() as u64).sum();
        let rate = |seconds: f64| count as f64 / seconds;
        let (seconds, latencies) = ours.acknowledged(round.clone()).await?;
        theirs.push(rate(seconds));
        acknowledgement.extend(latencies);
        let (seconds, latencies) = ours.receipted(round.clone()).await?;
        own.push(rate(seconds));
        receipt.extend(latencies);
        recorded += count as u64;
        caught_up.push(rate(seconds + ours.caught_up(recorded).await?));
        consumed.push(rate(ours.consumed(count).await?));
        let few: Vec<Outgoing> = round.into_iter().take(MAX_SYNCED).collect();
        let sent = few.len() as f64;
        always.push(sent / synced.acknowledged(few).await?.0);
    }
    let memory = ledger.memory();
    let over = |rates: &[f64]| median_ratio(&own, rates);
    let figure = |what: &str, rates: &[f64]| {
        let seconds = count as f64 / median(rates.iter().copied()).unwrap_or(f64::INFINITY);
        Figure::new("ingest", what, count as u64).rate(seconds, bytes)
    };
    let mut ingested = figure("to the receipt, window 4096", &own).latency(percentiles(&mut receipt));
    ingested = ingested.ratio("JetStream publish", over(&theirs)).ratio("JetStream publish, sync always", over(&always));
    (ingested.rss_mib, ingested.peak_mib) = (memory.map(|memory| memory.rss_mib), memory.map(|memory| memory.peak_mib));
    Ok(vec![
        ingested,
        figure("until LEDGER has caught up", &caught_up).ratio("JetStream publish", median_ratio(&caught_up, &theirs)),
        figure("JetStream publish, window 4096", &theirs).latency(percentiles(&mut acknowledgement)),
        figure("JetStream publish, sync always", &always),
        figure("JetStream consume", &consumed),
    ])
}

async fn at_a_pace(events: Vec<Outgoing>, ours: &Publishing, folder: &Temporary) -> Result<Vec<Figure>, BenchError> {
    let count = events.len() as u64;
    let p99 = |latencies: &[Duration]| percentiles(&mut latencies.to_vec()).map_or(f64::NAN, |latency| latency.p99_us);
    let (mut receipts, mut synced) = (Vec::new(), Vec::new());
    let (mut of_receipts, mut of_synced) = (Vec::new(), Vec::new());
    for slice in events.chunks(events.len().div_ceil(ROUNDS).max(1)) {
        settled()?;
        let latencies = ours.acknowledged_and_synced(slice.to_vec(), PACE, &folder.path().join("synced")).await?;
        of_synced.push(p99(&latencies));
        synced.extend(latencies);
        let latencies = ours.receipted_at(slice.to_vec(), PACE).await?;
        of_receipts.push(p99(&latencies));
        receipts.extend(latencies);
    }
    let ours = Figure::new("ingest", "receipt at 1,000/s", count).latency(percentiles(&mut receipts));
    Ok(vec![
        ours.ratio("p99 of acknowledgement + fdatasync", median_ratio(&of_receipts, &of_synced)),
        Figure::new("ingest", "JetStream acknowledgement + one fdatasync at 1,000/s", count).latency(percentiles(&mut synced)),
    ])
}

/// Has the system write what the rounds at full speed left, whichever of the two comes later would wait for it otherwise.
fn settled() -> Result<(), BenchError> {
    let synced = Command::new("sync").status()?;
    if synced.success() { Ok(()) } else { Err(BenchError::Failed(format!("sync: {synced}"))) }
}
