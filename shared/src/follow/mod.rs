//! Following a change: a sequence of reports in, each with its time; changes and the end of the wait out.
//!
//! Reports come from watches in this process, from an agent or from a poll, and the rules are the same for all. Nothing here
//! reads a clock, the network or a file, and nothing prints.

mod baseline;
mod change;
mod gate;
mod wait;

pub use baseline::{compare, mismatch};
pub use change::{Change, ChangeEvent};
pub use gate::{BeforeImage, Gate};
pub use wait::{
    End, EndReason, Observation, OpenLine, Wait, WaitResource, WaitRules, WaitStatus, WaitTarget,
};
