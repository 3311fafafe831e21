//! What records come to: worked out by hand, rule by rule, and for random logs.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod log;

mod bounds;
mod candidates;
mod changes;
mod discrepancies;
mod effects;
mod identity;
mod knowledge;
mod offices;
mod plans;
mod properties;
mod reconciliation;
mod rules;
mod snapshots;
mod totals;
