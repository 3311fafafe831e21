//! Counts as people write them.

use serde_json::{Value, json};

use crate::{
    cell::{CellFault, fault},
    mapping::Numbers,
};

/// Words for a count that wasn't given, in any case; a mapping may name more.
const UNKNOWN: [&str; 2] = ["unknown", "?"];

/// A count, or nothing for an empty cell: what wasn't mentioned has no item, and what wasn't given is `unknown`.
///
/// # Errors
/// What the cell says is no count.
pub(crate) fn count(text: &str, numbers: &Numbers) -> Result<Option<Value>, CellFault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let lower = text.to_lowercase();
    if UNKNOWN.contains(&lower.as_str()) || numbers.unknown.iter().any(|word| word.to_lowercase() == lower) {
        return Ok(Some(json!("unknown")));
    }
    let forms =
        [(">=", "at_least"), ("≥", "at_least"), (">", "more_than"), ("<=", "at_most"), ("≤", "at_most"), ("<", "less_than"), ("~", "about"), ("≈", "about")];
    for (sign, form) in forms {
        if let Some(rest) = text.strip_prefix(sign) {
            return Ok(Some(json!({ form: number(rest, numbers)? })));
        }
    }
    if let Some(rest) = text.strip_suffix('+') {
        return Ok(Some(json!({"at_least": number(rest, numbers)?})));
    }
    match text.split_once(['-', '–']) {
        Some((low, high)) if !low.trim().is_empty() => Ok(Some(json!({"between": [number(low, numbers)?, number(high, numbers)?]}))),
        _ => Ok(Some(json!({"exact": number(text, numbers)?}))),
    }
}

/// A whole number without sign. Separators are taken only where the mapping names them: `1,000` is a thousand to some and one to others.
fn number(text: &str, numbers: &Numbers) -> Result<u64, CellFault> {
    let text = text.trim();
    let whole = match numbers.decimal.and_then(|decimal| text.split_once(decimal)) {
        Some((whole, fraction)) if !fraction.is_empty() && fraction.chars().all(|char| char == '0') => whole,
        Some(_) => return Err(fault(format!("\"{text}\" isn't a whole number"), "People are counted: give a whole number")),
        None => text,
    };
    let groups: Vec<&str> = match numbers.thousands {
        Some(' ') => whole.split(char::is_whitespace).collect(),
        Some(separator) => whole.split(separator).collect(),
        None => vec![whole],
    };
    let (first, rest) = groups.split_first().expect("a split gives at least one part");
    let is_grouped = rest.is_empty() || ((1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3));
    let digits = groups.concat();
    if is_grouped && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().map_err(|_| fault(format!("\"{text}\" is too large"), "A count is at most 10,000,000"));
    }
    let remedy = if digits.contains([',', '.', ' ', '\u{a0}', '\u{202f}', '\'']) {
        "Where that is one number, name its separators in the mapping: thousands = \",\", decimal = \".\""
    } else {
        "Write a count as 1000, >1800, 200+, <50, ~250, 40-43 or unknown, or leave the cell empty where nothing was said"
    };
    Err(fault(format!("\"{text}\" is no count"), remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(thousands: Option<char>, decimal: Option<char>) -> Numbers {
        Numbers { thousands, decimal, unknown: vec!["не названо".to_owned()] }
    }

    #[test]
    fn counts_are_read_as_people_write_them() {
        let plain = numbers(None, None);
        for (text, expected) in [
            ("1000", json!({"exact": 1000})),
            (" 0 ", json!({"exact": 0})),
            (">1800", json!({"more_than": 1800})),
            (">= 200", json!({"at_least": 200})),
            ("≥200", json!({"at_least": 200})),
            ("200+", json!({"at_least": 200})),
            ("<50", json!({"less_than": 50})),
            ("≤ 50", json!({"at_most": 50})),
            ("~250", json!({"about": 250})),
            ("≈250", json!({"about": 250})),
            ("40-43", json!({"between": [40, 43]})),
            ("40 – 43", json!({"between": [40, 43]})),
            ("unknown", json!("unknown")),
            ("?", json!("unknown")),
            ("Не названо", json!("unknown")),
        ] {
            assert_eq!(count(text, &plain).unwrap(), Some(expected), "{text}");
        }
        assert_eq!(count("  ", &plain).unwrap(), None);
    }

    #[test]
    fn separators_are_taken_where_the_mapping_names_them_and_nowhere_else() {
        for (thousands, decimal, text) in [
            (Some(' '), None, "1 000"),
            (Some(' '), None, "1\u{a0}000"),
            (Some(' '), Some(','), "1\u{202f}000,00"),
            (Some(','), None, "1,000"),
            (Some('.'), Some(','), "1.000,0"),
            (Some('\''), None, "1'000"),
            (Some(','), None, "1000"),
            (None, Some('.'), "1000.0"),
        ] {
            assert_eq!(count(text, &numbers(thousands, decimal)).unwrap(), Some(json!({"exact": 1000})), "{text}");
        }
        for (thousands, decimal, text, remedy) in [
            (None, None, "1,000", "thousands"),
            (None, None, "1 000", "thousands"),
            (None, None, "1000.0", "decimal"),
            (Some(','), None, "10,00", "count as"),
            (Some(','), None, "1000,000", "count as"),
            (Some(','), Some('.'), "1,000.5", "whole number"),
        ] {
            let (detail, found) = count(text, &numbers(thousands, decimal)).unwrap_err();
            assert!(found.contains(remedy) && detail.contains(text), "{text}: {detail}. {found}");
        }
    }

    #[test]
    fn what_is_no_count_is_refused() {
        for text in ["many", "-5", "1e3", ">", "+", "-", "40-", "~ten", "99999999999999999999", "١٠٠", "=SUM(A1:A3)", "#REF!"] {
            let found = count(text, &numbers(None, None));
            assert!(found.is_err(), "{text}: {found:?}");
        }
    }
}
