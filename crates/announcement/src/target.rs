use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Publisher,
    envelope::lower_case_uuid,
    form::{given, one_form},
};

one_form!(Target);

/// A recorded event, as another event names it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Target {
    /// Who published it; may be left out where it's the sender itself or where only one record matches.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub publisher: Option<Publisher>,
    /// The event's `source`.
    pub source: String,
    /// The event's `id`.
    #[serde(deserialize_with = "lower_case_uuid")]
    pub id: Uuid,
}
