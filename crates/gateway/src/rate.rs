use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::StatusCode;

use crate::{MAX_CLIENTS, problem::Failure};

/// How often each client may ask: a bucket of tokens for each address, filled at `per_second` and as large as a second fills it.
#[derive(Debug)]
pub(crate) struct Rates {
    per_second: u32,
    /// Guards the buckets; held for one look-up.
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Rates {
    /// So many a second; without a bound where it's 0.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second, buckets: Mutex::default() }
    }

    /// Takes a token of the client's, or says in how long there is one.
    pub(crate) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        if self.per_second == 0 {
            return Ok(());
        }
        let most = f64::from(self.per_second);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_CLIENTS {
            buckets.retain(|_, bucket| bucket.at(now, most).tokens < most);
            // Whoever comes from more addresses than are kept would be refused by none of them.
            if buckets.len() >= MAX_CLIENTS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(network(client)).or_insert(Bucket { tokens: most, filled: now });
        *bucket = bucket.at(now, most);
        if bucket.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.tokens) / most));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

impl Bucket {
    fn at(self, now: Instant, most: f64) -> Self {
        let filled = now.saturating_duration_since(self.filled).as_secs_f64() * most;
        Self { tokens: (self.tokens + filled).min(most), filled: now.max(self.filled) }
    }
}

/// Whom an address stands for: of IPv6 a network of 64 bits is one client's.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

/// The client has asked too often.
pub(crate) fn too_often(wait: Duration) -> Failure {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Failure::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-often",
        "Too many requests",
        "more requests came from your address than one address may send",
        "Come again after Retry-After; ask for more at once with limit, or follow /v1/stream instead of asking again and again.",
    )
    .retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_ask_so_often_a_second_and_another_is_not_kept_waiting() {
        let (rates, begun) = (Rates::new(10), Instant::now());
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse::<IpAddr>().unwrap());
        for _ in 0..10 {
            rates.take(one, begun).unwrap();
        }
        assert_eq!(rates.take(one, begun).unwrap_err(), Duration::from_millis(100));
        rates.take(other, begun).unwrap();
        rates.take(one, begun + Duration::from_millis(100)).unwrap();
        rates.take(one, begun + Duration::from_millis(101)).unwrap_err();
        let later = begun + Duration::from_secs(3600);
        assert_eq!((0..20).filter(|_| rates.take(one, later).is_ok()).count(), 10);
    }

    #[test]
    fn addresses_of_one_network_are_one_client() {
        let (rates, now) = (Rates::new(1), Instant::now());
        rates.take("2001:db8:0:1::1".parse().unwrap(), now).unwrap();
        rates.take("2001:db8:0:1:ffff::2".parse().unwrap(), now).unwrap_err();
        rates.take("2001:db8:0:2::1".parse().unwrap(), now).unwrap();
        rates.take("192.0.2.1".parse().unwrap(), now).unwrap();
        rates.take("::ffff:192.0.2.1".parse().unwrap(), now).unwrap_err();
    }

    #[test]
    fn the_clients_that_are_remembered_are_bounded() {
        let (rates, now) = (Rates::new(1), Instant::now());
        for client in 0..u32::try_from(MAX_CLIENTS).unwrap() + 10 {
            rates.take(IpAddr::from(client.to_be_bytes()), now).unwrap();
        }
        assert!(rates.buckets.lock().unwrap().len() <= MAX_CLIENTS);
    }

    #[test]
    fn at_0_there_is_no_bound() {
        let (rates, now) = (Rates::new(0), Instant::now());
        assert!((0..1_000).all(|_| rates.take("192.0.2.1".parse().unwrap(), now).is_ok()));
    }
}
