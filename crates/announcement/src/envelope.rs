use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use uuid::Uuid;

use crate::{Data, ExchangeKey, Kind, text::Text};

/// The largest event in its structured form, in bytes, so that a record fits an entry of a tlog-tiles bundle.
pub const MAX_EVENT: usize = 61_440;

/// A CloudEvent's attributes, `type` and `data` apart.
#[derive(Clone, PartialEq, Debug)]
pub struct Envelope {
    /// Names the event together with its publisher and `source`, for ever.
    pub id: Uuid,
    /// The publishing service, a URI-reference.
    pub source: String,
    /// The exchange that the statement is about, where the publisher knows its key.
    pub subject: Option<ExchangeKey>,
    /// When the event was made. Never used for a figure.
    pub time: Option<Timestamp>,
    /// Where the schema of `data` is.
    pub dataschema: Option<String>,
    /// `correlationid`, `causationid`, `traceparent` and what else is kept.
    pub extensions: BTreeMap<String, Value>,
}

/// An announcement: what crosses every boundary as a CloudEvent 1.0.
#[derive(Clone, PartialEq, Debug)]
pub struct Announcement {
    /// Who sends it and what it's about.
    pub envelope: Envelope,
    /// What it says.
    pub data: Data,
}

impl Announcement {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.data.kind()
    }

    /// The exchange that it's about: its subject, else the key that its exchange's date and transfers give.
    #[must_use]
    pub fn key(&self) -> Option<ExchangeKey> {
        self.envelope.subject.clone().or_else(|| ExchangeKey::derive(self.data.exchange_date()?, self.data.transfers()))
    }
}

pub(crate) fn lower_case_uuid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    let Text(text) = Text::deserialize(deserializer)?;
    parse_uuid(&text).ok_or_else(|| de::Error::custom("expected a UUID in lower case with hyphens"))
}

pub(crate) fn parse_uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|uuid| uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text)
}
