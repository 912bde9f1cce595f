//! The nguon binary: command line, configuration, start and stop.
