//! Changes of a report as server-sent events: a whole report first, then an event for each change.
//!
//! [`hub`] has the places of streams and a [`feed`] for each question, which makes each event once for all of its clients.
//! [`log`] keeps the last events. [`stream`] brings them to one client, who takes them at its own pace: nothing is kept for it,
//! and a client that was too slow gets a whole report again. [`event`] is the form on the wire.

pub mod event;
mod feed;
pub mod hub;
mod log;
pub mod stream;
