//! From sentences to claims: who said it, when, of which exchange, and what was said already.

use std::{collections::HashMap, ops::Range};

use announcement::{ChannelStatus, Date};

use crate::{
    Skipped,
    claim::{Act, Claim, Help},
    dates::{Mention, Published, Side as Direction, When, resolve},
    flows::{Around, Flow, Moved, merge, moved},
    kinds::{Covers, agreed_at, called_off, channel, contact, covers, framework, helpers, is_definite, stock, withheld},
    language::Language,
    lexicon::{Side, Tag},
    mode::Mode,
    reading::{Annotations, Reading, nearest},
    repetition::without_repetition,
    sentences::sentences,
    speakers::{Offices, Speaker},
    support::{Sourced, Support},
    times::{own_dates, said_earlier, speech_date},
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

    /// A claim of what was handed over, or is to be.
    fn moves(&mut self, number: usize, moved: Moved, said: &Said) -> Result<(), Why> {
        let reading = &self.readings[number];
        let announced = said.announced.clone().ok_or(Why::NoDate)?;
        if moved.mode == Mode::Fact {
            if let Some(covers) = covers(reading, &announced, self.published.as_ref(), self.article)? {
                return self.aggregate(number, moved.flows, covers, said);
            }
            return self.completed(number, moved.flows, &moved.at, said);
        }
        let framework = framework(reading).or_else(|| if moved.mode == Mode::Agreed { agreed_at(reading) } else { None });
        let act = match (moved.mode, &framework) {
            (Mode::Offer, _) => Act::Offered,
            (Mode::Agreed, Some(_)) => Act::Agreement,
            _ => Act::Planned,
        };
        let mut claim = self.claim(number, act, said.clone())?;
        claim.flows = moved.flows;
        claim.framework = framework;
        if claim.act == Act::Planned {
            claim.date = self.planned_date(reading, &moved.at)?;
        }
        self.claims.push(claim);
        Ok(())
    }

    fn aggregate(&mut self, number: usize, flows: Vec<Flow>, covers: Covers, said: &Said) -> Result<(), Why> {
        let Covers { period, scope, exchanges } = covers;
        let mut claim = self.claim(number, Act::Aggregate { period, scope, exchanges }, said.clone())?;
        claim.flows = flows;
        let reading = &self.readings[number];
        // What was said "previously" was said by the day of publication.
        if let (Some(mark), [Support::Published]) = (reading.find(|tag| tag == Tag::Earlier), claim.announced.from.as_slice()) {
            let until = format!("../{}", claim.announced.value).parse().map_err(|_| Why::NoDate)?;
            claim.announced = Sourced { value: until, from: vec![reading.support(mark.first..mark.end), Support::Published] };
        }
        self.claims.push(claim);
        Ok(())
    }

    fn completed(&mut self, number: usize, flows: Vec<Flow>, at: &Range<usize>, said: &Said) -> Result<(), Why> {
        let reading = &self.readings[number];
        let mut claim = self.claim(number, Act::Completed, said.clone())?;
        claim.flows = flows;
        let paragraph = self.state.framework.clone().filter(|(paragraph, _)| *paragraph == reading.sentence.paragraph).map(|(_, framework)| framework);
        claim.framework = framework(reading).or(paragraph);
        claim.helpers = helpers(reading);
        claim.quotation = reading.sentence.quotation.or(reading.sentence.open);
        if self.goes_on(reading, &claim) {
            let last = self.claims.last_mut().ok_or(Why::NotUnderstood)?;
            let mut flows = last.flows.clone();
            claim.flows.iter().try_for_each(|flow| merge(&mut flows, flow.clone()))?;
            last.flows = flows;
            last.helpers.extend(claim.helpers);
            last.framework = last.framework.take().or(claim.framework);
            return Ok(());
        }
        claim.date = Some(self.exchange_date(reading, at, &claim.announced)?);
        claim.subject = self.subject_of_last(reading);
        let other = |known: &Claim| {
            known.act == Act::Completed && known.speaker.as_ref().zip(claim.speaker.as_ref()).is_some_and(|(one, other)| one.party.value != other.party.value)
        };
        if reading.has(|tag| tag == Tag::Confirm) && self.claims.iter().any(other) {
            claim.act = Act::Confirmed;
        }
        self.state.date.clone_from(&claim.date);
        if self.state.first_date.is_none() {
            self.state.first_date.clone_from(&claim.date);
        }
        self.claims.push(claim);
        Ok(())
    }

    /// "The exchange also …" is of the same exchange as what was said before.
    fn subject_of_last(&self, reading: &Reading<'_>) -> Option<String> {
        let exchange = reading.find(|tag| tag == Tag::Exchange)?;
        let last = self.claims.last().filter(|last| last.paragraph == reading.sentence.paragraph && last.act == Act::Completed)?;
        let here = own_dates(reading).next().is_none() && is_definite(reading, &exchange, self.language);
        here.then(|| crate::event::subject(last)).flatten()
    }

    /// Whether a sentence adds the other direction to what the one before says, in the same voice.
    fn goes_on(&self, reading: &Reading<'_>, claim: &Claim) -> bool {
        let Some(last) = self.claims.last().filter(|last| last.act == Act::Completed && claim.sentence - last.sentence <= 2) else { return false };
        let same_voice = match (&claim.speaker, &last.speaker) {
            (Some(one), Some(other)) => one.is(other),
            (None, None) => true,
            // What nobody is said to have said may be the outlet's own.
            (None, Some(_)) => reading.has(|tag| tag == Tag::InReturn),
            (Some(_), None) => false,
        };
        let quoted = claim.quotation.is_some() && claim.quotation == last.quotation;
        let in_return = reading.has(|tag| tag == Tag::InReturn);
        let near = last.paragraph == claim.paragraph || in_return && claim.paragraph - last.paragraph == 1;
        let opposite = claim.flows.iter().all(|flow| last.flows.iter().all(|known| known.from.value != flow.from.value));
        let same_what = claim
            .flows
            .iter()
            .flat_map(|flow| &flow.items)
            .any(|item| last.flows.iter().flat_map(|flow| &flow.items).any(|known| known.category.value == item.category.value));
        let dated = own_dates(reading).next().is_some() || reading.has(|tag| tag == Tag::Earlier);
        let attributed_addition = last.speaker.is_some() && claim.speaker.is_some() && !opposite && near && !same_what;
        same_voice && !dated && (quoted || near && opposite && same_what || attributed_addition)
    }

    /// When the exchange took place: as the sentence says, or the paragraph, or the beginning of the article, or else as the article is news of it.
    fn exchange_date(&self, reading: &Reading<'_>, at: &Range<usize>, announced: &Sourced<Date>) -> Result<Sourced<Date>, Why> {
        let mut own: Vec<&Mention> = own_dates(reading).filter(|mention| at.contains(&mention.first)).collect();
        if own.len() > 1 {
            own.retain(|mention| matches!(mention.when, When::Day { .. } | When::DaysAgo(_)));
        }
        match own.as_slice() {
            [] => {}
            [mention] => match (resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Past), mention.when) {
                (Some(date), When::Day { .. } | When::Weekday(_) | When::DaysAgo(_)) => return Ok(date),
                (Some(date), When::Month { .. }) if reading.has(|tag| tag == Tag::Exchange) => return Ok(date),
                (None, When::Weekday(_) | When::DaysAgo(_)) => {
                    let published = self.published.ok_or(Why::NoDate)?;
                    let words = reading.support(mention.first..mention.end);
                    return Ok(Sourced { value: published.date, from: vec![words, Support::Published] });
                }
                _ => return Err(Why::NoDate),
            },
            _ => return Err(Why::NoDate),
        }
        let earlier = reading
            .find(|tag| tag == Tag::Earlier)
            .filter(|mark| !reading.sentence.tokens[mark.first].is("already") && !matches!(reading.sentence.tokens[mark.first].lower.as_str(), "уже" | "вже"));
        if let Some(date) = &self.state.date {
            return Ok(date.clone());
        }
        let several = self.state.several_days.is_some_and(|paragraph| reading.sentence.paragraph - paragraph <= 1);
        if earlier.is_some() || several || reading.has(|tag| tag == Tag::ThatDay) {
            return Err(Why::NoDate);
        }
        if speech_date(reading).is_some() {
            return Ok(announced.clone());
        }
        Ok(self.state.first_date.clone().unwrap_or_else(|| announced.clone()))
    }

    fn planned_date(&self, reading: &Reading<'_>, at: &Range<usize>) -> Result<Option<Sourced<Date>>, Why> {
        let own: Vec<&Mention> = own_dates(reading).filter(|mention| at.contains(&mention.first)).collect();
        match own.as_slice() {
            [] => Ok(None),
            [mention] if mention.when != When::Vague => {
                resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Future).map(Some).ok_or(Why::NoDate)
            }
            _ => Err(Why::NoDate),
        }
    }

    fn channel(&mut self, number: usize, of: Sourced<&'static str>, status: Sourced<ChannelStatus>, said: Said) -> Result<(), Why> {
        let sentence = &self.readings[number].sentence.bytes;
        let support = |side: Side| {
            let near = nearest(&self.parties, side, sentence);
            near.map(|bytes| Support::Text(bytes.clone())).ok_or(Why::NoDirection)
        };
        let parties = [support(Side::Ru)?, support(Side::Ua)?];
        let supports = of.from.iter().chain(&status.from).cloned().collect();
        self.state.channel = Some((of.value, status.value, supports));
        self.push(number, Act::Channel { of, status, parties }, said)
    }

    /// A sentence without numbers: help, a plan, the framework of what was said before.
    fn without_flows(&mut self, number: usize, said: Said) -> Result<(), Why> {
        let reading = &self.readings[number];
        let exchange = reading.find(|tag| matches!(tag, Tag::Exchange | Tag::Exchanges | Tag::ThatExchange));
        if reading.has(|tag| matches!(tag, Tag::Doubt(_) | Tag::Not | Tag::Foreign)) || reading.sentence.tokens.iter().any(|token| token.is("?")) {
            return Err(Why::NotUnderstood);
        }
        if reading.has(|tag| tag == Tag::Confirm) && exchange.is_some() {
            return self.confirmed(number, said);
        }
        let next = self.readings.get(number + 1).filter(|next| next.counted.is_empty() && next.sentence.paragraph - reading.sentence.paragraph <= 1);
        if let Some(flows) = withheld(reading, next, &self.parties) {
            return self.completed(number, flows, &(0..reading.sentence.tokens.len()), &said);
        }
        if let Some(framework) = framework(reading) {
            return self.framework(number, framework, said);
        }
        let helpers = helpers(reading);
        let planned = reading.has(|tag| matches!(tag, Tag::Plan | Tag::Preparations | Tag::Offer | Tag::Agree));
        if !helpers.is_empty() && !planned {
            return self.mediation(number, helpers, said);
        }
        let preparing = reading.find(|tag| matches!(tag, Tag::Plan | Tag::Preparations)).zip(exchange);
        match preparing {
            Some(_) if said.speaker.is_some() && reading.counted.is_empty() => self.plan(number, said),
            _ => Err(Why::NotUnderstood),
        }
    }

    /// "The Ukrainian side confirmed the exchange": a claim that agrees with the other side's, and says no number.
    fn confirmed(&mut self, number: usize, said: Said) -> Result<(), Why> {
        let speaker = said.speaker.as_ref().ok_or(Why::NoSpeaker)?;
        let reading = &self.readings[number];
        let other = |claim: &&Claim| claim.act == Act::Completed && claim.speaker.as_ref().is_none_or(|known| known.party.value != speaker.party.value);
        let known = self.claims.iter().rev().take_while(|claim| number - claim.sentence <= 6).find(other).ok_or(Why::NotUnderstood)?;
        if own_dates(reading).next().is_some()
            || reading.counted.iter().any(|counted| counted.noun.is_some())
            || reading.has(|tag| matches!(tag, Tag::Plan | Tag::Withheld))
        {
            return Err(Why::NotUnderstood);
        }
        let (date, subject) = (known.date.clone(), crate::event::subject(known));
        let mut claim = self.claim(number, Act::Confirmed, said)?;
        claim.date = date;
        claim.subject = subject;
        self.claims.push(claim);
        Ok(())
    }

    /// Help that is credited to somebody; of which exchange, where the sentence goes on about the one before.
    fn mediation(&mut self, number: usize, helpers: Vec<Help>, said: Said) -> Result<(), Why> {
        let reading = &self.readings[number];
        let exchange = reading.find(|tag| tag == Tag::Exchange).filter(|mark| is_definite(reading, mark, self.language));
        let several = reading.has(|tag| tag == Tag::Exchanges) || reading.has(|tag| tag == Tag::Earlier);
        let last = self.claims.iter().rev().find(|claim| claim.act == Act::Completed && number - claim.sentence <= 4);
        let related = exchange.is_some() && !several;
        let about = last.filter(|_| related).map(|last| (last.date.clone(), crate::event::subject(last)));
        let relevant = exchange.is_some() || several || reading.has(|tag| matches!(tag, Tag::Verb(..) | Tag::Captivity | Tag::Noun(_)));
        let thanks = last.is_some_and(|last| number - last.sentence <= 3);
        if !relevant && !thanks && self.claims.is_empty() {
            return Err(Why::NotUnderstood);
        }
        let mut claim = self.claim(number, Act::Mediation, said)?;
        claim.helpers = helpers;
        if let Some((date, subject)) = about {
            claim.date = date;
            claim.subject = subject;
        }
        self.claims.push(claim);
        Ok(())
    }

    /// "Those actions were within the framework of": said of the claim before, and a claim of its own that agrees with it.
    fn framework(&mut self, number: usize, framework: Sourced<&'static str>, said: Said) -> Result<(), Why> {
        let reading = &self.readings[number];
        let of_those = reading.has(|tag| tag == Tag::ThatExchange);
        let exchange = reading.find(|tag| tag == Tag::Exchange).is_some_and(|mark| is_definite(reading, &mark, self.language));
        if exchange && own_dates(reading).next().is_some() {
            // It's about the exchange that the paragraph goes on to tell of.
            self.state.framework = Some((reading.sentence.paragraph, framework));
            return Err(Why::NotUnderstood);
        }
        let last = self.claims.last_mut().filter(|last| last.act == Act::Completed && number - last.sentence <= 3).ok_or(Why::NotUnderstood)?;
        if !of_those && !exchange {
            return Err(Why::NotUnderstood);
        }
        last.framework = last.framework.take().or_else(|| Some(framework.clone()));
        if !of_those || said.speaker.is_none() || last.speaker.is_some() {
            return Ok(());
        }
        let date = last.date.clone().ok_or(Why::NoDate)?;
        last.speaker.clone_from(&said.speaker);
        last.announced = date.clone();
        let subject = crate::event::subject(last);
        let mut claim = self.claim(number, Act::Confirmed, Said { announced: Some(date.clone()), ..said })?;
        claim.date = Some(date);
        claim.framework = Some(framework);
        claim.subject = subject;
        self.claims.push(claim);
        Ok(())
    }

    /// A plan of which no number is said.
    fn plan(&mut self, number: usize, said: Said) -> Result<(), Why> {
        let reading = &self.readings[number];
        let earlier = reading.find(|tag| tag == Tag::Earlier);
        let mut claim = self.claim(number, Act::Planned, said)?;
        claim.date = self.planned_date(reading, &(0..reading.sentence.tokens.len()))?;
        if let (None, Some(mark), Some(published)) = (&claim.date, earlier, self.published) {
            // What was planned earlier is what the article is news of.
            let month = Sourced { value: published.month(), from: vec![reading.support(mark.first..mark.end), Support::Published] };
            claim.date = Some(self.state.first_date.clone().unwrap_or_else(|| month.clone()));
            if claim.announced.from.contains(&Support::Published) {
                claim.announced = month;
            }
        }
        let known = self.claims.iter().any(|other| other.act == Act::Planned && other.flows.is_empty() && other.speaker == claim.speaker);
        let same = self.claims.last().is_some_and(|last| last.act == Act::Planned && last.flows.is_empty() && last.paragraph == claim.paragraph);
        if known || same {
            return Err(Why::Repeated);
        }
        self.claims.push(claim);
        Ok(())
    }

    /// "This was reported by": who said what was said right before.
    fn attribute(&mut self, number: usize, speaker: Option<Speaker>) -> Result<(), Why> {
        let speaker = speaker.ok_or(Why::NoSpeaker)?;
        let reading = &self.readings[number];
        let spoken = speech_date(reading).and_then(|mention| resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Past));
        let paragraph = reading.sentence.paragraph;
        // "Also by": somebody else said it first.
        if reading.sentence.tokens.iter().any(|token| matches!(token.lower.as_str(), "й" | "також" | "также" | "also" | "too" | "і")) {
            return Err(Why::NotUnderstood);
        }
        let voices = self.voices;
        let clear = |from: usize| voices[from + 1..number].iter().all(|voice| *voice == Voice::Outlet);
        let unsaid = self.claims.iter_mut().rev().take_while(|claim| claim.speaker.is_none() && paragraph - claim.paragraph <= 1 && clear(claim.sentence));
        let mut found = false;
        for claim in unsaid {
            claim.speaker = Some(speaker.clone());
            claim.announced = spoken.clone().unwrap_or_else(|| claim.announced.clone());
            found = true;
        }
        if found { Ok(()) } else { Err(Why::NotUnderstood) }
    }

    fn note_dates(&mut self, reading: &Reading<'_>) {
        let about = reading.has(|tag| matches!(tag, Tag::Exchange | Tag::Verb(..)));
        let planned = reading.has(|tag| matches!(tag, Tag::Plan | Tag::Offer | Tag::Agree | Tag::Doubt(_) | Tag::Not));
        if !about || reading.has(|tag| matches!(tag, Tag::Since(_) | Tag::Total)) {
            return;
        }
        let own: Vec<&Mention> = own_dates(reading).collect();
        if own.iter().filter(|mention| matches!(mention.when, When::Day { .. } | When::Weekday(_) | When::DaysAgo(_))).count() > 1 {
            self.state.several_days = Some(reading.sentence.paragraph);
        }
        let date = match own.as_slice() {
            _ if planned => None,
            [mention] => {
                resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Past).filter(|_| !matches!(mention.when, When::Year(_)))
            }
            _ => None,
        };
        if date.is_some() {
            self.state.date.clone_from(&date);
        } else if !own.is_empty() {
            self.state.date = None;
        }
        if !self.state.started && !planned {
            self.state.started = true;
            let spoken = speech_date(reading).and_then(|mention| resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Past));
            let date = date.or(spoken);
            let earlier = reading.has(|tag| tag == Tag::Earlier);
            self.state.first_date = self.state.first_date.take().or(date.filter(|_| !earlier));
        }
    }
}

/// Who said something, and when.
#[derive(Clone)]
struct Said {
    speaker: Option<Speaker>,
    announced: Option<Sourced<Date>>,
}
