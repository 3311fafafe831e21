//! Whether what a sentence tells took place.

use crate::{
    clauses::Clause,
    counted::View,
    language::Language,
    lexicon::{Doubt, Tag, Tense},
    reading::Reading,
    why::Why,
};

/// Whether it took place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Fact,
    Plan,
    Offer,
    Agreed,
}

/// Words that make a sentence say nothing of what took place.
pub(crate) fn doubts(reading: &Reading<'_>, clauses: &[Clause]) -> Result<(), Why> {
    if reading.sentence.tokens.iter().any(|token| token.is("?")) {
        return Err(Why::Question);
    }
    let last = clauses.iter().map(|clause| clause.verb.end).max().unwrap_or(usize::MAX);
    for mark in reading.marks {
        match mark.tag {
            Tag::Foreign => return Err(Why::OtherParties),
            Tag::Doubt(Doubt::Conditional) if mark.first > last => {}
            Tag::Doubt(doubt) => return Err(doubt.into()),
            _ => {}
        }
    }
    Ok(())
}

const FUTURE: &[&str] = &[
    "передаст",
    "передадут",
    "передасть",
    "передадуть",
    "вернёт",
    "вернет",
    "вернут",
    "поверне",
    "получит",
    "получат",
    "отримає",
    "отримають",
    "проведут",
    "проведет",
    "проведёт",
    "проведуть",
    "проведе",
    "обменяют",
    "обменяются",
    "обміняють",
    "обміняються",
    "вернутся",
    "повернуться",
    "передаватиме",
];

/// "Today 157 of our people return": what is told of the day as it goes.
const PRESENT: &[&str] = &["повертаються", "повертається", "повертає", "возвращаются", "возвращается", "возвращает"];

pub(crate) fn mode(view: View<'_>, clause: &Clause, language: Language) -> Result<Mode, Why> {
    let verb = clause.verb;
    let before = || view.marks.iter().filter(|mark| clause.tokens.contains(&mark.first) && mark.first < verb.first);
    let has = |tag: Tag| before().any(|mark| mark.tag == tag);
    let word = |at: Option<usize>| at.map_or("", |at| view.tokens[at].lower.as_str());
    if has(Tag::Not) {
        return Err(Why::Negated);
    }
    let auxiliary =
        (clause.tokens.start..clause.tokens.end).any(|at| matches!(word(Some(at)), "будет" | "будут" | "буде" | "будуть" | "will" | "would" | "shall"));
    let intended = if has(Tag::Offer) {
        Some(Mode::Offer)
    } else if has(Tag::Agree) {
        Some(Mode::Agreed)
    } else if has(Tag::Plan) || has(Tag::Preparations) || auxiliary {
        Some(Mode::Plan)
    } else {
        None
    };
    let led = word(verb.first.checked_sub(1));
    match (verb.tense, intended) {
        (Tense::Past | Tense::Passive, None) if led != "to" => Ok(Mode::Fact),
        (Tense::Passive, Some(mode)) if auxiliary => Ok(mode),
        (Tense::Past, Some(mode)) if language == Language::English && (verb.passive || auxiliary) => Ok(mode),
        (Tense::Other, Some(mode)) => Ok(mode),
        (Tense::Other, None) if PRESENT.contains(&word(Some(verb.first))) && view.marks.iter().any(|mark| mark.tag == Tag::DaysAgo(0)) => Ok(Mode::Fact),
        (Tense::Other, None) if FUTURE.contains(&word(Some(verb.first))) => Ok(Mode::Plan),
        _ => Err(Why::Tense),
    }
}
