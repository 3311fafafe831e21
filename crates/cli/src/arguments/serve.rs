use std::{net::SocketAddr, path::PathBuf};

use announcement::Publisher;
use clap::{Args, ValueEnum};

use crate::connection::NatsAccess;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The data folder
    #[arg(long, env = "HANDOVER_DATA", default_value = "data")]
    pub(crate) data: PathBuf,
    /// Where HTTP is served; port 0 picks a free one
    #[arg(long, env = "HANDOVER_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// The nats-server (2.12 or newer, with JetStream), or a cluster's, with commas between; without it announcements come in over HTTP only
    #[arg(long, env = "HANDOVER_NATS", value_name = "URL")]
    pub(crate) nats: Option<String>,
    #[command(flatten)]
    pub(crate) nats_access: NatsAccess,
    /// This process's name: its user on NATS, and what those are named after who publish with a token (NAME.publisher)
    #[arg(long, env = "HANDOVER_NAME", value_name = "NAME", default_value = "gateway")]
    pub(crate) name: Publisher,
    /// What this process does: everything, the ledger without read models, or read models that follow a ledger over NATS
    #[arg(long, env = "HANDOVER_ROLE", default_value = "all")]
    pub(crate) role: Role,
    /// Also write the read models' documents to the key-value bucket handover-views, each when it changes; needs --nats
    #[arg(long, env = "HANDOVER_VIEWS")]
    pub(crate) views: bool,
    /// On how many servers of a cluster each message is kept, where the streams are made
    #[arg(long, env = "HANDOVER_REPLICAS", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub(crate) replicas: u8,
    /// How much the stream may hold, where it's made; full means that publishers hear no
    #[arg(long, env = "HANDOVER_STREAM_MAX_BYTES", default_value_t = event_store::nats::Options::DEFAULT_MAX_BYTES, value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) stream_max_bytes: i64,
    /// The key that checkpoints are signed with (ledger.key in the data folder, made at the first start); all nodes of one ledger have the same
    #[arg(long, env = "HANDOVER_KEY", value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// How much the stream LEDGER, which has every record for subscribers, may hold, where it's made; full means that it lags behind
    #[arg(long, env = "HANDOVER_LEDGER_MAX_BYTES", default_value_t = event_store::nats::Options::DEFAULT_MAX_BYTES, value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) ledger_max_bytes: i64,
    /// How many HTTP requests one address may send a second; 0 is without a bound. Behind a proxy all have one address
    #[arg(long, env = "HANDOVER_RATE", default_value_t = gateway::DEFAULT_RATE, value_name = "REQUESTS")]
    pub(crate) rate: u32,
    /// The file of tokens of those who may publish (see handover token); without one only programs of this machine publish, and only where --listen is a loopback address
    #[arg(long, env = "HANDOVER_TOKENS", value_name = "FILE")]
    pub(crate) tokens: Option<PathBuf>,
    /// Who may read: everyone, or who has a token
    #[arg(long, env = "HANDOVER_READS", default_value = "open")]
    pub(crate) reads: Reads,
    /// How many announcements a second each publisher with a token may send, where its token doesn't say otherwise; 0 is without a bound
    #[arg(long, env = "HANDOVER_PER_SECOND", value_name = "ANNOUNCEMENTS", default_value_t = gateway::Quota::default().per_second)]
    pub(crate) per_second: u32,
    /// How many in a day (UTC)
    #[arg(long, env = "HANDOVER_PER_DAY", value_name = "ANNOUNCEMENTS", default_value_t = gateway::Quota::default().per_day)]
    pub(crate) per_day: u64,
    /// The file (PEM) with the certificate that HTTPS is served with, and those that signed it; read again when it changes
    #[arg(long, env = "HANDOVER_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The file (PEM) with the certificate's key
    #[arg(long, env = "HANDOVER_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// How the log is written; RUST_LOG says what is
    #[arg(long, env = "HANDOVER_LOG", default_value = "text")]
    pub(crate) log: Log,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    All,
    Ledger,
    Reader,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reads {
    Open,
    Token,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Log {
    Text,
    Json,
}
