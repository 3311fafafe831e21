use std::time::Duration;

use announcement::{Duty, Outcome, Position, Publisher, Receipt, Record, Route, Subject, Target};
use event_store::{RecordAnswer, control::Command};
use jiff::Timestamp;
use producer::{Options, Outgoing, Producer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arguments::Redact,
    exit::{Code, Failure, say},
    folder::Folder,
    operate::{ask, pretty},
};

/// The source of the events that this command publishes.
const SOURCE: &str = "urn:handover:operator";
/// How long the receipt may take over NATS.
const RECEIPT: Duration = Duration::from_secs(60);
/// How long an answer about a record may take over NATS.
const ANSWER: Duration = Duration::from_secs(5);

const BY_HAND: &str = "by hand remain: the stream LEDGER (handover redact --streams), the stream ANNOUNCEMENTS up to the record's message (handover ledger trim), every backup \
                       (handover backup DIR once more), and exports and copies that were handed out, which nobody can call back";

/// Records a redaction, and says what was removed and what remains to be done.
pub(crate) fn run(arguments: &Redact) -> Result<(), Failure> {
    if arguments.streams {
        let renewed = ask(&arguments.data.data, &Command::RenewLog)?;
        say("the stream LEDGER was made anew, and is filled again; subscribers see its sequences begin again, and each message names its position");
        return pretty(&renewed);
    }
    let operator = operator(&arguments.operator)?;
    match &arguments.to {
        Some(url) => over_nats(arguments, url, operator),
        None => in_folder(arguments, operator),
    }
}

/// A name that is another subject's isn't an operator's.
fn operator(name: &str) -> Result<Publisher, Failure> {
    let publisher: Publisher = name.parse().map_err(|error| Failure::new(Code::Usage, format_args!("--as: {error}")))?;
    let subject = Route { duty: Duty::Operate, publisher: publisher.clone() }.to_string();
    match subject.parse() {
        Ok(Subject::Event(_)) => Ok(publisher),
        _ => Err(Failure::new(Code::Usage, format_args!("--as: {name} names no operator; {subject} is for something else"))),
    }
}

/// Through the server that runs on the data folder, or in the folder itself.
fn in_folder(arguments: &Redact, operator: Publisher) -> Result<(), Failure> {
    let folder = Folder::reach(&arguments.data.data)?;
    let answered = target(arguments, |position| folder.records(position, 1).map(|page| page.records.into_iter().next())).and_then(|target| {
        let event = event(&target, arguments.reason.as_deref().unwrap_or_default())?;
        let command = Command::Redact { operator: operator.clone(), event: event.clone() };
        folder.ask(&command, |runtime, ledger| {
            let subject = Route { duty: Duty::Operate, publisher: operator }.to_string();
            let receipt = runtime.block_on(ledger.submit(subject, Vec::new(), event.into())).map_err(|error| error.to_string())?;
            let removed = runtime.block_on(ledger.redactions_removed(RECEIPT));
            Ok(json!({"receipt": receipt, "removed": removed}))
        })
    });
    folder.close();
    let answer = answered?;
    let receipt = serde_json::from_value(answer["receipt"].clone()).map_err(|error| Failure::new(Code::Failed, error))?;
    pretty(&answer)?;
    let by = recorded(&receipt)?;
    if answer["removed"] == Value::Bool(true) {
        say(format_args!("redacted by the record at position {by}; the payload was removed from this node's volumes, journals, refusals and memory"));
    } else {
        say(format_args!("redacted by the record at position {by}; this node still removes the payload: see pending_redactions of handover ledger status"));
    }
    say(format_args!("every other node removes it when it comes to that record; {BY_HAND}"));
    Ok(())
}

