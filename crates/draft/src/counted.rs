use announcement::Count;

use crate::{
    dates::Mention,
    lexicon::{Mark, Noun, Side, Tag},
    numbers::number,
    tokens::Token,
};

/// A number of somebody in a sentence.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) count: Count,
    /// The tokens of the number and of what limits it.
    pub(crate) first: usize,
    pub(crate) end: usize,
    /// One after the last token of the whole phrase.
    pub(crate) phrase_end: usize,
    /// What is counted, and the token that says so.
    pub(crate) noun: Option<(Noun, usize)>,
    /// The token that says that they are dead.
    pub(crate) dead: Option<usize>,
    /// Whose they are, and the tokens that say so.
    pub(crate) nationality: Option<(Whose, usize, usize)>,
    /// The tokens of a region that they are from.
    pub(crate) origin: Option<(&'static str, usize, usize)>,
    /// They are some of those counted before.
    pub(crate) part: bool,
    /// So many of each side.
    pub(crate) each: bool,
    /// "The same number": the tokens of the number that is meant.
    pub(crate) same_as: Option<(usize, usize)>,
    /// "The same number" of a sentence before.
    pub(crate) same_before: bool,
    /// Who they are can't be told: some are wounded, or of several numbers one is "the same".
    pub(crate) unclear: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    Of(Side),
    /// "Its own".
    Own,
}

/// How far a phrase is read after its number.
const MAX_PHRASE: usize = 12;
/// How many words that aren't known may stand between a number and its noun.
const MAX_UNKNOWN: usize = 3;

/// English words that may stand between a number and its noun.
const MODIFIERS: &[&str] = &[
    "more",
    "other",
    "another",
    "further",
    "additional",
    "active",
    "active-duty",
    "former",
    "captured",
    "missing",
    "male",
    "young",
    "injured",
    "ill",
    "sick",
    "wounded",
    "seriously",
    "severely",
    "illegally",
    "detained",
    "deported",
    "unidentified",
    "repatriated",
    "conscript",
    "conscripted",
    "enlisted",
    "of",
    "the",
    "returned",
    "released",
    "freed",
    "army",
    "local",
    "adult",
    "elderly",
    "ordinary",
    "freed",
    "military",
    "national",
];

/// Regions that returned civilians are said to be from, by stem.
const REGIONS: &[(&str, &str, Side)] = &[
    ("kursk", "Kursk region", Side::Ru),
    ("курск", "Kursk region", Side::Ru),
    ("курськ", "Kursk region", Side::Ru),
    ("курщин", "Kursk region", Side::Ru),
    ("сумщин", "Sumy region", Side::Ua),
    ("бєлгородщин", "Belgorod region", Side::Ru),
    ("харківщин", "Kharkiv region", Side::Ua),
    ("херсонщин", "Kherson region", Side::Ua),
    ("belgorod", "Belgorod region", Side::Ru),
    ("белгород", "Belgorod region", Side::Ru),
    ("бєлгород", "Belgorod region", Side::Ru),
    ("sumy", "Sumy region", Side::Ua),
    ("сумск", "Sumy region", Side::Ua),
    ("сумськ", "Sumy region", Side::Ua),
    ("kharkiv", "Kharkiv region", Side::Ua),
    ("харьковск", "Kharkiv region", Side::Ua),
    ("харківськ", "Kharkiv region", Side::Ua),
    ("kherson", "Kherson region", Side::Ua),
    ("херсонск", "Kherson region", Side::Ua),
    ("херсонськ", "Kherson region", Side::Ua),
    ("bryansk", "Bryansk region", Side::Ru),
    ("брянск", "Bryansk region", Side::Ru),
    ("брянськ", "Bryansk region", Side::Ru),
];

/// A sentence as the readers of its phrases see it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) tokens: &'a [Token],
    pub(crate) marks: &'a [Mark],
    pub(crate) dates: &'a [Mention],
}

impl View<'_> {
    pub(crate) fn mark(&self, at: usize) -> Option<Mark> {
        self.marks.iter().find(|mark| mark.first == at).copied()
    }

    pub(crate) fn mark_before(&self, at: usize) -> Option<Mark> {
        self.marks.iter().find(|mark| mark.end == at).copied()
    }

    pub(crate) fn in_date(&self, at: usize) -> bool {
        self.dates.iter().any(|date| (date.first..date.end).contains(&at))
    }

    pub(crate) fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.lower.as_str())
    }
}

