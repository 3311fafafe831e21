mod encoding;

use std::sync::Arc;

use announcement::{Announcer, Category, Count, Data, Date, ExchangeKey, Finding, Kind, Party, Position, Publisher, Relation, Transfer};
use hashbrown::HashSet;
use jiff::Timestamp;

use crate::{
    Helper,
    intern::{Id, Pool},
};

pub(crate) use encoding::Parts;

/// A record as the folds keep it: who said what when, in numbers. Its texts stay in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claim {
    pub(crate) position: Position,
    /// The claim in whose place it stands; itself, where it's no correction.
    pub(crate) statement: Position,
    recorded_us: i64,
    pub(crate) publisher: Id<Publisher>,
    /// Of a correction, the kind of what it puts in the claim's place.
    pub(crate) kind: Kind,
    pub(crate) announced: Date,
    pub(crate) announcer: Option<Id<Announcer>>,
    /// The exchange that it names, by subject or derived.
    pub(crate) key: Option<Id<ExchangeKey>>,
    pub(crate) date: Option<Date>,
    pub(crate) framework: Option<Id<str>>,
    pub(crate) part_of: Option<Id<ExchangeKey>>,
    pub(crate) handed: Arc<Handed>,
    pub(crate) helpers: Box<[Id<Helper>]>,
    /// Where it was read.
    pub(crate) address: Option<Address>,
    /// Whether later records did something to it.
    pub(crate) affected: bool,
    /// Whether its report names origins.
    pub(crate) is_report: bool,
}

/// What a statement says was handed over, as announced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Handed {
    pub(crate) ways: Box<[Way]>,
    items: Box<[Counted]>,
}

/// One direction; its items follow those of the ways before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Way {
    pub(crate) from: Id<Party>,
    pub(crate) to: Id<Party>,
    pub(crate) relation: Option<Relation>,
    first: u32,
    end: u32,
}

/// One count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Counted {
    pub(crate) name: Id<str>,
    /// The main category that it adds to; `None` for a part.
    pub(crate) main: Option<Category>,
    pub(crate) of: Option<Category>,
    pub(crate) count: Count,
    group: Option<Id<str>>,
    origin: Option<Id<str>>,
    stated: Option<Id<str>>,
    pub(crate) identity: Option<Finding>,
}

/// The first half of an address's SHA-256.
pub(crate) type Address = [u8; 16];

pub(crate) fn address(text: &str) -> Address {
    let digest = announcement::Digest::of(text.as_bytes());
    digest.as_bytes().first_chunk().copied().expect("32 bytes")
}

/// What the claims share, kept once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pools {
    pub(crate) publishers: Pool<Publisher>,
    pub(crate) announcers: Pool<Announcer>,
    pub(crate) keys: Pool<ExchangeKey>,
    pub(crate) parties: Pool<Party>,
    pub(crate) helpers: Pool<Helper>,
    pub(crate) texts: Pool<str>,
    /// Most reports say what others say.
    pub(crate) handed: Alike,
}

/// What statements say was handed over, each once. It follows from the claims.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alike(HashSet<Arc<Handed>>);

impl PartialEq for Alike {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Alike {
    pub(crate) fn share(&mut self, handed: Handed) -> Arc<Handed> {
        if let Some(known) = self.0.get(&handed) {
            return Arc::clone(known);
        }
        let handed = Arc::new(handed);
        self.0.insert(Arc::clone(&handed));
        handed
    }

    /// Drops what no claim says any more.
    pub(crate) fn sweep(&mut self) {
        self.0.retain(|handed| Arc::strong_count(handed) > 1);
    }
}

impl Claim {
    pub(crate) fn new(pools: &mut Pools, position: Position, recorded: Timestamp, publisher: Id<Publisher>, data: &Data) -> Self {
        let report = data.report();
        let handed = Handed::new(pools, data.transfers());
        let handed = pools.handed.share(handed);
        Self {
            position,
            statement: position,
            recorded_us: recorded.as_microsecond(),
            publisher,
            kind: data.kind(),
            announced: *data.announced(),
            announcer: data.announcer().map(|announcer| pools.announcers.intern(announcer)),
            key: None,
            date: data.exchange_date().copied(),
            framework: data.framework().map(|framework| pools.texts.intern(framework)),
            part_of: data.part_of().map(|whole| pools.keys.intern(whole)),
            handed,
            helpers: data.third_parties().iter().map(|helper| pools.helpers.intern(&Helper::from(helper))).collect(),
            address: report.and_then(|report| report.url.as_deref()).map(address),
            affected: false,
            is_report: report.is_some_and(|report| report.relays.as_ref().is_some_and(|origins| !origins.is_empty())),
        }
    }

