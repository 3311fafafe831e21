//! The nats-server and its two streams.

use std::time::Duration;

use async_nats::Client;
use event_store::nats::{Examined, STREAM, StreamError, StreamLevel, examine as look};
use jiff::{SignedDuration, Timestamp};
use producer::Server;
use serde_json::Value;
use tokio::time::timeout;

use super::Finding;
use crate::status::NEARLY_FULL_PERCENT;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How far this machine's clock may be from the nats-server's: a message further ahead stops the intake.
const MAX_OFFSET: SignedDuration = SignedDuration::from_mins(5);

pub(super) async fn examine(server: &Server) -> Vec<Finding> {
    let url = server.url();
    let connecting = server.options().name("handover doctor").connect(server.addresses());
    let client = match timeout(PATIENCE, connecting).await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return vec![unreachable(url, &error)],
        Err(_) => return vec![unreachable(url, &"it doesn't answer")],
    };
    let examined = match timeout(PATIENCE, look(&client)).await {
        Ok(Ok(examined)) => examined,
        Ok(Err(error)) => return vec![unusable(url, &error)],
        Err(_) => return vec![unreachable(url, &"JetStream doesn't answer")],
    };
    let mut findings: Vec<Finding> = examined.iter().flat_map(stream).collect();
    findings.extend(replicas(&examined));
    let now = Timestamp::now();
    if let Some(server) = server_time(&client).await {
        findings.extend(clock(server, now));
    }
    findings
}

fn unreachable(url: &str, reason: &dyn std::fmt::Display) -> Finding {
    Finding {
        fault: "nats-unreachable",
        what: format!("{url}: {reason}"),
        why: "publishers can't queue anything, and the ledger reads nothing new",
        next: "see that nats-server runs and that its port is open: nats-server -js -sd DIR, or systemctl status nats-server".to_owned(),
    }
}

fn unusable(url: &str, error: &StreamError) -> Finding {
    let (fault, next) = match error {
        StreamError::Server { .. } => ("nats-too-old", "install nats-server 2.12 or newer; its store is taken over as it is"),
        StreamError::NoJetStream => ("no-jetstream", "start nats-server with -js -sd DIR, or put jetstream { store_dir: DIR } into its configuration"),
        _ => ("nats-unreachable", "see the nats-server's log; in a cluster, that most of its servers run"),
    };
    Finding { fault, what: format!("{url}: {error}"), why: "both streams are kept by JetStream of nats-server 2.12 or newer", next: next.to_owned() }
}

fn stream(Examined { stream, found, differs }: &Examined) -> Vec<Finding> {
    let Some(level) = found else {
        return vec![Finding {
            fault: "stream-missing",
            what: format!("there is no stream {stream}"),
            why: "announcements are queued in ANNOUNCEMENTS, and subscribers read LEDGER",
            next: "handover serve --nats URL makes what is missing at its start; where ANNOUNCEMENTS was lost it says what comes next".to_owned(),
        }];
    };
    let mut findings = Vec::new();
    if let Some(differs) = differs {
        let why = "with other settings messages may go, come twice, or never be taken; the intake stops";
        let next = format!("nats stream edit {stream} sets it back; what can't be edited needs a nats-server of its own; then start handover serve anew");
        findings.push(Finding { fault: "stream-settings", what: differs.to_string(), why, next });
    }
    if let Some(percent) = level.percent().filter(|&percent| percent >= NEARLY_FULL_PERCENT) {
        let next = if stream == STREAM {
            "handover backup DIR, handover backup verify DIR, handover ledger trim --keep 7d; or nats stream edit ANNOUNCEMENTS --max-bytes MORE".to_owned()
        } else {
            format!("nats stream edit {stream} --max-bytes MORE, and room for it on the server's disk")
        };
        let why = "a full stream takes nothing more: publishers hear no, or subscribers get nothing new";
        findings.push(Finding {
            fault: "stream-nearly-full",
            what: format!("the stream {stream} is {percent} % full: {} of {} bytes", level.bytes, level.max_bytes),
            why,
            next,
        });
    }
    if !level.missing_replicas.is_empty() {
        findings.push(Finding {
            fault: "replicas-missing",
            what: format!("of the stream {stream} these servers aren't there or not as far as its leader: {}", level.missing_replicas.join(", ")),
            why: "one more server lost may end the stream",
            next: "see that these nats-servers run: nats server report jetstream".to_owned(),
        });
    }
    findings
}

