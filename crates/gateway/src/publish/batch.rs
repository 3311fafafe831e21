use announcement::cut;
use axum::http::StatusCode;
use bytes::Bytes;

use crate::{MAX_BATCH_EVENTS, problem::Failure};

/// Cuts a batch into its events: slices of its own bytes, never written again.
pub(crate) fn events(batch: &Bytes) -> Result<Vec<Bytes>, Failure> {
    if batch.trim_ascii_start().first() != Some(&b'[') {
        return Err(no_batch("expected an array").at(""));
    }
    let pieces = cut(batch).map_err(|problem| no_batch(problem.detail).at(problem.pointer.unwrap_or_default()))?;
    if pieces.len() > MAX_BATCH_EVENTS {
        return Err(no_batch(format_args!("there are {} events", pieces.len())).at(""));
    }
    Ok(pieces.into_iter().map(|piece| batch.slice_ref(piece)).collect())
}

fn no_batch(detail: impl std::fmt::Display) -> Failure {
    let remedy = format!("Send one JSON array of at most {MAX_BATCH_EVENTS} CloudEvents; nothing of this one was queued.");
    Failure::new(StatusCode::BAD_REQUEST, "batch", "Not a batch of events", detail, remedy)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn events_are_cut_with_their_own_bytes() {
        let batch = Bytes::from_static(b" [ {\"a\" : 1.0} ,{\"b\":\"]\"} ] ");
        assert_eq!(events(&batch).unwrap(), [&b"{\"a\" : 1.0}"[..], b"{\"b\":\"]\"}"]);
        assert!(events(&Bytes::from_static(b"[]")).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        let deep = "[".repeat(200_000);
        let many = format!("[{}{{}}]", "{},".repeat(MAX_BATCH_EVENTS));
        for batch in ["", " ", "{}", "{}\n{}", "[", "[{}", "[{}] x", "[{},]", "\u{feff}[]", "7", &deep, &many] {
            let failure = events(&Bytes::copy_from_slice(batch.as_bytes())).unwrap_err();
            assert_eq!(failure.into_response().status(), StatusCode::BAD_REQUEST);
        }
    }
}
