//! Byte credits: how much of bodies may be under way to a node.
//!
//! Both sides begin with [`CREDIT_WINDOW`]. A sender may begin a body while any
//! credit is left, and goes into debt by at most that body, since a body is
//! read whole and its size is not known before. So what a receiver must be
//! ready to hold is the window and one body.

use crate::event::Fault;

/// The credit with which every connection begins, in bytes.
pub const CREDIT_WINDOW: u64 = 4 << 20;

/// The most credit that a sender of bodies may ever have, in bytes.
pub const CREDIT_MAX: u64 = 1 << 30;

/// The largest body in bytes.
pub const BODY_BYTES_MAX: u64 = 4 << 20;

/// The sender's side: what may still be sent.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: i64,
}

impl Allowance {
    pub(crate) fn new() -> Self {
        Self {
            left: signed(CREDIT_WINDOW),
        }
    }

    /// Returns how many bytes are left; 0 when in debt.
    pub(crate) fn left(&self) -> u64 {
        u64::try_from(self.left).unwrap_or(0)
    }

    /// Takes a body that was sent.
    pub(crate) fn spend(&mut self, bytes: u64) {
        assert!(self.left > 0, "a body was sent without credit");
        assert!(
            bytes <= BODY_BYTES_MAX,
            "the ledger made a body that is too large"
        );
        self.left -= signed(bytes);
    }

    /// Takes a grant.
    pub(crate) fn grant(&mut self, bytes: u64) -> Result<(), Fault> {
        if bytes > CREDIT_MAX || self.left + signed(bytes) > signed(CREDIT_MAX) {
            return Err(Fault::CreditOverflow);
        }
        self.left += signed(bytes);
        Ok(())
    }
}

/// The receiver's side: what arrived and was not given back.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// Received and not granted again.
    outstanding: u64,
    /// The part of it that is judged, and can be granted again.
    judged: u64,
}

impl Window {
    /// Takes a body that arrived.
    pub(crate) fn receive(&mut self, bytes: u64) -> Result<(), Fault> {
        if self.outstanding >= CREDIT_WINDOW {
            return Err(Fault::CreditExceeded);
        }
        self.outstanding += bytes;
        Ok(())
    }

    /// Takes that a body is done with; returns the grant that is worth sending.
    pub(crate) fn judge(&mut self, bytes: u64) -> Option<u64> {
        self.judged += bytes;
        assert!(
            self.judged <= self.outstanding,
            "more was judged than arrived"
        );
        if self.judged < CREDIT_WINDOW / 4 {
            return None;
        }
        self.outstanding -= self.judged;
        Some(std::mem::take(&mut self.judged))
    }

    /// Returns the bytes that arrived and are in judgement.
    pub(crate) fn in_judgement(&self) -> u64 {
        self.outstanding - self.judged
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).expect("bounded by CREDIT_MAX")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_goes_into_debt_by_one_body() {
        let mut allowance = Allowance::new();
        allowance.spend(CREDIT_WINDOW - 1);
        assert_eq!(allowance.left(), 1);
        allowance.spend(BODY_BYTES_MAX);
        assert_eq!(allowance.left(), 0);
        assert_eq!(allowance.grant(BODY_BYTES_MAX), Ok(()));
        assert_eq!(allowance.left(), 1);
        assert_eq!(allowance.grant(CREDIT_MAX), Err(Fault::CreditOverflow));
        assert_eq!(allowance.grant(u64::MAX), Err(Fault::CreditOverflow));
    }

    #[test]
    fn a_receiver_holds_the_window_and_one_body() {
        let mut window = Window::default();
        assert_eq!(window.receive(CREDIT_WINDOW - 1), Ok(()));
        assert_eq!(window.receive(BODY_BYTES_MAX), Ok(()));
        assert_eq!(window.receive(1), Err(Fault::CreditExceeded));
        assert_eq!(window.judge(CREDIT_WINDOW / 4 - 1), None);
        assert_eq!(
            window.judge(BODY_BYTES_MAX),
            Some(CREDIT_WINDOW / 4 - 1 + BODY_BYTES_MAX)
        );
        assert_eq!(
            window.in_judgement(),
            CREDIT_WINDOW - 1 - (CREDIT_WINDOW / 4 - 1)
        );
        assert_eq!(window.receive(1), Ok(()));
    }

    #[test]
    fn whoever_keeps_the_rule_is_never_refused() {
        let (mut allowance, mut window) = (Allowance::new(), Window::default());
        for round in 0..1_000u64 {
            if allowance.left() > 0 {
                let bytes = 1 + round * 7919 % BODY_BYTES_MAX;
                allowance.spend(bytes);
                assert_eq!(window.receive(bytes), Ok(()));
            }
            let bytes = window.in_judgement();
            if let Some(grant) = window.judge(bytes) {
                assert_eq!(allowance.grant(grant), Ok(()));
            }
            assert!(
                allowance.left() > 0 || window.in_judgement() > 0,
                "nobody waits for ever"
            );
        }
    }
}
