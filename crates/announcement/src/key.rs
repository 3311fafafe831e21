use std::{fmt, str::FromStr};

use crate::{Category, Date, Party, Transfer, text::as_text};

/// Names an exchange: `ru-ua/bodies/2026-01-29`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExchangeKey(String);

/// What an exchange is mainly about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// The fallen.
    Bodies,
    /// Prisoners of war.
    Prisoners,
    /// Civilians.
    Civilians,
    /// Children.
    Children,
}

/// Not an exchange key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an exchange key such as ru-ua/bodies/2026-01-29: two parties in alphabetical order, bodies, prisoners, civilians or children, a date, perhaps .2"
)]
pub struct KeyError;

impl What {
    /// Its name in a key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bodies => "bodies",
            Self::Prisoners => "prisoners",
            Self::Civilians => "civilians",
            Self::Children => "children",
        }
    }

    fn of(transfers: &[Transfer]) -> Option<Self> {
        let mains = || transfers.iter().flat_map(|transfer| &transfer.counts).filter_map(crate::Item::main);
        let has = |wanted: Category| mains().any(|main| main == wanted);
        if has(Category::Prisoners) || has(Category::People) {
            return Some(Self::Prisoners);
        }
        [(Category::Civilians, Self::Civilians), (Category::Children, Self::Children), (Category::Bodies, Self::Bodies)]
            .into_iter()
            .find_map(|(category, what)| has(category).then_some(what))
    }
}

impl ExchangeKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The two parties as they stand in the key: `("ru", "ua")`.
    #[must_use]
    pub fn parties(&self) -> (&str, &str) {
        let (parties, _) = self.0.split_once('/').expect("checked when it was made");
        parties.split_once('-').expect("checked when it was made")
    }

    /// What the exchange is mainly about.
    #[must_use]
    pub fn what(&self) -> What {
        match self.0.split('/').nth(1).expect("checked when it was made") {
            "bodies" => What::Bodies,
            "prisoners" => What::Prisoners,
            "civilians" => What::Civilians,
            _ => What::Children,
        }
    }

    /// Whether the key is about these two parties, in either order.
    #[must_use]
    pub fn is_between(&self, one: Party, other: Party) -> bool {
        let (one, other) = (one.key_part(), other.key_part());
        let (first, second) = self.parties();
        (first, second) == (one.as_str(), other.as_str()) || (first, second) == (other.as_str(), one.as_str())
    }

    /// The key that follows from an exchange's date and transfers: only from a single unqualified day and where there is a transfer with a count.
    #[must_use]
    pub fn derive(date: &Date, transfers: &[Transfer]) -> Option<Self> {
        let day = date.plain_day()?;
        let transfer = transfers.first()?;
        let what = What::of(transfers)?;
        let mut parties = [transfer.from.key_part(), transfer.to.key_part()];
        parties.sort();
        Some(Self(format!("{}-{}/{}/{day}", parties[0], parties[1], what.as_str())))
    }
}

impl FromStr for ExchangeKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.split('/');
        let (Some(parties), Some(what), Some(date), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError);
        };
        let (one, other) = parties.split_once('-').ok_or(KeyError)?;
        let party = |part: &str| part.to_ascii_uppercase().replace('_', "-").parse::<Party>().is_ok_and(|party| party.key_part() == part);
        let known = matches!(what, "bodies" | "prisoners" | "civilians" | "children");
        let (date, suffix) = date.split_once('.').map_or((date, None), |(date, suffix)| (date, Some(suffix)));
        let date_ok = (1..=32).contains(&date.len()) && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_' || byte == b'-');
        let suffix_ok = suffix.is_none_or(|suffix| (1..=4).contains(&suffix.len()) && suffix.bytes().all(|byte| byte.is_ascii_digit()));
        if party(one) && party(other) && one < other && known && date_ok && suffix_ok { Ok(Self(text.to_owned())) } else { Err(KeyError) }
    }
}

impl fmt::Display for ExchangeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

as_text!(
    ExchangeKey,
    "ExchangeKey",
    r"^[a-z0-9_]+-[a-z0-9_]+/(bodies|prisoners|civilians|children)/[0-9_-]+(\.[0-9]+)?$",
    "an exchange key such as ru-ua/bodies/2026-01-29"
);
