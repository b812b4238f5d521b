//! Progress of a run.

/// The name of the API server's own check, as [`Progress::Reading`] has it.
pub const API_SERVER: &str = "apiserver";

/// A step of a run. Kinds are named as their checks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The objects of a kind are being read.
    Reading(&'a str),
    /// A kind is read namespace by namespace: how many are done, and how many there are.
    Namespaces(&'a str, usize, usize),
    /// The objects of a kind were read, or cannot be.
    Read(&'a str),
    /// The causes of unhealthy objects are being searched for.
    SearchingCauses,
    /// All kinds were judged.
    Judged,
    /// The logs of crashed containers are being read.
    ReadingLogs,
}
