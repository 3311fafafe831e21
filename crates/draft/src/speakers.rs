//! Who says what a sentence says.

use std::{collections::HashMap, ops::Range};

use crate::{
    counted::View,
    gazetteer::{HOLDER, Holder, OFFICE, OUTLET, Office, helper, office_name},
    lexicon::{Form, Mark, Side, Tag},
    reading::Reading,
    support::{Sourced, Support},
    tokens::Token,
};

/// Somebody who said something, as an announcer is written.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Speaker {
    pub(crate) party: Sourced<&'static str>,
    pub(crate) office: Option<Sourced<&'static str>>,
    pub(crate) name: Option<Sourced<String>>,
}

impl Speaker {
    pub(crate) fn is(&self, other: &Self) -> bool {
        let office = |speaker: &Self| speaker.office.as_ref().map(|office| office.value);
        self.party.value == other.party.value && office(self) == office(other)
    }
}

/// An office, its holder or an outlet, where a sentence names it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) what: What,
    /// Its tokens, with the party beside it.
    pub(crate) at: Range<usize>,
    /// No party named in it does anything in the sentence.
    pub(crate) apart: bool,
    /// Whose it is, and the tokens that say so.
    party: Option<(&'static str, Range<usize>)>,
    /// It's "deputy" or "former": another office than the gazetteer's.
    other: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum What {
    Holder(Holder),
    Office(Office),
    Outlet,
}

impl Named {
    /// Whose office it is, of the two.
    pub(crate) fn side(&self) -> Option<Side> {
        let (party, _) = self.party.as_ref()?;
        [Side::Ru, Side::Ua].into_iter().find(|side| side.code() == *party)
    }
}

/// Words before an office that make another one of it.
const OTHERS: &[&str] = &[
    "deputy",
    "former",
    "ex",
    "acting",
    "vice",
    "adviser",
    "advisor",
    "заместитель",
    "заместителя",
    "замглавы",
    "бывший",
    "экс",
    "советник",
    "советника",
    "заступник",
    "заступника",
    "заступниця",
    "колишній",
    "радник",
    "радника",
    "будущий",
    "vice-president",
    "first",
    "assistant",
];

/// Everybody whom a sentence names and who may speak.
pub(crate) fn named(view: View<'_>) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut at = 0;
    while at < view.tokens.len() {
        let rest = &view.tokens[at..];
        let office = OFFICE.at(rest).filter(|(len, office)| !office.name.is_empty() && !is_verb(view, at, *len));
        let next = if let Some((len, holder)) = HOLDER.at(rest).filter(|_| rest[0].capital) {
            let after = found.last().map_or(0, |last| last.at.end);
            let first = given_names(view, at, after);
            found.push(Named { what: What::Holder(holder), at: first..at + len, apart: true, party: None, other: false });
            at + len
        } else if let Some((len, office)) = office {
            let office = of_office(view, office, at..at + len);
            match found.last_mut().filter(|last| matches!(last.what, What::Office(_)) && last.at.end == at) {
                // "Special envoy of the president of the United States": whose envoy, and no president who speaks.
                Some(last) => {
                    last.at.end = office.at.end;
                    last.party = last.party.take().or(office.party);
                }
                None => found.push(office),
            }
            at + len
        } else if let Some((len, ())) = OUTLET.at(rest) {
            found.push(Named { what: What::Outlet, at: at..at + len, apart: false, party: None, other: false });
            at + len
        } else {
            at + 1
        };
        at = next;
    }
    found
}

/// "President" and the like are no office inside a longer tagged phrase.
fn is_verb(view: View<'_>, at: usize, len: usize) -> bool {
    view.marks.iter().any(|mark| mark.first < at && at + len <= mark.end && !matches!(mark.tag, Tag::Statement))
}

/// Where the given names before a surname begin.
fn given_names(view: View<'_>, surname: usize, after: usize) -> usize {
    let tokens: &[Token] = view.tokens;
    let mut first = surname;
    while let Some(before) = first.checked_sub(1) {
        let token = &tokens[before];
        let name = token.is_word() && token.capital && token.lower.chars().count() > 2 && OFFICE.at(&tokens[before..]).is_none() && !is_title(&token.lower);
        let tagged = view.marks.iter().any(|mark| (mark.first..mark.end).contains(&before));
        if !name || tagged || before < after || surname - before > 2 || before == 0 && surname - before > 1 {
            break;
        }
        first = before;
    }
    first
}

fn is_title(word: &str) -> bool {
    [
        "president",
        "minister",
        "ombudsman",
        "commissioner",
        "президент",
        "российский",
        "украинский",
        "український",
        "російський",
        "russian",
        "ukrainian",
        "омбудсмен",
        "омбудсман",
        "putin",
        "aide",
        "envoy",
    ]
    .iter()
    .any(|title| word.starts_with(title))
        || ["according", "as", "by", "the", "и", "і", "та", "за", "как", "як", "по", "also", "on", "in", "when", "while"].contains(&word)
}

fn of_office(view: View<'_>, office: Office, at: Range<usize>) -> Named {
    let word = |at: usize| view.tokens.get(at).map_or("", |token| token.lower.as_str());
    let other = (1..=2).any(|back| at.start.checked_sub(back).is_some_and(|before| OTHERS.contains(&word(before))));
    let mut place = at.clone();
    let mut party = office.party.map(|party| (party, at.clone()));
    let before = |gap: usize| view.marks.iter().find(|mark| mark.end + gap == at.start).copied();
    // "Russian Defence Ministry", "Russia's Defence Ministry".
    let possessive = at.start >= 2 && word(at.start - 1) == "s" && word(at.start - 2) == "'";
    let mark = if possessive { before(2) } else { before(0) };
    if let Some(Mark { tag: Tag::Party(side, _), first, end }) = mark {
        place.start = first;
        party = party.or(Some((side.code(), first..end)));
    }
    // "Ministry of Defence of Ukraine", "Минобороны РФ".
    let gap = usize::from(matches!(word(at.end), "of" | "for" | "в" | "у" | "при")) + usize::from(word(at.end + 1) == "the" && word(at.end) == "of");
    if let Some(Mark { tag: Tag::Party(side, form), first, end }) = view.mark(at.end + gap) {
        let genitive = matches!(form, Form::Genitive | Form::Oblique | Form::Name) && (gap > 0 || form != Form::Name || word(first) == "рф")
            || form == Form::Dative && gap > 0;
        if genitive && (party.is_none() || office.party == Some(side.code())) {
            place.end = end;
            party = party.or(Some((side.code(), first..end)));
        }
    }
    let other_country = |from: usize| helper(view.tokens.get(from..).unwrap_or_default()).map(|(len, helper)| (helper.party, from..from + len));
    let country = other_country(at.end + gap)
        .or_else(|| at.start.checked_sub(1).and_then(other_country))
        .or_else(|| at.start.checked_sub(3).filter(|_| possessive).and_then(other_country));
    if let (None, Some((country, tokens))) = (&party, country) {
        place.end = place.end.max(tokens.end);
        party = Some((country, tokens));
    }
    let other = other || office.body && is_somebody_of(view, place.end);
    Named { what: What::Office(office), at: place, apart: true, party, other }
}

/// "Посол МИД РФ Родион Мирошник": somebody of a body who isn't listed, in an office that isn't.
fn is_somebody_of(view: View<'_>, end: usize) -> bool {
    let name = |at: usize| {
        let known = HOLDER.at(view.tokens.get(at..).unwrap_or_default()).is_some() || OUTLET.at(view.tokens.get(at..).unwrap_or_default()).is_some();
        let marked = view.marks.iter().any(|mark| (mark.first..mark.end).contains(&at));
        view.tokens.get(at).is_some_and(|token| token.is_word() && token.capital && !token.lower.is_ascii()) && !known && !marked
    };
    name(end) && name(end + 1)
}

/// An office that the article says somebody holds: the office, what says whose it is, and where its holder is named.
struct Held {
    holder: Holder,
    office: Sourced<&'static str>,
    party: Support,
    named: Support,
}

/// Who is in which office, as far as the article says it.
#[derive(Default)]
pub(crate) struct Offices {
    holders: HashMap<&'static str, Held>,
    bodies: HashMap<&'static str, Vec<(&'static str, Support)>>,
}

