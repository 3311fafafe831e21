use std::borrow::Cow;

use super::known::is_known;

/// Words before the name of somebody who is held or was killed.
const ANNOUNCING: [&str; 52] = [
    "body of",
    "bodies of",
    "captain",
    "captive",
    "captured",
    "civilian",
    "corporal",
    "cpl",
    "deceased",
    "defender",
    "fallen",
    "fighter",
    "freed",
    "identified",
    "killed",
    "lieutenant",
    "lt",
    "military",
    "named",
    "pow",
    "prisoner",
    "prisoner of war",
    "private",
    "pte",
    "pvt",
    "released",
    "remains of",
    "returned",
    "sergeant",
    "serviceman",
    "servicewoman",
    "sgt",
    "soldier",
    "боец",
    "боєць",
    "военнослужащий",
    "военнопленный",
    "військовополонений",
    "військовослужбовець",
    "загиблий",
    "звільнено",
    "матрос",
    "освобожден",
    "передано",
    "пленный",
    "повернуто",
    "погибший",
    "полонений",
    "прізвище",
    "фамилия",
    "тело",
    "тіло",
];
/// The most words of one of these.
const MOST_ANNOUNCING: usize = 3;
/// Ranks that in Ukrainian and Russian stand right before a surname.
const RANKS: [&str; 11] = ["солдат", "солдата", "рядовий", "рядовой", "рядового", "сержант", "сержанта", "старшина", "ефрейтор", "єфрейтор", "лейтенант"];
/// Stems of patronymics, their endings of case taken off.
const PATRONYMICS: [&str; 15] = ["ович", "евич", "євич", "йович", "ич", "овн", "евн", "івн", "ївн", "ovych", "ovich", "evych", "evich", "ovn", "ivn"];
/// The words of one person's name.
const MOST_NAMES: usize = 4;

/// What a word is, by its letters alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Written as a name is, and no known word of offices, places and the like.
    Name,
    /// One capital letter.
    Initial,
    Other,
}

struct Word<'a> {
    text: &'a str,
    shape: Shape,
    /// Only spaces, full stops and colons stand between it and the word before it.
    joined: bool,
}

pub(super) fn has_person(text: &str) -> bool {
    // Every name begins with a capital letter.
    if !text.chars().any(char::is_uppercase) {
        return false;
    }
    let words = words(text);
    let named = words.iter().any(|word| word.shape == Shape::Name);
    named && (has_initials(&words) || has_patronymic(&words) || has_announced_name(&words)) || has_list_of_names(text)
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut end = 0;
    for word in split(text) {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let joined = end > 0 && text[end..start].chars().all(|character| " .:".contains(character));
        words.push(Word { text: word, shape: shape(word), joined });
        end = start + word.len();
    }
    words
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_alphanumeric() || "'’-".contains(character))).filter(|word| !word.is_empty())
}

fn shape(word: &str) -> Shape {
    /// Abbreviations such as ICRC are shorter than most names in capitals.
    const ABBREVIATION: usize = 5;
    let capital = word.chars().next().is_some_and(char::is_uppercase);
    if !capital || !word.chars().all(|character| character.is_alphabetic() || "'’-".contains(character)) {
        return Shape::Other;
    }
    match word.chars().count() {
        1 => Shape::Initial,
        count if (count >= ABBREVIATION || word.chars().any(char::is_lowercase)) && !is_known(&word.to_lowercase()) => Shape::Name,
        _ => Shape::Other,
    }
}

/// `Surname I. I.` or `I. I. Surname`.
fn has_initials(words: &[Word<'_>]) -> bool {
    use Shape::{Initial, Name};
    words.windows(3).any(|three| {
        let shapes = [three[0].shape, three[1].shape, three[2].shape];
        three[1].joined && three[2].joined && (shapes == [Name, Initial, Initial] || shapes == [Initial, Initial, Name])
    })
}

/// Three names in a row with a patronymic among the last two, in any case of the language.
fn has_patronymic(words: &[Word<'_>]) -> bool {
    words.windows(3).any(|three| {
        let names = three.iter().all(|word| word.shape == Shape::Name) && three[1].joined && three[2].joined;
        names && three[1..].iter().any(|word| is_patronymic(&word.text.to_lowercase()))
    })
}

fn is_patronymic(lower: &str) -> bool {
    const CASES: [&str; 20] = ["", "а", "у", "ем", "ом", "ові", "еві", "і", "ою", "ой", "ы", "и", "е", "a", "u", "y", "i", "em", "om", "oyu"];
    CASES.iter().filter_map(|case| lower.strip_suffix(case)).any(|stem| PATRONYMICS.iter().any(|patronymic| stem.ends_with(patronymic)))
}

/// A word that announces a person, and two names or a name with an initial; after a rank one name will do.
fn has_announced_name(words: &[Word<'_>]) -> bool {
    words.iter().enumerate().any(|(at, first)| {
        let name = |number: usize| words.get(at + number).is_some_and(|word| word.joined && word.shape == Shape::Name);
        let after = |number: usize| words.get(at + number).is_some_and(|word| word.joined && word.shape != Shape::Other);
        let person = |number: usize| after(number) && after(number + 1) && (name(number) || name(number + 1));
        if !name(1) && !(1..=MOST_ANNOUNCING).any(person) {
            return false;
        }
        let lower = first.text.to_lowercase();
        if RANKS.contains(&lower.as_str()) && name(1) {
            return true;
        }
        ANNOUNCING.iter().filter(|announcing| announcing.starts_with(&lower)).any(|announcing| {
            let mut said = announcing.split(' ');
            let count = announcing.split(' ').count();
            person(count) && words[at..].iter().take(count).all(|word| said.next() == Some(word.text.to_lowercase().as_str()))
        })
    })
}

/// Two or more items of a list that are each a person's name and nothing else.
pub(super) fn has_list_of_names(text: &str) -> bool {
    // Two items of two words, which all begin with a capital letter.
    if text.chars().filter(|character| character.is_uppercase()).count() < 4 {
        return false;
    }
    let mut text = Cow::Borrowed(text);
    for word in [" and ", " with ", " та ", " і ", " й ", " и ", " - "] {
        if text.contains(word) {
            text = Cow::Owned(text.replace(word, ","));
        }
    }
    let between = |character: char| character.is_numeric() || character.is_control() || ",;:•|/()[]\"«»“”–—.".contains(character);
    text.split(between).filter(|item| is_person(item)).nth(1).is_some()
}

fn is_person(item: &str) -> bool {
    let (mut count, mut names) = (0, 0);
    for shape in split(item).map(shape) {
        count += 1;
        names += usize::from(shape == Shape::Name);
        if shape == Shape::Other || count > MOST_NAMES {
            return false;
        }
    }
    count > 1 && names > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_announces_a_person_has_no_more_words_than_are_looked_at() {
        assert_eq!(ANNOUNCING.iter().map(|announcing| announcing.split(' ').count()).max(), Some(MOST_ANNOUNCING));
    }
}
