use crate::{
    claim::{Act, Claim},
    kinds::repeats,
};

/// How many claims are looked through for a repetition.
const NEAR_CLAIMS: usize = 64;

/// Leaves out what another claim says as well: the one with a speaker stays, then the first.
pub(crate) fn without_repetition(claims: Vec<Claim>) -> Vec<Claim> {
    let mut kept: Vec<Claim> = Vec::new();
    for claim in claims {
        let same = |other: &Claim| {
            let kind = other.act == claim.act && matches!(claim.act, Act::Completed | Act::Planned | Act::Offered | Act::Agreement) && !claim.flows.is_empty();
            let date = match (&other.date, &claim.date) {
                (Some(one), Some(two)) => one.value.span().overlaps(two.value.span()),
                _ => true,
            };
            let voice = match (&other.speaker, &claim.speaker) {
                (Some(one), Some(two)) => one.is(two),
                _ => true,
            };
            kind && date && voice
        };
        if kept
            .iter()
            .rev()
            .take(NEAR_CLAIMS)
            .any(|other| same(other) && repeats(&other.flows, &claim.flows) && (other.speaker.is_some() || claim.speaker.is_none()))
        {
            continue;
        }
        let recent = kept.split_off(kept.len().saturating_sub(NEAR_CLAIMS));
        kept.extend(recent.into_iter().filter(|other| !(same(other) && repeats(&claim.flows, &other.flows) && claim.speaker.is_some())));
        kept.push(claim);
    }
    kept
}
