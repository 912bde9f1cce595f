//! The only crate that knows HTTP: the node's server and the command line's client.
