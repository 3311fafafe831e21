use std::{borrow::Cow, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why something was refused: RFC 9457 problem details with the field at fault and the remedy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{title}: {detail}")]
pub struct Problem {
    /// The fault's URI: `urn:handover:problem:unknown-field`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of fault it is, in a few words.
    pub title: String,
    /// What is wrong here.
    pub detail: String,
    /// The field at fault, as a JSON pointer into the event; empty for the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What to do about it.
    pub remedy: String,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident $slug:literal $title:literal $remedy:literal;)*) => {
        /// The kinds of fault. Each has a slug, a title and a general remedy.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Fault {
            $($(#[$doc])* $fault,)*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$fault),*];

            /// Its URI.
            #[must_use]
            pub const fn uri(self) -> &'static str {
                match self { $(Self::$fault => concat!("urn:handover:problem:", $slug),)* }
            }

            const fn title(self) -> &'static str {
                match self { $(Self::$fault => $title,)* }
            }

            const fn remedy(self) -> &'static str {
                match self { $(Self::$fault => $remedy,)* }
            }
        }
    };
}

faults! {
    /// Larger than an event may be.
    TooLarge "too-large" "The event is too large" "Shorten the texts, or split the statement; an event is at most 61,440 bytes in its structured form.";
    /// Not JSON of the profile.
    NotJson "not-json" "Not JSON of the profile" "Send one JSON object in UTF-8 without a byte-order mark, no member twice, no lone surrogate, at most 32 deep.";
    /// The envelope isn't a CloudEvent 1.0 of ours.
    Envelope "envelope" "Not a CloudEvent of this format" "See the wire format, section 1: specversion, id, source, type, subject, time, datacontenttype, data.";
    /// A `type` that isn't known.
    UnknownKind "unknown-kind" "Unknown kind" "Use a type org.handover.<kind>.v1 with a kind of the wire format, section 3.";
    /// A field is missing.
    MissingField "missing-field" "A field is missing" "Add the field; where a value isn't known the format says whether null is allowed.";
    /// A field isn't known.
    UnknownField "unknown-field" "Unknown field" "Correct the field's name, or put your own fields under data.ext with a reverse-DNS key.";
    /// A value isn't of the field's form.
    Malformed "malformed" "Malformed value" "Write the value in the form that the detail names.";
    /// A count's bounds contradict each other.
    Range "range" "Contradictory count" "Give the smaller number first, and parts that fit into their whole.";
    /// A text is too long or empty.
    TextLength "text-length" "Text of a wrong length" "note, reason and claim have at most 500 characters, other texts 200; none is empty.";
    /// Transfers don't go together.
    Transfers "transfers" "Transfers that don't go together" "All transfers of one event are between one pair of parties, one transfer a direction, and no two items share category, of, group and origin.";
    /// The subject is of other parties than the transfers.
    SubjectParties "subject-parties" "The subject is of other parties" "Use an exchange key of the transfers' parties, in alphabetical order.";
    /// Personal data of protected persons.
    PersonalData "personal-data" "Personal data of protected persons" "Leave out what identifies a person; the ledger holds counts, never names of captives or of the dead.";
    /// Announced later than it was recorded.
    Future "future" "Announced in the future" "Check the date in announced; it may be at most a day after the event reaches the queue.";
    /// A target that the ledger doesn't hold, or that two records match.
    Target "target" "No such target" "Name a recorded event by publisher, source and id; publish the target first.";
    /// Somebody else's claim.
    Authority "authority" "Not this publisher's or office's to change" "Only the publisher of a claim corrects or retracts it, and only the same party and office revises it; contest another's claim with disputed.";
    /// The target can't be acted on so.
    TargetState "target-state" "The target can't be changed so" "Corrections target original claims that weren't retracted.";
    /// A stage of a stage.
    Stage "stage" "A stage of a stage" "part_of is one level: name the whole exchange.";
    /// The kind doesn't belong on this subject.
    WrongSubject "wrong-subject" "The kind doesn't belong on this subject" "Publish claims on handover.announce.<publisher>, curation on handover.curate.<curator>, redactions on handover.operate.<operator>.";
    /// A message with the ledger's own headers: a record that a server delivered there, not something that its publisher published.
    Copied "copied" "A copy of a record" "Publish the event itself, without headers that begin with Handover- and without those that a server adds to what it gives out of a stream.";
    /// The same identity with other content.
    Conflict "conflict" "Another event has this identity" "Give the new event an id of its own; to change a recorded claim publish corrected.";
}

impl Problem {
    /// A fault at a field, with what is wrong there.
    #[must_use]
    pub fn at(fault: Fault, pointer: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self {
            kind: fault.uri().to_owned(),
            title: fault.title().to_owned(),
            detail: detail.to_string(),
            pointer: Some(pointer.into()),
            remedy: fault.remedy().to_owned(),
        }
    }

    /// Whether it's of this fault.
    #[must_use]
    pub fn is(&self, fault: Fault) -> bool {
        self.kind == fault.uri()
    }

    /// From an error at reading a value that stands at `base`.
    pub(crate) fn reading(base: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let (pointer, message) = unpack(base, error);
        if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            return Self::at(Fault::MissingField, format!("{pointer}/{}", escape(field)), format_args!("{field} is required"));
        }
        if let Some(field) = message.strip_prefix("unknown field `") {
            let (field, known) = field.rsplit_once("`, expected ").unwrap_or((field, "no field"));
            let named = escape(field);
            let pointer = if pointer.ends_with(&format!("/{named}")) { pointer } else { format!("{pointer}/{named}") };
            return Self::at(Fault::UnknownField, pointer, format_args!("expected {known}"));
        }
        Self::at(Fault::Malformed, pointer, without_content(&message))
    }
}

/// What was expected, without the text that was found: it may be long, and may hold what identifies a person.
fn without_content(message: &str) -> Cow<'_, str> {
    let quotes = [
        ("invalid type: string \"", "\", expected ", "a string"),
        ("invalid value: string \"", "\", expected ", "another string"),
        ("unknown variant `", "`, expected ", "another word"),
    ];
    let expected = quotes.iter().find_map(|(before, after, found)| Some((message.strip_prefix(before)?.rsplit_once(after)?.1, found)));
    if message.starts_with("invalid type: ") && message.contains("expected struct ") {
        return "expected an object".into();
    }
    expected.map_or(Cow::Borrowed(message), |(expected, found)| format!("expected {expected}; found {found}").into())
}

/// One reference token of a JSON pointer (RFC 6901).
pub(crate) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// Separates the pointer from the message where an error at reading a nested raw value passes through serde.
const NESTED: char = '\u{1}';

/// Wraps an error at reading a raw value that stands at `base` inside the value that's being read.
pub(crate) fn nested<E: serde::de::Error>(base: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> E {
    let (pointer, message) = unpack(base, error);
    E::custom(format_args!("{NESTED}{pointer}{NESTED}{message}"))
}

fn unpack(base: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> (String, String) {
    use serde_path_to_error::Segment;
    let mut pointer = base.to_owned();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let text = error.inner().to_string();
    let message = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    match message.strip_prefix(NESTED).and_then(|rest| rest.split_once(NESTED)) {
        Some((inner, message)) => (pointer + inner, message.to_owned()),
        None => (pointer, message.to_owned()),
    }
}