/// Every number of somebody in a sentence, from left to right.
pub(crate) fn counted(view: View<'_>) -> Vec<Counted> {
    let mut found: Vec<Counted> = Vec::new();
    let mut at = 0;
    while at < view.tokens.len() {
        if let (Some(Mark { tag: Tag::SameNumber, end, .. }), Some(last)) = (view.mark(at), found.last()) {
            let same_as = Some(last.same_as.unwrap_or((last.first, last.end)));
            // Of several numbers it can't be told which is the same.
            let several = found.iter().filter(|counted| counted.noun.is_some() && !counted.part).count() > 1;
            let phrase = Counted { same_as, unclear: several, ..phrase(view, last.count, at, end) };
            at = phrase.phrase_end.max(end);
            found.push(phrase);
            continue;
        }
        if let Some(Mark { tag: Tag::SameNumber, end, .. }) = view.mark(at) {
            let phrase = Counted { same_before: true, ..phrase(view, Count::Unknown, at, end) };
            at = phrase.phrase_end.max(end);
            found.push(phrase);
            continue;
        }
        if let Some(Mark { tag: Tag::UnknownNumber, end, .. }) = view.mark(at) {
            let phrase = phrase(view, Count::Unknown, at, end);
            at = phrase.phrase_end.max(end);
            found.push(phrase);
            continue;
        }
        match number(view, at) {
            Some((count, first, end)) => {
                let phrase = phrase(view, count, first, end);
                at = phrase.phrase_end.max(end);
                found.push(phrase);
            }
            None => at += 1,
        }
    }
    share_nouns(view, &mut found);
    found
}

/// "150 Ukrainian and 150 Russian prisoners", "200 Russian servicemen returned, 200 Ukrainian were handed over": the noun is both numbers'.
fn share_nouns(view: View<'_>, found: &mut [Counted]) {
    for number in 1..found.len() {
        let (before, rest) = found.split_at_mut(number);
        let (one, other) = (&mut before[number - 1], &mut rest[0]);
        if let (Some((_, _, end)), None, Some(_)) = (other.nationality, other.noun, one.noun) {
            (other.noun, other.dead, other.phrase_end) = (one.noun, one.dead, end);
            continue;
        }
        let Some((_, _, end)) = one.nationality.filter(|_| one.noun.is_none()) else { continue };
        let joined = other.first == end + 1 && matches!(view.word(end), "and" | "и" | "і" | "та" | "й");
        if joined && other.nationality.is_some() {
            (one.noun, one.dead, one.phrase_end) = (other.noun, one.dead.or(other.dead), end);
        }
    }
}

fn phrase(view: View<'_>, count: Count, first: usize, end: usize) -> Counted {
    let mut phrase = Counted {
        count,
        first,
        end,
        phrase_end: end,
        noun: None,
        dead: None,
        nationality: None,
        origin: None,
        part: false,
        each: false,
        same_as: None,
        same_before: false,
        unclear: false,
    };
    look_before(view, &mut phrase);
    let mut at = end;
    let mut unknown = 0;
    while at < view.tokens.len() && at < end + MAX_PHRASE {
        let Some(step) = step(view, &mut phrase, at, &mut unknown) else { break };
        at = step;
    }
    phrase
}

/// "The bodies of 1,000", "тела 1000", "по 157", "including two".
fn look_before(view: View<'_>, phrase: &mut Counted) {
    let mut at = phrase.first;
    for _ in 0..3 {
        let Some(mark) = view.mark_before(at) else {
            if at > 0 && matches!(view.word(at - 1), "of" | "the" | "ещё" | "еще" | "ще" | "another" | "сразу" | "одразу") {
                at -= 1;
                continue;
            }
            return;
        };
        match mark.tag {
            Tag::Noun(Noun::Bodies) => phrase.dead = Some(mark.first),
            Tag::Part => phrase.part = true,
            Tag::Each if !matches!(view.word(mark.first), "each") => phrase.each = true,
            _ => return,
        }
        at = mark.first;
    }
}

/// One token or mark of a phrase: where it goes on, or `None` where it ends.
fn step(view: View<'_>, phrase: &mut Counted, at: usize, unknown: &mut usize) -> Option<usize> {
    let next = match view.mark(at) {
        Some(mark) => {
            take(phrase, mark, view)?;
            mark.end
        }
        None => {
            let word = view.word(at);
            if let Some((_, name, side)) = REGIONS.iter().find(|(stem, ..)| phrase.noun.is_some() && word.starts_with(stem)) {
                // "Курщини" is a region in one word.
                let end = if word.contains("щин") { at + 1 } else { view.mark(at + 1).filter(|mark| mark.tag == Tag::Region)?.end };
                phrase.origin = Some((name, at, end));
                phrase.nationality = phrase.nationality.or(Some((Whose::Of(*side), at, end)));
                end
            } else if is_modifier(view, at, phrase) {
                if !matches!(word, "of" | "the" | "'" | "s" | "from" | "(" | ")") {
                    *unknown += 1;
                }
                (*unknown <= MAX_UNKNOWN).then_some(at + 1)?
            } else {
                return None;
            }
        }
    };
    if phrase.noun.is_some() || phrase.dead.is_some_and(|dead| dead >= phrase.end) {
        phrase.phrase_end = phrase.phrase_end.max(next);
    }
    Some(next)
}

