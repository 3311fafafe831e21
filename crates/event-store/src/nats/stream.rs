use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        self, ErrorCode,
        context::{CreateStreamErrorKind, GetStreamErrorKind},
        stream::{Config, Stream},
    },
};
use tokio::time::{Instant, sleep};

/// What an operator may choose of the streams.
#[derive(Clone, Debug)]
pub struct Options {
    /// On how many servers each message is kept: 1, or 3 in a cluster.
    pub replicas: usize,
    /// How much the stream of announcements may hold; full means that publishers hear no.
    pub max_bytes: i64,
    /// How much the stream of records may hold; full means that it lags behind the ledger, which goes on.
    pub ledger_max_bytes: i64,
}

impl Options {
    /// 4 GiB: some six million announcements, and little enough for the storage that a server reserves by itself on a small disk.
    pub const DEFAULT_MAX_BYTES: i64 = 4 << 30;
}

impl Default for Options {
    fn default() -> Self {
        Self { replicas: 1, max_bytes: Self::DEFAULT_MAX_BYTES, ledger_max_bytes: Self::DEFAULT_MAX_BYTES }
    }
}

/// Why a stream can't be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The server is too old: it would take what it doesn't know for done.
    #[error("nats-server {found} is too old; use 2.12 or newer")]
    Server {
        /// Its version.
        found: String,
    },
    /// The server doesn't run JetStream.
    #[error("JetStream isn't enabled on the server; start it with -js")]
    NoJetStream,
    /// The stream is set otherwise.
    #[error("the stream {stream} has {setting} {found}, and must have {expected}; change the stream, or use a server of its own")]
    Differs {
        /// The stream.
        stream: String,
        /// The setting.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        expected: String,
    },
    /// The server refuses to make it.
    #[error("the server refuses the stream {stream}: {reason}; look at its storage limit, and at {flags}")]
    Refused {
        /// The stream.
        stream: String,
        /// What the server says.
        reason: String,
        /// What an operator sets of it.
        flags: &'static str,
    },
    /// The server doesn't answer.
    #[error("the server doesn't answer: {0}")]
    Unreachable(String),
}

/// A stream as it must be.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) config: Config,
    /// The options of `handover serve` that set it.
    pub(super) flags: &'static str,
}

/// How long a cluster that's electing its leader is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two attempts.
const RETRY: Duration = Duration::from_millis(500);

/// Creates or checks a stream; waits for a cluster that has no leader at the moment.
pub(super) async fn prepare(client: &Client, wanted: &Wanted) -> Result<Stream, StreamError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ensure(client, wanted).await {
            Err(StreamError::Unreachable(_)) if Instant::now() < deadline => sleep(RETRY).await,
            ensured => return ensured,
        }
    }
}

/// Creates or checks a stream.
pub(super) async fn ensure(client: &Client, wanted: &Wanted) -> Result<Stream, StreamError> {
    if !client.is_server_compatible(2, 12, 0) {
        return Err(StreamError::Server { found: client.server_info().version });
    }
    let context = jetstream::new(client.clone());
    match context.get_stream(&wanted.config.name).await {
        Ok(stream) => {
            wanted.check(&stream.cached_info().config)?;
            Ok(stream)
        }
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(reason) if reason.error_code() == ErrorCode::STREAM_NOT_FOUND => create(&context, wanted).await,
            GetStreamErrorKind::JetStream(reason) => Err(wanted.refused(&reason)),
            _ => Err(StreamError::Unreachable(error.to_string())),
        },
    }
}

async fn create(context: &jetstream::Context, wanted: &Wanted) -> Result<Stream, StreamError> {
    match context.create_stream(&wanted.config).await {
        Ok(_) => context.get_stream(&wanted.config.name).await.map_err(|error| StreamError::Unreachable(error.to_string())),
        Err(error) => Err(match error.kind() {
            CreateStreamErrorKind::JetStream(reason) => wanted.refused(&reason),
            CreateStreamErrorKind::JetStreamUnavailable => StreamError::NoJetStream,
            _ => StreamError::Unreachable(error.to_string()),
        }),
    }
}

impl Wanted {
    fn refused(&self, reason: &jetstream::Error) -> StreamError {
        match reason.error_code() {
            ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => StreamError::NoJetStream,
            // A cluster without a leader, or where servers are missing.
            ErrorCode::CLUSTER_NOT_AVAILABLE | ErrorCode::CLUSTER_NO_PEERS | ErrorCode::STREAM_OFFLINE => StreamError::Unreachable(reason.to_string()),
            _ => StreamError::Refused { stream: self.config.name.clone(), reason: reason.to_string(), flags: self.flags },
        }
    }

