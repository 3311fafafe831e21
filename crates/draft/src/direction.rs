use std::ops::Range;

use crate::{
    clauses::{Clause, is_short, is_subject_form},
    counted::{Counted, View, Whose},
    language::Language,
    lexicon::{Form, Mark, Move, Noun, Side, Tag, Tense},
    why::Why,
};

/// What a party does in a clause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Subject,
    To,
    From,
    Agent,
    Captor,
    Partner,
}

/// A party in a clause.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) side: Side,
    pub(crate) part: Part,
    /// Its tokens.
    pub(crate) at: Range<usize>,
}

/// Who hands over to whom, each with the tokens that say so, where the clause says it.
#[derive(Clone, Debug)]
pub(crate) struct Direction {
    pub(crate) from: (Side, Option<Range<usize>>),
    pub(crate) to: (Side, Option<Range<usize>>),
}

impl Direction {
    pub(crate) fn reversed(&self) -> Self {
        Self { from: self.to.clone(), to: self.from.clone() }
    }
}

/// What each party does in the clause; those in `apart` are named for something else.
pub(crate) fn named(view: View<'_>, clause: &Clause, apart: &[Range<usize>], language: Language) -> Vec<Named> {
    let inside = |mark: &Mark| clause.tokens.contains(&mark.first) && !apart.iter().any(|apart| apart.contains(&mark.first));
    view.marks
        .iter()
        .filter(|mark| inside(mark))
        .filter_map(|mark| match mark.tag {
            Tag::HeldBy(side) => Some(Named { side, part: Part::Captor, at: mark.first..mark.end }),
            Tag::Party(side, form) => part(view, clause, *mark, form, language).map(|part| Named { side, part, at: mark.first..mark.end }),
            _ => None,
        })
        .collect()
}

fn word(view: View<'_>, at: Option<usize>) -> &str {
    at.and_then(|at| view.tokens.get(at)).map_or("", |token| token.lower.as_str())
}

fn part(view: View<'_>, clause: &Clause, mark: Mark, form: Form, language: Language) -> Option<Part> {
    let previous = word(view, mark.first.checked_sub(1));
    let before_previous = view.marks.iter().find(|other| other.end + 1 == mark.first).map(|other| other.tag);
    if clause.elliptic && is_short(view, mark) {
        return Some(Part::Subject);
    }
    if form == Form::Adjective {
        let captor = view.marks.iter().any(|other| other.first >= mark.end && other.first <= mark.end + 1 && other.tag == Tag::Captivity);
        return captor.then_some(Part::Captor);
    }
    if matches!(previous, "in" | "в" | "у") && before_previous == Some(Tag::Captivity) {
        return Some(Part::Captor);
    }
    if language == Language::English { english(view, clause, mark, previous) } else { slavic(view, clause, mark, form, previous) }
}

fn english(view: View<'_>, clause: &Clause, mark: Mark, previous: &str) -> Option<Part> {
    if word(view, Some(mark.end)) == "'" {
        return None;
    }
    let previous = if previous == "the" { word(view, mark.first.checked_sub(2)) } else { previous };
    match previous {
        "to" | "into" => Some(Part::To),
        "from" => Some(Part::From),
        "by" => Some(Part::Agent),
        "with" | "between" => Some(Part::Partner),
        "of" | "in" | "against" | "near" | "inside" | "within" | "for" | "across" | "on" | "via" | "through" | "over" | "about" => None,
        _ if mark.first < clause.verb.first || clause.elliptic => Some(Part::Subject),
        _ if clause.verb.moves == Move::Give && mark.first <= clause.verb.end + 1 && !clause.verb.passive => Some(Part::To),
        _ => None,
    }
}

fn slavic(view: View<'_>, clause: &Clause, mark: Mark, form: Form, previous: &str) -> Option<Part> {
    match (previous, form) {
        ("в" | "у" | "на" | "во", Form::Accusative) => Some(Part::To),
        ("в" | "у" | "во", Form::Name) => (clause.verb.moves != Move::Swap).then_some(Part::To),
        ("до", Form::Genitive | Form::Oblique | Form::Name) => Some(Part::To),
        ("из" | "с" | "от" | "з" | "із" | "зі" | "від", Form::Genitive | Form::Oblique | Form::Name) => Some(Part::From),
        ("с" | "з" | "із" | "зі" | "со" | "между" | "між", _) => Some(Part::Partner),
        (
            "в" | "у" | "на" | "во" | "о" | "об" | "про" | "для" | "против" | "проти" | "к" | "при" | "по" | "из" | "от" | "від" | "до" | "за" | "под" | "під"
            | "над",
            _,
        ) => None,
        (_, Form::Instrumental) => Some(Part::Agent),
        (_, Form::Dative) => Some(Part::To),
        (_, Form::Oblique) => {
            let beside = mark.end == clause.verb.first || mark.first == clause.verb.end;
            (matches!(clause.verb.moves, Move::Give | Move::Return) && beside).then_some(Part::To)
        }
        (_, Form::Name) => {
            let subject = is_subject_form(mark) && mark.end <= clause.verb.first && clause.verb.first <= mark.end + 2 && !follows_noun(view, mark);
            subject.then_some(Part::Subject)
        }
        (_, Form::Nominative | Form::Direct) => Some(Part::Subject),
        _ => None,
    }
}

