/// A language that the rules know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// `en`
    English,
    /// `ru`
    Russian,
    /// `uk`
    Ukrainian,
}

/// Words that no English text of some length is without.
const ENGLISH: [&str; 21] =
    ["that", "had", "it", "is", "for", "with", "its", "the", "of", "and", "to", "in", "from", "were", "was", "has", "have", "by", "on", "said", "at"];
/// One in so many words is one of these in an English text.
const ENGLISH_SHARE: usize = 12;

impl Language {
    /// Its BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
            Self::Ukrainian => "uk",
        }
    }

    /// The language that most of the article is in, where the rules know it.
    #[must_use]
    pub fn of(article: &str) -> Option<Self> {
        let count = |letters: &str| article.chars().filter(|character| letters.contains(character.to_lowercase().next().unwrap_or(*character))).count();
        let cyrillic = article.chars().filter(|character| ('\u{400}'..='\u{4ff}').contains(character)).count();
        let latin = article.chars().filter(char::is_ascii_alphabetic).count();
        if cyrillic > latin {
            let (russian, ukrainian) = (count("ыэё"), count("іїєґ"));
            // Other languages in these letters have letters of their own, or more of a letter.
            let other = count("ўјљњћђџқғңұүө") * 4 > russian + ukrainian || count("ъ") > russian.max(3);
            return match russian.cmp(&ukrainian) {
                _ if other => None,
                std::cmp::Ordering::Less => Some(Self::Ukrainian),
                // No Ukrainian sentence of some length is without its letters.
                std::cmp::Ordering::Greater | std::cmp::Ordering::Equal => Some(Self::Russian),
            };
        }
        let words = || article.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty());
        let english = words().filter(|word| ENGLISH.contains(&word.to_lowercase().as_str())).count();
        (english > 0 && english * ENGLISH_SHARE >= words().count()).then_some(Self::English)
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn a_language_is_told_by_its_letters_and_words() {
        for (text, tag) in [
            ("Russia and Ukraine have carried out another exchange of bodies.", Some("en")),
            ("Россия передала Украине тела 1000 погибших военных.", Some("ru")),
            ("В Україну повернуто тіла 1000 загиблих.", Some("uk")),
            ("Russland und die Ukraine haben erneut Gefangene ausgetauscht.", None),
            ("", None),
            ("157", None),
        ] {
            assert_eq!(Language::of(text).map(Language::tag), tag, "{text}");
        }
    }
}
