use std::{collections::BTreeMap, ops::Range};

use announcement::Digest;

use crate::{
    Frontier, TILE_WIDTH, Tile, node_hash,
    shape::{self, Leaves},
};

/// Why a root or a proof couldn't be computed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TreeError<E> {
    /// A tile couldn't be read.
    #[error(transparent)]
    Read(#[from] E),
    /// What was read isn't the tile that was asked for.
    #[error("tile {level}/{index} has {found} hashes where {expected} were asked for", level = .tile.level(), index = .tile.index(), expected = .tile.width())]
    Short {
        /// The tile.
        tile: Tile,
        /// How many hashes were read.
        found: usize,
    },
    /// The tree has no such leaf.
    #[error("leaf {index} isn't in a tree of {size}")]
    NoLeaf {
        /// The leaf.
        index: u64,
        /// How many leaves the tree has.
        size: u64,
    },
    /// A tree can't go on from a larger one.
    #[error("a tree of {to} can't go on from one of {from}")]
    Shrinks {
        /// The size of the earlier tree.
        from: u64,
        /// The size of the later one.
        to: u64,
    },
}

/// The tree of the first `size` leaves, as far as appending needs it.
///
/// `read` gives the hashes of a tile: at least its width, of which the first ones count. It's asked for each tile once, and only for those that
/// [`crate::tiles`] of this size has: here one of each level at most.
///
/// # Errors
/// [`TreeError::Read`] and [`TreeError::Short`].
pub fn frontier<E>(size: u64, read: impl FnMut(Tile) -> Result<Vec<Digest>, E>) -> Result<Frontier, TreeError<E>> {
    let mut hashes = Hashes::new(size, read);
    let subtrees: Result<_, _> = shape::complete(0..size).map(|(height, number)| hashes.node(height, number)).collect();
    Ok(Frontier::new(size, subtrees?))
}

/// The root of the first `size` leaves; `read` as for [`frontier`].
///
/// # Errors
/// [`TreeError::Read`] and [`TreeError::Short`].
pub fn root<E>(size: u64, read: impl FnMut(Tile) -> Result<Vec<Digest>, E>) -> Result<Digest, TreeError<E>> {
    Ok(frontier(size, read)?.root())
}

/// The proof that leaf `index` is in the tree of the first `size` leaves; `read` as for [`frontier`], asked for two tiles of each level at most.
///
/// # Errors
/// [`TreeError::NoLeaf`], [`TreeError::Read`] and [`TreeError::Short`].
pub fn inclusion<E>(index: u64, size: u64, read: impl FnMut(Tile) -> Result<Vec<Digest>, E>) -> Result<Vec<Digest>, TreeError<E>> {
    if index >= size {
        return Err(TreeError::NoLeaf { index, size });
    }
    let mut hashes = Hashes::new(size, read);
    shape::inclusion(index, size).into_iter().map(|leaves| hashes.subtree(leaves)).collect()
}

/// The proof that the tree of the first `to` leaves goes on from that of the first `from`; `read` as for [`frontier`], asked for two tiles of each
/// level at most. It's empty where `from` is `to`, and where it's 0: every tree goes on from that of no leaves.
///
/// # Errors
/// [`TreeError::Shrinks`], [`TreeError::Read`] and [`TreeError::Short`].
pub fn consistency<E>(from: u64, to: u64, read: impl FnMut(Tile) -> Result<Vec<Digest>, E>) -> Result<Vec<Digest>, TreeError<E>> {
    if from > to {
        return Err(TreeError::Shrinks { from, to });
    }
    if from == 0 {
        return Ok(Vec::new());
    }
    let mut hashes = Hashes::new(to, read);
    shape::consistency(from, to).into_iter().map(|leaves| hashes.subtree(leaves)).collect()
}

/// The hashes of a tree, by the tiles that hold them.
struct Hashes<F> {
    size: u64,
    read: F,
    seen: BTreeMap<(u8, u64), Vec<Digest>>,
}

