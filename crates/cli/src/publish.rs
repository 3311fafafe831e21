use std::{collections::VecDeque, io::IsTerminal, time::Duration};

use announcement::{Digest, Outcome, Problem, Publisher, Receipt};
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use producer::{AcceptError, ConnectError, Options, Outgoing, Producer, PublishError};
use serde_json::{Value, json};

use crate::{
    arguments::{Publish, ReceiptFormat},
    connection::Http,
    exit::{Code, Failure, say},
    input::{Input, Inputs},
    outbox,
    output::print,
    read::text,
};

/// How many events go to a server at once.
const BATCH_EVENTS: usize = 256;
/// How many bytes go to a server at once.
const BATCH_BYTES: usize = 1 << 20;
/// How long a batch waits in all for a server that was asked too much: longer than a second's share of any publisher takes, shorter than a day's.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn run(arguments: &Publish) -> Result<(), Failure> {
    if let Some(dir) = &arguments.outbox {
        outbox::nats(&arguments.to)?;
        return outbox::publish(arguments, dir, publisher(arguments)?);
    }
    let mut tally = Tally::new(arguments.output);
    if arguments.to.starts_with("nats://") || arguments.to.starts_with("tls://") {
        to_nats(arguments, &mut tally)?;
    } else if arguments.to.starts_with("http://") || arguments.to.starts_with("https://") {
        if arguments.publisher.is_some() {
            return Err(Failure::new(Code::Usage, "--as is for nats:// only; over HTTP the server knows who publishes"));
        }
        to_server(arguments, &mut tally)?;
    } else {
        return Err(Failure::new(Code::Usage, "--to expects http://… or nats://…"));
    }
    tally.finish()
}

fn publisher(arguments: &Publish) -> Result<Publisher, Failure> {
    match &arguments.publisher {
        Some(name) => name.parse().map_err(|error| Failure::new(Code::Usage, format_args!("--as: {error}"))),
        None => Ok(Publisher::local()),
    }
}

fn to_nats(arguments: &Publish, tally: &mut Tally) -> Result<(), Failure> {
    let publisher = publisher(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    runtime.block_on(async {
        let server = arguments.nats_access.server(&arguments.to, publisher.as_str())?;
        let producer = Producer::connect(Options::new(server, publisher)).await.map_err(|error| match error {
            ConnectError::Unreachable { .. } => Failure::new(Code::Unreachable, error),
            ConnectError::Server { .. } | ConnectError::NotAdmitted { .. } => Failure::new(Code::Configuration, error),
        })?;
        let places = std::cell::RefCell::new(VecDeque::new());
        let refused = std::cell::RefCell::new(Vec::new());
        let unreadable = std::cell::RefCell::new(None);
        let events = Inputs::of(&arguments.files).map_while(|input| input.map_err(|failure| *unreadable.borrow_mut() = Some(failure)).ok());
        let valid = events.filter_map(|Input { place, event }| match Outgoing::parse(event.clone()) {
            Ok(outgoing) => {
                places.borrow_mut().push_back(place);
                Some(outgoing)
            }
            Err(problem) => {
                refused.borrow_mut().push((place, Digest::of(&event), problem));
                None
            }
        });
        let within = Duration::from_secs(arguments.timeout_s);
        let mut receipts = std::pin::pin!(producer.publish_all(valid, within));
        loop {
            let next = receipts.next().await;
            for (place, digest, problem) in refused.borrow_mut().drain(..) {
                tally.take(&place, &refusal(digest, problem))?;
            }
            let Some(receipt) = next else { break };
            let place = places.borrow_mut().pop_front().expect("a receipt for each event in its order");
            match receipt {
                Ok(receipt) => tally.take(&place, &json!(receipt))?,
                Err(error) => tally.fail(&place, &error),
            }
        }
        unreadable.take().map_or(Ok(()), Err)
    })
}

pub(crate) fn refusal(digest: Digest, problem: Problem) -> Value {
    json!(Receipt { source: None, id: None, digest, outcome: Outcome::Refused { problem } })
}

fn to_server(arguments: &Publish, tally: &mut Tally) -> Result<(), Failure> {
    let http = arguments.access.client()?;
    let url = format!("{}/v1/announcements", arguments.to.trim_end_matches('/'));
    let mut batch: Vec<Input> = Vec::new();
    let mut bytes = 0;
    for input in Inputs::of(&arguments.files) {
        let input = input?;
        if let Err(problem) = Outgoing::parse(input.event.clone()) {
            send(&http, &url, &std::mem::take(&mut batch), tally)?;
            bytes = 0;
            tally.take(&input.place, &refusal(Digest::of(&input.event), problem))?;
            continue;
        }
        bytes += input.event.len() + 1;
        batch.push(input);
        if batch.len() == BATCH_EVENTS || bytes >= BATCH_BYTES {
            send(&http, &url, &std::mem::take(&mut batch), tally)?;
            bytes = 0;
        }
    }
    send(&http, &url, &batch, tally)
}

/// A batch of the events' own bytes.
fn send(http: &Http, url: &str, batch: &[Input], tally: &mut Tally) -> Result<(), Failure> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut body = b"[".to_vec();
    for (number, input) in batch.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&input.event);
    }
    body.push(b']');
    let unreachable = |error: ureq::Error| Failure::new(Code::Unreachable, format_args!("{url}: {error}"));
    let post = || http.authorized(http.agent.post(url)).header("content-type", "application/cloudevents-batch+json").send(&body).map_err(unreachable);
    let mut response = post()?;
    // Who may send so many a second is told when to go on.
    let mut patience = PATIENCE;
    while let Some(wait) = told_to_wait(&response).filter(|wait| *wait <= patience) {
        patience -= wait;
        std::thread::sleep(wait);
        response = post()?;
    }
    let answer: Value = response.body_mut().read_json().map_err(unreachable)?;
    let receipts = answer["receipts"].as_array().filter(|receipts| receipts.len() == batch.len());
    let Some(receipts) = receipts else {
        let code = match response.status().as_u16() {
            401 | 403 => Code::Configuration,
            500.. => Code::Unreachable,
            _ => Code::Failed,
        };
        let [title, detail, remedy] = ["title", "detail", "remedy"].map(|part| text(&answer[part]));
        return Err(Failure::new(code, format_args!("the server answered {}: {title}: {detail}. {remedy}", response.status())));
    };
    for (input, receipt) in batch.iter().zip(receipts) {
        tally.take(&input.place, receipt)?;
    }
    Ok(())
}