    /// What an operator may choose (`replicas`, `max_bytes`) may differ, as long as it's bounded: a cluster is grown and a limit raised while nodes run.
    pub(super) fn check(&self, found: &Config) -> Result<(), StreamError> {
        let differs = |setting, found, expected| Err(StreamError::Differs { stream: self.config.name.clone(), setting, found, expected });
        for ((setting, found), (_, expected)) in settings(found).into_iter().zip(settings(&self.config)) {
            if found != expected {
                return differs(setting, found, expected);
            }
        }
        if found.max_bytes <= 0 {
            return differs("max_bytes", limit(found.max_bytes), "a limit".to_owned());
        }
        Ok(())
    }
}

fn limit(limit: i64) -> String {
    if limit <= 0 { "no limit".to_owned() } else { limit.to_string() }
}

fn settings(config: &Config) -> [(&'static str, String); 18] {
    let mut subjects = config.subjects.clone();
    subjects.sort();
    [
        ("subjects", format!("{subjects:?}")),
        ("storage", format!("{:?}", config.storage)),
        ("retention", format!("{:?}", config.retention)),
        ("discard", format!("{:?}", config.discard)),
        ("max_msg_size", config.max_message_size.to_string()),
        ("duplicate_window", format!("{:?}", config.duplicate_window)),
        ("deny_delete", config.deny_delete.to_string()),
        ("deny_purge", config.deny_purge.to_string()),
        ("max_age", format!("{:?}", config.max_age)),
        ("max_msgs", limit(config.max_messages)),
        ("max_msgs_per_subject", limit(config.max_messages_per_subject)),
        ("no_ack", config.no_ack.to_string()),
        ("sealed", config.sealed.to_string()),
        ("allow_rollup_hdrs", config.allow_rollup.to_string()),
        ("allow_msg_ttl", config.allow_message_ttl.to_string()),
        ("mirror", config.mirror.is_some().to_string()),
        ("sources", config.sources.iter().flatten().count().to_string()),
        ("subject_transform", config.subject_transform.is_some().to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream::stream::{DiscardPolicy, RetentionPolicy, StorageType};

    use super::*;
    use crate::nats::{LOG_SUBJECTS, NODES_PREFIX, QUERY_PREFIX, RECEIPTS_PREFIX, SUBJECTS, announcements, log};

    #[test]
    fn a_question_a_receipt_or_a_nodes_word_is_never_stored_by_a_stream() {
        for subject in [QUERY_PREFIX, RECEIPTS_PREFIX, NODES_PREFIX] {
            for stream_subject in SUBJECTS.into_iter().chain(LOG_SUBJECTS) {
                let prefix = stream_subject.trim_end_matches(['>', '*']);
                assert!(!format!("{subject}.").starts_with(prefix) && !prefix.starts_with(&format!("{subject}.")));
            }
        }
    }

    fn check_changed(setting: &str, change: impl Fn(&mut Config)) {
        for wanted in [announcements::wanted(&Options::default()), log::wanted(&Options::default())] {
            let mut found = wanted.config.clone();
            change(&mut found);
            match wanted.check(&found) {
                Err(StreamError::Differs { stream, setting: named, found, expected }) => {
                    assert!(stream == wanted.config.name && named == setting && found != expected, "{stream} {named}: {found}, {expected}");
                }
                other => panic!("{setting}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_stream_that_is_set_otherwise_is_refused_by_the_settings_name() {
        check_changed("subjects", |found| found.subjects.push("handover.query.>".to_owned()));
        check_changed("subjects", |found| drop(found.subjects.pop()));
        check_changed("storage", |found| found.storage = StorageType::Memory);
        check_changed("retention", |found| found.retention = RetentionPolicy::WorkQueue);
        check_changed("discard", |found| found.discard = DiscardPolicy::Old);
        check_changed("max_msg_size", |found| found.max_message_size = 1 << 20);
        check_changed("duplicate_window", |found| found.duplicate_window = Duration::from_secs(1));
        check_changed("deny_delete", |found| found.deny_delete = false);
        check_changed("deny_purge", |found| found.deny_purge = !found.deny_purge);
        check_changed("max_age", |found| found.max_age = Duration::from_secs(3_600));
        check_changed("max_msgs", |found| found.max_messages = 10);
        check_changed("max_msgs_per_subject", |found| found.max_messages_per_subject = 1);
        check_changed("no_ack", |found| found.no_ack = true);
        check_changed("sealed", |found| found.sealed = true);
        check_changed("allow_rollup_hdrs", |found| found.allow_rollup = true);
        check_changed("allow_msg_ttl", |found| found.allow_message_ttl = true);
        check_changed("max_bytes", |found| found.max_bytes = -1);
    }

    #[test]
    fn replicas_and_a_limit_are_the_operators_choice() {
        for wanted in [announcements::wanted(&Options::default()), log::wanted(&Options::default())] {
            let found = Config { num_replicas: 3, max_bytes: 1 << 20, max_messages: -1, max_messages_per_subject: -1, ..wanted.config.clone() };
            assert!(wanted.check(&found).is_ok());
        }
    }
}
