use std::fs;

use jiff::Timestamp;
use prometheus_client::{
    metrics::gauge::ConstGauge,
    registry::{Registry, Unit},
};

/// Tells of this process what its system says: `handover_process_…`. Elsewhere than on Linux that's its start alone.
pub(super) fn observe(started: Timestamp, registry: &mut Registry) {
    let start = ConstGauge::new(started.as_duration().as_secs_f64());
    registry.register_with_unit("handover_process_start_time", "When this process started", Unit::Seconds, start);
    if let Some(bytes) = fs::read_to_string("/proc/self/status").ok().and_then(|status| resident_bytes(&status)) {
        registry.register_with_unit("handover_process_resident_memory", "Resident memory", Unit::Bytes, ConstGauge::new(bytes));
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        registry.register("handover_process_open_files", "Open files and sockets", ConstGauge::new(open.count() as u64));
    }
    if let Some(most) = fs::read_to_string("/proc/self/limits").ok().and_then(|limits| open_files(&limits)) {
        registry.register("handover_process_open_files_limit", "The most files and sockets that may be open", ConstGauge::new(most));
    }
}

fn resident_bytes(status: &str) -> Option<u64> {
    let kib: u64 = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

/// The soft limit; none where there is no limit.
fn open_files(limits: &str) -> Option<u64> {
    limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_of_a_process_is_read() {
        assert_eq!(resident_bytes("VmPeak:\t  9 kB\nVmRSS:\t   12 kB\n"), Some(12_288));
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 4096                 files     \n";
        assert_eq!((open_files(limits), open_files("Max open files            unlimited            unlimited            files")), (Some(1_024), None));
    }
}
