//! Claims of what was handed over, or is to be.

use std::ops::Range;

use announcement::{Count, Date};

use super::{Assembler, Said};
use crate::{
    claim::{Act, Claim},
    dates::{Mention, Side as Direction, When, resolve},
    flows::{Flow, Moved, merge},
    help::helpers,
    kinds::{Covers, agreed_at, covers, framework, is_definite},
    lexicon::Tag,
    mode::Mode,
    reading::Reading,
    speakers::{Speaker, What},
    support::{Sourced, Support},
    times::{own_dates, speech_date},
    voice::Voice,
    why::Why,
};

impl Assembler<'_> {
    /// A claim of what was handed over, or is to be.
    pub(super) fn moves(&mut self, number: usize, moved: Moved, said: &Said) -> Result<(), Why> {
        let reading = &self.readings[number];
        let announced = said.announced.clone().ok_or(Why::NoDate)?;
        if moved.mode == Mode::Fact {
            if let Some(covers) = covers(reading, &announced, self.published.as_ref(), self.article)? {
                return self.aggregate(number, moved.flows, covers, said);
            }
            return self.completed(number, moved.flows, &moved.at, said);
        }
        // "Putin reaffirmed a readiness to": somebody's words, whose it is by a word that isn't known.
        if said.speaker.is_none() && reading.named.iter().any(|named| !matches!(named.what, What::Outlet)) {
            return Err(Why::NoSpeaker);
        }
        // "He said that … . In all Moscow is ready to hand over 6,000": his words or the outlet's.
        if said.speaker.is_none() && self.follows_speech(number) {
            return Err(Why::NoSpeaker);
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
        // Who speaks of a readiness to hand over speaks of their own side's.
        let foreign = |speaker: &Speaker| claim.flows.len() == 1 && claim.flows.iter().any(|flow| flow.to.value.code() == speaker.party.value);
        if claim.act == Act::Offered && claim.speaker.as_ref().is_some_and(foreign) {
            return Err(Why::NoDirection);
        }
        if claim.act == Act::Planned {
            claim.date = self.planned_date(reading, &moved.at)?;
            // "An exchange is planned for November 20. 300 are to come home."
            let planned =
                |last: &&Claim| last.act == Act::Planned && last.flows.is_empty() && last.paragraph == claim.paragraph && last.speaker == claim.speaker;
            if let (None, Some(last)) = (&claim.date, self.claims.last().filter(planned)) {
                claim.date.clone_from(&last.date);
            }
        }
        self.claims.push(claim);
        Ok(())
    }

    pub(super) fn aggregate(&mut self, number: usize, flows: Vec<Flow>, covers: Covers, said: &Said) -> Result<(), Why> {
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

    pub(super) fn completed(&mut self, number: usize, flows: Vec<Flow>, at: &Range<usize>, said: &Said) -> Result<(), Why> {
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
            if last.speaker.is_none() && claim.speaker.is_some() {
                (last.speaker, last.announced) = (claim.speaker, claim.announced);
            }
            last.helpers.extend(claim.helpers);
            last.framework = last.framework.take().or(claim.framework);
            return Ok(());
        }
        let own_date = own_dates(reading).next().is_some();
        // "Three civilians also returned", after what a ministry said: its words or the outlet's.
        if claim.speaker.is_none() && !own_date && (is_added(reading) || reading.has(|tag| tag == Tag::InReturn)) && self.follows_speech(number) {
            return Err(Why::NoSpeaker);
        }
        // "In total 6,057 were handed over. Russia received 78": a total still.
        if !own_date && self.follows_total(number) {
            return Err(Why::NoPeriod);
        }
        let date = self.exchange_date(reading, at, &claim.announced)?;
        // "12 returned, she said. The handover took place on September 26."
        if !own_date && self.is_dated_later(number, &date) {
            return Err(Why::NoDate);
        }
        // What was said at some time before is of no day.
        if date.value.to_string().starts_with("..") {
            return Err(Why::NoDate);
        }
        claim.date = Some(date);
        if self.claims.iter().any(|known| is_part_of(&claim, known)) {
            return Err(Why::Twice);
        }
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

    /// Whether one of the next sentences gives the exchange another day than the one that it has for want of a day of its own.
    fn is_dated_later(&self, number: usize, known: &Sourced<Date>) -> bool {
        /// How many sentences further.
        const NEAR: usize = 2;
        let of_another =
            |reading: &Reading<'_>| reading.has(|tag| matches!(tag, Tag::Earlier | Tag::Since(_) | Tag::Total | Tag::Plan | Tag::Offer | Tag::Agree));
        let paragraph = self.readings[number].sentence.paragraph;
        let after = self.readings.iter().skip(number + 1).take(NEAR).filter(|reading| reading.sentence.paragraph - paragraph <= 1);
        let word =
            |reading: &Reading<'_>| reading.sentence.tokens.iter().any(|token| matches!(token.lower.as_str(), "передача" | "повернення" | "возвращение"));
        let telling = after.filter(|reading| (word(reading) || reading.has(|tag| matches!(tag, Tag::Exchange | Tag::ThatExchange))) && !of_another(reading));
        let mut dates = telling.flat_map(|reading| own_dates(reading).map(move |mention| (reading, mention)));
        dates.any(|(reading, mention)| {
            let day = matches!(mention.when, When::Day { .. } | When::Weekday(_) | When::DaysAgo(_));
            let date = resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Past);
            let told = self.state.first_date.is_some() || self.state.date.is_some();
            day && !told && date.is_some_and(|date| date.value != known.value)
        })
    }

    /// Whether the sentence before, in the same paragraph, is somebody's words.
    fn follows_speech(&self, number: usize) -> bool {
        let before = self.before(number);
        before.is_some_and(|before| matches!(self.voices[before], Voice::Speaker(_) | Voice::Same))
    }

    /// Whether the sentence before, in the same paragraph, gives a total, and nothing that took place on some day.
    fn follows_total(&self, number: usize) -> bool {
        let total = |before: &usize| self.readings[*before].has(|tag| matches!(tag, Tag::Total | Tag::Since(_)));
        let before = self.before(number).filter(total);
        before.is_some_and(|before| !self.claims.iter().any(|claim| claim.sentence == before && matches!(claim.act, Act::Completed | Act::Confirmed)))
    }

    fn before(&self, number: usize) -> Option<usize> {
        number.checked_sub(1).filter(|before| self.readings[*before].sentence.paragraph == self.readings[number].sentence.paragraph)
    }

    /// "The exchange also …" is of the same exchange as what was said before.
    pub(super) fn subject_of_last(&self, reading: &Reading<'_>) -> Option<String> {
        let exchange = reading.find(|tag| tag == Tag::Exchange)?;
        let last = self.claims.last().filter(|last| last.paragraph == reading.sentence.paragraph && last.act == Act::Completed)?;
        let here = own_dates(reading).next().is_none() && is_definite(reading, &exchange, self.language);
        here.then(|| crate::event::subject(last)).flatten()
    }

    /// Whether a sentence adds the other direction to what the one before says, in the same voice.
    pub(super) fn goes_on(&self, reading: &Reading<'_>, claim: &Claim) -> bool {
        let Some(last) = self.claims.last().filter(|last| last.act == Act::Completed && claim.sentence - last.sentence <= 2) else { return false };
        let same_voice = match (&claim.speaker, &last.speaker) {
            (Some(one), Some(other)) => one.is(other),
            (None, None) => true,
            // What nobody is said to have said may be the outlet's own.
            (None, Some(_)) => reading.has(|tag| tag == Tag::InReturn),
            // "175 were returned. In return 175 were handed over, the ministry said": both are the ministry's words.
            (Some(_), None) => reading.has(|tag| tag == Tag::InReturn) && last.paragraph == claim.paragraph && claim.sentence - last.sentence == 1,
        };
        let quoted = claim.quotation.is_some() && claim.quotation == last.quotation;
        let in_return = reading.has(|tag| tag == Tag::InReturn);
        let same_speaker = claim.speaker.is_some() && last.speaker.is_some() && claim.announced.value == last.announced.value;
        let near = last.paragraph == claim.paragraph || (in_return || same_speaker) && claim.paragraph - last.paragraph == 1;
        let opposite = claim.flows.iter().all(|flow| last.flows.iter().all(|known| known.from.value != flow.from.value));
        let same_what = claim
            .flows
            .iter()
            .flat_map(|flow| &flow.items)
            .any(|item| last.flows.iter().flat_map(|flow| &flow.items).any(|known| known.category.value == item.category.value));
        let dated = own_dates(reading).next().is_some() || reading.has(|tag| tag == Tag::Earlier);
        let attributed_addition = last.speaker.is_some() && claim.speaker.is_some() && !opposite && last.paragraph == claim.paragraph && !same_what;
        same_voice && !dated && (quoted || near && opposite && same_what || attributed_addition)
    }

    /// When the exchange took place: as the sentence says, or the paragraph, or the beginning of the article, or else as the article is news of it.
    pub(super) fn exchange_date(&self, reading: &Reading<'_>, at: &Range<usize>, announced: &Sourced<Date>) -> Result<Sourced<Date>, Why> {
        // "The exchange of 1,000 for 1,000 ended on May 25": it went over several days.
        if is_ending(reading) {
            return Err(Why::NoDate);
        }
        let mut own: Vec<&Mention> = own_dates(reading).filter(|mention| at.contains(&mention.first)).collect();
        // "The exchange, in which …, took place on August 14"; what is planned has a day of its own.
        if own.is_empty() && !reading.has(|tag| matches!(tag, Tag::Plan | Tag::Offer | Tag::Agree)) {
            own = own_dates(reading).collect();
        }
        if own.len() > 1 {
            let weekdays = own.clone();
            own.retain(|mention| matches!(mention.when, When::Day { .. } | When::DaysAgo(_)));
            if own.is_empty() {
                own = weekdays;
            }
        }
        match own.as_slice() {
            [] => {}
            [mention] => match (resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Past), mention.when) {
                // "Today", in words of another day than the article's, or where the article tells of another day's exchange.
                (Some(date), When::DaysAgo(0)) if self.is_other_day(&date, announced) => return Err(Why::NoDate),
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
        let that_day = reading.has(|tag| tag == Tag::ThatDay);
        let last = self.claims.last().filter(|last| that_day && last.act == Act::Completed && reading.sentence.paragraph - last.paragraph <= 1);
        if let Some(date) = last.and_then(|last| last.date.clone()) {
            return Ok(date);
        }
        let several = self.state.several_days.is_some_and(|paragraph| reading.sentence.paragraph - paragraph <= 1);
        if earlier.is_some() || several || reading.has(|tag| tag == Tag::ThatDay) {
            return Err(Why::NoDate);
        }
        if speech_date(reading).is_some() {
            return Ok(announced.clone());
        }
        if self.state.over_days {
            return Err(Why::NoDate);
        }
        Ok(self.state.first_date.clone().unwrap_or_else(|| announced.clone()))
    }

    fn is_other_day(&self, today: &Sourced<Date>, announced: &Sourced<Date>) -> bool {
        announced.value != today.value || self.state.first_date.as_ref().is_some_and(|first| first.value != today.value)
    }

    pub(super) fn planned_date(&self, reading: &Reading<'_>, at: &Range<usize>) -> Result<Option<Sourced<Date>>, Why> {
        let own: Vec<&Mention> = own_dates(reading).filter(|mention| at.contains(&mention.first)).collect();
        match own.as_slice() {
            [] => Ok(None),
            [mention] if mention.when != When::Vague => {
                resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Future).map(Some).ok_or(Why::NoDate)
            }
            _ => Err(Why::NoDate),
        }
    }

    pub(super) fn note_dates(&mut self, reading: &Reading<'_>) {
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
        // "The exchange took place on the same day", and that day isn't known.
        let that_day = reading.has(|tag| tag == Tag::ThatDay) && reading.has(|tag| tag == Tag::Exchange) && own.is_empty();
        if that_day && !planned && self.state.date.is_none() && self.state.first_date.is_none() {
            self.state.started = true;
            self.state.over_days = true;
        }
        if date.is_some() {
            self.state.date.clone_from(&date);
        } else if !own.is_empty() {
            self.state.date = None;
        }
        if !self.state.started && !planned {
            self.state.started = true;
            let spoken = speech_date(reading).and_then(|mention| resolve(mention, &reading.sentence.tokens, self.published.as_ref(), Direction::Past));
            self.state.over_days = date.is_none() && own.iter().any(|mention| mention.when == When::Vague);
            let date = date.or(spoken);
            let earlier = reading.has(|tag| tag == Tag::Earlier);
            self.state.first_date = self.state.first_date.take().or(date.filter(|_| !earlier));
        }
    }
}

