use announcement::{ExchangeKey, Publisher};
use bytes::Bytes;
use event_store::Ready;
use generator::Generator;

/// Everything is measured with these announcements.
pub(crate) const SEED: u64 = 3;
/// As whom they're published.
pub(crate) const PUBLISHER: &str = "bench";

pub(crate) fn publisher() -> Publisher {
    PUBLISHER.parse().expect("a publisher's name")
}

/// Announcements, ready for the ledger.
pub(crate) struct Events(Generator);

impl Events {
    pub(crate) fn of(seed: u64) -> Self {
        Self(Generator::new(seed))
    }

    /// The next ones, in batches.
    pub(crate) fn batches(&mut self, records: u64, batch: usize) -> Vec<Vec<Ready>> {
        let mut left = usize::try_from(records).expect("no more than memory holds");
        let mut batches = Vec::with_capacity(left.div_ceil(batch));
        while left > 0 {
            let count = left.min(batch);
            batches.push(self.by_ref().take(count).collect());
            left -= count;
        }
        batches
    }
}

impl Iterator for Events {
    type Item = Ready;

    fn next(&mut self) -> Option<Ready> {
        let source = self.0.source();
        let generated = self.0.next()?;
        Some(Ready { publisher: publisher(), source, id: generated.id, key: key(&generated.event), event: Bytes::from(generated.event) })
    }
}

fn key(event: &[u8]) -> Option<ExchangeKey> {
    let text = std::str::from_utf8(event).expect("JSON is UTF-8");
    announcement::decode(text).expect("the generator makes valid announcements").key()
}

pub(crate) fn bytes_of(batches: &[Vec<Ready>]) -> u64 {
    batches.iter().flatten().map(|ready| ready.event.len() as u64).sum()
}
