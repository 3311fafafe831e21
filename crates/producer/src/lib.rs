//! Handover: producer.
