//! Replication as a pure state machine.
