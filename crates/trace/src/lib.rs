//! The trace question, upstream and downstream, over a read trait. Pure.
