use std::{borrow::Cow, collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{
    Deserialize,
    de::{self, Deserializer as _, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::{Announcement, Data, Envelope, ExchangeKey, Fault, Kind, MAX_EVENT, Problem, envelope::parse_uuid, kind::DataOf, text::Text};

/// Reads one event in its structured form and refuses whatever the format refuses without a look at a ledger.
///
/// # Errors
/// The first fault that was found, with its place.
pub fn parse(event: &[u8]) -> Result<Announcement, Problem> {
    if event.len() > MAX_EVENT {
        return Err(Problem::at(Fault::TooLarge, "", format_args!("{} bytes", event.len())));
    }
    let announcement = decode(crate::profile::check(event)?)?;
    crate::validate::check(&announcement)?;
    Ok(announcement)
}

/// Reads the event of a record: it was accepted once and is never judged again, so only its form is read.
///
/// # Errors
/// The form isn't one of this version: the bytes were altered or come from a newer version.
pub fn decode(event: &str) -> Result<Announcement, Problem> {
    // What can't be read in one go is read in two, which tell what is wrong first and where.
    let attributes = Attributes::read(event, expected_kind(event)).or_else(|_| Attributes::read(event, None));
    match attributes {
        Ok(attributes) => attributes.announcement(),
        Err(error) => Err(located(event, error)),
    }
}

/// The kind of an event in the canonical form, where the type comes last and the data first.
fn expected_kind(event: &str) -> Option<Kind> {
    let (_, event_type) = event.strip_suffix("\"}")?.rsplit_once("\"type\":\"")?;
    Kind::from_event_type(event_type)
}

/// The same error with its place, which costs a second reading that keeps the path.
fn located(event: &str, error: serde_json::Error) -> Problem {
    match serde_path_to_error::deserialize::<_, Attributes<'_>>(&mut serde_json::Deserializer::from_str(event)) {
        Err(error) => Problem::reading("", &error),
        Ok(_) => Problem::at(Fault::NotJson, "", error),
    }
}

#[derive(Default)]
struct Attributes<'a> {
    specversion: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    event_type: Option<Cow<'a, str>>,
    subject: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    datacontenttype: Option<Cow<'a, str>>,
    dataschema: Option<Cow<'a, str>>,
    /// The data, once it's read.
    data: Option<Data>,
    /// The data, to be read by the event's kind.
    raw: Option<&'a RawValue>,
    extensions: BTreeMap<String, Value>,
}

impl<'a> Attributes<'a> {
    /// Reads the data at once, as an expected kind's, or leaves it to be read.
    fn read(event: &'a str, expected: Option<Kind>) -> serde_json::Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(event);
        let attributes = deserializer.deserialize_map(AttributesVisitor { expected })?;
        deserializer.end()?;
        match &attributes.data {
            Some(data) if Some(data.kind().event_type()) != attributes.event_type.as_deref() => Err(de::Error::custom("another type than expected")),
            _ => Ok(attributes),
        }
    }

    fn announcement(self) -> Result<Announcement, Problem> {
        let wrong = |name: &str, detail: &str| Problem::at(Fault::Envelope, format!("/{name}"), detail);
        if required(self.specversion, "specversion")? != "1.0" {
            return Err(wrong("specversion", "expected \"1.0\""));
        }
        let id = parse_uuid(&required(self.id, "id")?).ok_or_else(|| wrong("id", "expected a UUID in lower case with hyphens"))?;
        let source = required(self.source, "source")?.into_owned();
        if self.datacontenttype.is_some_and(|found| found != "application/json") {
            return Err(wrong("datacontenttype", "expected application/json"));
        }
        let event_type = required(self.event_type, "type")?;
        let kind = Kind::from_event_type(&event_type)
            .ok_or_else(|| Problem::at(Fault::UnknownKind, "/type", format_args!("{:?} is no kind of this version", shorten(&event_type))))?;
        let subject = self.subject.map(|text| text.parse::<ExchangeKey>()).transpose();
        let subject = subject.map_err(|error| Problem::at(Fault::Malformed, "/subject", error))?;
        let time = self.time.map(|text| instant(&text).ok_or_else(|| wrong("time", "expected an RFC 3339 instant such as 2026-01-29T10:00:00Z")));
        let time = time.transpose()?;
        let data = match self.data {
            Some(data) => data,
            None => kind.read(required(self.raw, "data")?.get()).map_err(|error| Problem::reading("/data", &error))?,
        };
        let envelope = Envelope { id, source, subject, time, dataschema: self.dataschema.map(Cow::into_owned), extensions: self.extensions };
        Ok(Announcement { envelope, data })
    }
}

/// An instant of RFC 3339; the parser alone takes more of ISO 8601.
fn instant(text: &str) -> Option<Timestamp> {
    let form = |template: &[u8], text: &[u8]| {
        template.len() == text.len() && template.iter().zip(text).all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { form == byte })
    };
    let (second, rest) = text.as_bytes().split_at_checked(19)?;
    let fraction = rest.strip_prefix(b".").map_or(0, |digits| 1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let offset = &rest[fraction..];
    let valid = form(b"0000-00-00T00:00:00", &second.to_ascii_uppercase())
        && fraction != 1
        && (matches!(offset, b"Z" | b"z") || form(b"+00:00", offset) || form(b"-00:00", offset));
    valid.then(|| text.parse().ok()).flatten()
}

fn required<T>(attribute: Option<T>, name: &str) -> Result<T, Problem> {
    attribute.ok_or_else(|| Problem::at(Fault::MissingField, format!("/{name}"), format_args!("{name} is required")))
}

fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AttributesVisitor { expected: None })
    }
}

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Cow<'de, str>, A::Error> {
    map.next_value().map(|Text(text)| text)
}

