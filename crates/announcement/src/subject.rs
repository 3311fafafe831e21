use std::{fmt, str::FromStr};

use crate::{Fault, Kind, Problem, Publisher};

/// A NATS subject on which messages reach the ledger.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// `handover.announce.…`, `handover.curate.…`, `handover.operate.…`: an event of this publisher.
    Event(Route),
    /// `handover.operate.rules`: from here on another version of the rules holds.
    Rules,
    /// `handover.operate.epoch`: the ledger goes on with another stream.
    Epoch,
}

/// On whose behalf and with which permission an event is published.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Route {
    /// The permission.
    pub duty: Duty,
    /// The publisher, curator or operator.
    pub publisher: Publisher,
}

/// What a publisher may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Duty {
    /// Say what was announced.
    Announce,
    /// Link, merge, split, quarantine.
    Curate,
    /// Redact.
    Operate,
}

impl Duty {
    /// The duty that a kind belongs to.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Linked | Kind::Merged | Kind::Split | Kind::Quarantined | Kind::Released => Self::Curate,
            Kind::Redacted => Self::Operate,
            _ => Self::Announce,
        }
    }

    const fn token(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Curate => "curate",
            Self::Operate => "operate",
        }
    }
}

impl Route {
    /// The route of an event of this kind.
    #[must_use]
    pub const fn of(kind: Kind, publisher: Publisher) -> Self {
        Self { duty: Duty::of(kind), publisher }
    }

    /// Refuses a kind on another duty's subject.
    ///
    /// # Errors
    /// [`Fault::WrongSubject`].
    pub fn admits(&self, kind: Kind) -> Result<(), Problem> {
        if Duty::of(kind) == self.duty {
            return Ok(());
        }
        let right = Self::of(kind, self.publisher.clone());
        Err(Problem::at(Fault::WrongSubject, "/type", format_args!("{} belongs on {right}", kind.as_str())))
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handover.{}.{}", self.duty.token(), self.publisher)
    }
}

impl FromStr for Subject {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::at(Fault::WrongSubject, "", format_args!("no publisher has the subject {}", text.escape_debug()));
        let (duty, publisher) = text.strip_prefix("handover.").and_then(|rest| rest.split_once('.')).ok_or_else(wrong)?;
        match (duty, publisher) {
            ("operate", "rules") => return Ok(Self::Rules),
            ("operate", "epoch") => return Ok(Self::Epoch),
            _ => {}
        }
        let duty = [Duty::Announce, Duty::Curate, Duty::Operate].into_iter().find(|known| known.token() == duty).ok_or_else(wrong)?;
        let publisher = publisher.parse().map_err(|_| wrong())?;
        Ok(Self::Event(Route { duty, publisher }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_and_written_as_the_same() {
        for text in ["handover.announce.local", "handover.announce.gateway.kyiv-desk", "handover.curate.one", "handover.operate.two"] {
            let Subject::Event(route) = text.parse().unwrap() else { panic!("{text}") };
            assert_eq!(route.to_string(), text);
        }
        assert_eq!("handover.operate.rules".parse(), Ok(Subject::Rules));
        assert_eq!("handover.operate.epoch".parse(), Ok(Subject::Epoch));
        for text in [
            "",
            "handover",
            "handover.announce",
            "handover.announce.",
            "handover.announce.A",
            "handover.announce.a.b.c",
            "handover.announce.*",
            "handover.read.a",
        ] {
            assert!(text.parse::<Subject>().unwrap_err().is(Fault::WrongSubject), "{text}");
        }
    }

    #[test]
    fn each_kind_is_admitted_on_one_duty_only() {
        use Kind::{Linked, Merged, Quarantined, Redacted, Released, Split};
        for &kind in Kind::ALL {
            let expected = match kind {
                Linked | Merged | Split | Quarantined | Released => Duty::Curate,
                Redacted => Duty::Operate,
                _ => Duty::Announce,
            };
            for duty in [Duty::Announce, Duty::Curate, Duty::Operate] {
                let admitted = Route { duty, publisher: Publisher::local() }.admits(kind);
                assert_eq!(admitted.is_ok(), duty == expected, "{kind:?} on {duty:?}");
            }
        }
    }
}
