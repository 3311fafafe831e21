use bytes::Bytes;
use jiff::Timestamp;

/// One message of the queue, or of the embedded intake. What a ledger records depends on its messages, in their order, and on nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The subject that it was published on.
    pub subject: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
    /// Its place in the stream; embedded it has none.
    pub sequence: Option<u64>,
    /// When the queue took it in.
    pub time: Timestamp,
}

/// The largest message, subject and headers included: what the stream takes.
pub const MAX_MESSAGE: usize = 64 << 10;

impl Message {
    /// What it takes in memory, in bytes, near enough.
    #[must_use]
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.subject.len() + headers + self.body.len()
    }
}
