use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use announcement::{Position, TRACEPARENT, TraceContext};

/// How many records' traces are remembered: more than are on their way to who folds them.
const MAX_TRACES: usize = 4_096;

/// The traces that the publishers of the latest records were in, for the spans of whoever reads these records. They are no part of a record, and gone with the process.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// Guards the traces in the order of their positions; held for one commit, or one look-up.
    latest: Mutex<VecDeque<(u64, TraceContext)>>,
}

impl Traces {
    /// Remembers the traces of records that follow those before.
    pub(crate) fn keep(&self, traces: &[(u64, TraceContext)]) {
        if traces.is_empty() {
            return;
        }
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.extend(traces);
        let over = latest.len().saturating_sub(MAX_TRACES);
        latest.drain(..over);
    }

    /// Those of so many records from a position on, ascending.
    pub(crate) fn within(&self, from: Position, count: usize) -> Vec<(Position, TraceContext)> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let end = from.get().saturating_add(count as u64);
        let first = latest.partition_point(|&(position, _)| position < from.get());
        latest.range(first..).take_while(|&&(position, _)| position < end).map(|&(position, trace)| (Position::new(position), trace)).collect()
    }

    pub(crate) fn of(&self, position: Position) -> Option<TraceContext> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let found = latest.binary_search_by_key(&position.get(), |&(position, _)| position).ok()?;
        Some(latest[found].1)
    }
}

/// The trace in a message's headers; a malformed one is none.
pub(crate) fn in_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<TraceContext> {
    headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(TRACEPARENT)).and_then(|(_, value)| value.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_traces_are_found_by_position_and_bounded() {
        let (traces, one) = (Traces::default(), "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01");
        let trace: TraceContext = one.parse().unwrap();
        traces.keep(&[(3, trace), (7, trace)]);
        assert_eq!((traces.of(Position::new(7)), traces.of(Position::new(5))), (Some(trace), None));
        assert_eq!(traces.within(Position::new(3), 5), [(Position::new(3), trace), (Position::new(7), trace)]);
        assert_eq!(traces.within(Position::new(4), 3), []);
        traces.keep(&(8..8 + MAX_TRACES as u64).map(|position| (position, trace)).collect::<Vec<_>>());
        assert_eq!((traces.of(Position::new(7)), traces.of(Position::new(8))), (None, Some(trace)));
        assert_eq!(traces.latest.lock().unwrap().len(), MAX_TRACES);
    }

    #[test]
    fn a_malformed_trace_in_the_headers_is_none() {
        assert!(in_headers([("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01")]).is_some());
        assert!(in_headers([("traceparent", "00-0-0-01"), ("ce-id", "1")]).is_none());
    }
}
