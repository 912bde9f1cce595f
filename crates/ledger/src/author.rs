//! The start of a run: which earlier logs its openings will name.

use record::{Epoch, Opening, PastLog, Run, SecretKey};
use store::View;

use crate::error::LedgerError;
use crate::logs::Logs;

/// Starts the author's run over what the store remembers of earlier ones.
pub(crate) fn start(
    key: &SecretKey,
    federation: record::FederationId,
    logs: &Logs,
    view: &View<'_>,
) -> Result<Run, LedgerError> {
    let author = key.public().raw();
    let mut past = Vec::new();
    for held in logs.iter() {
        let state = &held.state;
        if state.log.author != author || !state.written_here || state.size == 0 {
            continue;
        }
        let opening = view
            .content(held.number, 0)?
            .ok_or(LedgerError::Damaged("an own log lacks its opening"))?;
        let opening = Opening::decode(&opening.payload)
            .map_err(|_| LedgerError::Damaged("an own log's opening is not in its form"))?;
        past.push(PastLog {
            log: state.log.clone(),
            size: state.size,
            root: state.root,
            parents: opening.parents().to_vec(),
        });
    }
    let epoch = Epoch(random()?);
    Ok(Run::start(key.clone(), federation, epoch, &past))
}

/// Draws random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], LedgerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(LedgerError::Randomness)?;
    Ok(bytes)
}
