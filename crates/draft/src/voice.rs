//! Who says what a sentence says.

use std::ops::Range;

use crate::{
    clauses::is_subject_form,
    counted::View,
    lexicon::{Form, Mark, Side, Tag},
    reading::Reading,
    speakers::{Named, Offices, Speaker, What},
    support::{Sourced, Support},
    tokens::{Token, bytes},
};

/// Who a sentence says it from.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Voice {
    /// It attributes nothing.
    Outlet,
    /// Who spoke before goes on.
    Same,
    Speaker(Speaker),
    /// Somebody, who can't be told.
    Unknown,
}

/// Whether words such as "the ministry" may mean this speaker.
pub(crate) fn may_mean(reading: &Reading<'_>, speaker: &Speaker) -> bool {
    const BODIES: &[(&str, &str)] = &[
        ("ministry", "Ministry"),
        ("министерств", "Ministry"),
        ("міністерств", "Ministry"),
        ("ведомств", "Ministry"),
        ("відомств", "Ministry"),
        ("headquarters", "Headquarters"),
        ("штаб", "Headquarters"),
        ("aide", "aide"),
        ("ombuds", "commissioner"),
        ("омбуд", "commissioner"),
        ("commissioner", "commissioner"),
    ];
    let statements = reading.marks.iter().filter(|mark| mark.tag == Tag::Statement);
    let words = statements.flat_map(|mark| &reading.sentence.tokens[mark.first..mark.end]);
    let wanted: Vec<&str> = words.filter_map(|token| BODIES.iter().find(|(stem, _)| token.lower.starts_with(stem)).map(|(_, office)| *office)).collect();
    let office = speaker.office.as_ref().map_or("", |office| office.value);
    wanted.iter().all(|wanted| office.contains(wanted))
}

/// Who says what this sentence says.
pub(crate) fn voice(reading: &Reading<'_>, offices: &Offices) -> Voice {
    let view = reading.view();
    if reading.has(|tag| matches!(tag, Tag::Belong(announcement::Finding::ClaimedBySender))) && reading.identity().is_none() {
        let mark = reading.find(|tag| matches!(tag, Tag::Belong(_)));
        return mark.map_or(Voice::Unknown, |mark| Voice::Speaker(of_party(reading, Side::Ru, mark)));
    }
    // "The headquarters didn't confirm it": who says it is somebody else.
    let unconfirmed = |mark: &Mark| mark.tag == Tag::Confirm && view.mark_before(mark.first).is_some_and(|before| before.tag == Tag::Not);
    let attributes = |mark: &&Mark| matches!(mark.tag, Tag::Speech | Tag::Confirm | Tag::According) && !unconfirmed(mark);
    let attributions: Vec<Mark> = reading.marks.iter().filter(attributes).copied().collect();
    // "The Defence Ministry: 200 servicemen were returned".
    let heading = reading.named.iter().find(|named| named.at.start <= 1 && reading.sentence.tokens.get(named.at.end).is_some_and(|next| next.is(":")));
    if let Some(speaker) = heading.and_then(|named| offices.speaker(reading, named)) {
        return Voice::Speaker(speaker);
    }
    if attributions.is_empty() {
        let their_words = |mark: &Mark| mark.tag == Tag::Statement && matches!(view.word(mark.first), "по" | "за" | "according");
        return match reading.marks.iter().any(their_words) {
            true => Voice::Same,
            false if attributes_otherwise(reading) => Voice::Unknown,
            false => Voice::Outlet,
        };
    }
    let mut outlet = false;
    let mut same = false;
    for attribution in &attributions {
        if attribution.tag != Tag::According && reading.marks.iter().any(|mark| mark.tag == Tag::Pronoun && speaks(view, *mark, *attribution)) {
            same = true;
            continue;
        }
        // "The headquarters said": who is called so was named before.
        let statement = |mark: &Mark| mark.tag == Tag::Statement && mark.first < attribution.first && beside(view, *mark, *attribution, 1);
        let named = |mark: &Mark| reading.named.iter().any(|named| named.at.start < mark.end && mark.first < named.at.end);
        if attribution.tag != Tag::According && reading.marks.iter().any(|mark| statement(mark) && !named(mark)) {
            same = true;
            continue;
        }
        match nearest(reading, offices, *attribution) {
            Some(Ok(speaker)) => return Voice::Speaker(speaker),
            Some(Err(())) => outlet = true,
            // "Both sides said": neither of them alone.
            None => outlet |= attribution.first.checked_sub(1).is_some_and(|before| matches!(view.word(before), "sides" | "countries" | "стороны" | "сторони")),
        }
    }
    if same || reading.has(|tag| tag == Tag::Statement) {
        return Voice::Same;
    }
    if outlet { Voice::Outlet } else { Voice::Unknown }
}

