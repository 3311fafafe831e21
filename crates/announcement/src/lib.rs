//! Handover: announcement.
