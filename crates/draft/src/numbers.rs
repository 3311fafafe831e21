//! Numbers in digits and in words, with what makes them inexact.

use announcement::{Count, Number};

use crate::{
    counted::View,
    lexicon::{Bound, Mark, Tag},
    tokens::Kind,
};

/// A number that begins at this token, with what limits it: its tokens.
pub(crate) fn number(view: View<'_>, at: usize) -> Option<(Count, usize, usize)> {
    if view.in_date(at) {
        return None;
    }
    let (value, end) = plain(view, at)?;
    let low = Number::new(value)?;
    let joint = view.word(end);
    if let Some((high, high_end)) = matches!(joint, "–" | "-" | "—" | "and" | "to" | "до").then(|| plain(view, end + 1)).flatten() {
        let opened = view.mark_before(at).is_some_and(|mark| matches!(mark.tag, Tag::Between))
            || at > 0 && matches!(view.word(at - 1), "from" | "від" | "от" | "between");
        if matches!(joint, "–" | "-" | "—") && value < high || opened {
            let count = Count::Between(low, Number::new(high)?);
            return (value <= high).then_some((count, at - usize::from(opened), high_end));
        }
    }
    let bound = view.mark_before(at).and_then(|mark| match mark.tag {
        Tag::Bound(bound) => Some((bound, mark.first)),
        _ => None,
    });
    let Some((bound, first)) = bound else { return Some((Count::Exact(low), at, end)) };
    let count = match bound {
        Bound::MoreThan => Count::MoreThan(low),
        Bound::AtLeast => Count::AtLeast(low),
        Bound::AtMost => Count::AtMost(low),
        Bound::LessThan => Count::LessThan(low),
        Bound::About => Count::About(low),
    };
    Some((count, first, end))
}

/// A number in digits or words, and one after its last token.
fn plain(view: View<'_>, at: usize) -> Option<(u32, usize)> {
    let token = view.tokens.get(at)?;
    if let Kind::Number(value) = token.kind {
        let followed = view.mark(at + 1).filter(|mark| mark.tag == Tag::Thousand);
        return match (value, followed) {
            (Some(value), Some(mark)) => Some((value.checked_mul(1000)?, mark.end)),
            (None, Some(mark)) => Some((thousands(&token.lower)?, mark.end)),
            (value, None) => Some((value?, at + 1)),
        };
    }
    let (mut sum, mut end) = (0_u32, at);
    while let Some((value, next)) = worded(view, end) {
        // "Twenty two" and "сто пятьдесят семь" grow smaller; "one two" is no number.
        if sum > 0 && value >= lowest(sum) {
            break;
        }
        (sum, end) = (sum.checked_add(value)?, next);
    }
    let thousand = view.mark(end).filter(|mark| mark.tag == Tag::Thousand);
    match (sum, thousand) {
        (0, Some(mark)) => matches!(view.word(mark.end - 1), "тысяча" | "тысячу" | "тисяча" | "тисячу" | "thousand")
            .then_some((1000, mark.end))
            .filter(|_| view.word(mark.first) != "thousand"),
        (0, None) => None,
        (sum, Some(mark)) => Some((sum.checked_mul(1000)?, mark.end)),
        (sum, None) => Some((sum, end)),
    }
}

/// "14,5" thousand.
fn thousands(fraction: &str) -> Option<u32> {
    let (whole, digits) = fraction.split_once([',', '.'])?;
    let scale = 10_u32.checked_pow(3_u32.checked_sub(u32::try_from(digits.len()).ok()?)?)?;
    let (whole, part): (u32, u32) = (whole.parse().ok()?, digits.parse().ok()?);
    whole.checked_mul(1000)?.checked_add(part.checked_mul(scale)?)
}

/// The value of the last digit that isn't 0: what is added must be smaller.
const fn lowest(sum: u32) -> u32 {
    let mut unit = 1;
    while sum.is_multiple_of(unit * 10) && unit < 1_000_000 {
        unit *= 10;
    }
    unit
}

fn worded(view: View<'_>, at: usize) -> Option<(u32, usize)> {
    if let Some(Mark { tag: Tag::Number(value), end, .. }) = view.mark(at) {
        return Some((value, end));
    }
    // "Twenty-two" is one token.
    let (tens, ones) = view.word(at).split_once('-')?;
    let tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"].iter().position(|word| *word == tens)?;
    let ones = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"].iter().position(|word| *word == ones)?;
    u32::try_from((tens + 2) * 10 + ones + 1).ok().map(|value| (value, at + 1))
}
