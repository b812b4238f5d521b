//! Owns the list of what is tested of the scripted API server, as one binary.

mod answers;
mod client;
mod faults;
mod watches;
