use std::collections::{BTreeSet, HashMap};

use announcement::Position;
use uuid::Uuid;

use crate::{Book, intern::Id, lineage::Origin};

/// An event's source and id.
pub(crate) type Event = (Id<str>, Uuid);

/// What leads from a record to claims about other exchanges, which change with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ties {
    /// The reports that name an event as their origin, with their own events.
    named_by: HashMap<Event, Vec<(Position, Event)>>,
    /// The statements that a later one revises.
    revises: HashMap<Position, Vec<Position>>,
    /// The claim that a dispute contests.
    contests: HashMap<Position, Position>,
}

impl Ties {
    pub(crate) fn names(&mut self, origin: Event, report: Position, event: Event) {
        self.named_by.entry(origin).or_default().push((report, event));
    }

    /// A report says no more what it repeats.
    pub(crate) fn forget(&mut self, origin: Event, report: Position) {
        if let Some(reports) = self.named_by.get_mut(&origin) {
            reports.retain(|&(at, _)| at != report);
            if reports.is_empty() {
                self.named_by.remove(&origin);
            }
        }
    }

    pub(crate) fn revises(&mut self, later: Position, earlier: Position) {
        self.revises.entry(later).or_default().push(earlier);
    }

    pub(crate) fn contests(&mut self, dispute: Position, claim: Position) {
        self.contests.insert(dispute, claim);
    }
}

impl Book {
    /// Finds the ties again of what was written down.
    pub(crate) fn tie(&mut self) {
        let mut ties = Ties::default();
        let events = |at: Position| usize::try_from(at.get()).ok().and_then(|index| self.events.names().get(index).copied());
        let mut reports: Vec<_> = self.origins.iter().collect();
        reports.sort_unstable_by_key(|&(at, _)| at);
        for (&report, origins) in reports {
            for origin in origins {
                if let (&Origin::Event { source, id, .. }, Some(event)) = (origin, events(report)) {
                    ties.names((source, id), report, event);
                }
            }
        }
        let mut revisions = Vec::new();
        for (&earlier, effects) in &self.effects {
            revisions.extend(effects.revisions.iter().map(|&at| (at, earlier)));
            effects.disputes.iter().for_each(|&dispute| ties.contests(dispute, earlier));
        }
        revisions.sort_unstable();
        for (at, earlier) in revisions {
            ties.revises(self.claim(at).map_or(at, |claim| claim.statement), earlier);
        }
        self.ties = ties;
    }

    /// Something is done to a record: its exchange changes, with those of the statements that stand or fall with it.
    pub(crate) fn touch_with(&mut self, target: Position, at: Position) {
        let Some(statement) = self.claim(target).map(|claim| claim.statement) else { return };
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![statement]);
        while let Some(statement) = waiting.pop() {
            if !seen.insert(statement) {
                continue;
            }
            let corrections = self.effects.get(&statement).map(|effects| effects.corrections.clone()).unwrap_or_default();
            for position in [statement].into_iter().chain(corrections) {
                self.touch_place(position, at);
            }
            waiting.extend(self.ties.contests.get(&statement));
            waiting.extend(self.ties.revises.get(&statement).into_iter().flatten());
        }
    }

    /// An event was recorded: what names it as its origin is a repetition now, and what leads through that may be.
    pub(crate) fn touch_reports(&mut self, event: Event, at: Position) {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![event]);
        while let Some(event) = waiting.pop() {
            let Some(reports) = self.ties.named_by.get(&event).cloned() else { continue };
            for (report, event) in reports {
                if seen.insert(report) {
                    self.touch_place(report, at);
                    waiting.push(event);
                }
            }
        }
    }
}
