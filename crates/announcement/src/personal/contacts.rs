use super::numbers::Numbers;

/// Whether it has one of the signs that every address has, whatever the case of its letters.
pub(super) fn may_have_email(text: &str) -> bool {
    text.bytes().any(|byte| b"@([{".contains(&byte))
}

/// An address as it's written, or with its @ spelled out in brackets.
pub(super) fn has_email(text: &str) -> bool {
    let part = |character: char| character.is_alphanumeric() || "._%+-".contains(character);
    let written = text.match_indices('@').any(|(at, _)| {
        let host = text[at + 1..].split(|character| !part(character)).next().unwrap_or_default();
        text[..at].chars().next_back().is_some_and(part) && host.split('.').filter(|label| !label.is_empty()).count() > 1
    });
    written || ["(at)", "[at]", "{at}", "(собака)", "[собака]"].iter().any(|at| text.contains(at))
}

/// Nine to fifteen digits that begin as a telephone number does.
pub(super) fn has_phone(numbers: &Numbers) -> bool {
    /// The country's code that Ukrainian numbers begin with, and their length.
    const COUNTRY: (&str, usize) = ("380", 12);
    let (mut digits, mut begins_like_one, mut begins_with_country) = (0, false, false);
    for group in &numbers.groups {
        let glue = !group.before.is_empty() && group.before.len() <= 3 && group.before.chars().all(|character| " -().".contains(character));
        let plus = group.before.trim_end_matches('(').ends_with('+');
        if plus || !glue || digits == 0 {
            digits = 0;
            begins_like_one = plus || group.digits.starts_with('0') || group.digits == "8";
            begins_with_country = group.digits == COUNTRY.0;
        }
        digits += group.digits.len();
        if begins_like_one && (9..=15).contains(&digits) || begins_with_country && digits == COUNTRY.1 {
            return true;
        }
    }
    false
}
