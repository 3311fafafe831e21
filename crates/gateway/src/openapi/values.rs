//! What is written in addresses and in answers that aren't made from one type.

use std::borrow::Cow;

use announcement::{Digest, Instant, Kind, Position, Publisher};
use projection::AsOf;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use crate::{MAX_PAGE, answer::Form};

/// Names a schema that no type of the code has: parameters are read from text, and records are handed on in their own bytes.
macro_rules! value {
    ($name:ident, |$generator:pat_param| $schema:expr) => {
        pub(crate) enum $name {}

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                let schema: serde_json::Value = $schema;
                schema.try_into().expect("a schema is an object")
            }
        }
    };
}

value!(Limit, |_| json!({"type": "integer", "minimum": 1, "maximum": MAX_PAGE}));
value!(Format, |_| json!({"type": "string", "enum": Form::ALL.map(Form::name)}));
value!(Text, |_| json!({"type": "string"}));
value!(Size, |_| json!({"type": "integer", "minimum": 0}));
value!(Place, |_| json!({"type": "integer", "minimum": 0, "maximum": u64::MAX, "description": "A place in the ledger: 0, 1, 2 …"}));
value!(Moment, |generator| json!({
    "description": "A position, an instant, or a day, which stands for its end in UTC.",
    "anyOf": [generator.subschema_for::<Place>(), generator.subschema_for::<Instant>(), generator.subschema_for::<announcement::Day>()],
}));
value!(Grouping, |_| json!({
    "type": "string",
    "pattern": "^(direction|category|framework)(,(direction|category|framework)){0,2}$",
    "description": "Some of direction, category, framework, with commas between them.",
}));
value!(Period, |_| json!({"type": "string", "enum": ["day", "month", "year"]}));
value!(Channel, |_| json!({"type": "string", "enum": ["bodies", "prisoners", "civilians"]}));
value!(Uuid, |_| json!({"type": "string", "format": "uuid"}));
value!(KindName, |_| json!({"type": "string", "enum": Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()}));
value!(TilePath, |_| json!({"type": "string", "examples": ["0/000", "entries/000.p/9"]}));
value!(SchemaName, |_| json!({"type": "string", "enum": Kind::ALL.iter().map(|kind| format!("{}.v1.json", kind.as_str())).collect::<Vec<_>>()}));

value!(Live, |_| json!({"type": "object", "properties": {"live": {"const": true}}, "required": ["live"]}));
value!(RecordedEvent, |generator| json!({
    "description": "A CloudEvent with the event's own bytes, and where it stands in the ledger. Of a redacted record the type is org.handover.removed.v1.",
    "type": "object",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "subject": {"type": "string"},
        "data": {"type": "object"},
        "sequence": {"type": "string", "pattern": "^[0-9]{20}$"},
        "recordedtime": generator.subschema_for::<Instant>(),
        "publisher": generator.subschema_for::<Publisher>(),
    },
    "required": ["specversion", "id", "source", "type", "data", "sequence", "recordedtime", "publisher"],
}));
value!(Records, |generator| json!({
    "type": "object",
    "properties": {
        "as_of": generator.subschema_for::<AsOf>(),
        "records": {"type": "array", "items": generator.subschema_for::<RecordedEvent>()},
        "next": generator.subschema_for::<Option<Position>>(),
    },
    "required": ["as_of", "records", "next"],
}));
value!(Inclusion, |generator| json!({
    "type": "object",
    "properties": {
        "position": generator.subschema_for::<Position>(),
        "size": generator.subschema_for::<Size>(),
        "leaf": generator.subschema_for::<Option<Digest>>(),
        "root": generator.subschema_for::<Digest>(),
        "inclusion": {"type": "array", "items": generator.subschema_for::<Digest>()},
    },
    "required": ["position", "size", "leaf", "root", "inclusion"],
}));
value!(Consistency, |generator| json!({
    "type": "object",
    "properties": {
        "from": generator.subschema_for::<Size>(),
        "to": generator.subschema_for::<Size>(),
        "from_root": generator.subschema_for::<Digest>(),
        "to_root": generator.subschema_for::<Digest>(),
        "consistency": {"type": "array", "items": generator.subschema_for::<Digest>()},
    },
    "required": ["from", "to", "from_root", "to_root", "consistency"],
}));
value!(Proof, |generator| json!({
    "type": "object",
    "description": "A record with all that shows its place to someone who has a checkpoint and nothing else.",
    "properties": {
        "origin": {"type": "string"},
        "position": generator.subschema_for::<Position>(),
        "recorded": generator.subschema_for::<Instant>(),
        "publisher": generator.subschema_for::<Publisher>(),
        "event": {"type": "string"},
        "leaf": generator.subschema_for::<Digest>(),
        "size": generator.subschema_for::<Size>(),
        "root": generator.subschema_for::<Digest>(),
        "inclusion": {"type": "array", "items": generator.subschema_for::<Digest>()},
        "checkpoint": {"type": "string"},
    },
    "required": ["origin", "position", "recorded", "publisher", "event", "leaf", "size", "root", "inclusion", "checkpoint"],
}));

/// An RFC 9457 problem. A problem of the kind at hand may have members of its own.
pub(crate) enum Problem {}

impl JsonSchema for Problem {
    fn schema_name() -> Cow<'static, str> {
        "Problem".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = announcement::Problem::json_schema(generator);
        schema.ensure_object().entry("properties").or_insert_with(|| json!({}))["status"] = json!({"type": "integer", "minimum": 400, "maximum": 599});
        if let Some(required) = schema.ensure_object().entry("required").or_insert_with(|| json!([])).as_array_mut() {
            required.push("status".into());
        }
        schema
    }
}

/// The schema of JSON that nothing more is said of, such as a JSON Schema itself.
pub(crate) enum Anything {}

impl JsonSchema for Anything {
    fn schema_name() -> Cow<'static, str> {
        "Anything".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object"})
    }
}
