use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{Fault, Problem};

/// The attributes of a binary-mode event in the order of its structured form; extensions follow in byte order.
const ATTRIBUTES: [&str; 8] = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"];

/// The media type of `data`.
const JSON: &str = "application/json";

/// Whether the headers are those of a binary-mode CloudEvent. A content type of CloudEvents says that the body is the event, whatever stands beside it.
pub fn is_binary<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
    const STRUCTURED: &str = "application/cloudevents";
    let mut binary = false;
    for (name, value) in headers {
        binary |= name.eq_ignore_ascii_case("ce-specversion");
        let prefix = value.trim_start().get(..STRUCTURED.len());
        if name.eq_ignore_ascii_case("content-type") && prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(STRUCTURED)) {
            return false;
        }
    }
    binary
}

/// The structured form of a binary-mode CloudEvent: the attributes in a fixed order, then `data` as the body's own bytes, no white space between.
///
/// # Errors
/// [`Fault::Envelope`] where a header occurs twice or isn't text; [`Fault::NotJson`] where the body isn't one value, so that no body adds attributes.
pub fn from_binary<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let attribute = match name.strip_prefix("ce-") {
            Some("datacontenttype") => return Err(wrong("datacontenttype", "in binary mode it is the content-type header")),
            Some(attribute) => attribute.to_owned(),
            None if name == "content-type" => "datacontenttype".to_owned(),
            None => continue,
        };
        if attributes.iter().any(|(known, _)| *known == attribute) {
            return Err(wrong(&attribute, "the header occurs twice"));
        }
        let value = if attribute == "datacontenttype" { Some(media_type(value)) } else { decoded(value) };
        let value = value.ok_or_else(|| wrong(&attribute, "the header isn't percent-encoded UTF-8"))?;
        attributes.push((attribute, value));
    }
    attributes.sort_by_key(|(name, _)| (ATTRIBUTES.iter().position(|known| known == name).unwrap_or(ATTRIBUTES.len()), name.clone()));
    let mut event = b"{".to_vec();
    for (name, value) in attributes {
        event.extend_from_slice(format!("{}:{},", Value::from(name), Value::from(value)).as_bytes());
    }
    if !body.is_empty() {
        serde_json::from_slice::<IgnoredAny>(body).map_err(|error| Problem::at(Fault::NotJson, "/data", format_args!("the body isn't one value: {error}")))?;
    }
    event.extend_from_slice(b"\"data\":");
    event.extend_from_slice(if body.is_empty() { b"null" } else { body });
    event.push(b'}');
    Ok(event)
}

fn wrong(attribute: &str, detail: &str) -> Problem {
    Problem::at(Fault::Envelope, format!("/{}", crate::problem::escape(attribute)), detail)
}

/// JSON is UTF-8, so that `charset=utf-8` beside it says nothing more.
fn media_type(value: &str) -> String {
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case(JSON));
    let utf8 = |parameter: &str| ["", "charset=utf-8", "charset=\"utf-8\""].iter().any(|known| parameter.eq_ignore_ascii_case(known));
    if json && parts.all(utf8) { JSON.to_owned() } else { value.to_owned() }
}

/// A header's value without the quotes that older senders put round it, then percent-decoded once.
fn decoded(value: &str) -> Option<String> {
    let value = value.trim();
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => percent_decoded(&unescaped(quoted)?),
        None => percent_decoded(value),
    }
}

/// The inside of a quoted string (RFC 9110, 5.6.4); `None` where a quote stands bare or the last backslash escapes nothing.
fn unescaped(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => text.push(characters.next()?),
            _ => text.push(character),
        }
    }
    Some(text)
}

