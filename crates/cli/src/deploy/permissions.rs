//! What each role may publish and subscribe to: everything else is refused by nats-server.
//!
//! Nobody may answer to a subject of their asker's choice: a ledger node publishes to inboxes only, so that no question with `handover.announce.<other>` as its answer's subject
//! makes it speak for that one. A reader can have the server itself deliver records of LEDGER to any subject: they carry the sequence that LEDGER expected, by which the queue
//! doesn't take them, and the ledger's own headers, by which the ledger refuses them.

use std::collections::BTreeSet;

use clap::ValueEnum;

/// What a user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Role {
    Publisher,
    Gateway,
    Curator,
    Operator,
    Ledger,
    Reader,
    Views,
}

/// The subjects that a user may publish to, and those that it may subscribe to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Permissions {
    pub(super) publish: BTreeSet<String>,
    pub(super) subscribe: BTreeSet<String>,
}

/// The streams that a reader follows: the records, and what the read models say.
const VIEWS: &str = "KV_handover-views";

impl Permissions {
    /// Those of a user with this name, in all its roles.
    pub(super) fn of(name: &str, roles: &BTreeSet<Role>) -> Self {
        let mut permissions = Self::default();
        permissions.subscribe(&[format!("_INBOX.{name}.>")]);
        for role in roles {
            permissions.add(name, *role);
        }
        permissions
    }

    fn add(&mut self, name: &str, role: Role) {
        match role {
            Role::Publisher => self.speak("announce", name),
            Role::Curator => self.speak("curate", name),
            Role::Operator => {
                self.speak("operate", name);
                self.publish(&["handover.query.>", "$SRV.PING.>", "$SRV.INFO.>", "$SRV.STATS.>", "$SRV.PING", "$SRV.INFO", "$SRV.STATS", "$JS.API.INFO"]);
                self.publish(&["ANNOUNCEMENTS", "LEDGER", VIEWS].map(|stream| format!("$JS.API.STREAM.INFO.{stream}")));
                self.subscribe(&["handover.nodes.*"]);
            }
            Role::Gateway => {
                self.publish(&["announce", "curate", "operate"].map(|duty| format!("handover.{duty}.{name}.*")));
                self.publish(&["handover.query.receipt"]);
                self.subscribe(&[format!("handover.receipts.{name}.*")]);
            }
            Role::Ledger => self.keep(),
            Role::Reader => {
                self.publish(&["head", "record", "range", "root"].map(|question| format!("handover.query.{question}")));
                self.read("LEDGER");
                self.read(VIEWS);
            }
            Role::Views => {
                self.read(VIEWS);
                self.publish(&[format!("$JS.API.STREAM.CREATE.{VIEWS}"), "$KV.handover-views.>".to_owned(), "$JS.API.INFO".to_owned()]);
            }
        }
    }

    /// Publishes under one name, and hears what became of it.
    fn speak(&mut self, duty: &str, name: &str) {
        self.publish(&[format!("handover.{duty}.{name}"), "handover.query.receipt".to_owned()]);
        self.subscribe(&[format!("handover.receipts.{name}")]);
    }

    /// Follows a stream, without changing it.
    fn read(&mut self, stream: &str) {
        self.publish(&[
            format!("$JS.API.STREAM.INFO.{stream}"),
            format!("$JS.API.STREAM.MSG.GET.{stream}"),
            format!("$JS.API.DIRECT.GET.{stream}"),
            format!("$JS.API.DIRECT.GET.{stream}.>"),
            format!("$JS.API.CONSUMER.CREATE.{stream}"),
            format!("$JS.API.CONSUMER.CREATE.{stream}.>"),
            format!("$JS.API.CONSUMER.INFO.{stream}.*"),
            format!("$JS.API.CONSUMER.DELETE.{stream}.*"),
            format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.*"),
            format!("$JS.FC.{stream}.>"),
        ]);
    }

    /// What a ledger node does: makes both streams, reads both, trims the one and fills the other, gives receipts and answers, and compares itself with its like.
    fn keep(&mut self) {
        for stream in ["ANNOUNCEMENTS", "LEDGER"] {
            self.read(stream);
            self.publish(&[format!("$JS.API.STREAM.CREATE.{stream}")]);
        }
        self.publish(&["$JS.API.STREAM.PURGE.ANNOUNCEMENTS", "$JS.API.STREAM.DELETE.LEDGER", "$JS.API.INFO"]);
        self.publish(&["handover.log.*", "handover.receipts.>", "handover.nodes.*", "handover.query.>", "handover.operate.epoch", "_INBOX.>"]);
        self.subscribe(&["handover.query.>", "handover.nodes.*", "$SRV.>"]);
    }

    fn publish(&mut self, subjects: &[impl ToString]) {
        self.publish.extend(subjects.iter().map(ToString::to_string));
    }

    fn subscribe(&mut self, subjects: &[impl ToString]) {
        self.subscribe.extend(subjects.iter().map(ToString::to_string));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(role: Role) -> Permissions {
        Permissions::of("one", &[role].into())
    }

    #[test]
    fn a_publisher_has_its_own_subject_and_nothing_else() {
        let permissions = of(Role::Publisher);
        let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
        assert_eq!(list(&permissions.publish), ["handover.announce.one", "handover.query.receipt"]);
        assert_eq!(list(&permissions.subscribe), ["_INBOX.one.>", "handover.receipts.one"]);
    }

    #[test]
    fn only_a_gateway_and_a_publisher_announce_and_only_ledger_nodes_give_receipts() {
        for role in [Role::Curator, Role::Operator, Role::Ledger, Role::Reader, Role::Views] {
            assert!(!of(role).publish.iter().any(|subject| subject.starts_with("handover.announce")), "{role:?}");
        }
        for role in Role::value_variants().iter().copied().filter(|role| *role != Role::Ledger) {
            let publish = of(role).publish;
            assert!(!publish.iter().any(|subject| subject.starts_with("handover.receipts") || subject.starts_with("handover.log")), "{role:?}");
            assert!(!publish.contains("_INBOX.>") && !publish.contains("handover.operate.epoch"), "{role:?}");
        }
    }

    #[test]
    fn several_roles_add_up() {
        let both = Permissions::of("one", &[Role::Gateway, Role::Reader].into());
        assert!(both.publish.is_superset(&of(Role::Gateway).publish) && both.publish.is_superset(&of(Role::Reader).publish));
        assert_eq!(both.publish.len(), of(Role::Gateway).publish.union(&of(Role::Reader).publish).count());
    }
}
