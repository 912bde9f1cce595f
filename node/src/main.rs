//! The `nguon` command line.
fn main() {}
