//! A claim as an event of the wire format, with what each of its fields rests on.

use announcement::{Count, Date, ExchangeKey, Kind, Party};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Options,
    claim::{Act, Claim, Help},
    flows::Flow,
    language::Language,
    speakers::Speaker,
    support::{Sourced, Support},
};

/// What a field of an event rests on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Span {
    /// Words of the article.
    Text {
        /// The field, by JSON pointer into the event.
        pointer: String,
        /// The first byte of the words in the article.
        start: usize,
        /// One after the last.
        end: usize,
        /// The words.
        text: String,
    },
    /// What isn't in the article: `published` (the day of publication), `option` (another option), `detected` (the article's language).
    Given {
        /// The field, by JSON pointer into the event.
        pointer: String,
        /// Where it comes from.
        span: &'static str,
    },
}

/// The data of an event while it's written.
struct Fields<'a> {
    article: &'a str,
    event: Value,
    spans: Vec<Span>,
}

impl Fields<'_> {
    /// Sets a field of the data, below objects and lists that are made where they aren't there yet.
    fn put(&mut self, pointer: &str, value: impl Into<Value>, supports: &[Support]) {
        let pointer = format!("/data/{pointer}");
        let mut place = &mut self.event;
        for step in pointer.split('/').skip(1) {
            place = match step.parse::<usize>() {
                Ok(number) => {
                    if !place.is_array() {
                        *place = json!([]);
                    }
                    let list = place.as_array_mut().expect("it's a list by now");
                    while list.len() <= number {
                        list.push(Value::Null);
                    }
                    &mut list[number]
                }
                Err(_) => {
                    if !place.is_object() {
                        *place = json!({});
                    }
                    place.as_object_mut().expect("it's an object by now").entry(step).or_insert(Value::Null)
                }
            };
        }
        *place = value.into();
        for support in supports {
            let pointer = pointer.clone();
            self.spans.push(match support {
                Support::Text(bytes) => Span::Text { pointer, start: bytes.start, end: bytes.end, text: self.article[bytes.clone()].to_owned() },
                Support::Published => Span::Given { pointer, span: "published" },
                Support::Option => Span::Given { pointer, span: "option" },
                Support::Detected => Span::Given { pointer, span: "detected" },
            });
        }
    }

    fn date(&mut self, pointer: &str, date: &Sourced<Date>) {
        self.put(pointer, date.value.to_string(), &date.from);
    }

    fn speaker(&mut self, pointer: &str, speaker: Option<&Speaker>, whole: &Support) {
        let Some(speaker) = speaker else { return self.put(pointer, Value::Null, std::slice::from_ref(whole)) };
        self.put(&format!("{pointer}/party"), speaker.party.value, &speaker.party.from);
        if let Some(office) = &speaker.office {
            self.put(&format!("{pointer}/office"), office.value, &office.from);
        }
        if let Some(name) = &speaker.name {
            self.put(&format!("{pointer}/name"), name.value.clone(), &name.from);
        }
    }

    fn count(&mut self, pointer: &str, count: &Sourced<Count>) {
        let value = json!(count.value);
        match value {
            Value::Object(form) => {
                for (name, number) in form {
                    match number {
                        // Each end of a range is a field of its own.
                        Value::Array(ends) => {
                            for (end, number) in ends.into_iter().enumerate() {
                                self.put(&format!("{pointer}/{name}/{end}"), number, &count.from);
                            }
                        }
                        number => self.put(&format!("{pointer}/{name}"), number, &count.from),
                    }
                }
            }
            other => self.put(pointer, other, &count.from),
        }
    }

    fn flows(&mut self, flows: &[Flow], whole: &Support) {
        if flows.is_empty() {
            return self.put("transfers", json!([]), std::slice::from_ref(whole));
        }
        let mut flows: Vec<&Flow> = flows.iter().collect();
        flows.sort_by_key(|flow| flow.from.value);
        for (number, flow) in flows.into_iter().enumerate() {
            let base = format!("transfers/{number}");
            self.put(&format!("{base}/from"), flow.from.value.code(), &flow.from.from);
            self.put(&format!("{base}/to"), flow.to.value.code(), &flow.to.from);
            for (number, item) in flow.items.iter().enumerate() {
                let base = format!("{base}/counts/{number}");
                self.put(&format!("{base}/category"), item.category.value, &item.category.from);
                self.count(&format!("{base}/count"), &item.count);
                if let Some(of) = &item.of {
                    self.put(&format!("{base}/of"), of.value.as_str(), &of.from);
                }
                if let Some(origin) = &item.origin {
                    self.put(&format!("{base}/origin"), origin.value, &origin.from);
                }
                if let Some(identity) = &item.identity {
                    self.put(&format!("{base}/identity"), json!(identity.value), &identity.from);
                }
            }
        }
    }

    fn helpers(&mut self, helpers: &[Help]) {
        for (number, help) in helpers.iter().enumerate() {
            let base = format!("third_parties/{number}");
            self.put(&format!("{base}/name"), help.name, std::slice::from_ref(&help.named));
            self.put(&format!("{base}/party"), help.party, std::slice::from_ref(&help.named));
            self.put(&format!("{base}/role"), json!(help.role.value), &help.role.from);
        }
    }

    fn report(&mut self, options: &Options<'_>, language: Language) {
        if let Some(outlet) = options.outlet {
            self.put("report/outlet", outlet, &[Support::Option]);
        }
        if let Some(url) = options.url {
            self.put("report/url", url, &[Support::Option]);
        }
        self.put("report/language", language.tag(), &[Support::Detected]);
    }
}

