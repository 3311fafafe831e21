//! Proposes announcements from a news text in English, Russian or Ukrainian, by rules. A person edits them and publishes; nothing here publishes.
//!
//! ```
//! let options = draft::Options { published: Some("2026-01-29".parse()?), ..draft::Options::default() };
//! let drafted = draft::draft("Russia handed over the bodies of 1,000 fallen soldiers to Ukraine on Thursday.", &options)?;
//! let event = &drafted.proposals[0].event;
//! assert_eq!((&event["data"]["exchange"]["date"], &event["data"]["transfers"][0]["from"]), (&"2026-01-29".into(), &"RU".into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a field rests on: each leaf of `data` has one or several [`Span`]s.
//! - words of the article, as bytes of its UTF-8. Where a value is written otherwise in the ledger (an office, a framework with its year, a country's code) they are
//!   the words that say the same. A field that is there because nothing is said (`"announcer": null`, `"scope": null`, no transfers) rests on its sentence;
//! - `published`: the day of publication. A day without a year ("January 29") and a weekday have both, the words and `published`; what isn't dated at all, `published` alone;
//! - `option`: another option; `detected`: the language, which is the whole article's.
//!
//! Invariants:
//! 1. Where a rule isn't sure it proposes nothing, and says why ([`Skipped`]).
//! 2. What is proposed is valid by [`announcement::parse`], the gate for personal data included; a person's name is only ever a listed or named holder's of a public office.
//! 3. The same article and options give the same proposals with the same ids.

mod assemble;
mod categories;
mod claim;
mod clauses;
mod counted;
mod dates;
mod direction;
mod event;
mod flows;
mod gazetteer;
mod help;
mod kinds;
mod language;
mod lexicon;
mod mode;
mod numbers;
mod reading;
mod repetition;
mod sentences;
mod speakers;
mod support;
mod times;
mod tokens;
mod voice;
mod why;

use announcement::Date;
use serde::Serialize;
use serde_json::Value;

pub use event::Span;
pub use language::Language;
pub use why::Why;

/// The longest article, in bytes: many times the longest news text.
pub const MAX_ARTICLE: usize = 1 << 20;

/// What is known of an article besides its text.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// When it was published: a day, a month or a year. Without it only what is fully dated in the text is proposed.
    pub published: Option<Date>,
    /// The outlet's name.
    pub outlet: Option<&'a str>,
    /// Where it was published.
    pub url: Option<&'a str>,
    /// The `source` of the events, a URI-reference.
    pub source: &'a str,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { published: None, outlet: None, url: None, source: "urn:handover:draft" }
    }
}

/// What was made of an article.
#[derive(Clone, PartialEq, Debug)]
pub struct Drafted {
    /// The language that it's in, where it's one that the rules know.
    pub language: Option<Language>,
    /// The announcements, in the order of the text.
    pub proposals: Vec<Proposal>,
    /// The sentences with numbers, or about exchanges, from which nothing is proposed.
    pub skipped: Vec<Skipped>,
}

/// A proposed announcement.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Proposal {
    /// The CloudEvent, valid as it is.
    pub event: Value,
    /// What each of its fields rests on.
    pub spans: Vec<Span>,
}

/// A sentence from which nothing is proposed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skipped {
    /// Its first byte in the article.
    pub start: usize,
    /// One after its last.
    pub end: usize,
    /// Whether it has a number.
    pub has_number: bool,
    /// Why.
    pub why: Why,
}

/// Not an article, or an option that no event may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Nothing was read.
    #[error("the article has {0} bytes, and at most {MAX_ARTICLE} are read; cut off what isn't the article")]
    TooLong(usize),
    /// The day of publication is an interval or qualified.
    #[error("the day of publication has to be a day, a month or a year, such as 2026-02-26, 2026-02 or 2026")]
    Published,
    /// What the format refuses in an option: every event would be refused for it.
    #[error("{0}")]
    Option(String),
}

/// Proposes announcements from an article.
///
/// # Errors
/// The article is too long, or an option isn't one that an event may have.
pub fn draft(article: &str, options: &Options<'_>) -> Result<Drafted, DraftError> {
    if article.len() > MAX_ARTICLE {
        return Err(DraftError::TooLong(article.len()));
    }
    let published = options.published.map(|date| dates::Published::of(date).ok_or(DraftError::Published)).transpose()?;
    event::check(options).map_err(DraftError::Option)?;
    let Some(language) = Language::of(article) else {
        return Ok(Drafted { language: None, proposals: Vec::new(), skipped: Vec::new() });
    };
    let assembled = assemble::assemble(article, language, published);
    let mut skipped = assembled.skipped;
    let mut proposals: Vec<Proposal> = Vec::new();
    let namespace = event::namespace(article, options);
    for (number, claim) in (0..).zip(&assembled.claims) {
        match event::event(claim, namespace, number, article, language, options) {
            Some((event, spans)) => proposals.push(Proposal { event, spans }),
            None => skipped.push(assembled.places[claim.sentence].skipped(Why::Invalid)),
        }
    }
    skipped.sort_by_key(|skipped| skipped.start);
    Ok(Drafted { language: Some(language), proposals, skipped })
}
