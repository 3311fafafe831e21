use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        self,
        context::{CreateStreamErrorKind, GetStreamErrorKind},
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream},
    },
};

/// The stream that announcements come on.
pub const STREAM: &str = "ANNOUNCEMENTS";
/// Its subjects.
pub const SUBJECTS: [&str; 3] = ["handover.announce.>", "handover.curate.>", "handover.operate.>"];
/// Questions to a ledger; not a subject of any stream, or they would be stored.
pub const QUERY_PREFIX: &str = "handover.query";
/// Receipts, by publisher; not a subject of any stream.
pub const RECEIPTS_PREFIX: &str = "handover.receipts";

/// The largest message.
const MAX_MESSAGE: i32 = 64 << 10;
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// What an operator may choose of the stream.
#[derive(Clone, Debug)]
pub struct Options {
    /// On how many servers each message is kept: 1, or 3 in a cluster.
    pub replicas: usize,
    /// How much the stream may hold; full means that publishers hear no.
    pub max_bytes: i64,
}

impl Options {
    /// 4 GiB: some six million announcements, and little enough for the storage that a server reserves by itself on a small disk.
    pub const DEFAULT_MAX_BYTES: i64 = 4 << 30;
}

impl Default for Options {
    fn default() -> Self {
        Self { replicas: 1, max_bytes: Self::DEFAULT_MAX_BYTES }
    }
}

/// Why the stream can't be used. Nothing was changed.
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
    #[error("the stream {STREAM} has {setting} {found}, and must have {expected}; change the stream, or use a server of its own")]
    Differs {
        /// The setting.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        expected: String,
    },
    /// The server refuses to make it.
    #[error("the server refuses the stream {STREAM}: {0}; look at its storage limit, and at --stream-max-bytes and --replicas")]
    Refused(String),
    /// The server doesn't answer.
    #[error("the server doesn't answer: {0}")]
    Unreachable(String),
}

fn config(options: &Options) -> Config {
    Config {
        name: STREAM.to_owned(),
        subjects: SUBJECTS.map(str::to_owned).to_vec(),
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_bytes: options.max_bytes,
        max_message_size: MAX_MESSAGE,
        duplicate_window: DUPLICATE_WINDOW,
        deny_delete: true,
        num_replicas: options.replicas,
        description: Some("announcements on their way to the ledger".to_owned()),
        ..Config::default()
    }
}

pub(super) async fn ensure(client: &Client, options: &Options) -> Result<Stream, StreamError> {
    if !client.is_server_compatible(2, 12, 0) {
        return Err(StreamError::Server { found: client.server_info().version });
    }
    let context = jetstream::new(client.clone());
    match context.get_stream(STREAM).await {
        Ok(stream) => {
            check(&stream.cached_info().config, options)?;
            Ok(stream)
        }
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(reason) if reason.code() == 404 => create(&context, config(options)).await,
            GetStreamErrorKind::JetStream(reason) if reason.code() == 503 => Err(StreamError::NoJetStream),
            GetStreamErrorKind::JetStream(reason) => Err(StreamError::Refused(reason.to_string())),
            _ => Err(StreamError::Unreachable(error.to_string())),
        },
    }
}

async fn create(context: &jetstream::Context, wanted: Config) -> Result<Stream, StreamError> {
    match context.create_stream(wanted).await {
        Ok(_) => context.get_stream(STREAM).await.map_err(|error| StreamError::Unreachable(error.to_string())),
        Err(error) => Err(match error.kind() {
            CreateStreamErrorKind::JetStream(reason) => StreamError::Refused(reason.to_string()),
            CreateStreamErrorKind::JetStreamUnavailable => StreamError::NoJetStream,
            _ => StreamError::Unreachable(error.to_string()),
        }),
    }
}

/// What an operator may choose (`replicas`, `max_bytes`) may differ, as long as it's bounded: a cluster is grown and a limit raised while nodes run.
pub(super) fn check(found: &Config, options: &Options) -> Result<(), StreamError> {
    let wanted = config(options);
    let mut subjects = found.subjects.clone();
    subjects.sort();
    let limit = |limit: i64| if limit <= 0 { "no limit".to_owned() } else { limit.to_string() };
    let settings = [
        ("subjects", format!("{subjects:?}"), format!("{:?}", wanted.subjects)),
        ("storage", format!("{:?}", found.storage), format!("{:?}", wanted.storage)),
        ("retention", format!("{:?}", found.retention), format!("{:?}", wanted.retention)),
        ("discard", format!("{:?}", found.discard), format!("{:?}", wanted.discard)),
        ("max_msg_size", found.max_message_size.to_string(), wanted.max_message_size.to_string()),
        ("duplicate_window", format!("{:?}", found.duplicate_window), format!("{:?}", wanted.duplicate_window)),
        ("deny_delete", found.deny_delete.to_string(), wanted.deny_delete.to_string()),
        ("max_age", format!("{:?}", found.max_age), format!("{:?}", wanted.max_age)),
        ("max_msgs", limit(found.max_messages), limit(wanted.max_messages)),
        ("max_msgs_per_subject", limit(found.max_messages_per_subject), limit(wanted.max_messages_per_subject)),
        ("no_ack", found.no_ack.to_string(), wanted.no_ack.to_string()),
        ("sealed", found.sealed.to_string(), wanted.sealed.to_string()),
        ("allow_rollup_hdrs", found.allow_rollup.to_string(), wanted.allow_rollup.to_string()),
        ("allow_msg_ttl", found.allow_message_ttl.to_string(), wanted.allow_message_ttl.to_string()),
        ("mirror", found.mirror.is_some().to_string(), wanted.mirror.is_some().to_string()),
        ("sources", found.sources.iter().flatten().count().to_string(), "0".to_owned()),
        ("subject_transform", found.subject_transform.is_some().to_string(), wanted.subject_transform.is_some().to_string()),
    ];
    for (setting, found, expected) in settings {
        if found != expected {
            return Err(StreamError::Differs { setting, found, expected });
        }
    }
    if found.max_bytes <= 0 {
        return Err(StreamError::Differs { setting: "max_bytes", found: limit(found.max_bytes), expected: "a limit".to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_or_a_receipt_is_never_stored_by_the_stream() {
        for subject in [QUERY_PREFIX, RECEIPTS_PREFIX] {
            for stream_subject in SUBJECTS {
                let prefix = stream_subject.trim_end_matches('>');
                assert!(!format!("{subject}.").starts_with(prefix) && !prefix.starts_with(&format!("{subject}.")));
            }
        }
    }

    fn check_changed(setting: &str, change: impl FnOnce(&mut Config)) {
        let options = Options::default();
        let mut found = config(&options);
        change(&mut found);
        match check(&found, &options) {
            Err(StreamError::Differs { setting: named, found, expected }) => assert!(named == setting && found != expected, "{named}: {found}, {expected}"),
            other => panic!("{setting}: {other:?}"),
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
        let found = Config { num_replicas: 3, max_bytes: 1 << 20, max_messages: -1, max_messages_per_subject: -1, ..config(&Options::default()) };
        assert!(check(&found, &Options::default()).is_ok());
    }
}
