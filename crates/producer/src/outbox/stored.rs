use announcement::{Announcement, Problem};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Outgoing;

/// An entry as it stands on disk: a line of JSON, and the event's own bytes.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) head: Head,
    pub(super) event: Bytes,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    /// When it was accepted.
    pub(super) since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    /// Why it was refused, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<Problem>,
}

impl Stored {
    pub(super) fn new(event: &Outgoing, since: Timestamp) -> Self {
        Self { head: Head { since, traceparent: event.traceparent().map(str::to_owned), problem: None }, event: event.event().clone() }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(&self.head).expect("a head is JSON");
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.event);
        bytes
    }

    pub(super) fn decode(bytes: Vec<u8>) -> Result<Self, String> {
        let end = bytes.iter().position(|&byte| byte == b'\n').ok_or("it has no head")?;
        let head = serde_json::from_slice(&bytes[..end]).map_err(|error| error.to_string())?;
        Ok(Self { head, event: Bytes::from(bytes).slice(end + 1..) })
    }

    /// The event on its way out. It was accepted once and is not judged again here.
    pub(super) fn outgoing(&self) -> Result<Outgoing, String> {
        let text = std::str::from_utf8(&self.event).map_err(|error| error.to_string())?;
        let announcement: Announcement = announcement::decode(text).map_err(|problem| problem.to_string())?;
        let outgoing = Outgoing::new(self.event.clone(), &announcement);
        Ok(match &self.head.traceparent {
            Some(traceparent) => outgoing.with_traceparent(traceparent.clone()),
            None => outgoing,
        })
    }
}
