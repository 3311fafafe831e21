//! Handover: projection.