fn is_modifier(view: View<'_>, at: usize, phrase: &Counted) -> bool {
    let word = view.word(at);
    if phrase.noun.is_some() {
        let from_region = word == "from" || matches!(word, "из" | "з" | "із" | "с");
        let region = |after: usize| (after..after + 6).any(|near| REGIONS.iter().any(|(stem, ..)| view.word(near).starts_with(stem)));
        return matches!(word, "of" | "the" | "'" | "s" | "(" | ")") || from_region && region(at) || ends_as_adjective(word);
    }
    MODIFIERS.contains(&word) || ends_as_adjective(word)
}

/// In Russian and Ukrainian an adjective in the cases that stand after numbers.
fn ends_as_adjective(word: &str) -> bool {
    let cyrillic = word.chars().all(|character| ('\u{400}'..='\u{4ff}').contains(&character) || character == '-');
    cyrillic
        && word.chars().count() > 4
        && ["ых", "их", "ые", "ие", "ого", "его", "ый", "ий", "ой", "ыми", "ими", "ными"].iter().any(|ending| word.ends_with(ending))
}

/// Takes what a mark says of those counted; `None` where it's no part of the phrase.
fn take(phrase: &mut Counted, mark: Mark, view: View<'_>) -> Option<()> {
    match mark.tag {
        Tag::Noun(noun) => match (phrase.noun, noun) {
            // Whether the wounded are a group of their own isn't told.
            (None, Noun::Wounded) if view.mark(mark.end).is_some_and(|next| matches!(next.tag, Tag::Noun(_) | Tag::Party(..))) => phrase.unclear = true,
            (None, _) => {
                phrase.noun = Some((noun, mark.first));
                if let Noun::SoldiersOf(side) | Noun::Nationals(side) = noun {
                    phrase.nationality = phrase.nationality.or(Some((Whose::Of(side), mark.first, mark.end)));
                }
            }
            (Some((Noun::Bodies | Noun::Civilians | Noun::Children | Noun::Prisoners, _)), Noun::Nationals(side)) => {
                phrase.nationality = phrase.nationality.or(Some((Whose::Of(side), mark.first, mark.end)));
            }
            (Some((Noun::Bodies, _)), _) => {
                if let Noun::SoldiersOf(side) | Noun::Nationals(side) = noun {
                    phrase.nationality = phrase.nationality.or(Some((Whose::Of(side), mark.first, mark.end)));
                }
            }
            (Some((Noun::Soldiers | Noun::Prisoners | Noun::People, _)), Noun::Soldiers | Noun::SoldiersOf(_) | Noun::Prisoners) => {}
            _ => return None,
        },
        Tag::Dead => phrase.dead = phrase.dead.or(Some(mark.first)),
        // "84 Russians".
        Tag::Party(side, _) if phrase.noun.is_none() && matches!(view.word(mark.first), "russians" | "россияне" | "росіяни") => {
            phrase.noun = Some((Noun::Nationals(side), mark.first));
            phrase.nationality = Some((Whose::Of(side), mark.first, mark.end));
        }
        Tag::Party(side, form) => nationality(phrase, mark, side, form, view)?,
        Tag::Own => phrase.nationality = Some((Whose::Own, mark.first, mark.end)),
        Tag::Part if phrase.noun.is_none() => phrase.part = true,
        Tag::Each if view.word(mark.first) != "по" => phrase.each = true,
        _ => return None,
    }
    Some(())
}

fn nationality(phrase: &mut Counted, mark: Mark, side: Side, form: crate::lexicon::Form, view: View<'_>) -> Option<()> {
    use crate::lexicon::Form;
    let genitive = matches!(form, Form::Genitive | Form::Oblique) || form == Form::Name && matches!(view.word(mark.first.wrapping_sub(1)), "of" | "the");
    let possessive = view.word(mark.end) == "'";
    // Somebody of "the Russian side" is a party, and so is who stands in captivity's name.
    let captor = view.mark(mark.end).is_some_and(|next| matches!(next.tag, Tag::Captivity));
    let fits = form == Form::Adjective && !captor
        || phrase.noun.is_some() && genitive
        || possessive
        || form == Form::Name && view.word(mark.end - 1) == "рф" && phrase.noun.is_some();
    if !fits {
        return None;
    }
    let whose = Some((Whose::Of(side), mark.first, mark.end));
    match phrase.nationality {
        Some((known, ..)) if known != Whose::Of(side) => return None,
        _ => phrase.nationality = whose,
    }
    Some(())
}
