//! From sentences to claims: who said it, when, of which exchange, and what was said already.

mod exchanges;
mod remarks;

use std::{collections::HashMap, ops::Range};

use announcement::{ChannelStatus, Date};

use crate::{
    Skipped,
    claim::{Act, Claim},
    dates::{Published, Side as Direction, When, resolve},
    flows::{Around, Moved, moved},
    kinds::{called_off, channel, contact, stock},
    language::Language,
    lexicon::{Side, Tag},
    reading::{Annotations, Reading},
    repetition::without_repetition,
    sentences::sentences,
    speakers::{Offices, Speaker},
    support::{Sourced, Support},
    times::{said_earlier, speech_date},
    tokens::Kind,
    voice::{Voice, may_mean, voice},
    why::Why,
};

/// The claims of an article, and its sentences without one.
pub(crate) struct Assembled {
    pub(crate) claims: Vec<Claim>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) places: Vec<Place>,
}

/// Where a sentence is.
pub(crate) struct Place {
    bytes: Range<usize>,
    has_number: bool,
}

impl Place {
    pub(crate) fn skipped(&self, why: Why) -> Skipped {
        Skipped { start: self.bytes.start, end: self.bytes.end, has_number: self.has_number, why }
    }
}

/// Reads an article.
pub(crate) fn assemble(article: &str, language: Language, published: Option<Published>) -> Assembled {
    let sentences = sentences(article);
    let annotations: Vec<Annotations> = sentences.iter().map(|sentence| Annotations::of(sentence, language)).collect();
    let readings: Vec<Reading<'_>> = sentences.iter().zip(&annotations).map(|(sentence, annotations)| Reading::of(sentence, annotations, language)).collect();
    let offices = Offices::of(&readings);
    let voices: Vec<Voice> = readings.iter().map(|reading| voice(reading, &offices)).collect();
    let parties = readings.iter().flat_map(Reading::parties).collect();
    let has_number =
        |reading: &Reading<'_>| reading.sentence.tokens.iter().any(|token| matches!(token.kind, Kind::Number(Some(_)))) || !reading.counted.is_empty();
    let places: Vec<Place> = readings.iter().map(|reading| Place { bytes: reading.sentence.bytes.clone(), has_number: has_number(reading) }).collect();
    let mut assembler = Assembler {
        article,
        published,
        language,
        readings: &readings,
        offices: &offices,
        voices: &voices,
        parties,
        quotations: quotations(&readings, &voices),
        state: State::default(),
        claims: Vec::new(),
    };
    let mut skipped = Vec::new();
    for (number, reading) in readings.iter().enumerate() {
        let outcome = if reading.sentence.heading { Err(Why::Heading) } else { assembler.sentence(number) };
        let speaks = places[number].has_number || reading.has(|tag| matches!(tag, Tag::Exchange | Tag::Exchanges | Tag::Verb(..)));
        if let (Err(why), true) = (outcome, speaks) {
            skipped.push(places[number].skipped(why));
        }
    }
    let claims = without_repetition(assembler.claims);
    Assembled { claims, skipped, places }
}

