use std::ops::Range;

use crate::{
    counted::View,
    language::Language,
    lexicon::{Form, Mark, Move, Tag, Tense},
    tokens::Kind,
};

/// A verb that hands over, with what its form says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Verb {
    pub(crate) moves: Move,
    pub(crate) tense: Tense,
    pub(crate) passive: bool,
    pub(crate) first: usize,
    pub(crate) end: usize,
}

/// A part of a sentence that has one verb that hands over.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    pub(crate) tokens: Range<usize>,
    pub(crate) verb: Verb,
    /// The verb is the one of the clause before: "… and Ukraine 35".
    pub(crate) elliptic: bool,
    /// Parts of it in which no number is one of this verb's.
    pub(crate) loose: Vec<Range<usize>>,
}

struct Segment {
    tokens: Range<usize>,
    subordinate: bool,
    /// It's what somebody said: "that …".
    content: bool,
}

const CONJUNCTIONS: &[&str] = &["and", "while", "whereas", "but", "и", "а", "но", "і", "й", "та", "але", "тоді", "в то время как"];
const SUBORDINATORS: &[&str] = &[
    "after",
    "who",
    "whom",
    "when",
    "where",
    "which",
    "that",
    "because",
    "as",
    "since",
    "before",
    "until",
    "although",
    "though",
    "после",
    "который",
    "которые",
    "которых",
    "которая",
    "что",
    "когда",
    "где",
    "поскольку",
    "хотя",
    "пока",
    "після",
    "який",
    "які",
    "яких",
    "яка",
    "що",
    "щоб",
    "коли",
    "де",
    "оскільки",
    "хоча",
    "поки",
    "перш",
    "чтобы",
    "following",
    "amid",
    "despite",
    "из-за",
    "через",
];

/// The clauses of a sentence.
pub(crate) fn clauses(view: View<'_>, language: Language) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut waiting: Vec<Segment> = Vec::new();
    for segment in joined(view, segments(view)) {
        match verb(view, &segment.tokens, language) {
            Some(verb) => {
                let loose = waiting.iter().filter(|segment| segment.subordinate && !segment.content).map(|segment| segment.tokens.clone()).collect();
                let start = waiting.first().map_or(segment.tokens.start, |first| first.tokens.start);
                clauses.push(Clause { tokens: start..segment.tokens.end, verb, elliptic: false, loose });
                waiting.clear();
            }
            None => match clauses.last_mut() {
                Some(last) if is_elliptic(view, &segment) => {
                    let verb = last.verb;
                    clauses.push(Clause { tokens: segment.tokens, verb, elliptic: true, loose: Vec::new() });
                }
                Some(last) => {
                    if segment.subordinate {
                        last.loose.push(segment.tokens.clone());
                    }
                    last.tokens.end = segment.tokens.end;
                }
                None => waiting.push(segment),
            },
        }
    }
    clauses
}

fn segments(view: View<'_>) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut start = 0;
    for at in 0..view.tokens.len() {
        let token = &view.tokens[at];
        // A word of a tagged phrase, such as "in exchange for which", opens nothing.
        let tagged = view.marks.iter().any(|mark| mark.first < at && at < mark.end)
            || view.mark(at).is_some_and(|mark| matches!(mark.tag, Tag::Each | Tag::SameNumber | Tag::Since(_)));
        let opens = token.is_word() && (CONJUNCTIONS.contains(&token.lower.as_str()) || SUBORDINATORS.contains(&token.lower.as_str()));
        let mark = token.kind == Kind::Mark && matches!(token.lower.as_str(), "," | ";" | ":" | "—" | "–" | "(" | ")");
        if !tagged && (opens || mark) && start < at {
            segments.push(segment(view, start..at));
            start = at;
        }
    }
    segments.push(segment(view, start..view.tokens.len()));
    segments
}

fn segment(view: View<'_>, tokens: Range<usize>) -> Segment {
    let mut words = view.tokens[tokens.clone()].iter().filter(|token| token.is_word());
    let first = words.next();
    let opened = |token: Option<&crate::tokens::Token>| token.is_some_and(|token| SUBORDINATORS.contains(&token.lower.as_str()));
    let preposition = matches!(first.map(|token| token.lower.as_str()), Some("in" | "of" | "to" | "с" | "в" | "з" | "у" | "из" | "до" | "від"));
    let subordinate = opened(first) || preposition && opened(words.next());
    let content = first.is_some_and(|first| matches!(first.lower.as_str(), "that" | "что" | "що"));
    Segment { tokens, subordinate, content }
}

/// A party that stands alone belongs to what follows: "and Ukraine — 35".
fn joined(view: View<'_>, segments: Vec<Segment>) -> Vec<Segment> {
    let mut joined: Vec<Segment> = Vec::new();
    for segment in segments {
        match joined.last_mut() {
            Some(last) if is_party_alone(view, &last.tokens) => {
                last.tokens.end = segment.tokens.end;
                last.subordinate |= segment.subordinate;
            }
            _ => joined.push(segment),
        }
    }
    joined
}

fn is_party_alone(view: View<'_>, tokens: &Range<usize>) -> bool {
    let words: Vec<usize> =
        tokens.clone().filter(|at| view.tokens[*at].kind != Kind::Mark && !CONJUNCTIONS.contains(&view.tokens[*at].lower.as_str())).collect();
    let Some(first) = words.first() else { return true };
    view.mark(*first).is_some_and(|mark| may_stand_alone(view, mark) && words.iter().all(|word| (mark.first..mark.end).contains(word)))
}