/// What the ids of an article's events are made in: the same article gives the same ids.
pub(crate) fn namespace(article: &str, options: &Options<'_>) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}\n{article}", options.source).as_bytes())
}

/// The event of a claim, and what its fields rest on; `None` where the format refuses it.
pub(crate) fn event(claim: &Claim, namespace: Uuid, number: u64, article: &str, language: Language, options: &Options<'_>) -> Option<(Value, Vec<Span>)> {
    let id = Uuid::new_v5(&namespace, &number.to_be_bytes());
    let event = json!({"specversion": "1.0", "id": id, "source": options.source, "type": kind(&claim.act).event_type(), "datacontenttype": "application/json"});
    let mut fields = Fields { article, event, spans: Vec::new() };
    fields.date("announced", &claim.announced);
    fields.speaker("announcer", claim.speaker.as_ref(), &claim.whole);
    fields.report(options, language);
    of_kind(&mut fields, claim);
    let Fields { mut event, spans, .. } = fields;
    if let Some(key) = subject(claim) {
        event["subject"] = json!(key);
    }
    announcement::parse(event.to_string().as_bytes()).is_ok().then_some((event, spans))
}

const fn kind(act: &Act) -> Kind {
    match act {
        Act::Completed => Kind::Completed,
        Act::Confirmed => Kind::Confirmed,
        Act::Planned => Kind::Planned,
        Act::Offered => Kind::Offered,
        Act::Agreement => Kind::Agreement,
        Act::Aggregate { .. } => Kind::Aggregate,
        Act::Channel { .. } => Kind::Channel,
        Act::Contact { .. } => Kind::Contact,
        Act::Mediation => Kind::Mediation,
        Act::Stock { .. } => Kind::Stock,
        Act::Postponed { .. } => Kind::Postponed,
        Act::Cancelled { .. } => Kind::Cancelled,
    }
}

