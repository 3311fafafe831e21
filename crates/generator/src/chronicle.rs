use std::collections::VecDeque;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Generated, SplitMix};

const PARTIES: [&str; 2] = ["X-NORTH", "X-SOUTH"];
const OFFICES: [&str; 4] = ["exchange office", "presidency", "ministry of defence", "ombudsman"];
const FRAMEWORKS: [&str; 4] = ["first agreement", "second agreement", "third agreement", "fourth agreement"];
const NAMESPACE: Uuid = Uuid::from_u128(0x1c66_9f07_6d4e_5a0b_8d35_4b7d_2f1c_90aa);
/// How many claims may be repeated, corrected, contested and linked.
const REMEMBERED: usize = 256;
/// Days from the first exchange to the last.
const DAYS: u64 = 1_500;

/// A chronicle of some years: announcements over many exchanges as a monitor meets them, the same ones for the same seed. Of 100 records some
///
/// - 34 are claims that an exchange took place, one in twelve without a number, one in twenty about one long past whose number is given late;
/// - 37 are reports that repeat one of them, some in other numbers;
/// - 6 are plans, postponements and cancellations, 7 are totals of a year or a month, 4 are words on channels, 3 are findings on the identity of bodies;
/// - 4 correct, 1 withdraw, 2 contest a claim;
/// - 2 are curation: a link, a merge, a quarantine or a release.
#[derive(Clone, Debug)]
pub struct Chronicle {
    seed: u64,
    random: SplitMix,
    next: u64,
    announcements: u64,
    exchanges: u64,
    claims: VecDeque<Claim>,
    quarantined: VecDeque<Uuid>,
}

#[derive(Clone, Copy, Debug)]
struct Claim {
    id: Uuid,
    exchange: u64,
    party: usize,
}

impl Chronicle {
    /// So many announcements over so many exchanges.
    #[must_use]
    pub const fn new(seed: u64, announcements: u64, exchanges: u64) -> Self {
        Self { seed, random: SplitMix::new(seed), next: 0, announcements, exchanges, claims: VecDeque::new(), quarantined: VecDeque::new() }
    }

    /// The key of the exchange with this number.
    #[must_use]
    pub fn key(&self, exchange: u64) -> String {
        let among = exchange - self.first_of(day_of(exchange, self.exchanges));
        let suffix = if among < 2 { String::new() } else { format!(".{}", among / 2 + 1) };
        format!("x_north-x_south/{}/{}{suffix}", self.what(exchange), self.date(exchange))
    }

    /// The first exchange of a day.
    fn first_of(&self, day: u64) -> u64 {
        (day * self.exchanges).div_ceil(DAYS)
    }

    fn date(&self, exchange: u64) -> String {
        date(day_of(exchange, self.exchanges))
    }