/// "Военнослужащих РФ": whose they are, and no subject.
fn follows_noun(view: View<'_>, mark: Mark) -> bool {
    const JOINING: &[&str] = &["что", "що", "и", "і", "та", "а", "й", "но", "але", "когда", "коли", "если", "также", "також"];
    view.tokens.get(mark.first.wrapping_sub(1)).is_some_and(|before| before.is_word() && !JOINING.contains(&before.lower.as_str()))
}

/// Who hands these over to whom.
pub(crate) fn direction(
    clause: &Clause,
    named: &[Named],
    subject: Option<&Named>,
    item: &Counted,
    language: Language,
    repatriated: bool,
) -> Result<Direction, Why> {
    let mut evidence = Evidence::default();
    for party in named {
        match party.part {
            Part::To => evidence.to(party.side, party.at.clone()),
            Part::From | Part::Captor => evidence.from(party.side, party.at.clone()),
            Part::Agent if clause.verb.moves == Move::Receive => evidence.to(party.side, party.at.clone()),
            Part::Agent => evidence.from(party.side, party.at.clone()),
            Part::Subject | Part::Partner => {}
        }
    }
    let whose = match (item.nationality, subject) {
        (Some((Whose::Of(side), first, end)), _) => Some((side, first..end)),
        (Some((Whose::Own, first, end)), Some(subject)) => Some((subject.side, first..end)),
        _ => None,
    };
    match (clause.verb.moves, subject) {
        (Move::Give, Some(subject)) if clause.verb.passive => evidence.to(subject.side, subject.at.clone()),
        (Move::Give, Some(subject)) => evidence.from(subject.side, subject.at.clone()),
        (Move::Receive, Some(subject)) if !clause.verb.passive => evidence.to(subject.side, subject.at.clone()),
        // "Brought home from captivity" says who got them by whose captivity it was.
        (Move::Receive, _) if evidence.to.is_none() && (!clause.verb.passive || evidence.from.is_none()) => return Err(Why::NoReceiver),
        (Move::Return, Some(subject)) if !clause.verb.passive => {
            returned(&mut evidence, subject, whose.as_ref(), is_plainly_back(clause, subject.side, item, language, repatriated))?
        }
        (Move::Come, Some(subject)) => evidence.to(subject.side, subject.at.clone()),
        _ => {}
    }
    if let Some((side, at)) = whose {
        evidence.to(side, at);
    }
    evidence.settle()
}

/// "Russia returned 157" says that Russia got them back, unless it says to whom, or that they are the other side's.
fn returned(evidence: &mut Evidence, subject: &Named, whose: Option<&(Side, Range<usize>)>, plainly_back: bool) -> Result<(), Why> {
    let other = subject.side.other();
    let gives = evidence.to.as_ref().is_some_and(|(side, _)| *side == other) || whose.is_some_and(|(side, _)| *side == other);
    let gets = evidence.from.as_ref().is_some_and(|(side, _)| *side == other)
        || evidence.to.as_ref().is_some_and(|(side, _)| *side == subject.side)
        || whose.is_some_and(|(side, _)| *side == subject.side);
    match (gives, gets) {
        (true, true) => return Err(Why::Contradictory),
        (true, false) => evidence.from(subject.side, subject.at.clone()),
        (false, false) if !plainly_back => return Err(Why::NoReceiver),
        (false, _) => evidence.to(subject.side, subject.at.clone()),
    }
    Ok(())
}

/// Whether "returned" alone means "got back". Of the living it does, once it's done; of bodies "returned" is said by who gives them as well, and only
/// where a text is in the language of who got them it's plain.
fn is_plainly_back(clause: &Clause, side: Side, item: &Counted, language: Language, repatriated: bool) -> bool {
    let dead = item.dead.is_some() || item.noun.is_some_and(|(noun, _)| noun == Noun::Bodies);
    let own = matches!((language, side), (Language::Russian, Side::Ru) | (Language::Ukrainian, Side::Ua));
    clause.verb.tense == Tense::Past && (own || !dead || repatriated)
}

/// What speaks for a direction.
#[derive(Default)]
struct Evidence {
    from: Option<(Side, Range<usize>)>,
    to: Option<(Side, Range<usize>)>,
    contradictory: bool,
}

impl Evidence {
    fn from(&mut self, side: Side, at: Range<usize>) {
        match &self.from {
            Some((known, _)) => self.contradictory |= *known != side,
            None => self.from = Some((side, at)),
        }
    }

    fn to(&mut self, side: Side, at: Range<usize>) {
        match &self.to {
            Some((known, _)) => self.contradictory |= *known != side,
            None => self.to = Some((side, at)),
        }
    }

    fn settle(self) -> Result<Direction, Why> {
        if self.contradictory {
            return Err(Why::Contradictory);
        }
        match (self.from, self.to) {
            (Some((from, _)), Some((to, _))) if from == to => Err(Why::Contradictory),
            (Some((from, at)), Some((to, to_at))) => Ok(Direction { from: (from, Some(at)), to: (to, Some(to_at)) }),
            (Some((from, at)), None) => Ok(Direction { from: (from, Some(at)), to: (from.other(), None) }),
            (None, Some((to, at))) => Ok(Direction { from: (to.other(), None), to: (to, Some(at)) }),
            (None, None) => Err(Why::NoDirection),
        }
    }
}
