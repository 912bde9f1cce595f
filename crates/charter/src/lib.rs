//! The charter: who is a member, which keys speak for it, and which scopes they may read and write. Pure.
