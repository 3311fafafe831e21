use announcement::Digest;

use crate::node_hash;

/// Why a proof shows nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProofError {
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
    /// It has more or fewer hashes than a proof for such a tree.
    #[error("{found} hashes don't make a proof for a tree of {size}")]
    Length {
        /// How many it has.
        found: usize,
        /// How many leaves the tree has.
        size: u64,
    },
    /// It leads to another root than the one that is known.
    #[error("the proof leads to another root than that of the tree of {size}: what it's about was altered, or is of another ledger")]
    Root {
        /// How many leaves the tree has.
        size: u64,
    },
}

/// Checks that the leaf with this hash is the one at `index` in the tree of `size` leaves that has this root (RFC 9162, 2.1.3.2).
///
/// Total: whatever is given, it hashes 64 times at most. A root doesn't say of how many leaves it is, and for some leaves two sizes have proofs of one
/// form: take size and root from one checkpoint.
///
/// # Errors
/// [`ProofError::NoLeaf`], [`ProofError::Length`] and [`ProofError::Root`].
pub fn verify_inclusion(leaf: Digest, index: u64, size: u64, proof: &[Digest], root: Digest) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::NoLeaf { index, size });
    }
    let length = ProofError::Length { found: proof.len(), size };
    let mut climb = Climb { node: index, last: size - 1 };
    let mut hash = leaf;
    for &beside in proof {
        hash = match climb.step().ok_or(length)? {
            Side::Left => node_hash(beside, hash),
            Side::Right => node_hash(hash, beside),
        };
    }
    climb.arrived().then_some(()).ok_or(length)?;
    if hash == root { Ok(()) } else { Err(ProofError::Root { size }) }
}

/// Checks that the tree of `to` leaves with one root goes on from the tree of `from` leaves with the other (RFC 9162, 2.1.4.2).
///
/// From no leaves every tree goes on, with no proof; at equal sizes the roots are equal, with no proof. Total: whatever is given, it hashes 128 times
/// at most. Take each size and root from one checkpoint.
///
/// # Errors
/// [`ProofError::Shrinks`], [`ProofError::Length`] and [`ProofError::Root`], which names the tree whose root isn't met.
pub fn verify_consistency(from: u64, from_root: Digest, to: u64, to_root: Digest, proof: &[Digest]) -> Result<(), ProofError> {
    if from > to {
        return Err(ProofError::Shrinks { from, to });
    }
    let (old, new) = match (from, proof) {
        (_, []) if from == to => (to_root, to_root),
        (0, []) => (Digest::of(&[]), to_root),
        _ if from == to || from == 0 => return Err(ProofError::Length { found: proof.len(), size: to }),
        _ => grown(from, from_root, to, proof)?,
    };
    if from == 0 && from_root != Digest::of(&[]) || old != from_root {
        return Err(ProofError::Root { size: from });
    }
    if new == to_root { Ok(()) } else { Err(ProofError::Root { size: to }) }
}

/// The roots that a consistency proof leads to, of the earlier tree and of the later one. Needs `0 < from < to`.
fn grown(from: u64, from_root: Digest, to: u64, proof: &[Digest]) -> Result<(Digest, Digest), ProofError> {
    let length = ProofError::Length { found: proof.len(), size: to };
    let (first, path) = if from.is_power_of_two() { (from_root, proof) } else { proof.split_first().map(|(&first, path)| (first, path)).ok_or(length)? };
    let mut climb = Climb { node: from - 1, last: to - 1 };
    climb.up((from - 1).trailing_ones());
    let (mut old, mut new) = (first, first);
    for &beside in path {
        match climb.step().ok_or(length)? {
            Side::Left => (old, new) = (node_hash(beside, old), node_hash(beside, new)),
            Side::Right => new = node_hash(new, beside),
        }
    }
    climb.arrived().then_some((old, new)).ok_or(length)
}

