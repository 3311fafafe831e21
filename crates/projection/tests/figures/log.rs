use announcement::{Position, Publisher, Record};
use projection::{Book, Dossier, FigureAnswer, Policy, Total, TotalsQuery, dossier, totals};
use serde_json::{Value, json};
use uuid::Uuid;

/// A ledger's records, made of short statements.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) records: Vec<Record>,
}

pub(crate) const KEY: &str = "ru-ua/prisoners/2026-01-10";

impl Log {
    /// Records an event of this publisher and gives its id.
    pub(crate) fn add_as(&mut self, publisher: &str, kind: &str, subject: Option<&str>, data: Value) -> Value {
        let number = self.records.len() as u64;
        let target = self.id(self.records.len());
        let mut event = json!({"specversion": "1.0", "id": target["id"], "source": "urn:example:log", "type": format!("org.handover.{kind}.v1"), "data": data});
        if let Some(subject) = subject {
            event["subject"] = json!(subject);
        }
        announcement::decode(&event.to_string()).unwrap_or_else(|problem| panic!("{problem:?} in {event}"));
        self.records.push(Record {
            position: Position::new(number),
            // Some at the same instant.
            recorded: "2026-06-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_secs(number as i64 / 3),
            publisher: publisher.parse::<Publisher>().unwrap(),
            event: event.to_string().into_bytes(),
            removed: None,
        });
        target
    }

    /// The id of the record at a place, also of one to come.
    pub(crate) fn id(&self, place: usize) -> Value {
        let id = Uuid::from_u128(0x5000_8000_0000_0000_0000_u128 | place as u128);
        json!({"source": "urn:example:log", "id": id})
    }

    pub(crate) fn add(&mut self, kind: &str, subject: Option<&str>, data: Value) -> Value {
        self.add_as("local", kind, subject, data)
    }

    /// A claim of somebody on a day about [`KEY`] or another exchange: `("RU", "UA", [items])` for each direction.
    pub(crate) fn claim_about(&mut self, key: &str, who: Value, announced: &str, transfers: Value) -> Value {
        let date = key.rsplit('/').next().unwrap().split('.').next().unwrap().replace('_', "/");
        self.add("completed", Some(key), json!({"announced": announced, "announcer": who, "exchange": {"date": date}, "transfers": transfers}))
    }

    pub(crate) fn claim(&mut self, who: Value, transfers: Value) -> Value {
        self.claim_about(KEY, who, "2026-01-10", transfers)
    }

    pub(crate) fn book(&self) -> Book {
        let mut book = Book::default();
        for record in &self.records {
            book.apply(record).unwrap();
        }
        book
    }

    pub(crate) fn dossier(&self, key: &str, policy: Policy) -> Dossier {
        dossier(self.book().now(), &key.parse().unwrap(), policy).unwrap()
    }

    /// Low and high of the figure of [`KEY`] from Russia to Ukraine.
    pub(crate) fn figure(&self, policy: Policy, category: &str) -> Option<FigureAnswer> {
        self.figure_of(KEY, policy, category)
    }

    pub(crate) fn figure_of(&self, key: &str, policy: Policy, category: &str) -> Option<FigureAnswer> {
        let figures = self.dossier(key, policy).exchange.figures;
        figures.into_iter().find(|figure| figure.from.as_str() == "RU" && figure.category.as_str() == category)
    }

    /// What a figure shows: `(low, high, disputed)`.
    pub(crate) fn shown(&self, policy: Policy, category: &str) -> Option<(Option<u64>, Option<u64>, bool)> {
        self.figure(policy, category).map(|figure| (figure.low, figure.high, figure.disputed))
    }

    pub(crate) fn total(&self, query: &TotalsQuery, category: &str) -> Option<Total> {
        totals(self.book().now(), query).figures.into_iter().find(|total| total.from == Some("RU".parse().unwrap()) && total.category.as_str() == category)
    }
}

/// The transfer from Russia to Ukraine with these items.
pub(crate) fn to_ukraine(items: Value) -> Value {
    json!([{"from": "RU", "to": "UA", "counts": items}])
}

/// So many of a category.
pub(crate) fn exact(category: &str, count: u64) -> Value {
    json!([{"category": category, "count": {"exact": count}}])
}

pub(crate) fn ministry() -> Value {
    json!({"party": "RU", "office": "Ministry of Defence"})
}

pub(crate) fn headquarters() -> Value {
    json!({"party": "UA", "office": "Coordination Headquarters"})
}

pub(crate) fn president() -> Value {
    json!({"party": "UA", "office": "president"})
}

pub(crate) fn mediator() -> Value {
    json!({"party": "AE", "office": "Ministry of Foreign Affairs"})
}
