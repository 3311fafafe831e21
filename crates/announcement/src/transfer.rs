use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Count, Party,
    form::{given, one_form},
    text::as_text,
};

one_form!(Transfer, Item, Category, Finding, Relation);

/// What was handed over in one direction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Transfer {
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
    /// How many of what.
    pub counts: Vec<Item>,
    /// "The same number of theirs": how this direction compares with the other one.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
}

/// One count of a transfer. Items without `of` are added up; an item with `of` is a part of the items of that category and never added.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Item {
    /// What is counted: a main category, or where `of` is given a part's name.
    pub category: CategoryName,
    /// How many.
    pub count: Count,
    /// The main category that this is a part of.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub of: Option<Category>,
    /// A group that was announced apart.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Where they are from.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What is said of the identity of bodies.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub identity: Option<Finding>,
    /// The words of the announcement.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub stated: Option<String>,
}

impl Item {
    /// The main category that this item adds to; `None` for a part.
    #[must_use]
    pub fn main(&self) -> Option<Category> {
        if self.of.is_some() { None } else { self.category.main() }
    }
}

/// The main categories.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "lowercase")]
pub enum Category {
    /// The fallen.
    Bodies,
    /// Prisoners of war.
    Prisoners,
    /// Civilians.
    Civilians,
    /// Children.
    Children,
    /// One number given for the living of several categories together.
    People,
}

impl Category {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Bodies, Self::People, Self::Prisoners, Self::Civilians, Self::Children];

    /// Its name in an announcement.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bodies => "bodies",
            Self::Prisoners => "prisoners",
            Self::Civilians => "civilians",
            Self::Children => "children",
            Self::People => "people",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Category {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|category| category.as_str() == text).ok_or("expected one of bodies, people, prisoners, civilians, children")
    }
}

/// The name of a main category or of a part: `[a-z][a-z-]{0,31}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CategoryName(String);

impl CategoryName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The main category of this name.
    #[must_use]
    pub fn main(&self) -> Option<Category> {
        self.0.parse().ok()
    }
}

impl FromStr for CategoryName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = text.len() <= 32
            && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if valid { Ok(Self(text.to_owned())) } else { Err("expected a category of a-z and -, beginning with a letter, at most 32") }
    }
}

impl fmt::Display for CategoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

as_text!(CategoryName, "CategoryName", "^[a-z][a-z-]{0,31}$", "a category: bodies, prisoners, civilians, children or people; with `of`, a part's name");

/// What is said of the identity of bodies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "kebab-case")]
pub enum Finding {
    /// The sender says whose they are.
    ClaimedBySender,
    /// They may belong to the receiver's.
    MayBelong,
    /// Not yet verified.
    ToBeVerified,
    /// Confirmed to be the receiver's.
    Confirmed,
    /// Found to be the sender's own.
    FoundOtherSide,
    /// Given back to the sender.
    Returned,
}

/// How one direction compares with the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "kebab-case")]
pub enum Relation {
    /// The same number.
    Equal,
    /// About the same number: a tenth either way.
    AboutEqual,
}
