//! Claims of what was handed over, or is to be.

use std::ops::Range;

use announcement::Date;

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
    speakers::What,
    support::{Sourced, Support},
    times::{own_dates, speech_date},
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
        let date = self.exchange_date(reading, at, &claim.announced)?;
        // What was said at some time before is of no day.
        if date.value.to_string().starts_with("..") {
            return Err(Why::NoDate);
        }
        claim.date = Some(date);
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
