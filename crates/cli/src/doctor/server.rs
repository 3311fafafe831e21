//! What the server of a data folder says of its ledger.

use std::path::Path;

use event_store::{
    Health, Part,
    control::{Command, ControlError, call},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Finding, Running};
use crate::{operate::SOCKET, read::text, status::MAX_LAG};

/// How long a message may wait before the ledger counts as behind.
const MAX_WAIT_S: u64 = 60;
/// How old the last verified backup may be.
const MAX_BACKUP_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) async fn ask(data: &Path) -> Running {
    match call(&data.join(SOCKET), &Command::Status).await {
        Ok(status) => Running::Yes(Some(status)),
        Err(ControlError::NotRunning { .. }) => Running::No,
        Err(ControlError::Refused(_) | ControlError::Broken(_)) => Running::Yes(None),
    }
}

pub(super) fn examine(status: &Value, now: Timestamp) -> Vec<Finding> {
    let mut findings = parts(status);
    findings.extend(lag(status));
    findings.extend(backup(&status["verified_backup"], &status["head"], now));
    findings.extend(verification(&status["verification"]));
    findings
}

fn parts(status: &Value) -> Vec<Finding> {
    let Ok(health) = serde_json::from_value::<Health>(status["health"].clone()) else { return Vec::new() };
    let parts = [
        ("writer-stopped", "the writer", health.writer),
        ("intake-stopped", "the intake", health.intake),
        ("log-stopped", "the stream of records", health.log),
    ];
    let found = parts.into_iter().filter_map(|(fault, name, part)| {
        let (does, reason, next) = match part {
            Part::Running => return None,
            Part::Waiting { reason } => {
                ("waits", reason, "it goes on by itself once that is back; see to the nats-server, then handover ledger status".to_owned())
            }
            Part::Stopped { reason, remedy, .. } => ("stopped", reason, remedy),
        };
        let why = "until it goes on nothing new is recorded, or subscribers get nothing new; reading goes on";
        Some(Finding { fault, what: format!("{name} {does}: {reason}"), why, next })
    });
    found.collect()
}

fn lag(status: &Value) -> Option<Finding> {
    let (lag, waited) = (status["stream"]["lag"].as_u64()?, status["stream"]["lag_s"].as_u64()?);
    (lag > MAX_LAG || waited > MAX_WAIT_S).then(|| Finding {
        fault: "ledger-behind",
        what: format!("{lag} messages of the stream aren't read yet; the oldest has waited for {waited} s"),
        why: "publishers wait for their receipts",
        next: "handover ledger status, again after a while: where it gets less it catches up; where it doesn't, see the part that stopped, and the disk"
            .to_owned(),
    })
}

fn backup(backup: &Value, head: &Value, now: Timestamp) -> Option<Finding> {
    if head["size"].as_u64() == Some(0) {
        return None;
    }
    let verified: Option<Timestamp> = backup["verified"].as_str().and_then(|time| time.parse().ok());
    let what = match verified {
        None => "no backup of this ledger was ever verified".to_owned(),
        Some(verified) if now.duration_since(verified) > MAX_BACKUP_AGE => format!("the last backup that was verified is of {verified}"),
        Some(_) => return None,
    };
    let next = "handover backup DIR, then handover backup verify DIR: on another disk".to_owned();
    Some(Finding {
        fault: "no-verified-backup",
        what,
        why: "a damaged disk is made good from a backup alone, and the stream is trimmed no further than one",
        next,
    })
}

fn verification(verification: &Value) -> Option<Finding> {
    let damage = verification["damage"].as_u64().filter(|&damage| damage > 0)?;
    Some(Finding {
        fault: "ledger-damaged",
        what: format!("the verification of {} found {damage} parts that aren't as they were written", text(&verification["verified"])),
        why: "records that were receipted may not be readable any more",
        next: "handover verify names them and what to do".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(status: &Value) -> Vec<&'static str> {
        examine(status, "2026-03-10T00:00:00Z".parse().unwrap()).into_iter().map(|finding| finding.fault).collect()
    }

    #[test]
    fn what_a_status_says_is_wrong_is_found_and_nothing_else() {
        let running = json!({"state": "running"});
        let whole = json!({
            "head": {"size": 5},
            "health": {"writer": running, "intake": running, "log": running},
            "stream": {"lag": 3, "lag_s": 0},
            "verified_backup": {"verified": "2026-03-04T00:00:00Z"},
            "verification": {"damage": 0}
        });
        assert!(faults(&whole).is_empty());
        let with = |pointer: &str, value: Value| {
            let mut status = whole.clone();
            *status.pointer_mut(pointer).unwrap() = value;
            faults(&status)
        };
        assert_eq!(with("/health/intake", json!({"state": "stopped", "reason": "gap", "remedy": "adopt"})), ["intake-stopped"]);
        assert_eq!(with("/health/log", json!({"state": "waiting", "reason": "gone"})), ["log-stopped"]);
        assert_eq!(with("/stream", json!({"lag": 5, "lag_s": 61})), ["ledger-behind"]);
        assert_eq!(with("/stream/lag", json!(1_025)), ["ledger-behind"]);
        assert_eq!(with("/verified_backup/verified", json!("2026-03-02T00:00:00Z")), ["no-verified-backup"]);
        assert_eq!(with("/verified_backup", Value::Null), ["no-verified-backup"]);
        assert_eq!(with("/verification/damage", json!(1)), ["ledger-damaged"]);
        assert!(with("/stream", Value::Null).is_empty());
    }
}
