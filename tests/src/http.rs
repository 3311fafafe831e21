//! A server's HTTP side, as a well-behaved client and as a hostile one.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;
use ureq::{Agent, Body, http::Response};

const TIMEOUT: Duration = Duration::from_secs(30);

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A header, where there is one.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body, as JSON.
    ///
    /// # Panics
    ///
    /// Where it isn't.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error} in {self:?}"),
        }
    }
}

/// Asks for an address.
///
/// # Errors
///
/// Where the server can't be reached or answers no HTTP. Any status is an answer.
pub fn try_get(url: &str) -> Result<Answer, ureq::Error> {
    answer(agent().get(url).call()?)
}

/// Asks for an address.
///
/// # Panics
///
/// Where the server can't be reached or answers no HTTP.
#[must_use]
#[track_caller]
pub fn get(url: &str) -> Answer {
    match try_get(url) {
        Ok(answer) => answer,
        Err(error) => panic!("GET {url}: {error}"),
    }
}

/// Sends a body.
///
/// # Errors
///
/// Where the server can't be reached or answers no HTTP. Any status is an answer.
pub fn try_post(url: &str, content_type: &str, body: &[u8]) -> Result<Answer, ureq::Error> {
    answer(agent().post(url).header("content-type", content_type).send(body)?)
}

/// Sends a body.
///
/// # Panics
///
/// Where the server can't be reached or answers no HTTP.
#[must_use]
#[track_caller]
pub fn post(url: &str, content_type: &str, body: &[u8]) -> Answer {
    match try_post(url, content_type, body) {
        Ok(answer) => answer,
        Err(error) => panic!("POST {url}: {error}"),
    }
}

/// Sends a body with these headers.
///
/// # Panics
///
/// Where the server can't be reached or answers no HTTP.
#[must_use]
#[track_caller]
pub fn post_with(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let request = headers.iter().fold(agent().post(url), |request, (name, value)| request.header(*name, *value));
    match request.send(body).and_then(answer) {
        Ok(answer) => answer,
        Err(error) => panic!("POST {url}: {error}"),
    }
}

/// Sends these bytes over TCP and reads until the server closes or nothing more comes for `patience`.
///
/// # Errors
///
/// Where nobody listens. A server that resets the connection has answered with what came before.
pub fn send_raw(address: &str, bytes: &[u8], patience: Duration) -> io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(patience))?;
    connection.set_write_timeout(Some(patience))?;
    // A server may answer and close before it has read everything.
    let _ = connection.write_all(bytes);
    let mut answer = Vec::new();
    // Ends with an error after `patience` or a reset; what was read until then stays in `answer`.
    let _ = connection.read_to_end(&mut answer);
    Ok(answer)
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).timeout_global(Some(TIMEOUT)).build().into()
}

fn answer(mut response: Response<Body>) -> Result<Answer, ureq::Error> {
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_string()?;
    Ok(Answer { status: response.status().as_u16(), headers, body })
}

/// The largest answer that is read: that of a model over all that a fast machine publishes in a test.
const MAX_ANSWER: u64 = 256 << 20;

/// Asks for an address that answers with bytes.
///
/// # Panics
///
/// Where the server can't be reached, or answers anything but 200.
#[must_use]
#[track_caller]
pub fn get_bytes(url: &str) -> Vec<u8> {
    let mut response = agent().get(url).call().expect("the server can be reached");
    assert_eq!(response.status(), 200, "{url}");
    response.body_mut().read_to_vec().expect("a body")
}
