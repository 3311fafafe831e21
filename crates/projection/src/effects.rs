use std::collections::BTreeSet;

use announcement::{ExchangeKey, Kind, Position};
use serde::Serialize;

use crate::{Known, claim::Claim, intern::Id};

/// What later records did to a claim, each in the order of the records.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Effects {
    pub(crate) retractions: Vec<Position>,
    /// Taken out, or back in.
    pub(crate) quarantine: Vec<(Position, Doubt)>,
    pub(crate) redactions: Vec<Position>,
    pub(crate) corrections: Vec<Position>,
    pub(crate) revisions: Vec<Position>,
    pub(crate) disputes: Vec<Position>,
    pub(crate) pins: Vec<Pin>,
    pub(crate) acts: Vec<Act>,
}

/// What a curator makes of a claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Doubt {
    Quarantined,
    Released,
}

/// A curator said which exchange a claim is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pin {
    pub(crate) key: Id<ExchangeKey>,
    pub(crate) at: Position,
}

/// Something that a later record did to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Act {
    /// The record that did it.
    pub position: Position,
    /// Its kind: `corrected`, `retracted`, `disputed`, `linked`, `split`, `quarantined`, `released`, `redacted`; of a revision, the reviser's.
    pub kind: Kind,
}

/// Why a claim is in no figure, and the record that made it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Out {
    /// Why.
    pub why: Why,
    /// The record that made it so.
    pub by: Position,
}

/// Why a claim is in no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
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
    /// It may have been announced after the day that is asked for.
    MaybeLater,
    /// Another claim is preferred: of a voice that outranks it, of the side that the policy asks for, or a later one of the same office.
    Outranked,
}

impl<'a> Known<'a> {
    fn of(self, position: Position, which: fn(&Effects) -> &[Position]) -> impl DoubleEndedIterator<Item = Position> + use<'a> {
        let positions = self.effects(position).map_or(&[][..], which);
        positions.iter().copied().filter(move |&position| self.sees(position))
    }

    /// The record that withdrew a statement.
    fn retracted(self, statement: Position) -> Option<Position> {
        self.of(statement, |effects| &effects.retractions).next()
    }

    /// The record that took a statement out of every figure.
    fn quarantined(self, statement: Position) -> Option<Position> {
        let mut last = self.effects(statement)?.quarantine.iter().rev().filter(|&&(at, _)| self.sees_curation(at));
        last.next().filter(|(_, doubt)| *doubt == Doubt::Quarantined).map(|&(at, _)| at)
    }

    /// The record that took a record's payload away.
    fn redacted(self, position: Position) -> Option<Position> {
        self.of(position, |effects| &effects.redactions).next()
    }

    /// Why a claim is in no figure; `None` where it's live. Whether it repeats another is a question of its exchange's lineage.
    pub(crate) fn out(self, claim: &Claim) -> Option<Out> {
        if !claim.affected && claim.statement == claim.position {
            return None;
        }
        let out = |why: Why| move |by: Position| Out { why, by };
        let withdrawn = self.retracted(claim.statement).map(out(Why::Retracted)).or_else(|| self.quarantined(claim.statement).map(out(Why::Quarantined)));
        withdrawn
            .or_else(|| self.redacted(claim.position).map(out(Why::Redacted)))
            .or_else(|| Some(self.standing(claim.statement)).filter(|standing| *standing != claim.position).map(out(Why::Corrected)))
            .or_else(|| self.revised(claim.statement).map(out(Why::Revised)))
    }

    pub(crate) fn is_live(self, claim: &Claim) -> bool {
        self.out(claim).is_none()
    }

    /// The corrections of a statement.
    pub(crate) fn corrections(self, statement: Position) -> impl Iterator<Item = Position> {
        self.of(statement, |effects| &effects.corrections)
    }

    /// The version of a statement that stands: the last correction, else itself.
    pub(crate) fn standing(self, statement: Position) -> Position {
        self.of(statement, |effects| &effects.corrections).next_back().unwrap_or(statement)
    }

    pub(crate) fn is_withdrawn(self, statement: Position) -> bool {
        self.retracted(statement).is_some() || self.quarantined(statement).is_some() || self.redacted(self.standing(statement)).is_some()
    }

    /// The record that replaces a statement of the same office. A revision that was withdrawn replaces nothing, unless it was revised in its turn.
    ///
    /// It ends: a statement is only ever revised by one whose original was recorded after its own.
    fn revised(self, statement: Position) -> Option<Position> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![statement];
        while let Some(earlier) = waiting.pop() {
            for by in self.of(earlier, |effects| &effects.revisions).rev() {
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

    /// The contests of a statement, also those that were withdrawn.
    pub(crate) fn contests(self, statement: Position) -> impl Iterator<Item = &'a Claim> {
        self.of(statement, |effects| &effects.disputes).filter_map(move |position| self.claim(position))
    }

    /// The contests of a statement that stand.
    pub(crate) fn disputes(self, claim: &Claim) -> impl Iterator<Item = &'a Claim> {
        self.contests(claim.statement).filter(move |dispute| self.is_live(dispute))
    }

    /// The curation that says which exchange a statement is about.
    pub(crate) fn pin(self, statement: Position) -> Option<Pin> {
        let pins = self.effects(statement)?.pins.iter().rev();
        pins.copied().find(|pin| self.sees_curation(pin.at))
    }

    /// What later records did to a claim.
    pub(crate) fn acts(self, position: Position) -> Vec<Act> {
        let acts = self.effects(position).map_or(&[][..], |effects| &effects.acts);
        acts.iter().copied().filter(|act| self.sees(act.position)).collect()
    }
}
