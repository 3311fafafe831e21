use schemars::{
    JsonSchema, Schema, SchemaGenerator, json_schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::Value;

use crate::{ExchangeKey, Kind, MAX_EVENT};

impl Kind {
    /// The JSON Schema (2020-12) of an event of this kind: the whole CloudEvent.
    #[must_use]
    pub fn event_schema(self) -> Schema {
        let mut data = self.data_schema();
        Given.transform(&mut data);
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

/// Takes `null` away where it was derived from a field that may be left out; what [`nullable`] allows stays.
struct Given;

impl Transform for Given {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|of| of != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(mut forms)) = schema.remove("anyOf") {
            forms.retain(|form| form.get("type").is_none_or(|of| of != "null"));
            match forms.as_mut_slice() {
                [Value::Object(only)] => std::mem::take(only).into_iter().for_each(|(name, value)| drop(schema.insert(name, value))),
                _ => drop(schema.insert("anyOf".to_owned(), Value::Array(forms))),
            }
        }
        transform_subschemas(self, schema);
    }
}

/// The schema of a field that must be there and may be `null`.
pub(crate) fn nullable<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"oneOf": [generator.subschema_for::<T>(), {"type": "null"}]})
}

/// The schema of what stands in a claim's place: a claim kind with its own data.
pub(crate) fn replacement(generator: &mut SchemaGenerator) -> Schema {
    let claims = Kind::ALL.iter().copied().filter(|kind| kind.is_claim());
    let forms: Vec<Schema> = claims
        .map(|kind| {
            json_schema!({
                "type": "object",
                "properties": {
                    "kind": {"const": kind.as_str()},
                    "subject": generator.subschema_for::<ExchangeKey>(),
                    "data": kind.data_subschema(generator),
                },
                "required": ["kind", "data"],
                "additionalProperties": false,
            })
        })
        .collect();
    json_schema!({"description": "A claim kind with its subject and data, validated like an event.", "oneOf": forms})
}
