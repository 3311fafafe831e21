//! Handover: event-store.
