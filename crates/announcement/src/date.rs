use std::{fmt, str::FromStr};

use jiff::civil;

use crate::text::as_text;

/// A date as announced: the part of EDTF (ISO 8601-2) that announcements need.
///
/// `2026`, `2026-01` or `2026-01-29`, each with an optional `~`, `?` or `%`; or an interval of two of these with `/`, where one end may be `..`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Date {
    /// One year, month or day.
    Point(Point),
    /// From the first day of one to the last day of the other; `None` is the open end.
    Interval(Option<Point>, Option<Point>),
}

/// A year, a month or a day, perhaps qualified.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Point {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    qualifier: Option<Qualifier>,
}

/// What is said of a date's certainty. It's shown and doesn't move the bounds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Qualifier {
    /// `~`
    About,
    /// `?`
    Uncertain,
    /// `%`
    Both,
}

/// A date's earliest and latest day; `None` where that end is open.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Span {
    /// The first day that it can mean.
    pub earliest: Option<civil::Date>,
    /// The last day that it can mean.
    pub latest: Option<civil::Date>,
}

/// Not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not of one of the forms.
    #[error("expected a date such as 2026, 2026-01, 2026-01-29, 2026-01~, or an interval such as 2026-01-29/2026-02 or ../2026-02")]
    Form,
    /// A day that no calendar has.
    #[error("there is no such day")]
    Day,
    /// An interval that ends before it begins.
    #[error("the interval ends before it begins")]
    Order,
}

impl Span {
    /// One day.
    #[must_use]
    pub const fn day(day: civil::Date) -> Self {
        Self { earliest: Some(day), latest: Some(day) }
    }

    /// The days that both allow; `None` where there is none.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let earliest = self.earliest.max(other.earliest);
        let latest = match (self.latest, other.latest) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        let empty = earliest.zip(latest).is_some_and(|(earliest, latest)| earliest > latest);
        (!empty).then_some(Self { earliest, latest })
    }

    /// Whether some day fits both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.intersection(other).is_some()
    }

    /// Whether every day of `other` is one of these.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.intersection(other) == Some(other)
    }

    /// The narrowest span that holds both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self {
            earliest: self.earliest.zip(other.earliest).map(|(one, two)| one.min(two)),
            latest: self.latest.zip(other.latest).map(|(one, two)| one.max(two)),
        }
    }

    /// The one day that it can mean, if it's one.
    #[must_use]
    pub fn single_day(self) -> Option<civil::Date> {
        self.earliest.filter(|_| self.earliest == self.latest)
    }
}

impl Date {
    /// A single day; `None` where it can't be written with a year of four digits.
    #[must_use]
    pub fn of_day(day: civil::Date) -> Option<Self> {
        let point = Point { year: day.year(), month: Some(day.month()), day: Some(day.day()), qualifier: None };
        (day.year() >= 0).then_some(Self::Point(point))
    }

    /// Its earliest and latest day.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Point(point) => Span { earliest: Some(point.first_day()), latest: Some(point.last_day()) },
            Self::Interval(from, to) => Span { earliest: from.map(|point| point.first_day()), latest: to.map(|point| point.last_day()) },
        }
    }

    /// The day, where it's a single one without a qualifier: only such a date makes an exchange key.
    #[must_use]
    pub fn plain_day(&self) -> Option<civil::Date> {
        match self {
            Self::Point(point @ Point { day: Some(_), qualifier: None, .. }) => Some(point.first_day()),
            _ => None,
        }
    }
}

impl Point {
    fn new(year: i16, month: Option<i8>, day: Option<i8>, qualifier: Option<Qualifier>) -> Result<Self, DateError> {
        civil::Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).map_err(|_| DateError::Day)?;
        Ok(Self { year, month, day, qualifier })
    }

    fn first_day(&self) -> civil::Date {
        civil::Date::new(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1)).expect("checked when it was made")
    }

    fn last_day(&self) -> civil::Date {
        match (self.month, self.day) {
            (Some(_), Some(_)) => self.first_day(),
            (Some(_), None) => self.first_day().last_of_month(),
            (None, _) => self.first_day().last_of_year(),
        }
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let Some((from, to)) = text.split_once('/') else {
            return text.parse().map(Self::Point);
        };
        let end = |text: &str| if text == ".." { Ok(None) } else { text.parse().map(Some) };
        let (from, to): (Option<Point>, Option<Point>) = (end(from)?, end(to)?);
        match (&from, &to) {
            (None, None) => Err(DateError::Form),
            (Some(from), Some(to)) if from.first_day() > to.first_day() || from.last_day() > to.last_day() => Err(DateError::Order),
            _ => Ok(Self::Interval(from, to)),
        }
    }
}

impl FromStr for Point {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let qualifier = match text.as_bytes().last() {
            Some(b'~') => Some(Qualifier::About),
            Some(b'?') => Some(Qualifier::Uncertain),
            Some(b'%') => Some(Qualifier::Both),
            _ => None,
        };
        let digits = if qualifier.is_some() { &text[..text.len() - 1] } else { text };
        let mut parts = digits.split('-');
        let year = number(parts.next(), 4)?.ok_or(DateError::Form)?;
        let month = number(parts.next(), 2)?;
        let day = number(parts.next(), 2)?;
        if parts.next().is_some() {
            return Err(DateError::Form);
        }
        let small = |number: i16| i8::try_from(number).expect("two digits");
        Self::new(year, month.map(small), day.map(small), qualifier)
    }
}

fn number(text: Option<&str>, digits: usize) -> Result<Option<i16>, DateError> {
    match text {
        None => Ok(None),
        Some(text) if text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().map(Some).map_err(|_| DateError::Form),
        Some(_) => Err(DateError::Form),
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |point: &Option<Point>| point.map_or_else(|| "..".to_owned(), |point| point.to_string());
        match self {
            Self::Point(point) => point.fmt(f),
            Self::Interval(from, to) => write!(f, "{}/{}", end(from), end(to)),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        for part in [self.month, self.day].into_iter().flatten() {
            write!(f, "-{part:02}")?;
        }
        f.write_str(match self.qualifier {
            None => "",
            Some(Qualifier::About) => "~",
            Some(Qualifier::Uncertain) => "?",
            Some(Qualifier::Both) => "%",
        })
    }
}

as_text!(
    Date,
    "Date",
    r"^(\d{4}(-\d{2}(-\d{2})?)?[~?%]?(/(\d{4}(-\d{2}(-\d{2})?)?[~?%]?|\.\.))?|\.\./\d{4}(-\d{2}(-\d{2})?)?[~?%]?)$",
    "a date: YYYY, YYYY-MM or YYYY-MM-DD, each with an optional ~, ? or %, or an interval of two with /, where one end may be .."
);
