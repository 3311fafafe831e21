use std::collections::BTreeMap;

use announcement::{Bounds, Party, Span};
use jiff::civil;

use crate::{figure::Saying, settle::settle};

/// The claims of one office that were announced on one day, or at one time that's no clearer.
struct Day<'a> {
    announced: Span,
    settled: Bounds,
    sayings: Vec<Saying<'a>>,
}

/// The latest claims of each announcer (party and office). Claims of one day stand together; a later claim whose bounds contain the earlier one's doesn't replace it.
///
/// A claim is later than another only if it's certainly so: announced "in February" and on 26 February they stand together. Unnamed sources have no office: all stand.
pub(crate) fn latest_of_each_office(sayings: Vec<Saying<'_>>) -> Vec<Saying<'_>> {
    let mut offices: BTreeMap<(Party, Option<&str>), Vec<Saying<'_>>> = BTreeMap::new();
    let mut standing = Vec::new();
    for saying in sayings {
        match saying.mention.announcer {
            None => standing.push(saying),
            Some(announcer) => offices.entry((announcer.party, announcer.office.as_deref())).or_default().push(saying),
        }
    }
    for claims in offices.into_values() {
        let days = days(claims);
        let later = Later::than(&days);
        standing.extend(days.into_iter().filter(|day| later.leaves(day)).flat_map(|day| day.sayings));
    }
    standing
}

fn days(claims: Vec<Saying<'_>>) -> Vec<Day<'_>> {
    let mut days: BTreeMap<(Option<civil::Date>, Option<civil::Date>), Vec<Saying<'_>>> = BTreeMap::new();
    for saying in claims {
        let Span { earliest, latest } = saying.mention.announced;
        days.entry((earliest, latest)).or_default().push(saying);
    }
    let settled = |sayings: &[Saying<'_>]| Some(settle(&sayings.iter().map(|saying| saying.settled.bounds).collect::<Vec<Bounds>>())?.bounds);
    let days =
        days.into_iter().filter_map(|((earliest, latest), sayings)| Some(Day { announced: Span { earliest, latest }, settled: settled(&sayings)?, sayings }));
    days.collect()
}

/// By first day, what all claims that begin there or later have in common: the highest low and the lowest high.
struct Later {
    from: Vec<(civil::Date, u64, Option<u64>)>,
}

impl Later {
    fn than(days: &[Day<'_>]) -> Self {
        let mut from: Vec<(civil::Date, u64, Option<u64>)> = Vec::new();
        // Ordered by their first day; an open beginning comes first and is later than nothing.
        for day in days.iter().rev() {
            let Some(first) = day.announced.earliest else { continue };
            let (low, high) = from.last().map_or((0, None), |&(_, low, high)| (low, high));
            let high = match (high, day.settled.high) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            from.push((first, low.max(day.settled.low), high));
        }
        from.reverse();
        Self { from }
    }

    /// Whether every later claim contains this one.
    fn leaves(&self, day: &Day<'_>) -> bool {
        let Some(last) = day.announced.latest else { return true };
        let after = self.from.partition_point(|(first, ..)| *first <= last);
        self.from.get(after).is_none_or(|&(_, low, high)| low <= day.settled.low && high.is_none_or(|high| day.settled.high.is_some_and(|own| own <= high)))
    }
}
