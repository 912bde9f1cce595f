//! When which member is dialled: a timetable, with time and chance handed in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use crate::config::Redial;

/// After this long without a fault, a peer's earlier ones are forgotten.
const FORGIVEN_AFTER: Duration = Duration::from_secs(3_600);

/// How many addresses one name may resolve to, and one dial may try.
const ADDRESSES_MAX: usize = 16;

/// The timetable of dialling.
#[derive(Debug)]
pub(crate) struct Timetable {
    own: PeerId,
    redial: Redial,
    entries: BTreeMap<PeerId, Entry>,
}

#[derive(Debug)]
struct Entry {
    addresses: Vec<Multiaddr>,
    state: State,
    /// Dials in a row that failed.
    failures: u32,
    /// Faults since they were last forgotten.
    faults: u32,
    faulted: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting(Instant),
    Dialling,
    Connected,
}

impl Timetable {
    /// Makes the empty timetable of the node `own`.
    pub(crate) fn new(own: PeerId, redial: Redial) -> Self {
        Self {
            own,
            redial,
            entries: BTreeMap::new(),
        }
    }

    /// Takes the members' addresses; those of a member that stays replace its
    /// old ones, the rest of what is known of it stays.
    pub(crate) fn replace(&mut self, now: Instant, members: BTreeMap<PeerId, Vec<Multiaddr>>) {
        self.entries.retain(|peer, _| members.contains_key(peer));
        for (peer, addresses) in members {
            let first = now + self.head_start(&peer);
            self.entries
                .entry(peer)
                .or_insert_with(|| Entry {
                    addresses: Vec::new(),
                    state: State::Waiting(first),
                    failures: 0,
                    faults: 0,
                    faulted: None,
                })
                .addresses = addresses;
        }
    }

    /// Returns when the next dial is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let waiting = |entry: &Entry| match entry.state {
            State::Waiting(due) if !entry.addresses.is_empty() => Some(due),
            _ => None,
        };
        self.entries.values().filter_map(waiting).min()
    }

    /// Returns whom to dial now, and where; they count as being dialled from
    /// here on.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<(PeerId, Vec<Multiaddr>)> {
        let mut due = Vec::new();
        for (peer, entry) in &mut self.entries {
            if matches!(entry.state, State::Waiting(at) if at <= now) && !entry.addresses.is_empty()
            {
                entry.state = State::Dialling;
                due.push((*peer, entry.addresses.clone()));
            }
        }
        due
    }

    /// Notes a connection, whoever made it.
    pub(crate) fn connected(&mut self, peer: &PeerId) {
        if let Some(entry) = self.entries.get_mut(peer) {
            entry.state = State::Connected;
        }
    }

    /// Notes that both streams are up: earlier failures no longer count.
    pub(crate) fn linked(&mut self, peer: &PeerId) {
        if let Some(entry) = self.entries.get_mut(peer) {
            entry.failures = 0;
        }
    }

    /// Notes that a dial failed, or a connection ended. `chance` is a number
    /// drawn at random.
    pub(crate) fn lost(&mut self, now: Instant, peer: &PeerId, chance: u32) {
        let head_start = self.head_start(peer);
        let Some(entry) = self.entries.get_mut(peer) else {
            return;
        };
        let wait = backoff(self.redial.first, self.redial.longest, entry.failures);
        entry.failures = entry.failures.saturating_add(1);
        let due = now + jittered(wait, chance) + head_start;
        entry.state = State::Waiting(match entry.state {
            // A bar is not shortened.
            State::Waiting(until) => until.max(due),
            State::Dialling | State::Connected => due,
        });
    }

    /// Notes a fault, and returns until when the peer is turned away.
    pub(crate) fn bar(&mut self, now: Instant, peer: &PeerId) -> Instant {
        let Some(entry) = self.entries.get_mut(peer) else {
            return now + self.redial.first_bar;
        };
        let forgiven = |at| now.saturating_duration_since(at) >= FORGIVEN_AFTER;
        if entry.faulted.is_some_and(forgiven) {
            entry.faults = 0;
        }
        let until = now + backoff(self.redial.first_bar, self.redial.longest_bar, entry.faults);
        entry.faults = entry.faults.saturating_add(1);
        entry.faulted = Some(now);
        entry.state = State::Waiting(until);
        until
    }

    fn head_start(&self, peer: &PeerId) -> Duration {
        if self.own < *peer {
            Duration::ZERO
        } else {
            self.redial.head_start
        }
    }
}

/// Doubles `first` for each earlier failure, up to `longest`.
fn backoff(first: Duration, longest: Duration, failures: u32) -> Duration {
    2u32.checked_pow(failures)
        .and_then(|factor| first.checked_mul(factor))
        .map_or(longest, |wait| wait.min(longest))
}

