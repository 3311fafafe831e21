use std::path::PathBuf;

use ::bench::{BenchError, Case, Figure, Options, Report};
use clap::{Args, ValueEnum};

use crate::{
    exit::{Code, Failure, say},
    output::{Rows, print},
};

/// What is measured, and with how much.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// The case
    case: CaseName,
    /// How many records the ledger has; single cases take fewer where more would tell nothing more
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    records: u64,
    /// The sizes of the batches that are appended
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256,1024", value_parser = batch)]
    batch: Vec<usize>,
    /// Where it's written: a folder, whose ledger stays for the next run; without one, a temporary one that is removed
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The nats-server (2.12 or newer) that `ingest` starts
    #[arg(long, env = "NATS_SERVER", value_name = "PATH", default_value = "nats-server")]
    nats_server: PathBuf,
    /// How the figures are printed
    #[arg(short, long, default_value = "table")]
    output: BenchFormat,
    /// What a process of its own measures
    #[arg(long, hide = true)]
    order: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CaseName {
    /// The store alone
    Append,
    /// From the publisher over NATS to the receipt
    Ingest,
    /// Scans and look-ups
    Read,
    /// Every record as it's kept
    Replay,
    /// `handover verify`
    Verify,
    /// The read models: folding, asking, snapshots, following a ledger
    Fold,
    /// Time to the first read
    Open,
    /// All of them
    All,
    #[value(hide = true)]
    Child,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BenchFormat {
    Table,
    Json,
}

/// A commit has at most 1,024 events.
fn batch(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|size| (1..=1_024).contains(size)).ok_or_else(|| "expected 1 to 1024".to_owned())
}

pub(crate) fn run(arguments: &Bench) -> Result<(), Failure> {
    let case = match arguments.case {
        CaseName::Append => Case::Append,
        CaseName::Ingest => Case::Ingest,
        CaseName::Read => Case::Read,
        CaseName::Replay => Case::Replay,
        CaseName::Verify => Case::Verify,
        CaseName::Fold => Case::Fold,
        CaseName::Open => Case::Open,
        CaseName::All => Case::All,
        CaseName::Child => {
            let order = arguments.order.as_deref().unwrap_or_default();
            return print(::bench::run_child(order).map_err(failure)?.as_bytes());
        }
    };
    let options =
        Options { records: arguments.records, batches: arguments.batch.clone(), data: arguments.data.clone(), nats_server: arguments.nats_server.clone() };
    let report = ::bench::run(case, &options, |words| say(words)).map_err(failure)?;
    match arguments.output {
        BenchFormat::Json => {
            let report = serde_json::to_string_pretty(&report).map_err(|error| Failure::new(Code::Failed, error))?;
            print(format!("{report}\n").as_bytes())
        }
        BenchFormat::Table => print(table(&report).as_bytes()),
    }
}

fn failure(error: BenchError) -> Failure {
    let code = match &error {
        BenchError::Configuration(_) => Code::Configuration,
        BenchError::Failed(_) => Code::Failed,
    };
    Failure::new(code, error)
}

fn table(report: &Report) -> String {
    let mut rows =
        Rows::new(&["case", "what", "count", "seconds", "events/s", "MB/s", "p50 µs", "p99 µs", "p99.9 µs", "disk B/event", "RSS MiB", "peak MiB", "ratios"]);
    rows.numbers = (2..12).collect();
    rows.rows = report.figures.iter().map(row).collect();
    let machine = &report.machine;
    format!(
        "{} records; {} × {}, {} MiB, Linux {}, load {}\n{}",
        report.records,
        machine.cores,
        machine.processor,
        machine.memory_mib,
        machine.kernel,
        machine.load,
        rows.table()
    )
}

fn row(figure: &Figure) -> Vec<String> {
    let number = |value: Option<f64>, digits: usize| value.map(|value| format!("{value:.digits$}")).unwrap_or_default();
    let latency = figure.latency;
    let ratios: Vec<String> = figure.ratios.iter().map(|(to, ratio)| format!("{ratio:.2} × {to}")).collect();
    vec![
        figure.case.clone(),
        figure.what.clone(),
        figure.count.to_string(),
        number(figure.seconds, 3),
        number(figure.events_per_s, 0),
        number(figure.mb_per_s, 1),
        number(latency.map(|latency| latency.p50_us), 1),
        number(latency.map(|latency| latency.p99_us), 1),
        number(latency.map(|latency| latency.p999_us), 1),
        number(figure.disk_bytes_per_event, 1),
        number(figure.rss_mib, 0),
        number(figure.peak_mib, 0),
        ratios.join("\n"),
    ]
}