    /// As a correction of a statement.
    pub(crate) fn in_place_of(self, statement: Position) -> Self {
        Self { statement, ..self }
    }

    pub(crate) fn recorded(&self) -> Timestamp {
        Timestamp::from_microsecond(self.recorded_us).expect("it came from a timestamp")
    }

    /// The kind of the record; of a correction, not that of what it puts in the claim's place.
    pub(crate) fn kind_of_record(&self) -> Kind {
        if self.statement == self.position { self.kind } else { Kind::Corrected }
    }

    /// Whether it says that an exchange took place.
    pub(crate) fn is_of_completion(&self) -> bool {
        matches!(self.kind, Kind::Completed | Kind::Confirmed)
    }

    /// Whether it's the first version of a statement that others may act on.
    pub(crate) fn is_original_claim(&self) -> bool {
        self.statement == self.position && self.kind.is_claim()
    }

    /// Forgets what it said and somebody may still ask for, all but what the skeleton of its event has too.
    pub(crate) fn redact(&mut self) {
        self.announcer = None;
        self.framework = None;
        self.handed = Arc::default();
        self.helpers = Box::default();
        self.address = None;
        self.is_report = false;
    }
}

impl Handed {
    fn new(pools: &mut Pools, transfers: &[Transfer]) -> Self {
        let mut items = Vec::with_capacity(transfers.iter().map(|transfer| transfer.counts.len()).sum());
        let end = |items: &Vec<Counted>| u32::try_from(items.len()).expect("an event has at most 60 KiB");
        let ways = transfers
            .iter()
            .map(|transfer| {
                let first = end(&items);
                for item in &transfer.counts {
                    let mut text = |text: &Option<String>| text.as_deref().map(|text| pools.texts.intern(text));
                    let (group, origin, stated) = (text(&item.group), text(&item.origin), text(&item.stated));
                    let name = pools.texts.intern(item.category.as_str());
                    items.push(Counted { name, main: item.main(), of: item.of, count: item.count, group, origin, stated, identity: item.identity });
                }
                let (from, to) = (pools.parties.intern(&transfer.from), pools.parties.intern(&transfer.to));
                Way { from, to, relation: transfer.relation, first, end: end(&items) }
            })
            .collect();
        Self { ways, items: items.into_boxed_slice() }
    }

    pub(crate) fn items(&self, way: Way) -> &[Counted] {
        &self.items[way.first as usize..way.end as usize]
    }

    /// Whether it says what became of bodies.
    pub(crate) fn has_findings(&self) -> bool {
        self.items.iter().any(|item| item.identity.is_some())
    }

    /// The other direction of the same statement.
    pub(crate) fn opposite(&self, way: Way) -> Option<Way> {
        self.ways.iter().copied().find(|other| other.from == way.to && other.to == way.from)
    }

    /// As announced.
    pub(crate) fn transfers(&self, pools: &Pools) -> Vec<Transfer> {
        let text = |id: Option<Id<str>>| id.map(|id| pools.texts.get(id).to_owned());
        let item = |item: &Counted| announcement::Item {
            category: pools.texts.get(item.name).parse().expect("it was a category's name"),
            count: item.count,
            of: item.of,
            group: text(item.group),
            origin: text(item.origin),
            identity: item.identity,
            stated: text(item.stated),
        };
        let transfer = |way: &Way| Transfer {
            from: *pools.parties.get(way.from),
            to: *pools.parties.get(way.to),
            counts: self.items(*way).iter().map(item).collect(),
            relation: way.relation,
        };
        self.ways.iter().map(transfer).collect()
    }
}
