use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    Aggregate, Announcement, Announcer, BothWays, Category, CategoryName, Channel, ChannelOf, ChannelStatus, Completed, Confirmed, Corrected, Count, Data,
    Date, Disputed, Exchange, ExchangeKey, Item, Party, Planned, PlannedExchange, Problem, Replacement, Report, Retracted, Target, ThirdParty, Transfer,
};

/// An event that was built: what [`parse`](crate::parse) makes of its bytes, and the bytes.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    announcement: Announcement,
    bytes: Vec<u8>,
}

impl Event {
    /// What it says.
    #[must_use]
    pub const fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// Its structured form.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same, to keep.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How another event names it.
    #[must_use]
    pub fn target(&self) -> Target {
        Target { publisher: None, source: self.announcement.envelope.source.clone(), id: self.announcement.envelope.id }
    }
}

/// Who publishes an event and under which id, and who said what is in it, and when.
#[derive(Clone, PartialEq, Debug)]
pub struct Said {
    /// The publishing service, a URI-reference.
    pub source: String,
    /// Names the event for ever: a v7 of the moment, or a v5 of something stable.
    pub id: Uuid,
    /// When it was said.
    pub announced: Date,
    /// Who said it; `None` is an outlet's own voice or an unnamed source.
    pub announcer: Option<Announcer>,
}

/// An announcement that's being written; [`build`](Self::build) gives it only where nothing in it would be refused.
///
/// ```
/// use announcement::{Announcer, Category, Count, Draft, Exchange, Said, Transfer};
///
/// let said = |id: &str, day: &str| -> Result<Said, Box<dyn std::error::Error>> {
///     Ok(Said { source: "urn:example:desk".to_owned(), id: id.parse()?, announced: day.parse()?, announcer: Some(Announcer::of("UA".parse()?)) })
/// };
/// let bodies = Transfer::from_to("RU".parse()?, "UA".parse()?).count(Category::Bodies, Count::exact(1000).ok_or("more than a count holds")?);
/// let claim = Draft::completed(said("0199e6a2-7c1e-7b63-9a3e-5d1f0c2b4a61", "2026-01-29")?, Exchange::on("2026-01-29".parse()?), vec![bodies])
///     .subject("ru-ua/bodies/2026-01-29".parse()?)
///     .build()?;
/// let withdrawn = Draft::retracted(said("0199e6a2-7c1e-7b63-9a3e-5d1f0c2b4a62", "2026-01-30")?, claim.target(), "it was said in error").build()?;
/// assert_eq!(withdrawn.announcement().data.targets(), [claim.target()]);
///
/// let problem = Draft::retracted(said("0199e6a2-7c1e-7b63-9a3e-5d1f0c2b4a63", "2026-01-30")?, claim.target(), "").build().unwrap_err();
/// assert_eq!(problem.pointer.as_deref(), Some("/data/reason"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Draft<K> {
    source: String,
    id: Uuid,
    subject: Option<ExchangeKey>,
    time: Option<Timestamp>,
    extensions: Map<String, Value>,
    data: K,
}

impl<K> Draft<K> {
    fn of(said: Said, data: impl FnOnce(Date, Option<Announcer>) -> K) -> Self {
        let Said { source, id, announced, announcer } = said;
        Self { source, id, subject: None, time: None, extensions: Map::new(), data: data(announced, announcer) }
    }

    /// The exchange that it's about.
    #[must_use]
    pub fn subject(mut self, key: ExchangeKey) -> Self {
        self.subject = Some(key);
        self
    }

    /// When the event was made.
    #[must_use]
    pub const fn time(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// An extension of the envelope: `correlationid`, `causationid`, `traceparent` or another.
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extensions.insert(name.into(), value.into());
        self
    }
}

/// A draft of a kind with these fields; what all kinds may have beside them isn't said.
macro_rules! new {
    ($said:ident, $kind:ident { $($fields:tt)* }) => {
        Self::of($said, |announced, announcer| $kind { announced, announcer, report: None, note: None, revises: None, ext: None, $($fields)* })
    };
}

