//! Dates as spreadsheets write them.

use serde::Deserialize;

use crate::cell::{CellFault, fault};

/// In which order a date's parts stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Order {
    /// `2026-01-29`, with all that the format's dates may say (`2026-01?`, `2026-01-28/2026-01-30`).
    #[default]
    #[serde(rename = "y-m-d")]
    YearFirst,
    /// `29.01.2026`, `01.2026`.
    #[serde(rename = "d.m.y")]
    Dotted,
    /// `29/01/2026`, `01/2026`.
    #[serde(rename = "d/m/y")]
    DayFirst,
    /// `01/29/2026`, `01/2026`.
    #[serde(rename = "m/d/y")]
    MonthFirst,
}

/// A date of the format. What is a year, or written year first, is understood in any order.
///
/// # Errors
/// What the cell says is no date in that order.
pub(crate) fn day(text: &str, order: Order) -> Result<String, CellFault> {
    let text = without_midnight(text.trim());
    if let Ok(date) = text.parse::<announcement::Date>() {
        return Ok(date.to_string());
    }
    let (separator, example) = match order {
        Order::YearFirst => ('-', "2026-01-29"),
        Order::Dotted => ('.', "29.01.2026"),
        Order::DayFirst => ('/', "29/01/2026"),
        Order::MonthFirst => ('/', "01/29/2026"),
    };
    let wrong = || {
        let is_serial = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        let remedy = if is_serial {
            "That is a spreadsheet's number of a day: format the column as a date before it's exported".to_owned()
        } else {
            format!(
                "Write it as {example} or 2026-01-29 (a month as 2026-01), or name the file's order in the mapping: dates = \"d.m.y\", \"d/m/y\" or \"m/d/y\""
            )
        };
        fault(format!("\"{text}\" is no date"), remedy)
    };
    let parts: Vec<&str> = text.split(separator).collect();
    let (year, month, day) = match (order, parts.as_slice()) {
        (Order::Dotted | Order::DayFirst, [day, month, year]) | (Order::MonthFirst, [month, day, year]) => (year, month, Some(day)),
        (Order::Dotted | Order::DayFirst | Order::MonthFirst, [month, year]) => (year, month, None),
        _ => return Err(wrong()),
    };
    let are_digits = |text: &str, lengths: &[usize]| lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(year, &[4]) || !are_digits(month, &[1, 2]) || !day.is_none_or(|day| are_digits(day, &[1, 2])) {
        return Err(wrong());
    }
    let written = day.map_or_else(|| format!("{year}-{month:0>2}"), |day| format!("{year}-{month:0>2}-{day:0>2}"));
    written.parse::<announcement::Date>().map(|date| date.to_string()).map_err(|_| wrong())
}

/// Spreadsheets export a day with its first moment.
fn without_midnight(text: &str) -> &str {
    [" 00:00:00", "T00:00:00", " 00:00", " 0:00"].iter().find_map(|midnight| text.strip_suffix(midnight)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_the_order_that_the_mapping_names() {
        for (order, text, expected) in [
            (Order::YearFirst, "2026-01-29", "2026-01-29"),
            (Order::YearFirst, "2026-01?", "2026-01?"),
            (Order::YearFirst, "2026-01-28/2026-01-30", "2026-01-28/2026-01-30"),
            (Order::YearFirst, "2026-01-29 00:00:00", "2026-01-29"),
            (Order::Dotted, "29.01.2026", "2026-01-29"),
            (Order::Dotted, "9.1.2026", "2026-01-09"),
            (Order::Dotted, "01.2026", "2026-01"),
            (Order::Dotted, "2026", "2026"),
            (Order::Dotted, "2026-01-29", "2026-01-29"),
            (Order::DayFirst, "02/03/2026", "2026-03-02"),
            (Order::MonthFirst, "02/03/2026", "2026-02-03"),
            (Order::MonthFirst, "01/29/2026 0:00", "2026-01-29"),
        ] {
            assert_eq!(day(text, order).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_in_that_order_is_refused() {
        for (order, text, remedy) in [
            (Order::YearFirst, "29.01.2026", "dates ="),
            (Order::MonthFirst, "29/01/2026", "01/29/2026"),
            (Order::DayFirst, "01/29/2026", "29/01/2026"),
            (Order::Dotted, "29.01.26", "29.01.2026"),
            (Order::Dotted, "30.02.2026", "29.01.2026"),
            (Order::Dotted, "29.01.2026 12:30", "29.01.2026"),
            (Order::YearFirst, "46051", "number of a day"),
            (Order::YearFirst, "soon", "2026-01-29"),
            (Order::Dotted, "a.b.c", "29.01.2026"),
            (Order::Dotted, "+1.01.2026", "29.01.2026"),
        ] {
            let (detail, found) = day(text, order).unwrap_err();
            assert!(found.contains(remedy) && detail.contains("no date"), "{text}: {detail}. {found}");
        }
    }
}
