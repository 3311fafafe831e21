use std::collections::VecDeque;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::SplitMix;

/// The two parties of every generated exchange: none of the real announcements' parties, so that their figures stay apart.
const PARTIES: [&str; 2] = ["X-NORTH", "X-SOUTH"];
/// How many exchanges they are about.
const EXCHANGES: u64 = 40;
const NAMESPACE: Uuid = Uuid::from_u128(0x7a1d_60f4_1c5e_5f0b_9c37_2d5d_8e02_41b6);
const CORRECTABLE: usize = 64;

/// One generated announcement.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Its id.
    pub id: Uuid,
    /// Its kind: `completed`.
    pub kind: &'static str,
    /// The structured event, about 700 bytes.
    pub event: Vec<u8>,
}

impl Generated {
    pub(crate) fn new(id: Uuid, source: &str, kind: &'static str, subject: Option<String>, data: &Value) -> Self {
        let mut event = json!({
            "specversion": "1.0", "id": id, "source": source, "type": format!("org.handover.{kind}.v1"), "datacontenttype": "application/json", "data": data,
        });
        if let Some(subject) = subject {
            event["subject"] = subject.into();
        }
        Self { id, kind, event: event.to_string().into_bytes() }
    }
}

/// Valid announcements without end: the same ones for the same seed, others for another.
///
/// Claims, plans, totals, channels, disputes and corrections of a few exchanges between two invented parties. A dispute or a correction names one of the
/// claims before it, so publish them in order and under one name.
#[derive(Clone, Debug)]
pub struct Generator {
    seed: u64,
    random: SplitMix,
    next: u64,
    correctable: VecDeque<(Uuid, u64)>,
}

impl Generator {
    /// The ones of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, random: SplitMix::new(seed), next: 0, correctable: VecDeque::new() }
    }

    /// The source of this seed's announcements.
    #[must_use]
    pub fn source(&self) -> String {
        format!("urn:handover:generated:{}", self.seed)
    }

    /// The id of the announcement with this number, counted from 0.
    #[must_use]
    pub fn id(&self, number: u64) -> Uuid {
        Uuid::new_v5(&NAMESPACE, format!("{}/{number}", self.seed).as_bytes())
    }

    fn report(&self) -> Value {
        json!({"outlet": "generated", "url": format!("https://news.example/{}/{}", self.seed, self.next), "language": "en"})
    }

    fn claim(&mut self, exchange: u64) -> Value {
        let date = date(exchange);
        let people = self.random.below(200) + 1;
        let party = PARTIES[usize::from(self.random.below(2) == 1)];
        json!({
            "announced": date,
            "announcer": {"party": party, "office": "exchange office"},
            "report": self.report(),
            "note": "A generated announcement: it stands for no event that took place.",
            "exchange": {"date": date, "place": {"text": "border crossing", "precision": "stated"}, "framework": "generated"},
            "transfers": [transfer(0, what(exchange), people), transfer(1, what(exchange), self.random.below(people) + 1)],
        })
    }

    fn aggregate(&mut self) -> Value {
        json!({
            "announced": "2025-12-31", "announcer": {"party": PARTIES[0], "office": "exchange office"},
            "report": self.report(),
            "note": "A generated total: it stands for no events that took place.",
            "period": "2025", "scope": "handed over in the exchanges of the year",
            "transfers": [transfer(0, "bodies", self.random.below(5000) + 1), transfer(1, "prisoners", self.random.below(5000) + 1)],
        })
    }

    fn channel(&mut self) -> Value {
        let status = ["open", "paused", "blocked", "resuming"][self.random.index(4)];
        json!({
            "announced": date(self.random.below(EXCHANGES)), "announcer": {"party": PARTIES[1], "office": "exchange office"},
            "report": self.report(),
            "note": "A generated word on a channel: it stands for no state that a channel was in.",
            "channel": "prisoners", "parties": PARTIES, "status": status,
        })
    }

    fn dispute(&mut self, target: Uuid) -> Value {
        json!({
            "announced": "2025-12-31", "announcer": {"party": PARTIES[self.random.index(2)], "office": "exchange office"},
            "report": self.report(),
            "note": "A generated dispute: it contests no claim that anybody made.",
            "target": {"source": self.source(), "id": target}, "reason": "another number was counted",
        })
    }

    fn correction(&mut self, target: Uuid, exchange: u64) -> Value {
        let mut replacement = self.claim(exchange);
        for field in ["note", "report"] {
            replacement.as_object_mut().expect("a claim is an object").remove(field);
        }
        json!({
            "announced": "2025-12-31", "announcer": replacement["announcer"],
            "target": {"source": self.source(), "id": target}, "reason": "the numbers were counted again",
            "replacement": {"kind": "completed", "subject": key(exchange), "data": replacement},
        })
    }

    fn data(&mut self, id: Uuid) -> (&'static str, Option<String>, Value) {
        let exchange = self.random.below(EXCHANGES);
        let earlier = (!self.correctable.is_empty()).then(|| self.correctable[self.random.index(self.correctable.len())]);
        match (self.random.below(100), earlier) {
            (0..8, _) => ("aggregate", None, self.aggregate()),
            (8..13, _) => ("channel", None, self.channel()),
            (13..18, _) => ("planned", Some(key(exchange)), self.claim(exchange)),
            (18..25, Some((target, exchange))) => ("corrected", None, self.correction(target, exchange)),
            (25..30, Some((target, _))) => ("disputed", None, self.dispute(target)),
            (30..50, _) => ("confirmed", Some(key(exchange)), self.claim(exchange)),
            _ => {
                if self.correctable.len() == CORRECTABLE {
                    self.correctable.pop_front();
                }
                self.correctable.push_back((id, exchange));
                ("completed", Some(key(exchange)), self.claim(exchange))
            }
        }
    }
}

impl Iterator for Generator {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        let id = self.id(self.next);
        let (kind, subject, data) = self.data(id);
        self.next += 1;
        Some(Generated::new(id, &self.source(), kind, subject, &data))
    }
}

fn what(exchange: u64) -> &'static str {
    if exchange.is_multiple_of(2) { "bodies" } else { "prisoners" }
}

fn date(exchange: u64) -> String {
    format!("2025-{:02}-{:02}", exchange / 10 + 3, exchange % 10 + 11)
}

fn key(exchange: u64) -> String {
    format!("x_north-x_south/{}/{}", what(exchange), date(exchange))
}

fn transfer(from: usize, category: &str, count: u64) -> Value {
    json!({"from": PARTIES[from], "to": PARTIES[1 - from], "counts": [{"category": category, "count": {"exact": count}}]})
}
