use blackbox::{Handover, Serve, corpus, http};
use tempfile::TempDir;

/// Every page of the site, and one of each that there are many of.
pub(crate) const PAGES: [&str; 14] = [
    "/",
    "/exchanges",
    "/exchanges/ru-ua/bodies/2025-06-16",
    "/exchanges/ru-ua/bodies/2026-02-26",
    "/totals",
    "/then-and-now?then=100",
    "/channels",
    "/frameworks",
    "/offices",
    "/mediators",
    "/ledger",
    "/records/100",
    "/methodology",
    "/operations",
];

/// A server that holds the public record, in a folder of its own.
pub(crate) struct Site {
    pub(crate) server: Handover,
    pub(crate) data: TempDir,
}

impl Site {
    pub(crate) fn start() -> Self {
        let data = TempDir::new().expect("a temporary folder");
        let server = Serve::embedded(data.path()).start();
        let events = [corpus::reference_article(), corpus::public_record()].iter().flat_map(|file| corpus::events(file)).collect::<Vec<_>>();
        publish(&server, &events);
        Self { server, data }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.server.url(path)
    }
}

/// Publishes events and waits until the pages hold them.
pub(crate) fn publish(server: &Handover, events: &[String]) -> u64 {
    let answer = http::post(&server.url("/v1/announcements"), "application/cloudevents-batch+json", format!("[{}]", events.join(",")).as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.body);
    let last = answer.json()["receipts"].as_array().expect("receipts").last().expect("a receipt")["position"].as_u64().expect("a position");
    assert_eq!(http::get(&server.url(&format!("/?at_least={last}"))).status, 200);
    last
}

/// An exchange of bodies on a day that no sample has.
pub(crate) fn exchange_on(day: &str, number: u32) -> String {
    serde_json::json!({
        "specversion": "1.0",
        "id": format!("00000000-0000-5000-8000-{number:012}"),
        "source": "urn:test",
        "type": "org.handover.completed.v1",
        "subject": format!("ru-ua/bodies/{day}"),
        "data": {
            "announced": day,
            "announcer": { "party": "UA", "office": "press office" },
            "exchange": { "date": day },
            "transfers": [{ "from": "RU", "to": "UA", "counts": [{ "category": "bodies", "count": { "exact": 12 } }] }],
        }
    })
    .to_string()
}
