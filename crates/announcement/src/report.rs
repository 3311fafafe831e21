use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Date, Digest, Target,
    form::{given, one_form},
};

one_form!(Report);

/// Where the statement was read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Report {
    /// The outlet's name.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub outlet: Option<String>,
    /// Where it was published.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was published.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub published: Option<Date>,
    /// Its language, a BCP 47 tag.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Where a copy is kept.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub archived: Option<String>,
    /// The digest of the copy.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// The statements that it repeats.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub relays: Option<Vec<Origin>>,
}

/// What a report repeats: a recorded event, or something at an address.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Origin {
    /// A recorded event, or one that may be recorded yet.
    Event(Target),
    /// An address.
    Address(String),
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OriginVisitor;
        impl<'de> serde::de::Visitor<'de> for OriginVisitor {
            type Value = Origin;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an address, or {\"source\", \"id\"} of an event")
            }
            fn visit_str<E: serde::de::Error>(self, address: &str) -> Result<Origin, E> {
                Ok(Origin::Address(address.to_owned()))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Origin, A::Error> {
                Target::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Origin::Event)
            }
        }
        deserializer.deserialize_any(OriginVisitor)
    }
}
