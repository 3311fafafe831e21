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

struct Word {
    lower: String,
    shape: Shape,
    /// Only spaces, full stops and colons stand between it and the word before it.
    joined: bool,
}

pub(super) fn has_person(text: &str) -> bool {
    let words = words(text);
    has_initials(&words) || has_patronymic(&words) || has_announced_name(&words) || has_list_of_names(text)
}

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut end = 0;
    for word in text.split(|character: char| !(character.is_alphanumeric() || "'’-".contains(character))).filter(|word| !word.is_empty()) {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let joined = end > 0 && text[end..start].chars().all(|character| " .:".contains(character));
        let lower = word.to_lowercase();
        words.push(Word { shape: shape(word, &lower), lower, joined });
        end = start + word.len();
    }
    words
}

fn shape(word: &str, lower: &str) -> Shape {
    /// Abbreviations such as ICRC are shorter than most names in capitals.
    const ABBREVIATION: usize = 5;
    let count = word.chars().count();
    let capital = word.chars().next().is_some_and(char::is_uppercase);
    let letters = word.chars().all(|character| character.is_alphabetic() || "'’-".contains(character));
    match (capital && letters, count) {
        (true, 1) => Shape::Initial,
        (true, _) if (count >= ABBREVIATION || word.chars().any(char::is_lowercase)) && !is_known(lower) => Shape::Name,
        _ => Shape::Other,
    }
}

/// `Surname I. I.` or `I. I. Surname`.
fn has_initials(words: &[Word]) -> bool {
    use Shape::{Initial, Name};
    words.windows(3).any(|three| {
        let shapes = [three[0].shape, three[1].shape, three[2].shape];
        three[1].joined && three[2].joined && (shapes == [Name, Initial, Initial] || shapes == [Initial, Initial, Name])
    })
}

/// Three names in a row with a patronymic among the last two, in any case of the language.
fn has_patronymic(words: &[Word]) -> bool {
    words.windows(3).any(|three| {
        let names = three.iter().all(|word| word.shape == Shape::Name) && three[1].joined && three[2].joined;
        names && three[1..].iter().any(|word| is_patronymic(&word.lower))
    })
}

fn is_patronymic(lower: &str) -> bool {
    const CASES: [&str; 20] = ["", "а", "у", "ем", "ом", "ові", "еві", "і", "ою", "ой", "ы", "и", "е", "a", "u", "y", "i", "em", "om", "oyu"];
    CASES.iter().filter_map(|case| lower.strip_suffix(case)).any(|stem| PATRONYMICS.iter().any(|patronymic| stem.ends_with(patronymic)))
}

/// A word that announces a person, and two names or a name with an initial; after a rank one name will do.
fn has_announced_name(words: &[Word]) -> bool {
    words.iter().enumerate().any(|(at, first)| {
        let name = |number: usize| words.get(at + number).is_some_and(|word| word.joined && word.shape == Shape::Name);
        let after = |number: usize| words.get(at + number).is_some_and(|word| word.joined && word.shape != Shape::Other);
        let person = |number: usize| after(number) && after(number + 1) && (name(number) || name(number + 1));
        if RANKS.contains(&first.lower.as_str()) && name(1) {
            return true;
        }
        ANNOUNCING.iter().filter(|announcing| announcing.starts_with(&first.lower)).any(|announcing| {
            let mut said = announcing.split(' ');
            let count = announcing.split(' ').count();
            words[at..].iter().take(count).all(|word| said.next() == Some(word.lower.as_str())) && person(count)
        })
    })
}

/// Two or more items of a list that are each a person's name and nothing else.
pub(super) fn has_list_of_names(text: &str) -> bool {
    let mut text = text.to_owned();
    for word in [" and ", " with ", " та ", " і ", " й ", " и ", " - "] {
        text = text.replace(word, ",");
    }
    let between = |character: char| character.is_numeric() || character.is_control() || ",;:•|/()[]\"«»“”–—.".contains(character);
    let items = text.split(between).filter(|item| !item.trim().is_empty());
    items.filter(|item| is_person(item)).count() > 1
}

fn is_person(item: &str) -> bool {
    let words = words(item);
    let names = words.iter().filter(|word| word.shape == Shape::Name).count();
    let other = words.iter().any(|word| word.shape == Shape::Other);
    (2..=MOST_NAMES).contains(&words.len()) && names > 0 && !other
}
