use std::collections::BTreeSet;

use announcement::{ExchangeKey, Position};

use crate::{Known, intern::Id};

/// How many statements are looked at for a circle of reports.
const MAX_REPORTS: usize = 1_024;

/// What is known without a record and with it.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) old: Known<'a>,
    pub(crate) new: Known<'a>,
    pub(crate) at: Position,
}

impl<'a> Step<'a> {
    fn sides(self) -> [Known<'a>; 2] {
        [self.old, self.new]
    }

    /// The exchanges whose figures, days or state the record may change.
    pub(crate) fn exchanges(self) -> BTreeSet<Id<ExchangeKey>> {
        if self.old.sees(self.at) == self.new.sees(self.at) {
            return BTreeSet::new();
        }
        let mut exchanges: BTreeSet<_> = self.statements().into_iter().flat_map(|statement| self.places(statement)).chain(self.merged()).collect();
        let wholes: Vec<_> = exchanges.iter().flat_map(|&id| self.sides().map(|known| known.named_whole(id))).flatten().collect();
        exchanges.extend(wholes);
        exchanges
    }

    /// Those, and the stages that count in one of them.
    pub(crate) fn counted_exchanges(self) -> BTreeSet<Id<ExchangeKey>> {
        let mut exchanges = self.exchanges();
        let stages: Vec<_> = exchanges.iter().flat_map(|&id| self.sides().map(|known| known.stages(id))).flatten().collect();
        exchanges.extend(stages);
        exchanges
    }

    /// The roots that it makes one.
    fn merged(self) -> impl Iterator<Item = Id<ExchangeKey>> {
        let merge = self.new.merge_at(self.at).into_iter();
        merge.flat_map(move |merge| self.sides().map(|known| known.root(merge.from)))
    }

    /// The versions of a statement: itself and its corrections.
    fn versions(self, statement: Position) -> BTreeSet<Position> {
        let corrections = self.sides().into_iter().flat_map(|known| known.corrections(statement));
        corrections.chain([statement]).collect()
    }

    /// The exchanges that the versions of a statement are about. What doesn't stand any more still is a claim about its exchange.
    fn places(self, statement: Position) -> impl Iterator<Item = Id<ExchangeKey>> {
        let claims = self.versions(statement).into_iter().filter_map(move |version| self.new.book().claim(version));
        claims.flat_map(move |claim| self.sides().map(|known| known.place(claim))).flatten()
    }

    /// The statements that it makes or acts on, those which one that's withdrawn revises, and the reports of what it records.
    fn statements(self) -> BTreeSet<Position> {
        let statement = |position| self.new.book().claim(position).map(|claim| claim.statement);
        let mut waiting: Vec<Position> = statement(self.at).into_iter().collect();
        let mut found: BTreeSet<Position> = waiting.iter().copied().collect();
        while let Some(acting) = waiting.pop() {
            for target in self.acted_on(acting).filter_map(statement) {
                // What it revised is brought back only where it's withdrawn.
                if found.insert(target) && self.sides().iter().any(|known| known.is_withdrawn(target)) {
                    waiting.push(target);
                }
            }
        }
        found.extend(self.reports());
        found
    }

    /// What the versions of a statement do something to.
    fn acted_on(self, statement: Position) -> impl Iterator<Item = Position> {
        self.versions(statement).into_iter().flat_map(move |version| self.new.book().acted_on(version))
    }

    /// The statements that repeat it. Where it repeats one itself, also those that repeat them: it may close a circle, in which the earliest repeats none.
    fn reports(self) -> BTreeSet<Position> {
        let book = self.new.book();
        let is_report = |position| book.claim(position).and_then(|claim| book.claim(claim.statement)).is_some_and(|claim| claim.is_report);
        let mut found = BTreeSet::new();
        let mut waiting = vec![self.at];
        while let Some(origin) = waiting.pop() {
            for report in book.events.reports(origin).filter(|&report| self.sides().iter().any(|known| known.sees(report))) {
                let Some(statement) = book.claim(report).map(|claim| claim.statement) else { continue };
                if found.insert(statement) && found.len() < MAX_REPORTS && is_report(self.at) {
                    waiting.extend(self.versions(statement));
                }
            }
        }
        found
    }
}
