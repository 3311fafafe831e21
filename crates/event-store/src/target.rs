use announcement::{Announcement, Announcer, Data, Fault, Kind, Problem, Publisher, Target};

use crate::{
    ReadError,
    decide::{Change, How, Stop},
    index::{Found, Index},
    stage,
};

/// The claim that its own publisher corrects or retracts, or the record that an operator redacts.
pub(crate) struct Targeted {
    pub(crate) found: Found,
    how: How,
}

impl Targeted {
    pub(crate) fn change(&self, index: &Index<'_>) -> Result<Change, ReadError> {
        let claim = self.found.position;
        let ended = match index.correction(claim)? {
            _ if self.how == How::Redacted => None,
            None => stage::named_by(&self.found.announcement, None),
            Some(correction) => stage::named_by(&index.read(correction)?.announcement, Some(&self.found.announcement)),
        };
        Ok(Change { claim, how: self.how, ended })
    }
}

/// What targets there are must be recorded, of a kind that can be acted on so, and the sender's own where only its publisher may act.
pub(crate) fn check(announcement: &Announcement, sender: &Publisher, index: &Index<'_>) -> Result<Option<Targeted>, Stop> {
    let data = &announcement.data;
    check_revised(data, "/data/revises", sender, index)?;
    let how = match data {
        Data::Corrected(corrected) => {
            check_revised(&corrected.replacement.data, "/data/replacement/data/revises", sender, index)?;
            Some(How::Corrected)
        }
        Data::Retracted(_) => Some(How::Retracted),
        Data::Redacted(_) => Some(How::Redacted),
        _ => None,
    };
    let mut targeted = None;
    for (number, target) in data.targets().iter().enumerate() {
        let pointer = if matches!(data, Data::Split(_)) { format!("/data/targets/{number}") } else { "/data/target".to_owned() };
        let found = find(target, &pointer, sender, index)?;
        check_kind(data.kind(), &found, &pointer)?;
        if let Some(how) = how {
            if how != How::Redacted {
                check_own(&found, &pointer, sender, index)?;
            }
            targeted = Some(Targeted { found, how });
        }
    }
    Ok(targeted)
}

/// What an event whose words were removed corrects, retracts or redacts.
pub(crate) fn of_removed(announcement: &Announcement, sender: &Publisher, index: &Index<'_>) -> Result<Option<Targeted>, Stop> {
    let (how, target) = match &announcement.data {
        Data::Corrected(data) => (How::Corrected, &data.target),
        Data::Retracted(data) => (How::Retracted, &data.target),
        Data::Redacted(data) => (How::Redacted, &data.target),
        _ => return Ok(None),
    };
    Ok(Some(Targeted { found: find(target, "/data/target", sender, index)?, how }))
}

/// An announcer's statement is revised by the same office only, whoever published it.
fn check_revised(data: &Data, pointer: &str, sender: &Publisher, index: &Index<'_>) -> Result<(), Stop> {
    let Some(revised) = data.revises() else { return Ok(()) };
    let revised = find(revised, pointer, sender, index)?;
    if !is_statement(revised.announcement.kind()) {
        return Err(Problem::at(Fault::TargetState, pointer, "only a statement can be revised").into());
    }
    if data.announcer().is_some_and(|ours| speaks_for(ours, &revised)) {
        return Ok(());
    }
    Err(Problem::at(Fault::Authority, pointer, "the earlier statement is by another party or office").into())
}

/// Whether an announcer speaks in the office of a statement's, also where that one's words were removed.
fn speaks_for(ours: &Announcer, statement: &Found) -> bool {
    match &statement.record.removed {
        Some(removed) => removed.office == Some(ours.office_digest()),
        None => statement.announcement.data.announcer().is_some_and(|theirs| ours.same_office(theirs)),
    }
}

/// A claim, or a dispute of one.
fn is_statement(kind: Kind) -> bool {
    kind.is_claim() || kind == Kind::Disputed
}

fn check_kind(acting: Kind, found: &Found, pointer: &str) -> Result<(), Problem> {
    let target = found.announcement.kind();
    let sensible = match acting {
        Kind::Redacted => true,
        Kind::Retracted | Kind::Quarantined | Kind::Released => is_statement(target),
        _ => target.is_claim(),
    };
    if sensible {
        return Ok(());
    }
    let detail = format_args!("{}, at position {}, can't be {}", target.as_str(), found.position, acting.as_str());
    Err(Problem::at(Fault::TargetState, pointer, detail))
}

fn check_own(found: &Found, pointer: &str, sender: &Publisher, index: &Index<'_>) -> Result<(), Stop> {
    if found.record.publisher != *sender {
        return Err(Problem::at(Fault::Authority, pointer, format_args!("it was published by {}", found.record.publisher)).into());
    }
    if index.is_retracted(found.position)? {
        return Err(Problem::at(Fault::TargetState, pointer, "it was retracted").into());
    }
    Ok(())
}

/// Without a publisher a target is the sender's own event if it has it, else the only one of this source and id.
fn find(target: &Target, pointer: &str, sender: &Publisher, index: &Index<'_>) -> Result<Found, Stop> {
    let found = match &target.publisher {
        Some(publisher) => index.identity(publisher, &target.source, target.id)?,
        None => match index.identity(sender, &target.source, target.id)? {
            Some(own) => Some(own),
            None => {
                let mut events = index.events(&target.source, target.id)?;
                if events.len() > 1 {
                    return Err(Problem::at(Fault::Target, pointer, "several publishers have an event of this source and id; name the publisher").into());
                }
                events.pop()
            }
        },
    };
    Ok(found.ok_or_else(|| Problem::at(Fault::Target, pointer, "the ledger holds no such event"))?)
}