fn of_kind(fields: &mut Fields<'_>, claim: &Claim) {
    match &claim.act {
        Act::Completed | Act::Confirmed | Act::Planned => {
            match &claim.date {
                Some(date) => fields.date("exchange/date", date),
                None => fields.put("exchange/date", Value::Null, std::slice::from_ref(&claim.whole)),
            }
            if let Some(framework) = &claim.framework {
                fields.put("exchange/framework", framework.value, &framework.from);
            }
            fields.flows(&claim.flows, &claim.whole);
            fields.helpers(&claim.helpers);
        }
        Act::Offered => fields.flows(&claim.flows, &claim.whole),
        Act::Agreement => {
            if let Some(framework) = &claim.framework {
                fields.put("framework", framework.value, &framework.from);
            }
            fields.flows(&claim.flows, &claim.whole);
            fields.helpers(&claim.helpers);
        }
        Act::Aggregate { period, scope, exchanges } => {
            fields.date("period", period);
            match scope {
                Some(scope) => fields.put("scope", scope.value.clone(), &scope.from),
                None => fields.put("scope", Value::Null, std::slice::from_ref(&claim.whole)),
            }
            if let Some(exchanges) = exchanges {
                fields.count("exchanges", exchanges);
            }
            fields.flows(&claim.flows, &claim.whole);
        }
        Act::Channel { of, status, parties } => {
            fields.put("channel", of.value, &of.from);
            for (number, (party, support)) in ["RU", "UA"].into_iter().zip(parties).enumerate() {
                fields.put(&format!("parties/{number}"), party, std::slice::from_ref(support));
            }
            fields.put("status", json!(status.value), &status.from);
        }
        Act::Contact { with, topic } => {
            for (number, with) in with.iter().enumerate() {
                fields.speaker(&format!("with/{number}"), Some(with), &claim.whole);
            }
            if let Some(topic) = topic {
                fields.put("topic", topic.value.clone(), &topic.from);
            }
        }
        Act::Stock { by, of, category, count } => {
            fields.date("as_of", &claim.announced);
            fields.put("held/0/by", by.value.code(), &by.from);
            fields.put("held/0/of", of.value.code(), &of.from);
            fields.put("held/0/category", category.value, &category.from);
            fields.count("held/0/count", count);
        }
        Act::Postponed { by, reason } | Act::Cancelled { by, reason } => {
            if let Some(by) = by {
                fields.put("by", by.value.code(), &by.from);
            }
            if let Some(date) = &claim.date {
                fields.date("exchange/date", date);
            }
            fields.put("reason", reason.value.clone(), &reason.from);
        }
        Act::Mediation => {
            fields.helpers(&claim.helpers);
            if let Some(date) = &claim.date {
                fields.date("exchange/date", date);
            }
        }
    }
}

/// The exchange's key, where the day is known and somebody is counted.
pub(crate) fn subject(claim: &Claim) -> Option<String> {
    if claim.subject.is_some() || !matches!(claim.act, Act::Completed | Act::Confirmed | Act::Planned) {
        return claim.subject.clone();
    }
    let transfers: Option<Vec<announcement::Transfer>> = claim.flows.iter().map(transfer).collect();
    ExchangeKey::derive(&claim.date.as_ref()?.value, &transfers?).map(|key| key.to_string())
}

fn transfer(flow: &Flow) -> Option<announcement::Transfer> {
    let party = |code: &str| code.parse::<Party>().ok();
    let transfer = announcement::Transfer::from_to(party(flow.from.value.code())?, party(flow.to.value.code())?);
    let mains = flow.items.iter().filter(|item| item.of.is_none()).filter_map(|item| Some((item.category.value.parse().ok()?, item.count.value)));
    Some(mains.fold(transfer, |transfer, (category, count)| transfer.count(category, count)))
}

/// Whether an event may have these options.
pub(crate) fn check(options: &Options<'_>) -> Result<(), String> {
    let mut event = json!({"specversion": "1.0", "id": Uuid::nil(), "source": options.source, "type": Kind::Mediation.event_type(), "datacontenttype": "application/json",
        "data": {"announced": "2026", "announcer": null, "report": {}, "third_parties": [{"name": "ICRC", "party": "X-ICRC", "role": "mediator"}]}});
    let report = &mut event["data"]["report"];
    for (field, value) in [("outlet", options.outlet), ("url", options.url)] {
        if let Some(value) = value {
            report[field] = json!(value);
        }
    }
    announcement::parse(event.to_string().as_bytes()).map(|_| ()).map_err(|problem| format!("{problem}. {}", problem.remedy))
}
