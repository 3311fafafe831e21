use announcement::{Data, ExchangeKey, Kind, Publisher, Record};
use projection::Change;

use crate::{parameters::Parameters, problem::Failure};

/// Which records are asked for, or which changes; without any, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    kind: Option<Kind>,
    exchange: Option<ExchangeKey>,
    publisher: Option<Publisher>,
}

impl Filter {
    /// What is asked of records: `kind`, `exchange`, `publisher`.
    pub(crate) fn of_records(parameters: &mut Parameters) -> Result<Self, Failure> {
        Ok(Self { publisher: parameters.value("publisher")?, ..Self::of_changes(parameters)? })
    }

    /// What is asked of changes: `kind`, `exchange`.
    pub(crate) fn of_changes(parameters: &mut Parameters) -> Result<Self, Failure> {
        let kind = parameters.named("kind", "a kind such as completed; handover schema lists them")?;
        Ok(Self { kind, exchange: parameters.value("exchange")?, publisher: None })
    }

    /// Whether a record is asked for. It's of an exchange where it's about it, or names it as a whole, in a scope, or in what a curator says.
    pub(crate) fn takes(&self, record: &Record) -> bool {
        if self.publisher.as_ref().is_some_and(|publisher| *publisher != record.publisher) {
            return false;
        }
        if self.kind.is_none() && self.exchange.is_none() {
            return true;
        }
        let Ok(announcement) = record.announcement() else { return false };
        let names = |key: &ExchangeKey| announcement.key().as_ref() == Some(key) || named(&announcement.data).contains(&key);
        self.kind.is_none_or(|kind| kind == announcement.kind()) && self.exchange.as_ref().is_none_or(names)
    }

    /// Whether a change is asked for. It's of an exchange where it changed it.
    pub(crate) fn takes_change(&self, change: &Change) -> bool {
        let changed = |key: &ExchangeKey| change.exchanges.iter().any(|exchange| exchange.exchange == *key || exchange.part_of.as_ref() == Some(key));
        self.kind.is_none_or(|kind| kind == change.kind) && self.exchange.as_ref().is_none_or(changed)
    }
}

/// The exchanges that a record names beside its own.
fn named(data: &Data) -> Vec<&ExchangeKey> {
    let others: &[ExchangeKey] = match data {
        Data::Aggregate(data) => data.scope_exchanges.as_deref().unwrap_or_default(),
        Data::Identity(data) => data.scope_exchanges.as_deref().unwrap_or_default(),
        Data::Linked(data) => std::slice::from_ref(&data.exchange_key),
        Data::Split(data) => std::slice::from_ref(&data.into),
        Data::Merged(data) => return vec![&data.from, &data.into],
        _ => &[],
    };
    others.iter().chain(data.part_of()).collect()
}
