use announcement::Date;
use jiff::{ToSpan, civil};

use crate::{
    language::Language,
    lexicon::{Mark, Tag},
    support::{Sourced, Support},
    tokens::{Kind, Token, bytes},
};

/// A time as a text names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum When {
    Day {
        year: Option<i16>,
        month: u8,
        day: u8,
    },
    Month {
        year: Option<i16>,
        month: u8,
    },
    Year(i16),
    Weekday(u8),
    DaysAgo(u8),
    /// A time that can't be told: "last week".
    Vague,
    /// When those counted were captured, or since when they were held: no time of what the sentence tells.
    Captivity,
}

/// Where a text names a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mention {
    pub(crate) first: usize,
    pub(crate) end: usize,
    pub(crate) when: When,
}

/// Whether what is dated lies behind the text or before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Past,
    Future,
    /// Either: of the year of publication.
    Near,
}

/// When the article was published, as precisely as it's known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Published {
    pub(crate) date: Date,
    year: i16,
    month: Option<u8>,
    day: Option<civil::Date>,
}

impl Published {
    /// `None` where it's an interval or isn't certain: nothing can rest on it.
    pub(crate) fn of(date: Date) -> Option<Self> {
        let text = date.to_string();
        let parts: Option<Vec<i16>> = text.split('-').map(|part| part.parse().ok()).collect();
        let parts = parts?;
        let month = parts.get(1).and_then(|month| u8::try_from(*month).ok());
        Some(Self { date, year: *parts.first()?, month, day: date.plain_day() })
    }

    /// The month in which it was published, where that's known, else the whole date.
    pub(crate) fn month(&self) -> Date {
        self.month.and_then(|month| date(self.year, Some(month), None)).unwrap_or(self.date)
    }
}

/// The times that a sentence names.
pub(crate) fn mentions(tokens: &[Token], marks: &[Mark], language: Language) -> Vec<Mention> {
    let mut mentions: Vec<Mention> = Vec::new();
    for at in 0..tokens.len() {
        let mark = marks.iter().find(|mark| mark.first == at);
        let found = match mark.map(|mark| mark.tag) {
            Some(Tag::Month(month)) => of_month(tokens, at, month, language),
            Some(Tag::Weekday(day)) => mark.map(|mark| Mention { first: at, end: mark.end, when: When::Weekday(day) }),
            Some(Tag::DaysAgo(days)) => mark.map(|mark| Mention { first: at, end: mark.end, when: When::DaysAgo(days) }),
            Some(Tag::VagueTime) => mark.map(|mark| Mention { first: at, end: mark.end, when: When::Vague }),
            _ => of_digits(tokens, at),
        };
        if let Some(found) = found {
            let overlaps = |other: &Mention| other.end > found.first && other.first < found.end;
            if mentions.iter().any(|other| overlaps(other) && other.end - other.first >= found.end - found.first) {
                continue;
            }
            mentions.retain(|other| !overlaps(other));
            mentions.push(found);
        }
    }
    // A day in the calendar says more than the weekday beside it.
    let days: Vec<(usize, usize)> = mentions.iter().filter(|mention| matches!(mention.when, When::Day { .. })).map(|day| (day.first, day.end)).collect();
    let beside = |mention: &Mention| {
        days.iter().any(|(first, end)| mention.end <= *first && first - mention.end <= 2 || *end <= mention.first && mention.first - end <= 2)
    };
    mentions.retain(|mention| !matches!(mention.when, When::Weekday(_) | When::DaysAgo(0)) || !beside(mention));
    for mention in &mut mentions {
        if is_of_captivity(mention, tokens, marks) {
            mention.when = When::Captivity;
        }
    }
    mentions
}

/// "Held in captivity since 2022", "captured in Mariupol in May 2022", "перебували в полоні з 2022 року".
fn is_of_captivity(mention: &Mention, tokens: &[Token], marks: &[Mark]) -> bool {
    /// How many words may stand between.
    const NEAR: usize = 6;
    const CAPTURED: &[&str] =
        &["captured", "detained", "imprisoned", "взяты", "взятых", "захвач", "попал", "пленены", "захоплен", "потрапи", "удержива", "утримува"];
    let word = |at: usize| tokens.get(at).map_or("", |token| token.lower.as_str());
    let since = mention.first.checked_sub(1).is_some_and(|before| matches!(word(before), "since" | "с" | "со" | "з" | "із" | "від" | "from"));
    let before = (mention.first.saturating_sub(NEAR)..mention.first).rev();
    for at in before {
        let mark = marks.iter().find(|mark| (mark.first..mark.end).contains(&at)).map(|mark| mark.tag);
        let noun = marks.iter().any(|mark| mark.first == at + 1 && matches!(mark.tag, Tag::Noun(_)));
        match mark {
            Some(Tag::Captivity) => return since && matches!(word(at), "captivity" | "custody" | "prisons" | "плену" | "полоні" | "неволі"),
            Some(Tag::Verb(..) | Tag::Speech) => return false,
            // "A former mayor held since 2022".
            _ if since && word(at) == "held" => return true,
            _ if CAPTURED.iter().any(|stem| word(at).starts_with(stem)) && !noun => return true,
            _ => {}
        }
    }
    false
}

