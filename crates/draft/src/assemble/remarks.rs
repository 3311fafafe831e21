//! Claims without numbers: channels, help, plans, frameworks, who said what was said before.

use announcement::ChannelStatus;

use super::{Assembler, Said};
use crate::{
    claim::{Act, Claim, Help},
    dates::{Side as Direction, resolve},
    help::helpers,
    kinds::{framework, is_definite, withheld},
    lexicon::{Side, Tag},
    reading::nearest,
    speakers::Speaker,
    support::{Sourced, Support},
    times::{own_dates, speech_date},
    voice::Voice,
    why::Why,
};

impl Assembler<'_> {
    pub(super) fn channel(&mut self, number: usize, of: Sourced<&'static str>, status: Sourced<ChannelStatus>, said: Said) -> Result<(), Why> {
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
    pub(super) fn without_flows(&mut self, number: usize, said: Said) -> Result<(), Why> {
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
    pub(super) fn confirmed(&mut self, number: usize, said: Said) -> Result<(), Why> {
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
    pub(super) fn mediation(&mut self, number: usize, helpers: Vec<Help>, said: Said) -> Result<(), Why> {
        let reading = &self.readings[number];
        let exchange = reading.find(|tag| tag == Tag::Exchange).filter(|mark| is_definite(reading, mark, self.language));
        let several = reading.has(|tag| tag == Tag::Exchanges) || reading.has(|tag| tag == Tag::Earlier);
        let last = self.claims.iter().rev().find(|claim| claim.act == Act::Completed && number - claim.sentence <= 4);
        // Said right after an exchange, in its paragraph, it's of that one.
        let beside =
            last.is_some_and(|last| last.paragraph == reading.sentence.paragraph && number - last.sentence == 1) && own_dates(reading).next().is_none();
        let mut completed = self.claims.iter().filter(|claim| claim.act == Act::Completed);
        let only =
            completed.next().filter(|first| completed.all(|other| other.date.as_ref().map(|date| date.value) == first.date.as_ref().map(|date| date.value)));
        let last = last.or(only.filter(|_| exchange.is_some()));
        // After a remark on an earlier exchange, which of the two is meant can't be told.
        let earlier = last.is_some_and(|last| {
            let day = |claim: &Claim| claim.date.as_ref().map(|date| date.value);
            self.claims.iter().any(|claim| claim.act == Act::Completed && day(claim) != day(last))
        });
        let related = (exchange.is_some() || beside) && !several && !earlier;
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
    pub(super) fn framework(&mut self, number: usize, framework: Sourced<&'static str>, said: Said) -> Result<(), Why> {
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
    pub(super) fn plan(&mut self, number: usize, said: Said) -> Result<(), Why> {
        let reading = &self.readings[number];
        let earlier = reading.find(|tag| tag == Tag::Earlier);
        let mut claim = self.claim(number, Act::Planned, said)?;
        claim.date = self.planned_date(reading, &(0..reading.sentence.tokens.len()))?;
        // Of a plan that was told at some time, of no day, nothing can be said.
        if claim.date.is_none() && earlier.is_none() && claim.announced.value.to_string().starts_with("..") {
            return Err(Why::NoDate);
        }
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
    pub(super) fn attribute(&mut self, number: usize, speaker: Option<Speaker>) -> Result<(), Why> {
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
}
