//! Who may do what: bearer tokens, and what is allowed without one.

mod caller;
mod quotas;
mod token;
mod token_file;
mod tokens;

use std::net::IpAddr;

use announcement::{Duty, Publisher};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use jiff::Timestamp;

use caller::Grant;
pub(crate) use caller::{Asker, Caller};
pub use quotas::Quota;
use quotas::Quotas;
pub use token::{Scope, ScopeError, Secret, Token};
pub use token_file::{MAX_TOKENS, TokenFile, TokenFileError};
use tokens::Tokens;

use crate::problem::Failure;

/// Headers by which a proxy says that it passes a request on: who asks is elsewhere then, wherever the connection comes from.
const PASSED_ON: [HeaderName; 4] = [header::FORWARDED, header::VIA, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

/// Who may read without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Everyone.
    Open,
    /// Nobody: any token will do.
    WithToken,
}

/// Who may publish without a token, where the server has no file of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// Programs of this machine: the server listens on loopback only.
    FromHere,
    /// Nobody: the server can be reached from elsewhere.
    Never,
}

/// Who may do what on this server.
#[derive(Debug)]
pub struct Access {
    /// Publishers with a token are named after it.
    gateway: Publisher,
    tokens: Option<Tokens>,
    reads: Reads,
    unproven: Unproven,
    quotas: Quotas,
}

impl Default for Access {
    /// Without tokens: everyone reads, programs of this machine publish.
    fn default() -> Self {
        let gateway = "gateway".parse().expect("a name");
        Self { gateway, tokens: None, reads: Reads::Open, unproven: Unproven::FromHere, quotas: Quotas::default() }
    }
}

impl Access {
    /// Without tokens.
    #[must_use]
    pub fn without_tokens(unproven: Unproven) -> Self {
        Self { unproven, ..Self::default() }
    }

    /// With the tokens of this file, which is read again when it changes. Their publishers are named after `gateway`.
    ///
    /// # Errors
    /// See [`TokenFileError`].
    pub fn with_tokens(gateway: Publisher, file: TokenFile, reads: Reads, quota: Quota) -> Result<Self, TokenFileError> {
        Ok(Self { gateway, tokens: Some(Tokens::open(file)?), reads, unproven: Unproven::Never, quotas: Quotas::new(quota) })
    }