fn small(token: Option<&Token>) -> Option<u8> {
    let token = token?;
    match token.kind {
        Kind::Number(Some(number)) => u8::try_from(number).ok().filter(|day| (1..=31).contains(day)),
        Kind::Code => {
            let digits = token.lower.trim_end_matches(|character: char| character.is_ascii_lowercase());
            digits.parse().ok().filter(|day| (1..=31).contains(day))
        }
        _ => None,
    }
}

fn year(token: Option<&Token>) -> Option<i16> {
    match token?.kind {
        Kind::Number(Some(number)) => i16::try_from(number).ok().filter(|year| (2014..=2100).contains(year)),
        _ => None,
    }
}

/// A year after a day or a month, perhaps behind a comma: its place and value.
fn year_after(tokens: &[Token], at: usize) -> Option<(usize, i16)> {
    let comma = usize::from(tokens.get(at).is_some_and(|token| token.is(",")));
    let found = year(tokens.get(at + comma))?;
    let end = at + comma + 1;
    let worded = tokens.get(end).is_some_and(|token| is_year_word(&token.lower));
    Some((end + usize::from(worded), found))
}

fn is_year_word(word: &str) -> bool {
    matches!(word, "года" | "году" | "год" | "г" | "року" | "році" | "рік" | "р")
}

fn of_month(tokens: &[Token], at: usize, month: u8, language: Language) -> Option<Mention> {
    let english = language == Language::English;
    let before = at.checked_sub(1).and_then(|before| small(tokens.get(before))).map(|day| (at - 1, day));
    let (first, day, end) = match before {
        Some((first, day)) => (first, Some(day), at + 1),
        None => match small(tokens.get(at + 1)).filter(|_| english) {
            Some(day) => (at, Some(day), at + 2),
            None => (at, None, at + 1),
        },
    };
    // "May" is a word of its own.
    if english && day.is_none() && tokens[at].is("may") {
        let named = at > 0
            && matches!(tokens[at - 1].lower.as_str(), "in" | "since" | "of" | "early" | "late" | "during" | "the" | "last" | "from" | "until")
            && tokens[at].capital;
        if !named {
            return None;
        }
    }
    // "29 and 30 January", "5–6 марта": which day isn't told.
    let several = first > 0
        && matches!(tokens[first - 1].lower.as_str(), "–" | "-" | "—" | "and" | "и" | "і" | "та" | "to" | "по" | "до")
        && small(tokens.get(first.wrapping_sub(2))).is_some();
    let range =
        english && matches!(tokens.get(end).map(|token| token.lower.as_str()), Some("–" | "-" | "—" | "to" | "and")) && small(tokens.get(end + 1)).is_some();
    let found = year_after(tokens, end);
    let (end, year) = found.map_or((end, None), |(end, year)| (end, Some(year)));
    let when = match day {
        _ if (several || range) && day.is_some() => When::Vague,
        Some(day) => When::Day { year, month, day },
        None => When::Month { year, month },
    };
    Some(Mention { first, end, when })
}

fn of_digits(tokens: &[Token], at: usize) -> Option<Mention> {
    let token = &tokens[at];
    if token.kind == Kind::Code {
        let parts: Vec<&str> = token.lower.split(['.', '-']).collect();
        let numbers: Option<Vec<i16>> = parts.iter().map(|part| part.parse().ok()).collect();
        let when = match (numbers?.as_slice(), parts[0].len()) {
            ([year, month, day], 4) => When::Day { year: Some(*year), month: u8::try_from(*month).ok()?, day: u8::try_from(*day).ok()? },
            ([day, month, year], 1 | 2) if parts[2].len() == 4 => {
                When::Day { year: Some(*year), month: u8::try_from(*month).ok()?, day: u8::try_from(*day).ok()? }
            }
            _ => return None,
        };
        return Some(Mention { first: at, end: at + 1, when });
    }
    let value = year(Some(token))?;
    let worded = tokens.get(at + 1).is_some_and(|next| is_year_word(&next.lower));
    let before = at.checked_sub(1).map(|before| tokens[before].lower.as_str());
    let introduced = matches!(before, Some("in" | "during" | "throughout" | "since" | "of" | "for" | "from" | "в" | "у" | "за" | "с" | "з" | "until"));
    let counted = tokens.get(at + 1).is_some_and(|next| next.is_word() && !worded) && !matches!(before, Some("in" | "during" | "since"));
    (worded || introduced && !counted).then(|| Mention { first: at, end: at + 1 + usize::from(worded), when: When::Year(value) })
}

