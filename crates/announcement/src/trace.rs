use std::{fmt, str::FromStr};

use crate::Announcement;

/// The trace that a publisher was in when it announced: version 00 of W3C Trace Context's `traceparent`, `00-<trace>-<span>-<flags>` in lower-case hexadecimal.
///
/// Source: <https://www.w3.org/TR/trace-context/>, section 3.2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceContext {
    trace: u128,
    span: u64,
    flags: u8,
}

/// The name that a `traceparent` has as a header, over HTTP and on NATS, and as an extension of an event.
pub const TRACEPARENT: &str = "traceparent";

/// It isn't a `traceparent` of version 00. Nothing depends on one: it's left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected 00-<32 hexadecimal digits>-<16>-<2> in lower case, neither of the first two all zeros")]
pub struct NoTraceContext;

impl TraceContext {
    /// The trace's id, as it's shown.
    #[must_use]
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The id of the publisher's span.
    #[must_use]
    pub fn span_id(self) -> String {
        format!("{:016x}", self.span)
    }

    /// The one that an event carries as an extension; none where that's malformed.
    #[must_use]
    pub fn of(announcement: &Announcement) -> Option<Self> {
        announcement.envelope.extensions.get(TRACEPARENT)?.as_str()?.parse().ok()
    }
}

impl FromStr for TraceContext {
    type Err = NoTraceContext;

    fn from_str(text: &str) -> Result<Self, NoTraceContext> {
        let mut parts = text.split('-');
        let mut part = |digits: usize| {
            let is_hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
            parts.next().filter(|part| part.len() == digits && part.bytes().all(is_hex)).ok_or(NoTraceContext)
        };
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let (Ok(trace), Ok(span), Ok(flags)) = (u128::from_str_radix(trace, 16), u64::from_str_radix(span, 16), u8::from_str_radix(flags, 16)) else {
            return Err(NoTraceContext);
        };
        if version != "00" || trace == 0 || span == 0 || parts.next().is_some() {
            return Err(NoTraceContext);
        }
        Ok(Self { trace, span, flags })
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_traceparent_of_version_00_is_one_and_nothing_else_is() {
        // An example of the recommendation.
        let example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context: TraceContext = example.parse().unwrap();
        assert_eq!((context.trace_id().as_str(), context.span_id().as_str()), ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"));
        assert_eq!(context.to_string(), example);
        for malformed in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(malformed.parse::<TraceContext>(), Err(NoTraceContext), "{malformed}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same_and_no_text_makes_it_panic(text in "\\PC{0,60}|00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}") {
            if let Ok(context) = text.parse::<TraceContext>() {
                prop_assert_eq!(context.to_string(), text);
            }
        }
    }
}
