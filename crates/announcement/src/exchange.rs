use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Announcer, Date, ExchangeKey, Party,
    form::{given, one_form},
    schema::nullable,
};

one_form!(Exchange, Place, Precision, ThirdParty, Role);

/// The exchange that a statement is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Exchange {
    /// When it took place.
    pub date: Date,
    /// Where it took place.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The agreement that it follows.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// The exchange that it's a stage of.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub part_of: Option<ExchangeKey>,
    /// Which stage it is.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub stage: Option<u32>,
    /// Who carried it out.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub by: Option<Announcer>,
}

/// A place, as precise as it was announced.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Place {
    /// In words.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A code of ISO 3166-2 or UN/LOCODE.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How it's known.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

/// How a place is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "lowercase")]
pub enum Precision {
    /// The announcement names it.
    Stated,
    /// Somebody inferred it.
    Inferred,
    /// It was kept undisclosed.
    Undisclosed,
}

/// Somebody who helped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ThirdParty {
    /// What it's called.
    pub name: String,
    /// Its code; `null` where it has none.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(required, schema_with = "nullable::<Party>")]
    pub party: Option<Party>,
    /// What it did.
    pub role: Role,
}

/// What a third party did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "lowercase")]
pub enum Role {
    /// It brought the sides to agree.
    Mediator,
    /// It carried between the sides.
    Intermediary,
    /// It made the exchange easier.
    Facilitator,
    /// It watched.
    Observer,
    /// It gave the place.
    Host,
    /// It took part.
    Participant,
}
