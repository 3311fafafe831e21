//! The same number in both directions.

use std::ops::Range;

use announcement::Count;

use super::{Flow, Gathered, is_pair};
use crate::{
    categories,
    counted::{Counted, View},
    direction::{Direction, Part},
    lexicon::{Mark, Move, Side, Tag},
    voice::is_joint,
    why::Why,
};

impl Gathered<'_> {
    /// "157 each", "157 for 157": the same in both directions.
    pub(super) fn both_ways(&self, mains: &[&Counted], items: &[&Counted]) -> Result<Option<Vec<Flow>>, Why> {
        let view = self.reading.view();
        let each = mains.iter().any(|item| item.each)
            || view.marks.iter().any(|mark| mark.tag == Tag::Each && self.clause.tokens.contains(&mark.first) && view.tokens[mark.first].lower != "по");
        let joint = |mark: &Mark| matches!(mark.tag, Tag::Party(side, _) if self.clause.tokens.contains(&mark.first) && is_joint(view, *mark, side));
        let reciprocal = is_reciprocal(view, &self.clause.tokens);
        let partner = self.both
            || reciprocal
            || each && view.marks.iter().any(joint)
            || self.parties.iter().any(|party| party.part == Part::Partner)
            || self.clause.verb.moves == Move::Swap;
        if categories::composed(mains) && partner && mains[0].each {
            return self.composed_both_ways(mains, items).map(Some);
        }
        let pair = match mains {
            // "206 prisoners, 103 from each side".
            [all, one] if one.each && partner && one.noun.is_none() && is_twice(all, one) => Some((*one, *one)),
            [one, other] => is_pair(view, one, &self.reading.counted).then_some((*one, *other)),
            [one] if each && partner => Some((*one, *one)),
            _ => None,
        };
        let each_side = does_each_side(view);
        let pair = pair.or(match mains {
            [one] if each_side => Some((*one, *one)),
            _ => None,
        });
        let Some((one, other)) = pair else {
            return if (self.both || reciprocal) && self.clause.verb.moves != Move::Swap { Err(Why::NoDirection) } else { Ok(None) };
        };
        if one.count != other.count {
            return Err(Why::NoDirection);
        }
        let ru = Direction { from: (Side::Ru, None), to: (Side::Ua, None) };
        Ok(Some(vec![self.flow(&ru, one, items, None)?, self.flow(&ru.reversed(), other, items, None)?]))
    }

    /// "390 each: 270 soldiers and 120 civilians each".
    pub(super) fn composed_both_ways(&self, mains: &[&Counted], items: &[&Counted]) -> Result<Vec<Flow>, Why> {
        let ru = Direction { from: (Side::Ru, None), to: (Side::Ua, None) };
        let one_way = |direction: &Direction| -> Result<Flow, Why> {
            let mut flow = self.flow(direction, mains[0], items, None)?;
            for part in &mains[1..] {
                flow.items.extend(self.flow(direction, part, items, Some(mains[0]))?.items);
            }
            Ok(flow)
        };
        Ok(vec![one_way(&ru)?, one_way(&ru.reversed())?])
    }
}

/// Whether the first is the sum of the second for both sides.
fn is_twice(all: &Counted, one: &Counted) -> bool {
    match (all.count, one.count) {
        (Count::Exact(all), Count::Exact(one)) => one.get().checked_mul(2) == Some(all.get()),
        _ => false,
    }
}

/// "Each side released", and not "both sides said".
fn does_each_side(view: View<'_>) -> bool {
    (0..view.tokens.len()).any(|at| {
        let sides = matches!(
            (view.word(at), view.word(at + 1)),
            ("each" | "both", "side" | "sides")
                | ("each", "country" | "bringing" | "freeing" | "releasing")
                | ("каждая", "сторона")
                | ("обе", "стороны")
                | ("кожна", "сторона")
                | ("обидві", "сторони")
        );
        let say = (at + 2..at + 4).any(|next| view.mark(next).is_some_and(|mark| matches!(mark.tag, Tag::Speech | Tag::Confirm)));
        sides && !say
    })
}

/// "Each other".
fn is_reciprocal(view: View<'_>, tokens: &Range<usize>) -> bool {
    tokens.clone().any(|at| {
        matches!(
            (view.word(at), view.word(at + 1)),
            ("друг", "другу" | "друга") | ("один", "одному" | "одного") | ("одна", "одній") | ("each", "other") | ("one", "another")
        )
    })
}
