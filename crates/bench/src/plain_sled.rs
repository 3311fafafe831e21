use std::{path::Path, time::Instant};

use durable::{PlainTrees, WriteError};
use event_store::Ready;

use crate::append::Slice;

/// The plain layout: an insertion in each of three trees an event; one flush and one `fdatasync` a batch.
pub(crate) struct PlainSled {
    trees: PlainTrees,
    position: u64,
}

impl PlainSled {
    pub(crate) fn create(dir: &Path) -> Result<Self, WriteError> {
        Ok(Self { trees: PlainTrees::create(&dir.join("plain-sled"))?, position: 0 })
    }

    pub(crate) fn append(&mut self, batches: &[Vec<Ready>]) -> Result<Slice, WriteError> {
        let mut latencies = Vec::with_capacity(batches.len());
        let start = Instant::now();
        for batch in batches {
            let begun = Instant::now();
            for ready in batch {
                let key = ready.key.as_ref().map_or("", |key| key.as_str());
                self.trees.insert(self.position, &ready.event, ready.id.as_bytes(), key.as_bytes())?;
                self.position += 1;
            }
            self.trees.sync()?;
            latencies.push(begun.elapsed());
        }
        Ok(Slice { seconds: start.elapsed().as_secs_f64(), latencies })
    }
}
