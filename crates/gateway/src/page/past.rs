use maud::{Markup, html};
use projection::{AsKnown, Moment};

use super::words;

/// The past that a page shows; without cut-offs it's what is known now.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Past(pub(super) AsKnown);

impl Past {
    /// An address of this server, in the same past.
    pub(super) fn link(self, address: &str) -> String {
        let (page, anchor) = address.split_at(address.find('#').unwrap_or(address.len()));
        let Self(AsKnown { at, announced_until }) = self;
        let at = at.map(|moment| match moment {
            Moment::Position(position) => format!("as_known_at={position}"),
            Moment::Instant(instant) => format!("as_known_at={instant}"),
        });
        let until = announced_until.map(|day| format!("announced_until={day}"));
        let mut link = page.to_owned();
        for parameter in at.into_iter().chain(until) {
            link.push(if link.contains('?') { '&' } else { '?' });
            link.push_str(&parameter);
        }
        link + anchor
    }

    /// Says so in words, with a link to what is known `now`.
    pub(super) fn notice(self, now: &str) -> Markup {
        let Self(AsKnown { at, announced_until }) = self;
        html! {
            @if self != Self(AsKnown::default()) {
                p {
                    strong { "A past state" }
                    @match at {
                        Some(Moment::Position(position)) => { ", as known at position " (position) },
                        Some(Moment::Instant(instant)) => { ", as known at " (words::instant(instant)) },
                        None => {},
                    }
                    @if let Some(day) = announced_until { ", of what had been announced by " (words::day(day)) }
                    ". " a href=(now) { "What is known now" }
                }
            }
        }
    }
}
