use std::collections::{BTreeSet, HashMap};

use announcement::{Position, Target};
use uuid::Uuid;

use crate::{Book, intern::Id};

/// An event's source and id.
pub(crate) type Event = (Id<str>, Uuid);

/// What leads from a record to claims about other exchanges, which change with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ties {
    /// The reports that name an event as their origin, with their own events.
    named_by: HashMap<Event, Vec<(Position, Event)>>,
    /// The statements that a later one revises, with their events.
    revises: HashMap<Position, Vec<(Position, Event)>>,
    /// The claim that a dispute contests, with its event.
    contests: HashMap<Position, (Position, Event)>,
}

impl Ties {
    pub(crate) fn names(&mut self, origin: Event, report: Position, event: Event) {
        self.named_by.entry(origin).or_default().push((report, event));
    }

    pub(crate) fn revises(&mut self, later: Position, earlier: (Position, Event)) {
        self.revises.entry(later).or_default().push(earlier);
    }

    pub(crate) fn contests(&mut self, dispute: Position, claim: (Position, Event)) {
        self.contests.insert(dispute, claim);
    }
}

impl Book {
    /// Something is done to a record: its exchange changes, with those of the statements that stand or fall with it, and of the reports that repeat one of these.
    pub(crate) fn touch_with(&mut self, target: Position, event: Event, at: Position) {
        let Some(statement) = self.claim(target).map(|claim| claim.statement) else { return };
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![(statement, event)]);
        while let Some((statement, event)) = waiting.pop() {
            if !seen.insert(statement) {
                continue;
            }
            let corrections = self.effects.get(&statement).map(|effects| effects.corrections.clone()).unwrap_or_default();
            let reports = self.ties.named_by.get(&event).into_iter().flatten().map(|&(report, _)| report);
            for position in [statement].into_iter().chain(corrections).chain(reports.collect::<Vec<_>>()) {
                self.touch_place(position, at);
            }
            waiting.extend(self.ties.contests.get(&statement));
            waiting.extend(self.ties.revises.get(&statement).into_iter().flatten());
        }
    }

    /// The event that a target names.
    pub(crate) fn event(&self, target: &Target) -> Option<Event> {
        Some((self.pools.texts.find(target.source.as_str())?, target.id))
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
