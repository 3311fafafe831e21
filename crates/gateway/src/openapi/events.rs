use std::borrow::Cow;

use announcement::Kind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

/// An event of any kind, as it's published.
pub(crate) enum AnyEvent {}

/// Several of them.
pub(crate) enum AnyEvents {}

impl JsonSchema for AnyEvent {
    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Value> = Kind::ALL.iter().map(|kind| serde_json::json!({"$ref": format!("#/components/schemas/{}", name(kind.as_str()))})).collect();
        json_schema!({"description": "An announcement as a CloudEvent.", "oneOf": kinds})
    }
}

impl JsonSchema for AnyEvents {
    fn schema_name() -> Cow<'static, str> {
        "Events".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": generator.subschema_for::<AnyEvent>(), "minItems": 1, "maxItems": crate::MAX_BATCH_EVENTS})
    }
}

/// What is published has schemas of its own beside those of answers: a field that may be left out is never `null` in it.
fn name(of: &str) -> String {
    format!("event.{of}")
}

/// Each kind's schema, and those that they share.
pub(crate) fn components() -> Map<String, Value> {
    let mut components = Map::new();
    for kind in Kind::ALL {
        let mut schema = kind.event_schema().to_value();
        let members = schema.as_object_mut().expect("an event's schema is an object");
        let shared = members.remove("$defs");
        members.remove("$schema");
        members.remove("$id");
        for (shared, mut schema) in shared.and_then(|shared| shared.as_object().cloned()).into_iter().flatten() {
            refer(&mut schema);
            components.insert(name(&shared), schema);
        }
        refer(&mut schema);
        components.insert(name(kind.as_str()), schema);
    }
    components
}

/// Leads each reference to the components.
fn refer(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(shared) = reference.strip_prefix("#/$defs/")
            {
                *reference = format!("#/components/schemas/{}", name(shared));
            }
            members.values_mut().for_each(refer);
        }
        Value::Array(items) => items.iter_mut().for_each(refer),
        _ => {}
    }
}