    /// Who sends a request. A token that isn't valid is an error, also where none is needed.
    pub(crate) fn caller(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Caller, Denied> {
        let Some(presented) = caller::presented(headers)? else {
            let is_here = peer.is_none_or(|peer| peer.to_canonical().is_loopback()) && !PASSED_ON.iter().any(|name| headers.contains_key(name));
            return Ok(if is_here && caller::names_this_machine(headers) { Caller::Here } else { Caller::Stranger });
        };
        let Some(tokens) = &self.tokens else {
            return Err(Denied::token("this server knows no tokens", None));
        };
        let token = tokens.find(&presented.secret).ok_or_else(|| Denied::token("the token isn't known", None))?;
        let publisher = format!("{}.{}", self.gateway, token.publisher).parse().expect("two names with a dot between");
        let grant = Grant { publisher, how: presented.how, token };
        match grant.token.refused_at(Timestamp::now()) {
            Some(reason) => Err(Denied::token(reason, Some(&grant))),
            None => Ok(Caller::Bearer(grant)),
        }
    }

    /// Whether a request for something to read is answered.
    pub(crate) fn may_read(&self, caller: &Caller) -> Result<(), Denied> {
        match (self.reads, caller) {
            (Reads::Open, _) | (Reads::WithToken, Caller::Bearer(_)) => Ok(()),
            (Reads::WithToken, Caller::Here | Caller::Stranger) => Err(Denied::missing("reading needs a token here")),
        }
    }

    /// Whether who was let in to read still is: a stream may go on for days.
    pub(crate) fn may_read_on(&self, caller: &Caller) -> bool {
        match (self.reads, caller, &self.tokens) {
            (Reads::Open, ..) => true,
            (Reads::WithToken, Caller::Bearer(grant), Some(tokens)) => {
                tokens.with_digest(grant.token.sha256).is_some_and(|token| token.refused_at(Timestamp::now()).is_none())
            }
            (Reads::WithToken, ..) => false,
        }
    }

    /// Whether reading needs a token.
    pub(crate) fn is_closed(&self) -> bool {
        self.reads == Reads::WithToken
    }

    /// As whom a caller publishes events of these duties.
    pub(crate) fn may_publish(&self, caller: &Caller, duties: impl IntoIterator<Item = Duty>) -> Result<Publisher, Denied> {
        match caller {
            Caller::Bearer(grant) if !grant.is_sent_knowingly() => {
                Err(Denied::token("publishing takes a token as Authorization: Bearer only, which no page can make a browser send", Some(grant)))
            }
            Caller::Bearer(grant) => {
                for duty in duties {
                    grant.allows(Scope::of(duty))?;
                }
                Ok(grant.publisher.clone())
            }
            Caller::Here if self.unproven == Unproven::FromHere => Ok(Publisher::local()),
            Caller::Here | Caller::Stranger => Err(Denied::missing(match self.unproven {
                Unproven::FromHere => "without a token only programs of the server's own machine publish, which ask for it as 127.0.0.1 or localhost",
                Unproven::Never => "publishing needs a token here",
            })),
        }
    }

    /// Whose receipts a caller may ask for.
    pub(crate) fn receipts_of(&self, caller: &Caller) -> Publisher {
        match caller {
            Caller::Bearer(grant) => grant.publisher.clone(),
            Caller::Here | Caller::Stranger => Publisher::local(),
        }
    }

    /// Whether a caller sees what an operator does.
    pub(crate) fn may_operate(&self, caller: &Caller) -> Result<(), Denied> {
        match caller {
            Caller::Bearer(grant) => grant.allows(Scope::Operate),
            Caller::Here => Ok(()),
            Caller::Stranger => Err(Denied::missing("the operations are shown on the server's own machine, or to who has a token for them")),
        }
    }

    /// Counts announcements of a caller against what its publisher may send.
    pub(crate) fn count(&self, caller: &Caller, announcements: usize) -> Result<(), Failure> {
        match caller {
            Caller::Bearer(grant) => self.quotas.count(&grant.token, announcements, Timestamp::now()),
            Caller::Here | Caller::Stranger => Ok(()),
        }
    }
}

/// A permission that a caller lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    reason: &'static str,
    needs: Option<Scope>,
    /// The token's id and its publisher, where it's known.
    who: Option<(String, Publisher)>,
    lacks: Lacks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lacks {
    Token,
    Scope,
}

impl Denied {
    fn missing(reason: &'static str) -> Self {
        Self { reason, needs: None, who: None, lacks: Lacks::Token }
    }

    fn token(reason: &'static str, grant: Option<&Grant>) -> Self {
        Self { reason, needs: None, who: grant.map(Grant::who), lacks: Lacks::Token }
    }

    fn scope(needs: Scope, grant: &Grant) -> Self {
        Self { reason: "the token doesn't allow this", needs: Some(needs), who: Some(grant.who()), lacks: Lacks::Scope }
    }

    /// Says who was refused what, to the operator and to the client.
    pub(crate) fn refuse(self, what: &str, peer: Option<IpAddr>) -> Failure {
        let Self { reason, needs, who, lacks } = self;
        let (token, publisher) = who.as_ref().map_or(("none", "nobody"), |(token, publisher)| (token.as_str(), publisher.as_str()));
        let peer = peer.map_or_else(|| "this process".to_owned(), |peer| peer.to_string());
        let scope = needs.map_or("", Scope::as_str);
        tracing::warn!(peer, token, publisher, what, scope, reason, "a request was refused for want of permission");
        match lacks {
            Lacks::Token => {
                let remedy = "Send a token that the operator of this server gave you, as Authorization: Bearer …; `handover token` makes them.";
                let challenge = "Bearer realm=\"handover\", Basic realm=\"handover\", charset=\"UTF-8\"";
                Failure::new(StatusCode::UNAUTHORIZED, "token", "A token is needed", reason, remedy)
                    .header(header::WWW_AUTHENTICATE, axum::http::HeaderValue::from_static(challenge))
            }
            Lacks::Scope => {
                let remedy = format!("Ask the operator of this server for a token with the scope {scope}.");
                Failure::new(StatusCode::FORBIDDEN, "scope", "Not allowed with this token", format_args!("{reason}: it needs the scope {scope}"), remedy)
            }
        }
    }
}
