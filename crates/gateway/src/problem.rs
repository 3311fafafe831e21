use announcement::{Fault, Problem};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The media type of every error (RFC 9457).
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error as HTTP answers it: RFC 9457 problem details with their status, the remedy always, the field at fault where one is.
#[derive(Debug)]
pub(crate) struct Failure(Box<Answer>);

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    problem: Problem,
    headers: HeaderMap,
    members: Map<String, Value>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, slug: &str, title: &str, detail: impl std::fmt::Display, remedy: impl Into<String>) -> Self {
        let kind = format!("urn:handover:problem:{slug}");
        let problem = Problem { kind, title: title.to_owned(), detail: detail.to_string(), pointer: None, remedy: remedy.into() };
        Self::of(status, problem)
    }

    fn of(status: StatusCode, problem: Problem) -> Self {
        Self(Box::new(Answer { status, problem, headers: HeaderMap::new(), members: Map::new() }))
    }

    /// The same with the field at fault.
    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.0.problem.pointer = Some(pointer.into());
        self
    }

    /// The same with the seconds after which trying again makes sense.
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The same with a header of its own.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The same with a member of its own beside those of RFC 9457.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.members.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn not_found(detail: impl std::fmt::Display, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here", detail, remedy)
    }

    /// Something of ours is broken. The cause goes to the log, not to the client.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed by a fault of ours");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "A fault of the server",
            "the server could not do its part; its log says why",
            "Try again; if it stays, tell whoever runs this server the time of your request.",
        )
    }

    pub(crate) fn unavailable(detail: impl std::fmt::Display, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available right now", detail, remedy).retry_after(RETRY_AFTER_S)
    }

    /// A problem of the contract, at the status that is the contract's for it.
    pub(crate) fn refused(problem: Problem) -> Self {
        Self::of(status_of(&problem), problem)
    }
}

/// After how many seconds trying again makes sense where nothing more is known.
pub(crate) const RETRY_AFTER_S: u32 = 2;

/// The status of a refused event: 409 where another event has its identity, 413 where it's too large, else 422.
pub(crate) fn status_of(problem: &Problem) -> StatusCode {
    if problem.is(Fault::Conflict) {
        StatusCode::CONFLICT
    } else if problem.is(Fault::TooLarge) {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    status: u16,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Answer { status, problem, headers, members } = *self.0;
        let body = Body { problem: &problem, status: status.as_u16(), members: &members };
        let body = serde_json::to_vec(&body).expect("a problem has string keys and no failing serialiser");
        (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], headers, body).into_response()
    }
}
