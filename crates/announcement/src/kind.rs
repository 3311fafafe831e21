use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeSeed};
use serde_json::{Map, Value};

use crate::{
    Announcer, Category, Count, Date, Exchange, ExchangeKey, Party, Place, Report, Target, ThirdParty, Transfer,
    form::{OneForm, given, one_form},
    schema::{nullable, replacement},
};

one_form!(Kind, PlannedExchange, BothWays, Held, ChannelOf, ChannelStatus);

/// Reads the data of a kind.
pub(crate) struct DataOf(pub(crate) Kind);

/// Declares each kind's `data` with the fields that all kinds share, the fieldless [`Kind`] and the [`Data`] that holds any of them.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
            #[serde(remote = "Self", deny_unknown_fields)]
            pub struct $kind {
                /// When it was said.
                pub announced: Date,
                /// Who said it; `null` is an outlet's own voice or an unnamed source.
                #[serde(deserialize_with = "Option::deserialize")]
                #[schemars(required, schema_with = "nullable::<Announcer>")]
                pub announcer: Option<Announcer>,
                /// Where it was read.
                #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
                pub report: Option<Report>,
                /// A remark.
                #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
                pub note: Option<String>,
                /// This announcer's own earlier statement, which this one replaces.
                #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
                pub revises: Option<Target>,
                /// Kept and ignored; its names are reverse-DNS.
                #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
                pub ext: Option<Map<String, Value>>,
                $($(#[$field_doc])* pub $field: $type,)*
            }

            one_form!($kind);
        )*

        /// The kinds of announcement.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(remote = "Self", rename_all = "lowercase")]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// All of them, in the order of the wire format.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Its name: `completed`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The CloudEvent's `type`: `org.handover.completed.v1`.
            #[must_use]
            pub const fn event_type(self) -> &'static str {
                match self { $(Self::$kind => concat!("org.handover.", $name, ".v1"),)* }
            }

            pub(crate) fn read(self, data: &str) -> Result<Data, serde_path_to_error::Error<serde_json::Error>> {
                match self {
                    $(Self::$kind => match serde_json::from_str(data) {
                        Ok(data) => Ok(Data::$kind(data)),
                        Err(_) => serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(data)).map(Data::$kind),
                    },)*
                }
            }

            pub(crate) fn data_subschema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match self { $(Self::$kind => generator.subschema_for::<$kind>(),)* }
            }

            /// The JSON Schema (2020-12) of this kind's `data`.
            #[must_use]
            pub fn data_schema(self) -> schemars::Schema {
                match self { $(Self::$kind => schemars::schema_for!($kind),)* }
            }
        }

        impl<'de> DeserializeSeed<'de> for DataOf {
            type Value = Data;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
                match self.0 { $(Kind::$kind => Deserialize::deserialize(deserializer).map(Data::$kind),)* }
            }
        }

        /// What an announcement says: the CloudEvent's `data`, by its `type`.
        #[derive(Clone, PartialEq, Debug, Serialize)]
        #[serde(untagged)]
        pub enum Data {
            $($(#[$doc])* $kind($kind),)*
        }

        impl Data {
            /// Which kind it is.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }

            /// When it was said.
            #[must_use]
            pub const fn announced(&self) -> &Date {
                match self { $(Self::$kind(data) => &data.announced,)* }
            }

            /// Who said it; `None` is an outlet's own voice or an unnamed source.
            #[must_use]
            pub const fn announcer(&self) -> Option<&Announcer> {
                match self { $(Self::$kind(data) => data.announcer.as_ref(),)* }
            }

            /// Where it was read.
            #[must_use]
            pub const fn report(&self) -> Option<&Report> {
                match self { $(Self::$kind(data) => data.report.as_ref(),)* }
            }

            /// A remark.
            #[must_use]
            pub fn note(&self) -> Option<&str> {
                match self { $(Self::$kind(data) => data.note.as_deref(),)* }
            }

            /// The earlier statement that it replaces.
            #[must_use]
            pub const fn revises(&self) -> Option<&Target> {
                match self { $(Self::$kind(data) => data.revises.as_ref(),)* }
            }

            /// What is kept and ignored.
            #[must_use]
            pub const fn ext(&self) -> Option<&Map<String, Value>> {
                match self { $(Self::$kind(data) => data.ext.as_ref(),)* }
            }
        }
    };
}

