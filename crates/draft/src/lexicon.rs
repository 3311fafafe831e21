//! Words that the rules know, in tables by language.

mod en;
mod ru;
mod uk;

use std::{collections::HashMap, sync::LazyLock};

use announcement::{ChannelStatus, Finding, Role};

use crate::{language::Language, tokens::Token};

/// One of the two parties that the rules know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Side {
    Ru,
    Ua,
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Ru => Self::Ua,
            Self::Ua => Self::Ru,
        }
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Ru => "RU",
            Self::Ua => "UA",
        }
    }
}

/// The form in which a party is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// A name without cases: what it does in the sentence is told by the words around it.
    Name,
    Nominative,
    /// Nominative or accusative, which look the same.
    Direct,
    Genitive,
    /// Genitive, dative or locative, which look the same.
    Oblique,
    /// Dative or locative.
    Dative,
    Accusative,
    Instrumental,
    /// "Ukrainian".
    Adjective,
}

/// What a verb says of who gives and who gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Move {
    /// Its subject gives.
    Give,
    /// Its subject gets.
    Receive,
    /// Its subject gives or gets: "Russia returned 157".
    Return,
    /// Its subject comes home.
    Come,
    /// Both give and get.
    Swap,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tense {
    Past,
    /// What was done to somebody: in English the same as [`Past`](Self::Past), told by its auxiliary.
    Passive,
    /// Present, future, infinitive.
    Other,
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Noun {
    Bodies,
    Soldiers,
    /// Soldiers who are called so by one side only.
    SoldiersOf(Side),
    Prisoners,
    Civilians,
    Children,
    People,
    /// "Ukrainians".
    Nationals(Side),
    Women,
    Wounded,
}

/// Which way a number is inexact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bound {
    MoreThan,
    AtLeast,
    AtMost,
    LessThan,
    About,
}

/// Why a sentence claims nothing that took place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Doubt {
    Denied,
    Conditional,
    Demanded,
    Rumoured,
    Refused,
}

/// How long a cumulative figure goes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Since {
    YearBegan,
    WarBegan,
    /// A date that follows.
    Date,
    /// Nothing says it.
    Ever,
}

/// What a word or a phrase is to the rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tag {
    Party(Side, Form),
    /// Another party, whose exchanges aren't read.
    Foreign,
    Verb(Move, Tense),
    Noun(Noun),
    /// "Fallen": makes bodies of soldiers.
    Dead,
    /// "Captivity".
    Captivity,
    /// "Captivity" whose holder is named in the same phrase.
    HeldBy(Side),
    Number(u32),
    /// A thousand after a number, or alone.
    Thousand,
    Bound(Bound),
    Between,
    Each,
    SameNumber,
    InReturn,
    /// What follows is a part of what stands before.
    Part,
    Plan,
    Offer,
    Agree,
    Not,
    Doubt(Doubt),
    Since(Since),
    Total,
    /// An earlier time that isn't said.
    Earlier,
    /// "At that time": the day of the sentence before.
    ThatDay,
    /// "Those actions": the exchange of the sentence before.
    ThatExchange,
    /// "Exchange", "swap".
    Exchange,
    Exchanges,
    Status(ChannelStatus),
    Postponed,
    Cancelled,
    Withheld,
    /// "An undisclosed number of".
    UnknownNumber,
    /// "Home".
    Home,
    Speech,
    /// "Confirmed", which is said of what was said before.
    Confirm,
    According,
    Pronoun,
    /// "In the statement": who spoke before goes on.
    Statement,
    /// "This was reported by".
    ThisWasSaid,
    Belong(Finding),
    Talks,
    Counterpart,
    Help(Role),
    Own,
    Month(u8),
    Weekday(u8),
    /// Days before today.
    DaysAgo(u8),
    /// Which day is meant isn't said: "last week".
    VagueTime,
    Region,
    /// Preparations for something.
    Preparations,
    Remain,
    /// "While", which begins with a word for "then".
    Contrast,
}

/// A tagged phrase: which tokens of a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    pub(crate) first: usize,
    /// One after its last token.
    pub(crate) end: usize,
    pub(crate) tag: Tag,
}

/// The phrases of a table, found by how they begin.
pub(crate) struct Phrases<T: 'static>(HashMap<String, Vec<(Vec<&'static str>, T)>>);

impl<T: Copy> Phrases<T> {
    /// Phrases stand apart by `|`, words by spaces; a word that ends with `*` may go on.
    pub(crate) fn of(table: impl IntoIterator<Item = (T, &'static str)>) -> Self {
        let mut phrases: HashMap<String, Vec<(Vec<&'static str>, T)>> = HashMap::new();
        for (value, words) in table {
            for phrase in words.split('|') {
                // A possessive `'s` is two tokens.
                let words: Vec<&str> = phrase
                    .split_whitespace()
                    .flat_map(|word| match word.strip_suffix("'s") {
                        Some(owner) => vec![owner, "'", "s"],
                        None => vec![word],
                    })
                    .collect();
                if let Some(first) = words.first() {
                    phrases.entry(beginning(first)).or_default().push((words, value));
                }
            }
        }
        Self(phrases)
    }

    /// The longest phrase that begins with the first of these tokens: how many tokens it takes.
    pub(crate) fn at(&self, tokens: &[Token]) -> Option<(usize, T)> {
        let candidates = self.0.get(&beginning(&tokens.first()?.lower))?;
        let fits = |words: &[&str]| {
            words.len() <= tokens.len()
                && words.iter().zip(tokens).all(|(word, token)| match word.strip_suffix('*') {
                    Some(stem) => token.lower.starts_with(stem),
                    None => token.lower == *word,
                })
        };
        let weight = |words: &[&str]| (words.len(), words.iter().map(|word| if word.ends_with('*') { word.len() - 1 } else { word.len() + 1 }).sum::<usize>());
        candidates.iter().filter(|(words, _)| fits(words)).max_by_key(|(words, _)| weight(words)).map(|(words, value)| (words.len(), *value))
    }
}

/// The first two letters, as which every word of a table has that many.
fn beginning(word: &str) -> String {
    word.chars().filter(|character| *character != '*').take(2).collect()
}

static ENGLISH: LazyLock<Phrases<Tag>> = LazyLock::new(|| Phrases::of(en::TABLE.iter().copied()));
static RUSSIAN: LazyLock<Phrases<Tag>> = LazyLock::new(|| Phrases::of(ru::TABLE.iter().copied()));
static UKRAINIAN: LazyLock<Phrases<Tag>> = LazyLock::new(|| Phrases::of(uk::TABLE.iter().copied()));

/// The marks of a sentence, from left to right, none over another.
pub(crate) fn marks(tokens: &[Token], language: Language) -> Vec<Mark> {
    let phrases = match language {
        Language::English => &*ENGLISH,
        Language::Russian => &*RUSSIAN,
        Language::Ukrainian => &*UKRAINIAN,
    };
    let mut marks = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match phrases.at(&tokens[at..]) {
            Some((len, tag)) => {
                marks.push(Mark { first: at, end: at + len, tag });
                at += len;
            }
            None => at += 1,
        }
    }
    marks
}