    fn what(&self, exchange: u64) -> &'static str {
        what(exchange - self.first_of(day_of(exchange, self.exchanges)))
    }

    fn source(&self) -> String {
        format!("urn:handover:chronicle:{}", self.seed)
    }

    /// Mostly one of those that take place about now; now and then one long past.
    fn exchange(&mut self) -> u64 {
        let now = self.next * self.exchanges / self.announcements.max(1);
        if self.random.below(20) == 0 { self.random.below(now + 1) } else { now.saturating_sub(self.random.below(4)) }
    }

    fn claim(&mut self, exchange: u64, party: usize, repeated: Option<Uuid>) -> Value {
        let what = self.what(exchange);
        // Both sides' claims agree, but for one in ten; and a party knows what it gave and what it got.
        let people = exchange * 7_919 % 300 + 1 + u64::from(self.random.below(10) == 0);
        let count = |random: &mut SplitMix, count: u64| if random.below(12) == 0 { json!("unknown") } else { json!({"exact": count}) };
        let counts = |count: Value| json!([{"category": what, "count": count}]);
        let (given, got) = (count(&mut self.random, people), count(&mut self.random, people / 2 + 1));
        let mut claim = json!({
            "announced": date(self.now()),
            "announcer": {"party": PARTIES[party], "office": OFFICES[self.random.index(4)]},
            "report": {"outlet": "generated", "url": format!("https://news.example/{}/{}", self.seed, self.next), "language": "en"},
            "note": "A generated announcement: it stands for no event that took place.",
            "exchange": {"date": self.date(exchange), "framework": FRAMEWORKS[exchange as usize * 4 / self.exchanges.max(1) as usize % 4]},
            "transfers": [
                {"from": PARTIES[0], "to": PARTIES[1], "counts": counts(given)},
                {"from": PARTIES[1], "to": PARTIES[0], "counts": counts(got)},
            ],
        });
        if self.random.below(4) == 0 {
            claim["third_parties"] = json!([{"name": "Mediator", "party": "X-MEDIATOR", "role": "mediator"}]);
        }
        if let Some(origin) = repeated {
            claim["report"]["relays"] = json!([{"source": self.source(), "id": origin}]);
        }
        claim
    }

    /// The day that it is.
    fn now(&self) -> u64 {
        self.next * DAYS / self.announcements.max(1)
    }

    fn about(&self, target: Uuid, more: Value) -> Value {
        let mut data = json!({"announced": date(self.now()), "announcer": null, "target": {"source": self.source(), "id": target}});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        data
    }

    fn aggregate(&mut self) -> Value {
        let year = &date(self.now())[..if self.random.below(3) == 0 { 7 } else { 4 }];
        let count = self.random.below(9_000) + 1;
        json!({
            "announced": date(self.now()), "announcer": {"party": PARTIES[self.random.index(2)], "office": OFFICES[3]}, "period": year,
            "scope": "handed over in the exchanges of the time",
            "transfers": [{"from": PARTIES[0], "to": PARTIES[1], "counts": [{"category": "bodies", "count": {"about": count}}]}],
        })
    }

    fn plan(&mut self, exchange: u64) -> (&'static str, Value) {
        let mut said = self.claim(exchange, 0, None);
        match self.random.below(4) {
            0 => {
                let reason =
                    json!({"announced": said["announced"], "announcer": said["announcer"], "exchange": {"date": self.date(exchange)}, "reason": "not stated"});
                (if self.random.below(2) == 0 { "postponed" } else { "cancelled" }, reason)
            }
            _ => {
                said.as_object_mut().expect("an object").remove("report");
                ("planned", said)
            }
        }
    }

    fn identity(&mut self, exchange: u64) -> Value {
        let count = self.random.below(50) + 1;
        json!({
            "announced": date(self.now()), "announcer": {"party": PARTIES[1], "office": OFFICES[0]}, "exchange": {"date": self.date(exchange)},
            "transfers": [{"from": PARTIES[0], "to": PARTIES[1], "counts": [{"category": "bodies", "count": {"exact": count}, "identity": "confirmed"}]}],
        })
    }

    fn channel(&mut self) -> Value {
        let status = ["open", "paused", "blocked", "resuming"][self.random.index(4)];
        json!({
            "announced": date(self.now()), "announcer": {"party": PARTIES[self.random.index(2)], "office": OFFICES[3]},
            "channel": "prisoners", "parties": PARTIES, "status": status,
        })
    }

    fn curation(&mut self, claim: Claim) -> (&'static str, Value) {
        match self.random.below(4) {
            0 => ("linked", self.about(claim.id, json!({"exchange_key": self.key(claim.exchange)}))),
            1 if claim.exchange > 0 => {
                let (from, into) = (self.key(claim.exchange), self.key(claim.exchange - 1));
                ("merged", json!({"announced": date(self.now()), "announcer": null, "from": from, "into": into}))
            }
            2 if !self.quarantined.is_empty() => {
                let target = self.quarantined.pop_front().expect("it isn't empty");
                ("released", self.about(target, json!({"reason": "it was looked into"})))
            }
            _ => {
                self.quarantined.push_back(claim.id);
                ("quarantined", self.about(claim.id, json!({"reason": "its source is in doubt"})))
            }
        }
    }

    fn correction(&mut self, claim: Claim) -> Value {
        let mut replacement = self.claim(claim.exchange, claim.party, None);
        for field in ["note", "report"] {
            replacement.as_object_mut().expect("a claim is an object").remove(field);
        }
        self.about(claim.id, json!({"reason": "counted again", "replacement": {"kind": "completed", "subject": self.key(claim.exchange), "data": replacement}}))
    }

    fn data(&mut self, id: Uuid) -> (&'static str, Option<String>, Value) {
        let exchange = self.exchange();
        let earlier = (!self.claims.is_empty()).then(|| self.claims[self.random.index(self.claims.len())]);
        match (self.random.below(100), earlier) {
            (0..37, Some(claim)) => ("confirmed", Some(self.key(claim.exchange)), self.claim(claim.exchange, claim.party, Some(claim.id))),
            (37..43, _) => {
                let (kind, said) = self.plan(exchange);
                (kind, Some(self.key(exchange)), said)
            }
            (43..50, _) => ("aggregate", None, self.aggregate()),
            (50..54, _) => ("channel", None, self.channel()),
            (54..57, _) => ("identity", Some(self.key(exchange)), self.identity(exchange)),
            (57..61, Some(claim)) => ("corrected", None, self.correction(claim)),
            (61..62, Some(_)) => {
                // What is withdrawn isn't spoken of again.
                let claim = self.claims.pop_front().expect("there is an earlier one");
                ("retracted", None, self.about(claim.id, json!({"reason": "published in error"})))
            }
            (62..64, Some(claim)) => {
                let reason = json!({"reason": "another number was counted"});
                let mut contest = self.about(claim.id, reason);
                contest["announcer"] = json!({"party": PARTIES[1 - claim.party], "office": OFFICES[0]});
                ("disputed", None, contest)
            }
            (64..66, Some(claim)) => {
                let (kind, data) = self.curation(claim);
                (kind, None, data)
            }
            _ => {
                let party = self.random.index(2);
                if self.claims.len() == REMEMBERED {
                    self.claims.pop_front();
                }
                self.claims.push_back(Claim { id, exchange, party });
                ("completed", Some(self.key(exchange)), self.claim(exchange, party, None))
            }
        }
    }
}

