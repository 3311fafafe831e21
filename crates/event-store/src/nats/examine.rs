use async_nats::{
    Client, RequestErrorKind,
    jetstream::{
        self, ErrorCode,
        context::{GetStreamError, GetStreamErrorKind},
        stream::{Info, PeerInfo},
    },
};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use crate::nats::{
    announcements, log,
    stream::{Options, StreamError, Wanted},
};

/// One of the two streams, as it was found.
#[derive(Debug)]
pub struct Examined {
    /// Its name.
    pub stream: String,
    /// What was found; nothing where there is no such stream.
    pub found: Option<StreamLevel>,
    /// How it's set otherwise than it must be.
    pub differs: Option<StreamError>,
}

/// What a stream holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamLevel {
    /// Its last message.
    pub last_sequence: u64,
    /// What it holds.
    pub bytes: u64,
    /// What it may hold; 0 where nothing limits it.
    pub max_bytes: u64,
    /// On how many servers each message is kept.
    pub replicas: usize,
    /// When its last message came; nothing where there is none.
    pub last_message: Option<Timestamp>,
    /// The servers of its cluster that aren't there, or not as far as its leader.
    pub missing_replicas: Vec<String>,
}

/// Looks at both streams, and changes nothing.
///
/// # Errors
/// [`StreamError::Server`], [`StreamError::NoJetStream`] or [`StreamError::Unreachable`].
pub async fn examine(client: &Client) -> Result<[Examined; 2], StreamError> {
    if !client.is_server_compatible(2, 12, 0) {
        return Err(StreamError::Server { found: client.server_info().version });
    }
    // A server without JetStream has nobody who answers there.
    if let Err(error) = client.request("$JS.API.INFO", Bytes::new()).await
        && error.kind() == RequestErrorKind::NoResponders
    {
        return Err(StreamError::NoJetStream);
    }
    let options = Options::default();
    Ok([look_at(client, &announcements::wanted(&options)).await?, look_at(client, &log::wanted(&options)).await?])
}

async fn look_at(client: &Client, wanted: &Wanted) -> Result<Examined, StreamError> {
    let stream = wanted.config.name.clone();
    match jetstream::new(client.clone()).get_stream(&stream).await {
        Ok(found) => {
            let info = found.cached_info();
            Ok(Examined { stream, found: Some(StreamLevel::of(info)), differs: wanted.check(&info.config).err() })
        }
        Err(error) => is_missing(&error).map(|()| Examined { stream, found: None, differs: None }),
    }
}

fn is_missing(error: &GetStreamError) -> Result<(), StreamError> {
    match error.kind() {
        GetStreamErrorKind::JetStream(reason) => match reason.error_code() {
            ErrorCode::STREAM_NOT_FOUND => Ok(()),
            ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => Err(StreamError::NoJetStream),
            _ => Err(StreamError::Unreachable(reason.to_string())),
        },
        _ => Err(StreamError::Unreachable(error.to_string())),
    }
}

impl StreamLevel {
    /// How much of what it may hold it does, in per cent; nothing where nothing limits it.
    #[must_use]
    pub const fn percent(&self) -> Option<u64> {
        self.bytes.saturating_mul(100).checked_div(self.max_bytes)
    }

    fn of(Info { config, state, cluster, .. }: &Info) -> Self {
        let lags = |peer: &&PeerInfo| peer.offline || !peer.current;
        let peers = cluster.iter().flat_map(|cluster| &cluster.replicas);
        Self {
            last_sequence: state.last_sequence,
            bytes: state.bytes,
            max_bytes: u64::try_from(config.max_bytes).unwrap_or(0),
            replicas: config.num_replicas,
            last_message: if state.last_sequence > 0 { Timestamp::from_nanosecond(state.last_timestamp.unix_timestamp_nanos()).ok() } else { None },
            missing_replicas: peers.filter(lags).map(|peer| peer.name.clone()).collect(),
        }
    }
}
