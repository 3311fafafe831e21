use announcement::Digest;
use serde::{Deserialize, Serialize};

use crate::node_hash;

/// The Merkle tree of RFC 6962 as far as appending needs it: the roots of its complete subtrees, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Digest>,
}

/// A hash that a tile above level 0 gains: the root of a full tile of the level below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TileHash {
    /// The level of the tile that gains it: 1, 2, 3 …
    pub level: u8,
    /// Its number among the hashes of that level, and that of the full tile below: it stands in tile `index / 256`, at `index % 256`.
    pub index: u64,
    /// The root of the `256^level` leaves from `index · 256^level` on.
    pub hash: Digest,
}

impl Frontier {
    /// The tree with these complete subtrees: one for each bit of the size.
    pub(crate) const fn new(size: u64, subtrees: Vec<Digest>) -> Self {
        Self { size, subtrees }
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree of full tiles of 256 leaves each, by their roots.
    #[must_use]
    pub fn of_tiles(roots: impl IntoIterator<Item = Digest>) -> Self {
        let tiles: Self = roots.into_iter().collect();
        Self { size: tiles.size << 8, ..tiles }
    }

    /// Adds a leaf hash on the right. Gives the root of the last 256 leaves where it completes their tile.
    pub fn append(&mut self, leaf: Digest) -> Option<Digest> {
        let mut tile = None;
        self.extend([leaf], |gained| {
            if gained.level == 1 {
                tile = Some(gained.hash);
            }
        });
        tile
    }

    /// Adds leaf hashes on the right, and hands out what the tiles above level 0 gain by them, in the order in which it comes to stand.
    pub fn extend(&mut self, leaves: impl IntoIterator<Item = Digest>, mut gained: impl FnMut(TileHash)) {
        for leaf in leaves {
            let mut node = leaf;
            for height in 1..=self.size.trailing_ones() {
                let left = self.subtrees.pop().expect("a complete subtree for each bit of the size");
                node = node_hash(left, node);
                if height % 8 == 0 {
                    let level = u8::try_from(height / 8).expect("a size has 64 bits");
                    gained(TileHash { level, index: self.size >> height, hash: node });
                }
            }
            self.subtrees.push(node);
            self.size += 1;
        }
    }

    /// The root: of no leaves it's the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.subtrees.iter().rev().copied().reduce(|right, left| node_hash(left, right)).unwrap_or_else(|| Digest::of(&[]))
    }
}

impl FromIterator<Digest> for Frontier {
    /// The tree of these leaf hashes.
    fn from_iter<I: IntoIterator<Item = Digest>>(leaves: I) -> Self {
        let mut tree = Self::default();
        tree.extend(leaves, |_| ());
        tree
    }
}

#[derive(Deserialize)]
struct Unchecked {
    size: u64,
    subtrees: Vec<Digest>,
}

impl TryFrom<Unchecked> for Frontier {
    type Error = &'static str;

    fn try_from(Unchecked { size, subtrees }: Unchecked) -> Result<Self, Self::Error> {
        let complete = usize::try_from(size.count_ones()) == Ok(subtrees.len());
        // Half of the range, so that no appending ever leaves it.
        if complete && size < 1 << 63 { Ok(Self { size, subtrees }) } else { Err("expected a size below 2^63, and a subtree for each of its bits") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle;

    #[test]
    fn the_roots_are_those_of_the_reference_tree() {
        let mut tree = Frontier::default();
        assert_eq!(tree.root().to_string(), oracle::REFERENCE_ROOTS[0]);
        for (leaf, root) in oracle::reference_leaves().into_iter().zip(&oracle::REFERENCE_ROOTS[1..]) {
            tree.append(leaf);
            assert_eq!(tree.root().to_string(), *root);
        }
        assert_eq!(tree.size(), 8);
    }

    #[test]
    fn a_full_tile_gives_the_one_above_it_its_root() {
        let leaves = oracle::leaves(65_536 + 300);
        let mut gained = Vec::new();
        let mut tree = Frontier::default();
        for some in leaves.chunks(1000) {
            tree.extend(some.iter().copied(), |hash| gained.push(hash));
        }
        assert_eq!(tree.root(), oracle::root(&leaves));
        let mut expected: Vec<_> = leaves.chunks_exact(256).zip(0..).map(|(below, index)| TileHash { level: 1, index, hash: oracle::root(below) }).collect();
        expected.insert(256, TileHash { level: 2, index: 0, hash: oracle::root(&leaves[..65_536]) });
        assert_eq!(gained, expected);
    }

    #[test]
    fn the_roots_of_full_tiles_give_the_tree_and_appending_gives_them() {
        let leaves = oracle::leaves(65_536 + 512);
        let mut tree = Frontier::default();
        let tiles: Vec<Digest> = leaves.iter().filter_map(|&leaf| tree.append(leaf)).collect();
        assert_eq!(tiles, leaves.chunks_exact(256).map(oracle::root).collect::<Vec<_>>());
        assert_eq!(Frontier::of_tiles(tiles), tree);
    }

    #[test]
    fn a_tree_is_written_as_its_size_and_subtrees_and_read_only_where_they_fit() {
        let tree: Frontier = oracle::reference_leaves().into_iter().take(3).collect();
        let [pair, third] = [oracle::REFERENCE_ROOTS[2], &oracle::reference_leaves()[2].to_string()];
        let text = format!(r#"{{"size":3,"subtrees":["{pair}","{third}"]}}"#);
        assert_eq!(serde_json::to_string(&tree).unwrap(), text);
        assert_eq!(serde_json::from_str::<Frontier>(&text).unwrap(), tree);
        for size in [0, 1, 2, 4, 7, (1 << 63) + 1, u64::MAX] {
            assert!(serde_json::from_str::<Frontier>(&text.replace("\"size\":3", &format!("\"size\":{size}"))).is_err(), "{size}");
        }
    }
}
