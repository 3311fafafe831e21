use announcement::{ChannelStatus, Count, Date, Role};

use crate::{
    flows::Flow,
    lexicon::Side,
    speakers::Speaker,
    support::{Sourced, Support},
};

/// A statement that the article makes or repeats, as it will be an event.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Claim {
    pub(crate) act: Act,
    /// Which sentence it's from.
    pub(crate) sentence: usize,
    pub(crate) paragraph: usize,
    pub(crate) quotation: Option<usize>,
    /// The sentence: what a field rests on that is there because nothing is said.
    pub(crate) whole: Support,
    pub(crate) announced: Sourced<Date>,
    pub(crate) speaker: Option<Speaker>,
    /// When the exchange took place or is planned.
    pub(crate) date: Option<Sourced<Date>>,
    pub(crate) framework: Option<Sourced<&'static str>>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) helpers: Vec<Help>,
    /// The exchange's key, where another claim makes it.
    pub(crate) subject: Option<String>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Act {
    Completed,
    Confirmed,
    Planned,
    Offered,
    Agreement,
    Aggregate { period: Sourced<Date>, scope: Option<Sourced<String>>, exchanges: Option<Sourced<Count>> },
    Channel { of: Sourced<&'static str>, status: Sourced<ChannelStatus>, parties: [Support; 2] },
    Contact { with: Vec<Speaker>, topic: Option<Sourced<String>> },
    Mediation,
    Stock { by: Sourced<Side>, of: Sourced<Side>, category: Sourced<&'static str>, count: Sourced<Count> },
    Postponed { by: Option<Sourced<Side>>, reason: Sourced<String> },
    Cancelled { by: Option<Sourced<Side>>, reason: Sourced<String> },
}

/// Somebody who helped.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Help {
    pub(crate) party: &'static str,
    pub(crate) name: &'static str,
    pub(crate) named: Support,
    pub(crate) role: Sourced<Role>,
}