fn date(year: i16, month: Option<u8>, day: Option<u8>) -> Option<Date> {
    let mut text = format!("{year:04}");
    for part in [month, day].into_iter().flatten() {
        text.push_str(&format!("-{part:02}"));
    }
    text.parse().ok()
}

/// The date that a mention means, and whether it rests on the day of publication; `None` where that can't be told.
pub(crate) fn resolve(mention: &Mention, tokens: &[Token], published: Option<&Published>, side: Side) -> Option<Sourced<Date>> {
    let text = Support::Text(bytes(tokens, mention.first..mention.end));
    let both = |date: Date| Sourced { value: date, from: vec![text.clone(), Support::Published] };
    match mention.when {
        When::Day { year: Some(year), month, day } => Some(Sourced { value: date(year, Some(month), Some(day))?, from: vec![text] }),
        When::Month { year: Some(year), month } => Some(Sourced { value: date(year, Some(month), None)?, from: vec![text] }),
        When::Year(year) => Some(Sourced { value: date(year, None, None)?, from: vec![text] }),
        When::Day { year: None, month, day } => {
            let year = year_of(published?, month, Some(day), side);
            date(year, Some(month), Some(day)).map(both)
        }
        When::Month { year: None, month } => date(year_of(published?, month, None, side), Some(month), None).map(both),
        When::Weekday(weekday) => {
            let today = published?.day?;
            let ahead = i32::from(weekday) - i32::from(today.weekday().to_monday_one_offset());
            let days = match side {
                Side::Past | Side::Near => ahead - if ahead > 0 { 7 } else { 0 },
                Side::Future => ahead + if ahead < 0 { 7 } else { 0 },
            };
            Date::of_day(today.checked_add(days.days()).ok()?).map(both)
        }
        When::DaysAgo(days) => match published?.day {
            Some(today) => Date::of_day(today.checked_sub(i32::from(days).days()).ok()?).map(both),
            None => None,
        },
        When::Vague | When::Captivity => None,
    }
}

/// What is past is of the last such day, what is to come of the next.
fn year_of(published: &Published, month: u8, day: Option<u8>, side: Side) -> i16 {
    let Some(now) = published.month else { return published.year };
    let today = published.day.map(|day| day.day().unsigned_abs());
    let later = month > now || month == now && day.zip(today).is_some_and(|(day, today)| day > today);
    let before = month < now || month == now && day.zip(today).is_some_and(|(day, today)| day < today);
    match side {
        Side::Past if later => published.year - 1,
        Side::Future if before => published.year + 1,
        _ => published.year,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lexicon::marks, tokens::tokens};

    fn resolved(text: &str, language: Language, published: &str) -> Vec<Option<String>> {
        let tokens = tokens(text, 0);
        let published = Published::of(published.parse().unwrap());
        let mentions = mentions(&tokens, &marks(&tokens, language), language);
        mentions.iter().map(|mention| resolve(mention, &tokens, published.as_ref(), Side::Past).map(|date| date.value.to_string())).collect()
    }

    #[test]
    fn days_are_read_in_three_languages_and_their_year_comes_from_publication() {
        use Language::{English, Russian, Ukrainian};
        for (text, language, published, date) in [
            ("on January 29 they", English, "2026-02", "2026-01-29"),
            ("on 29 January 2025, they", English, "2026-02", "2025-01-29"),
            ("on December 19th", English, "2026-02", "2025-12-19"),
            ("on Thursday", English, "2026-02-27", "2026-02-26"),
            ("yesterday", English, "2026-03-01", "2026-02-28"),
            ("29 января", Russian, "2026-02", "2026-01-29"),
            ("5 февраля 2026 года", Russian, "2026-02", "2026-02-05"),
            ("в январе", Russian, "2026-02-26", "2026-01"),
            ("у 2025 році", Ukrainian, "2026-02", "2025"),
            ("5 лютого", Ukrainian, "2026-02-06", "2026-02-05"),
            ("05.02.2026", Ukrainian, "2026-02-06", "2026-02-05"),
            ("Сьогодні, 6 березня, повернули", Ukrainian, "2026-03-06", "2026-03-06"),
        ] {
            assert_eq!(resolved(text, language, published), [Some(date.to_owned())], "{text}");
        }
        assert_eq!(resolved("on Thursday", English, "2026-02"), [None]);
        assert_eq!(resolved("last week", English, "2026-02-02"), [None]);
        assert!(resolved("it may be so; 157 people", English, "2026-02-02").is_empty());
    }
}
