use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{ExchangeKey, Kind, MAX_EVENT};

impl Kind {
    /// The JSON Schema (2020-12) of an event of this kind: the whole CloudEvent.
    #[must_use]
    pub fn event_schema(self) -> Schema {
        let mut data = self.data_schema();
        let definitions = data.remove("$defs");
        data.remove("$schema");
        let mut schema = json_schema!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": format!("urn:handover:schema:{}:v1", self.as_str()),
            "title": self.as_str(),
            "description": format!("An event of at most {MAX_EVENT} bytes. The ledger refuses more than a schema can say."),
            "type": "object",
            "properties": {
                "specversion": {"const": "1.0"},
                "id": {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
                "source": {"type": "string", "minLength": 1, "maxLength": 256},
                "type": {"const": self.event_type()},
                "subject": ExchangeKey::json_schema(&mut SchemaGenerator::default()),
                "time": {"type": "string", "format": "date-time"},
                "datacontenttype": {"const": "application/json"},
                "dataschema": {"type": "string", "format": "uri"},
                "data": data,
                "sequence": false,
                "recordedtime": false,
                "publisher": false,
            },
            "required": ["specversion", "id", "source", "type", "data"],
            "patternProperties": {"^[a-z0-9]{1,20}$": true},
            "additionalProperties": false,
        });
        if let Some(definitions) = definitions {
            schema.insert("$defs".to_owned(), definitions);
        }
        schema
    }
}

/// The schema of a field that must be there and may be `null`.
pub(crate) fn nullable<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"anyOf": [generator.subschema_for::<T>(), {"type": "null"}]})
}
