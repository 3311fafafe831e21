use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{Fault, Problem};

/// The attributes of a binary-mode event in the order of its structured form; extensions follow in byte order.
const ATTRIBUTES: [&str; 8] = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"];

/// Whether the headers are those of a binary-mode CloudEvent.
pub fn is_binary<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
    headers.into_iter().any(|(name, _)| name.eq_ignore_ascii_case("ce-specversion"))
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
        attributes.push((attribute.clone(), percent_decoded(value).ok_or_else(|| wrong(&attribute, "the header isn't percent-encoded UTF-8"))?));
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
