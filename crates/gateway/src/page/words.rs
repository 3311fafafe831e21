//! How values are put into words: the same for both sides, and never a number where none is known.

use announcement::{Party, What};
use jiff::Timestamp;

/// A party's name. What isn't among these is shown by its code.
pub(super) fn party(party: Party) -> String {
    let name = match party.as_str() {
        "AE" => "United Arab Emirates",
        "BY" => "Belarus",
        "CH" => "Switzerland",
        "HU" => "Hungary",
        "QA" => "Qatar",
        "RU" => "Russia",
        "SA" => "Saudi Arabia",
        "TR" => "Türkiye",
        "UA" => "Ukraine",
        "US" => "United States",
        "VA" => "Holy See",
        "X-ICRC" => "International Committee of the Red Cross",
        code => code,
    };
    name.to_owned()
}

pub(super) const fn what(what: What) -> &'static str {
    match what {
        What::Bodies => "Bodies of the fallen",
        What::Prisoners => "Prisoners of war",
        What::Civilians => "Civilians",
        What::Children => "Children",
    }
}

pub(super) fn category(name: &str) -> &str {
    match name {
        "bodies" => "bodies of the fallen",
        "people" => "people, all the living",
        "prisoners" => "of these, named as prisoners of war",
        "civilians" => "of these, named as civilians",
        "children" => "of these, named as children",
        other => other,
    }
}

/// A whole number with a comma every three digits.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A figure between two bounds. No bound at either end is `unknown`, never 0.
pub(super) fn range(low: Option<u64>, high: Option<u64>) -> String {
    match (low.filter(|low| *low > 0), high) {
        (low, Some(high)) if low.unwrap_or(0) == high => number(high),
        (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
        (None, Some(high)) => format!("up to {}", number(high)),
        (Some(low), None) => format!("{} or more", number(low)),
        (None, None) => "unknown".to_owned(),
    }
}

/// `one exchange`, `3 exchanges`.
pub(super) fn count(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("one {one}") } else { format!("{} {many}", number(count)) }
}

/// An instant to the second, in UTC.
pub(super) fn instant(instant: Timestamp) -> String {
    let utc = jiff::tz::Offset::UTC.to_datetime(instant);
    format!("{}, {:02}:{:02}:{:02} UTC", utc.date(), utc.hour(), utc.minute(), utc.second())
}

/// An address that may be linked to: only `http` and `https`.
pub(super) fn linkable(address: &str) -> bool {
    let scheme = address.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_never_zero_and_zero_is_never_unknown() {
        assert_eq!(range(Some(0), None), "unknown");
        assert_eq!(range(None, None), "unknown");
        assert_eq!(range(Some(0), Some(0)), "0");
        assert_eq!(range(Some(1000), Some(1000)), "1,000");
        assert_eq!(range(Some(1245), Some(1248)), "1,245 to 1,248");
        assert_eq!(range(Some(0), Some(50)), "up to 50");
        assert_eq!(range(Some(1801), None), "1,801 or more");
    }

    #[test]
    fn numbers_are_grouped() {
        let grouped: Vec<String> = [0, 7, 999, 1_000, 12_345, 1_234_567].into_iter().map(number).collect();
        assert_eq!(grouped, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn only_web_addresses_are_linked() {
        assert!(linkable("https://example.org/") && linkable("HTTP://example.org"));
        for address in ["javascript:alert(1)", "data:text/html,x", "//example.org", "javascript://example.org/%0aalert(1)", "", "file:///etc/passwd"] {
            assert!(!linkable(address), "{address}");
        }
    }
}
