//! The languages of the pages, and which one a reader is answered in.

use std::{borrow::Cow, str::FromStr};

use axum::http::{HeaderMap, header};
use maud::{Markup, PreEscaped, html};

use super::words::Word;

/// A language that every page is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Language {
    #[default]
    English,
    Ukrainian,
    Russian,
}

impl Language {
    pub(super) const ALL: [Self; 3] = [Self::English, Self::Ukrainian, Self::Russian];

    /// Its tag (BCP 47), as `lang` names it.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Ukrainian => "uk",
            Self::Russian => "ru",
        }
    }

    /// What it calls itself.
    pub(super) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Ukrainian => "Українська",
            Self::Russian => "Русский",
        }
    }

    /// The one that a reader's browser likes best of those there are; English where it names none of them.
    pub(super) fn liked(headers: &HeaderMap) -> Self {
        let listed = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let weighed = listed.filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next()?.split('-').next()?.to_ascii_lowercase();
            let weight: f32 = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok())?;
            Some((tag.parse().ok()?, weight))
        });
        // Of equals the first that is named.
        let better = |best: (Self, f32), next: (Self, f32)| if next.1 > best.1 { next } else { best };
        weighed.filter(|(_, weight)| *weight > 0.0).reduce(better).map_or_else(Self::default, |(language, _)| language)
    }

    /// The words for something.
    pub(super) const fn say(self, word: Word) -> &'static str {
        let [english, ukrainian, russian] = word.columns();
        match self {
            Self::English => english,
            Self::Ukrainian => ukrainian,
            Self::Russian => russian,
        }
    }

    /// The words with `{0}`, `{1}` … filled in.
    pub(super) fn fill<T: AsRef<str>>(self, word: Word, values: &[T]) -> String {
        pieces(self.say(word)).map(|piece| piece.unwrap_or_else(|place| values.get(place).map_or("", AsRef::as_ref))).collect()
    }

    /// The same with markup filled in.
    pub(super) fn weave(self, word: Word, values: &[Markup]) -> Markup {
        let mut all = String::new();
        for piece in pieces(self.say(word)) {
            match piece {
                Ok(text) => all.push_str(&html! { (text) }.0),
                Err(place) => all.push_str(values.get(place).map_or("", |value| &value.0)),
            }
        }
        PreEscaped(all)
    }

    /// So many of something: `word` gives its forms with `|` between them.
    pub(super) fn count(self, count: u64, word: Word) -> String {
        let forms: Vec<&str> = self.say(word).split('|').collect();
        let form = forms.get(self.form(count)).or(forms.last()).copied().unwrap_or_default();
        format!("{}\u{a0}{form}", self.number(count))
    }

    /// Which form of a noun follows a number: one and many in English; one, few and many in Ukrainian and Russian.
    const fn form(self, count: u64) -> usize {
        match (self, count % 10, count % 100) {
            (Self::English, ..) => (count != 1) as usize,
            (_, 1, last) if last != 11 => 0,
            (_, 2..=4, last) if last < 12 || last > 14 => 1,
            _ => 2,
        }
    }
}

/// The text of a term, and the places to be filled in between.
pub(super) fn pieces(text: &'static str) -> impl Iterator<Item = Result<&'static str, usize>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if let Some(inner) = rest.strip_prefix('{')
            && let Some((place, after)) = inner.split_once('}')
        {
            rest = after;
            return place.parse().ok().map(Err);
        }
        let end = rest.find('{').unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(Ok(piece))
    })
}

impl FromStr for Language {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|language| language.tag() == text).ok_or("expected en, uk or ru")
    }
}

impl From<Language> for Cow<'static, str> {
    fn from(language: Language) -> Self {
        Cow::Borrowed(language.tag())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn liked(accepted: &str) -> Language {
        Language::liked(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accepted).unwrap())]))
    }

    #[test]
    fn the_language_that_is_liked_best_is_taken() {
        for (accepted, language) in [
            ("", Language::English),
            ("de, fr;q=0.5", Language::English),
            ("uk-UA,uk;q=0.9,en;q=0.8", Language::Ukrainian),
            ("de, ru;q=0.5, uk;q=0.7", Language::Ukrainian),
            ("RU", Language::Russian),
            ("uk;q=0, ru;q=0.1", Language::Russian),
            ("en, uk, ru", Language::English),
            ("uk;q=x, *", Language::English),
        ] {
            assert_eq!(liked(accepted), language, "{accepted}");
        }
    }

    #[test]
    fn nouns_follow_their_numbers() {
        let forms = |language: Language| [0, 1, 2, 5, 11, 12, 21, 22, 25, 101, 111, 112].map(|count| language.form(count));
        assert_eq!(forms(Language::English), [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(forms(Language::Ukrainian), [2, 0, 1, 2, 2, 2, 0, 1, 2, 0, 2, 2]);
        assert_eq!(forms(Language::Russian), forms(Language::Ukrainian));
        assert_eq!(Language::Russian.count(1_002, Word::Exchanges), "1\u{a0}002\u{a0}обмена");
    }

    #[test]
    fn markup_that_is_filled_in_stays_and_text_is_escaped() {
        let woven = Language::English.weave(Word::Says, &[html! { b { "R" } }, html! { ("<") }]);
        assert_eq!(woven.0, "<b>R</b> says &lt;");
    }
}
