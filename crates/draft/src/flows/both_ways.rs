//! The same number in both directions.

use announcement::Count;

use super::{Flow, Gathered, is_pair};
use crate::{
    categories,
    counted::Counted,
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
        let partner = self.both
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
        let each_side = self.reading.sentence.tokens.windows(2).any(|pair| {
            matches!(
                (pair[0].lower.as_str(), pair[1].lower.as_str()),
                ("each" | "both", "side" | "sides")
                    | ("each", "country")
                    | ("каждая", "сторона")
                    | ("обе", "стороны")
                    | ("кожна", "сторона")
                    | ("обидві", "сторони")
            )
        });
        let pair = pair.or(match mains {
            [one] if each_side => Some((*one, *one)),
            _ => None,
        });
        let Some((one, other)) = pair else {
            return if self.both && self.clause.verb.moves != Move::Swap { Err(Why::NoDirection) } else { Ok(None) };
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
