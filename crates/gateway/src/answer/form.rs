use std::{fmt, str::FromStr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::problem::Failure;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// As one document.
    Json,
    /// One thing a line.
    JsonLines,
    /// For a spreadsheet: a header, a row of HXL tags, one figure or statement a row.
    Csv,
}

impl Form {
    /// All of them; of those that a reader likes as well the first is taken.
    pub(crate) const ALL: [Self; 3] = [Self::Json, Self::JsonLines, Self::Csv];

    /// Its name in `format`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// Its media type without parameters.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLines => "application/jsonl",
            Self::Csv => "text/csv",
        }
    }

    pub(crate) const fn content_type(self) -> HeaderValue {
        match self {
            Self::Json => HeaderValue::from_static("application/json"),
            Self::JsonLines => HeaderValue::from_static("application/jsonl"),
            Self::Csv => HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Form {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|form| form.name() == text).ok_or("expected json, jsonl or csv")
    }
}

/// What a reader would rather have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The answer in this form.
    Form(Form),
    /// The page of the same.
    Page,
}

/// What `Accept` asks for of these forms, and of a page where there is one.
pub(crate) fn wanted(headers: &HeaderMap, forms: &[Form], has_page: bool) -> Result<Wanted, Failure> {
    let ranges = ranges(headers, &header::ACCEPT);
    if ranges.is_empty() {
        return Ok(Wanted::Form(forms[0]));
    }
    let liked = |form: Form| weight(&ranges, form.media_type());
    // Of equals `max_by_key` takes the last.
    let best = *forms.iter().rev().max_by_key(|form| liked(**form)).unwrap_or(&Form::Json);
    let page = if has_page { weight(&ranges, "text/html") } else { 0 };
    match liked(best) {
        form if page > form => Ok(Wanted::Page),
        0 => Err(not_acceptable(forms)),
        _ => Ok(Wanted::Form(best)),
    }
}

/// Whether an answer may be compressed.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = ranges(headers, &header::ACCEPT_ENCODING);
    let of = |name: &str| codings.iter().find(|(coding, _)| coding.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight);
    of("gzip").or_else(|| of("*")).unwrap_or(0) > 0
}

fn not_acceptable(forms: &[Form]) -> Failure {
    let known: Vec<String> = forms.iter().map(|form| format!("{} (format={form})", form.media_type())).collect();
    Failure::new(
        StatusCode::NOT_ACCEPTABLE,
        "not-acceptable",
        "No such form",
        "nothing that Accept names is given here",
        format!("Ask for {}.", known.join(", ")),
    )
}

/// The values of a header that lists what is liked, and how much of a thousand each is.
fn ranges<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<(&'a str, u16)> {
    let listed = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    listed.filter_map(range).collect()
}

fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let value = parts.next().filter(|value| !value.is_empty())?;
    let weight = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    match weight {
        None => Some((value, 1000)),
        Some((_, weight)) => {
            let weight: f32 = weight.trim().parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
            Some((value, (weight * 1000.0) as u16))
        }
    }
}

/// How much a media type is liked: as the range that names it most closely says.
fn weight(ranges: &[(&str, u16)], media_type: &str) -> u16 {
    let whole = media_type.split('/').next().unwrap_or_default();
    let closeness = |range: &str| {
        if range.eq_ignore_ascii_case(media_type) {
            Some(2)
        } else if range.strip_suffix("/*").is_some_and(|of| of.eq_ignore_ascii_case(whole)) {
            Some(1)
        } else {
            (range == "*/*").then_some(0)
        }
    };
    let matching = ranges.iter().filter_map(|(range, weight)| Some((closeness(range)?, *weight)));
    matching.max().map_or(0, |(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

    fn of(accept: &str, has_page: bool) -> Option<Wanted> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())]);
        wanted(&headers, &Form::ALL, has_page).ok()
    }

    #[test]
    fn the_form_that_is_liked_best_is_given_and_json_among_equals() {
        for (accept, form) in [
            ("", Form::Json),
            ("*/*", Form::Json),
            ("text/csv", Form::Csv),
            ("TEXT/CSV; charset=utf-8", Form::Csv),
            ("text/*", Form::Csv),
            ("application/jsonl, application/json", Form::Json),
            ("application/json;q=0.5, application/jsonl", Form::JsonLines),
            ("application/*;q=0.2, text/csv;q=0.3", Form::Csv),
            ("*/*, application/json;q=0", Form::JsonLines),
        ] {
            assert_eq!(of(accept, true), Some(Wanted::Form(form)), "{accept}");
        }
    }

    #[test]
    fn a_browser_gets_the_page_where_there_is_one() {
        assert_eq!(of(BROWSER, true), Some(Wanted::Page));
        assert_eq!(of(BROWSER, false), Some(Wanted::Form(Form::Json)));
        assert_eq!(of("text/html, application/json", true), Some(Wanted::Form(Form::Json)));
    }

    #[test]
    fn what_nothing_matches_is_refused() {
        for accept in ["image/png", "text/html", "application/json;q=0", "application/jsonx"] {
            assert_eq!(of(accept, false), None, "{accept}");
        }
    }

    #[test]
    fn gzip_is_given_to_who_takes_it() {
        for (accept, taken) in [("gzip, deflate, br", true), ("gzip;q=0", false), ("*", true), ("*;q=0.1, gzip;q=0", false), ("br", false)] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accept))]);
            assert_eq!(accepts_gzip(&headers), taken, "{accept}");
        }
    }
}