/// Who speaks in each quotation.
fn quotations(readings: &[Reading<'_>], voices: &[Voice]) -> HashMap<usize, Speaker> {
    let mut speakers = HashMap::new();
    let mut last: Option<&Speaker> = None;
    for (reading, voice) in readings.iter().zip(voices) {
        match voice {
            Voice::Speaker(speaker) => last = Some(speaker),
            Voice::Same => {}
            Voice::Outlet | Voice::Unknown => continue,
        }
        for quotation in [reading.sentence.quotation, reading.sentence.open].into_iter().flatten() {
            if let Some(speaker) = last {
                speakers.entry(quotation).or_insert_with(|| speaker.clone());
            }
        }
    }
    speakers
}

/// What the sentences before have said.
#[derive(Default)]
struct State {
    /// Who spoke so far, the last one last.
    speakers: Vec<Speaker>,
    /// When the last speaker spoke, where that was said in this paragraph.
    announced: Option<Sourced<Date>>,
    paragraph: usize,
    /// When the exchange of this paragraph took place.
    date: Option<Sourced<Date>>,
    /// When the exchange of the article's first sentence took place.
    first_date: Option<Sourced<Date>>,
    started: bool,
    /// The article's first exchange went over several days, or over a time that can't be told.
    over_days: bool,
    /// The paragraph in which several days were named last.
    several_days: Option<usize>,
    /// The agreement that an exchange follows, and the paragraph that says so.
    framework: Option<(usize, Sourced<&'static str>)>,
    /// The channel whose state was told last.
    channel: Option<(&'static str, ChannelStatus, Vec<Support>)>,
}

struct Assembler<'a> {
    article: &'a str,
    published: Option<Published>,
    language: Language,
    readings: &'a [Reading<'a>],
    offices: &'a Offices,
    voices: &'a [Voice],
    parties: Vec<(Side, Range<usize>)>,
    quotations: HashMap<usize, Speaker>,
    state: State,
    claims: Vec<Claim>,
}

impl Assembler<'_> {
    fn sentence(&mut self, number: usize) -> Result<(), Why> {
        let reading = &self.readings[number];
        if reading.sentence.paragraph != self.state.paragraph {
            self.state.paragraph = reading.sentence.paragraph;
            self.state.date = None;
            self.state.announced = None;
        }
        let said = self.said(number);
        let announced = self.announced(reading, &said);
        let result = self.claims_of(number, said, announced);
        self.note_dates(reading);
        result
    }

    /// Who says this sentence, and remembers it.
    fn said(&mut self, number: usize) -> Result<Option<Speaker>, Why> {
        let reading = &self.readings[number];
        let quoted = reading.sentence.quotation.and_then(|quotation| self.quotations.get(&quotation)).cloned();
        let next = self.readings.get(number + 1).filter(|next| next.has(|tag| tag == Tag::ThisWasSaid) && next.counted.is_empty());
        let after = next.and_then(|_| match &self.voices[number + 1] {
            Voice::Speaker(speaker) => Some(speaker.clone()),
            _ => None,
        });
        let speaker = match &self.voices[number] {
            Voice::Outlet if after.is_some() && reading.sentence.quotation.is_none() => after,
            Voice::Speaker(speaker) => Some(speaker.clone()),
            Voice::Same => Some(self.state.speakers.iter().rev().find(|speaker| may_mean(reading, speaker)).cloned().ok_or(Why::NoSpeaker)?),
            Voice::Unknown if quoted.is_none() => return Err(Why::NoSpeaker),
            // A quotation without a speaker is somebody's words.
            Voice::Outlet if quoted.is_none() && reading.sentence.quotation.is_some() => return Err(Why::NoSpeaker),
            Voice::Outlet | Voice::Unknown => quoted,
        };
        let changed = match (&speaker, self.state.speakers.last()) {
            (Some(speaker), Some(last)) => !speaker.is(last),
            (Some(_), None) => true,
            _ => false,
        };
        if changed {
            self.state.announced = None;
        }
        if let Some(speaker) = speaker.clone().filter(|_| changed) {
            self.state.speakers.push(speaker);
        }
        Ok(speaker)
    }

    /// When it was said: a time beside the word that says so, else the day of publication.
    fn announced(&mut self, reading: &Reading<'_>, said: &Result<Option<Speaker>, Why>) -> Option<Sourced<Date>> {
        let spoken = speech_date(reading).and_then(|mention| resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Past));
        let attributed = matches!(said, Ok(Some(_)));
        // "The day before he said": when isn't told, but that it was before.
        if let (Some(mention), Some(published)) = (speech_date(reading).filter(|mention| mention.when == When::Vague), self.published) {
            let until = format!("../{}", published.date).parse().ok()?;
            return Some(Sourced { value: until, from: vec![reading.support(mention.first..mention.end), Support::Published] });
        }
        if let Some(date) = spoken {
            self.state.announced = Some(date.clone());
            return Some(date);
        }
        if let (Some(mark), Some(published)) = (said_earlier(reading).filter(|_| attributed), self.published) {
            let until = format!("../{}", published.date).parse().ok()?;
            return Some(Sourced { value: until, from: vec![reading.support(mark.first..mark.end), Support::Published] });
        }
        let known = self.state.announced.clone().filter(|_| attributed);
        known.or_else(|| self.published.map(|published| Sourced { value: published.date, from: vec![Support::Published] }))
    }

    fn claims_of(&mut self, number: usize, said: Result<Option<Speaker>, Why>, announced: Option<Sourced<Date>>) -> Result<(), Why> {
        let reading = &self.readings[number];
        if reading.has(|tag| tag == Tag::ThisWasSaid) && reading.counted.is_empty() {
            return self.attribute(number, said?);
        }
        let flows = self.moved(number, said.as_ref().ok().and_then(Option::as_ref));
        let said = said.map(|speaker| Said { speaker, announced });
        if let Some((of, status)) = channel(reading) {
            return self.channel(number, of, status, said?);
        }
        if let Some(stock) = stock(reading, &self.parties) {
            return self.push(number, stock, said?);
        }
        if let Some((act, date)) = called_off(reading, self.published.as_ref(), self.article) {
            let mut claim = self.claim(number, act, said?)?;
            claim.date = Some(date);
            self.claims.push(claim);
            return Ok(());
        }
        let issue = self.state.channel.as_ref().map(|(channel, status, supports)| (*channel, *status, supports.as_slice()));
        if let Some((with, topic)) = contact(reading, self.offices, issue, matches!(&said, Ok(Said { speaker: Some(_), .. })), self.article) {
            let act = Act::Contact { with, topic };
            return self.push(number, act, said?);
        }
        match flows {
            Ok(moved) if !moved.is_empty() => {
                let said = said?;
                moved.into_iter().try_for_each(|moved| self.moves(number, moved, &said))
            }
            Ok(_) => self.without_flows(number, said?),
            Err(why) => Err(why),
        }
    }

    fn moved(&self, number: usize, speaker: Option<&Speaker>) -> Result<Vec<Moved>, Why> {
        let reading = &self.readings[number];
        let last = self.claims.last().filter(|claim| matches!(claim.act, Act::Completed)).and_then(|claim| claim.flows.last());
        let side = |party: &str| [Side::Ru, Side::Ua].into_iter().find(|side| side.code() == party);
        let voice = speaker.and_then(|speaker| Some((side(speaker.party.value)?, speaker.party.from.first()?.clone())));
        moved(reading, &Around { last, parties: &self.parties, voice })
    }

    fn push(&mut self, number: usize, act: Act, said: Said) -> Result<(), Why> {
        let claim = self.claim(number, act, said)?;
        self.claims.push(claim);
        Ok(())
    }

    fn claim(&self, number: usize, act: Act, said: Said) -> Result<Claim, Why> {
        let reading = &self.readings[number];
        Ok(Claim {
            act,
            sentence: number,
            paragraph: reading.sentence.paragraph,
            quotation: reading.sentence.quotation.or(reading.sentence.open),
            whole: reading.whole(),
            announced: said.announced.ok_or(Why::NoDate)?,
            speaker: said.speaker,
            date: None,
            framework: None,
            flows: Vec::new(),
            helpers: Vec::new(),
            subject: None,
        })
    }
}

/// Who said something, and when.
#[derive(Clone)]
struct Said {
    speaker: Option<Speaker>,
    announced: Option<Sourced<Date>>,
}