fn over_nats(arguments: &Redact, url: &str, operator: Publisher) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    let unreachable = |error: &dyn std::fmt::Display| Failure::new(Code::Unreachable, error);
    let server = arguments.nats_access.server(url, operator.as_str())?;
    let target = target(arguments, |position| {
        let asked = async {
            let client = server.options().connect(server.addresses()).await.map_err(|error| unreachable(&error))?;
            let question = json!({"position": position}).to_string();
            let answer = tokio::time::timeout(ANSWER, client.request("handover.query.record", question.into())).await;
            Ok(answer.map_err(|error| unreachable(&error))?.map_err(|error| unreachable(&error))?.payload)
        };
        // Without a record the answer is empty, and its headers say why.
        let payload = runtime.block_on(asked)?;
        if payload.is_empty() { Ok(None) } else { serde_json::from_slice(&payload).map(Some).map_err(|error| Failure::new(Code::Failed, error)) }
    })?;
    let event = event(&target, arguments.reason.as_deref().unwrap_or_default())?;
    let event = Outgoing::parse(event).map_err(refused)?;
    let receipt = runtime.block_on(async {
        let producer = Producer::connect(Options::new(server.clone(), operator)).await.map_err(|error| unreachable(&error))?;
        producer.publish_recorded(&event, RECEIPT).await.map_err(|error| unreachable(&error))
    })?;
    pretty(&json!({"receipt": receipt}))?;
    let by = recorded(&receipt)?;
    say(format_args!(
        "redacted by the record at position {by}; every node removes the payload when it comes to it: see pending_redactions of handover ledger status"
    ));
    say(BY_HAND);
    Ok(())
}

/// The event that's to be redacted, by its position or its identity.
fn target(arguments: &Redact, record: impl FnOnce(u64) -> Result<Option<RecordAnswer>, Failure>) -> Result<Target, Failure> {
    let usage = |reason: &str| Failure::new(Code::Usage, reason);
    let event = arguments.event.as_deref().unwrap_or_default();
    if let Some(source) = &arguments.source {
        let id: Uuid = event.parse().map_err(|_| usage("handover redact --source expects the event's id, a UUID"))?;
        let publisher = arguments.publisher.as_deref().unwrap_or("local").parse().map_err(|error| usage(&format!("--publisher: {error}")))?;
        return Ok(Target { publisher: Some(publisher), source: source.clone(), id });
    }
    let position: u64 = event.parse().map_err(|_| usage("handover redact expects a position, or an event's id with --source"))?;
    let none = || Failure::new(Code::BadData, format_args!("the ledger has no record at position {position}"));
    let found = record(position)?.filter(|found| found.position == Position::new(position)).ok_or_else(none)?;
    let record: Record =
        found.into_record().ok_or_else(|| Failure::new(Code::Failed, format_args!("the record at position {position} isn't as it was recorded")))?;
    if let Some(removed) = &record.removed {
        say(format_args!("its payload was removed before, for the record at position {}; it's redacted once more", removed.by));
    }
    let envelope = record.announcement().map_err(|problem| Failure::new(Code::Failed, problem))?.envelope;
    Ok(Target { publisher: Some(record.publisher), source: envelope.source, id: envelope.id })
}

fn event(target: &Target, reason: &str) -> Result<String, Failure> {
    let today: String = Timestamp::now().to_string().chars().take("2026-01-29".len()).collect();
    let data = json!({"announced": today, "announcer": null, "target": target, "reason": reason});
    let event = json!({"specversion": "1.0", "id": Uuid::now_v7(), "source": SOURCE, "type": "org.handover.redacted.v1", "data": data}).to_string();
    announcement::parse(event.as_bytes()).map_err(refused)?;
    Ok(event)
}

fn refused(problem: announcement::Problem) -> Failure {
    Failure::new(Code::BadData, format_args!("{problem}. {}", problem.remedy))
}

/// Where the redaction was recorded.
fn recorded(receipt: &Receipt) -> Result<Position, Failure> {
    match &receipt.outcome {
        Outcome::Recorded { position, .. } | Outcome::Duplicate { position } => Ok(*position),
        Outcome::Refused { problem } => Err(refused(problem.clone())),
    }
}
