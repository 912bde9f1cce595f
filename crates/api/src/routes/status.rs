//! How the node stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use charter::Charter;
use ledger::{Head, Snapshot, Status};
use record::LogId;

use crate::identity::{Caller, Right};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::report::{LogReport, MemberNames, MemberReport, NetworkReport, StatusReport};
use crate::server::App;

/// Answers how ledger and network stand, as far as the caller may see.
pub(crate) async fn status(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
) -> Result<Json<StatusReport>, Problem> {
    parameters.finish(&[])?;
    // Taken first, heads are of logs that the snapshot has too.
    let heads = app.ledger().heads();
    let read = |snapshot: &Snapshot<'_>| Ok(snapshot.status()?);
    let status = app.reading.snapshot(caller.sees(), read).await?;
    let network = network((app.sources.network)(), &caller);
    Ok(Json(report(
        &app.ledger().charter(),
        status,
        heads,
        network,
    )))
}

/// Returns of the network what a caller may see. Traffic and what peers lack
/// are sums over all scopes: they are for those who run the node.
fn network(mut report: NetworkReport, caller: &Caller) -> NetworkReport {
    let seen = |scope: &str| {
        let scope = scope.parse();
        scope.is_ok_and(|scope| caller.sees().contains(&scope))
    };
    report.published.retain(|log| seen(&log.scope));
    match caller.may(Right::Admin) {
        true => report,
        false => NetworkReport {
            published: report.published,
            ..NetworkReport::default()
        },
    }
}

fn report(
    charter: &Charter,
    status: Status,
    heads: Vec<Head>,
    network: NetworkReport,
) -> StatusReport {
    let members = charter.members().iter().map(|member| MemberReport {
        id: member.id.to_string(),
        kind: member.kind.to_string(),
        names: MemberNames {
            vi: member.names.vi.clone(),
            en: member.names.en.clone(),
        },
    });
    StatusReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        federation: status.federation.to_string(),
        federation_name: charter.federation_name().to_owned(),
        charter_version: status.charter_version,
        member: status.member.to_string(),
        author: status.author.to_string(),
        records: status.records,
        ended: status.ended,
        members: members.collect(),
        logs: logs(&status, heads),
        network,
    }
}

fn logs(status: &Status, heads: Vec<Head>) -> Vec<LogReport> {
    let mut heads: BTreeMap<LogId, Head> = heads
        .into_iter()
        .map(|head| (head.log.clone(), head))
        .collect();
    let log = |log: &ledger::LogStatus| {
        let head = heads.remove(&log.log)?;
        Some(LogReport {
            member: log.member.as_ref().map(ToString::to_string),
            author: log.log.author.to_string(),
            scope: log.log.scope.to_string(),
            epoch: log.log.epoch.to_string(),
            size: head.size,
            root: head.root.to_string(),
            written_here: log.written_here,
            recovered_from: log.recovered_from,
        })
    };
    status.logs.iter().filter_map(log).collect()
}
