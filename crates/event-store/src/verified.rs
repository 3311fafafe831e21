use std::collections::HashSet;

use announcement::{Digest, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Damage, Frontier, Redacts, VolumeReport};

/// What was found in a whole ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// How many records were read.
    pub size: u64,
    /// The root of their tree.
    pub root: Digest,
    /// How many volumes they stand in.
    pub volumes: u64,
    /// How many entries the indexes have.
    pub entries: u64,
    /// How many records have no payload any more; each is redacted by a record of this ledger, and has its leaf.
    pub redacted: u64,
    /// When the first and the last record were taken in.
    pub recorded: Option<[Timestamp; 2]>,
    /// What isn't as it was recorded; nothing where everything is.
    pub damage: Vec<Damage>,
}

const RESTORE: &str = "restore the folder from a backup: handover restore";

impl Verified {
    /// Puts together what was found in the volumes, in their order: each begins where the one before ends, and what each says of the tree is what its records give.
    #[must_use]
    pub fn of(reports: Vec<VolumeReport>) -> Self {
        let mut tiles = Vec::new();
        let mut verified = Self { size: 0, root: Frontier::default().root(), volumes: 0, entries: 0, redacted: 0, recorded: None, damage: Vec::new() };
        let (mut removed, mut redacts) = (Vec::new(), HashSet::new());
        for report in reports {
            let VolumeReport { positions: [first, end], recorded, entries, leaves, says, damage, .. } = report;
            removed.extend(report.removed);
            redacts.extend(report.redacts.iter().map(|redacts| (redacts.by, redacts.event)));
            verified.damage.extend(damage);
            if first != verified.size {
                verified.note("a volume doesn't begin where the one before it ends", [verified.size.min(first), verified.size.max(first)]);
            }
            tiles.extend(report.tiles);
            let mut tree = Frontier::of_tiles(tiles.iter().copied());
            for leaf in leaves {
                tree.append(leaf);
            }
            (verified.size, verified.root) = (tree.size(), tree.root());
            if says.is_some_and(|says| says != (tree.size(), tree.root())) {
                verified.note("the records don't give the root that was written with them", [first, end.saturating_sub(1)]);
            }
            verified.volumes += 1;
            verified.entries += entries;
            verified.add_times(recorded, first);
        }
        verified.redacted = removed.len() as u64;
        for Redacts { by, position, event } in removed {
            if !redacts.contains(&(by, event)) {
                let position = position.map_or(0, Position::get);
                verified.note(&format!("its payload is gone, and the record at position {by} doesn't redact it"), [position, position]);
            }
        }
        verified
    }

    /// Holds the tree against a checkpoint that was noted elsewhere, of just as many records.
    pub fn compare(&mut self, size: u64, root: Digest, whose: &str) {
        if size == self.size && root != self.root {
            self.note(&format!("{whose} says root {root} of {size} records, and they give {}", self.root), [0, size.saturating_sub(1)]);
        } else if size > self.size {
            self.note(&format!("{whose} says {size} records, and there are {}", self.size), [self.size, size - 1]);
        }
    }

    fn add_times(&mut self, recorded: Option<[Timestamp; 2]>, first: u64) {
        let Some([begin, end]) = recorded else { return };
        match &mut self.recorded {
            Some([_, last]) if *last > begin => self.note("it was recorded before the one that precedes it", [first, first]),
            Some([_, last]) => *last = end,
            None => self.recorded = Some([begin, end]),
        }
    }

    fn note(&mut self, what: &str, positions: [u64; 2]) {
        self.damage.push(Damage { what: what.to_owned(), positions: Some(positions), remedy: RESTORE.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(removed: Vec<Redacts>, redacts: Vec<Redacts>) -> VolumeReport {
        let (positions, tiles, leaves, damage) = ([0, 0], Vec::new(), Vec::new(), Vec::new());
        VolumeReport { volume: 0, sealed: true, positions, recorded: None, entries: 0, tiles, leaves, says: None, removed, redacts, damage }
    }

    #[test]
    fn a_payload_that_is_gone_without_a_record_that_redacts_it_is_damage() {
        let (place, by) = (Position::new(3), Position::new(9));
        let gone = |event| vec![Redacts { by, position: Some(place), event }];
        let redacts = |by, event| vec![Redacts { by, position: None, event }];
        let found = Verified::of(vec![report(gone(1), Vec::new()), report(Vec::new(), redacts(by, 1))]);
        assert_eq!((found.redacted, found.damage), (1, Vec::new()), "in whichever volume it is");
        for others in [Vec::new(), redacts(by, 2), redacts(Position::new(8), 1)] {
            let found = Verified::of(vec![report(gone(1), others)]);
            assert_eq!(found.damage.iter().map(|damage| damage.positions).collect::<Vec<_>>(), [Some([3, 3])]);
            assert!(found.damage[0].what.contains("the record at position 9 doesn't redact it"));
        }
    }
}