kinds! {
    /// The plan of an exchange; never enters a total.
    Planned "planned" {
        /// The exchange that is planned.
        exchange: PlannedExchange,
        /// What is to be handed over.
        transfers: Vec<Transfer>,
        /// A total of the two directions.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        both_ways: Option<BothWays>,
        /// Who helped.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        third_parties: Option<Vec<ThirdParty>>,
    }
    /// A claim that an exchange took place, with what was handed over.
    Completed "completed" {
        /// The exchange.
        exchange: Exchange,
        /// What was handed over; may be empty.
        transfers: Vec<Transfer>,
        /// Who helped.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        third_parties: Option<Vec<ThirdParty>>,
    }
    /// A claim that agrees with an earlier one, often about one direction only.
    Confirmed "confirmed" {
        /// The exchange.
        exchange: Exchange,
        /// What was handed over; may be empty.
        transfers: Vec<Transfer>,
        /// Who helped.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        third_parties: Option<Vec<ThirdParty>>,
    }
    /// A planned exchange was put off.
    Postponed "postponed" {
        /// The exchange.
        exchange: Exchange,
        /// Who put it off.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        by: Option<Party>,
        /// Why, as it was said.
        reason: String,
    }
    /// A planned exchange was called off.
    Cancelled "cancelled" {
        /// The exchange.
        exchange: Exchange,
        /// Who called it off.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        by: Option<Party>,
        /// Why, as it was said.
        reason: String,
    }
    /// A readiness to hand over; never enters a total.
    Offered "offered" {
        /// What is offered.
        transfers: Vec<Transfer>,
    }
    /// A cumulative figure: reconciled with the sum of exchanges, never added to it.
    Aggregate "aggregate" {
        /// The time that it covers.
        period: Date,
        /// The words that limit it.
        #[serde(deserialize_with = "Option::deserialize")]
        #[schemars(required, schema_with = "nullable::<String>")]
        scope: Option<String>,
        /// How many in each direction.
        transfers: Vec<Transfer>,
        /// A total of the two directions.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        both_ways: Option<BothWays>,
        /// How many exchanges.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        exchanges: Option<Count>,
        /// The exchanges that it covers.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        scope_exchanges: Option<Vec<ExchangeKey>>,
    }
    /// How many are still held; never enters a total.
    Stock "stock" {
        /// The day that it's true of.
        as_of: Date,
        /// Who holds how many of whose.
        held: Vec<Held>,
    }
    /// The state of a channel of exchange, as this announcer puts it.
    Channel "channel" {
        /// Which channel.
        channel: ChannelOf,
        /// Between whom.
        parties: [Party; 2],
        /// Its state.
        status: ChannelStatus,
        /// Since when.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        since: Option<Date>,
        /// Whom the announcer blames.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        blames: Option<Party>,
    }
    /// Talks held.
    Contact "contact" {
        /// With whom.
        with: Vec<Announcer>,
        /// When.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        date: Option<Date>,
        /// Where.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
        /// About what.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
    }
    /// Terms agreed: what a framework promises.
    Agreement "agreement" {
        /// What the framework is called.
        framework: String,
        /// What it promises.
        transfers: Vec<Transfer>,
        /// Who helped.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        third_parties: Option<Vec<ThirdParty>>,
    }
    /// Help credited to a third party; with no exchange it's attached to none.
    Mediation "mediation" {
        /// Who helped.
        third_parties: Vec<ThirdParty>,
        /// In which exchange.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        exchange: Option<Exchange>,
    }
    /// A finding about bodies already handed over; never changes the number transferred.
    Identity "identity" {
        /// The exchange that they came in.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        exchange: Option<Exchange>,
        /// Or the time in which they came.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        period: Option<Date>,
        /// Or the exchanges.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        scope_exchanges: Option<Vec<ExchangeKey>>,
        /// How many, with `identity`.
        transfers: Vec<Transfer>,
    }
    /// A claim is contested; it stays, marked.
    Disputed "disputed" {
        /// The event that is contested.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        target: Option<Target>,
        /// The contested words, where no event holds them.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        claim: Option<String>,
        /// Why, as it was said.
        reason: String,
        /// What the contesting side says instead.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        transfers: Option<Vec<Transfer>>,
    }
    /// The target's publisher replaces its claim; the old one stays readable.
    Corrected "corrected" {
        /// The original claim.
        target: Target,
        /// Why.
        reason: String,
        /// What stands instead.
        #[schemars(schema_with = "replacement")]
        replacement: Replacement,
    }
    /// The target's publisher withdraws its claim; it stays readable, and out of every figure.
    Retracted "retracted" {
        /// The claim.
        target: Target,
        /// Why.
        reason: String,
    }
    /// A curator says which exchange a claim is about.
    Linked "linked" {
        /// The claim.
        target: Target,
        /// The exchange.
        exchange_key: ExchangeKey,
    }
    /// A curator says that two keys are one exchange.
    Merged "merged" {
        /// This key's claims
        from: ExchangeKey,
        /// are about this exchange.
        into: ExchangeKey,
    }
    /// A curator undoes a merge for these claims.
    Split "split" {
        /// The claims.
        targets: Vec<Target>,
        /// The exchange that they are about.
        into: ExchangeKey,
    }
    /// A curator takes a doubtful claim out of every figure.
    Quarantined "quarantined" {
        /// The claim.
        target: Target,
        /// Why.
        reason: String,
    }
    /// A curator takes a claim back in.
    Released "released" {
        /// The claim.
        target: Target,
        /// Why.
        reason: String,
    }
    /// An operator removes the payload of a record that holds personal data; its leaf hash and its place stay.
    Redacted "redacted" {
        /// The record.
        target: Target,
        /// Why.
        reason: String,
    }
}

