//! Announcements out of a seed: what the tests publish and what `handover bench` measures with.

mod chronicle;
mod generator;
mod random;

pub use chronicle::Chronicle;
pub use generator::{Generated, Generator};
pub use random::SplitMix;
