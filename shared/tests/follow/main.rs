//! How a change is followed: each row of the table of the guide, with the time given.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on has failed"
)]

mod baseline;
mod causes;
mod field;
mod gate;
mod objects;
mod rollout;
mod settled;
mod source;
mod story;