impl Kind {
    /// The kind of a CloudEvent's `type`.
    #[must_use]
    pub fn from_event_type(event_type: &str) -> Option<Self> {
        let name = event_type.strip_prefix("org.handover.")?.strip_suffix(".v1")?;
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// Whether it's a claim: what a correction may target or put in its place (`planned` … `identity`).
    #[must_use]
    pub fn is_claim(self) -> bool {
        self <= Self::Identity
    }
}

impl Data {
    /// What it says was, or will be, handed over; empty for kinds that say nothing of it.
    #[must_use]
    pub fn transfers(&self) -> &[Transfer] {
        match self {
            Self::Planned(data) => &data.transfers,
            Self::Completed(data) => &data.transfers,
            Self::Confirmed(data) => &data.transfers,
            Self::Offered(data) => &data.transfers,
            Self::Aggregate(data) => &data.transfers,
            Self::Agreement(data) => &data.transfers,
            Self::Identity(data) => &data.transfers,
            Self::Disputed(data) => data.transfers.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }

    /// The exchange that it's about, where it says so and gives its date.
    #[must_use]
    pub const fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Completed(data) => Some(&data.exchange),
            Self::Confirmed(data) => Some(&data.exchange),
            Self::Postponed(data) => Some(&data.exchange),
            Self::Cancelled(data) => Some(&data.exchange),
            Self::Mediation(data) => data.exchange.as_ref(),
            Self::Identity(data) => data.exchange.as_ref(),
            _ => None,
        }
    }

    /// When the exchange took place or is planned.
    #[must_use]
    pub fn exchange_date(&self) -> Option<&Date> {
        match self {
            Self::Planned(data) => data.exchange.date.as_ref(),
            _ => self.exchange().map(|exchange| &exchange.date),
        }
    }

