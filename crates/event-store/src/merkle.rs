use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use announcement::Digest;

/// The Merkle tree of RFC 6962 as far as appending needs it: the roots of its complete subtrees, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Digest>,
}

impl Frontier {
    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree of complete tiles of 256 leaves each, by their roots.
    #[must_use]
    pub fn of_tiles(roots: impl IntoIterator<Item = Digest>) -> Self {
        let mut tiles = Self::default();
        for root in roots {
            tiles.append(root);
        }
        Self { size: tiles.size << TILE_LEVEL, ..tiles }
    }

    /// Adds a leaf hash on the right. Gives the root of the last 256 leaves where it completes them.
    pub fn append(&mut self, leaf: Digest) -> Option<Digest> {
        let mut node = leaf;
        let mut tile = None;
        for level in 1..=self.size.trailing_ones() {
            let left = self.subtrees.pop().expect("a complete subtree for each bit of the size");
            node = parent(left, node);
            if level == TILE_LEVEL {
                tile = Some(node);
            }
        }
        self.subtrees.push(node);
        self.size += 1;
        tile
    }

    /// The root: of no leaves it's the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.subtrees.iter().rev().copied().reduce(|right, left| parent(left, right)).unwrap_or_else(|| Digest::of(&[]))
    }
}

/// A tile has 256 leaves.
const TILE_LEVEL: u32 = 8;

fn parent(left: Digest, right: Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update([0x01]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    Digest::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves and roots that certificate-transparency implementations test RFC 6962 with.
    #[test]
    fn the_roots_are_those_of_the_reference_tree() {
        let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Frontier::default();
        assert_eq!(tree.root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (leaf, root) in leaves.iter().zip(roots) {
            let mut preimage = vec![0];
            preimage.extend(hex::decode(leaf).unwrap());
            tree.append(Digest::of(&preimage));
            assert_eq!(tree.root().to_string(), root);
        }
    }

    #[test]
    fn every_256_leaves_give_the_root_of_just_these() {
        let leaf = |number: u64| Digest::of(&number.to_be_bytes());
        let (mut tree, mut tiles) = (Frontier::default(), Vec::new());
        for number in 0..1_536 {
            let tile = tree.append(leaf(number));
            tiles.extend(tile);
            let expected = (number % 256 == 255).then(|| {
                let mut own = Frontier::default();
                for number in number - 255..=number {
                    own.append(leaf(number));
                }
                own.root()
            });
            assert_eq!(tile, expected);
        }
        assert_eq!(Frontier::of_tiles(tiles), tree);
    }
}