/// Both streams are on as many servers.
fn replicas(examined: &[Examined]) -> Option<Finding> {
    let levels: Vec<(&str, &StreamLevel)> = examined.iter().filter_map(|one| Some((one.stream.as_str(), one.found.as_ref()?))).collect();
    let [(one, first), (other, second)] = levels[..] else { return None };
    (first.replicas != second.replicas).then(|| Finding {
        fault: "stream-settings",
        what: format!("{one} is kept on {} servers and {other} on {}", first.replicas, second.replicas),
        why: "the one that's kept on fewer is lost with fewer servers",
        next: format!("nats stream edit {} --replicas {}", if first.replicas < second.replicas { one } else { other }, first.replicas.max(second.replicas)),
    })
}

/// The server's clock, as it says with every answer about a stream.
async fn server_time(client: &Client) -> Option<Timestamp> {
    let asked = client.request(format!("$JS.API.STREAM.INFO.{STREAM}"), bytes::Bytes::new());
    let answer = timeout(PATIENCE, asked).await.ok()?.ok()?;
    serde_json::from_slice::<Value>(&answer.payload).ok()?["ts"].as_str()?.parse().ok()
}

fn clock(server: Timestamp, now: Timestamp) -> Option<Finding> {
    let offset = now.duration_since(server);
    (offset.abs() > MAX_OFFSET).then(|| Finding {
        fault: "clock-differs",
        what: format!("this machine's clock is {} s {} the nats-server's", offset.as_secs().abs(), if offset.is_negative() { "behind" } else { "ahead of" }),
        why: "a message from the future stops the intake, and times of receipts mean nothing",
        next: "timedatectl status on both machines; set the clock, and let a time service keep it".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(bytes: u64, replicas: usize) -> StreamLevel {
        StreamLevel { last_sequence: 1, bytes, max_bytes: 1_000, replicas, last_message: None, missing_replicas: Vec::new() }
    }

    #[test]
    fn a_clock_that_is_off_either_way_is_found() {
        let server: Timestamp = "2026-03-10T00:00:00Z".parse().unwrap();
        let at = |time: &str| clock(server, time.parse().unwrap()).map(|finding| finding.what);
        assert!(at("2026-03-10T00:05:00Z").is_none() && at("2026-03-09T23:55:00Z").is_none());
        assert_eq!(at("2026-03-10T00:05:01Z").unwrap(), "this machine's clock is 301 s ahead of the nats-server's");
        assert_eq!(at("2026-03-09T23:54:59Z").unwrap(), "this machine's clock is 301 s behind the nats-server's");
    }

    #[test]
    fn a_stream_that_is_nearly_full_or_on_fewer_servers_than_the_other_is_found() {
        let of = |name: &str, level: StreamLevel| Examined { stream: name.to_owned(), found: Some(level), differs: None };
        assert!(stream(&of("LEDGER", level(899, 1))).is_empty());
        assert_eq!(stream(&of("LEDGER", level(900, 1)))[0].fault, "stream-nearly-full");
        let lags = StreamLevel { missing_replicas: vec!["n2".to_owned()], ..level(0, 3) };
        assert_eq!(stream(&of("LEDGER", lags))[0].fault, "replicas-missing");
        let both = |replicas| [of("ANNOUNCEMENTS", level(0, 3)), of("LEDGER", level(0, replicas))];
        assert!(replicas(&both(3)).is_none());
        assert_eq!(replicas(&both(1)).unwrap().next, "nats stream edit LEDGER --replicas 3");
    }

    #[test]
    fn a_server_that_is_too_old_or_has_no_jetstream_is_told_apart() {
        let fault = |error: &StreamError| unusable("nats://x", error).fault;
        assert_eq!(fault(&StreamError::Server { found: "2.9.0".to_owned() }), "nats-too-old");
        assert_eq!(fault(&StreamError::NoJetStream), "no-jetstream");
    }
}
