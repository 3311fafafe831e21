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

    /// Whether something is asked for that concerns this.
    pub(crate) fn takes(&self, concerns: &Concerns) -> bool {
        self.kind.is_none_or(|kind| concerns.kind == Some(kind))
            && self.exchange.as_ref().is_none_or(|exchange| concerns.exchanges.contains(exchange))
            && self.publisher.as_ref().is_none_or(|publisher| concerns.publisher.as_ref() == Some(publisher))
    }
}

/// What a record or a change concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Concerns {
    kind: Option<Kind>,
    publisher: Option<Publisher>,
    exchanges: Vec<ExchangeKey>,
}

impl Concerns {
    /// A record is of an exchange where it's about it, or names it as a whole, in a scope, or in what a curator says.
    pub(crate) fn of_record(record: &Record) -> Self {
        let publisher = Some(record.publisher.clone());
        let Ok(announcement) = record.announcement() else { return Self { kind: None, publisher, exchanges: Vec::new() } };
        let exchanges = announcement.key().into_iter().chain(named(&announcement.data).into_iter().cloned()).collect();
        Self { kind: Some(announcement.kind()), publisher, exchanges }
    }

    /// A change is of an exchange where it changed it, or a stage of it.
    pub(crate) fn of_change(change: &Change) -> Self {
        let exchanges = change.exchanges.iter().flat_map(|changed| [Some(&changed.exchange), changed.part_of.as_ref()]).flatten().cloned().collect();
        Self { kind: Some(change.kind), publisher: None, exchanges }
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
