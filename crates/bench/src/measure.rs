use std::{fs, time::Duration};

use crate::report::Latency;

/// Percentiles by rank: no interpolation, so each is one that was measured. None of none.
pub(crate) fn percentiles(samples: &mut [Duration]) -> Option<Latency> {
    samples.sort_unstable();
    let at = |permille: usize| {
        let rank = (samples.len() * permille).div_ceil(1_000).max(1);
        samples.get(rank - 1).map(|sample| sample.as_nanos() as f64 / 1e3)
    };
    Some(Latency { p50_us: at(500)?, p99_us: at(990)?, p999_us: at(999)? })
}

/// The one in the middle, the lower of two; none of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

/// The median of the ratios of turns that were taken one after the other, so that what else the machine does weighs on both.
pub(crate) fn median_ratio(ours: &[f64], theirs: &[f64]) -> Option<f64> {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs))
}

/// What a process has resident.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) rss_mib: f64,
    pub(crate) peak_mib: f64,
}

/// Of a process by its id, or of `self`; none where the system doesn't say.
pub(crate) fn memory(process: &str) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let mib = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kib| kib / 1024.0)
    };
    Some(Memory { rss_mib: mib("VmRSS:")?, peak_mib: mib("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_sample_of_that_rank() {
        let mut samples: Vec<Duration> = (1..=1_000).rev().map(Duration::from_micros).collect();
        assert_eq!(percentiles(&mut samples), Some(Latency { p50_us: 500.0, p99_us: 990.0, p999_us: 999.0 }));
        assert_eq!(percentiles(&mut samples[..1]), Some(Latency { p50_us: 1.0, p99_us: 1.0, p999_us: 1.0 }));
        assert_eq!(percentiles(&mut []), None);
        assert_eq!((median([3.0, 1.0, 2.0]), median([])), (Some(2.0), None));
    }
}
