//! What each role may publish and subscribe to: everything else is refused by nats-server.
//!
//! That isn't enough by itself: nats-server doesn't look at the subject that an asker wants its answer on. A publisher could have the queue's acknowledgement stored in LEDGER, a reader a record
//! announced in another's name. So everyone but ledger nodes has an account of its own, into which the subjects that it may use are imported: answers stay in it, whatever subject they were
//! asked on. Ledger nodes share the account that has the streams; they answer to inboxes only.

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

/// What the account of the streams lets others import; each imports only what its permissions name.
pub(super) const SERVICES: [&str; 12] = [
    "handover.announce.>",
    "handover.curate.>",
    "handover.operate.>",
    "handover.query.>",
    "$KV.handover-views.>",
    "$JS.API.INFO",
    "$JS.API.STREAM.>",
    "$JS.API.DIRECT.GET.>",
    "$JS.API.CONSUMER.CREATE.>",
    "$JS.API.CONSUMER.INFO.>",
    "$JS.API.CONSUMER.DELETE.>",
    "$JS.FC.>",
];
/// The same, with many answers to one question.
pub(super) const MANY_ANSWERS: &str = "$JS.API.CONSUMER.MSG.NEXT.>";
/// What is heard without being asked for.
pub(super) const STREAMS: [&str; 3] = ["handover.receipts.>", "handover.nodes.*", "_INBOX.>"];

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

    /// What the user's account imports to be asked, none of it twice.
    pub(super) fn services(&self) -> Vec<&str> {
        let covered = |subject: &str| self.publish.iter().any(|other| other != subject && covers(other, subject));
        self.publish.iter().map(String::as_str).filter(|subject| !covered(subject)).collect()
    }

    fn add(&mut self, name: &str, role: Role) {
        match role {
            Role::Publisher => self.speak("announce", name),
            Role::Curator => self.speak("curate", name),
            Role::Operator => {
                self.speak("operate", name);
                self.publish(&["handover.query.>", "$JS.API.INFO"]);
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

    /// Follows a stream, without changing it. An account that imports `$JS.API.INFO` is answered by the one that has the streams; of any other nats-server itself says, as well, that it has none.
    fn read(&mut self, stream: &str) {
        self.publish(&[
            "$JS.API.INFO".to_owned(),
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
        self.publish(&["handover.log.*", "handover.receipts.>", "handover.nodes.*", "handover.query.>", "handover.operate.epoch", "_INBOX.>", "_R_.>"]);
        self.subscribe(&["handover.query.>", "handover.nodes.*", "$SRV.>"]);
    }

    fn publish(&mut self, subjects: &[impl ToString]) {
        self.publish.extend(subjects.iter().map(ToString::to_string));
    }

    fn subscribe(&mut self, subjects: &[impl ToString]) {
        self.subscribe.extend(subjects.iter().map(ToString::to_string));
    }
}

/// Whether a subject with wildcards matches all that another one does.
fn covers(wide: &str, narrow: &str) -> bool {
    let (mut wide, mut narrow) = (wide.split('.'), narrow.split('.'));
    loop {
        match (wide.next(), narrow.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
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
    fn nothing_is_imported_twice_and_everything_that_is_was_exported() {
        let all: BTreeSet<Role> = Role::value_variants().iter().copied().filter(|role| *role != Role::Ledger).collect();
        let permissions = Permissions::of("one", &all);
        let services = permissions.services();
        assert!(services.contains(&"handover.query.>") && !services.contains(&"handover.query.receipt"));
        for (place, service) in services.iter().enumerate() {
            assert!(SERVICES.iter().chain([&MANY_ANSWERS]).filter(|exported| covers(exported, service)).count() == 1, "{service}");
            assert!(!services[place + 1..].iter().any(|other| covers(service, other) || covers(other, service)), "{service}");
        }
        for stream in &permissions.subscribe {
            assert!(STREAMS.iter().any(|exported| covers(exported, stream)), "{stream}");
        }
    }

    #[test]
    fn wildcards_cover_what_they_match() {
        for (wide, narrow, expected) in [
            ("a.>", "a.b", true),
            ("a.>", "a.b.>", true),
            ("a.>", "a", false),
            ("a.*", "a.b", true),
            ("a.*", "a.>", false),
            ("a.*", "a.*", true),
            ("a.b", "a.*", false),
            ("a.b", "a.b", true),
        ] {
            assert_eq!(covers(wide, narrow), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn several_roles_add_up() {
        let both = Permissions::of("one", &[Role::Gateway, Role::Reader].into());
        assert!(both.publish.is_superset(&of(Role::Gateway).publish) && both.publish.is_superset(&of(Role::Reader).publish));
        assert_eq!(both.publish.len(), of(Role::Gateway).publish.union(&of(Role::Reader).publish).count());
    }
}
