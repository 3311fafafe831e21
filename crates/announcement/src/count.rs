use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Bounds, text::Text};

/// The largest number that a count may name.
pub const MAX_COUNT: u32 = 10_000_000;

/// A whole number from 0 to [`MAX_COUNT`], written without sign, fraction or exponent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Number(u32);

impl Number {
    /// The number, where it's at most [`MAX_COUNT`].
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        if number <= MAX_COUNT { Some(Self(number)) } else { None }
    }

    /// Its value.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        u32::try_from(number).ok().and_then(Self::new).ok_or_else(|| de::Error::custom(format_args!("{number} is more than {MAX_COUNT}")))
    }
}

impl JsonSchema for Number {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "minimum": 0, "maximum": MAX_COUNT})
    }
}

/// How many, in the words of the announcement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// A thousand.
    Exact(Number),
    /// 200 or more.
    AtLeast(Number),
    /// More than 1,800.
    MoreThan(Number),
    /// Up to 50.
    AtMost(Number),
    /// Fewer than 50; never fewer than 0.
    LessThan(Number),
    /// About 250: a tenth either way, rounded outward.
    About(Number),
    /// 40 to 43.
    Between(Number, Number),
    /// A transfer took place, its count wasn't given. Never the same as 0.
    Unknown,
}

impl Count {
    /// What it can be at least and at most.
    #[must_use]
    pub fn bounds(self) -> Bounds {
        let wide = |number: Number| u64::from(number.0);
        match self {
            Self::Exact(count) => Bounds::exact(wide(count)),
            Self::AtLeast(count) => Bounds { low: wide(count), high: None },
            Self::MoreThan(count) => Bounds { low: wide(count) + 1, high: None },
            Self::AtMost(count) => Bounds::between(0, wide(count)),
            Self::LessThan(count) => Bounds::between(0, wide(count).saturating_sub(1)),
            Self::About(count) => Bounds::exact(wide(count)).a_tenth_wider(),
            Self::Between(low, high) => Bounds::between(wide(low), wide(high)),
            Self::Unknown => Bounds::UNKNOWN,
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> de::Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count such as {\"exact\": 1000}, {\"about\": 250}, {\"between\": [40, 43]} or \"unknown\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
        if text == "unknown" { Ok(Count::Unknown) } else { Err(E::invalid_value(de::Unexpected::Str(text), &self)) }
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
        const FORMS: &[&str] = &["exact", "at_least", "more_than", "at_most", "less_than", "about", "between"];
        let Some(Text(form)) = map.next_key()? else {
            return Err(de::Error::invalid_length(0, &self));
        };
        let count = match &*form {
            "exact" => Count::Exact(map.next_value()?),
            "at_least" => Count::AtLeast(map.next_value()?),
            "more_than" => Count::MoreThan(map.next_value()?),
            "at_most" => Count::AtMost(map.next_value()?),
            "less_than" => Count::LessThan(map.next_value()?),
            "about" => Count::About(map.next_value()?),
            "between" => map.next_value().map(|(low, high)| Count::Between(low, high))?,
            other => return Err(de::Error::unknown_field(other, FORMS)),
        };
        match map.next_key::<Text<'_>>()? {
            None => Ok(count),
            Some(_) => Err(de::Error::custom("a count has one form only")),
        }
    }
}