    /// The exchange that this one is a stage of.
    #[must_use]
    pub fn part_of(&self) -> Option<&ExchangeKey> {
        match self {
            Self::Planned(data) => data.exchange.part_of.as_ref(),
            _ => self.exchange().and_then(|exchange| exchange.part_of.as_ref()),
        }
    }

    /// The agreement that the exchange follows, or that is made.
    #[must_use]
    pub fn framework(&self) -> Option<&str> {
        match self {
            Self::Planned(data) => data.exchange.framework.as_deref(),
            Self::Agreement(data) => Some(&data.framework),
            _ => self.exchange().and_then(|exchange| exchange.framework.as_deref()),
        }
    }

    /// Who helped.
    #[must_use]
    pub fn third_parties(&self) -> &[ThirdParty] {
        match self {
            Self::Planned(data) => data.third_parties.as_deref().unwrap_or_default(),
            Self::Completed(data) => data.third_parties.as_deref().unwrap_or_default(),
            Self::Confirmed(data) => data.third_parties.as_deref().unwrap_or_default(),
            Self::Agreement(data) => data.third_parties.as_deref().unwrap_or_default(),
            Self::Mediation(data) => &data.third_parties,
            _ => &[],
        }
    }

    /// The recorded events that it acts on, `revises` not among them.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        match self {
            Self::Disputed(data) => data.target.as_slice(),
            Self::Corrected(data) => std::slice::from_ref(&data.target),
            Self::Retracted(data) => std::slice::from_ref(&data.target),
            Self::Linked(data) => std::slice::from_ref(&data.target),
            Self::Split(data) => &data.targets,
            Self::Quarantined(data) => std::slice::from_ref(&data.target),
            Self::Released(data) => std::slice::from_ref(&data.target),
            Self::Redacted(data) => std::slice::from_ref(&data.target),
            _ => &[],
        }
    }
}

/// The exchange that a plan is about; its date may be open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PlannedExchange {
    /// When it's to take place; `null` where that wasn't said.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(required, schema_with = "nullable::<Date>")]
    pub date: Option<Date>,
    /// Where.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The agreement that it follows.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// The exchange that it's a stage of.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub part_of: Option<ExchangeKey>,
    /// Which stage it is.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub stage: Option<u32>,
    /// Who carries it out.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub by: Option<Announcer>,
}

/// A total of the two directions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct BothWays {
    /// Of what.
    pub category: Category,
    /// How many.
    pub count: Count,
}

/// How many of whose somebody holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Held {
    /// Who holds them.
    pub by: Party,
    /// Whose they are.
    pub of: Party,
    /// Of what.
    pub category: Category,
    /// How many.
    pub count: Count,
}

/// What a channel is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "lowercase")]
pub enum ChannelOf {
    /// The fallen.
    Bodies,
    /// Prisoners of war.
    Prisoners,
    /// Civilians.
    Civilians,
}

/// The state of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "lowercase")]
pub enum ChannelStatus {
    /// Exchanges take place.
    Open,
    /// They pause.
    Paused,
    /// They are blocked.
    Blocked,
    /// They are about to take place again.
    Resuming,
}

/// What stands in a corrected claim's place: validated like an event.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Replacement {
    /// A claim kind.
    pub kind: Kind,
    /// The exchange that it's about.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub subject: Option<ExchangeKey>,
    /// What it says.
    pub data: Box<Data>,
}

impl<'de> Deserialize<'de> for Replacement {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Unread {
            kind: Kind,
            #[serde(default, deserialize_with = "given")]
            subject: Option<ExchangeKey>,
            data: Box<serde_json::value::RawValue>,
        }
        let unread = Unread::deserialize(OneForm(deserializer))?;
        if !unread.kind.is_claim() {
            return Err(serde::de::Error::custom("a replacement is a claim: planned to identity"));
        }
        let data = unread.kind.read(unread.data.get()).map_err(|error| crate::problem::nested("/data", &error))?;
        Ok(Self { kind: unread.kind, subject: unread.subject, data: Box::new(data) })
    }
}
