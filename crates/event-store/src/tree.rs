use announcement::Digest;
use transparency::{Frontier, TILE_WIDTH};

/// The hashes of the Merkle tree that are kept: the roots of full tiles, level by level. A leaf's own hash is computed from its record.
#[derive(Debug, Default)]
pub(crate) struct Tiles {
    /// Level 1 first.
    levels: Vec<Vec<Digest>>,
}

impl Tiles {
    /// Adds the root of the next full tile of leaves.
    pub(crate) fn push(&mut self, root: Digest) {
        let mut hash = root;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            let full = hashes.len() as u64;
            if !full.is_multiple_of(TILE_WIDTH) {
                return;
            }
            let tile = &hashes[hashes.len() - usize::try_from(TILE_WIDTH).expect("256")..];
            hash = tile.iter().copied().collect::<Frontier>().root();
        }
    }

    /// How many full tiles of leaves there are.
    pub(crate) fn len(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Takes back all but the first tiles.
    pub(crate) fn truncate(&mut self, tiles: usize) {
        let mut left = tiles;
        for hashes in &mut self.levels {
            hashes.truncate(left);
            left /= usize::try_from(TILE_WIDTH).expect("256");
        }
    }

    /// Hashes of a level from 1 on; `None` where there aren't so many.
    pub(crate) fn hashes(&self, level: u8, from: usize, to: usize) -> Option<&[Digest]> {
        self.levels.get(usize::from(level).checked_sub(1)?)?.get(from..to)
    }
}
