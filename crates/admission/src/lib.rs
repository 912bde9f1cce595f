//! What a record does: a pure decision with its effects as data.
