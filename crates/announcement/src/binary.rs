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
/// [`Fault::Envelope`] where a header occurs twice or isn't text.
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
