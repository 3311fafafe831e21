use std::fmt;

use axum::http::StatusCode;
use bytes::Bytes;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::{MAX_BATCH_EVENTS, problem::Failure};

/// Cuts a batch into its events: slices of its own bytes, never written again.
pub(crate) fn cut(batch: &Bytes) -> Result<Vec<Bytes>, Failure> {
    let mut deserializer = serde_json::Deserializer::from_slice(batch);
    let slices = deserializer.deserialize_seq(Slices).and_then(|slices| deserializer.end().map(|()| slices)).map_err(|error| {
        Failure::new(
            StatusCode::BAD_REQUEST,
            "batch",
            "Not a batch of events",
            error,
            format!("Send one JSON array of at most {MAX_BATCH_EVENTS} CloudEvents in UTF-8; nothing of this one was queued."),
        )
        .at("")
    })?;
    Ok(slices.into_iter().map(|slice| batch.slice_ref(slice.get().as_bytes())).collect())
}

struct Slices;

impl<'de> Visitor<'de> for Slices {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of CloudEvents")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut slices = Vec::new();
        while let Some(slice) = array.next_element()? {
            if slices.len() == MAX_BATCH_EVENTS {
                return Err(A::Error::custom(format_args!("a batch has at most {MAX_BATCH_EVENTS} events")));
            }
            slices.push(slice);
        }
        Ok(slices)
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn events_are_cut_with_their_own_bytes() {
        let batch = Bytes::from_static(b" [ {\"a\" : 1.0} ,{\"b\":\"]\"}, 3 ] ");
        let cut = cut(&batch).unwrap();
        assert_eq!(cut, [&b"{\"a\" : 1.0}"[..], b"{\"b\":\"]\"}", b"3"]);
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        let deep = "[".repeat(200_000);
        let many = format!("[{}1]", "1,".repeat(MAX_BATCH_EVENTS));
        for batch in ["", "{}", "[", "[{}", "[{}] x", "[{},]", "\u{feff}[]", &deep, &many] {
            let failure = cut(&Bytes::copy_from_slice(batch.as_bytes())).unwrap_err();
            assert_eq!(failure.into_response().status(), StatusCode::BAD_REQUEST);
        }
        assert!(cut(&Bytes::from_static(b"[\"\xff\"]")).is_err());
    }
}