/// A party that a verb of the clause before may go on with: "and Ukraine 35", "росіянам – 37".
fn may_stand_alone(view: View<'_>, mark: Mark) -> bool {
    is_subject_form(mark) || matches!(mark.tag, Tag::Party(_, Form::Dative)) || is_short(view, mark)
}

/// "The Ukrainian side received 1,000, the Russian 35".
pub(crate) fn is_short(view: View<'_>, mark: Mark) -> bool {
    let word = view.tokens[mark.first].lower.as_str();
    let bare = view.tokens.get(mark.end).is_some_and(|next| !next.is_word());
    mark.end == mark.first + 1 && bare && matches!(word, "российская" | "украинская" | "російська" | "українська")
}

pub(crate) fn is_subject_form(mark: Mark) -> bool {
    matches!(mark.tag, Tag::Party(_, Form::Name | Form::Nominative | Form::Direct))
}

/// "And the Russian side 35": a party, and then a number.
fn is_elliptic(view: View<'_>, segment: &Segment) -> bool {
    let first = segment.tokens.clone().find(|at| view.tokens[*at].kind != Kind::Mark && !CONJUNCTIONS.contains(&view.tokens[*at].lower.as_str()));
    let Some(mark) = first.and_then(|first| view.mark(first)).filter(|mark| may_stand_alone(view, *mark)) else { return false };
    let rest = mark.end..segment.tokens.end;
    rest.into_iter()
        .take(4)
        .any(|at| matches!(view.tokens[at].kind, Kind::Number(Some(_))) || view.mark(at).is_some_and(|mark| matches!(mark.tag, Tag::SameNumber)))
}

/// The first verb that hands over.
fn verb(view: View<'_>, tokens: &Range<usize>, language: Language) -> Option<Verb> {
    let verbs: Vec<Verb> = tokens.clone().filter_map(|at| verb_at(view, at, tokens.start, language)).collect();
    // "An exchange took place in which …": the verb that says who gives is the one.
    verbs.iter().find(|verb| verb.moves != Move::Swap).or(verbs.first()).copied()
}

fn verb_at(view: View<'_>, at: usize, start: usize, language: Language) -> Option<Verb> {
    let mark = view.mark(at)?;
    let led = |at: usize| at.checked_sub(1).is_some_and(|before| matches!(view.tokens[before].lower.as_str(), "to" | "will"));
    if mark.tag == Tag::Exchange && language == Language::English && matches!(view.tokens[at].lower.as_str(), "exchange" | "swap") && led(at) {
        return Some(Verb { moves: Move::Swap, tense: Tense::Other, passive: false, first: at, end: mark.end });
    }
    let Tag::Verb(moves, tense) = mark.tag else { return None };
    let verb = Verb { moves, tense, passive: tense == Tense::Passive, first: at, end: mark.end };
    // "Reported the return of": a fact only where somebody says that it's one; there are talks about returns as well.
    if matches!(view.tokens[at].lower.as_str(), "the" | "о" | "про") {
        let said = view.marks.iter().any(|said| said.end == at && matches!(said.tag, Tag::Speech | Tag::Confirm));
        return said.then_some(verb);
    }
    if language != Language::English {
        return Some(verb);
    }
    if tense == Tense::Other {
        // "Had come home".
        if at.checked_sub(1).is_some_and(|before| matches!(view.tokens[before].lower.as_str(), "had" | "have" | "has")) {
            return Some(Verb { tense: Tense::Past, ..verb });
        }
        return is_english_verb(view, at).then_some(verb);
    }
    let before = (start..at).rev().take(4).map(|at| view.tokens[at].lower.as_str());
    let mut passive = false;
    for word in before {
        match word {
            "was" | "were" | "been" | "being" | "be" | "is" | "are" => {
                passive = true;
                break;
            }
            // "Those released", "the returned": no verb.
            _ if word.ends_with("ly") || matches!(word, "also" | "not" | "both" | "already" | "all" | "then") => {}
            _ => break,
        }
    }
    let previous = at.checked_sub(1).map_or("", |previous| view.tokens[previous].lower.as_str());
    let attribute = matches!(previous, "those" | "the" | "all" | "of" | "recently" | "newly" | "these");
    (passive || !attribute).then_some(Verb { passive, ..verb })
}

/// Whether "transfer", "return" and the like are verbs here and no nouns.
fn is_english_verb(view: View<'_>, at: usize) -> bool {
    if matches!(view.tokens[at].lower.as_str(), "to" | "will") {
        return true;
    }
    let Some(previous) = at.checked_sub(1) else { return false };
    let word = view.tokens[previous].lower.as_str();
    let led =
        matches!(word, "to" | "will" | "would" | "can" | "could" | "should" | "must" | "may" | "might" | "also" | "not" | "and" | "they" | "shall" | "didn't");
    let mark = view.marks.iter().find(|mark| mark.end == at);
    let going = view.tokens[at].lower.ends_with("ing") && mark.is_some_and(|mark| matches!(mark.tag, Tag::Offer | Tag::Plan | Tag::Agree));
    led || going || mark.is_some_and(|mark| is_subject_form(*mark) && view.tokens[previous].lower != "s")
}
