//! Handover: gateway.
