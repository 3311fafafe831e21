use announcement::Bounds;
use serde::Serialize;

/// What claims of one thing come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// The bounds.
    #[serde(flatten)]
    pub bounds: Bounds,
    /// Whether the claims contradict each other.
    pub disputed: bool,
}

impl Settled {
    /// Nobody gave a number.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.bounds == Bounds::UNKNOWN
    }
}

/// Settles claims of one thing; `None` where there is none. `"unknown"` is silence where another has a number.
///
/// If all bounds overlap it's their intersection. If they don't, bounds that contain another claim's are left out, the rest are covered from the lowest to the highest, and
/// it's disputed.
#[must_use]
pub fn settle(claims: &[Bounds]) -> Option<Settled> {
    let numbers: Vec<Bounds> = claims.iter().copied().filter(|&bounds| bounds != Bounds::UNKNOWN).collect();
    if numbers.is_empty() {
        return (!claims.is_empty()).then_some(Settled { bounds: Bounds::UNKNOWN, disputed: false });
    }
    let first = numbers[0];
    if let Some(bounds) = numbers.iter().try_fold(first, |met, &bounds| met.intersection(bounds)) {
        return Some(Settled { bounds, disputed: false });
    }
    let narrow = numbers.iter().filter(|wide| !numbers.iter().any(|other| other != *wide && wide.contains(*other)));
    narrow.copied().reduce(Bounds::cover).map(|bounds| Settled { bounds, disputed: true })
}