macro_rules! drafts {
    ($($kind:ident),*) => {$(
        impl Draft<$kind> {
            /// A remark.
            #[must_use]
            pub fn note(mut self, note: impl Into<String>) -> Self {
                self.data.note = Some(note.into());
                self
            }

            /// Where it was read.
            #[must_use]
            pub fn report(mut self, report: Report) -> Self {
                self.data.report = Some(report);
                self
            }

            /// The announcer's own earlier statement, which this one replaces.
            #[must_use]
            pub fn revises(mut self, target: Target) -> Self {
                self.data.revises = Some(target);
                self
            }

            /// Something of the publisher's own, kept and ignored; its name is reverse-DNS.
            #[must_use]
            pub fn ext(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
                self.data.ext.get_or_insert_default().insert(name.into(), value.into());
                self
            }

            /// The event, checked as the ledger checks it before it looks at what it holds.
            ///
            /// # Errors
            /// What the ledger would refuse it for, with the field.
            pub fn build(self) -> Result<Event, Problem> {
                let Self { source, id, subject, time, extensions, data } = self;
                write(&source, id, subject, time, extensions, &Data::$kind(data))
            }
        }
    )*};
}

drafts!(Planned, Completed, Confirmed, Aggregate, Channel, Disputed, Corrected, Retracted);

macro_rules! replacements {
    ($($kind:ident),*) => {$(
        impl From<Draft<$kind>> for Replacement {
            fn from(draft: Draft<$kind>) -> Self {
                let data = Data::$kind(draft.data);
                Self { kind: data.kind(), subject: draft.subject, data: Box::new(data) }
            }
        }
    )*};
}

replacements!(Planned, Completed, Confirmed, Aggregate, Channel);

macro_rules! helped {
    ($($kind:ident),*) => {$(
        impl Draft<$kind> {
            /// Somebody who helped.
            #[must_use]
            pub fn third_party(mut self, third_party: ThirdParty) -> Self {
                self.data.third_parties.get_or_insert_default().push(third_party);
                self
            }
        }
    )*};
}

helped!(Planned, Completed, Confirmed);

impl Draft<Completed> {
    /// A claim that an exchange took place.
    #[must_use]
    pub fn completed(said: Said, exchange: Exchange, transfers: Vec<Transfer>) -> Self {
        new!(said, Completed { exchange, transfers, third_parties: None })
    }
}

impl Draft<Confirmed> {
    /// A claim that agrees with an earlier one.
    #[must_use]
    pub fn confirmed(said: Said, exchange: Exchange, transfers: Vec<Transfer>) -> Self {
        new!(said, Confirmed { exchange, transfers, third_parties: None })
    }
}

impl Draft<Planned> {
    /// The plan of an exchange, on this day where that was said.
    #[must_use]
    pub fn planned(said: Said, date: Option<Date>, transfers: Vec<Transfer>) -> Self {
        let exchange = PlannedExchange { date, place: None, framework: None, part_of: None, stage: None, by: None };
        new!(said, Planned { exchange, transfers, both_ways: None, third_parties: None })
    }
}

impl Draft<Aggregate> {
    /// A cumulative figure of a time, with the words that limit it.
    #[must_use]
    pub fn aggregate(said: Said, period: Date, scope: Option<String>, transfers: Vec<Transfer>) -> Self {
        new!(said, Aggregate { period, scope, transfers, both_ways: None, exchanges: None, scope_exchanges: None })
    }

    /// A total of the two directions.
    #[must_use]
    pub const fn both_ways(mut self, category: Category, count: Count) -> Self {
        self.data.both_ways = Some(BothWays { category, count });
        self
    }

    /// How many exchanges it covers.
    #[must_use]
    pub const fn exchanges(mut self, count: Count) -> Self {
        self.data.exchanges = Some(count);
        self
    }
}

