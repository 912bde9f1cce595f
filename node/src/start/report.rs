//! How the network stands, in the words of the HTTP interface.

use api::{NetworkReport, PeerReport, PublishedReport};
use network::{NetworkStatus, PeerStatus};

/// Reports how the network stands.
pub(super) fn network(listening: &[String], status: &NetworkStatus) -> NetworkReport {
    let published = status.published.iter().map(|(log, size)| PublishedReport {
        scope: log.scope.to_string(),
        epoch: log.epoch.to_string(),
        size: *size,
    });
    NetworkReport {
        listening: listening.to_vec(),
        peers: status.peers.iter().map(peer).collect(),
        published: published.collect(),
        logs_wanted: status.wants_out + status.wants_waiting,
    }
}

fn peer(status: &PeerStatus) -> PeerReport {
    let link = status.link.as_ref();
    let replication = status.replication.as_ref();
    let traffic = &status.traffic;
    PeerReport {
        member: status.member.to_string(),
        node: status.node.to_string(),
        author: status.key.to_string(),
        connected: link.is_some(),
        in_sync: replication.is_some_and(|replication| replication.in_sync),
        address: link.map(|link| link.address.clone()),
        transport: link.map(|link| link.transport.to_owned()),
        logs_behind: replication.map_or(0, |replication| replication.logs_behind),
        logs_ahead: replication.map_or(0, |replication| replication.logs_ahead),
        bytes_in: traffic.control_in.bytes + traffic.bulk_in.bytes,
        bytes_out: traffic.control_out.bytes + traffic.bulk_out.bytes,
        refusals: status.refusals,
    }
}
