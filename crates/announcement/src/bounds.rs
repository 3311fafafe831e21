use std::ops::Add;

use serde::Serialize;

/// What a count can be at least and at most. `high` is `None` where there is no bound.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, schemars::JsonSchema)]
pub struct Bounds {
    /// The least it can be.
    pub low: u64,
    /// The most it can be.
    pub high: Option<u64>,
}

impl Bounds {
    /// A transfer took place and its count wasn't given.
    pub const UNKNOWN: Self = Self { low: 0, high: None };

    /// Exactly this.
    #[must_use]
    pub const fn exact(count: u64) -> Self {
        Self { low: count, high: Some(count) }
    }

    /// From `low` to `high`, both included.
    #[must_use]
    pub const fn between(low: u64, high: u64) -> Self {
        Self { low, high: Some(high) }
    }

    /// The counts that both allow; `None` where there is none.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let high = match (self.high, other.high) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        let low = self.low.max(other.low);
        high.is_none_or(|high| low <= high).then_some(Self { low, high })
    }

    /// Whether some count fits both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.intersection(other).is_some()
    }

    /// The narrowest bounds that hold both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.zip(other.high).map(|(one, two)| one.max(two)) }
    }

    /// Whether every count of `other` is one of these.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.intersection(other) == Some(other)
    }

    /// A tenth wider either way, rounded outward.
    #[must_use]
    pub fn a_tenth_wider(self) -> Self {
        Self { low: self.low * 9 / 10, high: self.high.map(|high| (high * 11).div_ceil(10)) }
    }
}

impl Add for Bounds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high.zip(other.high).map(|(one, two)| one + two) }
    }
}

impl std::iter::Sum for Bounds {
    fn sum<I: Iterator<Item = Self>>(bounds: I) -> Self {
        bounds.fold(Self::exact(0), Add::add)
    }
}