/// On which side of the climber's node the next hash of a proof stands.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root: its number in its level, and that of the level's last node.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    /// Up to where the node has a sibling, then to their parent; `None` at the root.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let left = self.node % 2 == 1 || self.node == self.last;
        if left {
            self.up(self.node.trailing_zeros());
        }
        self.up(1);
        Some(if left { Side::Left } else { Side::Right })
    }

    const fn up(&mut self, levels: u32) {
        self.node >>= levels;
        self.last >>= levels;
    }

    const fn arrived(&self) -> bool {
        self.last == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oracle;

    fn digest(text: &str) -> Digest {
        Digest::from_hex(text).unwrap()
    }

    fn reference_root(size: u64) -> Digest {
        digest(oracle::REFERENCE_ROOTS[usize::try_from(size).unwrap()])
    }

    #[test]
    fn the_reference_trees_proofs_hold() {
        let leaves = oracle::reference_leaves();
        for (index, size, proof) in oracle::reference_inclusions() {
            assert_eq!(verify_inclusion(leaves[index as usize], index, size, &proof, reference_root(size)), Ok(()), "{index} in {size}");
        }
        for (from, to, proof) in oracle::reference_consistencies() {
            assert_eq!(verify_consistency(from, reference_root(from), to, reference_root(to), &proof), Ok(()), "{from} to {to}");
        }
    }

    #[test]
    fn every_tree_goes_on_from_that_of_no_leaves_and_from_itself() {
        let (empty, other) = (reference_root(0), reference_root(1));
        assert_eq!(verify_consistency(0, empty, 0, empty, &[]), Ok(()));
        assert_eq!(verify_consistency(0, empty, 8, reference_root(8), &[]), Ok(()));
        assert_eq!(verify_consistency(8, other, 8, other, &[]), Ok(()));
        assert_eq!(verify_consistency(0, other, 0, other, &[]), Err(ProofError::Root { size: 0 }));
        assert_eq!(verify_consistency(0, other, 8, other, &[]), Err(ProofError::Root { size: 0 }));
        assert_eq!(verify_consistency(0, empty, 0, other, &[]), Err(ProofError::Root { size: 0 }));
        assert_eq!(verify_consistency(8, other, 8, empty, &[]), Err(ProofError::Root { size: 8 }));
        assert_eq!(verify_consistency(0, empty, 8, other, &[other]), Err(ProofError::Length { found: 1, size: 8 }));
        assert_eq!(verify_consistency(8, other, 8, other, &[other]), Err(ProofError::Length { found: 1, size: 8 }));
        assert_eq!(verify_consistency(8, other, 7, other, &[]), Err(ProofError::Shrinks { from: 8, to: 7 }));
        assert_eq!(verify_inclusion(other, 0, 0, &[], empty), Err(ProofError::NoLeaf { index: 0, size: 0 }));
    }

    #[test]
    fn a_proof_that_ends_early_shows_nothing_of_the_root_that_it_leads_to() {
        let leaf = oracle::reference_leaves()[0];
        let (_, _, proof) = &oracle::reference_inclusions()[1];
        assert_eq!(verify_inclusion(leaf, 0, 4, &proof[..2], reference_root(4)), Ok(()));
        assert_eq!(verify_inclusion(leaf, 0, 8, &proof[..2], reference_root(4)), Err(ProofError::Length { found: 2, size: 8 }));
        assert_eq!(verify_consistency(1, leaf, 4, reference_root(4), &proof[..2]), Ok(()));
        assert_eq!(verify_consistency(1, leaf, 8, reference_root(4), &proof[..2]), Err(ProofError::Length { found: 2, size: 8 }));
    }

    /// Everything that differs from a digest by one bit.
    fn flipped(digest: Digest) -> impl Iterator<Item = Digest> {
        (0..256).map(move |bit| {
            let mut bytes = *digest.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            Digest::from_bytes(bytes)
        })
    }

    /// Everything that differs from a proof by one bit, by one hash more, or by the loss of one.
    fn spoiled(proof: &[Digest]) -> Vec<Vec<Digest>> {
        let mut spoiled = Vec::new();
        for at in 0..proof.len() {
            spoiled.extend(flipped(proof[at]).map(|hash| [&proof[..at], &[hash], &proof[at + 1..]].concat()));
            spoiled.push([&proof[..at], &proof[at + 1..]].concat());
            spoiled.push([&proof[..at], &[proof[at]], &proof[at..]].concat());
        }
        spoiled.push([proof, &[Digest::of(b"more")]].concat());
        spoiled.push([&[Digest::of(b"more")], proof].concat());
        spoiled
    }

    fn other_bits(number: u64) -> impl Iterator<Item = u64> {
        (0..64).map(move |bit| number ^ (1 << bit))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn an_inclusion_proof_with_a_flipped_bit_shows_nothing((size, index) in (1..=600_u64).prop_flat_map(|size| (Just(size), 0..size))) {
            let leaves = oracle::leaves(size);
            let (leaf, root, proof) = (leaves[index as usize], oracle::root(&leaves), oracle::path(index as usize, &leaves));
            prop_assert_eq!(verify_inclusion(leaf, index, size, &proof, root), Ok(()));
            prop_assert!(flipped(leaf).all(|leaf| verify_inclusion(leaf, index, size, &proof, root).is_err()));
            prop_assert!(flipped(root).all(|root| verify_inclusion(leaf, index, size, &proof, root).is_err()));
            prop_assert!(other_bits(index).all(|index| verify_inclusion(leaf, index, size, &proof, root).is_err()));
            prop_assert!(spoiled(&proof).iter().all(|proof| verify_inclusion(leaf, index, size, proof, root).is_err()));
        }

        #[test]
        fn a_consistency_proof_with_a_flipped_bit_shows_nothing((to, from) in (2..=600_u64).prop_flat_map(|to| (Just(to), 1..to))) {
            let leaves = oracle::leaves(to);
            let (old, new, proof) = (oracle::root(&leaves[..from as usize]), oracle::root(&leaves), oracle::proof(from as usize, &leaves));
            prop_assert_eq!(verify_consistency(from, old, to, new, &proof), Ok(()));
            prop_assert!(flipped(old).all(|old| verify_consistency(from, old, to, new, &proof).is_err()));
            prop_assert!(flipped(new).all(|new| verify_consistency(from, old, to, new, &proof).is_err()));
            prop_assert!(other_bits(from).all(|from| verify_consistency(from, old, to, new, &proof).is_err()));
            prop_assert!(spoiled(&proof).iter().all(|proof| verify_consistency(from, old, to, new, proof).is_err()));
        }

        #[test]
        fn hostile_proofs_are_answered(from: u64, to: u64, hashes in prop::collection::vec(any::<[u8; 32]>(), 0..140)) {
            let hashes: Vec<_> = hashes.into_iter().map(Digest::from_bytes).collect();
            let root = Digest::of(b"root");
            for (from, to) in [(from, to), (from, u64::MAX), (u64::MAX - 1, u64::MAX), (1 << 63, u64::MAX), (from % 300, to % 300)] {
                prop_assert!(verify_inclusion(root, from, to, &hashes, root).is_err() || to == 1);
                prop_assert!(verify_consistency(from, root, to, root, &hashes).is_err() || from == to);
            }
        }
    }
}
