use std::collections::BTreeSet;

use announcement::Position;

use crate::Book;

impl Book {
    /// Something is done to a record: its exchange changes, with those of the statements that stand or fall with it, and of the reports that repeat one of these.
    pub(crate) fn touch_with(&mut self, target: Position, at: Position) {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![target]);
        while let Some(target) = waiting.pop() {
            let Some(statement) = self.claim(target).map(|claim| claim.statement).filter(|&statement| seen.insert(statement)) else { continue };
            for version in self.versions(statement) {
                let reports: Vec<Position> = self.events.reports(version).collect();
                for position in [version].into_iter().chain(reports) {
                    self.touch_place(position, at);
                }
                waiting.extend(self.acted_on(version));
            }
        }
    }

    /// A record has its place: what names it as its origin is a repetition now, and what leads through that may be.
    pub(crate) fn touch_reports(&mut self, at: Position) {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![at]);
        while let Some(origin) = waiting.pop() {
            let reports: Vec<Position> = self.events.reports(origin).collect();
            for report in reports {
                if seen.insert(report) {
                    self.touch_place(report, at);
                    waiting.push(report);
                }
            }
        }
    }

    /// A record did something to another.
    pub(crate) fn acted(&mut self, by: Position, target: Position) {
        let place = self.acts.partition_point(|act| *act <= (by, target));
        self.acts.insert(place, (by, target));
    }

    /// Finds again what leads from one record to others, of what was written down.
    pub(crate) fn tie(&mut self) {
        let mut reports: Vec<_> = self.origins.iter().collect();
        reports.sort_unstable_by_key(|&(at, _)| at);
        for (&report, origins) in reports {
            self.events.insert_report(report, origins);
        }
        self.acts = self.effects.iter().flat_map(|(&target, effects)| effects.acts.iter().map(move |act| (act.position, target))).collect();
        self.acts.sort_unstable();
    }

    /// A statement and its corrections.
    pub(crate) fn versions(&self, statement: Position) -> Vec<Position> {
        let corrections = self.effects.get(&statement).map_or(&[][..], |effects| &effects.corrections);
        [statement].into_iter().chain(corrections.iter().copied()).collect()
    }
}
