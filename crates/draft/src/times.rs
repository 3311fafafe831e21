//! Which of the times that a sentence names says when somebody spoke, and which when something took place.

use std::ops::Range;

use crate::{
    dates::{Mention, When},
    lexicon::{Mark, Tag},
    reading::Reading,
};

/// The time beside the word that says that somebody spoke.
pub(crate) fn speech_date<'a>(reading: &'a Reading<'_>) -> Option<&'a Mention> {
    /// How many words may stand between.
    const NEAR: usize = 3;
    let tokens = &reading.sentence.tokens;
    // Who speaks may stand between.
    let words = |between: Range<usize>| between.filter(|at| tokens[*at].is_word() && !reading.apart.iter().any(|apart| apart.contains(at))).count();
    let speech = |mention: &&Mention| {
        reading.marks.iter().filter(|mark| matches!(mark.tag, Tag::Speech | Tag::Confirm)).any(|mark| {
            let before = mention.first < mark.first;
            let between = if before { mention.end..mark.first } else { mark.end..mention.first };
            let clear =
                reading.marks.iter().all(|other| !between.contains(&other.first) || !matches!(other.tag, Tag::Verb(..) | Tag::Exchange | Tag::Exchanges));
            // A comma parts what was said from who said it; only a time at the very beginning stands before one.
            let comma = between.clone().any(|at| tokens[at].is(","));
            let placed = !comma || before && mention.first <= 1 || !before && tokens[mark.end..].first().is_some_and(|next| !next.is(","));
            clear && placed && words(between) <= NEAR && !matches!(mention.when, When::Year(_) | When::Captivity)
        })
    };
    reading.dates.iter().find(speech)
}

/// "Previously reported", "said at the time": when it was said isn't known, but that it was before.
pub(crate) fn said_earlier(reading: &Reading<'_>) -> Option<Mark> {
    let speech: Vec<&Mark> = reading.marks.iter().filter(|mark| matches!(mark.tag, Tag::Speech | Tag::Confirm)).collect();
    let near = |mark: &&Mark| {
        mark.first <= 1 && !speech.is_empty()
            || speech.iter().any(|speech| mark.first.saturating_sub(speech.end).max(speech.first.saturating_sub(mark.end)) <= 1)
    };
    let word = |mark: &Mark| reading.sentence.tokens[mark.first].lower.as_str();
    // "Говорил", "заявляв": what somebody used to say, and not today's news.
    const IMPERFECTIVE: &[&str] = &[
        "говорил",
        "утверждал",
        "заявлял",
        "сообщал",
        "писал",
        "отмечал",
        "рассказывал",
        "указывал",
        "выражал",
        "висловлював",
        "говорив",
        "стверджував",
        "заявляв",
        "повідомляв",
        "писав",
        "зазначав",
        "розповідав",
    ];
    let imperfective = |mark: &&Mark| {
        mark.tag == Tag::Speech
            && IMPERFECTIVE.iter().any(|form| {
                word(mark).strip_prefix(form).is_some_and(|ending| matches!(ending, "" | "а" | "и" | "о"))
                    || form.strip_suffix('в').is_some_and(|stem| word(mark).strip_prefix(stem).is_some_and(|ending| matches!(ending, "ла" | "ли" | "ло")))
            })
    };
    if let Some(mark) = reading.marks.iter().find(imperfective) {
        return Some(*mark);
    }
    let earlier = |mark: &&Mark| {
        matches!(mark.tag, Tag::Earlier) && matches!(word(mark), "earlier" | "previously" | "ранее" | "раніше")
            || mark.tag == Tag::ThatDay && matches!(word(mark), "at" | "тогда" | "тоді")
    };
    reading.marks.iter().filter(earlier).find(near).copied()
}

/// The times that a sentence names of what it tells.
pub(crate) fn own_dates<'a>(reading: &'a Reading<'_>) -> impl Iterator<Item = &'a Mention> {
    let spoken = speech_date(reading);
    reading.dates.iter().filter(move |mention| Some(*mention) != spoken && mention.when != When::Captivity)
}
