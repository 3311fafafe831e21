use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    time::Instant,
};

use event_store::Ready;

use crate::append::Slice;

/// The disk's own limit: the same bytes appended to a file, one `fdatasync` a batch.
pub(crate) struct PlainFile(File);

impl PlainFile {
    pub(crate) fn create(dir: &Path) -> io::Result<Self> {
        File::create(dir.join("plain-file")).map(Self)
    }

    pub(crate) fn append(&mut self, batches: &[Vec<Ready>]) -> io::Result<Slice> {
        let mut latencies = Vec::with_capacity(batches.len());
        let mut bytes = Vec::new();
        let start = Instant::now();
        for batch in batches {
            let begun = Instant::now();
            bytes.clear();
            batch.iter().for_each(|ready| bytes.extend_from_slice(&ready.event));
            self.0.write_all(&bytes)?;
            self.0.sync_data()?;
            latencies.push(begun.elapsed());
        }
        Ok(Slice { seconds: start.elapsed().as_secs_f64(), latencies })
    }
}
