//! What the binary does besides serving, one file a subcommand.

pub mod probe;
