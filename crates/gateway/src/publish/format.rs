use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::problem::Failure;

/// How a request carries its events (CloudEvents 1.0, HTTP protocol binding).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// `application/cloudevents+json`, or `application/json` without `ce-` headers: the body is one event.
    Structured,
    /// `application/json` with `ce-` headers: the headers are the attributes, the body is `data`.
    Binary,
    /// `application/cloudevents-batch+json`: the body is an array of events.
    Batch,
}

impl Format {
    /// Only media types that a page of another site can't send unasked are taken; a missing one is refused too.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        if headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(unsupported("the body is compressed", "Send the body without Content-Encoding."));
        }
        let mut types = headers.get_all(header::CONTENT_TYPE).iter();
        let (Some(only), None) = (types.next(), types.next()) else {
            return Err(unsupported("there must be one Content-Type", REMEDY));
        };
        let given = only.to_str().unwrap_or_default().to_ascii_lowercase();
        let mut parts = given.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let utf8 = |parameter: &str| matches!(parameter, "" | "charset=utf-8" | "charset=\"utf-8\"");
        if !parts.all(utf8) {
            return Err(unsupported("only charset=utf-8 may stand beside the media type", REMEDY));
        }
        let attributes = headers.keys().any(|name| name.as_str().starts_with("ce-"));
        match (media_type, attributes) {
            ("application/cloudevents+json", _) | ("application/json", false) => Ok(Self::Structured),
            ("application/json", true) => Ok(Self::Binary),
            ("application/cloudevents-batch+json", _) => Ok(Self::Batch),
            _ => Err(unsupported("this media type isn't taken", REMEDY)),
        }
    }
}

const ACCEPTED: HeaderValue = HeaderValue::from_static("application/cloudevents+json, application/cloudevents-batch+json, application/json");

const REMEDY: &str = "Send one event as application/cloudevents+json, several as application/cloudevents-batch+json, or one in binary mode as application/json with ce- headers.";

fn unsupported(detail: &str, remedy: &str) -> Failure {
    Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The media type isn't taken", detail, remedy).header(header::ACCEPT, ACCEPTED)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn of(headers: &[(&str, &str)]) -> Option<Format> {
        let headers = headers.iter().map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap()));
        Format::of(&headers.collect()).ok()
    }

    #[test]
    fn the_media_type_says_how_events_are_carried() {
        assert_eq!(of(&[("content-type", "application/cloudevents+json")]), Some(Format::Structured));
        assert_eq!(of(&[("content-type", "application/cloudevents+json; charset=UTF-8")]), Some(Format::Structured));
        assert_eq!(of(&[("content-type", "application/json")]), Some(Format::Structured));
        assert_eq!(of(&[("content-type", "application/json"), ("ce-id", "1")]), Some(Format::Binary));
        assert_eq!(of(&[("content-type", "application/cloudevents-batch+json")]), Some(Format::Batch));
    }

    #[test]
    fn what_a_foreign_page_could_send_unasked_is_refused() {
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/json; charset=utf-16"] {
            assert_eq!(of(&[("content-type", media_type)]), None, "{media_type}");
        }
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("content-type", "application/json"), ("content-encoding", "gzip")]), None);
    }
}
