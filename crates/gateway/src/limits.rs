use std::time::Duration;

/// The bytes of a batch. A batch of 1,024 events of the usual 700 bytes is well below; more only makes one answer cover more at once.
pub const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The events of a batch: the answer has a receipt for each, and 1,024 of the longest fit a megabyte.
pub const MAX_BATCH_EVENTS: usize = 1_024;

/// The things of one page, whatever `limit` says.
pub const MAX_PAGE: usize = 1_000;

/// The things of one page where `limit` says nothing.
pub const DEFAULT_PAGE: usize = 100;

/// The bytes of a request's line and headers. Ours need a few hundred; more is refused by the connection with 431.
pub const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Connections at once, streams not among them: each may hold a body of 60 KiB, an answer of a page and its buffers, together well below 100 MiB.
pub const MAX_CONNECTIONS: usize = 512;

/// Reads that scan the read models or the ledger at once; each occupies a thread.
pub const MAX_SCANS: usize = 16;

/// The bytes of all bodies that are held at once, whoever sends them: the memory that publishers can make the gateway hold. Who would pass it is told to come again.
pub const MAX_BODIES_BYTES: usize = 32 * 1024 * 1024;

/// The bytes of answers that are kept in memory until the next record, so that who asks the same again is answered at once.
pub const MAX_KEPT_BYTES: usize = 64 * 1024 * 1024;

/// The clients whose asking is counted at once; each takes some 40 bytes.
pub const MAX_CLIENTS: usize = 65_536;

/// The requests of one address a second where `--rate` says nothing: above what a load generator beside the server sends, so that it's met by a program gone wild only.
/// A public server sets it lower; behind a proxy, where all have one address, the proxy has to keep to one.
pub const DEFAULT_RATE: u32 = 50_000;

/// Those who follow a stream at once: each holds a socket and less than 64 KiB.
pub const MAX_STREAMS: usize = 2_048;

/// How many records one who follows may fall behind those who hear them as they come.
pub const MAX_BEHIND: u64 = 10_000;

/// The times that the gateway keeps to, and its connections. The defaults are the server's; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait in the listener's backlog.
    pub connections: usize,
    /// Streams at once; they don't count as connections.
    pub streams: usize,
    /// How many records a stream may fall behind before it's ended.
    pub behind: u64,
    /// After how long a stream that has nothing to say says so.
    pub keep_alive: Duration,
    /// Requests of one address a second; without a bound at 0.
    pub rate: u32,
    /// From the first look for a request to the end of its headers. An idle kept-alive connection ends with it too.
    pub head: Duration,
    /// From the first look for the body to its end: a batch of 4 MiB at 1 Mbit/s arrives within it.
    pub body: Duration,
    /// How long a client may take nothing of an answer before its connection is ended.
    pub stall: Duration,
    /// How long a publisher waits for its receipts before it's told where to ask (issue: 5 s).
    pub receipt: Duration,
    /// How long a read waits for the position in `at_least`.
    pub at_least: Duration,
    /// The whole of a request after its headers: the longest body and the longest wait fit.
    pub request: Duration,
    /// How long what a client still sends after a refusal is taken and thrown away, so that it can read the refusal.
    pub linger: Duration,
    /// From the stop signal to the end of the last connection; the process ends within 10 s.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: MAX_CONNECTIONS,
            streams: MAX_STREAMS,
            behind: MAX_BEHIND,
            keep_alive: Duration::from_secs(15),
            rate: DEFAULT_RATE,
            head: Duration::from_secs(15),
            body: Duration::from_secs(40),
            stall: Duration::from_secs(30),
            receipt: Duration::from_secs(5),
            at_least: Duration::from_secs(5),
            request: Duration::from_secs(60),
            linger: Duration::from_secs(2),
            drain: Duration::from_secs(8),
        }
    }
}
