//! The contract of Handover: what an announcement is, how it is written, and what is refused.
//!
//! An announcement is a CloudEvent 1.0 whose `data` is one of the kinds of [`Data`]. Everything here is pure: no I/O, no clock.
//!
//! ```
//! let bytes = br#"{"specversion":"1.0","id":"f1733529-17e2-5b67-83d4-601658bc91a4","source":"urn:example","type":"org.handover.completed.v1",
//!   "subject":"ru-ua/bodies/2026-01-29","data":{"announced":"2026-01-29","announcer":null,"exchange":{"date":"2026-01-29"},
//!   "transfers":[{"from":"RU","to":"UA","counts":[{"category":"bodies","count":{"exact":1000}}]}]}}"#;
//! let announcement = announcement::parse(bytes).expect("a valid announcement");
//! assert_eq!(announcement.key().expect("its subject").as_str(), "ru-ua/bodies/2026-01-29");
//! ```
//!
//! Invariants:
//! 1. [`parse`] never panics, whatever the bytes, and what it accepts is valid by every rule that needs no ledger.
//! 2. What is parsed and written again is the same value; a record's bytes are never written again.
//! 3. A [`Problem`] names the field by JSON pointer and says what to do.

mod announcer;
mod binary;
mod bounds;
mod build;
mod canonical;
mod count;
mod cut;
mod date;
mod decode;
mod digest;
mod envelope;
mod exchange;
mod form;
mod instant;
mod key;
mod kind;

mod party;
mod personal;
mod problem;
mod profile;
mod publisher;
mod receipt;
mod record;
mod removed;
mod report;
mod schema;
mod subject;
mod target;
mod text;
mod trace;
mod transfer;
mod validate;

pub use announcer::Announcer;
pub use binary::{from_binary, is_binary};
pub use bounds::Bounds;
pub use build::{Draft, Event, Said};
pub use canonical::same_content;
pub use count::{Count, MAX_COUNT, Number};
pub use cut::cut;
pub use date::{Date, DateError, Point, Qualifier, Span};
pub use decode::{decode, parse};
pub use digest::Digest;
pub use envelope::{Announcement, Envelope, MAX_EVENT};
pub use exchange::{Exchange, Place, Precision, Role, ThirdParty};
pub use instant::{Day, Instant};
pub use key::{ExchangeKey, KeyError, What};
pub use kind::{
    Aggregate, Agreement, BothWays, Cancelled, Channel, ChannelOf, ChannelStatus, Completed, Confirmed, Contact, Corrected, Data, Disputed, Held, Identity,
    Kind, Linked, Mediation, Merged, Offered, Planned, PlannedExchange, Postponed, Quarantined, Redacted, Released, Replacement, Retracted, Split, Stock,
};
pub use party::{Party, PartyError};
pub use problem::{Fault, Problem};
pub use publisher::{Publisher, PublisherError};
pub use receipt::{Outcome, Receipt};
pub use record::{Position, REMOVED_TYPE, Record};
pub use removed::Removed;
pub use report::{Origin, Report};
pub use subject::{Duty, Route, Subject};
pub use target::Target;
pub use trace::{NoTraceContext, TRACEPARENT, TraceContext};
pub use transfer::{Category, CategoryName, Finding, Item, Relation, Transfer};
pub use validate::check_announced;