/// Whether a sentence says who said it by a word that isn't known: "…, считают в Минобороны", "…, Zelensky lamented", "Zelensky lamented that …".
fn attributes_otherwise(reading: &Reading<'_>) -> bool {
    /// The most tokens that say who said it.
    const LONGEST: usize = 12;
    let tokens = &reading.sentence.tokens;
    // "We thank the Red Cross": whose words these are isn't said.
    const WE: &[&str] = &["we", "благодарим", "выражаем", "дякуємо", "висловлюємо", "мы", "ми"];
    if tokens.iter().any(|token| WE.contains(&token.lower.as_str())) {
        return true;
    }
    let speakers = || reading.named.iter().filter(|named| !matches!(named.what, What::Outlet));
    let unknown = |at: usize| {
        let known =
            reading.marks.iter().any(|mark| (mark.first..mark.end).contains(&at)) || reading.dates.iter().any(|date| (date.first..date.end).contains(&at));
        tokens.get(at).is_some_and(|token| token.is_word() && !token.capital) && !known && !speakers().any(|named| named.at.contains(&at))
    };
    let end = (0..tokens.len()).rev().find(|at| tokens[*at].is_word()).map_or(0, |last| last + 1);
    let parted = (0..end).rev().find(|at| matches!(tokens[*at].lower.as_str(), "," | "—" | "–" | "-") && !tokens[*at].is_word());
    let tail = parted.map(|comma| comma + 1..end).filter(|tail| tail.len() <= LONGEST);
    let quiet = |tail: &Range<usize>| {
        !reading
            .marks
            .iter()
            .any(|mark| tail.contains(&mark.first) && matches!(mark.tag, Tag::Verb(..) | Tag::Help(_) | Tag::Exchange | Tag::Exchanges | Tag::Talks))
            && !reading.counted.iter().any(|counted| tail.contains(&counted.first))
    };
    let after = tail.filter(quiet).is_some_and(|tail| {
        let verb_first = unknown(tail.start) && speakers().any(|named| (tail.start + 1..=tail.start + 3).contains(&named.at.start));
        verb_first || speakers().any(|named| named.at.start == tail.start && named.at.end + 1 == end && unknown(named.at.end))
    });
    let that = |at: usize| matches!(tokens.get(at).map(|token| token.lower.as_str()), Some("that" | "что" | "що"));
    let before = speakers().any(|named| named.at.start <= 2 && unknown(named.at.end) && (that(named.at.end + 1) || that(named.at.end + 2)));
    after || before
}

/// Whether a pronoun is who spoke: "he said", "said he", "– написал он в канале", and not "said he had".
fn speaks(view: View<'_>, pronoun: Mark, speech: Mark) -> bool {
    let before = pronoun.first < speech.first;
    let cyrillic = !view.word(pronoun.first).is_ascii();
    let parted = speech.first.checked_sub(1).is_some_and(|before| matches!(view.word(before), "," | "–" | "—" | "-"));
    let ends = view.tokens.get(pronoun.end).is_none_or(|next| !next.is_word()) || cyrillic && parted && pronoun.first == speech.end;
    (before || ends) && beside(view, pronoun, speech, usize::from(before))
}

/// Whether two marks stand beside each other, with so many words between them at most.
fn beside(view: View<'_>, one: Mark, other: Mark, between: usize) -> bool {
    let (first, last) = if one.first < other.first { (one, other) } else { (other, one) };
    last.first >= first.end && last.first - first.end <= between && (first.end..last.first).all(|at| view.tokens[at].is_word())
}

