use crate::{Data, Fault, Problem, Target, validate::transfers::check_count};

/// What holds for one kind only.
pub(super) fn check(data: &Data, base: &str) -> Result<(), Problem> {
    let at = |field: &str| format!("{base}/{field}");
    for (pointer, target) in [("revises", data.revises())].into_iter().chain(data.targets().iter().map(|target| ("target", Some(target)))) {
        check_target(target, || at(pointer))?;
    }
    match data {
        Data::Planned(data) => data.both_ways.map_or(Ok(()), |both| check_count(both.count, || at("both_ways/count"))),
        Data::Aggregate(data) => {
            data.both_ways.map_or(Ok(()), |both| check_count(both.count, || at("both_ways/count")))?;
            data.exchanges.map_or(Ok(()), |count| check_count(count, || at("exchanges")))?;
            not_empty(data.scope_exchanges.as_deref(), || at("scope_exchanges"))?;
            if data.transfers.is_empty() && data.both_ways.is_none() && data.exchanges.is_none() {
                return Err(Problem::at(Fault::MissingField, at("transfers"), "an aggregate has a figure: transfers, both_ways or exchanges"));
            }
            Ok(())
        }
        Data::Offered(data) => not_empty(Some(&data.transfers), || at("transfers")),
        Data::Stock(data) => {
            not_empty(Some(&data.held), || at("held"))?;
            data.held.iter().enumerate().try_for_each(|(number, held)| check_count(held.count, || at(&format!("held/{number}/count"))))
        }
        Data::Channel(data) if data.parties[0] == data.parties[1] => Err(Problem::at(Fault::Transfers, at("parties/1"), "a channel is between two parties")),
        Data::Contact(data) => not_empty(Some(&data.with), || at("with")),
        Data::Mediation(data) => not_empty(Some(&data.third_parties), || at("third_parties")),
        Data::Identity(data) => check_identity(data, base),
        Data::Disputed(data) => match (&data.target, &data.claim) {
            (Some(_), None) | (None, Some(_)) => Ok(()),
            (None, None) => Err(Problem::at(Fault::MissingField, at("target"), "name the event that is contested, or the words in claim")),
            (Some(_), Some(_)) => Err(Problem::at(Fault::Malformed, at("claim"), "claim is for words that no event holds; the target is given")),
        },
        Data::Corrected(data) => super::check_data(&data.replacement.data, data.replacement.subject.as_ref(), &at("replacement")),
        Data::Merged(data) if data.from == data.into => Err(Problem::at(Fault::Malformed, at("into"), "a key is merged into another")),
        Data::Split(data) => not_empty(Some(&data.targets), || at("targets")),
        _ => Ok(()),
    }
}

fn check_identity(data: &crate::Identity, base: &str) -> Result<(), Problem> {
    let detail = "a finding is about an exchange, or about a period with scope_exchanges";
    let fault = |fault: Fault, field: &str| Err(Problem::at(fault, format!("{base}/{field}"), detail));
    match (&data.exchange, &data.period, &data.scope_exchanges) {
        (Some(_), None, None) | (None, Some(_), Some(_)) => {}
        (Some(_), _, _) => return fault(Fault::Malformed, "exchange"),
        (None, None, None) => return fault(Fault::MissingField, "exchange"),
        (None, None, Some(_)) => return fault(Fault::MissingField, "period"),
        (None, Some(_), None) => return fault(Fault::MissingField, "scope_exchanges"),
    }
    not_empty(data.scope_exchanges.as_deref(), || format!("{base}/scope_exchanges"))?;
    not_empty(Some(&data.transfers), || format!("{base}/transfers"))?;
    for (number, transfer) in data.transfers.iter().enumerate() {
        if let Some(item) = transfer.counts.iter().position(|item| item.identity.is_none()) {
            let pointer = format!("{base}/transfers/{number}/counts/{item}/identity");
            return Err(Problem::at(Fault::MissingField, pointer, "a finding says what was found"));
        }
    }
    Ok(())
}

fn check_target(target: Option<&Target>, pointer: impl Fn() -> String) -> Result<(), Problem> {
    if target.is_some_and(|target| target.source.is_empty() || target.source.len() > 256) {
        return Err(Problem::at(Fault::Malformed, format!("{}/source", pointer()), "expected the source of a recorded event"));
    }
    Ok(())
}

fn not_empty<T>(list: Option<&[T]>, pointer: impl Fn() -> String) -> Result<(), Problem> {
    if list.is_some_and(<[T]>::is_empty) {
        return Err(Problem::at(Fault::MissingField, pointer(), "the list is empty"));
    }
    Ok(())
}