impl Iterator for Chronicle {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        if self.next == self.announcements {
            return None;
        }
        let id = Uuid::new_v5(&NAMESPACE, format!("{}/{}", self.seed, self.next).as_bytes());
        let (kind, subject, data) = self.data(id);
        self.next += 1;
        Some(Generated::new(id, &self.source(), kind, subject, &data))
    }
}

const fn day_of(exchange: u64, exchanges: u64) -> u64 {
    exchange * DAYS / exchanges
}

const fn what(among: u64) -> &'static str {
    if among.is_multiple_of(2) { "bodies" } else { "prisoners" }
}

/// A day counted from the first of 2022; each month has 28.
fn date(day: u64) -> String {
    format!("{:04}-{:02}-{:02}", 2022 + day / 336, day / 28 % 12 + 1, day % 28 + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_announcement_is_valid_and_exchanges_have_keys_of_their_own() {
        for exchanges in [1, 25, 5_000] {
            let chronicle = Chronicle::new(7, 3_000, exchanges);
            let keys: BTreeSet<String> = (0..exchanges).map(|exchange| chronicle.key(exchange)).collect();
            assert_eq!(keys.len() as u64, exchanges);
            let mut kinds = BTreeSet::new();
            for generated in chronicle {
                announcement::parse(&generated.event).unwrap_or_else(|problem| panic!("{problem} in {}", String::from_utf8_lossy(&generated.event)));
                kinds.insert(generated.kind);
            }
            assert!(kinds.len() >= 14, "{kinds:?}");
        }
        let once: Vec<Vec<u8>> = Chronicle::new(7, 100, 25).map(|generated| generated.event).collect();
        assert!(Chronicle::new(7, 100, 25).map(|generated| generated.event).eq(once));
    }
}
