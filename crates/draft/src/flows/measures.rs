//! Numbers that count nobody: ages, lengths of time, distances.

use crate::counted::{Counted, View};

const AGES: &[&str] = &["aged", "age", "ages", "возрасте", "возраст", "віком", "віці", "day", "days", "number", "no", "номер"];
const UNITS: &[&str] = &[
    "years",
    "year",
    "months",
    "days",
    "hours",
    "minutes",
    "weeks",
    "a",
    "p",
    "лет",
    "года",
    "год",
    "месяцев",
    "месяца",
    "дней",
    "часов",
    "минут",
    "років",
    "роки",
    "місяців",
    "днів",
    "годин",
    "хвилин",
    "stages",
    "times",
    "раз",
    "разів",
    "percent",
    "km",
    "км",
    "refrigerators",
    "sides",
    "countries",
    "nations",
    "стороны",
    "сторон",
    "сторони",
    "сторін",
    "buses",
];

/// "Aged 22 to 61".
pub(super) fn is_age(view: View<'_>, counted: &Counted) -> bool {
    /// How many tokens may stand between, another age among them.
    const NEAR: usize = 4;
    (1..=NEAR).any(|back| counted.first.checked_sub(back).is_some_and(|at| AGES.contains(&view.word(at))))
}

/// "19 months".
pub(super) fn is_measure(view: View<'_>, counted: &Counted) -> bool {
    UNITS.contains(&view.word(counted.end))
}

/// "Handed over a list of 339 children", "letters from 25 prisoners": what was handed over is no people.
pub(super) fn is_listed(view: View<'_>, verb_end: usize, counted: &Counted) -> bool {
    const THINGS: &[&str] =
        &["list", "letter", "parcel", "package", "names", "data", "спис", "письм", "посыл", "данны", "имена", "лист", "посил", "дані", "імена", "перелік"];
    (verb_end..counted.first).any(|at| THINGS.iter().any(|thing| view.word(at).starts_with(thing)) && !view.in_date(at))
}
