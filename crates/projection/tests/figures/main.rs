//! What records come to: worked out by hand, rule by rule, and for random logs.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod log;

mod effects;
mod properties;
mod rules;
mod totals;
