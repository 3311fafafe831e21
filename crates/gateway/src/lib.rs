//! The only crate that knows HTTP: the API and the web page.
//!
//! ```text
//! POST /v1/announcements ──▶ read within bounds ▶ parse ▶ intake (this process's ledger, or the queue) ──▶ receipts
//! GET  /v1/stream        ──▶ hub: each record read and written once, for all who follow ──▶ server-sent events
//! GET  /v1/…, /          ──▶ wait for at_least ▶ read models, and the ledger's records for words ──▶ JSON, lines, CSV, or a page
//! ```
//!
//! # Publishing
//!
//! One event as `application/cloudevents+json` (or as `application/json`), one in binary mode (`application/json` with `ce-` headers), or up to [`MAX_BATCH_EVENTS`] as
//! `application/cloudevents-batch+json`. No other media type is taken: these are the ones that a page of another site can't send unasked. The answer has `receipts`, one
//! for each event in their order, whatever its status is:
//!
//! | status | means |
//! |---|---|
//! | 201 | recorded; in a batch each is recorded, or was before |
//! | 200 | each was recorded before |
//! | 202 | queued, no receipt yet: ask at `Location` |
//! | 207 | a batch whose events fared differently: each receipt's `status` says how |
//! | 409 | another event has this identity |
//! | 413 | the event, or the body, is too large |
//! | 422 | refused; of a batch, every event was |
//! | 503 | nothing was queued: send it again after `Retry-After` |
//!
//! A bearer's token says who publishes, and what it allows; see [`Access`]. Without one 401 is answered, where it doesn't allow an event 403, and nothing of the request is queued.
//!
//! From 400 on the answer is a problem (RFC 9457) with `receipts` as a member of its own. A receipt's `status` is `recorded`, `duplicate`, `refused`, `queued` (in the queue, no
//! receipt yet) or `not-queued` (not known to be in the queue: send it again). A batch isn't atomic. The digest of a binary-mode event is that of its structured form. What is refused here, before
//! the queue, isn't kept.
//!
//! # Reading
//!
//! Every read takes `at_least=<position>` and waits for it within [`Limits::at_least`]. A read model also takes `as_known_at` (a position, an instant, or a day, which stands
//! for its end in UTC) and `announced_until` (a day); the integrity is the ledger's own, of now. An unknown parameter is an error. Every error is a problem with a remedy.
//!
//! A read model's answer, and a page of records, comes as `Accept` or `format` asks: `application/json` (`format=json`), `application/jsonl` (one thing a line), or `text/csv`: a header, a
//! row of HXL tags, and rows that cite in `claims` the positions that they rest on and in `source` an address that answers the same for ever. Who would rather have `text/html` is shown the
//! way to the page of the same (303); what matches nothing is 406. Bounds of a count are `#affected+num+min` and `#affected+num+max`, empty where there is no number; who handed over is
//! `#country+code+from`, who received `#country+code+to`, of what `#affected+category`; the exchange is `#event+id`, its days `#date+event`. Names and tags of columns stay.
//!
//! `ETag` names the records, the fold, the question and the form: `If-None-Match` is answered with 304 before anything is computed. Where there is a next page, `Link` leads to it.
//!
//! # Following
//!
//! `/v1/stream` gives each record as it comes, `/v1/changes/stream` what each changed, as server-sent events: `from=<position>` begins there, without it with what comes. An event's `id` is
//! the position, and `Last-Event-ID` goes on after it. A reader that falls [`MAX_BEHIND`] records behind is told so (`event: dropped`) and ended; it comes again and misses nothing.
//!
//! Pages of other sites may read (CORS) and can't publish. Who asks more often than [`Limits::rate`] allows is told when to come again (429).
//!
//! Invariants:
//! 1. Every wait, body, page, batch, stream and number of connections has a bound with a name ([`Limits`] and the constants); the server goes on after any of them is met.
//! 2. What is published reaches the intake with its own bytes.
//! 3. Who a request is from is decided once, before anything else is looked at; each refusal is logged with who and what, and no token is.
//! 4. A page loads nothing from elsewhere, is of use without its one script, and has nothing inline; every text in it is escaped.

mod access;
mod answer;
mod app;
mod asyncapi;
mod body;
mod docs;
mod exchanges;
mod filter;
mod guard;
mod intake;
mod integrity;
mod limits;
mod metrics;
mod openapi;
mod page;
mod parameters;
mod problem;
mod projections;
mod proofs;
mod publish;
mod rate;
mod read_models;
mod readiness;
mod receipts;
mod records;
mod router;
mod routes;
mod schemas;
mod serve;
mod stream;

pub use access::{Access, MAX_TOKENS, Quota, Reads, Scope, ScopeError, Secret, Token, TokenFile, TokenFileError, Unproven};
pub use app::App;
pub use intake::Intake;
pub use limits::{
    DEFAULT_PAGE, DEFAULT_RATE, Limits, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_BEHIND, MAX_BODIES_BYTES, MAX_CLIENTS, MAX_CONNECTIONS, MAX_HEAD_BYTES,
    MAX_KEPT_BYTES, MAX_PAGE, MAX_SCANS, MAX_STREAMS,
};
pub use serve::{Door, ServeError, Tls, TlsError, serve};
