use serde_json::Value;

use crate::{Envelope, Fault, Problem, personal, problem::escape};

/// How many extensions are kept besides those that are used.
const MAX_EXTENSIONS: usize = 8;
/// The longest name of an extension.
const MAX_NAME: usize = 20;
/// The longest value of an extension, and the longest `source`, in bytes.
const MAX_VALUE: usize = 256;
/// Extensions that are kept and used.
const USED: [&str; 3] = ["correlationid", "causationid", "traceparent"];
/// Extensions that are the ledger's own.
const LEDGER: [&str; 3] = ["sequence", "recordedtime", "publisher"];

pub(super) fn check(envelope: &Envelope) -> Result<(), Problem> {
    if !is_uri_reference(&envelope.source) {
        return Err(wrong("source", "expected a URI-reference of 1 to 256 bytes"));
    }
    if envelope.dataschema.as_ref().is_some_and(|schema| !is_uri_reference(schema) || !schema.contains(':')) {
        return Err(wrong("dataschema", "expected a URI of at most 256 bytes"));
    }
    let mut kept = 0;
    for (name, value) in &envelope.extensions {
        check_extension(name, value)?;
        kept += usize::from(!USED.contains(&name.as_str()));
        if kept > MAX_EXTENSIONS {
            return Err(wrong(name, format_args!("more than {MAX_EXTENSIONS} extensions")));
        }
    }
    Ok(())
}

fn check_extension(name: &str, value: &Value) -> Result<(), Problem> {
    if LEDGER.contains(&name) {
        return Err(wrong(name, "this attribute is the ledger's"));
    }
    let valid = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !valid {
        return Err(Problem::at(Fault::UnknownField, pointer(name), "not an attribute, nor an extension's name: 1 to 20 of a-z and 0-9"));
    }
    match value {
        Value::String(text) if text.len() > MAX_VALUE => Err(wrong(name, "longer than 256 bytes")),
        Value::String(text) if name == "traceparent" && !is_traceparent(text) => Err(wrong(name, "expected a W3C traceparent")),
        Value::String(_) if name == "traceparent" => Ok(()),
        Value::String(text) => personal::check(text, &pointer(name)),
        Value::Bool(_) => Ok(()),
        Value::Number(number) if number.is_i64() => Ok(()),
        _ => Err(wrong(name, "expected a string, a boolean or an integer")),
    }
}

fn wrong(name: &str, detail: impl std::fmt::Display) -> Problem {
    Problem::at(Fault::Envelope, pointer(name), detail)
}

fn pointer(name: &str) -> String {
    format!("/{}", escape(&name.chars().take(64).collect::<String>()))
}

/// The characters of RFC 3986, percent-encoding not looked into.
fn is_uri_reference(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    (1..=MAX_VALUE).contains(&text.len()) && text.bytes().all(allowed)
}

/// Version, trace, parent and flags (W3C Trace Context, section 3.2).
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    parts.iter().map(|part| part.len()).eq([2, 32, 16, 2]) && parts.iter().all(|part| hex(part))
}
