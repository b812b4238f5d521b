//! What a healthy cluster means, and how to find out.
//!
//! [`cluster`] turns the API server's bytes into the views of [`resource`], [`check`] judges the views,
//! [`report`] is the result, and [`run`] is the one place where cluster and check meet. The plugin and the agent are
//! thin rims around this library.

pub mod apiserver;
pub mod check;
pub mod cluster;
pub mod decode;
pub mod digest;
pub mod dump;
pub mod duration;
pub mod failure;
pub mod judge;
pub mod kind;
pub mod live;
pub mod nearest;
pub mod report;
pub mod resource;
pub mod run;
pub mod selector;
pub mod shell;
pub mod span;
