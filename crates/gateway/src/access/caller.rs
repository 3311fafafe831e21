use std::{net::IpAddr, sync::Arc};

use announcement::Publisher;
use axum::http::{HeaderMap, header, uri::Authority};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Denied,
    token::{Scope, Token},
};

/// The longest token that is looked at, in bytes.
const MAX_SECRET: usize = 256;

/// Who sends a request.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// The bearer of a token.
    Bearer(Grant),
    /// Somebody on this machine, without a token.
    Here,
    /// Anybody.
    Stranger,
}

/// Who sends a request, and from where: what every handler may ask for.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) caller: Caller,
    /// Nothing where the request didn't come over a connection.
    pub(crate) peer: Option<IpAddr>,
}

/// What a valid token allows.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// As whom its bearer publishes.
    pub(crate) publisher: Publisher,
    pub(super) how: How,
    pub(super) token: Arc<Token>,
}

/// How a token was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// As a bearer's, by a program that has it.
    Bearer,
    /// As a password, which a browser sends by itself once it was typed.
    Password,
}

/// A token as it came.
pub(super) struct Presented {
    pub(super) secret: String,
    pub(super) how: How,
}

impl Grant {
    pub(super) fn allows(&self, scope: Scope) -> Result<(), Denied> {
        if self.token.scopes.contains(&scope) { Ok(()) } else { Err(Denied::scope(scope, self)) }
    }

    pub(super) fn is_sent_knowingly(&self) -> bool {
        self.how == How::Bearer
    }

    pub(super) fn who(&self) -> (String, Publisher) {
        (self.token.id.clone(), self.publisher.clone())
    }
}

/// The token of a request; a browser sends it as a password, whatever the name.
pub(super) fn presented(headers: &HeaderMap) -> Result<Option<Presented>, Denied> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Denied::token("there are several Authorization headers", None));
    }
    let malformed = || Denied::token("the Authorization header is neither Bearer with a token nor Basic with one as the password", None);
    let (scheme, rest) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(malformed)?;
    let rest = rest.trim();
    if rest.is_empty() || rest.len() > 2 * MAX_SECRET {
        return Err(malformed());
    }
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Some(Presented { secret: rest.to_owned(), how: How::Bearer }));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let pair = STANDARD.decode(rest).ok().and_then(|pair| String::from_utf8(pair).ok()).ok_or_else(malformed)?;
    let (_, password) = pair.split_once(':').ok_or_else(malformed)?;
    Ok(Some(Presented { secret: password.to_owned(), how: How::Password }))
}

/// Whether the request was sent to this machine by its address or as `localhost`: a page whose own name leads here was loaded from elsewhere.
pub(super) fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Some(authority) = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()) else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(values: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(axum::http::HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_token_comes_as_a_bearers_or_as_a_password_and_only_once() {
        let secret = |values: &[(&str, &str)]| presented(&headers(values)).map(|found| found.map(|found| (found.secret, found.how)));
        assert_eq!(secret(&[]), Ok(None));
        assert_eq!(secret(&[("authorization", "bearer  abc ")]), Ok(Some(("abc".to_owned(), How::Bearer))));
        let basic = format!("Basic {}", STANDARD.encode("anybody:a:b"));
        assert_eq!(secret(&[("authorization", &basic)]), Ok(Some(("a:b".to_owned(), How::Password))));
        let long = format!("Bearer {}", "a".repeat(2 * MAX_SECRET + 1));
        let no_pair = format!("Basic {}", STANDARD.encode("abc"));
        for value in ["", "abc", "Bearer", "Bearer ", "Digest abc", "Basic !", &no_pair, &long] {
            assert!(secret(&[("authorization", value)]).is_err(), "{value}");
        }
        assert!(secret(&[("authorization", "Bearer a"), ("authorization", "Bearer a")]).is_err());
    }

    #[test]
    fn a_name_that_leads_here_is_not_this_machine() {
        for (host, expected) in [
            ("127.0.0.1:8080", true),
            ("localhost", true),
            ("LOCALHOST:1", true),
            ("[::1]:8080", true),
            ("[::ffff:127.0.0.1]", true),
            ("rebind.example:8080", false),
            ("localhost.example", false),
            ("192.0.2.1", false),
            ("127.0.0.1.example", false),
            ("a b", false),
        ] {
            assert_eq!(names_this_machine(&headers(&[("host", host)])), expected, "{host}");
        }
    }
}
