//! Who does what a verb says.

use super::Around;
use crate::{
    clauses::Clause,
    counted::Counted,
    direction::{Named, Part},
    language::Language,
    lexicon::Tag,
    reading::Reading,
    voice::is_joint,
};

/// The parties that do what the verb says. Who only says it isn't one: "Moscow said that Ukraine received".
pub(super) fn subjects<'a>(reading: &Reading<'_>, clause: &Clause, parties: &'a [Named]) -> Vec<&'a Named> {
    let all: Vec<&Named> = parties.iter().filter(|party| party.part == Part::Subject).collect();
    let joint = |party: &Named| reading.view().mark(party.at.start).is_some_and(|mark| is_joint(reading.view(), mark, party.side));
    let says = |party: &Named| {
        let speech = |tag: Tag| matches!(tag, Tag::Speech | Tag::Confirm);
        reading.marks.iter().any(|mark| speech(mark.tag) && (mark.end == party.at.start || mark.first >= party.at.end && mark.first - party.at.end <= 1))
    };
    let both_say = all.iter().any(|party| joint(party) && says(party));
    let others: Vec<&Named> = all.iter().copied().filter(|party| !(says(party) || both_say && joint(party))).collect();
    if others.is_empty() && !clause.verb.passive { all } else { others }
}

/// "The ministry said it had received": who speaks is who does it.
pub(super) fn speaker_acts(reading: &Reading<'_>, clause: &Clause, around: &Around<'_>) -> Option<Named> {
    let (side, _) = around.voice.as_ref()?;
    let view = reading.view();
    let speech = |at: usize| view.mark_before(at).is_some_and(|mark| matches!(mark.tag, Tag::Speech | Tag::Confirm));
    let said = |at: usize| speech(at) || at > 0 && view.word(at - 1) == "that" && speech(at - 1);
    let pronoun =
        view.marks.iter().find(|mark| mark.tag == Tag::Pronoun && view.word(mark.first) == "it" && mark.end <= clause.verb.first && said(mark.first))?;
    (!clause.verb.passive).then_some(Named { side: *side, part: Part::Subject, at: pronoun.first..pronoun.end })
}

/// Whether a party is this verb's subject: in English nobody who is counted stands between.
pub(super) fn acts(reading: &Reading<'_>, clause: &Clause, subject: &Named) -> bool {
    if reading.language != Language::English || clause.elliptic {
        return true;
    }
    let from = if clause.tokens.contains(&subject.at.start) { subject.at.end } else { clause.tokens.start };
    let counted = |item: &&Counted| item.noun.is_some() && item.first >= from && item.end <= clause.verb.first;
    let loose = |item: &&Counted| clause.loose.iter().any(|loose| loose.contains(&item.first));
    !reading.counted.iter().filter(counted).any(|item| !loose(&item))
}
