use std::collections::BTreeSet;

use announcement::{ExchangeKey, Kind, Position};
use serde::Serialize;

use crate::{Book, claim::Claim, intern::Id};

/// What later records did to a claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Effects {
    pub(crate) retracted: Option<Position>,
    pub(crate) quarantined: Option<Position>,
    pub(crate) redacted: Option<Position>,
    pub(crate) corrections: Vec<Position>,
    pub(crate) revisions: Vec<Position>,
    pub(crate) disputes: Vec<Position>,
    pub(crate) pin: Option<Pin>,
    pub(crate) acts: Vec<Act>,
}

/// A curator said which exchange a claim is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pin {
    pub(crate) key: Id<ExchangeKey>,
    pub(crate) at: Position,
}

/// Something that a later record did to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    /// The record that did it.
    pub position: Position,
    /// Its kind: `corrected`, `retracted`, `disputed`, `linked`, `split`, `quarantined`, `released`, `redacted`; of a revision, the reviser's.
    pub kind: Kind,
}

/// Why a claim is in no figure, and the record that made it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Out {
    /// Why.
    pub why: Why,
    /// The record that made it so.
    pub by: Position,
}

/// Why a claim is in no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Its publisher withdrew it.
    Retracted,
    /// Its publisher replaced it.
    Corrected,
    /// Its announcer replaced it.
    Revised,
    /// A curator took it out.
    Quarantined,
    /// An operator removed it.
    Redacted,
    /// It repeats a statement that is recorded.
    Relay,
    /// Another claim is preferred: of a voice that outranks it, of the side that the policy asks for, or a later one of the same office.
    Outranked,
}

impl Book {
    pub(crate) fn effects(&self, position: Position) -> Option<&Effects> {
        self.effects.get(&position)
    }

    /// Why a claim is in no figure; `None` where it's live. Whether it repeats another is a question of its exchange's lineage.
    pub(crate) fn out(&self, claim: &Claim) -> Option<Out> {
        let original = self.claim(claim.statement)?;
        if !claim.affected && !original.affected {
            return None;
        }
        let out = |why: Why| move |by: Position| Out { why, by };
        let of_statement = self.effects(claim.statement);
        let withdrawn = of_statement.and_then(|effects| effects.retracted.map(out(Why::Retracted)).or_else(|| effects.quarantined.map(out(Why::Quarantined))));
        withdrawn
            .or_else(|| self.effects(claim.position)?.redacted.map(out(Why::Redacted)))
            .or_else(|| Some(self.standing(claim.statement)).filter(|standing| *standing != claim.position).map(out(Why::Corrected)))
            .or_else(|| self.revised(claim.statement).map(out(Why::Revised)))
    }

    pub(crate) fn is_live(&self, claim: &Claim) -> bool {
        self.out(claim).is_none()
    }

    /// The version of a statement that stands: the last correction, else itself.
    pub(crate) fn standing(&self, statement: Position) -> Position {
        self.effects(statement).and_then(|effects| effects.corrections.last().copied()).unwrap_or(statement)
    }

    fn is_withdrawn(&self, statement: Position) -> bool {
        let redacted = || self.effects(self.standing(statement)).is_some_and(|effects| effects.redacted.is_some());
        self.effects(statement).is_some_and(|effects| effects.retracted.is_some() || effects.quarantined.is_some()) || redacted()
    }

    /// The record that replaces a statement of the same office. A revision that was withdrawn replaces nothing, unless it was revised in its turn.
    ///
    /// It ends: a statement is only ever revised by one whose original was recorded after its own.
    fn revised(&self, statement: Position) -> Option<Position> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![statement];
        while let Some(earlier) = waiting.pop() {
            let revisions = self.effects(earlier).map_or(&[][..], |effects| &effects.revisions);
            for &by in revisions.iter().rev() {
                let later = self.claim(by)?.statement;
                if !self.is_withdrawn(later) {
                    return Some(by);
                }
                if seen.insert(later) {
                    waiting.push(later);
                }
            }
        }
        None
    }

    /// The contests of a statement that stand.
    pub(crate) fn disputes(&self, claim: &Claim) -> impl Iterator<Item = &Claim> {
        let disputes = self.effects(claim.statement).map_or(&[][..], |effects| &effects.disputes);
        disputes.iter().filter_map(|&position| self.claim(position)).filter(|dispute| self.is_live(dispute))
    }
}