struct AttributesVisitor {
    expected: Option<Kind>,
}

impl<'de> Visitor<'de> for AttributesVisitor {
    type Value = Attributes<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CloudEvent: one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes<'de>, A::Error> {
        let mut attributes = Attributes::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "specversion" => attributes.specversion = Some(text(&mut map)?),
                "id" => attributes.id = Some(text(&mut map)?),
                "source" => attributes.source = Some(text(&mut map)?),
                "type" => attributes.event_type = Some(text(&mut map)?),
                "subject" => attributes.subject = Some(text(&mut map)?),
                "time" => attributes.time = Some(text(&mut map)?),
                "datacontenttype" => attributes.datacontenttype = Some(text(&mut map)?),
                "dataschema" => attributes.dataschema = Some(text(&mut map)?),
                "data" => match self.expected {
                    Some(kind) => attributes.data = Some(map.next_value_seed(DataOf(kind))?),
                    None => attributes.raw = Some(map.next_value()?),
                },
                _ => drop(attributes.extensions.insert(name.into_owned(), map.next_value()?)),
            }
        }
        Ok(attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = r#""data":{"announced":"2025-04-14","announcer":null,"target":{"source":"s","id":"99f60000-eebf-58d7-a4bf-8f97a221c0d8"},"reason":"r"}"#;
    const REST: &str = r#""id":"99f60000-eebf-58d7-a4bf-8f97a221c0d8","source":"s","specversion":"1.0""#;

    #[test]
    fn what_is_read_in_one_go_is_what_is_read_in_two() {
        let retracted = r#""type":"org.handover.retracted.v1""#;
        let canonical = format!("{{{DATA},{REST},{retracted}}}");
        assert_eq!(expected_kind(&canonical), Some(Kind::Retracted));
        let read = decode(&canonical).unwrap();
        assert_eq!(read.kind(), Kind::Retracted);
        let other_order = format!("{{{retracted},{DATA},{REST}}}");
        assert_eq!(expected_kind(&other_order), None);
        assert_eq!(decode(&other_order).unwrap(), read);
        let wrong = canonical.replace("\"reason\":\"r\"", "\"reason\":3");
        assert_eq!(decode(&wrong).unwrap_err().pointer.as_deref(), Some("/data/reason"));
    }

    #[test]
    fn an_instant_is_one_of_rfc_3339() {
        for text in ["2026-01-29T10:00:00Z", "2026-01-29t10:00:00z", "2026-01-29T12:00:00+02:00", "2026-01-29T10:00:00.000Z", "2026-01-29T04:30:00.0-05:30"] {
            assert_eq!(instant(text), "2026-01-29T10:00:00Z".parse().ok(), "{text}");
        }
        for text in [
            "",
            "2026-01-29",
            "2026-01-29T10:00Z",
            "2026-01-29 10:00:00Z",
            "20260129T100000Z",
            "2026-01-29T10:00:00",
            "2026-01-29T10:00:00.Z",
            "2026-01-29T10:00:00+02",
            "2026-01-29T10:00:00+0200",
            "2026-01-29T10:00:00Z[UTC]",
            "2026-01-29T10:00:00ZZ",
            "2026-02-30T10:00:00Z",
            "2026-01-29T25:00:00Z",
            "+002026-01-29T10:00:00Z",
            "2026-01-29T10:00:0\u{7fb}Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
