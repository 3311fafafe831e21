//! Announcements out of a seed: what the tests publish and what `handover bench` measures with.

mod generator;

pub use generator::{Generated, Generator};
