use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The schema of an instant: an RFC 3339 date and time in UTC.
#[derive(Clone, Copy, Debug)]
pub enum Instant {}

/// The schema of a day.
#[derive(Clone, Copy, Debug)]
pub enum Day {}

impl JsonSchema for Instant {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time", "description": "An instant in UTC (RFC 3339)."})
    }
}

impl JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date", "description": "A day, such as 2026-01-29."})
    }
}
