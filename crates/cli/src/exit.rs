use std::{fmt::Display, io::Write, process::ExitCode};

/// How the program ends where it doesn't succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// It failed.
    Failed = 1,
    /// It was called in a wrong way.
    Usage = 2,
    /// Something was checked and found unhealthy.
    Unhealthy = 10,
    /// The data is bad (EX_DATAERR).
    BadData = 65,
    /// A server can't be reached (EX_UNAVAILABLE).
    Unreachable = 69,
    /// Something waits in an outbox and is sent later (EX_TEMPFAIL).
    Waiting = 75,
    /// The configuration is wrong (EX_CONFIG).
    Configuration = 78,
}

/// An end with a reason, which goes to stderr.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    /// Empty where everything was said already.
    reason: String,
}

impl Failure {
    pub(crate) fn new(code: Code, reason: impl Display) -> Self {
        Self { code, reason: reason.to_string() }
    }

    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// Everything was said already.
    pub(crate) const fn said(code: Code) -> Self {
        Self { code, reason: String::new() }
    }

    pub(crate) fn report(self) -> ExitCode {
        if !self.reason.is_empty() {
            say(format_args!("handover: {}", self.reason));
        }
        ExitCode::from(self.code as u8)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Words go to stderr; who closed it doesn't want them.
pub(crate) fn say(words: impl Display) {
    let _ = writeln!(std::io::stderr(), "{words}");
}
