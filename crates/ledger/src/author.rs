//! The start of a run: which earlier logs its openings will name.

use record::{Epoch, Opening, PastLog, Run, SecretKey};
use store::View;

use crate::error::LedgerError;
use crate::logs::{Logs, stored_stamp};

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
        if state.log.author != author || state.written == 0 {
            continue;
        }
        // What lies beyond came from a peer: the author's lost past or another
        // holder of the key. An opening must not vouch for it.
        let signed = view
            .checkpoint_between(held.number, state.written, state.written)?
            .ok_or(LedgerError::Damaged("an own log lacks its last checkpoint"))?;
        let opening = view
            .content(held.number, 0)?
            .ok_or(LedgerError::Damaged("an own log lacks its opening"))?;
        let opening = Opening::decode(&opening.payload)
            .map_err(|_| LedgerError::Damaged("an own log's opening is not in its form"))?;
        past.push(PastLog {
            log: state.log.clone(),
            size: signed.size,
            root: signed.root,
            parents: opening.parents().to_vec(),
        });
    }
    let epoch = Epoch(random()?);
    let mut run = Run::start(key.clone(), federation, epoch, &past);
    for held in logs.iter().filter(|held| held.state.named_at.is_none()) {
        // A clock that was set back since must not set the stamps back.
        if held.state.log.author == author && held.state.written > 0 {
            let last = stored_stamp(view, held.number, held.state.written - 1)?;
            let clock = run.clock(&held.state.log.scope);
            clock.observe(last, last.ms(), 0);
        }
    }
    Ok(run)
}

/// Draws random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], LedgerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(LedgerError::Randomness)?;
    Ok(bytes)
}