/// The nearest who may speak: a speaker, or an outlet.
fn nearest(reading: &Reading<'_>, offices: &Offices, attribution: Mark) -> Option<Result<Speaker, ()>> {
    /// How far a speaker may stand before the word that says that they spoke.
    const FAR: usize = 14;
    /// How many words may stand after it, before the speaker.
    const NEAR: usize = 3;
    let tokens = &reading.sentence.tokens;
    let distance = |at: &Range<usize>| {
        if at.start >= attribution.end {
            let between = || (attribution.end..at.start).filter(|place| tokens[*place].is_word());
            let apart = |place: &usize| {
                reading.named.iter().any(|named| named.at.contains(place)) || reading.dates.iter().any(|date| (date.first..date.end).contains(place))
            };
            let said = between().any(|place| matches!(tokens[place].lower.as_str(), "that" | "что" | "що"));
            let words = between().filter(|place| !apart(place)).count();
            (words <= NEAR && !said).then_some(at.start - attribution.end)
        } else if attribution.tag != Tag::According && is_subject(tokens, at.start) {
            attribution.first.checked_sub(at.end).filter(|distance| *distance <= FAR)
        } else {
            None
        }
    };
    if attribution.tag != Tag::According && unlisted_follows(reading, attribution) {
        return None;
    }
    let parties = reading
        .marks
        .iter()
        .filter(|mark| is_subject_form(**mark) || attribution.tag == Tag::According && matches!(mark.tag, Tag::Party(_, Form::Genitive | Form::Oblique)))
        .filter(|mark| {
            let view = reading.view();
            // "Said Kyiv had handed over": what follows the word is what was said.
            let said = mark.first >= attribution.end && tokens.get(mark.end).is_some_and(Token::is_word) && attribution.tag != Tag::According;
            let possessive = tokens.get(mark.end).is_some_and(|next| next.is("'"));
            !said && !possessive && !reading.apart.iter().any(|apart| apart.contains(&mark.first)) && beside(view, **mark, attribution, 1)
        });
    let party = parties.chain(reading.marks.iter().filter(|mark| is_capital_that_speaks(reading, **mark, attribution)));
    let party = party.filter_map(|mark| match mark.tag {
        // What both said is said by neither of them alone.
        Tag::Party(side, _) if is_joint(reading.view(), *mark, side) => Some((distance(&(mark.first..mark.end))?, Some(Err(())))),
        Tag::Party(side, _) => Some((distance(&(mark.first..mark.end))?, Some(Ok(of_party(reading, side, *mark))))),
        _ => None,
    });
    // "With the mediation of the Red Cross".
    let helps =
        |named: &Named| reading.marks.iter().any(|mark| matches!(mark.tag, Tag::Help(_)) && mark.end <= named.at.start && named.at.start <= mark.end + 2);
    // "Yermak's deputy said".
    let owns = |named: &Named| tokens.get(named.at.end).is_some_and(|next| next.is("'"));
    let named = reading.named.iter().filter(|named| !is_partner(reading, named) && !helps(named) && !owns(named)).filter_map(|named| {
        let distance = distance(&named.at)?;
        match named.what {
            // "Сообщил РБК депутат": who was told, and then who said it.
            What::Outlet if reading.named.iter().any(|next| next.at.start == named.at.end && !matches!(next.what, What::Outlet)) => None,
            What::Outlet => Some((distance, Some(Err(())))),
            // The holder is who speaks, not the office beside.
            What::Office(office) if !office.body && holder_near(reading, named) => None,
            _ => Some((distance, offices.speaker(reading, named).map(Ok))),
        }
    });
    let mut candidates: Vec<(usize, Option<Result<Speaker, ()>>)> = party.chain(named).collect();
    candidates.sort_by_key(|(distance, _)| *distance);
    candidates.into_iter().next().and_then(|(_, candidate)| candidate)
}

/// "В Киеве заявили": a party by its capital, right before a verb of several.
fn is_capital_that_speaks(reading: &Reading<'_>, mark: Mark, speech: Mark) -> bool {
    let view = reading.view();
    let inside = mark.first.checked_sub(1).is_some_and(|before| matches!(view.word(before), "в" | "у"));
    let several = ["ли", "ют", "ять", "ють"].iter().any(|ending| view.word(speech.end - 1).ends_with(ending));
    let placed = matches!(mark.tag, Tag::Party(_, Form::Dative | Form::Oblique)) && inside && !reading.apart.iter().any(|apart| apart.contains(&mark.first));
    placed && several && mark.end <= speech.first && speech.tag != Tag::According && beside(view, mark, speech, 1)
}

