use std::{collections::BTreeMap, fs};

use serde::{Deserialize, Serialize};

/// Everything that one run measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// How many records the ledger had that was read.
    pub records: u64,
    /// What.
    pub figures: Vec<Figure>,
}

/// The machine that was measured on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model.
    pub processor: String,
    /// How many of its cores there are.
    pub cores: usize,
    /// The memory, in MiB.
    pub memory_mib: u64,
    /// The kernel.
    pub kernel: String,
    /// What else ran: the load of the last minute when the run began.
    pub load: f64,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_mib: field(&read("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0) / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load: read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0),
        }
    }
}

/// One thing that was measured. What wasn't is left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figure {
    /// The case.
    pub case: String,
    /// What of it.
    pub what: String,
    /// How many events or operations.
    pub count: u64,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Events in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_per_s: Option<f64>,
    /// Their bytes in a second, in 10^6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mb_per_s: Option<f64>,
    /// How long one operation takes.
    #[serde(flatten)]
    pub latency: Option<Latency>,
    /// What an event takes on disk, in bytes, the journal of the volume that's written left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes_per_event: Option<f64>,
    /// The journal of the volume that's written, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal_bytes: Option<u64>,
    /// Resident memory at the end, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_mib: Option<f64>,
    /// The most that was resident, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_mib: Option<f64>,
    /// How many times a reference's rate this is, or its time where a rate makes no sense; by the reference's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ratios: BTreeMap<String, f64>,
}

/// Percentiles of single operations, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50_us: f64,
    /// 99 in 100 took no longer.
    pub p99_us: f64,
    /// 999 in 1,000 took no longer.
    pub p999_us: f64,
}

impl Figure {
    pub(crate) fn new(case: &str, what: impl Into<String>, count: u64) -> Self {
        Self { case: case.to_owned(), what: what.into(), count, ..Self::default() }
    }

    pub(crate) fn rate(mut self, seconds: f64, bytes: u64) -> Self {
        self.seconds = Some(seconds);
        self.events_per_s = Some(self.count as f64 / seconds);
        self.mb_per_s = (bytes > 0).then(|| bytes as f64 / 1e6 / seconds);
        self
    }

    pub(crate) fn took(mut self, seconds: f64) -> Self {
        self.seconds = Some(seconds);
        self
    }

    pub(crate) fn latency(mut self, latency: Option<Latency>) -> Self {
        self.latency = latency;
        self
    }

    pub(crate) fn memory(mut self) -> Self {
        let memory = crate::measure::memory("self");
        (self.rss_mib, self.peak_mib) = (memory.map(|memory| memory.rss_mib), memory.map(|memory| memory.peak_mib));
        self
    }

    pub(crate) fn ratio(mut self, to: &str, ratio: Option<f64>) -> Self {
        self.ratios.extend(ratio.filter(|ratio| ratio.is_finite()).map(|ratio| (to.to_owned(), ratio)));
        self
    }
}
