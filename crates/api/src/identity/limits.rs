//! How many requests are taken.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

/// The requests of a minute that a stranger's address has for public links.
const STRANGERS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(300).expect("not zero");
/// How many strangers' addresses are remembered.
const STRANGERS_MAX: usize = 10_000;

/// A request that came too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooEarly {
    /// When the next one is taken.
    pub(crate) after: Duration,
}

/// The pace of one identity: a minute's requests may come at once, and are
/// given back evenly over the minute.
#[derive(Debug)]
pub(crate) struct Pace(DefaultDirectRateLimiter);

impl Pace {
    pub(crate) fn new(requests_per_minute: NonZeroU32) -> Self {
        Self(RateLimiter::direct(Quota::per_minute(requests_per_minute)))
    }

    /// Takes a request, unless it is too many.
    pub(crate) fn take(&self) -> Result<(), TooEarly> {
        self.0.check().map_err(|until| too_early(&until))
    }
}

/// The pace of those who show no credentials, by their address.
#[derive(Debug)]
pub(crate) struct Strangers {
    each: DefaultKeyedRateLimiter<IpAddr>,
    /// For all whose address there is no room to remember.
    rest: DefaultDirectRateLimiter,
}

impl Strangers {
    pub(crate) fn new() -> Self {
        let quota = Quota::per_minute(STRANGERS_PER_MINUTE);
        Self {
            each: RateLimiter::keyed(quota),
            rest: RateLimiter::direct(quota),
        }
    }

    /// Takes a request from an address, unless it is too many.
    pub(crate) fn take(&self, address: IpAddr) -> Result<(), TooEarly> {
        if self.each.len() >= STRANGERS_MAX {
            self.each.retain_recent();
        }
        if self.each.len() >= STRANGERS_MAX {
            return self.rest.check().map_err(|until| too_early(&until));
        }
        let checked = self.each.check_key(&household(address));
        checked.map_err(|until| too_early(&until))
    }
}

/// Returns the network that one customer is given: in IPv6 that is 2⁶⁴
/// addresses at the least.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

fn too_early(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> TooEarly {
    TooEarly {
        after: until.wait_time_from(DefaultClock::default().now()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).expect("not zero")
    }

    #[test]
    fn one_too_many_is_told_when_to_come_again() {
        let pace = Pace::new(minute(3));
        for _ in 0..3 {
            assert_eq!(pace.take(), Ok(()));
        }
        let TooEarly { after } = pace.take().expect_err("a fourth");
        assert!(after <= Duration::from_secs(20), "{after:?}");
        assert!(after > Duration::from_secs(15), "{after:?}");
    }

    #[test]
    fn strangers_share_no_pace_but_with_their_household() {
        let strangers = Strangers::new();
        let addresses: Vec<IpAddr> = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
            .map(|text| text.parse().expect("an address"))
            .into();
        for address in &addresses {
            for _ in 0..STRANGERS_PER_MINUTE.get() {
                assert_eq!(strangers.take(*address), Ok(()), "{address}");
            }
        }
        for same in ["192.0.2.1", "::ffff:192.0.2.2", "2001:db8::9:1"] {
            let address = same.parse().expect("an address");
            assert!(strangers.take(address).is_err(), "{same}");
        }
    }

    #[test]
    fn many_strangers_cost_bounded_memory() {
        let strangers = Strangers::new();
        for n in 0..u32::try_from(STRANGERS_MAX).expect("small") + 200 {
            let address = IpAddr::V4(std::net::Ipv4Addr::from_bits(n));
            assert_eq!(strangers.take(address), Ok(()), "{address}");
        }
        assert!(strangers.each.len() <= STRANGERS_MAX);
    }
}
