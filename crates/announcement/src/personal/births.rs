use super::numbers::Numbers;

/// Years in which somebody who is held or was killed may have been born.
const LIVING: std::ops::Range<u16> = 1920..2012;
/// Days before this year are dates of birth: no announcement speaks of a day so long before it.
const EVENTS_BEGIN: u16 = 2000;

pub(super) fn has_birth(numbers: &Numbers, lower: &str) -> bool {
    let squeezed: String = lower.split_whitespace().collect();
    let words = || lower.split(|character: char| !character.is_alphanumeric());
    let dated = words().any(|word| word == "dob") || squeezed.contains("d.o.b") || squeezed.contains("датарожд") || squeezed.contains("датанародж");
    if dated && !(numbers.groups.is_empty() && numbers.days.is_empty()) {
        return true;
    }
    let said = words().any(|word| matches!(word, "born" | "birth" | "birthdate" | "birthday" | "b" | "род") && is_said(word, &squeezed))
        || ["рожден", "рождён", "родил", "народж", "народив", "г.р.", "р.н."].iter().any(|word| squeezed.contains(word));
    let years = numbers.groups.iter().filter(|group| group.digits.len() == 4).filter_map(|group| group.digits.parse().ok());
    numbers.days.iter().any(|year| (LIVING.start..EVENTS_BEGIN).contains(year))
        || said && numbers.days.iter().copied().chain(years).any(|year| LIVING.contains(&year))
}

/// Abbreviations count with their full stop only: `b. 1991`, `род. 1991`.
fn is_said(word: &str, squeezed: &str) -> bool {
    match word {
        "b" => squeezed.contains("b.19") || squeezed.contains("b.20"),
        "род" => squeezed.contains("род."),
        _ => true,
    }
}
