//! The pages in a real browser: Debian's chromium, driven over WebDriver. Pictures of them are kept in `target/tmp/screenshots`.
//!
//! `tests/get-chromium` installs the browser where it's missing; where it can't be had each test fails with a sentence that says so.

mod barriers;
mod browser;
mod keyboard;
mod live;
mod pages;
mod print;
mod server;
mod widths;
