use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};

use crate::nats::stream::{Options, Wanted};

/// The stream that announcements come on.
pub const STREAM: &str = "ANNOUNCEMENTS";
/// Its subjects.
pub const SUBJECTS: [&str; 3] = ["handover.announce.>", "handover.curate.>", "handover.operate.>"];

/// The largest message.
const MAX_MESSAGE: i32 = 64 << 10;
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// The stream of announcements as it must be.
pub(super) fn wanted(options: &Options) -> Wanted {
    let config = Config {
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
    };
    Wanted { config, flags: "--stream-max-bytes and --replicas" }
}