impl Draft<Channel> {
    /// The state of a channel, as its announcer puts it.
    #[must_use]
    pub fn channel(said: Said, channel: ChannelOf, parties: [Party; 2], status: ChannelStatus) -> Self {
        new!(said, Channel { channel, parties, status, since: None, blames: None })
    }

    /// Since when.
    #[must_use]
    pub fn since(mut self, since: Date) -> Self {
        self.data.since = Some(since);
        self
    }

    /// Whom the announcer blames.
    #[must_use]
    pub const fn blames(mut self, party: Party) -> Self {
        self.data.blames = Some(party);
        self
    }
}

impl Draft<Disputed> {
    /// A recorded claim is contested.
    #[must_use]
    pub fn disputed(said: Said, target: Target, reason: impl Into<String>) -> Self {
        new!(said, Disputed { target: Some(target), claim: None, reason: reason.into(), transfers: None })
    }

    /// What the contesting side says instead.
    #[must_use]
    pub fn transfers(mut self, transfers: Vec<Transfer>) -> Self {
        self.data.transfers = Some(transfers);
        self
    }
}

impl Draft<Corrected> {
    /// The target's publisher puts another claim in its place: a draft of that one, of which only subject and data count.
    #[must_use]
    pub fn corrected(said: Said, target: Target, reason: impl Into<String>, replacement: impl Into<Replacement>) -> Self {
        new!(said, Corrected { target, reason: reason.into(), replacement: replacement.into() })
    }
}

impl Draft<Retracted> {
    /// The target's publisher withdraws its claim.
    #[must_use]
    pub fn retracted(said: Said, target: Target, reason: impl Into<String>) -> Self {
        new!(said, Retracted { target, reason: reason.into() })
    }
}

impl Exchange {
    /// An exchange of which only the day is known.
    #[must_use]
    pub const fn on(date: Date) -> Self {
        Self { date, place: None, framework: None, part_of: None, stage: None, by: None }
    }
}

impl Announcer {
    /// A party that speaks for itself.
    #[must_use]
    pub const fn of(party: Party) -> Self {
        Self { party, office: None, name: None, stands_for: None }
    }
}

impl Count {
    /// So many; `None` where it's more than a count holds.
    #[must_use]
    pub fn exact(number: u32) -> Option<Self> {
        crate::Number::new(number).map(Self::Exact)
    }
}

impl Transfer {
    /// A direction, as yet without a count.
    #[must_use]
    pub const fn from_to(from: Party, to: Party) -> Self {
        Self { from, to, counts: Vec::new(), relation: None }
    }

    /// So many of these besides.
    #[must_use]
    pub fn count(mut self, category: Category, count: Count) -> Self {
        let category: CategoryName = category.as_str().parse().expect("the name of a main category is a category's");
        self.counts.push(Item { category, count, of: None, group: None, origin: None, identity: None, stated: None });
        self
    }
}

fn write(source: &str, id: Uuid, subject: Option<ExchangeKey>, time: Option<Timestamp>, extensions: Map<String, Value>, data: &Data) -> Result<Event, Problem> {
    let event_type = data.kind().event_type();
    let mut event = json!({"specversion": "1.0", "id": id, "source": source, "type": event_type, "datacontenttype": "application/json", "data": data});
    let members = event.as_object_mut().expect("it's an object");
    members.extend(subject.map(|key| ("subject".to_owned(), json!(key))));
    members.extend(time.map(|time| ("time".to_owned(), json!(time))));
    // An attribute is nothing that an extension may replace.
    if let Some(name) = extensions.keys().find(|name| members.contains_key(*name)) {
        return Err(Problem::at(crate::Fault::Envelope, format!("/{name}"), "this attribute is no extension"));
    }
    members.extend(extensions);
    let bytes = event.to_string().into_bytes();
    Ok(Event { announcement: crate::parse(&bytes)?, bytes })
}
