use std::{
    env,
    hint::black_box,
    process::{Command, Stdio},
    time::Instant,
};

use announcement::Digest;

use crate::{BenchError, Figure, fill::Filled, measure::median_ratio};

/// `handover verify` of the whole ledger, as it's run for good: a copy, and a process for each volume of it.
pub(crate) fn run(filled: &Filled, progress: fn(&str)) -> Result<Vec<Figure>, BenchError> {
    progress("verify");
    let start = Instant::now();
    let ended = Command::new(env::current_exe()?).arg("verify").arg("--data").arg(&filled.data).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let seconds = start.elapsed().as_secs_f64();
    if !ended.success() {
        return Err(BenchError::Failed(format!("the ledger that was made doesn't verify: {ended}")));
    }
    let hashed = hashed(filled.raw.bytes);
    let ratio = median_ratio(&[filled.raw.records as f64 / seconds], &[filled.raw.records as f64 / hashed]);
    let verified = Figure::new("verify", "copy and every record, node and entry", filled.raw.records);
    Ok(vec![
        verified.rate(seconds, filled.raw.bytes).ratio("SHA-256 of the raw bytes", ratio),
        Figure::new("verify", "SHA-256 of the raw bytes in memory", filled.raw.records).rate(hashed, filled.raw.bytes),
    ])
}

/// The seconds that hashing as many bytes takes on one core, by far the most of what verifying must do.
fn hashed(bytes: u64) -> f64 {
    let piece = vec![7; PIECE];
    let start = Instant::now();
    for _ in 0..bytes.div_ceil(PIECE as u64) {
        black_box(Digest::of(black_box(&piece)));
    }
    start.elapsed().as_secs_f64()
}

/// As much as a record has.
const PIECE: usize = 755;
