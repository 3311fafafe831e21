use std::{collections::BTreeSet, fmt, str::FromStr};

use announcement::{Party, Span};
use jiff::civil;
use serde::{Deserialize, Serialize};

use crate::{Direction, tally::Row};

/// What totals have a row for each of, beside the period. Written as a list: `direction,framework`.
///
/// The category always: a sum of several would count the living twice, as `people` is the total of `prisoners`, `civilians` and `children`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping(BTreeSet<By>);

/// One thing that totals have a row for each of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Who handed over to whom. Without it both directions between two parties are summed up.
    Direction,
    /// What was handed over.
    Category,
    /// The agreements that exchanges are said to follow.
    Framework,
}

/// What totals are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Each day.
    Day,
    /// Each month.
    Month,
    /// Each year.
    Year,
}

impl Grouping {
    /// By the category, and by these.
    #[must_use]
    pub fn of(by: impl IntoIterator<Item = By>) -> Self {
        Self(by.into_iter().chain([By::Category]).collect())
    }

    /// Whether there is a row for each of these.
    #[must_use]
    pub fn has(&self, by: By) -> bool {
        self.0.contains(&by)
    }
}

impl Default for Grouping {
    /// By direction and category.
    fn default() -> Self {
        Self::of([By::Direction])
    }
}

impl By {
    const ALL: [Self; 3] = [Self::Direction, Self::Category, Self::Framework];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Direction => "direction",
            Self::Category => "category",
            Self::Framework => "framework",
        }
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|by| by.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Grouping {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let by = |name: &str| By::ALL.into_iter().find(|by| by.as_str() == name);
        let found: Option<Vec<By>> = text.split(',').map(by).collect();
        found.map(Self::of).ok_or("expected some of direction, category, framework, with commas between them")
    }
}

impl FromStr for Period {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "day" => Ok(Self::Day),
            "month" => Ok(Self::Month),
            "year" => Ok(Self::Year),
            _ => Err("expected one of day, month, year"),
        }
    }
}

impl Period {
    /// Its name, or the first and the last one's.
    pub(crate) fn of(self, days: Span) -> String {
        let name = |day: Option<civil::Date>| {
            day.map_or_else(
                || "..".to_owned(),
                |day| match self {
                    Self::Day => day.to_string(),
                    Self::Month => format!("{:04}-{:02}", day.year(), day.month()),
                    Self::Year => format!("{:04}", day.year()),
                },
            )
        };
        let (first, last) = (name(days.earliest), name(days.latest));
        if first == last && first != ".." { first } else { format!("{first}/{last}") }
    }
}

/// What a row of totals is of; rows are listed in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heading {
    pub(crate) period: Option<String>,
    pub(crate) frameworks: Option<Vec<String>>,
    pub(crate) row: Row,
}

impl Heading {
    /// The direction, where it's of one.
    pub(crate) const fn way(&self) -> Option<Direction> {
        match self.row {
            Row::Way(direction, _) => Some(direction),
            Row::Both(..) => None,
        }
    }

    /// The parties, where it's of both directions.
    pub(crate) fn between(&self) -> Option<[Party; 2]> {
        match self.row {
            Row::Both(pair, _) => pair.map(|pair| [pair.from, pair.to]),
            Row::Way(..) => None,
        }
    }
}
