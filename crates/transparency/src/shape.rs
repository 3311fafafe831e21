use std::ops::Range;

/// Leaves that lie under one node of the tree, which may be incomplete on its right side.
pub(crate) type Leaves = Range<u64>;

/// The subtrees that prove a leaf's place, `PATH(m, D[n])` of RFC 6962, 2.1.1, from the leaf up. Needs `index < size`.
pub(crate) fn inclusion(index: u64, size: u64) -> Vec<Leaves> {
    let mut beside = Vec::new();
    let mut around = 0..size;
    while around.end - around.start > 1 {
        let middle = middle(&around);
        if index < middle {
            beside.push(middle..around.end);
            around.end = middle;
        } else {
            beside.push(around.start..middle);
            around.start = middle;
        }
    }
    beside.reverse();
    beside
}

/// The subtrees that prove that a tree goes on from an earlier one, `PROOF(m, D[n])` of RFC 6962, 2.1.2. Needs `0 < from ≤ to`.
pub(crate) fn consistency(from: u64, to: u64) -> Vec<Leaves> {
    let mut parts = Vec::new();
    let mut around = 0..to;
    while around.end != from {
        let middle = middle(&around);
        if from <= middle {
            parts.push(middle..around.end);
            around.end = middle;
        } else {
            parts.push(around.start..middle);
            around.start = middle;
        }
    }
    if around.start > 0 {
        parts.push(around);
    }
    parts.reverse();
    parts
}

/// Where the left subtree of two leaves or more ends: it has the largest power of two smaller than them all.
fn middle(around: &Leaves) -> u64 {
    around.start + (1 << (around.end - around.start - 1).ilog2())
}

/// The complete subtrees that such leaves consist of, largest first: the height of each, and its number among all of that height.
pub(crate) fn complete(mut leaves: Leaves) -> impl Iterator<Item = (u32, u64)> {
    std::iter::from_fn(move || {
        let height = (leaves.end - leaves.start).checked_ilog2()?;
        let number = leaves.start >> height;
        leaves.start += 1 << height;
        Some((height, number))
    })
}
