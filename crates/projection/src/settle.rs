use std::cmp::Reverse;

use announcement::Bounds;
use serde::Serialize;

/// What claims of one thing come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Settled {
    /// The bounds.
    #[serde(flatten)]
    pub bounds: Bounds,
    /// Whether the claims contradict each other.
    pub disputed: bool,
}

/// Settles claims of one thing; `None` where there is none. `"unknown"` is silence where another has a number.
///
/// If all bounds overlap it's their intersection. If they don't, bounds that contain another claim's are left out, the rest are covered from the lowest to the highest, and
/// it's disputed.
#[must_use]
pub fn settle(claims: &[Bounds]) -> Option<Settled> {
    let mut numbers: Vec<Bounds> = claims.iter().copied().filter(|&bounds| bounds != Bounds::UNKNOWN).collect();
    let Some(&first) = numbers.first() else {
        return (!claims.is_empty()).then_some(Settled { bounds: Bounds::UNKNOWN, disputed: false });
    };
    if let Some(bounds) = numbers.iter().try_fold(first, |met, &bounds| met.intersection(bounds)) {
        return Some(Settled { bounds, disputed: false });
    }
    // From the highest low down, the narrower first: whatever a claim contains comes before it.
    numbers.sort_by_key(|bounds| (Reverse(bounds.low), upper(*bounds)));
    numbers.dedup();
    let mut covered: Option<Bounds> = None;
    let mut lowest_high = None;
    for bounds in numbers {
        if lowest_high.is_some_and(|lowest| lowest <= upper(bounds)) {
            continue;
        }
        lowest_high = Some(upper(bounds));
        covered = Some(covered.map_or(bounds, |covered| covered.cover(bounds)));
    }
    covered.map(|bounds| Settled { bounds, disputed: true })
}

/// Ordered as numbers, no bound being the highest.
const fn upper(bounds: Bounds) -> (bool, u64) {
    match bounds.high {
        Some(high) => (false, high),
        None => (true, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(claims: &[(u64, Option<u64>)], expected: Option<(u64, Option<u64>, bool)>) {
        let claims: Vec<Bounds> = claims.iter().map(|&(low, high)| Bounds { low, high }).collect();
        let expected = expected.map(|(low, high, disputed)| Settled { bounds: Bounds { low, high }, disputed });
        assert_eq!(settle(&claims), expected);
        let backwards: Vec<Bounds> = claims.into_iter().rev().collect();
        assert_eq!(settle(&backwards), expected, "the order of the claims matters");
    }

    const UNKNOWN: (u64, Option<u64>) = (0, None);

    #[test]
    fn claims_are_settled_as_section_7_says() {
        check(&[], None);
        check(&[UNKNOWN, UNKNOWN], Some((0, None, false)));
        check(&[UNKNOWN, (307, Some(307))], Some((307, Some(307), false)));
        // All overlap: what they have in common.
        check(&[(1_000, None), (1_080, Some(1_320))], Some((1_080, Some(1_320), false)));
        check(&[(225, Some(275)), (270, Some(300))], Some((270, Some(275), false)));
        // They don't: covered, and disputed.
        check(&[(1_245, Some(1_245)), (1_248, Some(1_248))], Some((1_245, Some(1_248), true)));
        check(&[(200, None), (150, Some(150))], Some((150, None, true)));
        // "about 1,000" contains 1,000 and 1,003, so it doesn't widen what these two cover.
        check(&[(900, Some(1_100)), (1_000, Some(1_000)), (1_003, Some(1_003))], Some((1_000, Some(1_003), true)));
        // At least 10 contains 12 to 15 and is left out; 3 isn't contained in anything.
        check(&[(10, None), (12, Some(15)), (3, Some(3))], Some((3, Some(15), true)));
        // Equal claims don't leave each other out.
        check(&[(5, Some(5)), (5, Some(5)), (7, Some(7))], Some((5, Some(7), true)));
        // 0 is a number.
        check(&[(0, Some(0)), UNKNOWN], Some((0, Some(0), false)));
    }
}