/// "157 were returned, the headquarters said. We brought back 15 of the convicted, said the ombudsman": with another number from the same side for the same day
/// it's likely that one is a part of the other.
fn is_part_of(claim: &Claim, known: &Claim) -> bool {
    let party = |claim: &Claim| claim.speaker.as_ref().map(|speaker| speaker.party.value);
    let day = |claim: &Claim| claim.date.as_ref().map(|date| date.value);
    let alike = |one: &str, other: &str| one == other || (one == "people" || other == "people") && one != "bodies" && other != "bodies";
    let sum = |flow: &Flow| {
        let items = flow.items.iter().filter(|item| item.of.is_none());
        items.map(|item| if let Count::Exact(number) = item.count.value { Some(u64::from(number.get())) } else { None }).sum::<Option<u64>>()
    };
    let differs = |flow: &Flow| {
        // "84 people": "33 soldiers and 51 civilians".
        let as_many = |other: &Flow| other.from.value == flow.from.value && sum(other).is_some() && sum(other) == sum(flow);
        if known.flows.iter().any(as_many) {
            return false;
        }
        let others = known.flows.iter().filter(|other| other.from.value == flow.from.value).flat_map(|other| &other.items);
        let main: Vec<_> = others.filter(|item| item.of.is_none()).collect();
        let same = |item: &crate::flows::Item| main.iter().any(|other| other.category.value == item.category.value && other.count.value == item.count.value);
        let own = || flow.items.iter().filter(|item| item.of.is_none());
        own().any(|item| !same(item) && main.iter().any(|other| alike(item.category.value, other.category.value)))
    };
    matches!(known.act, Act::Completed | Act::Confirmed)
        && party(claim).is_some()
        && party(claim) == party(known)
        && day(claim) == day(known)
        && claim.flows.iter().any(differs)
}

/// Whether a sentence says that something more was handed over than what was said before.
fn is_added(reading: &Reading<'_>) -> bool {
    const MORE: &[&str] = &["also", "additionally", "another", "addition", "также", "того", "ещё", "еще", "дополнительно", "також", "ще", "крім", "додатково"];
    reading.sentence.tokens.iter().any(|token| MORE.contains(&token.lower.as_str()))
}

/// Whether a sentence tells of an exchange's end, or that it went over several days.
fn is_ending(reading: &Reading<'_>) -> bool {
    const ENDED: &[&str] = &["завершил", "завершён", "завершен", "законч", "завершив", "закінч"];
    const LONG: &[&str] = &["two-day", "three-day", "four-day", "multi-day", "days-long", "двухдневн", "трехдневн", "трёхдневн", "дводенн", "триденн"];
    let ended = |word: &str| word == "ended" || ENDED.iter().chain(LONG).any(|stem| word.starts_with(stem));
    reading.has(|tag| matches!(tag, Tag::Exchange | Tag::Exchanges)) && reading.sentence.tokens.iter().any(|token| ended(&token.lower))
}
