//! What the nodes of a test's process log.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The log of all nodes in this process, from the first call of
/// [`Journal::begin`] on.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<Vec<u8>>>);

impl Journal {
    /// Begins to keep what is logged, if no test of this process did before:
    /// there is one log for all of them.
    ///
    /// # Panics
    ///
    /// When something else in this process takes the log already.
    pub fn begin() -> Self {
        static JOURNAL: OnceLock<Journal> = OnceLock::new();
        let begin = || {
            let journal = Self::default();
            let writer = journal.clone();
            tracing_subscriber::fmt()
                .with_ansi(false)
                .with_env_filter("info,network=debug,ledger=debug")
                .with_writer(move || writer.clone())
                .init();
            journal
        };
        JOURNAL.get_or_init(begin).clone()
    }

    /// Tells whether a line holds all these texts.
    pub fn says(&self, texts: &[&str]) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let mut lines = text.lines();
        lines.any(|line| texts.iter().all(|text| line.contains(text)))
    }
}

impl Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
