use announcement::{BothWays, Count, Data, Date, ExchangeKey};

use crate::{claim::Pools, intern::Id};

/// What a cumulative figure, a plan, a finding or a stage says beside its transfers; few statements say any of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Extent {
    /// The time that it covers.
    pub(crate) period: Option<Date>,
    /// The words that limit it.
    pub(crate) scope: Option<Id<str>>,
    /// Its total of the two directions.
    pub(crate) both_ways: Option<BothWays>,
    /// How many exchanges it covers.
    pub(crate) exchanges: Option<Count>,
    /// The exchanges that it covers.
    pub(crate) names: Box<[Id<ExchangeKey>]>,
    /// Which stage of its whole the exchange is.
    pub(crate) stage: Option<u32>,
}

impl Extent {
    /// `None` where it says nothing of the kind.
    pub(crate) fn of(pools: &mut Pools, data: &Data) -> Option<Self> {
        let mut names = |keys: &Option<Vec<ExchangeKey>>| keys.iter().flatten().map(|key| pools.keys.intern(key)).collect();
        let extent = match data {
            Data::Aggregate(data) => {
                let names = names(&data.scope_exchanges);
                let scope = data.scope.as_deref().map(|scope| pools.texts.intern(scope));
                Self { period: Some(data.period), scope, both_ways: data.both_ways, exchanges: data.exchanges, names, stage: None }
            }
            Data::Identity(data) => {
                Self { period: data.period, names: names(&data.scope_exchanges), stage: data.exchange.as_ref().and_then(|of| of.stage), ..Self::default() }
            }
            Data::Planned(data) => Self { both_ways: data.both_ways, stage: data.exchange.stage, ..Self::default() },
            _ => Self { stage: data.exchange().and_then(|exchange| exchange.stage), ..Self::default() },
        };
        (extent != Self::default()).then_some(extent)
    }

    /// What the skeleton of its event has too; `None` where that's nothing.
    pub(crate) fn redacted(self) -> Option<Self> {
        let extent = Self { period: self.period, names: self.names, ..Self::default() };
        (extent != Self::default()).then_some(extent)
    }
}
