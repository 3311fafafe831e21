//! Announcements out of rows: of CSV as spreadsheets export it, and of JSON lines. A [`Mapping`] says what the columns mean.
//!
//! `bytes → text → rows → events`, one file each; pure, and nothing is published.
//!
//! 1. **The same row, the same event**: its id is v5 over the mapping's source and the row's key, and no clock or randomness has a part in it, so that importing twice adds
//!    nothing.
//! 2. **Nothing is guessed**: a number's separators and a date's order are the mapping's; what could be read in two ways is a [`Fault`].
//! 3. **Nothing is swallowed**: every row gives an event that the ledger's own checks have passed, or faults with column and remedy. An empty cell says nothing; what wasn't
//!    counted is `unknown`.

mod cell;
mod convert;
mod count;
mod day;
mod event;
mod fault;
mod json_lines;
mod mapping;
mod rows;
mod text;

pub use convert::{Converted, convert};
pub use fault::Fault;
pub use mapping::{Form, Mapping};
pub use text::decode;
