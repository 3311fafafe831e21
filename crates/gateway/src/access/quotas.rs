use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use announcement::Publisher;
use axum::http::StatusCode;
use jiff::Timestamp;

use super::token::Token;
use crate::problem::Failure;

/// How many announcements one publisher may send, where its token doesn't say otherwise. They are counted by each server for itself, and from its start on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// In a second; without a bound at 0.
    pub per_second: u32,
    /// In a day (UTC); without a bound at 0.
    pub per_day: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { per_second: 1_000, per_day: 1_000_000 }
    }
}

const DAY_S: i64 = 24 * 60 * 60;

/// What each publisher has sent.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    quota: Quota,
    /// Guards the counts: one for each publisher that has a token, so that the file of tokens bounds them.
    sent: Mutex<HashMap<Publisher, Sent>>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    /// Days since 1970 (UTC).
    day: i64,
    in_day: u64,
    /// What may be sent at once; below 0 after a batch that was larger.
    left: f64,
    filled: Instant,
}

impl Quotas {
    pub(super) fn new(quota: Quota) -> Self {
        Self { quota, sent: Mutex::default() }
    }

    /// Counts announcements, or says in how long they may come. A batch may be larger than a second's share; what comes after it waits the longer.
    pub(super) fn count(&self, token: &Token, announcements: usize, now: Timestamp) -> Result<(), Failure> {
        self.count_at(token, announcements, now, Instant::now())
    }

    fn count_at(&self, token: &Token, announcements: usize, now: Timestamp, moment: Instant) -> Result<(), Failure> {
        let per_second = token.per_second.unwrap_or(self.quota.per_second);
        let per_day = token.per_day.unwrap_or(self.quota.per_day);
        let day = day_of(now);
        let most = f64::from(per_second);
        let mut counts = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = counts.entry(token.publisher.clone()).or_insert(Sent { day, in_day: 0, left: most, filled: moment });
        if sent.day != day {
            (sent.day, sent.in_day) = (day, 0);
        }
        let after = sent.in_day.saturating_add(announcements as u64);
        if per_day > 0 && after > per_day {
            return Err(day_is_over(token, per_day, now));
        }
        if per_second > 0 {
            let since = moment.saturating_duration_since(sent.filled).as_secs_f64();
            (sent.left, sent.filled) = ((sent.left + since * most).min(most), moment);
            if sent.left < 1.0 {
                return Err(too_fast(token, per_second, Duration::from_secs_f64((1.0 - sent.left) / most)));
            }
            #[expect(clippy::cast_precision_loss, reason = "a batch has at most a thousand")]
            let announcements = announcements as f64;
            sent.left -= announcements;
        }
        sent.in_day = after;
        Ok(())
    }
}

fn day_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(DAY_S)
}

fn too_fast(token: &Token, per_second: u32, wait: Duration) -> Failure {
    let detail = format_args!("{} may send {per_second} announcements a second", token.publisher).to_string();
    refuse(token, &detail, "Nothing was queued: send it again after Retry-After.", wait)
}

fn day_is_over(token: &Token, per_day: u64, now: Timestamp) -> Failure {
    let detail = format_args!("{} may send {per_day} announcements a day, and these would pass that", token.publisher).to_string();
    let wait = Duration::from_secs((DAY_S - now.as_second().rem_euclid(DAY_S)).unsigned_abs());
    refuse(token, &detail, "Nothing was queued: send it again after Retry-After, or ask the operator of this server for more.", wait)
}

fn refuse(token: &Token, detail: &str, remedy: &str, wait: Duration) -> Failure {
    tracing::warn!(token = token.id, publisher = %token.publisher, detail, "announcements were refused: their publisher sends too many");
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Failure::new(StatusCode::TOO_MANY_REQUESTS, "quota", "Too many announcements", detail, remedy).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use axum::{http::header, response::IntoResponse};

    use super::*;
    use crate::access::token::{Scope, Secret};

    fn token(publisher: &str, per_second: Option<u32>, per_day: Option<u64>) -> Token {
        let token = Token::new(&Secret::random().unwrap(), publisher.parse().unwrap(), [Scope::Publish].into(), Timestamp::UNIX_EPOCH);
        Token { per_second, per_day, ..token }
    }

    fn waits(counted: Result<(), Failure>) -> u32 {
        let response = counted.unwrap_err().into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap()
    }

    #[test]
    fn a_publisher_sends_so_many_a_second_and_another_is_not_kept_waiting() {
        let (quotas, now, begun) = (Quotas::new(Quota { per_second: 10, per_day: 0 }), Timestamp::UNIX_EPOCH, Instant::now());
        let count = |token: &Token, many, after| quotas.count_at(token, many, now, begun + Duration::from_millis(after));
        let (one, other) = (token("one", None, None), token("other", Some(0), None));
        count(&one, 10, 0).unwrap();
        assert_eq!(waits(count(&one, 1, 0)), 1);
        assert_eq!(waits(count(&token("one", None, None), 1, 0)), 1, "a second token is no second share");
        for _ in 0..100 {
            count(&other, 1_000, 0).unwrap();
        }
        count(&one, 50, 100).unwrap();
        assert_eq!(waits(count(&one, 1, 100)), 6, "a batch is waited for afterwards");
        assert_eq!(waits(count(&one, 1, 5_000)), 1);
        count(&one, 1, 5_101).unwrap();
    }

    #[test]
    fn a_publisher_sends_so_many_a_day() {
        let (quotas, moment) = (Quotas::new(Quota { per_second: 0, per_day: 100 }), Instant::now());
        let day = |hour: i64| Timestamp::from_second(hour * 3_600).unwrap();
        let (one, more) = (token("one", None, None), token("more", None, Some(200)));
        quotas.count_at(&one, 60, day(1), moment).unwrap();
        assert_eq!(waits(quotas.count_at(&one, 41, day(22), moment)), 2 * 3_600 + 1, "none of a batch that would pass it");
        quotas.count_at(&one, 40, day(23), moment).unwrap();
        quotas.count_at(&more, 101, day(23), moment).unwrap();
        waits(quotas.count_at(&one, 1, day(23), moment));
        quotas.count_at(&one, 100, day(24), moment).unwrap();
    }
}
