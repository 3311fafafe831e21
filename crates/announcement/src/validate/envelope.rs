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
    if envelope.dataschema.as_ref().is_some_and(|schema| !is_uri(schema)) {
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
        Value::String(text) => personal::check(text, || pointer(name)),
        Value::Bool(_) => Ok(()),
        Value::Number(number) if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()) => Ok(()),
        _ => Err(wrong(name, "expected a string, a boolean or an integer of 32 bits")),
    }
}

fn wrong(name: &str, detail: impl std::fmt::Display) -> Problem {
    Problem::at(Fault::Envelope, pointer(name), detail)
}

fn pointer(name: &str) -> String {
    format!("/{}", escape(&name.chars().take(64).collect::<String>()))
}

/// The characters of RFC 3986, with one fragment at most.
fn is_uri_reference(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let escaped = |rest: &str| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    (1..=MAX_VALUE).contains(&text.len()) && text.bytes().all(allowed) && text.split('%').skip(1).all(escaped) && text.matches('#').count() <= 1
}

/// A URI-reference with a scheme.
fn is_uri(text: &str) -> bool {
    let letters = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    is_uri_reference(text) && scheme.is_some_and(|scheme| scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && letters(scheme))
}

/// Version, trace, parent and flags (W3C Trace Context, section 3.2).
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    parts.iter().map(|part| part.len()).eq([2, 32, 16, 2]) && parts.iter().all(|part| hex(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_uri_reference_and_a_schema_a_uri() {
        for (text, reference, uri) in [
            ("urn:example:desk", true, true),
            ("https://example.org/a?b=c#d", true, true),
            ("/desk/%D0%B0", true, false),
            ("desk", true, false),
            ("1:2", true, false),
            (":a", true, false),
            ("a%zz", false, false),
            ("a%4", false, false),
            ("a#b#c", false, false),
            ("a b", false, false),
            ("а", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_uri_reference(text), is_uri(text)), (reference, uri), "{text}");
        }
    }

    #[test]
    fn an_extension_is_a_string_a_boolean_or_an_integer_of_32_bits() {
        for value in ["\"x\"", "\"\"", "true", "7", "-2147483648", "2147483647"] {
            check_extension("desk", &serde_json::from_str(value).unwrap()).unwrap();
        }
        for value in ["null", "7.0", "1e3", "2147483648", "18446744073709551615", "[]", "{}"] {
            let problem = check_extension("desk", &serde_json::from_str(value).unwrap()).unwrap_err();
            assert!(problem.is(Fault::Envelope) && problem.pointer.as_deref() == Some("/desk"), "{value}");
        }
    }

    #[test]
    fn a_traceparent_has_four_parts_of_lower_case_hexadecimal_digits() {
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(is_traceparent(traceparent));
        for text in ["", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", &traceparent.to_uppercase(), &format!("{traceparent}-00"), &traceparent[1..]] {
            assert!(!is_traceparent(text), "{text}");
        }
    }
}
