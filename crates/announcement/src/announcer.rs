use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Party,
    form::{given, one_form},
};

one_form!(Announcer);

/// Who says it, or who is spoken with.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Announcer {
    /// The party that it belongs to.
    pub party: Party,
    /// The office that it speaks in.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// Its name, only for people who speak in a public office.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The party that this body stands for.
    #[serde(default, rename = "for", deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<Party>,
}

impl Announcer {
    /// The party whose voice this is: the one it stands for, else its own.
    #[must_use]
    pub fn voice(&self) -> Party {
        self.stands_for.unwrap_or(self.party)
    }

    /// Whether both speak for the same party in the same office.
    #[must_use]
    pub fn same_office(&self, other: &Self) -> bool {
        self.party == other.party && self.office == other.office
    }
}
