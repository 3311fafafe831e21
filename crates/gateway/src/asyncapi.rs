//! `/v1/asyncapi.json`: the same contract over NATS, from the same types.

use std::sync::LazyLock;

use announcement::{Digest, Instant, Kind, Position, Publisher, Receipt, TRACEPARENT};
use axum::{
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use event_store::nats::{LEAF_HEADER, POSITION_HEADER, PUBLISHER_HEADER, RECORDED_HEADER};
use projection::{Change, Channel, Exchange, Policy, Totals};
use schemars::{
    SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};

use crate::{
    openapi::{
        AnyEvent, events,
        values::{Anything, Place, Size, Text},
    },
    parameters::Parameters,
    problem::Failure,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The document; it changes only with the program.
static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

static WRITTEN: LazyLock<Bytes> = LazyLock::new(|| DOCUMENT.to_string().into());

pub(crate) async fn asyncapi(uri: Uri) -> Result<Response, Failure> {
    Parameters::parse(uri.query())?.finish()?;
    Ok(([(header::CONTENT_TYPE, JSON)], WRITTEN.clone()).into_response())
}

/// A channel of messages: its name, its subject, what it's for, its message's schema, and whether the ledger sends or receives them.
struct Subject {
    name: &'static str,
    address: &'static str,
    about: &'static str,
    action: &'static str,
    payload: Value,
    headers: Value,
    /// What a request is answered with.
    answer: Value,
}

impl Subject {
    fn new(name: &'static str, address: &'static str, action: &'static str, about: &'static str, payload: Value) -> Self {
        Self { name, address, about, action, payload, headers: Value::Null, answer: Value::Null }
    }

    /// The names between braces in its subject.
    fn parameters(&self) -> Map<String, Value> {
        let names = self.address.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
        names.map(|name| (name.to_owned(), json!({"description": described(name)}))).collect()
    }

    fn channel(&self) -> Value {
        let mut message = json!({"name": self.name, "contentType": "application/json", "payload": self.payload});
        if !self.headers.is_null() {
            message["headers"] = self.headers.clone();
        }
        let mut channel = json!({"address": self.address, "description": self.about, "messages": {"message": message}});
        if !self.parameters().is_empty() {
            channel["parameters"] = Value::Object(self.parameters());
        }
        channel
    }

    fn operation(&self) -> Value {
        let mut operation = json!({"action": self.action, "summary": self.about, "channel": {"$ref": format!("#/channels/{}", self.name)}});
        if let Some((name, _)) = self.reply() {
            operation["reply"] = json!({"address": {"location": "$message.header#/reply"}, "channel": {"$ref": format!("#/channels/{name}")}});
        }
        operation
    }

    /// The channel on which a request is answered, which has no subject of its own.
    fn reply(&self) -> Option<(String, Value)> {
        let message = json!({"contentType": "application/json", "payload": self.answer});
        (!self.answer.is_null()).then(|| (format!("{}-answer", self.name), json!({"address": null, "messages": {"message": message}})))
    }
}

fn described(parameter: &str) -> &'static str {
    match parameter {
        "publisher" => "The publisher: lower-case letters, digits and -, at most 64; through a gateway <gateway>.<publisher>.",
        "kind" => "A kind of event, such as completed.",
        "key" => "exchange.<key>, totals.<policy>, totals.<policy>.<year>, channel.<kind>.<parties>, or changes.",
        _ => "A name of the same form as a publisher's.",
    }
}

/// What is published and what comes back.
fn publishing(generator: &mut SchemaGenerator) -> Vec<Subject> {
    let event = json!(generator.subschema_for::<AnyEvent>());
    let receipts = json!({
        "type": "object",
        "properties": {"receipts": {"type": "array", "items": generator.subschema_for::<Receipt>()}},
        "required": ["receipts"],
    });
    vec![
        Subject::new("announce", "handover.announce.{publisher}", "receive", "Announcements, kept in the stream ANNOUNCEMENTS", event.clone()),
        Subject::new("curate", "handover.curate.{curator}", "receive", "Curation: linked, merged, split, quarantined, released", event.clone()),
        Subject::new("operate", "handover.operate.{operator}", "receive", "What operators record: redacted", event),
        Subject::new("receipts", "handover.receipts.{publisher}", "send", "What became of each message, by the digest of its body", receipts),
    ]
}

/// What subscribers are given.
fn given(generator: &mut SchemaGenerator) -> Vec<Subject> {
    let mut log = Subject::new(
        "log",
        "handover.log.{kind}",
        "send",
        "The records, kept in the stream LEDGER: position p has sequence p + 1, its body is the event's bytes",
        json!(generator.subschema_for::<AnyEvent>()),
    );
    log.headers = json!({
        "type": "object",
        "properties": {
            POSITION_HEADER: generator.subschema_for::<Position>(),
            RECORDED_HEADER: generator.subschema_for::<Instant>(),
            PUBLISHER_HEADER: generator.subschema_for::<Publisher>(),
            LEAF_HEADER: generator.subschema_for::<Digest>(),
            TRACEPARENT: {"type": "string", "description": "The W3C trace context that it was published in, where the node that publishes it recorded it itself"},
        },
        "required": [POSITION_HEADER, RECORDED_HEADER, PUBLISHER_HEADER, LEAF_HEADER],
    });
    let changes = json!({
        "type": "object",
        "properties": {"policy": generator.subschema_for::<Policy>(), "changes": {"type": "array", "items": generator.subschema_for::<Change>()}},
    });
    let documents =
        [json!(generator.subschema_for::<Exchange>()), json!(generator.subschema_for::<Totals>()), json!(generator.subschema_for::<Channel>()), changes];
    let about =
        "The read models' documents, in the bucket handover-views: each has position, the record that last changed it, and fold, beside its own members";
    let stamp = json!({"type": "object", "properties": {"position": generator.subschema_for::<Option<Position>>(), "fold": {"type": "integer"}}, "required": ["position", "fold"]});
    vec![log, Subject::new("views", "$KV.handover-views.{key}", "send", about, json!({"allOf": [stamp], "x-documents": documents}))]
}

/// An object with at least these members.
fn object(properties: Value) -> Value {
    let required: Vec<String> = properties.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// What any ledger node is asked by request and reply.
fn queries(generator: &mut SchemaGenerator) -> Vec<Subject> {
    let (place, size, digest) =
        (json!(generator.subschema_for::<Place>()), json!(generator.subschema_for::<Size>()), json!(generator.subschema_for::<Digest>()));
    let (publisher, text) = (json!(generator.subschema_for::<Publisher>()), json!(generator.subschema_for::<Text>()));
    let question =
        |properties: Value, required: &[&str]| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let head = object(json!({"size": size, "root": digest, "epoch": size, "stream_sequence": size, "rules": size, "refused": size}));
    let record = object(json!({
        "position": place,
        "recorded": generator.subschema_for::<Instant>(),
        "publisher": publisher,
        "leaf": digest,
        "event": generator.subschema_for::<Anything>(),
    }));
    let range = object(json!({"head": head, "records": {"type": "array", "items": record}}));
    let receipt = json!({"anyOf": [generator.subschema_for::<Receipt>(), object(json!({"status": {"const": "unknown"}}))]});
    let root = object(json!({"size": size, "root": digest}));
    let asked = |name, address, about, payload, answer| Subject { answer, ..Subject::new(name, address, "receive", about, payload) };
    vec![
        asked("query-head", "handover.query.head", "Where does the ledger stand?", json!({"type": "object"}), head),
        asked("query-record", "handover.query.record", "What stands at a position?", question(json!({"position": place}), &["position"]), record),
        asked(
            "query-range",
            "handover.query.range",
            "Which records follow from a position on?",
            question(json!({"from": place, "limit": size}), &["from", "limit"]),
            range,
        ),
        asked("query-root", "handover.query.root", "What was the root of so many records?", question(json!({"size": size}), &["size"]), root),
        asked(
            "query-receipt",
            "handover.query.receipt",
            "What became of a message?",
            question(json!({"publisher": publisher, "digest": digest, "source": text, "id": text}), &["publisher", "digest"]),
            receipt,
        ),
    ]
}

fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.contract = Contract::Serialize;
    });
    let mut generator = settings.into_generator();
    let subjects: Vec<Subject> = [publishing(&mut generator), given(&mut generator), queries(&mut generator)].into_iter().flatten().collect();
    let by_name = |of: fn(&Subject) -> Value| subjects.iter().map(|subject| (subject.name.to_owned(), of(subject))).collect::<Map<_, _>>();
    let (mut channels, operations) = (by_name(Subject::channel), by_name(Subject::operation));
    channels.extend(subjects.iter().filter_map(Subject::reply));
    let mut schemas = generator.take_definitions(true);
    schemas.extend(events::components());
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Handover over NATS",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!("{} kinds of announcements. A queue's acknowledgement isn't a receipt: publish again until one comes; what arrives twice is recorded once.", Kind::ALL.len()),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"schemas": schemas},
    })
}