/// After what time a server that was asked too much may be asked again.
fn told_to_wait(response: &ureq::http::Response<ureq::Body>) -> Option<Duration> {
    let seconds = response.headers().get("retry-after").filter(|_| response.status() == 429)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Counts receipts, shows progress, prints what was asked for.
pub(crate) struct Tally {
    recorded: u64,
    duplicate: u64,
    refused: u64,
    waiting: u64,
    failed: u64,
    format: ReceiptFormat,
    receipts: Vec<Value>,
    progress: ProgressBar,
}

impl Tally {
    pub(crate) fn new(format: ReceiptFormat) -> Self {
        let progress = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} announcements, {per_sec}") {
            progress.set_style(style);
        }
        Self { recorded: 0, duplicate: 0, refused: 0, waiting: 0, failed: 0, format, receipts: Vec::new(), progress }
    }

    pub(crate) fn take(&mut self, place: &str, receipt: &Value) -> Result<(), Failure> {
        self.progress.inc(1);
        match receipt["status"].as_str() {
            Some("recorded") => self.recorded += 1,
            Some("duplicate") => self.duplicate += 1,
            Some("refused") => {
                self.refused += 1;
                let problem = &receipt["problem"];
                let [title, pointer, detail, remedy] = ["title", "pointer", "detail", "remedy"].map(|part| text(&problem[part]));
                let pointer = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
                self.progress.suspend(|| say(format_args!("{place}: refused{pointer}: {title}: {detail}. {remedy}")));
            }
            Some("queued") => {
                self.waiting += 1;
                self.progress.suspend(|| say(format_args!("{place}: queued, no receipt yet")));
            }
            _ => {
                self.failed += 1;
                self.progress.suspend(|| say(format_args!("{place}: not queued; publish it again")));
            }
        }
        match self.format {
            ReceiptFormat::Summary => Ok(()),
            ReceiptFormat::Jsonl => print(format!("{receipt}\n").as_bytes()),
            ReceiptFormat::Json => {
                self.receipts.push(receipt.clone());
                Ok(())
            }
        }
    }

    /// Another event with the same identity is in the outbox.
    pub(crate) fn conflict(&mut self, place: &str, error: &AcceptError) -> Result<(), Failure> {
        self.refused += 1;
        self.progress.suspend(|| say(format_args!("{place}: refused: {error}")));
        Ok(())
    }

    fn fail(&mut self, place: &str, error: &PublishError) {
        if matches!(error, PublishError::NoReceipt) {
            self.waiting += 1
        } else {
            self.failed += 1
        }
        self.progress.suspend(|| say(format_args!("{place}: {error}")));
    }

    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.progress.finish_and_clear();
        if self.format == ReceiptFormat::Json {
            print(format!("{}\n", json!({"receipts": self.receipts})).as_bytes())?;
        }
        let Self { recorded, duplicate, refused, waiting, failed, .. } = self;
        let more = [(waiting, "without a receipt"), (failed, "not published")];
        let more: String = more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}")).collect();
        say(format_args!("{recorded} recorded, {duplicate} duplicate, {refused} refused{more}"));
        match (refused, waiting + failed) {
            (0, 0) => Ok(()),
            (0, _) => Err(Failure::said(Code::Unreachable)),
            (_, _) => Err(Failure::said(Code::BadData)),
        }
    }
}