/// Takes away up to half of `wait`, so that nodes that lost each other at one
/// moment do not all come back at one moment.
fn jittered(wait: Duration, chance: u32) -> Duration {
    wait / 2 + (wait / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
}

/// Replaces names in addresses by what the system's resolver says of them.
///
/// The transports dial numbers only. Which node answers is proved by its key,
/// so a lying resolver can do no more than a broken line.
pub(crate) async fn resolve(addresses: Vec<Multiaddr>) -> Vec<Multiaddr> {
    let mut resolved = Vec::new();
    for address in addresses {
        let Some((position, name, wanted)) = name_in(&address) else {
            resolved.push(address);
            continue;
        };
        match tokio::net::lookup_host((name.as_str(), 0)).await {
            Ok(found) => resolved.extend(
                found
                    .map(|socket| socket.ip())
                    .filter(|ip| wanted.is_none_or(|v4| ip.is_ipv4() == v4))
                    .filter_map(|ip| address.replace(position, |_| Some(Protocol::from(ip)))),
            ),
            Err(error) => tracing::debug!(%address, %error, "name not resolved"),
        }
    }
    resolved.truncate(ADDRESSES_MAX);
    resolved
}

/// Finds the name in an address: where, which, and whether it is to be an IPv4
/// or an IPv6 address, if it says so.
fn name_in(address: &Multiaddr) -> Option<(usize, String, Option<bool>)> {
    address
        .iter()
        .enumerate()
        .find_map(|(position, part)| match part {
            Protocol::Dns(name) => Some((position, name.into_owned(), None)),
            Protocol::Dns4(name) => Some((position, name.into_owned(), Some(true))),
            Protocol::Dns6(name) => Some((position, name.into_owned(), Some(false))),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::peer_id;
    use record::RawKey;

    /// The draw that leaves a wait whole.
    const WHOLE: u32 = u32::MAX;

    fn peer(byte: u8) -> PeerId {
        peer_id(&RawKey([byte; 32]))
    }

    fn timetable(own: u8, other: u8, now: Instant) -> Timetable {
        let mut timetable = Timetable::new(peer(own), Redial::default());
        let address = "/ip4/127.0.0.1/tcp/4001".parse().expect("an address");
        timetable.replace(now, BTreeMap::from([(peer(other), vec![address])]));
        timetable
    }

    #[test]
    fn the_larger_key_gives_the_smaller_a_head_start() {
        let now = Instant::now();
        assert_eq!(timetable(1, 2, now).next_due(), Some(now));
        let head_start = Redial::default().head_start;
        let mut larger = timetable(2, 1, now);
        assert_eq!(larger.next_due(), Some(now + head_start));
        larger.connected(&peer(1));
        assert_eq!(larger.next_due(), None);
    }

    #[test]
    fn waits_double_are_bounded_and_start_over_after_success() {
        let start = Instant::now();
        let mut table = timetable(1, 2, start);
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..12 {
            assert_eq!(table.due(now).len(), 1);
            assert!(table.due(now).is_empty(), "one dial at a time");
            table.lost(now, &peer(2), WHOLE);
            let due = table.next_due().expect("waiting");
            waits.push(due - now);
            now = due;
        }
        let redial = Redial::default();
        assert_eq!(waits[0], redial.first);
        assert_eq!(waits[1], redial.first * 2);
        assert_eq!(waits[11], redial.longest);
        table.connected(&peer(2));
        table.linked(&peer(2));
        table.lost(now, &peer(2), 0);
        assert_eq!(table.next_due(), Some(now + redial.first / 2));
    }

    #[test]
    fn a_fault_waits_longer_and_losing_the_connection_does_not_shorten_it() {
        let redial = Redial::default();
        let mut now = Instant::now();
        let mut table = timetable(1, 2, now);
        for factor in [1, 2, 4] {
            table.connected(&peer(2));
            let until = table.bar(now, &peer(2));
            assert_eq!(until, now + redial.first_bar * factor);
            table.lost(now, &peer(2), 0);
            assert_eq!(table.next_due(), Some(until));
            now = until;
        }
        now += FORGIVEN_AFTER;
        assert_eq!(table.bar(now, &peer(2)), now + redial.first_bar);
    }

    #[test]
    fn members_without_addresses_are_not_dialled() {
        let now = Instant::now();
        let mut table = timetable(1, 2, now);
        table.replace(now, BTreeMap::from([(peer(2), Vec::new())]));
        assert_eq!(table.next_due(), None);
        assert!(table.due(now).is_empty());
        table.replace(now, BTreeMap::new());
        table.lost(now, &peer(2), 0);
        assert_eq!(table.next_due(), None);
    }

    #[tokio::test]
    async fn names_are_resolved_and_the_rest_of_the_address_stays() {
        let addresses: Vec<Multiaddr> = [
            "/dns4/localhost/udp/4001/quic-v1",
            "/ip4/192.0.2.1/tcp/4001",
        ]
        .iter()
        .map(|text| text.parse().expect(text))
        .collect();
        let resolved = resolve(addresses).await;
        let resolved: Vec<_> = resolved.iter().map(ToString::to_string).collect();
        assert_eq!(
            resolved,
            ["/ip4/127.0.0.1/udp/4001/quic-v1", "/ip4/192.0.2.1/tcp/4001"]
        );
    }
}
