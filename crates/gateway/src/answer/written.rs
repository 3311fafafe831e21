use std::io::Write;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use projection::Stamp;
use serde_json::Value;

use super::{Form, address::Address, table::Table};

/// Below this compression saves nothing that a packet wouldn't carry anyway.
const WORTH_COMPRESSING: usize = 1_024;

/// What answers vary by: every one of them says so, so that a shared cache never gives one reader another's form.
pub(crate) const VARY: HeaderValue = HeaderValue::from_static("accept, accept-encoding");

/// An answer as it's sent.
#[derive(Debug)]
pub(crate) struct Written {
    head: Head,
    content_type: HeaderValue,
    link: Option<HeaderValue>,
    is_compressed: bool,
    body: Bytes,
}

/// What says whether an answer is still the same.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) tag: HeaderValue,
    pub(crate) last_modified: Option<HeaderValue>,
}

impl Head {
    pub(crate) fn new(tag: &str, stamp: Stamp) -> Self {
        let instant = stamp.recorded.map(|recorded| recorded.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        Self {
            tag: HeaderValue::from_str(tag).expect("a tag is ASCII"),
            last_modified: instant.map(|instant| HeaderValue::from_str(&instant).expect("an instant is ASCII")),
        }
    }

    /// Nothing has changed since.
    pub(crate) fn not_modified(self) -> Response {
        let mut response = (StatusCode::NOT_MODIFIED, Body::empty()).into_response();
        self.write(&mut response);
        response
    }

    fn write(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::VARY, VARY);
        if let Some(instant) = &self.last_modified {
            headers.insert(header::LAST_MODIFIED, instant.clone());
        }
    }
}

impl Written {
    /// Writes an answer in its form.
    pub(crate) fn new(head: Head, answer: &[u8], form: Form, table: &Table, asked: &Address, compress: bool) -> Self {
        let parsed: Value = if form == Form::Csv || table.next.is_some() { serde_json::from_slice(answer).unwrap_or_default() } else { Value::Null };
        let body = match form {
            Form::Json => answer.to_vec(),
            Form::JsonLines => table.lines(answer).into_bytes(),
            Form::Csv => table.csv(&parsed, asked),
        };
        let is_compressed = compress && body.len() >= WORTH_COMPRESSING;
        let body = if is_compressed { gzip(&body) } else { body };
        Self { head, content_type: form.content_type(), link: link(&parsed, table, asked), is_compressed, body: body.into() }
    }

    /// What it takes in memory, its headers aside.
    pub(crate) fn size(&self) -> usize {
        self.body.len() + size_of::<Self>()
    }

    pub(crate) fn response(&self) -> Response {
        let mut response = (StatusCode::OK, Body::from(self.body.clone())).into_response();
        self.head.write(&mut response);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        if let Some(link) = &self.link {
            headers.insert(header::LINK, link.clone());
        }
        if self.is_compressed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// The next page, as a reference relative to this one.
fn link(answer: &Value, table: &Table, asked: &Address) -> Option<HeaderValue> {
    let next = match answer.get("next")? {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let query = asked.clone().with(table.next?, next).query();
    HeaderValue::from_str(&format!("<?{query}>; rel=\"next\"")).ok()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::default());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("memory takes what is written")
}