impl Offices {
    /// What the article says of its speakers' offices.
    pub(crate) fn of<'a>(readings: impl IntoIterator<Item = &'a Reading<'a>>) -> Self {
        let mut offices = Self::default();
        for reading in readings {
            for named in &reading.named {
                match named.what {
                    What::Holder(holder) => offices.note(reading, holder, named),
                    What::Office(office) => {
                        if let (true, Some((party, at))) = (office.body, &named.party) {
                            offices.bodies.entry(office.name).or_default().push((party, reading.support(at.clone())));
                        }
                    }
                    What::Outlet => {}
                }
            }
        }
        offices
    }

    fn note(&mut self, reading: &Reading<'_>, holder: Holder, named: &Named) {
        if self.holders.contains_key(holder.name) {
            return;
        }
        let fits = |other: &&Named| match other.what {
            What::Office(office) => {
                let party = other.party.as_ref().is_none_or(|(party, _)| *party == holder.party);
                let beside = other.at.end <= named.at.start + 1 && named.at.start <= other.at.end + 6
                    || named.at.end <= other.at.start && other.at.start <= named.at.end + 6;
                party && beside && !other.other && holder.offices.contains(&office_name(office.name, holder.party))
            }
            _ => false,
        };
        if let Some(office) = reading.named.iter().find(fits) {
            let What::Office(Office { name, .. }) = office.what else { return };
            let party = office.party.as_ref().map_or_else(|| reading.support(named.at.clone()), |(_, at)| reading.support(at.clone()));
            let value = Sourced { value: office_name(name, holder.party), from: vec![reading.support(office.at.clone())] };
            self.holders.insert(holder.name, Held { holder, office: value, party, named: reading.support(named.at.clone()) });
        } else if let Some(mark) =
            reading.marks.iter().find(|mark| mark.tag == Tag::Counterpart && mark.end <= named.at.start && named.at.start <= mark.end + 3)
        {
            let adjective =
                reading.marks.iter().find(|other| other.end == mark.first && matches!(other.tag, Tag::Party(side, _) if side.code() == holder.party));
            if let Some(adjective) = adjective {
                let value = Sourced { value: holder.offices[0], from: vec![reading.support(adjective.first..mark.end)] };
                let party = reading.support(adjective.first..adjective.end);
                self.holders.insert(holder.name, Held { holder, office: value, party, named: reading.support(named.at.clone()) });
            }
        }
    }

    /// An announcer or a counterpart, as far as the article supports it.
    pub(crate) fn speaker(&self, reading: &Reading<'_>, named: &Named) -> Option<Speaker> {
        match named.what {
            What::Outlet => None,
            What::Holder(holder) => Some(match self.holders.get(holder.name) {
                Some(Held { office, party, .. }) => Speaker {
                    party: Sourced { value: holder.party, from: vec![party.clone()] },
                    office: Some(office.clone()),
                    name: Some(Sourced { value: holder.name.to_owned(), from: vec![reading.support(named.at.clone())] }),
                },
                None => Speaker { party: Sourced { value: holder.party, from: vec![reading.support(named.at.clone())] }, office: None, name: None },
            }),
            What::Office(office) => self.of_office(reading, named, office),
        }
    }

    fn of_office(&self, reading: &Reading<'_>, named: &Named, office: Office) -> Option<Speaker> {
        if named.other {
            return None;
        }
        let known = || {
            let bodies = self.bodies.get(office.name)?;
            bodies.iter().all(|(party, _)| *party == bodies[0].0).then(|| bodies[0].clone())
        };
        let (party, support) = match &named.party {
            Some((party, at)) => (*party, reading.support(at.clone())),
            None if office.body => known()?,
            None => return self.of_holder(reading, named, office),
        };
        let value = office_name(office.name, party);
        let name = if office.body { None } else { unlisted_name(reading, named) };
        Some(Speaker {
            party: Sourced { value: party, from: vec![support] },
            office: Some(Sourced { value, from: vec![reading.support(named.at.clone())] }),
            name,
        })
    }
}

