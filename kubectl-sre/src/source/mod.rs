//! Where a report comes from: a cluster, which needs no more than the library, or files.

pub mod file;
