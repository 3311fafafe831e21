//! How values are put into words: the same for both sides, and never a number where none is known.

use announcement::{Announcer, Category, Count, Date, Number, Party, What};
use jiff::{Timestamp, civil};
use projection::{Days, Why};

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

/// The name of a party as an exchange key writes it.
pub(super) fn party_of_key(part: &str) -> String {
    part.to_ascii_uppercase().replace('_', "-").parse().map_or_else(|_| part.to_owned(), party)
}

pub(super) const fn what(what: What) -> &'static str {
    match what {
        What::Bodies => "Bodies of the fallen",
        What::Prisoners => "Prisoners of war",
        What::Civilians => "Civilians",
        What::Children => "Children",
    }
}

/// A category as a row of figures: `people` is the total of the living, the other three its breakdown.
pub(super) const fn category(category: Category) -> &'static str {
    match category {
        Category::Bodies => "Bodies of the fallen",
        Category::People => "The living, all together",
        Category::Prisoners => "of these announced as prisoners",
        Category::Civilians => "of these announced as civilians",
        Category::Children => "of these announced as children",
    }
}

/// A category beside a number.
pub(super) const fn short(category: Category) -> &'static str {
    match category {
        Category::Bodies => "bodies",
        Category::People => "people",
        Category::Prisoners => "prisoners",
        Category::Civilians => "civilians",
        Category::Children => "children",
    }
}

/// Who says it: the party first, for everybody alike.
pub(super) fn announcer(announcer: Option<&Announcer>) -> String {
    let Some(announcer) = announcer else { return "An outlet’s own words, or an unnamed source".to_owned() };
    let party_name = party(announcer.party);
    let stands_for = announcer.stands_for.map(|stands_for| format!("for {}", party(stands_for)));
    let parts = [Some(party_name), stands_for, announcer.office.clone(), announcer.name.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A day: `29 January 2026`.
pub(super) fn day(day: civil::Date) -> String {
    format!("{} {}", day.day(), month(day))
}

fn month(day: civil::Date) -> String {
    const MONTHS: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let index = usize::try_from(day.month() - 1).expect("a month is from 1 to 12");
    format!("{} {}", MONTHS[index], day.year())
}

/// The days that a date can mean: a month or a year where they are exactly one.
pub(super) fn days(days: Days) -> String {
    match (days.earliest, days.latest) {
        (Some(first), Some(last)) if first == last => day(first),
        (Some(first), Some(last)) if first == first.first_of_year() && last == first.last_of_year() => first.year().to_string(),
        (Some(first), Some(last)) if first == first.first_of_month() && last == first.last_of_month() => month(first),
        (Some(first), Some(last)) if (first.year(), first.month()) == (last.year(), last.month()) => format!("{} to {}", first.day(), day(last)),
        (Some(first), Some(last)) => format!("{} to {}", day(first), day(last)),
        (Some(first), None) => format!("{} or later", day(first)),
        (None, Some(last)) => format!("{} or earlier", day(last)),
        (None, None) => "date not known".to_owned(),
    }
}

/// A date as it was announced, with its qualifier in words.
pub(super) fn date(date: &Date) -> String {
    let qualified = match date {
        Date::Point(point) => vec![point],
        Date::Interval(from, to) => from.iter().chain(to).collect(),
    };
    let text = qualified.iter().map(ToString::to_string).collect::<String>();
    let words = days(date.span().into());
    match (text.contains('~') || text.contains('%'), text.contains('?') || text.contains('%')) {
        (true, true) => format!("{words} (about, uncertain)"),
        (true, false) => format!("{words} (about)"),
        (false, true) => format!("{words} (uncertain)"),
        (false, false) => words,
    }
}

/// A count in the words of the announcement.
pub(super) fn stated(count: Count) -> String {
    let wide = |number_: Number| number(u64::from(number_.get()));
    match count {
        Count::Exact(count) => wide(count),
        Count::AtLeast(count) => format!("at least {}", wide(count)),
        Count::MoreThan(count) => format!("more than {}", wide(count)),
        Count::AtMost(count) => format!("at most {}", wide(count)),
        Count::LessThan(count) => format!("fewer than {}", wide(count)),
        Count::About(count) => format!("about {}", wide(count)),
        Count::Between(low, high) => format!("{} to {}", wide(low), wide(high)),
        Count::Unknown => "number not given:".to_owned(),
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

/// Why a claim is in no figure.
pub(super) const fn out(why: Why) -> &'static str {
    match why {
        Why::Retracted => "withdrawn by its publisher",
        Why::Corrected => "corrected by its publisher",
        Why::Revised => "revised by its announcer",
        Why::Quarantined => "set aside by a curator",
        Why::Redacted => "redacted by an operator",
        Why::Relay => "repeats a recorded statement",
        Why::MaybeLater => "it may have been announced after that day",
        Why::Outranked => "a party to the exchange was heard",
    }
}

/// An instant to the second, in UTC.
pub(super) fn instant(instant: Timestamp) -> String {
    let utc = jiff::tz::Offset::UTC.to_datetime(instant);
    format!("{}, {:02}:{:02}:{:02} UTC", day(utc.date()), utc.hour(), utc.minute(), utc.second())
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
