//! How a command ended whose changes a report is about.

use serde::{Deserialize, Serialize};

/// The end of a command, in the words of a container that has terminated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CommandResult {
    /// Its exit code, as a shell gives it: 127 if the program was not found, 126 if it could not be started, and 128 and the
    /// number of the signal that ended it.
    pub exit_code: i32,
    /// The number of the signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}