impl Offices {
    /// "The ombudsman", where the article says of one person only that they are it.
    fn of_holder(&self, reading: &Reading<'_>, named: &Named, office: Office) -> Option<Speaker> {
        let mut held = self.holders.values().filter(|held| held.office.value == office_name(office.name, held.holder.party));
        let (Some(one), None) = (held.next(), held.next()) else { return None };
        Some(Speaker {
            party: Sourced { value: one.holder.party, from: vec![one.party.clone()] },
            office: Some(Sourced { value: one.office.value, from: vec![reading.support(named.at.clone())] }),
            name: Some(Sourced { value: one.holder.name.to_owned(), from: vec![one.named.clone()] }),
        })
    }
}

/// The name beside an office whose holder isn't listed: two words in capitals, in Latin letters, where no case changes them.
fn unlisted_name(reading: &Reading<'_>, named: &Named) -> Option<Sourced<String>> {
    let tokens = &reading.sentence.tokens;
    let name = |first: usize| {
        let pair = tokens.get(first..first + 2)?;
        let fits = pair.iter().all(|token| token.is_word() && token.capital && token.lower.is_ascii() && !is_title(&token.lower));
        let tagged = reading.marks.iter().any(|mark| mark.first < first + 2 && mark.end > first);
        (fits && !tagged).then(|| {
            let value: Vec<String> = pair.iter().map(|token| capitalised(&token.lower)).collect();
            Sourced { value: value.join(" "), from: vec![reading.support(first..first + 2)] }
        })
    };
    name(named.at.end).or_else(|| name(named.at.start.checked_sub(3)?).filter(|_| tokens[named.at.start - 1].is(",")))
}

fn capitalised(lower: &str) -> String {
    lower
        .split('-')
        .map(|part| {
            let mut characters = part.chars();
            characters.next().map(|first| first.to_uppercase().chain(characters).collect::<String>()).unwrap_or_default()
        })
        .collect::<Vec<_>>()
        .join("-")
}
