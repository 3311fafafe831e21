//! Who helped with an exchange.

use announcement::Role;

use crate::{
    claim::Help,
    counted::View,
    gazetteer::helper,
    lexicon::{Mark, Move, Tag},
    reading::Reading,
    support::Sourced,
    tokens::Token,
};

/// Who helped, as the sentence says.
pub(crate) fn helpers(reading: &Reading<'_>) -> Vec<Help> {
    let tokens = &reading.sentence.tokens;
    let marks: Vec<(Mark, Role)> = reading
        .marks
        .iter()
        .filter_map(|mark| match mark.tag {
            Tag::Help(role) if !is_care(reading.view(), mark) => Some((*mark, role)),
            _ => None,
        })
        .collect();
    if marks.is_empty() {
        return Vec::new();
    }
    let mut helpers: Vec<Help> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((len, helper)) = helper(&tokens[at..]) else {
            at += 1;
            continue;
        };
        let place = at..at + len;
        at += len;
        let distance = |mark: &Mark| place.start.checked_sub(mark.end).unwrap_or(mark.first.saturating_sub(place.end) + 1);
        let Some((mark, role)) = marks.iter().min_by_key(|(mark, _)| distance(mark)).copied() else { break };
        let took_place = reading.has(|tag| matches!(tag, Tag::Exchange | Tag::Exchanges | Tag::Verb(Move::Swap, _)));
        let host = place.start > 0 && took_place && matches!(tokens[place.start - 1].lower.as_str(), "territory" | "территории" | "території");
        if !host && !is_credited(reading.view(), &mark, place.start) || helpers.iter().any(|known| known.party == helper.party) {
            continue;
        }
        // The Red Cross carries between the sides, whatever its help is called.
        let role = match helper.party {
            _ if host => Role::Host,
            "X-ICRC" if role != Role::Participant => Role::Intermediary,
            _ => role,
        };
        let from = if host { vec![reading.support(place.start - 1..place.end)] } else { vec![reading.support(mark.first..mark.end)] };
        helpers.push(Help { party: helper.party, name: helper.name, named: reading.support(place), role: Sourced { value: role, from } });
    }
    helpers
}

/// Whether a word belongs to a helper's name, or joins two.
fn named(tokens: &[Token], word: usize) -> bool {
    let inside = |first: usize| helper(&tokens[first..]).is_some_and(|(len, _)| word < first + len);
    (0..=word).any(inside) || matches!(tokens[word].lower.as_str(), "the" | "and" | "и" | "і" | "та" | "й" | "also" | "также" | "також")
}

/// "Medical and psychological help": what the freed are given, and nothing for an exchange.
fn is_care(view: View<'_>, help: &Mark) -> bool {
    /// How many words may stand before "help" that say of what kind it is.
    const NEAR: usize = 4;
    const KINDS: &[&str] = &["medic", "psycholog", "медиц", "психолог", "медич", "психологіч", "юридич"];
    view.tokens[help.first.saturating_sub(NEAR)..help.end].iter().any(|token| KINDS.iter().any(|kind| token.lower.starts_with(kind)))
}

/// Whether a country is named as one that helped: in the same run of words, and not as where something is.
fn is_credited(view: View<'_>, help: &Mark, at: usize) -> bool {
    let tokens = view.tokens;
    let before = at.checked_sub(1).map_or("", |before| tokens[before].lower.as_str());
    let place = matches!(before, "in" | "через" | "from" | "to" | "в" | "у" | "territory")
        || before == "the" && at > 1 && matches!(tokens[at - 2].lower.as_str(), "in" | "from" | "to");
    let (first, last) = if at < help.first { (at, help.first) } else { (help.end, at) };
    let between = &tokens[first..last.max(first)];
    let apart = between.iter().any(|token| matches!(token.lower.as_str(), ";" | ":" | "."));
    // "The Emirates hosted the talks, and the United States mediated": what follows the comma is of somebody else.
    let comma = between.iter().position(|token| token.is(",")).filter(|_| at < help.first);
    let elsewhere = comma.is_some_and(|comma| between[..comma].iter().enumerate().any(|(word, token)| token.is_word() && !named(between, word)));
    !place && !apart && !elsewhere
}