impl<F, E> Hashes<F>
where
    F: FnMut(Tile) -> Result<Vec<Digest>, E>,
{
    const fn new(size: u64, read: F) -> Self {
        Self { size, read, seen: BTreeMap::new() }
    }

    fn subtree(&mut self, leaves: Leaves) -> Result<Digest, TreeError<E>> {
        let parts = shape::complete(leaves).map(|(height, number)| self.node(height, number)).collect::<Result<Vec<_>, _>>()?;
        Ok(parts.into_iter().rev().reduce(|right, left| node_hash(left, right)).expect("a proof names no subtree without leaves"))
    }

    /// The root of a complete subtree: it lies in one tile, whose level is the highest with hashes at its height or below.
    fn node(&mut self, height: u32, number: u64) -> Result<Digest, TreeError<E>> {
        let level = u8::try_from(height / 8).expect("a size has 64 bits");
        let within = height % 8;
        let first = number << within;
        let start = usize::try_from(first % TILE_WIDTH).expect("less than the width of a tile");
        let hashes = self.tile(level, first / TILE_WIDTH, start..start + (1 << within))?;
        Ok(hashes.iter().copied().collect::<Frontier>().root())
    }

    fn tile(&mut self, level: u8, index: u64, hashes: Range<usize>) -> Result<&[Digest], TreeError<E>> {
        if !self.seen.contains_key(&(level, index)) {
            let tile = Tile::of_tree(level, index, self.size).expect("a proof names subtrees of the tree");
            let read = (self.read)(tile)?;
            if read.len() < usize::from(tile.width()) {
                return Err(TreeError::Short { tile, found: read.len() });
            }
            self.seen.insert((level, index), read);
        }
        Ok(&self.seen[&(level, index)][hashes])
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::{hashes_at, oracle, verify_consistency, verify_inclusion};

    /// What a log keeps of a tree: the leaf hashes and the roots of full tiles, computed as RFC 6962 says.
    struct Kept {
        levels: Vec<Vec<Digest>>,
    }

    impl Kept {
        fn new(leaves: Vec<Digest>) -> Self {
            let mut levels = vec![leaves];
            while let Some(above) = levels.last().filter(|hashes| hashes.len() >= 256).map(|hashes| hashes.chunks_exact(256).map(oracle::root).collect()) {
                levels.push(above);
            }
            Self { levels }
        }

        /// Hands out the tiles of a tree of `size`, counts them, and panics at a tile that such a tree hasn't or that was read before.
        fn reader(&self, size: u64) -> impl FnMut(Tile) -> Result<Vec<Digest>, Infallible> {
            let mut read = Vec::new();
            move |tile| {
                assert!(tile.is_in(size), "{tile:?} in a tree of {size}");
                assert!(!read.contains(&tile), "{tile:?} read again");
                read.push(tile);
                let of_level = read.iter().filter(|other| other.level() == tile.level()).count();
                assert!(of_level <= 2, "more than two tiles of a level: {read:?}");
                let start = usize::try_from(tile.index() * 256).unwrap();
                Ok(self.levels[usize::from(tile.level())][start..start + usize::from(tile.width())].to_vec())
            }
        }
    }

    #[test]
    fn the_proofs_are_those_of_the_reference_tree() {
        let kept = Kept::new(oracle::reference_leaves());
        for (size, expected) in (0..).zip(oracle::REFERENCE_ROOTS) {
            assert_eq!(root(size, kept.reader(size)).unwrap().to_string(), expected);
        }
        for (index, size, proof) in oracle::reference_inclusions() {
            assert_eq!(inclusion(index, size, kept.reader(size)), Ok(proof), "{index} in {size}");
        }
        for (from, to, proof) in oracle::reference_consistencies() {
            assert_eq!(consistency(from, to, kept.reader(to)), Ok(proof), "{from} to {to}");
        }
    }

    #[test]
    fn roots_and_proofs_across_the_borders_of_tiles_are_those_of_the_definition() {
        let leaves = oracle::leaves(65_537);
        let kept = Kept::new(leaves.clone());
        for size in [255, 256, 257, 512, 65_280, 65_535, 65_536, 65_537] {
            let tree = &leaves[..size as usize];
            let head = oracle::root(tree);
            assert_eq!(root(size, kept.reader(size)), Ok(head), "{size}");
            assert_eq!(frontier(size, kept.reader(size)), Ok(tree.iter().copied().collect()), "{size}");
            for index in [0, 255, 256, 65_279, 65_535, 65_536].into_iter().filter(|&index| index < size) {
                let proof = inclusion(index, size, kept.reader(size)).unwrap();
                assert_eq!(proof, oracle::path(index as usize, tree), "{index} in {size}");
                assert_eq!(verify_inclusion(leaves[index as usize], index, size, &proof, head), Ok(()));
            }
            for from in [1, 255, 256, 65_280, 65_535, 65_536].into_iter().filter(|&from| from <= size) {
                let proof = consistency(from, size, kept.reader(size)).unwrap();
                assert_eq!(proof, oracle::proof(from as usize, tree), "{from} to {size}");
                assert_eq!(verify_consistency(from, oracle::root(&tree[..from as usize]), size, head, &proof), Ok(()));
            }
        }
    }

    #[test]
    fn what_a_tree_hasnt_and_what_wasnt_read_is_an_error() {
        let kept = Kept::new(oracle::leaves(300));
        assert_eq!(inclusion(300, 300, kept.reader(300)), Err(TreeError::NoLeaf { index: 300, size: 300 }));
        assert_eq!(consistency(300, 299, kept.reader(300)), Err(TreeError::Shrinks { from: 300, to: 299 }));
        assert_eq!(consistency(0, 300, kept.reader(300)), Ok(Vec::new()));
        assert_eq!(root(300, |_| Err("gone")), Err(TreeError::Read("gone")));
        let short = |tile: Tile| Ok::<_, &str>(vec![Digest::of(&[]); usize::from(tile.width()) - 1]);
        assert_eq!(root(44, short), Err(TreeError::Short { tile: Tile::new(0, 0, 44).unwrap(), found: 43 }));
        let longer = |tile: Tile| Ok::<_, Infallible>(kept.levels[usize::from(tile.level())][usize::try_from(tile.index()).unwrap() * 256..].to_vec());
        assert_eq!(root(299, longer), root(299, kept.reader(299)));
    }

    proptest! {
        #[test]
        fn a_reader_is_asked_for_few_tiles_of_any_tree(size in 1_u64.., index: u64, from in 1_u64..) {
            let some = |tile: Tile| {
                assert!(tile.is_in(size) && hashes_at(tile.level(), size) > 0);
                Ok::<_, Infallible>(vec![Digest::of(&[]); usize::from(tile.width())])
            };
            let proof = inclusion(index % size, size, some).unwrap();
            prop_assert!(proof.len() <= 64);
            let proof = consistency(from % size + 1, size, some).unwrap();
            prop_assert!(proof.len() <= 65);
        }

        #[test]
        fn roots_and_proofs_from_tiles_are_those_of_the_definition((size, index, from) in (1..=600_u64).prop_flat_map(|size| (Just(size), 0..size, 1..=size))) {
            let leaves = oracle::leaves(size);
            let kept = Kept::new(leaves.clone());
            prop_assert_eq!(root(size, kept.reader(size)).unwrap(), oracle::root(&leaves));
            prop_assert_eq!(inclusion(index, size, kept.reader(size)).unwrap(), oracle::path(index as usize, &leaves));
            prop_assert_eq!(consistency(from, size, kept.reader(size)).unwrap(), oracle::proof(from as usize, &leaves));
        }
    }
}
