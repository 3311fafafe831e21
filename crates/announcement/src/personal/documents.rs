use super::numbers::{Group, Numbers};

/// Words that announce a number of a document or tag, and the fewest digits that it has.
const DOCUMENTS: [(&str, usize); 15] = [
    ("passport", 4),
    ("паспорт", 4),
    ("dog tag", 4),
    ("tag number", 4),
    ("tag no", 4),
    ("tag ", 5),
    ("token ", 5),
    ("жетон", 4),
    ("service number", 4),
    ("personal number", 4),
    ("военник", 4),
    ("військовий квиток", 4),
    ("снилс", 4),
    ("инн", 9),
    ("іпн", 4),
];
/// A count has at most eight digits.
const LONGER_THAN_A_COUNT: usize = 9;

pub(super) fn has_document(numbers: &Numbers, lower: &str) -> bool {
    let longest = numbers.groups.iter().map(|group| group.digits.len()).max().unwrap_or_default();
    longest >= LONGER_THAN_A_COUNT
        || DOCUMENTS.iter().any(|&(word, digits)| longest >= digits && lower.contains(word))
        || numbers.groups.windows(2).any(|pair| is_russian_passport(&pair[0], &pair[1]))
        || numbers.groups.iter().any(has_series)
}

/// Four digits and six: `4509 123456`.
fn is_russian_passport(series: &Group, number: &Group) -> bool {
    series.digits.len() == 4 && number.digits.len() == 6 && [" ", " № ", "-"].contains(&number.before.as_str())
}

/// Two capital letters and six or seven digits (`AB123456`, `МТ 123456`), or one with a hyphen and six (`А-123456`).
fn has_series(group: &Group) -> bool {
    if !(6..=7).contains(&group.digits.len()) {
        return false;
    }
    let series = group.before.trim_end_matches(|character: char| " -№".contains(character));
    let letters: Vec<char> = series.chars().rev().take_while(|character| character.is_alphabetic()).collect();
    let of_tag = letters.len() == 1 && group.before.ends_with('-') && group.digits.len() == 6;
    (letters.len() == 2 || of_tag) && letters.iter().all(|letter| letter.is_uppercase())
}
