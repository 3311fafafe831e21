use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use announcement::Position;
use axum::http::StatusCode;
use jiff::civil;
use percent_encoding::percent_decode;
use projection::{AsKnown, Valid};
use serde::de::DeserializeOwned;

use crate::{DEFAULT_PAGE, MAX_PAGE, problem::Failure};

/// Which records an answer rests on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) at_least: Option<Position>,
    pub(crate) as_known: AsKnown,
}

/// A request's query parameters. Each is taken once by name; what nobody took is an error, so that a typo is never swallowed.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    given: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

impl Parameters {
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, Failure> {
        let mut given = BTreeMap::new();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if given.contains_key(&name) {
                return Err(wrong(&name, "it's given twice", "Give each parameter once."));
            }
            given.insert(name, value);
        }
        Ok(Self { given, known: Vec::new() })
    }

    /// All that nobody took yet.
    pub(crate) const fn all(&self) -> &BTreeMap<String, String> {
        &self.given
    }

    /// The parameter of this name.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        self.given.remove(name)
    }

    /// The parameter of this name, read as a `T`.
    pub(crate) fn value<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Result<Option<T>, Failure> {
        self.read(name, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// The parameter of this name, one of the names of a `T`, which are `expected`.
    pub(crate) fn named<T: DeserializeOwned>(&mut self, name: &'static str, expected: &str) -> Result<Option<T>, Failure> {
        self.read(name, |text| T::deserialize(serde_json::Value::String(text)).map_err(|_| format!("expected {expected}")))
    }

    /// The parameter of this name, a place in the ledger.
    pub(crate) fn position(&mut self, name: &'static str) -> Result<Option<Position>, Failure> {
        self.read(name, |text| text.parse().map(Position::new).map_err(|_| "expected a position: a whole number from 0".to_owned()))
    }

    /// The parameter of this name, a day.
    pub(crate) fn day(&mut self, name: &'static str) -> Result<Option<civil::Date>, Failure> {
        self.read(name, |text| text.parse().map_err(|_| "expected a day such as 2026-01-29".to_owned()))
    }

    /// `from` and `to`: the days on which exchanges took place.
    pub(crate) fn valid(&mut self) -> Result<Valid, Failure> {
        Ok(Valid { from: self.day("from")?, to: self.day("to")? })
    }

    fn read<T>(&mut self, name: &'static str, read: impl FnOnce(String) -> Result<T, String>) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name) else { return Ok(None) };
        read(text).map(Some).map_err(|detail| wrong(name, detail, format!("Write {name} in the form that the detail names, or leave it out.")))
    }

    /// `limit`: from 1 to [`MAX_PAGE`], [`DEFAULT_PAGE`] where it isn't given.
    pub(crate) fn limit(&mut self) -> Result<usize, Failure> {
        self.limit_or(DEFAULT_PAGE)
    }

    /// The same with another number where it isn't given.
    pub(crate) fn limit_or(&mut self, default: usize) -> Result<usize, Failure> {
        match self.value("limit")? {
            None => Ok(default),
            Some(limit) if (1..=MAX_PAGE).contains(&limit) => Ok(limit),
            Some(_) => Err(wrong("limit", format_args!("expected a number from 1 to {MAX_PAGE}"), "Ask for fewer things and follow next.")),
        }
    }

    /// `at_least`: the position that the answer must rest on.
    pub(crate) fn at_least(&mut self) -> Result<Option<Position>, Failure> {
        self.position("at_least")
    }

    /// Which records an answer rests on: `at_least`, `as_known_at`, `announced_until`.
    pub(crate) fn reading(&mut self) -> Result<Reading, Failure> {
        let at_least = self.at_least()?;
        let as_known = AsKnown { at: self.value("as_known_at")?, announced_until: self.day("announced_until")? };
        Ok(Reading { at_least, as_known })
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Some(unknown) = self.given.keys().next() else { return Ok(()) };
        let remedy = match self.known.as_slice() {
            [] => "Leave it out: this address takes no parameters.".to_owned(),
            known => format!("Leave it out, or correct it; known here: {}.", known.join(", ")),
        };
        Err(wrong(unknown, "this address has no such parameter", remedy))
    }
}

fn decode(text: &str) -> Result<String, Failure> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| wrong(text, "it isn't UTF-8", "Percent-encode the parameter's UTF-8 bytes."))
}

/// Nothing can be answered without the parameter of this name.
pub(crate) fn missing(name: &str, remedy: &str) -> Failure {
    wrong(name, "it's missing", remedy)
}

fn wrong(name: &str, detail: impl Display, remedy: impl Into<String>) -> Failure {
    let shown: String = name.chars().take(80).collect();
    Failure::new(StatusCode::BAD_REQUEST, "parameter", "A query parameter is wrong", format_args!("{shown}: {detail}"), remedy).with("parameter", shown.into())
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn parse(query: &str) -> Result<Parameters, Failure> {
        Parameters::parse(Some(query))
    }

    #[test]
    fn a_parameter_is_decoded_and_read() {
        let mut parameters = parse("from=2026-01-29&category=bodies&q=a%2Bb+c&at_least=7").unwrap();
        assert_eq!(parameters.text("q").as_deref(), Some("a+b c"));
        assert_eq!(parameters.value::<announcement::Category>("category").unwrap(), Some(announcement::Category::Bodies));
        assert_eq!(parameters.at_least().unwrap(), Some(Position::new(7)));
        assert_eq!(parameters.text("from").as_deref(), Some("2026-01-29"));
        parameters.finish().unwrap();
    }

    #[test]
    fn what_nobody_took_is_refused() {
        let mut parameters = parse("form=2026-01-29").unwrap();
        parameters.text("from");
        let failure = parameters.finish().unwrap_err();
        assert!(format!("{failure:?}").contains("known here: from"), "{failure:?}");
        assert_eq!(failure.into_response().status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn hostile_queries_are_refused() {
        for query in ["a=1&a=2", "a=%ff", "%ff=1", "limit=0", "limit=1001", "limit=-1", "limit=99999999999999999999", "at_least=1.5"] {
            let read = parse(query).and_then(|mut parameters| {
                parameters.limit()?;
                parameters.at_least()?;
                parameters.finish()
            });
            assert_eq!(read.unwrap_err().into_response().status(), StatusCode::BAD_REQUEST, "{query}");
        }
    }
}
