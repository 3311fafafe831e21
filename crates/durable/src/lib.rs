//! Handover: durable.