/// Whether nothing before it makes an object of it: "with the help of the Red Cross, officials said".
fn is_subject(tokens: &[Token], at: usize) -> bool {
    const PREPOSITIONS: &[&str] =
        &["of", "with", "by", "to", "for", "from", "against", "between", "и", "с", "при", "от", "для", "к", "з", "за", "від", "для", "до", "із"];
    let before = |back: usize| at.checked_sub(back).map_or("", |place| tokens[place].lower.as_str());
    let word = if matches!(before(1), "the" | "its" | "a" | "an") { before(2) } else { before(1) };
    !PREPOSITIONS.contains(&word)
}

/// "Повідомив проєкт": somebody who isn't listed is named right after the word that says that they spoke.
fn unlisted_follows(reading: &Reading<'_>, speech: Mark) -> bool {
    const OTHERS: &[&str] = &[
        "что",
        "що",
        "в",
        "во",
        "у",
        "о",
        "об",
        "про",
        "на",
        "по",
        "з",
        "із",
        "с",
        "й",
        "и",
        "і",
        "та",
        "журналистам",
        "журналістам",
        "также",
        "також",
        "ранее",
        "раніше",
        "как",
        "як",
        "он",
        "она",
        "він",
        "вона",
        "они",
        "вони",
        "тогда",
        "тоді",
        "агентству",
        "за",
        "для",
    ];
    if reading.language == crate::language::Language::English {
        return false;
    }
    let Some(next) = reading.sentence.tokens.get(speech.end).filter(|next| next.is_word() && !next.capital) else { return false };
    let named = reading.named.iter().any(|named| named.at.contains(&speech.end));
    let marked = reading.marks.iter().any(|mark| (mark.first..mark.end).contains(&speech.end));
    !named && !marked && !OTHERS.contains(&next.lower.as_str())
}

fn holder_near(reading: &Reading<'_>, office: &Named) -> bool {
    reading.named.iter().any(|named| {
        matches!(named.what, What::Holder(_))
            && (named.at.start <= office.at.end + 6 && office.at.end <= named.at.start
                || office.at.start <= named.at.end + 6 && named.at.end <= office.at.start)
    })
}

/// "With his counterpart": somebody who was spoken to.
pub(crate) fn is_partner(reading: &Reading<'_>, named: &Named) -> bool {
    let from = named.at.start.saturating_sub(4);
    let word = |at: usize| reading.sentence.tokens[at].lower.as_str();
    let office = |at: usize| reading.named.iter().any(|other| !matches!(other.what, What::Outlet) && other.at.contains(&at));
    let clear = (from..named.at.start).rev().take_while(|at| reading.sentence.tokens[*at].is_word()).filter(|at| !office(*at));
    clear.into_iter().any(|at| matches!(word(at), "with" | "с" | "со" | "з" | "із" | "зі" | "thanks" | "thanked" | "поблагодарил" | "подякував"))
        || reading.marks.iter().any(|mark| mark.tag == Tag::Counterpart && mark.end <= named.at.start && named.at.start <= mark.end + 3)
}

/// "Moscow and Kyiv": whether the other party is named in the same breath.
pub(crate) fn is_joint(view: View<'_>, mark: Mark, side: Side) -> bool {
    let other = |party: Option<Mark>| party.is_some_and(|party| matches!(party.tag, Tag::Party(known, _) if known != side));
    let joins = |at: usize| matches!(view.word(at), "and" | "и" | "і" | "та" | "й");
    joins(mark.end) && other(view.mark(mark.end + 1)) || mark.first.checked_sub(1).is_some_and(joins) && other(view.mark_before(mark.first - 1))
}

fn of_party(reading: &Reading<'_>, side: Side, mark: Mark) -> Speaker {
    Speaker {
        party: Sourced { value: side.code(), from: vec![Support::Text(bytes(&reading.sentence.tokens, mark.first..mark.end))] },
        office: None,
        name: None,
    }
}
