use announcement::{Announcement, Data, ExchangeKey, Fault, Problem};

use crate::{decide::Stop, index::Index};

/// An exchange and the one that it's said to be a stage of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) stage: ExchangeKey,
    pub(crate) whole: ExchangeKey,
}

/// What a claim says of stages, or a correction in place of its `original`, whose key a replacement without one keeps.
pub(crate) fn named_by(announcement: &Announcement, original: Option<&Announcement>) -> Option<Stage> {
    let (data, key) = match &announcement.data {
        Data::Corrected(corrected) => {
            let replacement = &corrected.replacement;
            let derived = || ExchangeKey::derive(replacement.data.exchange_date()?, replacement.data.transfers());
            let key = replacement.subject.clone().or_else(derived).or_else(|| original.and_then(Announcement::key));
            (&*replacement.data, key)
        }
        data => (data, announcement.key()),
    };
    Some(Stage { whole: data.part_of()?.clone(), stage: key? })
}

/// Refuses a stage of a stage. What the claim that's replaced said, `ended`, no longer counts.
pub(crate) fn check(announcement: &Announcement, original: Option<&Announcement>, ended: Option<&Stage>, index: &Index<'_>) -> Result<Option<Stage>, Stop> {
    let (data, pointer) = match &announcement.data {
        Data::Corrected(corrected) => (&*corrected.replacement.data, "/data/replacement/data/exchange/part_of"),
        data => (data, "/data/exchange/part_of"),
    };
    let Some(whole) = data.part_of() else { return Ok(None) };
    if index.stages_named(whole)? > u64::from(ended.is_some_and(|ended| ended.stage == *whole)) {
        return Err(Problem::at(Fault::Stage, pointer, format_args!("{whole} is a stage itself")).into());
    }
    let Some(named) = named_by(announcement, original) else { return Ok(None) };
    if named.stage == named.whole {
        return Err(Problem::at(Fault::Stage, pointer, "the exchange is a stage of itself").into());
    }
    if index.wholes_named(&named.stage)? > u64::from(ended.is_some_and(|ended| ended.whole == named.stage)) {
        return Err(Problem::at(Fault::Stage, pointer, format_args!("{} has stages of its own", named.stage)).into());
    }
    Ok(Some(named))
}