/// Header values carry what isn't printable ASCII as `%` and two hexadecimal digits (CloudEvents HTTP binding 3.1.3.2).
fn percent_decoded(value: &str) -> Option<String> {
    if !value.contains('%') {
        return Some(value.to_owned());
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let mut decoded = [0];
            hex::decode_to_slice(after.get(..2)?, &mut decoded).ok()?;
            bytes.push(decoded[0]);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_event_becomes_structured_in_one_order_whatever_the_headers() {
        let headers = [
            ("ce-subject", "ru-ua/bodies/2026-01-29"),
            ("Content-Type", "application/json"),
            ("x-request-id", "7"),
            ("CE-Type", "org.handover.completed.v1"),
            ("ce-zone", "b"),
            ("ce-desk", "%D0%B0%22 %25"),
            ("ce-time", "2026-01-29T10:00:00Z"),
            ("ce-dataschema", "urn:example:schema"),
            ("ce-source", "urn:example"),
            ("ce-id", "1"),
            ("ce-specversion", "1.0"),
        ];
        assert!(is_binary(headers));
        let expected = concat!(
            r#"{"specversion":"1.0","id":"1","source":"urn:example","type":"org.handover.completed.v1","subject":"ru-ua/bodies/2026-01-29","#,
            r#""time":"2026-01-29T10:00:00Z","datacontenttype":"application/json","dataschema":"urn:example:schema","desk":"а\" %","zone":"b","data":{ "a" : 1 }}"#,
        );
        assert_eq!(String::from_utf8(from_binary(headers, b"{ \"a\" : 1 }").unwrap()).unwrap(), expected);
        assert_eq!(from_binary([("ce-id", "1")], b"").unwrap(), br#"{"id":"1","data":null}"#);
        assert!(!is_binary([("content-type", "application/cloudevents+json")]));
        assert!(!is_binary([("ce-specversion", "1.0"), ("Content-Type", "Application/CloudEvents+json; charset=utf-8")]));
    }

    #[test]
    fn a_value_is_taken_out_of_its_quotes_and_decoded_once() {
        for (value, expected) in [
            ("plain", Some("plain")),
            (" spaced ", Some("spaced")),
            ("two words", Some("two words")),
            ("\"two words\"", Some("two words")),
            ("\"a \\\"b\\\" \\\\\"", Some("a \"b\" \\")),
            ("\"%D0%B0\"", Some("а")),
            ("%2541", Some("%41")),
            ("\"a\"b\"", None),
            ("\"a\\\"", None),
            ("%", None),
            ("%FF", None),
        ] {
            assert_eq!(decoded(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn the_content_type_is_the_media_type_of_data() {
        for (value, expected) in [
            ("application/json", "application/json"),
            ("Application/JSON; Charset=UTF-8", "application/json"),
            ("application/json;charset=\"utf-8\"", "application/json"),
            ("application/json; charset=utf-16", "application/json; charset=utf-16"),
            ("text/plain", "text/plain"),
        ] {
            let expected = format!(r#"{{"datacontenttype":"{expected}","data":{{}}}}"#);
            assert_eq!(String::from_utf8(from_binary([("content-type", value)], b"{}").unwrap()).unwrap(), expected);
        }
    }

    #[test]
    fn a_header_twice_or_a_body_that_adds_attributes_is_refused() {
        for (headers, body, fault, pointer) in [
            (&[("ce-id", "1"), ("Ce-Id", "2")] as &[_], "{}", Fault::Envelope, "/id"),
            (&[("content-type", "a"), ("content-type", "a")], "{}", Fault::Envelope, "/datacontenttype"),
            (&[("ce-datacontenttype", "application/json")], "{}", Fault::Envelope, "/datacontenttype"),
            (&[("ce-desk", "%D0")], "{}", Fault::Envelope, "/desk"),
            (&[("ce-desk", "%4")], "{}", Fault::Envelope, "/desk"),
            (&[("ce-id", "1")], "{},\"subject\":\"ru-ua/bodies/2026-01-29\"", Fault::NotJson, "/data"),
            (&[("ce-id", "1")], "{}} {", Fault::NotJson, "/data"),
        ] {
            let problem = from_binary(headers.iter().copied(), body.as_bytes()).unwrap_err();
            assert!(problem.is(fault) && problem.pointer.as_deref() == Some(pointer), "{headers:?} {body}: {problem:?}");
        }
    }
}
