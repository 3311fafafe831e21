use std::ops::Range;

use announcement::Finding;

use crate::{
    counted::{Counted, View, counted},
    dates::{Mention, mentions},
    language::Language,
    lexicon::{Mark, Side, Tag, marks},
    sentences::Sentence,
    speakers::{Named, named},
    support::{Sourced, Support},
    tokens::bytes,
};

/// A sentence with everything that was recognised in it.
pub(crate) struct Reading<'a> {
    pub(crate) sentence: &'a Sentence,
    pub(crate) marks: &'a [Mark],
    pub(crate) dates: &'a [Mention],
    pub(crate) counted: Vec<Counted>,
    /// Tokens in which a party is named for something else than what it does: offices, bodies that speak.
    pub(crate) apart: Vec<Range<usize>>,
    pub(crate) named: Vec<Named>,
    pub(crate) language: Language,
}

/// The marks and times of a sentence, which a [`Reading`] looks at.
pub(crate) struct Annotations {
    marks: Vec<Mark>,
    dates: Vec<Mention>,
}

impl Annotations {
    pub(crate) fn of(sentence: &Sentence, language: Language) -> Self {
        let marks = marks(&sentence.tokens, language);
        let mut dates = mentions(&sentence.tokens, &marks, language);
        // A dateline's day is the dispatch's.
        let dateline = dateline(sentence, &marks);
        dates.retain(|date| date.first >= dateline);
        Self { marks, dates }
    }
}

impl<'a> Reading<'a> {
    pub(crate) fn of(sentence: &'a Sentence, annotations: &'a Annotations, language: Language) -> Self {
        let view = View { tokens: &sentence.tokens, marks: &annotations.marks, dates: &annotations.dates };
        let counted = counted(view);
        let named = named(view);
        let mut apart: Vec<Range<usize>> = named.iter().filter(|named| named.apart).map(|named| named.at.clone()).collect();
        apart.extend(Some(0..dateline(sentence, &annotations.marks)).filter(|dateline| !dateline.is_empty()));
        Self { sentence, marks: &annotations.marks, dates: &annotations.dates, counted, apart, named, language }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { tokens: &self.sentence.tokens, marks: self.marks, dates: self.dates }
    }

    /// These tokens, as what a field rests on.
    pub(crate) fn support(&self, tokens: Range<usize>) -> Support {
        Support::Text(bytes(&self.sentence.tokens, tokens))
    }

    /// The whole sentence.
    pub(crate) fn whole(&self) -> Support {
        Support::Text(self.sentence.bytes.clone())
    }

    pub(crate) fn find(&self, wanted: impl Fn(Tag) -> bool) -> Option<Mark> {
        self.marks.iter().find(|mark| wanted(mark.tag)).copied()
    }

    pub(crate) fn has(&self, wanted: impl Fn(Tag) -> bool) -> bool {
        self.find(wanted).is_some()
    }

    /// What the sentence says of whose the bodies are.
    pub(crate) fn identity(&self) -> Option<Sourced<Finding>> {
        let mark = self.find(|tag| matches!(tag, Tag::Belong(_)))?;
        let Tag::Belong(finding) = mark.tag else { return None };
        let belongs = self.sentence.tokens.iter().any(|token| ["belong", "належ", "принадлеж"].iter().any(|stem| token.lower.starts_with(stem)));
        belongs.then(|| Sourced { value: finding, from: vec![self.support(mark.first..mark.end)] })
    }

    /// Every place where it names a party.
    pub(crate) fn parties(&self) -> Vec<(Side, Range<usize>)> {
        let mut parties: Vec<(Side, Range<usize>)> = self
            .marks
            .iter()
            .filter_map(|mark| match mark.tag {
                Tag::Belong(Finding::ClaimedBySender) => Some((Side::Ru, bytes(&self.sentence.tokens, mark.first..mark.end))),
                Tag::Party(side, _) | Tag::HeldBy(side) => Some((side, bytes(&self.sentence.tokens, mark.first..mark.end))),
                _ => None,
            })
            .chain(self.named.iter().filter_map(|named| named.side().map(|side| (side, bytes(&self.sentence.tokens, named.at.clone())))))
            .collect();
        parties.sort_by_key(|(_, bytes)| bytes.start);
        parties
    }
}

/// One after the last token of "KYIV, Aug. 14 –": where a dispatch was written, which does nothing in it. 0 where there is none.
fn dateline(sentence: &Sentence, marks: &[Mark]) -> usize {
    /// The most tokens of one.
    const LONGEST: usize = 14;
    let tokens = &sentence.tokens;
    let Some(dash) = (1..tokens.len().min(LONGEST)).find(|at| matches!(tokens[*at].lower.as_str(), "–" | "—" | "-") && tokens[*at].spaced) else {
        return 0;
    };
    let place = |at: usize| {
        let token = &tokens[at];
        let month = marks.iter().any(|mark| mark.first == at && matches!(mark.tag, Tag::Month(_)));
        token.capital || month || !token.is_word()
    };
    let marked = tokens[1..dash].iter().any(|token| matches!(token.lower.as_str(), "," | "("));
    let verb = marks.iter().any(|mark| mark.first < dash && matches!(mark.tag, Tag::Verb(..)));
    if marked && !verb && tokens[0].is_word() && (0..dash).all(place) { dash + 1 } else { 0 }
}

/// Where a party is named: in these bytes, or else before them, or after.
pub(crate) fn nearest<'a>(parties: &'a [(Side, Range<usize>)], side: Side, sentence: &Range<usize>) -> Option<&'a Range<usize>> {
    let (before, rest) = parties.split_at(parties.partition_point(|(_, bytes)| bytes.start < sentence.start));
    let is = |(party, _): &&(Side, Range<usize>)| *party == side;
    let after = rest.iter().find(is);
    let here = after.filter(|(_, bytes)| bytes.start < sentence.end);
    here.or_else(|| before.iter().rfind(is)).or(after).map(|(_, bytes)| bytes)
}
